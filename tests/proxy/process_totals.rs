//! `CumReq` and `CumConns` of `show info`, and `%rt`, which is a request's number among all of the process: clients of the
//! command line count, requests that nobody could read do where a line tells of them.

use crate::kit::http::BodyRule;
use crate::kit::rig::{Rig, compare, config};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Both totals; asking counts too.
fn note_totals(rig: &Rig, after: &str) {
    let info = rig.proxy.cli().info();
    rig.note("totals", format!("{after}: CumReq {} CumConns {}", info["CumReq"], info["CumConns"]));
}

/// One exchange on a client's connection that stays.
fn exchange(rig: &mut Rig) {
    let mut client = rig.client();
    client.send(format!("{GET}{GET}"));
    let mut server = rig.s1.accept();
    for _ in 0..2 {
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
    }
    note_totals(rig, "two requests of a client");
}

/// A client that sends `bytes`, ends its side and reads what it is told.
fn refused(rig: &mut Rig, bytes: &str) {
    let mut client = rig.client();
    client.send(bytes);
    client.half_close();
    client.read_http_to_end();
    note_totals(rig, bytes);
}

#[test]
fn requests_and_connections_are_counted_alike() {
    for log in ["", "frontend no log"] {
        compare(&config("http", &format!("frontend log-format %rt\\ %ST\n{log}")), |rig| {
            note_totals(rig, "nothing");
            exchange(rig);
            for bytes in ["bad\r\n\r\n", "GET / HT", ""] {
                refused(rig, bytes);
            }
            exchange(rig);
            rig.proxy.cli().command("show info;show info");
            note_totals(rig, "two commands");
        });
    }
}

#[test]
fn a_tcp_session_is_a_request() {
    compare(&config("tcp", ""), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.take(GET.len());
        note_totals(rig, "a session");
    });
}

/// The first of all requests has the number 0: here that is the command line's that saw whether the proxy is ready.
#[test]
fn requests_are_numbered_with_those_of_the_command_line() {
    compare(&config("http", "frontend log-format %rt\\ %ST"), |rig| {
        for commands in 0..3 {
            (0..commands).for_each(|_| drop(rig.proxy.cli().command("show info")));
            let mut client = rig.client();
            client.send("bad\r\n\r\n");
            client.read_http_to_end();
            let line = rig.sink.next_within(crate::kit::peer::WAIT).expect("a line");
            rig.note("log", line.rsplit_once("]: ").map_or("", |(_, text)| text.trim_end()));
        }
    });
}
