//! Server state files: what one proxy writes, it and the other read alike at their next start.

use crate::kit::proxy::{Proxy, Setup, haproxy, subflow};
use std::fs;
use std::path::Path;

/// Servers that nobody asks for anything; a listener, because there must be one.
const SERVERS: &str = "
    default-server rise 2
    server s1 127.0.0.1:81 weight 10
    server s2 127.0.0.2:82 maxconn 5
    server s3 127.0.0.3:83 disabled
    server s4 127.0.0.4:84 id 40
    server s5 localhost:85
    server s6 nowhere.invalid:86 init-addr last,none
";

/// What an operator did to them.
const COMMANDS: &str = "disable server be/s1; set server be/s2 state drain; set server be/s3 state ready; \
    set weight be/s4 7; set server be/s5 addr 127.0.0.9 port 99; set weight be/s2 50%";

fn config(global: &str, backend: &str, servers: &str) -> String {
    format!(
        "global\n    nbthread 1\n{global}\ndefaults\n    mode tcp\n    timeout client 5s\n    timeout connect 5s\n    \
         timeout server 5s\nbackend be\n{backend}\n{servers}\nlisten li\n    bind unix@${{dir}}/li.sock\n    \
         server s1 127.0.0.1:81\n"
    )
}

fn start(program: &Path, state: &str, config: &str) -> Proxy {
    let mut setup = Setup::default();
    setup.env("state", state);
    setup.start(program, config)
}

/// Starts `program` with `state` in the global file.
fn remembering(program: &Path, state: &[u8], servers: &str) -> (Proxy, tempfile::TempDir) {
    let dir = tempfile::TempDir::new().expect("a temporary directory");
    fs::write(dir.path().join("all"), state).expect("write");
    let global = "    server-state-base \"${state}\"\n    server-state-file all";
    let text = config(global, "    load-server-state-from-file global", servers);
    (start(program, dir.path().to_str().expect("a path"), &text), dir)
}

/// The lines about the servers of `be`, the time since the last change aside: whether it is at least
/// `old_secs` takes its place. The health of a server that nobody checks starts over at each start.
fn states(proxy: &Proxy, old_secs: u64) -> Vec<String> {
    let text = proxy.cli().command("show servers state be");
    let lines = text.lines().skip(2).filter(|line| !line.is_empty());
    let states: Vec<String> = lines
        .map(|line| {
            let mut words: Vec<&str> = line.split(' ').collect();
            assert_eq!(words.len(), 25, "{line}");
            words[9] = if words[9].parse::<u64>().is_ok_and(|secs| secs >= old_secs) { "old" } else { "new" };
            words[12] = "health";
            words.join(" ")
        })
        .collect();
    assert!(!states.is_empty(), "{text}");
    states
}

/// `show servers state` of a proxy that an operator changed.
fn changed(program: &Path) -> String {
    let proxy = start(program, "", &config("", "", SERVERS));
    proxy.cli().command(COMMANDS);
    proxy.cli().command("show servers state")
}

/// As if the last changes were an hour ago.
fn aged(text: &str) -> String {
    let age = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        if words.len() == 25 && !line.starts_with('#') {
            words[9] = "4000";
        }
        words.join(" ") + "\n"
    };
    text.lines().filter(|line| !line.is_empty()).map(age).collect()
}

#[test]
fn states_are_written_as_the_reference_writes_them() {
    let Some(haproxy) = haproxy() else { return };
    let ours = start(&subflow(), "", &config("", "", SERVERS));
    let theirs = start(&haproxy, "", &config("", "", SERVERS));
    assert_eq!(states(&ours, u64::MAX), states(&theirs, u64::MAX));
    ours.cli().command(COMMANDS);
    theirs.cli().command(COMMANDS);
    assert_eq!(states(&ours, u64::MAX), states(&theirs, u64::MAX));
}

#[test]
fn each_reads_what_the_other_wrote_as_its_own() {
    let Some(haproxy) = haproxy() else { return };
    for writer in [subflow(), haproxy.clone()] {
        let state = aged(&changed(&writer));
        let (ours, _state) = remembering(&subflow(), state.as_bytes(), SERVERS);
        let (theirs, _other) = remembering(&haproxy, state.as_bytes(), SERVERS);
        let seen = states(&ours, 3600);
        assert_eq!(seen.iter().filter(|line| line.contains(" old ")).count(), 5, "{seen:#?}");
        // The sixth has no address: one is down since it began, the other since the file says so.
        assert_eq!(seen[..5], states(&theirs, 3600)[..5]);
        assert!(!ours.stderr().contains("server-state"), "{}", ours.stderr());
    }
}

