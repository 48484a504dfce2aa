//! `slowstart`: how much a server that comes back is given, and how that is shown, beside the packaged haproxy. The slow
//! starts here take hours, so that all that is compared happens in their first step.

use std::net::TcpStream;
use std::time::Duration;

use crate::balance::{KEYS, Run, compare, get, name_of};
use crate::kit::proxy::poll_until;

const WAIT: Duration = Duration::from_secs(5);

/// The first of three servers starts slowly.
const SLOW: &str = "server weight 16 slowstart 5h,weight 4,weight 4,disabled,disabled,disabled,disabled";

/// Takes the first server of a backend out and back.
fn bring_back(run: &Run, name: &str) {
    for command in ["disable", "enable"] {
        run.proxy.cli().command(&format!("{command} server {name}/s1"));
    }
}

/// What is shown of the first server and of its backend.
fn shown(run: &Run, name: &str) -> String {
    let cli = run.proxy.cli();
    let mut all = format!("{name}:");
    for service in ["s1", "BACKEND"] {
        for column in ["status", "weight", "uweight", "throttle", "act"] {
            all += &format!(" {column}={}", cli.stat(name, service, column));
        }
    }
    let states = cli.command(&format!("show servers state {name}"));
    let state = states.lines().find(|line| line.contains(" s1 ")).expect("a line of the server");
    let words: Vec<&str> = state.split(' ').collect();
    format!("{all} op_state={} uweight={} iweight={}", words[5], words[7], words[8])
}

#[test]
fn a_server_that_comes_back_gets_a_sixteenth_at_first() {
    let slow = |lines: &str| format!("{lines}|{SLOW}");
    let cases = [
        ("rr", slow("balance roundrobin")),
        ("srr", slow("balance static-rr")),
        ("ring", slow("balance uri|hash-type consistent")),
        ("map", slow("balance uri|hash-type map-based")),
        ("first", slow("balance first")),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("http", &cases, |run| {
        let uris: Vec<String> = (0..KEYS).map(|n| get(&format!("/{n}"), "")).collect();
        let mut seen = Vec::new();
        for (name, _) in &cases {
            seen.push(shown(run, name));
            bring_back(run, name);
            seen.push(shown(run, name));
            let servers = run.servers_of_many(name, &uris);
            // Who begins a round when a server is back is not told here.
            match *name {
                "rr" => assert!((105..=117).contains(&servers.matches('1').count()), "{servers}"),
                _ => seen.push(format!("{name} {servers}")),
            }
        }
        seen
    });
}

#[test]
fn a_weight_may_change_while_a_server_starts() {
    compare("http", &[("rr", SLOW), ("none", "server weight 5 slowstart 0,,,,,,")], |run| {
        let mut seen = Vec::new();
        let cli = run.proxy.cli();
        bring_back(run, "none");
        seen.push(shown(run, "none"));
        bring_back(run, "rr");
        for lines in [
            "set weight rr/s1 1",
            "set weight rr/s1 100",
            "set weight rr/s1 0",
            "set weight rr/s1 256",
            "set server rr/s1 state drain",
            "set server rr/s1 state ready",
            "disable server rr/s1; set server rr/s1 state drain",
            "set server rr/s1 state ready",
        ] {
            seen.push(format!("{lines}: {:?}", cli.command(lines)));
            seen.push(shown(run, "rr"));
        }
        seen
    });
}

#[test]
fn connections_that_stay_are_spread_after_the_weight_that_counts() {
    let cases = [("lc", format!("balance leastconn|{SLOW}"))];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("tcp", &cases, |run| {
        bring_back(run, "lc");
        let mut held: Vec<TcpStream> = Vec::new();
        let mut seen = String::new();
        for _ in 0..60 {
            let mut conn = run.connect("lc");
            seen.push(name_of(&mut conn));
            held.push(conn);
        }
        vec![seen, shown(run, "lc")]
    });
}

#[test]
fn slots_grow_from_one_on() {
    let cases = [
        ("full", "server maxconn 50 slowstart 5h,disabled,disabled,disabled,disabled,disabled,disabled"),
        (
            "fixed",
            "balance static-rr|server maxconn 50 slowstart 5h,disabled,disabled,disabled,disabled,disabled,disabled",
        ),
        (
            "low",
            "fullconn 100|server minconn 10 maxconn 50 slowstart 5h,disabled,disabled,disabled,disabled,disabled,disabled",
        ),
    ];
    compare("tcp", &cases, |run| {
        let mut seen = Vec::new();
        for (name, _) in &cases {
            bring_back(run, name);
            let mut first = run.connect(name);
            let server = name_of(&mut first);
            let mut second = run.connect(name);
            let cli = run.proxy.cli();
            let waits = || (cli.stat(name, "BACKEND", "qcur") == "1").then_some(());
            assert!(poll_until(WAIT, waits).is_some(), "{name}: nobody waits");
            drop(first);
            seen.push(format!("{name} {server} {}", name_of(&mut second)));
        }
        seen
    });
}
