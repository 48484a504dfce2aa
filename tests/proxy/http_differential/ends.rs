//! Each side leaves, resets or falls silent in each phase of an exchange: what the other side is told, the line, and
//! what is counted.

use super::{GET, OK};
use crate::kit::scene::LogForm::Shape;
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const SOON: &str = "backend timeout connect 100\nbackend timeout server 400\nfrontend timeout client 800";
const ABORTS: &str = "defaults option abortonclose";
const BUFFER: &str = "frontend option http-buffer-request";
const REFUSED: &str = "backend server s1 ${refused}";
const THREE: &str = "backend server s2 ${refused}\nbackend server s3 ${refused}";
const HASHED: &str = "backend balance uri\nbackend hash-type consistent";
const COOKIES: &str = "backend cookie SRV insert indirect\nbackend server s1 ${refused} cookie a\n\
    backend server s2 ${refused} cookie b\nbackend server s3 ${refused} cookie c";
const WITH_COOKIE: &str = "GET /a HTTP/1.1\r\nHost: h\r\nCookie: SRV=a\r\n\r\n";
const DARK: &str = "backend server s1 ${dark}";
const ONE: &str = "backend server s1 ${s1} maxconn 1";
const TEN: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";
const CHUNKED: &str = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK_TEN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const OK_CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK_TO_THE_END: &str = "HTTP/1.1 200 OK\r\n\r\n";
const OK_LARGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n";
const INTERIM: &str = "HTTP/1.1 103 E\r\n\r\n";
const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n";
const UPGRADED: &str = "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n";

/// The client leaves.
pub const CLIENTS: &[Scene] = &[
    scene("client_fin_between_requests", &[SOON], &[Ask(GET, OK), CFin, End]),
    scene("client_rst_between_requests", &[SOON], &[Ask(GET, OK), CRst, Quiet]),
    scene("client_fin_in_the_second_head", &[SOON], &[Ask(GET, OK), C("GET /"), CFin, End]),
    scene("client_rst_in_the_head", &[SOON], &[C("GET / HT"), CRst, Quiet]),
    scene("client_rst_in_the_second_head", &[SOON], &[Ask(GET, OK), C("GET /"), Quiet, CRst, Quiet]),
    scene(
        "client_fin_in_a_chunk",
        &[SOON],
        &[C(CHUNKED), ReqHead, C("3\r\nabc\r\n"), ReqPart(8), CFin, SEnd, End],
    ),
    scene(
        "client_rst_in_a_chunk",
        &[SOON],
        &[C(CHUNKED), ReqHead, C("3\r\nabc\r\n"), ReqPart(8), CRst, SEnd],
    ),
    scene(
        "client_fin_in_the_body_abortonclose",
        &[SOON, ABORTS],
        &[C(TEN), ReqHead, C("abc"), ReqPart(3), CFin, SEnd, End],
    ),
    scene(
        "client_rst_in_the_body_abortonclose",
        &[SOON, ABORTS],
        &[C(TEN), ReqHead, C("abc"), ReqPart(3), CRst, SEnd],
    ),
    scene("client_rst_waits_for_the_answer", &[SOON], &[C(GET), Req, CRst, Quiet, S(OK)]),
    scene("client_rst_waits_for_no_answer", &[SOON], &[C(GET), Req, CRst, SEnd]),
    scene("client_rst_waits_and_the_server_closes", &[SOON], &[C(GET), Req, CRst, Quiet, SClose, Quiet]),
    scene("client_fin_waits_abortonclose", &[SOON, ABORTS], &[C(GET), Req, CFin, SEnd, End]),
    scene("client_fin_waits_for_the_answer", &[SOON], &[C(GET), Req, CFin, Quiet, S(OK), Answer, End]),
    scene("client_fin_waits_for_no_answer", &[SOON], &[C(GET), Req, CFin, SEnd, End]),
    scene(
        "client_fin_after_an_interim",
        &[SOON, ABORTS],
        &[C(GET), Req, S(INTERIM), AnswerHead, CFin, SEnd, End],
    ),
    scene("client_rst_in_the_answer", &[SOON], &[C(GET), Req, S(OK_TEN), AnswerHead, CRst, S("abc"), SEnd]),
    scene(
        "client_fin_in_the_answer",
        &[SOON],
        &[C(GET), Req, S(OK_TEN), AnswerHead, CFin, Quiet, S("0123456789"), Part(10), End],
    ),
    scene(
        "client_fin_in_the_answer_abortonclose",
        &[SOON, ABORTS],
        &[C(GET), Req, S(OK_TEN), AnswerHead, CFin, End, SEnd],
    ),
    scene(
        "client_rst_in_chunks",
        &[SOON],
        &[C(GET), Req, S(OK_CHUNKED), AnswerHead, CRst, S("3\r\nabc\r\n"), SEnd],
    ),
    scene(
        "client_rst_in_a_large_answer",
        &[SOON],
        &[C(GET), Req, S(OK_LARGE), AnswerHead, CRst, SFill(b'x', 10_000), Quiet],
    ),
    scene(
        "client_stops_reading",
        &[SOON, "backend timeout server 2s"],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n"),
            AnswerHead,
            SFill(b'x', 30_000_000),
        ],
    ),
    scene("client_rst_in_a_tunnel", &[SOON], &[C(UPGRADE), Req, S(UPGRADED), AnswerHead, CRst, SEnd]),
    scene("client_fin_in_a_tunnel", &[SOON], &[C(UPGRADE), Req, S(UPGRADED), AnswerHead, CFin, SEnd, End]),
    scene("client_rst_while_connecting", &[SOON, DARK, "backend retries 1"], &[C(GET), Quiet, CRst, Quiet])
        .differs("A client that resets while it waits", &[" T/T/-1/-1/T -1 BYTES - - CC-- "]),
    scene("client_fin_while_connecting", &[SOON, DARK, "backend retries 1"], &[C(GET), CFin, End]),
    scene(
        "client_rst_in_the_queue_abortonclose",
        &[SOON, ABORTS, ONE, "backend timeout server 2s"],
        &[C(GET), Req, Client(2), C(GET), Queued(1), CRst, Quiet, Client(1), S(OK), Answer, Log],
    ),
    scene(
        "client_fin_in_the_queue_abortonclose",
        &[SOON, ABORTS, ONE, "backend timeout server 2s", "backend timeout queue 2s"],
        &[C(GET), Req, Client(2), C(GET), Queued(1), CFin, End, Log, Client(1), S(OK), Answer, Log],
    ),
];

