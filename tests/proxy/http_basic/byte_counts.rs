//! The bytes of the httplog line: what came from the server and was sent to the client, as on the wire; nothing for
//! an answer made here. (The packaged reference counts its inner form of a message instead.)

use super::round;
use crate::kit::rig::{Rig, alone, config};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The byte count of the next line.
fn logged(rig: &Rig) -> usize {
    let line = rig.sink.next_traffic_line();
    line.split(' ').nth(6).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no count in {line}"))
}

/// One exchange on a connection that stays, and the count of its log line.
fn counts(answer: &str) {
    alone(&config("http", ""), |rig| {
        let (mut client, _server) = round(rig, GET, answer);
        client.close();
        assert_eq!(logged(rig), answer.len());
    });
}

#[test]
fn of_an_answer_with_a_length() {
    counts("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

#[test]
fn of_an_answer_with_many_headers() {
    counts("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nCcc: 333\r\nD:   4\r\nContent-Length: 2\r\n\r\nok");
}

#[test]
fn of_an_answer_without_a_body() {
    counts("HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn of_an_answer_in_chunks() {
    counts("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n");
}

#[test]
fn of_an_answer_until_the_end() {
    alone(&config("http", ""), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.expect_head();
        server.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        server.close();
        client.read_http_to_end();
        assert_eq!(logged(rig), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end".len());
    });
}

#[test]
fn of_an_answer_made_here() {
    alone(&config("http", "backend server s1 ${refused}\nbackend retries 0"), |rig| {
        let mut client = rig.client();
        client.send(GET);
        client.read_answer();
        client.close();
        assert_eq!(logged(rig), 0);
    });
}
