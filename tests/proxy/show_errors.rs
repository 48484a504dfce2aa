//! `show errors` beside the packaged haproxy's, without dates, ports, the size of a buffer and words of flags, which mean
//! something in haproxy's memory only.

use crate::kit::http::BodyRule;
use crate::kit::rig::{Rig, compare, config};

const GET: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

/// Requests that break the protocol, each at another place.
const REQUESTS: &[&str] = &[
    "GET /broken HTTP/1.1\r\nHost a\r\n\r\n",
    "GET /payload HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
    "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
    "G\x01T / HTTP/1.1\r\n\r\n",
    "\r\n\x01ET / HTTP/1.1\r\n\r\n",
    "\x16\x03\x01\0\0",
    "GET /\r\n",
    "GET  HTTP/1.1\r\n\r\n",
    "GET / HTTP/11\r\n\r\n",
    "GET / FOO\r\n\r\n",
    "GET / HTTP/x.y\r\n\r\n",
    "GET / HTTP/1.1 x\r\n\r\n",
    "GET / HTTP/1.1\rX\r\n\r\n",
    "GET / HTTP/1.1\r\n: a\r\n\r\n",
    "GET / HTTP/1.1\r\n a: b\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost:\x01a\r\nA\x01: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\rx\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nbad he",
    "GET / HTTP/1.1\r\nHost: a\r\nTab:\tq\\\x1b\x7f\r\nContent-Length: 3x\r\n\r\nabc",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX: y\r\nContent-Length: \r\n\r\n",
    "GET / HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\nX: y\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1z\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n3 x\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nfffffffffffffffff\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n5\r\nabcdeX",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nbad trailer\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "GET / HTTP/1.1\r\nLong: 0123456789012345678901234567890123456789012345678901234567890123456789\r\nbad name: x\r\n\r\n",
];

/// Answers that do.
const ANSWERS: &[&str] = &[
    "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\n no: field\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 abc OK\r\n\r\n",
    "HTTP/1.1\r\n\r\n",
    "HTTP/1.1 200 OK\rX\r\n\r\n",
    "HTTP/1.1 101 S\r\n\r\n",
    "junk\x01\r\n",
];

/// A line with its words of flags taken out.
fn without_flags(line: &str) -> String {
    let words = line.split("flags 0x").enumerate();
    let cut = words.map(|(at, rest)| if at == 0 { rest } else { rest.get(8..).unwrap_or_default() });
    cut.collect::<Vec<_>>().join("flags N")
}

/// Adds an answer of the CLI in the form that two proxies must agree on.
fn note(rig: &Rig, command: &str) {
    let text = rig.proxy.cli().command(command);
    let blank = |line: &str| {
        let line = match (line.find('['), line.find(']')) {
            (Some(from), Some(to)) => format!("{}[DATE]{}", &line[..from], &line[to + 1..]),
            _ => line.to_owned(),
        };
        let upto = |mark: &str| line.split_once(mark).map(|(before, _)| format!("{before}{mark}..."));
        let line = upto("src 127.0.0.1:").or_else(|| upto("(including 0 out), ")).unwrap_or(line.clone());
        match line.split_once("wraps at ") {
            Some((before, after)) => {
                format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
            }
            None => line,
        }
    };
    let lines = text.lines().map(|line| without_flags(&blank(line)));
    rig.note(command, lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn malformed_requests_are_kept_and_shown() {
    compare(&config("http", ""), |rig| {
        note(rig, "show errors");
        for request in REQUESTS {
            let mut client = rig.client();
            client.send(request);
            client.read_http_to_end();
            note(rig, "show errors");
        }
    });
}

#[test]
fn malformed_answers_are_kept_and_shown() {
    compare(&config("http", "backend server srv ${s1} id 7"), |rig| {
        for answer in ANSWERS {
            let mut client = rig.client();
            client.send(GET);
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            server.send(answer);
            client.read_http(BodyRule::Response);
            client.close();
            server.close();
            note(rig, "show errors");
        }
    });
}

#[test]
fn words_choose_proxy_and_direction() {
    compare(&config("http", ""), |rig| {
        let mut client = rig.client();
        client.send(REQUESTS[0]);
        client.read_http_to_end();
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(ANSWERS[0]);
        client.read_http(BodyRule::Response);
        for words in [
            "",
            " -1",
            " fe",
            " be",
            " 2",
            " 3",
            " 99",
            " 0",
            " +2",
            " 2x",
            " x2",
            " nope",
            " fe request",
            " fe response",
            " be request",
            " be response",
            " -1 response",
            " -1 other",
            " be request more",
        ] {
            note(rig, &format!("show errors{words}"));
        }
        rig.proxy.cli().command("clear counters all");
        note(rig, "show errors");
    });
}
