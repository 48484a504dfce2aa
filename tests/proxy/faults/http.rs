//! Full queues, servers that are out, silent or early, in HTTP mode: status, termination flags and counters are those of
//! the packaged haproxy, and nothing stays behind.

use super::expect_settled;
use crate::endurance::held;
use crate::kit::http::BodyRule;
use crate::kit::peer::{Peer, WAIT};
use crate::kit::proxy::poll_until;
use crate::kit::rig::{Rig, compare, config};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
/// Bytes of a request of which the server takes a part, or none.
const BODY_LEN: usize = 8 << 20;

/// Columns of `show stat` that faults are counted in, for each kind of line.
const FRONTEND: &[&str] = &["ereq", "dreq", "dresp", "stot", "req_tot"];
const SERVER: &[&str] =
    &["econ", "eresp", "wretr", "wredis", "qmax", "dresp", "cli_abrt", "srv_abrt", "stot", "smax"];
const ANSWERS: &[&str] = &["hrsp_1xx", "hrsp_2xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other"];

fn wait_for(rig: &Rig, service: &str, column: &str, wanted: &str) {
    let there = || (rig.proxy.cli().stat("be", service, column) == wanted).then_some(());
    assert!(poll_until(WAIT, there).is_some(), "{service} {column} never was {wanted}");
}

/// Adds what was counted, once no session is left.
fn note_counters(rig: &Rig, servers: &[&str]) {
    wait_for(rig, "BACKEND", "scur", "0");
    let cli = rig.proxy.cli();
    let note = |proxy: &str, service: &str, columns: &[&str]| {
        let columns = columns.iter().chain(ANSWERS);
        let cells = columns.map(|column| format!(" {column}={}", cli.stat(proxy, service, column)));
        rig.note(service, cells.collect::<String>());
    };
    note("fe", "FRONTEND", FRONTEND);
    servers.iter().for_each(|server| note("be", server, SERVER));
    note("be", "BACKEND", SERVER);
}

/// Runs `script` with both programs, then compares the counters; subflow holds what it held before and rests.
fn fault(extra: &str, servers: &[&str], script: impl Fn(&mut Rig)) {
    compare(&config("http", extra), |rig| {
        // What the first line of a log opens belongs to `before`.
        let mut first = rig.client();
        first.send("BAD\r\n\r\n");
        expect_answer(rig, first);
        let before = held(&rig.proxy);
        script(rig);
        note_counters(rig, servers);
        // The oracle keeps things of its own.
        if before.counts.iter().any(|(key, _)| key.starts_with("Arena")) {
            expect_settled(&rig.proxy, &before);
        }
    });
}

fn ask(rig: &mut Rig) -> Peer {
    let mut client = rig.client();
    client.send(GET);
    client
}

/// Reads an answer to the end of its connection, then its log line.
fn expect_answer(rig: &Rig, mut client: Peer) {
    client.read_http_to_end();
    rig.expect_http_log();
}

/// One request, answered by nobody but the proxy.
fn refused(extra: &str, servers: &[&str]) {
    fault(extra, servers, |rig| {
        for _ in 0..3 {
            let client = ask(rig);
            expect_answer(rig, client);
        }
    });
}

fn serve(rig: &Rig, server: &mut Peer, client: Peer) {
    server.read_http(BodyRule::Request);
    server.send(OK);
    server.close();
    expect_answer(rig, client);
}

/// The only place is taken; the others wait for it, give up one after the other, and the last is served.
fn full_queue(extra: &str) {
    fault(extra, &["s1"], |rig| {
        let first = ask(rig);
        let mut server = rig.s1.accept();
        for waiting in 1..4 {
            let client = ask(rig);
            wait_for(rig, "BACKEND", "qmax", "1");
            wait_for(rig, "BACKEND", "stot", &(waiting + 1).to_string());
            expect_answer(rig, client);
        }
        serve(rig, &mut server, first);
        let last = ask(rig);
        let mut server = rig.s1.accept();
        serve(rig, &mut server, last);
    });
}

#[test]
fn a_queue_that_takes_too_long() {
    full_queue("backend server s1 ${s1} maxconn 1\nbackend timeout queue 100");
    full_queue("backend server s1 ${s1} maxconn 1 maxqueue 1\nbackend timeout queue 100");
}

