//! Timeouts: short ones, and only what comes of them is compared.

use super::{GET, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const TEN: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";
const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n";
const UPGRADED: &str = "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n";

pub const SCENES: &[Scene] = &[
    scene(
        "http_request_in_the_head",
        &["frontend timeout http-request 200"],
        &[C("GET / HTTP/1.1\r\n"), Req, Answer, Stays],
    ),
    scene("http_request_without_a_byte", &["frontend timeout http-request 200"], &[Open, Req, Answer, Stays]),
    scene(
        "http_request_of_the_second",
        &["frontend timeout http-request 200"],
        &[Ask(GET, OK), C("GET /"), Req, Answer, Stays],
    ),
    scene("http_request_between_requests", &["frontend timeout http-request 200"], &[Ask(GET, OK), End]),
    scene("keep_alive_between_requests", &["frontend timeout http-keep-alive 200"], &[Ask(GET, OK), End]),
    scene(
        "keep_alive_does_not_bound_a_head",
        &["frontend timeout http-keep-alive 200", "frontend timeout http-request 400"],
        &[Ask(GET, OK), C("GET /"), Req, Answer, Stays],
    ),
    scene(
        "keep_alive_is_not_for_the_first",
        &["frontend timeout http-keep-alive 100", "frontend timeout client 300"],
        &[Open, Req, Answer, Stays],
    ),
    scene("client_in_the_head", &["frontend timeout client 200"], &[C("GET"), Req, Answer, Stays]),
    scene(
        "client_in_the_body",
        &["frontend timeout client 200", "backend timeout server 700"],
        &[C(TEN), ReqHead, C("abc"), ReqPart(3), Answer, Stays, SEnd],
    ),
    scene("client_between_requests", &["frontend timeout client 200"], &[Ask(GET, OK), End]),
    scene("server_without_an_answer", &["backend timeout server 200"], &[C(GET), Req, Answer, Stays, SEnd]),
    scene(
        "server_in_the_head",
        &["backend timeout server 200"],
        &[C(GET), Req, S("HTTP/1.1 200"), Answer, Stays, SEnd],
    ),
    scene(
        "server_in_the_body",
        &["backend timeout server 200"],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), End, SEnd],
    ),
    scene(
        "server_in_chunks",
        &["backend timeout server 200"],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), End, SEnd],
    ),
    scene(
        "server_after_an_interim_answer",
        &["backend timeout server 200"],
        &[C(GET), Req, S("HTTP/1.1 103 E\r\n\r\n"), Answer, Answer, Stays, SEnd],
    ),
    scene(
        "connect_to_a_dark_server",
        &["backend server s1 ${dark}", "backend timeout connect 150", "backend retries 0"],
        &[C(GET), Req, Answer, Stays],
    ),
    scene(
        "connect_and_retries",
        &["backend server s1 ${dark}", "backend timeout connect 100", "backend retries 2"],
        &[C(GET), Req, Answer, Stays],
    ),
    scene(
        "connect_then_redispatch",
        &[
            "backend server s0 ${dark}",
            "backend server s1 ${s1}",
            "backend timeout connect 100",
            "backend option redispatch",
            "backend retries 1",
        ],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "tunnel_falls_silent",
        &["backend timeout tunnel 200"],
        &[C(UPGRADE), Req, S(UPGRADED), AnswerHead, C("abc"), ReqPart(3), S("def"), Part(3), End, SEnd],
    ),
    scene(
        "tunnel_outlives_the_others",
        &["frontend timeout client 150", "backend timeout server 150", "backend timeout tunnel 2s"],
        &[
            C(UPGRADE),
            Req,
            S(UPGRADED),
            AnswerHead,
            C("abc"),
            ReqPart(3),
            S("def"),
            Part(3),
            Stays,
            Stays,
            Stays,
            SClose,
            End,
        ],
    ),
    scene(
        "idle_server_is_not_timed",
        &["backend timeout server 100"],
        &[Ask(GET, OK), Stays, Stays, Ask(GET, OK), Stays],
    ),
];
