//! Clients that leave while they wait, with and without `option abortonclose`: what is logged and counted is what the
//! packaged haproxy logs and counts.

use crate::kit::http::BodyRule;
use crate::kit::peer::{Peer, WAIT};
use crate::kit::proxy::poll_until;
use crate::kit::rig::{Rig, alone, compare, config};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The option in both proxies: haproxy 2.6 looks for it in the frontend too.
const ABORTS: &str = "defaults option abortonclose";
const QUEUE: &str = "backend server s1 ${s1} maxconn 1";
const DARK: &str = "backend server s1 ${dark}\ndefaults timeout connect 1s\nbackend retries 1";
const REFUSED: &str = "backend server s1 ${refused}\nbackend retries 1";

/// How a client leaves.
#[derive(Clone, Copy)]
enum Leave {
    Fin,
    Reset,
}

use Leave::{Fin, Reset};

impl Leave {
    fn by(self, client: &mut Peer) {
        match self {
            Fin => client.half_close(),
            Reset => client.reset(),
        }
    }
}

/// Waits until a cell of `show stat` says `wanted`.
fn wait_for(rig: &Rig, service: &str, column: &str, wanted: &str) {
    let cli = rig.proxy.cli();
    let there = || (cli.stat("be", service, column) == wanted).then_some(());
    assert!(poll_until(WAIT, there).is_some(), "{service} {column} never was {wanted}");
}

/// Adds what an end is counted as, once no session is left in the backend.
fn note_counters(rig: &Rig) {
    wait_for(rig, "BACKEND", "scur", "0");
    let cli = rig.proxy.cli();
    for (proxy, service) in [("fe", "FRONTEND"), ("be", "s1"), ("be", "BACKEND")] {
        let columns = ["stot", "req_tot", "econ", "eresp", "wretr", "cli_abrt", "srv_abrt"];
        let responses = ["hrsp_1xx", "hrsp_2xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other"];
        let cells = columns.iter().chain(&responses).map(|column| match (service, *column) {
            ("FRONTEND", "cli_abrt" | "srv_abrt" | "econ" | "eresp" | "wretr") => String::new(),
            _ => format!(" {column}={}", cli.stat(proxy, service, column)),
        });
        rig.note(service, cells.collect::<String>());
    }
}

/// The client asks, `waits` says when it waits where it should, and it leaves; then what was logged and counted.
fn leave(rig: &mut Rig, mode: &str, how: Leave, waits: impl Fn(&Rig)) {
    let mut client = rig.client();
    client.send(GET);
    waits(rig);
    how.by(&mut client);
    if matches!(how, Fin) {
        client.read_http_to_end();
    }
    match mode {
        "http" => rig.expect_http_log(),
        _ => rig.expect_log_without_bytes(),
    }
    note_counters(rig);
}

/// The same where another client has the only slot.
fn leave_queue(rig: &mut Rig, how: Leave) {
    let mut first = rig.client();
    first.send(GET);
    let mut server = rig.s1.accept();
    server.take(GET.len());
    let mut client = rig.client();
    client.send(GET);
    wait_for(rig, "BACKEND", "qcur", "1");
    how.by(&mut client);
    rig.expect_log_without_bytes();
    first.reset();
    rig.expect_log_without_bytes();
    note_counters(rig);
}

#[test]
fn http_clients_leave_a_queue() {
    for how in [Fin, Reset] {
        compare(&config("http", &format!("{QUEUE}\n{ABORTS}")), |rig| leave_queue(rig, how));
    }
}

#[test]
fn tcp_clients_leave_a_queue() {
    for (how, option) in [(Fin, ABORTS), (Reset, ABORTS), (Reset, "")] {
        compare(&config("tcp", &format!("{QUEUE}\n{option}")), |rig| leave_queue(rig, how));
    }
}

#[test]
fn clients_leave_during_the_connect() {
    for mode in ["http", "tcp"] {
        for how in [Fin, Reset] {
            compare(&config(mode, &format!("{DARK}\n{ABORTS}")), |rig| {
                leave(rig, mode, how, |rig| wait_for(rig, "s1", "connect", "1"));
            });
        }
    }
}

#[test]
fn clients_leave_between_two_attempts() {
    for mode in ["http", "tcp"] {
        for how in [Fin, Reset] {
            compare(&config(mode, &format!("{REFUSED}\n{ABORTS}")), |rig| {
                leave(rig, mode, how, |rig| wait_for(rig, "s1", "wretr", "1"));
            });
        }
    }
}

/// A client that closed its side may still be reading: it is told.
#[test]
fn http_clients_leave_the_server() {
    for how in [Fin, Reset] {
        compare(&config("http", ABORTS), |rig| {
            let mut client = rig.client();
            client.send(GET);
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            how.by(&mut client);
            if matches!(how, Fin) {
                client.read_http_to_end();
            }
            server.read_to_end();
            rig.expect_http_log();
            note_counters(rig);
        });
    }
}

/// Whoever has asked for two things and closed its side has left as well.
#[test]
fn pipelined_requests_are_given_up_together() {
    compare(&config("http", ABORTS), |rig| {
        let mut client = rig.client();
        client.send(format!("{GET}{GET}"));
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        client.half_close();
        client.read_http_to_end();
        rig.expect_http_log();
    });
}

/// Without the option a client that closed its side is served, wherever it waits.
#[test]
fn clients_that_close_their_side_are_served() {
    for mode in ["http", "tcp"] {
        compare(&config(mode, &format!("{REFUSED}\ndefaults timeout connect 100")), |rig| {
            leave(rig, mode, Fin, |_| {});
        });
        compare(&config(mode, "defaults no option abortonclose"), |rig| {
            let mut client = rig.client();
            client.send(GET);
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            client.half_close();
            server.send(OK);
            client.take(OK.len());
            rig.note("log", rig.sink.traffic_line_within(crate::kit::rig::QUIET).is_some());
        });
    }
}

/// The backend's word is enough, unlike in haproxy 2.6.
#[test]
fn the_backends_option_is_enough() {
    alone(&config("http", "backend option abortonclose"), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        client.half_close();
        server.read_to_end();
        let line = rig.sink.next_traffic_line();
        assert!(line.contains(" 400 ") && line.contains(" CH-- "), "{line}");
    });
}
