//! No descriptor is left: what stands goes on, who comes waits or is refused as the reference refuses, and all of it is
//! over when there are descriptors again.

use super::{expect_rest, expect_settled};
use crate::endurance::held;
use crate::kit::http::BodyRule;
use crate::kit::peer::{Peer, WAIT, pattern};
use crate::kit::proxy::poll_until;
use crate::kit::rig::{Rig, alone, compare, config};
use crate::kit::sock;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// A client and its server in the middle of an exchange.
fn exchange(rig: &mut Rig) -> (Peer, Peer) {
    let mut client = rig.client();
    client.send(GET);
    let mut server = rig.s1.accept();
    server.expect_head();
    (client, server)
}

/// Brings an exchange to its end.
fn complete(rig: &Rig, mode: &str, (mut client, mut server): (Peer, Peer)) {
    server.send(ANSWER);
    server.close();
    client.read_http(BodyRule::Response);
    client.close();
    expect_log(rig, mode);
}

fn expect_log(rig: &Rig, mode: &str) {
    if mode == "http" { rig.expect_http_log() } else { rig.expect_log() }
}

/// The next log line that tells of a limit, without its number.
fn limit_line(rig: &Rig) -> String {
    let line = poll_until(WAIT, || rig.sink.next_within(WAIT).filter(|line| line.contains("FD limit")));
    let line = line.expect("a line about the limit");
    let (from, to) = line.split_once("(maxsock=").expect("a number");
    let (priority, text) = from.split_once("Proxy ").expect("a proxy");
    let priority = priority.split_once('>').map_or("", |(number, _)| number);
    format!("{priority}> {text}(maxsock=N{}", to.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// What the proxies count of it.
fn note_counters(rig: &Rig) {
    for (service, columns) in [
        ("s1", &["stot", "econ", "eresp", "wretr", "wredis", "lbtot", "cli_abrt", "srv_abrt"][..]),
        ("BACKEND", &["stot", "econ", "eresp", "wretr", "wredis", "lbtot", "hrsp_5xx"][..]),
    ] {
        let cells = columns.iter().map(|column| rig.proxy.cli().stat("be", service, column));
        rig.note(service, cells.collect::<Vec<_>>().join(","));
    }
}

/// The client takes the last descriptor, so there is none for the connection to its server.
fn finds_no_descriptor_for_its_server(mode: &str, extra: &str, statuses: &str) {
    compare(&config(mode, extra), |rig| {
        let first = exchange(rig);
        complete(rig, mode, first);
        let standing = exchange(rig);
        let limit = rig.proxy.leave_descriptors(1);
        for _ in 0..3 {
            let mut client = rig.client();
            client.send(GET);
            client.read_http(BodyRule::Response);
            client.close();
            expect_log(rig, mode);
        }
        complete(rig, mode, standing);
        rig.proxy.limit_descriptors(limit);
        let later = exchange(rig);
        complete(rig, mode, later);
        note_counters(rig);
        rig.note("smax", rig.proxy.cli().stat("be", "s1", "smax"));
        let seen = rig.transcript.lines();
        assert!(seen.iter().filter(|line| line.contains(statuses)).count() == 3, "{seen:?}");
    });
}

#[test]
fn a_request_is_refused_when_no_descriptor_is_left_for_its_server() {
    finds_no_descriptor_for_its_server("http", "", " SC-- ");
}

#[test]
fn it_is_so_with_many_retries_and_with_redispatch() {
    finds_no_descriptor_for_its_server("http", "defaults retries 100", " SC-- ");
    finds_no_descriptor_for_its_server("http", "defaults retries 2\ndefaults option redispatch", " SC-- ");
}

#[test]
fn a_connection_is_refused_when_no_descriptor_is_left_for_its_server() {
    finds_no_descriptor_for_its_server("tcp", "", " SC ");
}

#[test]
fn the_log_tells_whose_connections_cannot_be_made() {
    compare(&config("http", "defaults retries 0"), |rig| {
        let first = exchange(rig);
        complete(rig, "http", first);
        let _standing = exchange(rig);
        rig.proxy.leave_descriptors(1);
        let mut client = rig.client();
        client.send(GET);
        client.read_http(BodyRule::Response);
        rig.note("log", limit_line(rig));
    });
}

/// As in the reference it is no pause that a source address is waited for, and no session of the server.
#[test]
fn a_source_address_that_is_not_there_fails_alike() {
    for mode in ["http", "tcp"] {
        compare(&config(mode, "backend server s1 ${s1} source 192.0.2.1"), |rig| {
            let mut client = rig.client();
            client.send(GET);
            client.read_http(BodyRule::Response);
            client.close();
            let told = "Cannot bind to source address before connect() for backend be.";
            let line = poll_until(WAIT, || rig.sink.next_within(WAIT).filter(|line| line.contains(told)));
            assert!(line.expect("it is told").starts_with("<128>"));
            expect_log(rig, mode);
            note_counters(rig);
        });
    }
}

#[test]
fn clients_wait_until_there_is_a_descriptor_again() {
    for mode in ["http", "tcp"] {
        compare(&config(mode, "backend server s1 ${s1} maxconn 20"), |rig| {
            let first = exchange(rig);
            complete(rig, mode, first);
            let (mut standing, mut its_server) = exchange(rig);
            let limit = rig.proxy.leave_descriptors(0);
            let mut waiting: Vec<Peer> = (0..10).map(|_| rig.client()).collect();
            waiting.iter_mut().for_each(|client| client.send(GET));
            rig.note("log", limit_line(rig));
            // What stands goes on.
            its_server.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok");
            standing.expect_head();
            standing.expect("ok");
            assert!(waiting.iter().all(|client| !sock::readable_within(client.fd(), crate::kit::rig::QUIET)));
            rig.proxy.limit_descriptors(limit);
            its_server.send("!!");
            standing.expect("!!");
            standing.close();
            for mut client in waiting {
                let mut server = rig.s1.accept();
                server.expect_head();
                server.send(ANSWER);
                server.close();
                client.read_http(BodyRule::Response);
                client.close();
            }
            note_counters(rig);
        });
    }
}

/// It asks again now and then, and does nothing else; what it held is free afterwards.
#[test]
fn a_proxy_without_descriptors_rests_and_leaks_nothing() {
    alone(&config("http", "global stats timeout 1m\nglobal stats maxconn 100"), |rig| {
        let first = exchange(rig);
        complete(rig, "http", first);
        let before = held(&rig.proxy);
        for _ in 0..3 {
            let standing = exchange(rig);
            let limit = rig.proxy.leave_descriptors(0);
            let waiting: Vec<Peer> = (0..50).map(|_| rig.client()).collect();
            let cli = rig.proxy.cli();
            let operator = std::thread::spawn(move || cli.command("show cli level"));
            limit_line(rig);
            expect_rest(&rig.proxy);
            rig.proxy.limit_descriptors(limit);
            assert_eq!(operator.join().expect("an operator"), "admin\n\n");
            drop(waiting);
            complete(rig, "http", standing);
            let pauses = rig.proxy.cli().info_number("AcceptPauses");
            assert!(pauses > 0, "nothing is counted");
            expect_settled(&rig.proxy, &before);
        }
    });
}

/// A pipe is two descriptors, and nothing depends on it.
#[test]
fn bulk_is_copied_when_no_descriptor_is_left_for_a_pipe() {
    for spare in [0, 1] {
        alone(&config("tcp", "defaults option splice-auto"), |rig| {
            let before = held(&rig.proxy);
            let mut client = rig.client();
            client.send("first");
            let mut server = rig.s1.accept();
            server.expect("first");
            let limit = rig.proxy.leave_descriptors(spare);
            let (up, down) = (pattern(4 << 20, 1), pattern(5 << 20, 2));
            std::thread::scope(|scope| {
                let uploading = scope.spawn(|| server.exchange_silently(&down));
                assert!(client.exchange_silently(&up) == down, "the client did not get the server's bytes");
                let got = uploading.join().expect("the server's script");
                assert!(got == up, "the server did not get the client's bytes");
            });
            rig.proxy.limit_descriptors(limit);
            let cli = rig.proxy.cli();
            assert!(cli.info_number("PipesRefused") > 0 && cli.info_number("TotalSplicdedBytesOut") == 0);
            client.close();
            server.close();
            expect_settled(&rig.proxy, &before);
        });
    }
}