#[test]
fn what_was_remembered_is_written_again() {
    let state = aged(&changed(&subflow()));
    let (first, _state) = remembering(&subflow(), state.as_bytes(), SERVERS);
    let again = first.cli().command("show servers state");
    let (second, _other) = remembering(&subflow(), again.as_bytes(), SERVERS);
    assert_eq!(states(&first, 3600), states(&second, 3600));
}

#[test]
fn where_the_configuration_changed_it_counts() {
    let Some(haproxy) = haproxy() else { return };
    let state = aged(&changed(&subflow()));
    let edited = SERVERS
        .replace("weight 10", "weight 11 disabled")
        .replace(":83 disabled", ":83")
        .replace("id 40", "id 40 weight 3")
        .replace("server s5 localhost", "server s5 127.0.0.5");
    let (ours, _state) = remembering(&subflow(), state.as_bytes(), &edited);
    let (theirs, _other) = remembering(&haproxy, state.as_bytes(), &edited);
    assert_eq!(states(&ours, 3600)[..5], states(&theirs, 3600)[..5]);
    let weight = ours.cli().command("get weight be/s4");
    assert_eq!(weight.trim(), "3 (initial 3)");
}

#[test]
fn a_state_decides_who_gets_the_clients() {
    let state = "1\n2 be 2 b 127.0.0.1 0 1 1 1 5 1 0 0 0 0 0 0 - 1 - 0 0 - - 0\n";
    let servers =
        "    server a unix@${dir}/a.sock\n    server b unix@${dir}/b.sock\n    server c unix@${dir}/c.sock\n";
    let (proxy, _state) = remembering(&subflow(), state.as_bytes(), servers);
    let status = |server: &str| proxy.cli().stat("be", server, "status");
    assert_eq!([status("a"), status("b"), status("c")], ["no check", "MAINT", "no check"]);
    assert_eq!(proxy.cli().stat("be", "BACKEND", "act"), "2");
    proxy.cli().command("set server be/b state ready");
    assert_eq!(proxy.cli().stat("be", "BACKEND", "act"), "3");
}

#[test]
fn a_file_that_is_wrong_applies_to_nothing_and_is_told() {
    let good = "2 be 1 s1 127.0.0.1 0 1 10 10 5 1 0 0 0 0 0 0 - 81 - 0 0 - - 0\n";
    for (state, told) in [
        (String::new(), "Can't get version of the global server state file '"),
        (format!("2\n{good}"), "Can't get version of the global server state file '"),
        (format!("1\n{good}2 be 2 s2 127.0.0.1\n"), "corrupted global server state file '"),
        (format!("1\n{}", good.trim_end()), "corrupted global server state file '"),
        (
            format!("1\n{}", good.replace(" 0 1 10 ", " 0 9 10 ")),
            "server-state application failed for server 'be/s1', invalid srv_admin_state value '9'",
        ),
    ] {
        for program in std::iter::once(subflow()).chain(haproxy()) {
            let (proxy, _state) = remembering(&program, state.as_bytes(), SERVERS);
            assert!(proxy.stderr().contains(told), "{program:?}: {}", proxy.stderr());
            assert!(states(&proxy, 5)[0].contains(" s1 127.0.0.1 2 0 10 10 new "), "{program:?} {state:?}");
        }
    }
}

#[test]
fn a_backend_may_have_a_file_of_its_own() {
    let line = "3 be 1 s1 127.0.0.1 0 1 10 10 9000 1 0 0 0 0 0 0 - 81 - 0 0 - - 0\n\
        3 be 9 gone 127.0.0.1 0 1 10 10 9000 1 0 0 0 0 0 0 - 81 - 0 0 - - 0\n";
    for (file, keyword) in [
        ("be", ""),
        ("be", "server-state-file-name use-backend-name"),
        ("deep/own", "server-state-file-name deep/own"),
        ("deep/own", "server-state-file-name \"${state}/deep/own\""),
    ] {
        let dir = tempfile::TempDir::new().expect("a temporary directory");
        fs::create_dir(dir.path().join("deep")).expect("mkdir");
        fs::write(dir.path().join(file), format!("1\n{line}")).expect("write");
        let text = config(
            "    server-state-base \"${state}\"",
            &format!("    load-server-state-from-file local\n    {keyword}"),
            SERVERS,
        );
        for program in std::iter::once(subflow()).chain(haproxy()) {
            let proxy = start(&program, dir.path().to_str().expect("a path"), &text);
            assert!(
                states(&proxy, 3600)[0].contains(" s1 127.0.0.1 0 1 10 10 old "),
                "{program:?} {keyword}"
            );
            for told in [
                "Proxy 'be': backend ID mismatch: from server state file: '3', from running config '2'",
                "Proxy 'be': can't find server 'gone' in backend 'be'",
            ] {
                assert!(proxy.stderr().contains(told), "{program:?}: {}", proxy.stderr());
            }
        }
    }
}