/// The server leaves or says nothing.
pub const SERVERS: &[Scene] = &[
    scene(
        "server_fin_in_the_request",
        &[SOON],
        &[C(TEN), ReqHead, C("abc"), ReqPart(3), SFin, Answer, Stays],
    ),
    scene("server_closes_in_the_request", &[SOON], &[C(TEN), ReqHead, C("abc"), ReqPart(3), SClose, Answer]),
    scene("server_rst_in_the_request", &[SOON], &[C(TEN), ReqHead, C("abc"), ReqPart(3), SRst, Answer])
        .chance(&["srv_abrt"]),
    scene(
        "server_rst_in_the_head",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\n"), Quiet, SRst, Answer, Stays],
    )
    .chance(&["srv_abrt"]),
    scene("server_closes_after_the_head", &[SOON], &[C(GET), Req, S(OK_TEN), AnswerHead, SClose, End]),
    scene("server_rst_after_the_head", &[SOON], &[C(GET), Req, S(OK_TEN), AnswerHead, SRst, End]),
    scene(
        "server_closes_between_chunks",
        &[SOON],
        &[C(GET), Req, S(OK_CHUNKED), AnswerHead, S("3\r\nabc\r\n"), Quiet, SClose, End],
    ),
    scene(
        "server_bad_chunk_size_later",
        &[SOON],
        &[C(GET), Req, S(OK_CHUNKED), AnswerHead, S("3\r\nabc\r\n"), Quiet, S("zz\r\n"), End],
    ),
    scene(
        "server_bad_chunk_end",
        &[SOON],
        &[C(GET), Req, S(OK_CHUNKED), AnswerHead, S("3\r\nabcd\r\n"), End],
    ),
    scene(
        "server_bad_trailer",
        &[SOON],
        &[C(GET), Req, S(OK_CHUNKED), AnswerHead, S("0\r\n\u{1}\r\n\r\n"), End],
    ),
    scene(
        "server_closes_a_body_to_the_end",
        &[SOON],
        &[C(GET), Req, S(OK_TO_THE_END), S("abc"), SClose, End],
    ),
    scene(
        "server_rst_in_a_body_to_the_end",
        &[SOON],
        &[C(GET), Req, S(OK_TO_THE_END), AnswerHead, S("abc"), Part(3), SRst, End],
    ),
    scene("server_rst_after_the_answer", &[SOON], &[Ask(GET, OK), SRst, Stays, Ask(GET, OK)]),
    scene("server_fin_after_the_answer", &[SOON], &[Ask(GET, OK), SFin, Stays, Ask(GET, OK)]),
    scene("server_says_more_after_the_answer", &[SOON], &[Ask(GET, OK), S("more"), Stays, Ask(GET, OK)]),
    scene(
        "server_answers_too_much",
        &[SOON],
        &[Ask(GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore"), Ask(GET, OK)],
    ),
    scene("server_answers_early_and_closes", &[SOON], &[C(TEN), ReqHead, S(OK), SClose, Answer, Stays]),
    scene(
        "server_answers_early_and_waits",
        &[SOON],
        &[C(TEN), ReqHead, S(OK), Answer, C("0123456789"), ReqPart(10), Ask(GET, OK)],
    ),
    scene(
        "server_answers_early_and_the_client_leaves",
        &[SOON],
        &[C(TEN), ReqHead, S(OK), Answer, CFin, End, SEnd],
    ),
    scene(
        "server_answers_early_and_the_client_resets",
        &[SOON],
        &[C(TEN), ReqHead, S(OK), Answer, CRst, SEnd],
    ),
    scene("server_silent_in_the_body", &[SOON], &[C(GET), Req, S(OK_TEN), S("abc"), End, SEnd]),
    scene("server_silent_after_the_head", &[SOON], &[C(GET), Req, S(OK_TEN), AnswerHead, End, SEnd]),
    scene(
        "server_silent_in_a_body_to_the_end",
        &[SOON],
        &[C(GET), Req, S(OK_TO_THE_END), S("abc"), End, SEnd],
    ),
    scene(
        "server_silent_while_the_body_comes",
        &[SOON],
        &[C(TEN), ReqHead, C("abc"), ReqPart(3), Answer, SEnd],
    ),
    scene("server_silent_after_an_interim", &[SOON], &[C(GET), Req, S(INTERIM), AnswerHead, Answer, SEnd]),
    scene(
        "server_rst_under_an_upload",
        &[SOON],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n"),
            CFill(b'x', 30_000),
            ReqHead,
            SRst,
            Quiet,
            CFill(b'x', 10_000),
            End,
        ],
    )
    .chance(&["srv_abrt"]),
    scene(
        "server_rst_then_the_rest_of_the_body",
        &[SOON],
        &[C(TEN), ReqHead, C("abc"), ReqPart(3), SRst, Quiet, C("defghij"), End],
    ),
    scene(
        "server_closes_then_the_rest_of_the_body",
        &[SOON],
        &[C(TEN), ReqHead, C("abc"), ReqPart(3), SClose, Quiet, C("defghij"), End],
    ),
    scene(
        "server_answers_and_closes_under_an_upload",
        &[SOON],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n"),
            CFill(b'x', 30_000),
            ReqHead,
            ReqPart(30_000),
            S("HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
            SClose,
            Answer,
            CFill(b'x', 10_000),
            End,
        ],
    ),
    scene(
        "server_stops_reading_and_answers",
        &[SOON, "frontend timeout client 3s", "backend timeout server 2s"],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n"),
            CFill(b'x', 100),
            ReqHead,
            S("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n"),
            Answer,
            SRst,
            CFill(b'x', 1000),
            End,
        ],
    ),
    scene("server_rst_after_an_early_answer", &[SOON], &[C(TEN), ReqHead, S(OK), Answer, SRst, End]),
    scene("server_closes_after_an_early_answer", &[SOON], &[C(TEN), ReqHead, S(OK), Answer, SClose, End]),
    scene("server_rst_in_a_tunnel", &[SOON], &[C(UPGRADE), Req, S(UPGRADED), AnswerHead, SRst, End]),
    scene("server_fin_in_a_tunnel", &[SOON], &[C(UPGRADE), Req, S(UPGRADED), AnswerHead, SFin, End]),
    scene(
        "server_without_a_length_and_204",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 204 N\r\n\r\n"), SClose, AnswerHead, Stays],
    ),
    scene("server_404", &[SOON], &[Ask(GET, "HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"), Stays]),
    scene(
        "server_304",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 304 N\r\nContent-Length: 7\r\n\r\n"), AnswerHead, Ask(GET, OK)],
    ),
    scene(
        "server_two_interims",
        &[SOON],
        &[C(GET), Req, S(INTERIM), AnswerHead, S(INTERIM), AnswerHead, S(OK), Answer, Stays],
    ),
    scene(
        "server_status_0",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 000 N\r\nContent-Length: 0\r\n\r\n"), Answer, Stays],
    )
    .differs("A status below 100", &["client#1: Http(HTTP/1.1 502 Bad Gateway", " 502 BYTES - - PH-- "]),
    scene(
        "server_status_600",
        &[SOON],
        &[C(GET), Req, S("HTTP/1.1 600 N\r\nContent-Length: 0\r\n\r\n"), Answer, Stays],
    ),
];