#[test]
fn three_wait_and_are_served_in_order() {
    fault("backend server s1 ${s1} maxconn 1\nbackend balance leastconn", &["s1"], |rig| {
        let mut clients = vec![ask(rig)];
        let mut server = rig.s1.accept();
        for waiting in 1..4 {
            clients.push(ask(rig));
            wait_for(rig, "BACKEND", "qmax", &waiting.to_string());
        }
        for (at, client) in clients.into_iter().enumerate() {
            serve(rig, &mut server, client);
            if at < 3 {
                server = rig.s1.accept();
            }
        }
    });
}

#[test]
fn every_server_is_out() {
    refused("backend server s1 ${s1} disabled\nbackend server s2 ${s2} disabled", &["s1", "s2"]);
    fault("backend server s1 ${s1}", &["s1"], |rig| {
        rig.proxy.cli().command("disable server be/s1");
        let client = ask(rig);
        expect_answer(rig, client);
        rig.proxy.cli().command("enable server be/s1");
        let client = ask(rig);
        let mut server = rig.s1.accept();
        serve(rig, &mut server, client);
    });
}

#[test]
fn every_server_refuses() {
    refused("backend server s1 ${refused}\nbackend retries 1\nbackend timeout connect 100", &["s1"]);
    refused(
        "backend server s1 ${refused}\nbackend server s2 ${refused}\nbackend option redispatch\nbackend retries 1
         backend timeout connect 100",
        &["s1", "s2"],
    );
}

#[test]
fn a_server_accepts_and_never_answers() {
    fault("backend timeout server 150", &["s1"], |rig| {
        for _ in 0..2 {
            let client = ask(rig);
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            expect_answer(rig, client);
            server.read_to_end();
        }
    });
}

/// A server in whose backlog the request ends.
#[test]
fn a_server_does_not_even_accept() {
    refused("backend server s1 ${dark}\nbackend timeout connect 100\nbackend retries 1", &["s1"]);
}

#[test]
fn a_server_answers_nonsense_or_nothing() {
    for answer in ["", "nonsense\r\n\r\n"] {
        fault("", &["s1"], |rig| {
            let client = ask(rig);
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            server.send(answer);
            server.close();
            expect_answer(rig, client);
        });
    }
}

/// What is no request is counted as one, unless nothing came behind an answer.
#[test]
fn clients_that_ask_nonsense() {
    fault("frontend timeout http-request 150", &[], |rig| {
        for (request, closes) in [
            ("nonsense\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost", false),
            ("GET / HT", true),
            ("", true),
            ("", false),
        ] {
            let mut client = rig.client();
            client.send(request);
            if closes {
                client.half_close();
            }
            expect_answer(rig, client);
        }
    });
}

const POST_HEAD: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n";

/// The answer comes before the request's end; the server reads on, and the exchange is whole.
#[test]
fn a_server_answers_early_and_reads_the_rest() {
    fault("", &["s1"], |rig| {
        let mut client = rig.client();
        client.send(POST_HEAD);
        let mut server = rig.s1.accept();
        server.expect_head();
        server.send("HTTP/1.1 413 Large\r\nContent-Length: 5\r\n\r\nlarge");
        client.read_http(BodyRule::Response);
        let body = vec![b'x'; BODY_LEN];
        std::thread::scope(|scope| {
            scope.spawn(|| client.send(&body));
            assert!(server.take(BODY_LEN) == body);
        });
        server.close();
        rig.expect_http_log();
        client.close();
    });
}

/// The server does not read the rest, and stays or ends.
#[test]
fn a_server_answers_early_and_reads_no_more() {
    fault("frontend timeout client 300\nbackend timeout server 300", &["s1"], |rig| {
        let mut client = rig.client();
        client.send(POST_HEAD);
        let mut server = rig.s1.accept();
        server.expect_head();
        server.send("HTTP/1.1 413 Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge");
        client.read_http(BodyRule::Response);
        client.send_until_blocked();
        rig.expect_http_log();
        client.reset();
        server.close();
    });
    fault("frontend timeout client 300\nbackend timeout server 300", &["s1"], |rig| {
        let mut client = rig.client();
        client.send(POST_HEAD);
        let mut server = rig.s1.accept();
        server.expect_head();
        server.send("HTTP/1.1 413 Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge");
        client.read_http(BodyRule::Response);
        server.close();
        rig.expect_http_log();
        client.close();
    });
}
