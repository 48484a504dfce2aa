//! How long connections live on both sides, and several requests on one.

use super::{http, once, round};
use crate::kit::http::BodyRule;
use crate::kit::rig::QUIET;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn two_requests_share_both_connections() {
    http("", |rig| {
        let (mut client, mut server) = round(rig, GET, OK);
        rig.expect_http_log();
        client.send("GET /two HTTP/1.1\r\nHost: a\r\nX-Two: Yes\r\n\r\n");
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Answer: Two\r\n\r\ntwo");
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    http("", |rig| {
        let mut client = rig.client();
        client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut server = rig.s1.accept();
        for round in 1..=3 {
            server.read_http(BodyRule::Request);
            server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{round}"));
            client.read_http(BodyRule::Response);
            rig.expect_http_log();
        }
        client.close();
    });
}

#[test]
fn a_pipelined_request_behind_a_body_is_found() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        );
        let mut server = rig.s1.accept();
        for _ in 1..=2 {
            server.read_http(BodyRule::Request);
            server.send(OK);
            client.read_http(BodyRule::Response);
            rig.expect_http_log();
        }
        client.close();
    });
}

#[test]
fn a_client_that_asks_to_close_gets_a_close() {
    http("", |rig| {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let (mut client, _server) = round(rig, request, OK);
        client.read_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn bytes_behind_a_closing_request_are_ignored() {
    http("", |rig| {
        let request =
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
        let mut client = rig.client();
        client.send(request);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        assert!(rig.s1.is_quiet_for(QUIET));
        rig.expect_http_log();
    });
}

#[test]
fn a_server_that_closes_leaves_the_client_connected() {
    http("", |rig| {
        let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
        let (mut client, mut server) = round(rig, GET, answer);
        server.read_to_end();
        server.close();
        rig.expect_http_log();
        client.send("GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn an_idle_server_connection_that_ended_is_not_used_again() {
    http("", |rig| {
        let (mut client, mut server) = round(rig, GET, OK);
        rig.expect_http_log();
        server.half_close();
        server.read_to_end();
        server.close();
        client.send("GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn http_1_0_without_keep_alive_closes() {
    http("", |rig| {
        let (mut client, _server) = round(rig, "GET / HTTP/1.0\r\n\r\n", OK);
        client.read_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn http_1_0_with_keep_alive_stays() {
    http("", |rig| {
        let request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        let (mut client, mut server) = round(rig, request, OK);
        rig.expect_http_log();
        client.send(request);
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn http_1_0_gets_a_chunked_answer_until_close() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    once("", "GET / HTTP/1.0\r\n\r\n", answer);
}

#[test]
fn a_server_of_http_1_0_with_a_length() {
    http("", |rig| {
        let (mut client, mut server) = round(rig, GET, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
        server.close();
        rig.expect_http_log();
        client.send("GET /two HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn a_server_of_http_1_0_without_a_length() {
    once("", GET, "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end");
}

#[test]
fn httpclose_closes_both_sides() {
    http("defaults option httpclose", |rig| {
        let (mut client, mut server) = round(rig, GET, OK);
        client.read_to_end();
        server.read_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn http_server_close_closes_the_server_only() {
    http("defaults option http-server-close", |rig| {
        let (mut client, mut server) = round(rig, GET, OK);
        server.read_to_end();
        rig.expect_http_log();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn timeout_http_keep_alive_ends_an_idle_client_quietly() {
    http("frontend timeout http-keep-alive 150", |rig| {
        let (mut client, _server) = round(rig, GET, OK);
        rig.expect_http_log();
        client.read_to_end();
        rig.expect_no_log();
    });
}

#[test]
fn a_client_that_half_closes_behind_its_request_is_answered() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        client.half_close();
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn two_clients_do_not_share_a_first_request() {
    http("", |rig| {
        let mut first = rig.client();
        first.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut one = rig.s1.accept();
        one.read_http(BodyRule::Request);
        let mut second = rig.client();
        second.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut two = rig.s1.accept();
        two.read_http(BodyRule::Request);
        two.send(OK);
        second.read_http(BodyRule::Response);
        rig.expect_http_log();
        one.send(OK);
        first.read_http(BodyRule::Response);
        rig.expect_http_log();
    });
}

#[test]
fn empty_lines_before_a_request_are_skipped() {
    http("", |rig| {
        let (mut client, _server) = round(rig, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", OK);
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_head_in_pieces_is_put_together() {
    http("", |rig| {
        let mut client = rig.client();
        for piece in ["GE", "T / HT", "TP/1.1\r", "\nHo", "st: a\r\n\r", "\n"] {
            client.send(piece);
            assert!(client.is_quiet_for(QUIET / 10));
        }
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        for piece in ["HTTP/1", ".1 200 OK\r\nConten", "t-Length: 2\r\n", "\r\no", "k"] {
            server.send(piece);
            assert!(server.is_quiet_for(QUIET / 10));
        }
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
    });
}

#[test]
fn a_request_that_uses_every_kind_of_header_arrives_unchanged() {
    http("", |rig| {
        let request = "GET /p%20q?x=1&y=%C3%A4 HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\
                       X-Empty:\r\nX-Spaces:   padded  value  \r\nX-Twice: 1\r\nX-Twice: 2\r\nAccept: text/html\r\n\r\n";
        let answer = "HTTP/1.1 200 Fine And Good\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Empty:\r\n\
                      Content-Length: 0\r\n\r\n";
        let (mut client, _server) = round(rig, request, answer);
        client.close();
        rig.expect_http_log();
    });
}
