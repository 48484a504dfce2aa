//! What goes wrong on either side, and who answers for it.

use super::{GET, GET10, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const HEAD: &str = "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n";
const REFUSED: &[&str] = &["backend server s1 ${refused}", "backend retries 0"];
const TEN: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";

pub const SCENES: &[Scene] = &[
    scene("no_colon", &[], &[C("GET / HTTP/1.1\r\nnone\r\n\r\n"), Req, Answer, Stays]),
    scene("bad_second_request", &[], &[Ask(GET, OK), C("GET /\r\n\r\n"), Req, Answer, Stays]),
    scene(
        "head_larger_than_a_buffer",
        &[],
        &[C("GET / HTTP/1.1\r\nHost: h\r\nA: "), CFill(b'x', 20_000), Req, Answer],
    ),
    scene(
        "more_than_101_headers",
        &["frontend timeout http-request 300"],
        &[
            C(concat!(
                "GET / HTTP/1.1\r\nHost: h\r\n",
                "a:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n",
                "a:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n",
                "a:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n",
                "a:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n",
                "a:\r\na:\r\n\r\n"
            )),
            Req,
            Answer,
            Stays,
        ],
    ),
    scene("target_beyond_ascii", &[], &[C("GET /\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n"), Req, Answer, Stays]),
    scene(
        "two_lengths",
        &[],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            Req,
            Answer,
            Stays,
        ],
    ),
    scene(
        "bad_chunk_later",
        &[],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            ReqHead,
            C("x\r\n"),
            Answer,
            Stays,
        ],
    ),
    scene("refused_server", REFUSED, &[C(GET), Req, Answer, Stays]),
    scene("refused_server_1_0", REFUSED, &[C(GET10), Req, Answer, Stays]),
    scene("refused_server_head", REFUSED, &[C(HEAD), Req, AnswerHead, Stays]),
    scene(
        "refused_server_post",
        REFUSED,
        &[C("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"), Req, Answer, Stays],
    ),
    scene("refused_server_post_unfinished", REFUSED, &[C(TEN), C("abc"), Req, Answer, Stays]),
    scene("refused_server_then_again", REFUSED, &[C(GET), Answer, C(GET), Answer, Stays]),
    scene(
        "refused_server_and_close",
        REFUSED,
        &[C("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), Req, Answer, Stays],
    ),
    scene("disabled_server", &["backend server s1 ${s1} disabled"], &[C(GET), Req, Answer, Stays]),
    scene("server_without_weight", &["backend server s1 ${s1} weight 0"], &[C(GET), Req, Answer, Stays]),
    scene("server_closes_at_once", &[], &[C(GET), Req, SClose, Answer, Stays]),
    scene("server_resets_at_once", &[], &[C(GET), Req, SRst, Answer, Stays]).chance(&["srv_abrt"]),
    scene("server_half_closes_at_once", &[], &[C(GET), Req, SFin, Answer, Stays]),
    scene(
        "server_closes_in_the_head",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nA: b\r\n"), SClose, Answer, Stays],
    ),
    scene("server_speaks_something_else", &[], &[C(GET), Req, S("220 smtp\r\n\r\n"), Answer, Stays]),
    scene(
        "server_header_without_colon",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nnone\r\n\r\n"), Answer, Stays],
    ),
    scene(
        "server_head_larger_than_a_buffer",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nA: "), SFill(b'x', 20_000), Answer, Stays],
    ),
    scene(
        "server_two_lengths",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            Answer,
            Stays,
        ],
    ),
    scene(
        "server_unknown_coding",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nab"), Answer, Stays],
    ),
    scene(
        "server_101_unasked",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
            Answer,
            Stays,
        ],
    ),
    scene(
        "server_body_cut_short",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), SClose, End],
    ),
    scene(
        "server_chunks_cut_short",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), SClose, End],
    ),
    scene(
        "server_bad_chunk",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"),
            Answer,
            Stays,
        ],
    ),
    scene(
        "server_bad_chunk_later",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            AnswerHead,
            S("zz\r\n"),
            End,
        ],
    ),
    scene(
        "server_bad_chunk_at_once",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Answer, Stays],
    ),
    scene(
        "bad_chunk_at_once",
        &[],
        &[C("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"), Req, Answer, Stays],
    ),
    scene(
        "bad_chunk_after_a_good_one",
        &[],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n"),
            Req,
            Answer,
            Stays,
        ],
    ),
    scene(
        "bad_chunk_after_the_answer",
        &[],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            ReqHead,
            S(OK),
            Answer,
            C("x\r\n"),
            End,
        ],
    ),
    scene(
        "server_resets_in_the_body",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), AnswerHead, Part(3), SRst, End],
    ),
    scene("client_half_closes_in_the_head", &[], &[C("GET / HTTP/1.1\r\nHost"), CFin, Req, End]),
    scene("client_half_closes_in_the_body", &[], &[C(TEN), ReqHead, C("abc"), ReqPart(3), CFin, SEnd, End]),
    scene("client_leaves_in_the_body", &[], &[C(TEN), ReqHead, C("abc"), ReqPart(3), CRst, SEnd]),
    scene("client_says_nothing", &[], &[Open, CFin, End]),
    scene("client_resets_before_a_request", &[], &[Open, CRst]),
    scene("client_leaves_while_it_waits", &["backend timeout server 300"], &[C(GET), Req, CRst, SEnd]),
    scene(
        "errorfile",
        &["defaults errorfile 503 \"${files}/own503\"", "backend server s1 ${refused}", "backend retries 0"],
        &[C(GET), Req, Answer, Stays],
    ),
    scene(
        "errorfile_to_the_end",
        &["backend errorfile 504 \"${files}/own504\"", "backend timeout server 200"],
        &[C(GET), Req, End],
    ),
    scene(
        "errorfile_empty",
        &["frontend errorfile 503 \"${files}/empty\"", "backend server s1 ${refused}", "backend retries 0"],
        &[C(GET), End],
    ),
    scene(
        "errorfile_502",
        &["backend errorfile 502 \"${files}/own502\""],
        &[C(GET), Req, SClose, Answer, Stays],
    ),
    scene(
        "errorfile_502_head",
        &["backend errorfile 502 \"${files}/own502\""],
        &[C(HEAD), Req, SClose, AnswerHead, Stays],
    ),
    scene(
        "errorloc",
        &[
            "frontend errorloc 503 http://x.example/sorry",
            "backend server s1 ${refused}",
            "backend retries 0",
        ],
        &[C(GET), Req, Answer, Stays],
    ),
    scene(
        "errorloc303",
        &["backend errorloc303 502 /sorry"],
        &[C("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"), Req, SClose, Answer, Stays],
    ),
    scene(
        "errorloc_of_a_bad_request",
        &["frontend errorloc 400 /bad"],
        &[C("junk\r\n\r\n"), Req, Answer, Stays],
    ),
];