/// Nobody serves: down, full, too late.
pub const NOBODY: &[Scene] = &[
    scene(
        "all_refuse",
        &[SOON, REFUSED, "backend server s2 ${refused}", "backend retries 3"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "all_refuse_redispatch",
        &[SOON, REFUSED, "backend server s2 ${refused}", "backend retries 3", "backend option redispatch"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "all_refuse_redispatch_every_second",
        &[SOON, REFUSED, "backend server s2 ${refused}", "backend retries 4", "backend option redispatch 2"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "all_refuse_redispatch_before_the_last",
        &[SOON, REFUSED, "backend server s2 ${refused}", "backend retries 4", "backend option redispatch -2"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "all_are_dark",
        &[SOON, DARK, "backend server s2 ${dark}", "backend retries 2", "backend option redispatch"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "all_are_disabled",
        &[SOON, "backend server s1 ${s1} disabled", "backend server s2 ${s2} disabled"],
        &[C(GET), Answer, C(GET), Answer, Stays],
    ),
    scene(
        "refused_after_an_answer",
        &[SOON, "backend server s1 ${s1}", "backend server s2 ${refused}", "backend retries 1"],
        &[Ask(GET, OK), C(GET), Answer, Ask(GET, OK)],
    ),
    scene(
        "hash_and_redispatch_at_every_second",
        &[SOON, REFUSED, HASHED, THREE, "backend retries 4", "backend option redispatch 2"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "hash_and_redispatch_before_the_last",
        &[SOON, REFUSED, HASHED, THREE, "backend retries 6", "backend option redispatch -4"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "hash_and_redispatch_at_the_last",
        &[SOON, REFUSED, HASHED, THREE, "backend retries 2", "backend option redispatch"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "map_hash_and_redispatch",
        &[SOON, REFUSED, "backend balance uri", THREE, "backend retries 2", "backend option redispatch 1"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "cookie_and_redispatch_at_every_second",
        &[SOON, COOKIES, "backend retries 4", "backend option redispatch 2"],
        &[C(WITH_COOKIE), Answer, Stays],
    ),
    scene(
        "cookie_and_redispatch_at_the_last",
        &[SOON, COOKIES, "backend retries 3", "backend option redispatch"],
        &[C(WITH_COOKIE), Answer, Stays],
    ),
    scene("cookie_and_retries", &[SOON, COOKIES, "backend retries 2"], &[C(WITH_COOKIE), Answer, Stays]),
    scene(
        "first_and_redispatch",
        &[SOON, REFUSED, THREE, "backend balance first", "backend retries 3", "backend option redispatch"],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "leastconn_and_redispatch",
        &[
            SOON,
            REFUSED,
            THREE,
            "backend balance leastconn",
            "backend retries 3",
            "backend option redispatch",
        ],
        &[C(GET), Answer, Stays],
    ),
    scene(
        "hashes_server_is_full",
        &["backend balance uri", "backend server s1 ${s1} maxconn 1 maxqueue 1", "backend timeout queue 300"],
        &[
            C(GET),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(3),
            C(GET),
            Answer,
            Log,
            Client(2),
            Answer,
            Log,
            Client(1),
            S(OK),
            Answer,
        ],
    ),
    scene(
        "second_waiter_too_late",
        &[ONE, "backend timeout queue 300"],
        &[
            C(GET),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(3),
            C(GET),
            Queued(2),
            Client(2),
            Answer,
            Log,
            Client(3),
            Answer,
            Log,
            Client(1),
            S(OK),
            Answer,
        ],
    ),
    scene(
        "second_waiter_served_after_the_first_gave_up",
        &[ONE, "frontend timeout client 3s", "defaults option abortonclose"],
        &[
            C(GET),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(3),
            C(GET),
            Queued(2),
            Client(2),
            CFin,
            End,
            Log,
            Client(1),
            S(OK),
            Answer,
            Log,
            Client(3),
            Req,
            S(OK),
            Answer,
        ],
    ),
    scene(
        "third_waiter_after_two_were_served",
        &[ONE],
        &[
            C(GET),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(3),
            C(GET),
            Queued(2),
            Client(4),
            C(GET),
            Queued(3),
            Client(1),
            S(OK),
            Answer,
            Log,
            Client(2),
            Req,
            S(OK),
            Answer,
            Log,
            Client(3),
            Req,
            S(OK),
            Answer,
            Log,
            Client(4),
            Req,
            S(OK),
            Answer,
        ],
    ),
    scene(
        "waiters_of_one_server_too_late",
        &["backend balance uri", ONE, "backend timeout queue 300"],
        &[
            C(GET),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(3),
            C(GET),
            Queued(2),
            Client(2),
            Answer,
            Log,
            Client(3),
            Answer,
            Log,
            Client(1),
            S(OK),
            Answer,
        ],
    ),
    scene(
        "waiters_of_one_server_served",
        &["backend balance uri", ONE],
        &[
            C(GET),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(3),
            C(GET),
            Queued(2),
            Client(1),
            S(OK),
            Answer,
            Log,
            Client(2),
            Req,
            S(OK),
            Answer,
            Log,
            Client(3),
            Req,
            S(OK),
            Answer,
        ],
    ),
    scene(
        "cookies_server_is_full",
        &[
            "backend cookie SRV insert indirect",
            "backend server s1 ${s1} cookie a maxconn 1 maxqueue 1",
            "backend timeout queue 300",
        ],
        &[
            C(WITH_COOKIE),
            Req,
            Client(2),
            C(WITH_COOKIE),
            Queued(1),
            Client(3),
            C(WITH_COOKIE),
            Answer,
            Log,
            Client(2),
            Answer,
            Log,
            Client(1),
            S(OK),
            Answer,
        ],
    ),
];

/// `option http-buffer-request`: the client leaves or falls silent while its body is awaited.
pub const BUFFERED: &[Scene] = &[
    scene("buffered_fin", &[SOON, BUFFER], &[C(TEN), C("abc"), CFin, End]).differs(
        "A body that is waited for and broken off",
        &["client#1: Http(HTTP/1.1 400 Bad request", " 400 BYTES - - CR-- ", "hrsp_4xx=1"],
    ),
    scene("buffered_fin_in_a_chunk", &[SOON, BUFFER], &[C(CHUNKED), C("5\r\nab"), Quiet, CFin, End]).differs(
        "A body that is waited for and broken off",
        &["client#1: Http(HTTP/1.1 400 Bad request", " 400 BYTES - - CR-- ", "hrsp_4xx=1"],
    ),
    scene("buffered_rst", &[SOON, BUFFER], &[C(TEN), C("abc"), Quiet, CRst, Quiet])
        .differs("A body that is waited for and broken off", &[" 400 BYTES - - CR-- ", "hrsp_4xx=1"]),
    scene("buffered_fin_abortonclose", &[SOON, BUFFER, ABORTS], &[C(TEN), C("abc"), Quiet, CFin, End])
        .differs(
            "A body that is waited for and broken off",
            &["client#1: Http(HTTP/1.1 400 Bad request", " 400 BYTES - - CR-- ", "hrsp_4xx=1"],
        ),
    scene("buffered_fin_of_the_second", &[SOON, BUFFER], &[Ask(GET, OK), C(TEN), C("abc"), Quiet, CFin, End])
        .differs(
            "A body that is waited for and broken off",
            &["client#1: Http(HTTP/1.1 400 Bad request", " 400 BYTES - - CR-- ", "hrsp_4xx=1"],
        ),
    scene(
        "buffered_fin_backend",
        &[SOON, "backend option http-buffer-request"],
        &[C(TEN), C("abc"), Quiet, CFin, End],
    )
    .differs(
        "A body that is waited for and broken off",
        &["client#1: Http(HTTP/1.1 400 Bad request", " 400 BYTES - - CR-- ", "hrsp_4xx=1"],
    ),
    scene("buffered_silent", &[SOON, BUFFER], &[C(TEN), C("abc"), Answer, Stays]),
    scene(
        "buffered_silent_http_request",
        &[SOON, BUFFER, "frontend timeout http-request 200"],
        &[C(TEN), C("abc"), Answer, Stays],
    ),
    scene("buffered_silent_chunks", &[SOON, BUFFER], &[C(CHUNKED), C("3\r\nabc\r\n"), Answer, Stays]),
    scene(
        "buffered_silent_of_the_second",
        &[SOON, BUFFER, "frontend timeout http-request 200"],
        &[Ask(GET, OK), C(TEN), C("abc"), Answer, Stays],
    ),
    scene(
        "buffered_silent_backend",
        &[SOON, "backend option http-buffer-request"],
        &[C(TEN), C("abc"), Answer, Stays],
    ),
    scene(
        "buffered_silent_backend_http_request",
        &[SOON, "backend option http-buffer-request", "frontend timeout http-request 200"],
        &[C(TEN), C("abc"), Answer, Stays],
    ),
    scene(
        "buffered_silent_keep_alive_timeout",
        &[SOON, BUFFER, "frontend timeout http-keep-alive 100"],
        &[C(TEN), C("abc"), Answer, Stays],
    ),
    scene(
        "buffered_expect_silent",
        &[SOON, BUFFER],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
            Answer,
            Answer,
            Stays,
        ],
    ),
    scene(
        "buffered_bad_chunk_with_the_head",
        &[SOON, BUFFER],
        &[C("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Answer, Stays],
    ),
    scene(
        "buffered_more_than_a_buffer",
        &[SOON, BUFFER],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n"),
            CFill(b'x', 40_000),
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "buffered_more_than_a_buffer_then_fin",
        &[SOON, BUFFER],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n"),
            CFill(b'x', 30_000),
            ReqHead,
            ReqPart(30_000),
            CFin,
            SEnd,
            End,
        ],
    ),
    scene(
        "buffered_nobody_serves",
        &[SOON, BUFFER, REFUSED, "backend retries 0"],
        &[C(TEN), C("0123456789"), Answer, Stays],
    ),
];

/// TCP mode.
const TCP: &str = "frontend mode tcp\nfrontend option tcplog\nbackend mode tcp\nbackend timeout connect 100\n\
    backend timeout server 400\nfrontend timeout client 800\nbackend retries 1";

/// The same in TCP mode, where nothing is told but by closing.
pub const TCP_ENDS: &[Scene] = &[
    scene("tcp_server_rst", &[TCP], &[C("ab"), Accept, ReqPart(2), S("cd"), Part(2), SRst, End]).log(Shape),
    scene("tcp_server_rst_at_once", &[TCP], &[C("ab"), Accept, ReqPart(2), SRst, End]).log(Shape),
    scene("tcp_server_fin", &[TCP], &[C("ab"), Accept, ReqPart(2), SFin, CFin, SEnd, End]).log(Shape),
    scene("tcp_server_silent", &[TCP], &[C("ab"), Accept, ReqPart(2), End, SEnd]).log(Shape),
    scene("tcp_client_rst", &[TCP], &[C("ab"), Accept, ReqPart(2), CRst, SEnd]).log(Shape),
    scene(
        "tcp_client_silent",
        &[TCP, "frontend timeout client 200"],
        &[C("ab"), Accept, ReqPart(2), End, SEnd],
    )
    .log(Shape),
    scene(
        "tcp_client_fin_and_rst",
        &[TCP],
        &[C("ab"), Accept, ReqPart(2), CFin, Quiet, CRst, Quiet, S("cd"), SEnd],
    )
    .log(Shape),
    scene("tcp_refused", &[TCP, "backend server s1 ${refused}"], &[C("ab"), End]).log(Shape),
    scene("tcp_dark", &[TCP, "backend server s1 ${dark}"], &[C("ab"), End]).log(Shape),
    scene(
        "tcp_refused_elsewhere",
        &[TCP, "backend server s0 ${refused}", "backend server s1 ${s1}", "backend option redispatch"],
        &[C("ab"), Accept, ReqPart(2), CFin, SEnd, SClose, End],
    )
    .log(Shape),
    scene("tcp_disabled", &[TCP, "backend server s1 ${s1} disabled"], &[C("ab"), End]).log(Shape),
    scene(
        "tcp_queue_too_late",
        &[
            TCP,
            "backend server s1 ${s1} maxconn 1",
            "backend timeout queue 200",
            "backend timeout server 2s",
            "frontend timeout client 3s",
        ],
        &[
            C("ab"),
            Accept,
            ReqPart(2),
            Client(2),
            C("cd"),
            Queued(1),
            End,
            Log,
            Client(1),
            CFin,
            SEnd,
            SClose,
            End,
        ],
    )
    .log(Shape),
    scene(
        "tcp_client_rst_while_connecting",
        &[TCP, "backend server s1 ${dark}"],
        &[C("ab"), Quiet, CRst, Quiet],
    )
    .log(Shape),
];
