//! Bodies: by length, in chunks, until the end, none where none is allowed; continue and early answers.

use super::{http, once, round};
use crate::kit::http::BodyRule;
use crate::kit::rig::QUIET;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A request, an answer on connections that stay, and then a second request to show that framing held.
fn then_another(request: &str, rule: BodyRule, answer: &str) {
    http("", |rig| {
        let mut client = rig.client();
        client.send(request);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(answer);
        client.read_http(rule);
        rig.expect_http_log();
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn a_request_body_of_known_length() {
    let request = "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello=world";
    then_another(request, BodyRule::Response, OK);
}

#[test]
fn a_request_body_in_chunks() {
    let request = "POST /form HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n=world\r\n0\r\n\r\n";
    then_another(request, BodyRule::Response, OK);
}

#[test]
fn a_request_body_in_chunks_with_trailers() {
    let request = "POST /form HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n";
    then_another(request, BodyRule::Response, OK);
}

#[test]
fn chunk_extensions_do_not_disturb() {
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;name=value\r\nhello\r\n0;x\r\n\r\n";
    then_another(request, BodyRule::Response, OK);
}

#[test]
fn a_body_on_a_get_is_forwarded() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    then_another(request, BodyRule::Response, OK);
}

#[test]
fn an_answer_without_a_body() {
    then_another(GET, BodyRule::Response, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn an_answer_in_chunks() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n";
    then_another(GET, BodyRule::Response, answer);
}

#[test]
fn an_answer_in_chunks_with_trailers() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nWiki\r\n0\r\nX-Sum: 4\r\nX-More: b\r\n\r\n";
    then_another(GET, BodyRule::Response, answer);
}

#[test]
fn an_answer_until_the_end() {
    once("", GET, "HTTP/1.1 200 OK\r\nX-Body: long\r\n\r\nuntil the end");
}

#[test]
fn an_answer_until_the_end_in_pieces() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        for piece in ["HTTP/1.1 200 OK\r\n\r\n", "one ", "two ", "three"] {
            server.send(piece);
            assert!(server.is_quiet_for(QUIET / 10));
        }
        server.close();
        client.read_http_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn head_has_no_body_whatever_the_length_says() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    then_another("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", BodyRule::HeadOnly, answer);
}

#[test]
fn head_of_a_chunked_resource() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    then_another("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", BodyRule::HeadOnly, answer);
}

#[test]
fn a_204_has_no_body() {
    then_another(GET, BodyRule::Response, "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n");
}

#[test]
fn a_304_has_no_body_though_it_names_a_length() {
    let answer = "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"x\"\r\n\r\n";
    then_another(GET, BodyRule::Response, answer);
}

#[test]
fn continue_is_passed_on_before_the_body() {
    http("", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        let mut server = rig.s1.accept();
        server.expect_head();
        server.send("HTTP/1.1 100 Continue\r\n\r\n");
        client.read_http(BodyRule::Response);
        client.send("body");
        server.expect("body");
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn a_final_answer_instead_of_continue_is_passed_on() {
    http("", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        let mut server = rig.s1.accept();
        server.expect_head();
        server.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
        client.read_http(BodyRule::Response);
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn early_hints_come_before_the_answer() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
        client.read_http(BodyRule::Response);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn an_answer_before_the_request_is_complete_is_passed_on() {
    http("", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly a part");
        let mut server = rig.s1.accept();
        server.expect_head();
        server.expect("only a part");
        server.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        server.close();
        client.read_http(BodyRule::Response);
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_request_body_sent_slowly_is_streamed() {
    http("", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
        let mut server = rig.s1.accept();
        server.expect_head();
        for piece in ["abc", "def", "ghi"] {
            client.send(piece);
            server.expect(piece);
        }
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn large_bodies_both_ways() {
    http("", |rig| {
        let body = "0123456789abcdef".repeat(1 << 16);
        let mut client = rig.client();
        let mut server = std::thread::scope(|scope| {
            let upload =
                format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            scope.spawn(|| client.send(upload));
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            server
        });
        std::thread::scope(|scope| {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let sending = &mut server;
            scope.spawn(move || sending.send(answer));
            client.read_http(BodyRule::Response);
        });
        rig.expect_http_log();
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn a_request_behind_a_large_answer_is_forwarded() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", 1 << 20, "x".repeat(1 << 20));
        std::thread::scope(|scope| {
            scope.spawn(|| server.send(answer));
            client.read_http(BodyRule::Response);
        });
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        server.read_http(BodyRule::Request);
    });
}

#[test]
fn a_request_behind_a_large_request_is_forwarded() {
    http("", |rig| {
        let mut client = rig.client();
        let request = format!(
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}",
            1 << 20,
            "x".repeat(1 << 20)
        );
        let mut server = std::thread::scope(|scope| {
            scope.spawn(|| client.send(request));
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            server
        });
        server.send(OK);
        client.read_http(BodyRule::Response);
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        server.read_http(BodyRule::Request);
    });
}

#[test]
fn a_large_answer_until_the_end() {
    http("", |rig| {
        let (mut client, mut server) = (rig.client(), None);
        client.send(GET);
        std::thread::scope(|scope| {
            let accepted = server.insert(rig.s1.accept());
            accepted.read_http(BodyRule::Request);
            scope.spawn(move || {
                accepted.send("HTTP/1.1 200 OK\r\n\r\n");
                accepted.send("0123456789abcdef".repeat(1 << 16));
                accepted.close();
            });
            client.read_http_to_end();
        });
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_large_answer_in_chunks() {
    http("", |rig| {
        let (mut client, mut server) = (rig.client(), None);
        client.send(GET);
        std::thread::scope(|scope| {
            let accepted = server.insert(rig.s1.accept());
            accepted.read_http(BodyRule::Request);
            scope.spawn(move || {
                accepted.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                for size in (1..400).map(|n| n * 7) {
                    accepted.send(format!("{size:x}\r\n{}\r\n", "z".repeat(size)));
                }
                accepted.send("0\r\n\r\n");
            });
            client.read_http(BodyRule::Response);
        });
        client.close();
    });
}

#[test]
fn bytes_behind_an_answer_are_dropped() {
    http("", |rig| {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and too much";
        let (mut client, mut server) = round(rig, GET, answer);
        rig.expect_http_log();
        assert!(client.is_quiet_for(QUIET));
        client.close();
        server.read_to_end();
    });
}
