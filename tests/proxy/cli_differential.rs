//! The commands of the CLI beside the packaged haproxy: the same lines in the same order to both, and each answer equal
//! once addresses in memory and directories are taken out. What cannot be equal is listed in docs/CLI.md.

use crate::kit::cli::Cli;
use crate::kit::proxy::{Proxy, Setup, haproxy, subflow};

const CONFIG: &str = "    nbthread 1
    stats socket \"${dir}/operator.sock\" level operator mode 600
    stats socket \"${dir}/user.sock\" level user mode 600
defaults
    mode http
    timeout client 30s
    timeout connect 6s
    timeout server 30s
frontend fe
    bind fd@${fe}
    default_backend be
backend be
    cookie SRV insert dynamic
    dynamic-cookie-key abc
    server s1 127.0.0.1:7 weight 10
    server s2 127.0.0.1:9 maxconn 5 disabled
listen li
    mode tcp
    bind fd@${li}
    server t1 127.0.0.1:7
";

/// Lines whose answers say nothing of the process itself.
const LINES: &str = include_str!("cli_differential.txt");

/// A proxy, asked on the socket of each level.
struct Asked {
    proxy: Proxy,
}

impl Asked {
    fn both() -> Option<[Asked; 2]> {
        let oracle = haproxy()?;
        Some([&oracle, &subflow()].map(|program| {
            let mut setup = Setup::default();
            setup.listener("fe");
            setup.listener("li");
            Asked { proxy: setup.start(program, CONFIG) }
        }))
    }

    fn ask(&self, socket: &str, line: &str) -> String {
        let answer = Cli::new(&self.proxy.dir().join(socket)).command(line);
        answer.replace(self.proxy.dir().to_str().expect("a path"), "DIR")
    }
}

/// Answers without what is a moment's chance.
fn normal(answer: &str) -> String {
    let (mut out, mut rest) = (String::new(), answer);
    while let Some(at) = rest.find("0x") {
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        out.push_str(&rest[..at]);
        out.push_str("0xN");
        rest = &rest[at + 2 + digits..];
    }
    out + rest
}

