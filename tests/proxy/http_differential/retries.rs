//! `retry-on`: each of its words against each way to fail, then what else decides whether a request goes out once more:
//! its body, how many attempts are left, other servers, a connection that had served before.

use super::{GET, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, Step, scene};

/// What every row has besides its own lines: nothing is waited for long.
const SOON: &str = "backend timeout connect 100\nbackend timeout server 400";

/// One answer of this status, whole. Its connection is of no further use: whether haproxy uses one again is chance.
macro_rules! status {
    ($status:literal) => {
        concat!("HTTP/1.1 ", $status, " X\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx")
    };
}

/// A request, what becomes of it, and, if it comes again, an answer for it.
macro_rules! fails {
    ($($step:expr),*) => {
        &[C(GET), Req, $($step,)* Req, S(OK), Answer, Stays]
    };
}

const EMPTY: &[Step] = fails!(SClose);
const RESET: &[Step] = fails!(SRst);
const HALF_CLOSED: &[Step] = fails!(SFin);
const SILENT: &[Step] = fails!();
const JUNK: &[Step] = fails!(S("junk\r\n\r\n"));
const LARGE: &[Step] = fails!(S("HTTP/1.1 200 OK\r\nA: "), SFill(b'x', 20_000), SClose);
const HALF_HEAD: &[Step] = fails!(S("HTTP/1.1 200 OK\r\nA: b\r\n"), SClose);
const HALF_HEAD_SILENT: &[Step] = fails!(S("HTTP/1.1 200 OK\r\nA: b\r\n"));
const HALF_BODY: &[Step] =
    &[C(GET), Req, S("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), SClose, Req, S(OK), End];
const BAD_CHUNK: &[Step] = fails!(S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));
const BUSY: &[Step] = fails!(S(status!(503)), SClose);
const REFUSED: &[Step] = &[C(GET), Req, S(OK), Answer, Stays];

/// The rows of every word: `$tag` names them, `$words` follow `retry-on`.
macro_rules! words {
    ($($tag:literal $words:literal,)*) => { &[$(
        scene(concat!("on_", $tag, "_refused"), &[SOON, concat!("backend retry-on ", $words),
            "backend server s0 ${refused}", "backend server s1 ${s1}", "backend option redispatch"], REFUSED),
        scene(concat!("on_", $tag, "_refused_lone"), &[SOON, concat!("backend retry-on ", $words),
            "backend server s0 ${refused}", "backend retries 2"], REFUSED),
        scene(concat!("on_", $tag, "_dark"), &[SOON, concat!("backend retry-on ", $words),
            "backend server s0 ${dark}", "backend retries 1"], REFUSED),
        scene(concat!("on_", $tag, "_empty"), &[SOON, concat!("backend retry-on ", $words)], EMPTY),
        scene(concat!("on_", $tag, "_reset"), &[SOON, concat!("backend retry-on ", $words)], RESET)
            .chance(&["srv_abrt"]),
        scene(concat!("on_", $tag, "_half_closed"), &[SOON, concat!("backend retry-on ", $words)], HALF_CLOSED),
        scene(concat!("on_", $tag, "_silent"), &[SOON, concat!("backend retry-on ", $words)], SILENT),
        scene(concat!("on_", $tag, "_junk"), &[SOON, concat!("backend retry-on ", $words)], JUNK),
        scene(concat!("on_", $tag, "_large"), &[SOON, concat!("backend retry-on ", $words)], LARGE),
        scene(concat!("on_", $tag, "_half_head"), &[SOON, concat!("backend retry-on ", $words)], HALF_HEAD),
        scene(concat!("on_", $tag, "_half_head_silent"), &[SOON, concat!("backend retry-on ", $words)], HALF_HEAD_SILENT),
        scene(concat!("on_", $tag, "_half_body"), &[SOON, concat!("backend retry-on ", $words)], HALF_BODY),
        scene(concat!("on_", $tag, "_bad_chunk"), &[SOON, concat!("backend retry-on ", $words)], BAD_CHUNK),
        scene(concat!("on_", $tag, "_busy"), &[SOON, concat!("backend retry-on ", $words)], BUSY),
    )*] };
}

/// Every word but the other statuses against every way to fail.
pub const WORDS: &[Scene] = words! {
    "none" "none",
    "all" "all-retryable-errors",
    "conn" "conn-failure",
    "empty" "empty-response",
    "junk" "junk-response",
    "timeout" "response-timeout",
    "early_data" "0rtt-rejected",
    "status" "503",
    "several" "conn-failure empty-response response-timeout",
};

/// The rows of every status: asked for by itself, by all, and by none.
macro_rules! statuses {
    ($($status:literal)*) => { &[$(
        scene(concat!("on_", $status), &[SOON, concat!("backend retry-on ", $status)], fails!(S(status!($status)), SClose)),
        scene(concat!("on_all_", $status), &[SOON, "backend retry-on all-retryable-errors"], fails!(S(status!($status)), SClose)),
    )*] };
}

/// Every status that `retry-on` of haproxy 2.6 knows.
pub const STATUSES: &[Scene] = statuses! { 401 403 404 408 425 500 501 502 503 504 };

const ALL: &str = "backend retry-on all-retryable-errors";
const POST: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n";
const CHUNKED: &str = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const LARGE_POST: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n";
const BUFFER: &str = "backend option http-buffer-request";

/// Bodies, counts, servers, connections.
pub const SCENES: &[Scene] = &[
    scene(
        "again_with_a_body",
        &[SOON, ALL],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd"),
            Req,
            SClose,
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "again_with_chunks",
        &[SOON, ALL],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"),
            Req,
            SClose,
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "again_with_a_body_that_came_later",
        &[SOON, ALL],
        &[C(POST), ReqHead, C("abcd"), ReqPart(4), SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "again_with_chunks_that_came_later",
        &[SOON, ALL],
        &[C(CHUNKED), ReqHead, C("4\r\nabcd\r\n0\r\n\r\n"), ReqChunks, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "again_before_all_of_the_body_is_here",
        &[SOON, ALL],
        &[C(POST), C("ab"), ReqHead, ReqPart(2), SClose, ReqHead, C("cd"), Answer],
    ),
    scene(
        "again_with_a_body_waited_for",
        &[SOON, ALL, BUFFER],
        &[C(POST), C("abcd"), Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "again_with_chunks_waited_for",
        &[SOON, ALL, BUFFER],
        &[C(CHUNKED), C("4\r\nabcd\r\n0\r\n\r\n"), Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "not_again_with_a_large_body",
        &[SOON, ALL],
        &[C(LARGE_POST), CFill(b'x', 40_000), Req, SClose, Req, S(OK), Answer],
    ),
    scene(
        "not_again_with_a_large_body_waited_for",
        &[SOON, ALL, BUFFER],
        &[C(LARGE_POST), CFill(b'x', 40_000), Req, SClose, Req, S(OK), Answer],
    ),
    scene(
        "not_again_with_a_large_body_after_a_status",
        &[SOON, ALL],
        &[C(LARGE_POST), CFill(b'x', 40_000), Req, S(status!(503)), SClose, Req, S(OK), Answer],
    ),
    scene(
        "not_again_with_a_large_body_after_silence",
        &[SOON, ALL],
        &[C(LARGE_POST), CFill(b'x', 40_000), Req, Req, S(OK), Answer],
    ),
    scene("again_up_to_no_retries", &[SOON, ALL, "backend retries 0"], fails!(SClose)),
    scene(
        "again_up_to_one",
        &[SOON, ALL, "backend retries 1"],
        &[C(GET), Req, SClose, Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "again_up_to_three_by_default",
        &[SOON, ALL],
        &[C(GET), Req, SClose, Req, SClose, Req, SClose, Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "again_after_each_of_the_ways",
        &[SOON, ALL, "backend retries 4"],
        &[
            C(GET),
            Req,
            S("junk\r\n\r\n"),
            Req,
            SClose,
            Req,
            S(status!(504)),
            SClose,
            Req,
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "last_answer_is_a_status",
        &[SOON, ALL, "backend retries 1"],
        &[C(GET), Req, S(status!(503)), SClose, Req, S(status!(503)), SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "last_answer_is_junk",
        &[SOON, ALL, "backend retries 1"],
        &[C(GET), Req, S("junk\r\n\r\n"), Req, S("junk\r\n\r\n"), Req, S(OK), Answer, Stays],
    ),
    scene(
        "last_answer_never_comes",
        &[SOON, ALL, "backend retries 1"],
        &[C(GET), Req, Req, Req, S(OK), Answer, Stays],
    ),
    scene(
        "elsewhere_at_the_last",
        &[
            SOON,
            ALL,
            "backend server s1 ${s1}",
            "backend server s2 ${s2}",
            "backend retries 2",
            "backend option redispatch",
        ],
        &[C(GET), Req, SClose, Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "elsewhere_at_each",
        &[
            SOON,
            ALL,
            "backend server s1 ${s1}",
            "backend server s2 ${s2}",
            "backend retries 2",
            "backend option redispatch 1",
        ],
        &[C(GET), Req, SClose, Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "elsewhere_at_every_second",
        &[
            SOON,
            ALL,
            "backend server s1 ${s1}",
            "backend server s2 ${s2}",
            "backend retries 4",
            "backend option redispatch 2",
        ],
        &[C(GET), Req, SClose, Req, SClose, Req, SClose, Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "elsewhere_counted_from_the_end",
        &[
            SOON,
            ALL,
            "backend server s1 ${s1}",
            "backend server s2 ${s2}",
            "backend retries 3",
            "backend option redispatch -2",
        ],
        &[C(GET), Req, SClose, Req, SClose, Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "elsewhere_and_there_refused",
        &[
            SOON,
            ALL,
            "backend server s1 ${s1}",
            "backend server s2 ${refused}",
            "backend retries 2",
            "backend option redispatch 1",
        ],
        &[C(GET), Req, SClose, Req, SClose, Answer, Stays],
    ),
    scene(
        "not_elsewhere_without_redispatch",
        &[SOON, ALL, "backend server s1 ${s1}", "backend server s2 ${s2}", "backend retries 2"],
        &[C(GET), Req, SClose, Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "not_elsewhere_from_a_cookies_server",
        &[
            SOON,
            ALL,
            "backend cookie SRV insert indirect",
            "backend server s1 ${s1} cookie a",
            "backend server s2 ${s2} cookie b",
            "backend retries 1",
            "backend option redispatch",
        ],
        &[C("GET /a HTTP/1.1\r\nHost: h\r\nCookie: SRV=a\r\n\r\n"), Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "again_for_a_later_request",
        &[SOON, ALL],
        &[Ask(GET, OK), C(GET), Req, SClose, Req, S(OK), Answer, Stays],
    )
    .differs("A connection that was made counts as made", &[" connect=2 reuse=1"]),
    scene(
        "used_connection_closed_under_a_request",
        &[SOON],
        &[Ask(GET, OK), C(GET), Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "used_connection_reset_under_a_request",
        &[SOON],
        &[Ask(GET, OK), C(GET), Req, SRst, Req, S(OK), End],
    )
    .chance(&["srv_abrt"]),
    scene(
        "used_connection_closed_under_a_post",
        &[SOON],
        &[
            Ask(GET, OK),
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd"),
            Req,
            SClose,
            Req,
            S(OK),
            End,
        ],
    ),
    scene(
        "used_connection_with_the_word_for_it",
        &[SOON, "backend retry-on empty-response"],
        &[Ask(GET, OK), C(GET), Req, SClose, Req, S(OK), Answer, Stays],
    )
    .differs("A connection that was made counts as made", &[" connect=2 reuse=1"]),
    scene(
        "used_connection_of_another_client",
        &[SOON, "backend http-reuse always"],
        &[Ask(GET, OK), Client(2), C(GET), Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "used_connection_junk",
        &[SOON, ALL],
        &[Ask(GET, OK), C(GET), Req, S("junk\r\n\r\n"), Req, S(OK), Answer, Stays],
    )
    .differs("A connection that was made counts as made", &[" connect=2 reuse=1"]),
    scene(
        "pipelined_request_behind_a_failed_one",
        &[SOON, ALL],
        &[
            C(GET),
            C("GET /b HTTP/1.1\r\nHost: h\r\n\r\n"),
            Req,
            SClose,
            Req,
            S(OK),
            Answer,
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "interim_went_on_before",
        &[SOON, ALL],
        &[C(GET), Req, S("HTTP/1.1 103 Early Hints\r\n\r\n"), AnswerHead, SClose, Req, S(OK), Answer],
    )
    .differs("After an interim answer nothing is sent again", &[" 502 BYTES - - SH-- "]),
    scene(
        "interim_went_on_and_close",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 103 Early Hints\r\n\r\n"), AnswerHead, SClose, Answer, Stays],
    ),
    scene(
        "interim_went_on_and_silence",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 103 Early Hints\r\n\r\n"), AnswerHead, Answer],
    ),
    scene(
        "interim_went_on_and_junk",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 103 Early Hints\r\n\r\n"), AnswerHead, S("junk\r\n\r\n"), Answer],
    ),
    scene(
        "interim_went_on_and_reset",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 103 Early Hints\r\n\r\n"), AnswerHead, SRst, Answer],
    )
    .chance(&["srv_abrt"]),
    scene(
        "continue_and_close",
        &[SOON],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"),
            ReqHead,
            S("HTTP/1.1 100 Continue\r\n\r\n"),
            AnswerHead,
            C("abcd"),
            ReqPart(4),
            SClose,
            Answer,
            Stays,
        ],
    ),
    scene(
        "status_while_the_body_is_awaited",
        &[SOON, ALL],
        &[C(POST), ReqHead, S(status!(503)), SClose, Answer],
    ),
    scene(
        "answer_and_reset_after_a_status",
        &[SOON, ALL],
        &[C(GET), Req, S(status!(503)), SRst, Req, S(OK), Answer, Stays],
    ),
    scene(
        "status_of_close",
        &[SOON, ALL],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 503 X\r\nConnection: close\r\n\r\nbusy"),
            SClose,
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "queue_after_a_failed_attempt",
        &[SOON, ALL, "backend server s1 ${s1} maxconn 1"],
        &[
            C(GET),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(1),
            SClose,
            Req,
            S(OK),
            Answer,
            Log,
            Client(2),
            Req,
            S(OK),
            Answer,
        ],
    )
    .differs("A request that is sent again keeps its slot", &["counters of s1: smax=1 "]),
];
