//! Which connections go on and which end, and who is told so.

use super::{GET, GET10, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const CLOSE: &str = "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const KEEP10: &str = "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
const OK_CLOSE: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
const OK10: &str = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
const OK10_KEEP: &str = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
const TO_END: &str = "HTTP/1.1 200 OK\r\n\r\nuntil the end";

pub const SCENES: &[Scene] = &[
    scene("three_in_a_row", &[], &[Ask(GET, OK), Ask(GET, OK), Ask(GET, OK), Stays]),
    scene("client_closes", &[], &[Ask(CLOSE, OK), End]),
    scene("client_closes_second", &[], &[Ask(GET, OK), Ask(CLOSE, OK), End]),
    scene(
        "close_among_tokens",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\nConnection: bar\r\n\r\n", OK), End],
    ),
    scene(
        "keep_alive_and_close",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n", OK), Stays],
    ),
    scene(
        "proxy_connection_close",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nProxy-Connection: close\r\n\r\n", OK), Stays],
    ),
    scene("server_closes", &[], &[Ask(GET, OK_CLOSE), SClose, Ask(GET, OK), Stays]),
    scene("server_says_close_and_stays", &[], &[Ask(GET, OK_CLOSE), Ask(GET, OK), Stays]),
    scene("server_closes_idle", &[], &[Ask(GET, OK), SClose, Ask(GET, OK), Stays]),
    scene("server_resets_idle", &[], &[Ask(GET, OK), SRst, Ask(GET, OK), Stays]),
    scene("client_1_0", &[], &[Ask(GET10, OK), End]),
    scene("client_1_0_keep_alive", &[], &[Ask(KEEP10, OK), Ask(KEEP10, OK), Stays]),
    scene("client_1_0_keep_alive_to_end", &[], &[C(KEEP10), Req, S(TO_END), SClose, End]),
    scene(
        "client_1_0_chunked_answer",
        &[],
        &[
            C(KEEP10),
            Req,
            S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            Answer,
            Stays,
        ],
    ),
    scene("server_1_0", &[], &[C(GET), Req, S(OK10), SClose, Answer, Ask(GET, OK), Stays]),
    scene("server_1_0_keep_alive", &[], &[Ask(GET, OK10_KEEP), Ask(GET, OK10_KEEP), Stays]),
    scene("both_1_0", &[], &[C(GET10), Req, S(OK10), SClose, Answer, End]),
    scene("both_1_0_keep_alive", &[], &[Ask(KEEP10, OK10_KEEP), Ask(KEEP10, OK10_KEEP), Stays]),
    scene(
        "server_close",
        &["frontend option http-server-close"],
        &[Ask(GET, OK), SEnd, Ask(GET, OK), SEnd, Stays],
    ),
    scene(
        "server_close_in_backend",
        &["backend option http-server-close"],
        &[Ask(GET, OK), SEnd, Ask(GET, OK), SEnd, Stays],
    ),
    scene(
        "server_close_1_0",
        &["defaults option http-server-close"],
        &[Ask(KEEP10, OK), SEnd, Ask(GET10, OK), SEnd, End],
    ),
    scene(
        "server_close_to_end",
        &["defaults option http-server-close"],
        &[C(GET), Req, S(TO_END), SClose, End],
    ),
    scene(
        "pretend_keepalive",
        &["backend option http-server-close", "backend option http-pretend-keepalive"],
        &[Ask(GET, OK), SEnd, Ask(GET, OK), SEnd, Stays],
    ),
    scene(
        "pretend_keepalive_1_0",
        &["backend option http-server-close", "backend option http-pretend-keepalive"],
        &[Ask(KEEP10, OK), SEnd, Stays],
    ),
    scene("httpclose", &["defaults option httpclose"], &[Ask(GET, OK), End]),
    scene("httpclose_1_0_keep_alive", &["defaults option httpclose"], &[Ask(KEEP10, OK), End]),
    scene("httpclose_in_backend", &["backend option httpclose"], &[Ask(GET, OK), Stays]),
    scene(
        "httpclose_pretend",
        &["defaults option httpclose", "backend option http-pretend-keepalive"],
        &[Ask(GET, OK), End],
    ),
    scene(
        "no_httpclose",
        &["defaults option httpclose", "frontend no option httpclose", "backend no option httpclose"],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "keep_alive_over_server_close",
        &[
            "defaults option http-server-close",
            "frontend option http-keep-alive",
            "backend option http-keep-alive",
        ],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "pipelined",
        &[],
        &[
            C("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"),
            Req,
            Quiet,
            S(OK),
            Answer,
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "pipelined_behind_close",
        &[],
        &[
            C("GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"),
            Req,
            S(OK),
            Answer,
            End,
        ],
    ),
    scene(
        "pipelined_and_half_closed",
        &[],
        &[
            C("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"),
            Req,
            CFin,
            Quiet,
            S(OK),
            Answer,
            Req,
            S(OK),
            Answer,
            End,
        ],
    ),
    scene("half_closed_behind_request", &[], &[C(GET), CFin, Req, S(OK), Answer, End]),
    scene("half_closed_between_requests", &[], &[Ask(GET, OK), CFin, End]),
    scene("garbage_behind_a_request", &[], &[Ask(GET, OK), C("x x x\r\n\r\n"), Req, Answer, End]),
    scene("empty_lines_between_requests", &[], &[Ask(GET, OK), C("\r\n\r\n"), Ask(GET, OK), Stays]),
    scene(
        "answer_without_a_request",
        &[],
        &[
            Ask(
                GET,
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
            ),
            Ask(GET, OK),
            Stays,
        ],
    ),
];
