//! Messages of which the treatment hangs on several of their parts: payloads by method and version, hosts by target,
//! `upgrade` among the connection's tokens, and what came along with a head.

use super::{GET, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const LENIENT: &[&str] = &["frontend option accept-invalid-http-request"];
const NO_SERVER: &[&str] = &["backend server s1 ${s1} disabled"];
const CHUNKED: &str = "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
const PART_CHUNKED: &str = "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
const OK_CLOSE: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/// A refused request: nothing reaches a server.
macro_rules! refused {
    ($name:literal, $request:literal) => {
        scene($name, &[], &[C($request), End])
    };
}

/// A request that passes under `config`.
macro_rules! passes {
    ($name:literal, $config:expr, $request:literal) => {
        scene($name, $config, &[C($request), Req, S(OK), Answer])
    };
}

pub const SCENES: &[Scene] = &[
    refused!("get_1_0_with_body", "GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
    refused!("head_1_0_with_body", "HEAD / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
    refused!("delete_1_0_with_body", "DELETE / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
    refused!("get_1_0_chunked", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    scene(
        "get_1_0_with_body_is_no_violation",
        LENIENT,
        &[C("GET / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"), End],
    ),
    passes!("get_1_0_with_length_zero", &[], "GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"),
    passes!("post_1_0_with_body", &[], "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
    passes!("patch_1_0_with_body", &[], "PATCH / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
    passes!("unknown_1_0_with_body", &[], "FROB / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"),
    refused!("host_differs", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"),
    refused!("host_differs_by_port", "GET http://a:81/ HTTP/1.1\r\nHost: a:82\r\n\r\n"),
    passes!("host_differs_where_accepted", LENIENT, "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"),
    passes!("host_of_connect_differs_where_accepted", LENIENT, "CONNECT a:80 HTTP/1.1\r\nHost: b\r\n\r\n")
        .differs("A 2xx answer to CONNECT", &["HTTP/1.1 200 OK"]),
    passes!("host_where_target_has_none_and_accepted", LENIENT, "GET http:/// HTTP/1.1\r\nHost: b\r\n\r\n"),
    passes!(
        "host_differs_from_default_port_and_accepted",
        LENIENT,
        "GET http://a:80/ HTTP/1.1\r\nHost: b\r\n\r\n"
    ),
    scene("hosts_differ_where_accepted", LENIENT, &[C("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), End]),
    scene(
        "upgrade_token_alone",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n\r\n", OK), Stays],
    ),
    scene(
        "upgrade_token_alone_1_0",
        &[],
        &[Ask("GET / HTTP/1.0\r\nHost: h\r\nConnection: upgrade, foo\r\n\r\n", OK), End],
    ),
    scene(
        "upgrade_token_alone_and_server_close",
        &["backend option http-server-close"],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\n\r\n", OK), Stays],
    ),
    scene(
        "upgrade_token_in_an_answer",
        &[],
        &[
            Ask(GET, "HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok"),
            Stays,
        ],
    ),
    scene(
        "upgrade_token_in_an_answer_and_close",
        &["frontend option httpclose"],
        &[
            Ask(
                GET,
                "HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: Upgrade, close\r\nContent-Length: 2\r\n\r\nok",
            ),
            End,
        ],
    ),
    scene(
        "upgrade_token_in_an_answer_of_1_0",
        &[],
        &[
            Ask(GET, "HTTP/1.0 200 OK\r\nConnection: upgrade, keep-alive\r\nContent-Length: 2\r\n\r\nok"),
            Stays,
        ],
    ),
    scene("chunks_whole_and_no_server", NO_SERVER, &[C(CHUNKED), Answer, C(GET), Answer, Stays]),
    scene("chunks_part_and_no_server", NO_SERVER, &[C(PART_CHUNKED), End]),
    scene(
        "chunk_broken_beside_the_head",
        &["backend cookie SID insert", "backend server s1 ${s1} cookie c1"],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n"),
            SClose,
            Answer,
        ],
    ),
    scene(
        "continue_though_the_body_is_here",
        &["frontend option http-buffer-request"],
        &[
            C("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"),
            Answer,
            Req,
            S(OK),
            Answer,
            Stays,
        ],
    ),
    scene(
        "status_of_two_digits",
        &[],
        &[C(GET), Req, S("HTTP/1.1 99 Low\r\nContent-Length: 2\r\n\r\nok"), Answer],
    )
    .differs("A status code has three digits", &["HTTP/1.1 502 Bad Gateway", " 502 "]),
    scene(
        "status_of_four_digits",
        &[],
        &[C(GET), Req, S("HTTP/1.1 2000 High\r\nContent-Length: 2\r\n\r\nok"), Answer],
    )
    .differs("A status code has three digits", &["HTTP/1.1 502 Bad Gateway", " 502 "]),
    scene(
        "second_request_unanswered_on_a_fresh_connection",
        &[],
        &[Ask(GET, OK_CLOSE), C(GET), Req, SClose, Answer],
    )
    .differs("A later request of a connection", &["HTTP/1.1 502 Bad Gateway", " 502 "]),
    scene("second_request_unanswered_on_the_old_connection", &[], &[Ask(GET, OK), C(GET), Req, SClose, End]),
    scene(
        "cut_short_behind_an_interim_answer",
        &[],
        &[
            C(GET),
            Req,
            S("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
            SClose,
            End,
        ],
    )
    .differs("An answer that is cut short behind a 1xx", &[" SD-- "]),
];
