//! Options of HTTP mode: addresses told to servers, requests answered or held here, probes.

use super::{GET, GET10, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const XFF: &str =
    "GET /a HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\nX-Original-To: 192.0.2.2\r\nA: b\r\n\r\n";
const TEN: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";
const MON: &str = "GET /mon HTTP/1.1\r\nHost: h\r\n\r\n";
const NTLM: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n";
const PREFER: &str = "backend option prefer-last-server";
const GET_B: &str = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
const BUFFER: &str = "frontend option http-buffer-request";

const AGAIN: &str = "GET /again HTTP/1.1\r\nHost: h\r\n\r\n";
const FRESHEST: &str = "The freshest idle connection";
const AGAIN_ON_ITS_OWN: &[&str] = &["s1#2: Http(GET /again"];

pub const SCENES: &[Scene] = &[
    scene("forwardfor", &["defaults option forwardfor"], &[Ask(GET, OK), Ask(XFF, OK), Stays]),
    scene(
        "forwardfor_in_both",
        &["frontend option forwardfor", "backend option forwardfor"],
        &[Ask(GET, OK), Stays],
    ),
    scene("forwardfor_header", &["frontend option forwardfor header X-Client"], &[Ask(XFF, OK), Stays]),
    scene(
        "forwardfor_header_of_the_backend",
        &["frontend option forwardfor header X-F", "backend option forwardfor header X-B"],
        &[Ask(XFF, OK), Stays],
    ),
    scene(
        "forwardfor_if_none",
        &["defaults option forwardfor if-none"],
        &[Ask(XFF, OK), Ask(GET, OK), Stays],
    ),
    scene(
        "forwardfor_if_none_header",
        &["defaults option forwardfor header X-C if-none"],
        &[Ask("GET / HTTP/1.1\r\nx-c: 1\r\n\r\n", OK), Ask(XFF, OK), Stays],
    ),
    scene(
        "forwardfor_except_here",
        &["frontend option forwardfor except 127.0.0.0/8"],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "forwardfor_except_elsewhere",
        &["frontend option forwardfor except 10.0.0.0/8"],
        &[Ask(GET, OK), Stays],
    ),
    scene("forwardfor_except_v6", &["frontend option forwardfor except ::1"], &[Ask(GET, OK), Stays]),
    scene("forwardfor_1_0", &["frontend option forwardfor"], &[Ask(GET10, OK), End]),
    scene(
        "forwardfor_with_a_body",
        &["frontend option forwardfor"],
        &[Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", OK), Stays],
    ),
    scene("originalto", &["defaults option originalto"], &[Ask(XFF, OK), Stays]),
    scene("originalto_header", &["frontend option originalto header X-Dst"], &[Ask(XFF, OK), Stays]),
    scene("originalto_except", &["frontend option originalto except 127.0.0.1"], &[Ask(XFF, OK), Stays]),
    scene(
        "originalto_and_forwardfor",
        &["frontend option originalto", "frontend option forwardfor"],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "monitor",
        &["frontend monitor-uri /mon"],
        &[C(MON), Req, Answer, C(MON), Req, Answer, Ask(GET, OK), Stays],
    ),
    scene(
        "monitor_head",
        &["frontend monitor-uri /mon"],
        &[C("HEAD /mon HTTP/1.1\r\nHost: h\r\n\r\n"), Req, AnswerHead, Stays],
    ),
    scene(
        "monitor_with_a_query",
        &["frontend monitor-uri /mon"],
        &[Ask("GET /mon?x HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays],
    ),
    scene(
        "monitor_1_0",
        &["frontend monitor-uri /mon"],
        &[C("GET /mon HTTP/1.0\r\n\r\n"), Req, Answer, Stays],
    ),
    scene(
        "monitor_absolute",
        &["frontend monitor-uri http://h/mon"],
        &[C("GET http://h/mon HTTP/1.1\r\nHost: h\r\n\r\n"), Req, Answer, Ask(MON, OK), Stays],
    ),
    scene("buffer_request", &[BUFFER], &[C(TEN), C("abcde"), Quiet, C("fghij"), Req, S(OK), Answer, Stays]),
    scene(
        "buffer_request_chunked",
        &[BUFFER],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            Quiet,
            C("0\r\n\r\n"),
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene("buffer_request_without_a_body", &[BUFFER], &[Ask(GET, OK), Stays]),
    scene(
        "buffer_request_timeout",
        &[BUFFER, "frontend timeout http-request 200"],
        &[C(TEN), C("abc"), Req, Answer, Stays],
    ),
    scene(
        "buffer_request_client_timeout",
        &[BUFFER, "frontend timeout client 200"],
        &[C(TEN), C("abc"), Req, Answer, Stays],
    ),
    scene(
        "buffer_request_expect",
        &[BUFFER],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
            Answer,
            C("abc"),
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "buffer_request_bad_chunk",
        &[BUFFER],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
            Quiet,
            C("zz\r\n"),
            Req,
            Answer,
            Stays,
        ],
    ),
    scene(
        "buffer_request_second",
        &["backend option http-buffer-request"],
        &[Ask(GET, OK), C(TEN), Quiet, C("abcdefghij"), Req, S(OK), Answer, Stays],
    ),
    scene(
        "ignore_probes",
        &["frontend option http-ignore-probes", "frontend timeout http-request 200"],
        &[Open, End],
    ),
    scene("ignore_probes_that_close", &["frontend option http-ignore-probes"], &[Open, CFin, End]),
    scene(
        "ignore_probes_but_not_half_heads",
        &["frontend option http-ignore-probes", "frontend timeout http-request 200"],
        &[C("GET"), Req, Answer, Stays],
    ),
    scene("no_probes_after_a_request", &["frontend option http-ignore-probes"], &[Ask(GET, OK), CFin, End]),
    scene(
        "nolinger",
        &["defaults option nolinger"],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", OK), End],
    ),
    scene(
        "unsafe_bytes_accepted",
        &["frontend option accept-invalid-http-request"],
        &[Ask("GET /a\u{e9}\"<> HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays],
    ),
    scene(
        "unique_id",
        &["frontend unique-id-format %{+X}o-%ci:%HM", "frontend unique-id-header X-Id"],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "unique_id_over_one_that_came",
        &["frontend unique-id-format id-%ci", "frontend unique-id-header X-Id"],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nX-Id: mine\r\n\r\n", OK), Stays],
    ),
    scene(
        "unique_id_and_addresses",
        &[
            "frontend unique-id-format id",
            "frontend unique-id-header X-Id",
            "frontend option forwardfor",
            "frontend option originalto",
        ],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "reuse_never",
        &["backend http-reuse never"],
        &[Ask(GET, OK), Client(2), Ask(GET, OK), Client(1), Ask(GET, OK)],
    ),
    scene(
        "reuse_safe",
        &["backend http-reuse safe"],
        &[Ask(GET, OK), CClose, Log, Client(2), Ask(GET, OK), Ask(AGAIN, OK)],
    )
    .differs(FRESHEST, AGAIN_ON_ITS_OWN),
    scene(
        "reuse_safe_first_request",
        &["backend http-reuse safe"],
        &[Ask(GET, OK), Client(2), Ask(GET, OK), Ask(AGAIN, OK)],
    )
    .differs(FRESHEST, AGAIN_ON_ITS_OWN),
    scene(
        "reuse_aggressive",
        &["backend http-reuse aggressive"],
        &[Ask(GET, OK), Ask(GET, OK), CClose, Client(2), Ask(GET, OK), Ask(GET, OK)],
    ),
    scene(
        "reuse_aggressive_once_used",
        &["backend http-reuse aggressive"],
        &[Ask(GET, OK), CClose, Client(2), Ask(GET, OK), Ask(AGAIN, OK)],
    )
    .differs(FRESHEST, AGAIN_ON_ITS_OWN),
    scene(
        "reuse_always",
        &["backend http-reuse always"],
        &[Ask(GET, OK), CClose, Client(2), Ask(GET, OK), Ask(GET, OK)],
    ),
    scene(
        "reuse_always_while_held",
        &["backend http-reuse always"],
        &[Ask(GET, OK), Client(2), Ask(GET, OK), Client(1), Ask(GET, OK)],
    ),
    scene(
        "reuse_closed_by_the_server",
        &["backend http-reuse always"],
        &[Ask(GET, OK), SClose, CClose, Client(2), Ask(GET, OK)],
    ),
    scene(
        "reuse_pool_of_none",
        &["backend http-reuse always", "backend server s1 ${s1} pool-max-conn 0"],
        &[Ask(GET, OK), CClose, Client(2), Ask(GET, OK)],
    ),
    scene(
        "reuse_of_an_authenticated_connection",
        &["backend http-reuse always"],
        &[
            Ask(GET, "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"),
            Ask(GET, OK),
            Client(2),
            Ask(GET, OK),
            Client(1),
            Ask(GET, OK),
        ],
    ),
    scene(
        "reuse_after_a_negotiate_challenge",
        &["backend http-reuse safe"],
        &[
            Ask(
                GET,
                "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nProxy-Authenticate: negotiate abc\r\nContent-Length: 0\r\n\r\n",
            ),
            Ask(GET, OK),
            Client(2),
            Ask(GET, OK),
            Ask(GET, OK),
            Client(1),
            Ask(GET, OK),
        ],
    ),
    scene(
        "reuse_after_a_basic_challenge",
        &["backend http-reuse always"],
        &[
            Ask(GET, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=ntlm\r\nContent-Length: 0\r\n\r\n"),
            Client(2),
            Ask(GET, OK),
        ],
    ),
    scene(
        "the_server_of_an_authenticated_connection_is_kept",
        &["backend server s1 ${s1}", "backend server s2 ${s2}"],
        &[Ask(GET, NTLM), Ask(GET, NTLM), Ask(GET, OK), Client(2), Ask(GET, OK), Client(1), Ask(GET, OK)],
    ),
    scene(
        "the_server_of_an_authenticated_connection_is_left_for_a_key",
        &["backend balance uri", "backend server s1 ${s1}", "backend server s2 ${s2}"],
        &[Ask(GET, NTLM), Ask(GET_B, OK), Ask(GET, OK), Stays],
    ),
    scene(
        "the_last_server_is_preferred",
        &[PREFER, "backend http-reuse never", "backend server s1 ${s1}", "backend server s2 ${s2}"],
        &[
            Ask(GET, OK),
            Ask(GET, OK),
            Client(2),
            Ask(GET, OK),
            Client(1),
            Ask(GET, OK),
            Client(2),
            Ask(GET, OK),
        ],
    ),
    scene(
        "the_last_server_is_preferred_where_it_keeps_a_connection",
        &[PREFER, "backend server s1 ${s1}", "backend server s2 ${s2}"],
        &[Ask(GET, OK), Ask(GET, OK), Ask(GET, OK), Stays],
    ),
    scene(
        "the_last_server_is_not_preferred_once_it_closed",
        &[PREFER, "backend http-reuse never", "backend server s1 ${s1}", "backend server s2 ${s2}"],
        &[Ask(GET, OK), SClose, Ask(GET, OK), Ask(GET, OK), Stays],
    ),
    scene(
        "the_last_server_is_not_preferred_to_a_key",
        &[
            PREFER,
            "backend balance uri",
            "backend http-reuse never",
            "backend server s1 ${s1}",
            "backend server s2 ${s2}",
        ],
        &[Ask(GET, OK), Ask(GET_B, OK), Ask(GET, OK), Stays],
    ),
    scene(
        "the_last_server_is_waited_for",
        &[PREFER, "backend http-reuse never", "backend server s1 ${s1} maxconn 1", "backend server s2 ${s2}"],
        &[
            Ask(GET, OK),
            Client(2),
            C(GET),
            Req,
            Client(3),
            C(GET),
            Req,
            Client(1),
            C(GET),
            Queued(1),
            Conn(3),
            S(OK),
            Client(3),
            Answer,
            Log,
            Log,
            Client(1),
            Req,
            S(OK),
            Answer,
            Log,
            Conn(2),
            S(OK),
            Client(2),
            Answer,
        ],
    ),
    scene(
        "the_last_server_is_waited_for_in_vain",
        &[
            PREFER,
            "backend timeout queue 100",
            "backend http-reuse never",
            "backend server s1 ${s1} maxconn 1",
            "backend server s2 ${s2}",
        ],
        &[
            Ask(GET, OK),
            Client(2),
            C(GET),
            Req,
            Client(3),
            C(GET),
            Req,
            Client(1),
            C(GET),
            Answer,
            Log,
            Log,
            Conn(2),
            S(OK),
            Client(2),
            Answer,
            Log,
            Conn(3),
            S(OK),
            Client(3),
            Answer,
        ],
    ),
    scene(
        "the_last_server_is_not_waited_for_by_too_many",
        &[
            PREFER,
            "backend max-keep-alive-queue 0",
            "backend http-reuse never",
            "backend server s1 ${s1} maxconn 1",
            "backend server s2 ${s2}",
        ],
        &[
            Ask(GET, OK),
            Client(2),
            C(GET),
            Req,
            Client(3),
            C(GET),
            Req,
            Client(1),
            Ask(GET, OK),
            Log,
            Log,
            Conn(2),
            S(OK),
            Client(2),
            Answer,
            Log,
            Conn(3),
            S(OK),
            Client(3),
            Answer,
        ],
    ),
    scene(
        "reuse_after_a_second_scheme",
        &["backend http-reuse always"],
        &[
            Ask(GET, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x, NTLM\r\nContent-Length: 0\r\n\r\n"),
            Client(2),
            Ask(GET, OK),
        ],
    ),
    scene(
        "reuse_after_a_longer_scheme",
        &["backend http-reuse always"],
        &[
            Ask(GET, "HTTP/1.1 401 No\r\nWWW-Authenticate: NegotiateX\r\nContent-Length: 0\r\n\r\n"),
            Client(2),
            Ask(GET, OK),
        ],
    ),
    scene(
        "reuse_after_a_challenge_to_another_status",
        &["backend http-reuse always"],
        &[
            Ask(GET, "HTTP/1.1 200 OK\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"),
            Client(2),
            Ask(GET, OK),
        ],
    ),
    scene(
        "reuse_after_the_other_challenge",
        &["backend http-reuse always"],
        &[
            Ask(GET, "HTTP/1.1 401 No\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"),
            Client(2),
            Ask(GET, OK),
        ],
    ),
];
