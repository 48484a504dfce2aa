//! The command line and the signals: exit codes, versions, refusals, ends. Where the packaged haproxy has the
//! same to say, both are asked.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::kit::peer::{Event, Listener, Peer, Transcript, WAIT};
use crate::kit::proxy::{Proxy, Setup, haproxy, run, subflow};
use crate::kit::sock::{self, Transport};

/// Only checked or refused, so the port is never bound.
const GOOD: &str = "defaults
    timeout connect 1s
    timeout client 1s
    timeout server 1s
listen l
    bind 127.0.0.1:8080
    server s 127.0.0.1:9
";
const BAD: &str = "listen l\n    bind 127.0.0.1:8080\n    bined 127.0.0.1:1\n";

/// A directory with one configuration file in it.
fn file(text: &str) -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a temporary directory");
    let path = dir.path().join("cfg");
    std::fs::write(&path, text).expect("write");
    (dir, path)
}

/// Both programs, or the one there is.
fn programs() -> Vec<PathBuf> {
    haproxy().into_iter().chain([subflow()]).collect()
}

fn ask(program: &Path, args: &[&str]) -> (ExitStatus, String, String) {
    run(Command::new(program).args(args))
}

/// The exit code both programs must give.
fn expect_code(args: &[&str], code: i32) {
    for program in programs() {
        let (status, out, err) = ask(&program, args);
        assert_eq!(status.code(), Some(code), "{} {args:?} said:\n{out}{err}", program.display());
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a temporary path is ASCII")
}

#[test]
fn a_good_configuration_checks_with_0() {
    let (_dir, cfg) = file(GOOD);
    expect_code(&["-c", "-f", path(&cfg)], 0);
}

#[test]
fn a_good_configuration_is_called_valid_when_asked_for_words() {
    let (_dir, cfg) = file(GOOD);
    for program in programs() {
        let (_, out, err) = ask(&program, &["-c", "-V", "-f", path(&cfg)]);
        assert!(format!("{out}{err}").contains("Configuration file is valid"), "{}", program.display());
    }
}

#[test]
fn a_bad_configuration_checks_with_1_and_names_the_line() {
    let (_dir, cfg) = file(BAD);
    expect_code(&["-c", "-f", path(&cfg)], 1);
    for program in programs() {
        let (_, _, err) = ask(&program, &["-c", "-f", path(&cfg)]);
        let place = format!("[{}:3]", path(&cfg));
        assert!(err.contains(&place) && err.contains("'bined'"), "{} said:\n{err}", program.display());
    }
}

#[test]
fn a_bad_configuration_does_not_run() {
    let (_dir, cfg) = file(BAD);
    expect_code(&["-db", "-f", path(&cfg)], 1);
}

#[test]
fn a_missing_file_does_not_run() {
    let dir = TempDir::new().expect("a temporary directory");
    expect_code(&["-c", "-f", path(&dir.path().join("nothing"))], 1);
}

#[test]
fn an_unknown_option_ends_with_1() {
    expect_code(&["-?unknown"], 1);
}

#[test]
fn no_argument_at_all_ends_with_1() {
    expect_code(&[], 1);
}

#[test]
fn several_files_and_a_directory_make_one_configuration() {
    let dir = TempDir::new().expect("a temporary directory");
    let part = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("write");
    part("1.cfg", "defaults\n    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\n");
    part("2.cfg", "frontend f\n    bind 127.0.0.1:8080\n    default_backend b\n");
    part("ignored.txt", "nonsense\n");
    let (_other, backend) = file("backend b\n    server s 127.0.0.1:9\n");
    expect_code(&["-c", "-f", path(dir.path()), "-f", path(&backend)], 0);
    expect_code(&["-c", "-f", path(dir.path())], 1);
    expect_code(&["-c", "-f", path(dir.path()), "--", path(&backend)], 0);
}

#[test]
fn warnings_are_fatal_when_asked() {
    let (_dir, cfg) = file("listen l\n    mode tcp\n    bind 127.0.0.1:8080\n    server s 127.0.0.1:9\n");
    expect_code(&["-c", "-f", path(&cfg)], 0);
    expect_code(&["-dW", "-c", "-f", path(&cfg)], 1);
}

#[test]
fn version_names_a_version_and_the_family() {
    for program in programs() {
        let (status, out, _) = ask(&program, &["-v"]);
        assert!(status.success());
        let line =
            out.lines().find(|line| line.contains("HAProxy version") || line.contains("HA-Proxy version"));
        let word = line.and_then(|line| line.split(' ').nth(2)).unwrap_or("");
        assert!(word.starts_with(|c: char| c.is_ascii_digit()), "{}: {out}", program.display());
    }
}

#[test]
fn the_long_version_names_the_build_target() {
    for program in programs() {
        let (status, out, _) = ask(&program, &["-vv"]);
        assert!(status.success());
        let target = out.lines().find_map(|line| line.split_once("TARGET")?.1.split_once("= "));
        let target = target.map_or("", |(_, target)| target);
        assert!(!["", "freebsd", "osx", "generic"].contains(&target), "{}: {out}", program.display());
        assert!(out.contains("Feature list"), "{}: {out}", program.display());
    }
}

#[test]
fn conditions_answer_by_the_exit_code() {
    for (condition, code) in
        [("1", 0), ("0", 1), ("!0", 0), ("1 && 0", 1), ("0 || 1", 0), ("streq(a,a)", 0), ("strneq(a,a)", 1)]
    {
        expect_code(&["-cc", condition], code);
    }
    expect_code(&["-cc", "version_atleast(2.4)"], 0);
    expect_code(&["-cc", "feature(OPENSSL) && 0"], 1);
}

#[test]
fn a_condition_that_is_no_condition_answers_2() {
    let (status, out, err) = ask(&subflow(), &["-cc", "streq(a,"]);
    assert_eq!(status.code(), Some(2), "{out}{err}");
    assert!(out.is_empty() && !err.is_empty(), "{out}{err}");
}

#[test]
fn an_address_in_use_ends_with_1_and_names_it() {
    let any = "127.0.0.1:0".parse().expect("an address");
    let held = sock::listen(Transport::Tcp, any, 10).expect("listen");
    let addr = sock::local_addr(&held);
    let (_dir, cfg) = file(&GOOD.replace("127.0.0.1:8080", &addr.to_string()));
    for program in programs() {
        let (status, _, err) = ask(&program, &["-db", "-f", path(&cfg)]);
        assert_eq!(status.code(), Some(1), "{} said:\n{err}", program.display());
        assert!(
            err.contains("[ALERT]") && err.contains(&addr.to_string()),
            "{} said:\n{err}",
            program.display()
        );
    }
}

/// A proxy with one open connection through it, and both ends.
fn busy(program: &Path) -> (Proxy, std::net::SocketAddr, Peer, Peer) {
    let transcript = Transcript::default();
    let mut servers = Listener::new("s", Transport::Tcp, "127.0.0.1", &transcript);
    let held = sock::reserve("127.0.0.1");
    let text = format!(
        "defaults\n    timeout connect 9s\n    timeout client 9s\n    timeout server 9s
listen l\n    mode tcp\n    bind {}\n    server s {}\n",
        held.addr,
        servers.addr()
    );
    let proxy = Setup::default().start(program, &text);
    let fd = sock::connect(Transport::Tcp, held.addr).expect("connect");
    let mut client = Peer::new("client", fd, &transcript);
    client.send("hello");
    let mut server = servers.accept();
    server.expect("hello");
    (proxy, held.addr, client, server)
}

#[test]
fn sigint_ends_it_by_that_signal() {
    for program in programs() {
        let (mut proxy, _, mut client, mut server) = busy(&program);
        proxy.signal(Signal::SIGINT);
        let status = proxy.wait(Duration::from_secs(5)).expect("it ends");
        assert_eq!(status.signal(), Some(Signal::SIGINT as i32), "{}: {status}", program.display());
        client.read_to_end();
        server.read_to_end();
    }
}

#[test]
fn sigterm_ends_it_by_that_signal() {
    for program in programs() {
        let (mut proxy, _, _client, _server) = busy(&program);
        proxy.signal(Signal::SIGTERM);
        let status = proxy.wait(Duration::from_secs(5)).expect("it ends");
        assert_eq!(status.signal(), Some(Signal::SIGTERM as i32), "{}: {status}", program.display());
    }
}

#[test]
fn sigusr1_lets_connections_finish_takes_no_more_and_ends_with_0() {
    for program in programs() {
        let (mut proxy, addr, mut client, mut server) = busy(&program);
        proxy.signal(Signal::SIGUSR1);
        let refused = crate::kit::proxy::poll_until(WAIT, || sock::connect(Transport::Tcp, addr).err());
        assert!(refused.is_some(), "{}: still takes connections", program.display());
        server.send("still here");
        client.expect("still here");
        assert!(proxy.wait(Duration::ZERO).is_none(), "{}: left its connection", program.display());
        server.close();
        assert_eq!(client.read_to_end(), Event::Fin);
        client.close();
        let status = proxy.wait(WAIT).expect("it ends");
        assert_eq!(status.code(), Some(0), "{}: {status}", program.display());
    }
}

#[test]
fn a_directory_to_start_in_makes_names_relative() {
    let (dir, _) = file(GOOD);
    expect_code(&["-C", path(dir.path()), "-c", "-f", "cfg"], 0);
}
