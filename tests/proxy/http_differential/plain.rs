//! Requests and answers without anything special, and what of their heads is edited on the way.

use super::{GET, GET10, OK};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

pub const SCENES: &[Scene] = &[
    scene("get", &[], &[Ask(GET, OK), Stays]),
    scene("get_without_host", &[], &[Ask("GET / HTTP/1.1\r\n\r\n", OK), Stays]),
    scene("get_with_empty_host", &[], &[Ask("GET / HTTP/1.1\r\nHost:\r\n\r\n", OK), Stays]),
    scene("get_1_0", &[], &[Ask(GET10, OK), Stays]),
    scene("same_host_twice", &[], &[Ask("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nHost: h\r\n\r\n", OK), Stays]),
    scene(
        "head",
        &[],
        &[
            C("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"),
            Req,
            S("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
            AnswerHead,
            Stays,
        ],
    ),
    scene("options_star", &[], &[Ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("unknown_method", &[], &[Ask("FROB /x HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("lower_case_method", &[], &[Ask("get /x HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("trace", &[], &[Ask("TRACE /x HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n", OK), Stays]),
    scene("delete_without_body", &[], &[Ask("DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene(
        "get_with_body",
        &[],
        &[Ask("GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", OK), Stays],
    ),
    scene("post_without_length", &[], &[Ask("POST /x HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("absolute_target", &[], &[Ask("GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene(
        "absolute_target_with_default_port",
        &[],
        &[Ask("GET http://h:80/a HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays],
    ),
    scene("absolute_target_without_host", &[], &[Ask("GET http://h/a HTTP/1.1\r\nA: b\r\n\r\n", OK), Stays]),
    scene("absolute_target_without_path", &[], &[Ask("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays])
        .differs("An empty path becomes", &["GET http://h/ HTTP/1.1"]),
    scene("https_target", &[], &[Ask("GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("target_with_userinfo", &[], &[Ask("GET http://u:p@h/ HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene(
        "target_with_query_and_escapes",
        &[],
        &[Ask("GET /a%2f..//b;c?d=e&f=%00'()*+,- HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays],
    ),
    scene("target_with_odd_bytes", &[], &[Ask("GET /<>\"\\^`{|} HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("minor_version_two", &[], &[Ask("GET / HTTP/1.2\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("empty_lines_before", &[], &[Ask("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", OK), Stays]),
    scene("bare_line_feeds", &[], &[Ask("GET / HTTP/1.1\nHost: h\nA: b\n\n", OK), Stays]),
    scene("folded_header", &[], &[Ask("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n  c\r\n\td\r\n\r\n", OK), Stays]),
    scene(
        "same_name_many_times",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\na: 3\r\nA:\r\nA: 4, 5\r\n\r\n", OK), Stays],
    ),
    scene("odd_names", &[], &[Ask("GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~09: x\r\n\r\n", OK), Stays]),
    scene(
        "high_bytes_in_values",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nA: \u{e9}\u{20ac}\r\n\r\n", OK), Stays],
    ),
    scene(
        "hop_by_hop_headers",
        &[],
        &[
            Ask(
                "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, A\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nA: b\r\nTrailer: T\r\n\r\n",
                OK,
            ),
            Stays,
        ],
    ),
    scene(
        "te_trailers_alone_stays",
        &[],
        &[
            Ask(
                "GET / HTTP/1.1\r\nHost: h\r\nTE: gzip, trailers;q=0.5, trailers\r\nConnection: TE\r\n\r\n",
                OK,
            ),
            Stays,
        ],
    ),
    scene(
        "te_without_trailers_goes",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nTE: gzip;q=0.5\r\n\r\n", OK), Stays],
    ),
    scene(
        "upgrade_that_is_not_taken",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n", OK), Stays],
    ),
    scene(
        "upgrade_without_connection",
        &[],
        &[Ask("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: foo\r\n\r\n", OK), Stays],
    ),
    scene(
        "upgrade_h2c_is_not_told",
        &[],
        &[
            Ask(
                "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
                OK,
            ),
            Stays,
        ],
    ),
    scene(
        "upgrade_that_is_taken",
        &[],
        &[
            C("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"),
            Req,
            S("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\nhi"),
            AnswerHead,
            Part(2),
            C("abc"),
            ReqPart(3),
            SClose,
            End,
        ],
    ),
    scene(
        "connect_tunnel",
        &[],
        &[
            C("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
            Req,
            S("HTTP/1.1 200 Go\r\n\r\n"),
            AnswerHead,
            C("ping"),
            ReqPart(4),
            S("pong"),
            Part(4),
            CClose,
        ],
    ),
    scene(
        "connect_refused",
        &[],
        &[
            Ask(
                "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n",
                "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno",
            ),
            Stays,
        ],
    ),
    scene("status_without_reason", &[], &[Ask(GET, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), Stays]),
    scene("status_with_empty_reason", &[], &[Ask(GET, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"), Stays]),
    scene(
        "status_unknown",
        &[],
        &[Ask(GET, "HTTP/1.1 799 What ever it is\r\nContent-Length: 0\r\n\r\n"), Stays],
    ),
    scene("status_600_and_beyond", &[], &[Ask(GET, "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n"), Stays]),
    scene(
        "response_headers",
        &[],
        &[
            Ask(
                GET,
                "HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nVia:  1.1 z \r\nContent-Length: 2\r\n\r\nok",
            ),
            Stays,
        ],
    ),
    scene(
        "response_hop_by_hop_headers",
        &[],
        &[
            Ask(
                GET,
                "HTTP/1.1 200 OK\r\nConnection: keep-alive, X\r\nKeep-Alive: timeout=3\r\nX: y\r\nContent-Length: 2\r\n\r\nok",
            ),
            Stays,
        ],
    ),
    scene(
        "response_bare_line_feeds",
        &[],
        &[Ask(GET, "HTTP/1.1 200 OK\nA: b\nContent-Length: 2\n\nok"), Stays],
    ),
    scene(
        "response_folded_header",
        &[],
        &[Ask(GET, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok"), Stays],
    ),
    scene("response_1_2", &[], &[Ask(GET, "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok"), Stays]),
    scene(
        "no_backend",
        &["frontend default_backend be_no_backend", "backend disabled"],
        &[C(GET), Req, Answer, Stays],
    )
    .differs("A disabled backend is skipped", &["fe_no_backend fe_no_backend/<NOSRV>"]),
];
