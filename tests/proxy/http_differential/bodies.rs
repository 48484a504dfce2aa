//! Bodies of both directions: known length, chunks, trailers, to the end, none; 100-continue; answers that come early.

use super::{GET, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const HEAD: &str = "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n";
const CHUNKED: &str = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNKED_OK: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const TEN: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";
const EXPECT: &str = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

pub const SCENES: &[Scene] = &[
    scene("post", &[], &[Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", OK), Stays]),
    scene("post_empty", &[], &[Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", OK), Stays]),
    scene(
        "post_in_pieces",
        &[],
        &[C(TEN), ReqHead, C("abcde"), ReqPart(5), C("fghij"), ReqPart(5), S(OK), Answer, Stays],
    ),
    scene(
        "post_large",
        &[],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"),
            CFill(b'x', 100_000),
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene("post_1_0", &[], &[Ask("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", OK), End]),
    scene(
        "same_length_twice",
        &[],
        &[Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", OK), Stays],
    ),
    scene(
        "same_length_in_a_list",
        &[],
        &[Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2, 2\r\n\r\nhi", OK), Stays],
    ),
    scene(
        "length_with_leading_zeros",
        &[],
        &[Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 00002\r\n\r\nhi", OK), Stays],
    ),
    scene(
        "chunked",
        &[],
        &[C(CHUNKED), C("5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\n\r\n"), Req, S(OK), Answer, Stays],
    ),
    scene("chunked_empty", &[], &[C(CHUNKED), C("0\r\n\r\n"), Req, S(OK), Answer, Stays]),
    scene(
        "chunked_trailers",
        &[],
        &[C(CHUNKED), C("5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n"), Req, S(OK), Answer, Stays],
    ),
    scene(
        "chunked_in_pieces",
        &[],
        &[
            C(CHUNKED),
            ReqHead,
            C("5\r\nhel"),
            C("lo\r\n3\r\nabc\r\n0\r\n\r\n"),
            ReqChunks,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "chunked_large",
        &[],
        &[C(CHUNKED), C("186a0\r\n"), CFill(b'y', 100_000), C("\r\n0\r\n\r\n"), Req, S(OK), Answer, Stays],
    ),
    scene(
        "chunked_and_length",
        &[],
        &[
            C(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            ),
            Req,
            S(OK),
            Answer,
            End,
        ],
    ),
    scene(
        "chunked_1_0",
        &[],
        &[
            C(
                "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            ),
            Req,
            S(OK),
            Answer,
            End,
        ],
    ),
    scene(
        "bodies_in_a_row",
        &[],
        &[
            Ask("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", OK),
            C(CHUNKED),
            C("2\r\nho\r\n0\r\n\r\n"),
            Req,
            S(OK),
            Answer,
            Ask(GET, OK),
            Stays,
        ],
    ),
    scene("answer_empty", &[], &[Ask(GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Stays]),
    scene(
        "answer_in_pieces",
        &[],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nContent-"), S("Length: 6\r\n\r\nabc"), S("def"), Answer, Stays],
    ),
    scene(
        "answer_large",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"),
            SFill(b'z', 200_000),
            Answer,
            Stays,
        ],
    ),
    scene("answer_chunked", &[], &[C(GET), Req, S(CHUNKED_OK), S("5\r\nhello\r\n0\r\n\r\n"), Answer, Stays]),
    scene(
        "answer_chunked_trailers",
        &[],
        &[C(GET), Req, S(CHUNKED_OK), S("5\r\nhello\r\n0\r\nT: u\r\n\r\n"), Answer, Stays],
    ),
    scene(
        "answer_chunked_large",
        &[],
        &[
            C(GET),
            Req,
            S(CHUNKED_OK),
            S("30d40\r\n"),
            SFill(b'z', 200_000),
            S("\r\n0\r\n\r\n"),
            Answer,
            Stays,
        ],
    ),
    scene("answer_to_the_end", &[], &[C(GET), Req, S("HTTP/1.1 200 OK\r\n\r\nall of it"), SClose, End]),
    scene("answer_to_the_end_empty", &[], &[C(GET), Req, S("HTTP/1.1 200 OK\r\n\r\n"), SClose, End]),
    scene(
        "answer_to_the_end_large",
        &[],
        &[C(GET), Req, S("HTTP/1.0 200 OK\r\n\r\n"), SFill(b'z', 200_000), SClose, End],
    ),
    scene(
        "answer_chunked_and_length",
        &[],
        &[
            C(GET),
            Req,
            S(
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            ),
            Answer,
            Stays,
        ],
    ),
    scene(
        "answer_chunked_1_0",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
            SClose,
            End,
        ],
    ),
    scene(
        "answer_same_length_twice",
        &[],
        &[Ask(GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi"), Stays],
    ),
    scene("answer_204", &[], &[Ask(GET, "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"), Ask(GET, OK), Stays]),
    scene(
        "answer_204_with_length",
        &[],
        &[Ask(GET, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"), Stays],
    ),
    scene(
        "answer_304_with_length",
        &[],
        &[
            Ask(GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: x\r\n\r\n"),
            Ask(GET, OK),
            Stays,
        ],
    ),
    scene(
        "answer_304_chunked",
        &[],
        &[Ask(GET, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"), Ask(GET, OK), Stays],
    ),
    scene("head_chunked", &[], &[C(HEAD), Req, S(CHUNKED_OK), AnswerHead, Ask(GET, OK), Stays]),
    scene("head_without_length", &[], &[C(HEAD), Req, S("HTTP/1.1 200 OK\r\n\r\n"), AnswerHead, Stays]),
    scene(
        "head_404",
        &[],
        &[C(HEAD), Req, S("HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\n"), AnswerHead, Ask(GET, OK), Stays],
    ),
    scene(
        "expect_is_asked_of_the_server",
        &[],
        &[C(EXPECT), ReqHead, S(CONTINUE), Answer, C("abc"), ReqPart(3), S(OK), Answer, Stays],
    ),
    scene(
        "expect_without_waiting",
        &[],
        &[C(EXPECT), C("abc"), Req, S(CONTINUE), S(OK), Answer, Answer, Stays],
    ),
    scene(
        "expect_refused_by_the_server",
        &[],
        &[C(EXPECT), ReqHead, S("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), Answer, Stays],
    ),
    scene(
        "informational_answers",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
            Answer,
            S("HTTP/1.1 102 Processing\r\n\r\n"),
            Answer,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "informational_to_1_0",
        &[],
        &[C("GET / HTTP/1.0\r\n\r\n"), Req, S("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), S(OK), End],
    )
    .differs("No 1xx to a client of HTTP/1.0", &["client#1: Http(HTTP/1.1 200 OK"]),
    scene(
        "early_answer_then_the_rest",
        &[],
        &[C(TEN), ReqHead, S(OK), Answer, C("abcdefghij"), ReqPart(10), Ask(GET, OK), Stays],
    ),
    scene(
        "early_answer_and_close",
        &[],
        &[
            C(TEN),
            ReqHead,
            S("HTTP/1.1 413 Big\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            SClose,
            Answer,
            Stays,
        ],
    ),
    scene(
        "early_answer_to_chunks",
        &[],
        &[
            C(CHUNKED),
            C("5\r\nhello\r\n"),
            ReqHead,
            S(OK),
            Answer,
            C("0\r\n\r\n"),
            ReqChunks,
            Ask(GET, OK),
            Stays,
        ],
    ),
];