/// Says all that differs at once: a table is mended line by line.
fn expect_same(differences: Vec<String>) {
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

fn difference(line: &str, oracle: &str, ours: &str) -> Option<String> {
    (oracle != ours).then(|| format!("{line}\n    haproxy: {oracle:?}\n    subflow: {ours:?}"))
}

#[test]
fn each_line_gets_the_answer_of_the_reference() {
    let Some([oracle, ours]) = Asked::both() else { return };
    let lines = LINES.lines().filter(|line| !line.starts_with('#'));
    let differences = lines.filter_map(|line| {
        let ask = |proxy: &Asked| normal(&proxy.ask("cli.sock", line));
        difference(line, &ask(&oracle), &ask(&ours))
    });
    expect_same(differences.collect());
}

/// The words that name each command of the reference, from its own list.
fn commands(oracle: &Asked) -> Vec<String> {
    let help = oracle.ask("cli.sock", "help");
    let usages = help.lines().skip(1).filter_map(|line| line.strip_prefix("  ")?.split_once(':'));
    let plain = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let names = usages.map(|(usage, _)| usage.split_whitespace().take_while(plain).collect::<Vec<_>>());
    let names: Vec<String> = names.filter(|words| !words.is_empty()).map(|words| words.join(" ")).collect();
    assert!(names.len() > 90, "{names:?}");
    names
}

/// Nobody gets a list of other commands for one that the reference has: it is there, or said not to be yet.
#[test]
fn every_command_of_the_reference_is_known() {
    let Some([oracle, ours]) = Asked::both() else { return };
    let unknown = |name: &String| {
        let answer = ours.ask("cli.sock", name);
        answer.starts_with("Unknown command") && !answer.ends_with(" is not supported yet.\n\n")
    };
    let unknown: Vec<String> = commands(&oracle).into_iter().filter(unknown).collect();
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn every_command_needs_the_level_of_the_reference() {
    let Some([oracle, ours]) = Asked::both() else { return };
    let mut differences = Vec::new();
    for name in commands(&oracle) {
        if ours.ask("cli.sock", &name).ends_with(" is not supported yet.\n\n") {
            continue;
        }
        for socket in ["operator.sock", "user.sock"] {
            let is_denied =
                |proxy: &Asked| proxy.ask(socket, &name).contains("Permission denied").to_string();
            let line = format!("{name} ({socket}), denied");
            differences.extend(difference(&line, &is_denied(&oracle), &is_denied(&ours)));
        }
    }
    expect_same(differences);
}

/// Lines of typed output, without those that differ from process to process.
fn typed(answer: &str, chance: &[&str]) -> Vec<String> {
    let lines = answer.lines().filter(|line| !line.is_empty());
    let is_chance = |line: &str| chance.iter().any(|name| line.contains(&format!(".{name}.")));
    lines.filter(|line| !is_chance(line)).map(str::to_owned).collect()
}

/// Every field of the reference up to the columns of its modules has the same place, name, tag, form and value.
#[test]
fn counters_stand_where_they_stand_in_the_reference() {
    let Some([oracle, ours]) = Asked::both() else { return };
    // Limits come from the limits of descriptors, which each counts in its own way; ages are the moment's.
    let chance = ["slim", "lastchg", "ctime", "rtime", "ttime"];
    let before_modules =
        |line: &String| line.split('.').nth(3).and_then(|at| at.parse::<u32>().ok()) < Some(103);
    for words in ["", "up ", "no-maint ", "be ", "2 1 -1 ", "-1 4 1 ", "nope "] {
        let line = format!("show stat {words}typed");
        let fields = |proxy: &Asked| {
            let all = typed(&proxy.ask("cli.sock", &line), &chance);
            all.into_iter().filter(before_modules).collect::<Vec<_>>().join("\n")
        };
        assert!(fields(&oracle).lines().count() > 20 || words == "nope ", "{line}");
        expect_same(difference(&line, &fields(&oracle), &fields(&ours)).into_iter().collect());
    }
}

#[test]
fn facts_of_the_process_stand_where_they_stand_in_the_reference() {
    let Some([oracle, ours]) = Asked::both() else { return };
    let chance = [
        "Version",
        "Release_date",
        "Nbthread",
        "Pid",
        "Uptime",
        "Uptime_sec",
        "Start_time_sec",
        "Ulimit-n",
        "Maxsock",
        "Maxconn",
        "Hard_maxconn",
        "CumConns",
        "CumReq",
        "Maxpipes",
        "Tasks",
        "Idle_pct",
        "Jobs",
        "TotalBytesOut",
        "BytesOutRate",
        "Build info",
        "PoolAlloc_MB",
        "PoolUsed_MB",
        "PoolAlloc_bytes",
        "PoolUsed_bytes",
        "Run_queue",
    ];
    for (line, dot) in [("show info typed", true), ("show info", false)] {
        let of_oracle = oracle.ask("cli.sock", line);
        let of_ours = ours.ask("cli.sock", line);
        let name = |line: &str| match dot {
            true => line.split('.').nth(1).unwrap_or_default().to_owned(),
            false => line.split(':').next().unwrap_or_default().to_owned(),
        };
        let facts = |answer: &str| {
            let lines = answer.lines().filter(|line| !line.is_empty());
            lines.filter(|line| !chance.contains(&name(line).as_str())).map(str::to_owned).collect::<Vec<_>>()
        };
        let (of_oracle, of_ours) = (facts(&of_oracle), facts(&of_ours));
        assert!(of_oracle.len() > 40, "{of_oracle:?}");
        // subflow's own facts stand behind those of the reference.
        let missing: Vec<&String> = of_oracle.iter().filter(|fact| !of_ours.contains(fact)).collect();
        assert!(missing.is_empty(), "{line}: {missing:?}");
    }
}

#[test]
fn lists_have_the_form_of_the_reference() {
    let Some([oracle, ours]) = Asked::both() else { return };
    // The age of a state is the moment's.
    let columns = |answer: &str| -> Vec<String> {
        let words = |line: &str| {
            let words = line.split(' ').enumerate().filter(|(at, _)| *at != 9 || line.starts_with('#'));
            words.map(|(_, word)| word).collect::<Vec<_>>().join(" ")
        };
        answer.lines().map(words).collect()
    };
    for line in ["show servers state", "show servers state be", "show servers conn", "show servers conn be"] {
        let (oracle, ours) = (oracle.ask("cli.sock", line), ours.ask("cli.sock", line));
        assert!(oracle.lines().count() > 2, "{oracle}");
        assert_eq!(columns(&ours), columns(&oracle), "{line}");
    }
    for line in
        ["show env dir", "show cli sockets", "show backend", "user; show cli sockets", "user; show backend"]
    {
        assert_eq!(ours.ask("cli.sock", line), oracle.ask("cli.sock", line), "{line}");
    }
}

/// A backend goes down with its last server for clients, whatever takes that away, and up with the first.
#[test]
fn a_backend_counts_how_often_it_went_down() {
    let Some([oracle, ours]) = Asked::both() else { return };
    let state = |proxy: &Asked| {
        let cells = ["status", "weight", "act", "bck", "chkdown"];
        let cells = cells.map(|column| proxy.proxy.cli().stat("be", "BACKEND", column));
        cells.join(",")
    };
    let mut differences = Vec::new();
    for line in [
        "disable server be/s1",
        "disable server be/s1",
        "enable server be/s1",
        "set weight be/s1 0",
        "set weight be/s1 10",
        "set server be/s1 state drain",
        "set server be/s1 state ready",
        "enable server be/s2",
        "disable server be/s1",
        "set server be/s2 state drain",
        "set server be/s1 state ready",
    ] {
        let answers = [&oracle, &ours].map(|proxy| proxy.ask("cli.sock", line));
        assert_eq!(answers, ["\n", "\n"], "{line}");
        differences.extend(difference(line, &state(&oracle), &state(&ours)));
    }
    assert_eq!(oracle.proxy.cli().stat("be", "BACKEND", "chkdown"), "4");
    expect_same(differences);
}
