//! What goes wrong and how it is answered: status, flags, counters of the log line.

use super::{http, refused, round};
use crate::kit::http::BodyRule;
use crate::kit::peer::Event;
use crate::kit::rig::{QUIET, alone, config};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A server that reads the request, sends `answer` and then ends by a close; the client reads what it gets.
fn bad_answer(answer: &str) {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(answer);
        server.close();
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_slow_head_gets_a_408() {
    refused("frontend timeout http-request 150", "GET / HTTP/1.1\r\nHost:");
}

#[test]
fn timeout_client_on_a_slow_head_gets_a_408() {
    refused("frontend timeout client 150", "GET / HT");
}

#[test]
fn no_head_at_all_gets_a_408() {
    refused("frontend timeout http-request 150", "");
}

#[test]
fn dontlognull_and_no_head_at_all() {
    http("frontend option dontlognull\nfrontend timeout http-request 150", |rig| {
        let mut client = rig.client();
        client.read_http_to_end();
        client.close();
        rig.expect_no_log();
    });
}

#[test]
fn a_connection_that_closes_without_a_request() {
    http("", |rig| {
        let mut client = rig.client();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_connection_that_closes_within_the_head() {
    http("", |rig| {
        let mut client = rig.client();
        client.send("GET / HT");
        client.half_close();
        client.read_http_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn malformed_requests_get_a_400() {
    let requests = [
        "GARBAGE\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nName : x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        "GET HTTP/1.1\r\nHost: a\r\n\r\n",
        "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    requests.iter().for_each(|request| refused("", request));
}

/// Later versions of the reference refuse what the packaged one still takes.
#[test]
fn an_unknown_version_and_a_lone_star_get_a_400() {
    for request in ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"] {
        alone(&config("http", ""), |rig| {
            let mut client = rig.client();
            client.send(request);
            let answer = client.read_http(BodyRule::Response);
            assert!(matches!(answer, Event::Http(text) if text.starts_with("HTTP/1.1 400 ")), "{request}");
            assert_eq!(client.read_to_end(), Event::Fin);
            let line = rig.sink.next_traffic_line();
            assert!(line.contains(" 400 ") && line.contains(" PR-- "), "{line}");
        });
    }
}

#[test]
fn bodies_that_lie_get_a_400() {
    let requests = [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5x\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello",
    ];
    requests.iter().for_each(|request| refused("", request));
}

#[test]
fn different_hosts_get_a_400() {
    refused("", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    refused("", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n");
}

#[test]
fn a_bad_chunk_size_ends_the_request() {
    http("", |rig| {
        let mut client = rig.client();
        client
            .send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n");
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn an_oversized_head_gets_a_400() {
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "x".repeat(30_000));
    http("", |rig| {
        let mut client = rig.client();
        client.send(&request);
        client.read_http(BodyRule::Response);
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn no_usable_server_gets_a_503() {
    refused("backend server s1 ${s1} disabled", GET);
}

#[test]
fn a_refusing_server_gets_a_503() {
    refused("backend server s1 ${refused}\nbackend retries 0", GET);
}

#[test]
fn a_refusing_server_gets_a_503_after_retries() {
    refused("backend server s1 ${refused}\nbackend retries 2\nbackend timeout connect 100", GET);
}

#[test]
fn a_silent_network_gets_a_503() {
    refused("backend server s1 ${dark}\nbackend retries 0\nbackend timeout connect 120", GET);
}

#[test]
fn a_503_to_http_1_0_and_to_head() {
    refused("backend server s1 ${s1} disabled", "GET / HTTP/1.0\r\n\r\n");
    http("backend server s1 ${s1} disabled", |rig| {
        let mut client = rig.client();
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_http(BodyRule::HeadOnly);
        client.half_close();
        client.read_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn redispatch_finds_the_server_that_answers() {
    let extra = "backend server bad ${refused}
                 backend server good ${s1}
                 backend retries 1
                 backend option redispatch
                 backend timeout connect 100";
    http(extra, |rig| {
        let (mut client, _server) = round(rig, GET, OK);
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn garbage_from_the_server_gets_a_502() {
    bad_answer("SMTP ready\r\n\r\n");
}

#[test]
fn a_bad_header_from_the_server_gets_a_502() {
    bad_answer("HTTP/1.1 200 OK\r\nbad header\r\n\r\n");
}

#[test]
fn different_lengths_from_the_server_get_a_502() {
    bad_answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd");
}

#[test]
fn a_server_that_closes_without_an_answer_gets_a_502() {
    bad_answer("");
}

#[test]
fn a_server_that_closes_within_its_head_gets_a_502() {
    bad_answer("HTTP/1.1 200 OK\r\nContent-");
}

#[test]
fn a_server_that_resets_gets_a_502() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.reset();
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_server_that_does_not_answer_gets_a_504() {
    http("backend timeout server 150", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        client.read_answer();
        server.read_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn a_server_that_closes_within_a_body_of_known_length() {
    bad_answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
}

#[test]
fn a_server_that_closes_within_chunks() {
    bad_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
}

#[test]
fn a_server_that_falls_silent_within_a_body() {
    http("backend timeout server 200", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        client.read_http_to_end();
        server.read_to_end();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_client_that_closes_within_its_body() {
    http("", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart");
        let mut server = rig.s1.accept();
        server.expect_head();
        server.expect("part");
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_client_that_falls_silent_within_its_body() {
    http("frontend timeout client 200\nbackend timeout server 700", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart");
        let mut server = rig.s1.accept();
        server.expect_head();
        server.expect("part");
        client.read_answer();
        server.read_to_end();
        server.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_client_that_resets_while_it_waits() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        client.reset();
        assert!(rig.s1.is_quiet_for(QUIET));
        server.send(OK);
        rig.expect_http_log();
    });
}

#[test]
fn a_client_that_resets_within_the_answer() {
    http("backend timeout server 700", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        client.take(10);
        client.reset();
        server.read_to_end();
        server.close();
        rig.expect_http_log();
    });
}

#[test]
fn length_and_chunks_together_close_the_connection() {
    http("", |rig| {
        let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
        let (mut client, _server) = round(rig, request, OK);
        client.read_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn a_frontend_without_a_backend_gets_a_503() {
    let config = "global
    log \"${log}\" local0
frontend fe
    mode http
    log global
    option httplog
    timeout client 6s
    bind fd@${fe}
";
    crate::kit::rig::compare(config, |rig| {
        let mut client = rig.client();
        client.send(GET);
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}
