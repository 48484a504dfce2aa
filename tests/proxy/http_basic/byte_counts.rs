//! The bytes of the httplog line, exactly, for each way to frame an answer. The reference counts a message in
//! its inner form: names and values without `: ` and line ends, a start line of fixed cost, chunk data without
//! its framing, no header that it added itself.

use super::{http, round};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// One exchange on a connection that stays, and the whole log line.
fn counted(answer: &str) {
    http("", |rig| {
        let (mut client, _server) = round(rig, GET, answer);
        client.close();
        rig.expect_log();
    });
}

#[test]
fn of_an_answer_with_a_length() {
    counted("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

#[test]
fn of_an_answer_with_many_headers() {
    counted("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nCcc: 333\r\nD:   4\r\nContent-Length: 2\r\n\r\nok");
}

#[test]
fn of_an_answer_without_a_body() {
    counted("HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn of_an_answer_in_chunks() {
    counted("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n");
}

#[test]
fn of_an_answer_until_the_end() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.expect_head();
        server.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        server.close();
        client.read_http_to_end();
        rig.expect_log();
    });
}

#[test]
fn of_an_answer_made_here() {
    http("backend server s1 ${refused}\nbackend retries 0", |rig| {
        let mut client = rig.client();
        client.send(GET);
        client.read_answer();
        client.close();
        rig.expect_log();
    });
}
