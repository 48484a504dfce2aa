//! Log lines: which are written, in which words and frames, with which captures.

use super::{GET, GET10, OK};
use crate::kit::scene::LogForm::{Exact, Shape};
use crate::kit::scene::Step::*;
use crate::kit::scene::{Scene, scene};

const CLOSE: &str = "GET /p/a?q=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const RICH: &str = "GET /p/a?q=1 HTTP/1.1\r\nHost: h\r\nUser-Agent: a \"b\" {c|d} #e\r\nCookie: k=v; l=w\r\nX: 1\r\nX: 2, 3\r\n\r\n";
const RICH_OK: &str =
    "HTTP/1.1 200 OK\r\nServer: s\r\nSet-Cookie: k=new; path=/\r\nContent-Length: 2\r\n\r\nok";
const REFUSED: &str = "backend server s1 ${refused}";

pub const SCENES: &[Scene] = &[
    scene("line_of_a_request", &[], &[Ask(RICH, RICH_OK), Stays]),
    scene(
        "line_with_bytes_beyond_ascii",
        &["frontend option accept-invalid-http-request"],
        &[Ask("GET /\"\\\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n", OK)],
    ),
    scene("line_with_odd_ascii_bytes", &[], &[Ask("GET /\"\\<>^`{|}\u{7f} HTTP/1.1\r\nHost: h\r\n\r\n", OK)]),
    scene(
        "capture_request_headers",
        &[
            "frontend capture request header User-Agent len 20",
            "frontend capture request header X len 10",
            "frontend capture request header None len 10",
        ],
        &[Ask(RICH, RICH_OK)],
    ),
    scene(
        "capture_cut_short",
        &[
            "frontend capture request header User-Agent len 3",
            "frontend capture response header Server len 1",
        ],
        &[Ask(RICH, RICH_OK)],
    ),
    scene(
        "capture_response_headers",
        &[
            "frontend capture response header Server len 10",
            "frontend capture response header Content-Length len 10",
        ],
        &[Ask(RICH, RICH_OK)],
    ),
    scene(
        "capture_declared",
        &["frontend declare capture request len 5", "frontend declare capture response len 5"],
        &[Ask(RICH, RICH_OK), C("bad\r\n\r\n"), Answer, End],
    ),
    scene(
        "capture_declared_among_others",
        &[
            "frontend declare capture request len 5",
            "frontend capture request header X len 10",
            "frontend capture request header None len 10",
            "frontend declare capture request len 6",
            "frontend declare capture response len 7",
            "frontend capture response header Server len 10",
        ],
        &[Ask(RICH, RICH_OK)],
    ),
    scene(
        "capture_declared_in_formats",
        &[
            "frontend declare capture request len 5",
            "frontend capture request header X len 10",
            "frontend log-format %hrl,%hsl,%hr,%hs,%{+Q}hr,%{+Q}hrl,%{+Q}hs",
        ],
        &[Ask(RICH, RICH_OK)],
    )
    .log(Exact),
    scene(
        "capture_declared_in_tcp",
        &["frontend mode tcp", "backend mode tcp", "frontend declare capture request len 5"],
        &[C("x"), Accept, ReqPart(1), CFin, SClose, End],
    )
    .log(Shape),
    scene("httpslog", &["frontend option httpslog"], &[Ask(RICH, RICH_OK), C("bad\r\n\r\n"), Answer, End]),
    scene(
        "httpslog_with_captures_and_no_server",
        &[
            "frontend option httpslog",
            "frontend capture request header X len 10",
            REFUSED,
            "backend retries 0",
        ],
        &[C(RICH), Answer],
    ),
    scene("capture_cookie", &["frontend capture cookie k len 20"], &[Ask(RICH, RICH_OK)]),
    scene("capture_cookie_prefix", &["frontend capture cookie k= len 3"], &[Ask(RICH, RICH_OK)]),
    scene(
        "capture_of_a_bad_request",
        &["frontend capture request header X len 10", "frontend capture response header X len 10"],
        &[C("bad\r\n\r\n"), Answer, End],
    ),
    scene(
        "capture_of_an_answer_from_here",
        &[
            "frontend capture request header X len 10",
            "frontend capture response header X len 10",
            REFUSED,
            "backend retries 0",
        ],
        &[C(RICH), Answer],
    ),
    scene("clf", &["frontend option httplog clf"], &[Ask(CLOSE, OK), End]).log(Shape),
    scene("clf_of_a_bad_request", &["frontend option httplog clf"], &[C("bad\r\n\r\n"), Answer, End])
        .log(Shape),
    scene("dontlognull", &["frontend option dontlognull"], &[Open, CFin, End, Client(2), Ask(GET, OK)]),
    scene("dontlognull_half_a_head", &["frontend option dontlognull"], &[C("GE"), CFin, End]),
    scene(
        "dontlog_normal",
        &["frontend option dontlog-normal"],
        &[Ask(GET, OK), C("bad\r\n\r\n"), Answer, End],
    ),
    scene(
        "dontlog_normal_500",
        &["frontend option dontlog-normal"],
        &[
            Ask(GET, "HTTP/1.1 500 Bad\r\nContent-Length: 0\r\n\r\n"),
            Ask(GET, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
        ],
    ),
    scene(
        "dontlog_normal_retried",
        &["frontend option dontlog-normal", "backend retry-on empty-response"],
        &[C(GET), Req, SClose, Req, S(OK), Answer],
    ),
    scene(
        "separate_errors",
        &["frontend option log-separate-errors"],
        &[
            Ask(GET, OK),
            Ask(GET, "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n"),
            C("bad\r\n\r\n"),
            Answer,
            End,
        ],
    ),
    scene(
        "separate_errors_retried",
        &["frontend option log-separate-errors", "backend retry-on empty-response"],
        &[C(GET), Req, SClose, Req, S(OK), Answer],
    ),
    scene(
        "logasap",
        &["frontend option logasap"],
        &[C(GET), Req, S("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"), Log, S("okok"), Answer, Stays],
    ),
    scene(
        "logasap_of_an_error",
        &["frontend option logasap", REFUSED, "backend retries 0"],
        &[C(GET), Req, Answer, Stays],
    ),
    scene(
        "log_level_limit",
        &["frontend no log", "frontend log ${log} local1 err", "frontend option log-separate-errors"],
        &[Ask(GET, OK), C("bad\r\n\r\n"), Answer, End],
    ),
    scene(
        "two_targets",
        &["frontend log ${log} local1", "frontend log ${log} daemon notice"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene(
        "frame_rfc5424",
        &["frontend no log", "frontend log ${log} format rfc5424 local2"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene(
        "frame_rfc3164",
        &["frontend no log", "frontend log ${log} format rfc3164 local2"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene("frame_raw", &["frontend no log", "frontend log ${log} format raw local2"], &[Ask(CLOSE, OK), End])
        .log(Shape),
    scene(
        "frame_short",
        &["frontend no log", "frontend log ${log} format short local2"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene(
        "frame_timed",
        &["frontend no log", "frontend log ${log} format timed local2"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene("frame_iso", &["frontend no log", "frontend log ${log} format iso local2"], &[Ask(CLOSE, OK), End])
        .log(Shape),
    scene(
        "frame_local",
        &["frontend no log", "frontend log ${log} format local local2"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene(
        "frame_priority",
        &["frontend no log", "frontend log ${log} format priority local2"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene(
        "line_cut_at_its_length",
        &["frontend no log", "frontend log ${log} len 100 local2"],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene("tag_of_the_proxy", &["frontend log-tag mine"], &[Ask(CLOSE, OK), End]).log(Shape),
    scene(
        "structured_data",
        &[
            "frontend no log",
            "frontend log ${log} format rfc5424 local2",
            "frontend log-format-sd %{+Q,+E}o[x@1\\ m=%HM\\ s=%ST]",
        ],
        &[Ask(CLOSE, OK), End],
    )
    .log(Shape),
    scene(
        "format_of_requests",
        &["frontend log-format \"%HM %HU %HP %HPO %HQ %HV %r %ST %B\""],
        &[Ask("GET http://h/p/a?q=1&r HTTP/1.1\r\nHost: h\r\n\r\n", OK)],
    )
    .log(Exact)
    .differs("`%B` counts bytes on the wire", &["GET http://h/p/a?q=1&r"]),
    scene(
        "format_of_targets",
        &["frontend log-format \"%HM %HU|%HP|%HPO|%HQ|%HV|%r|%ST\""],
        &[
            Ask("GET http://h/p/a?q=1&r HTTP/1.1\r\nHost: h\r\n\r\n", OK),
            Ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", OK),
            Ask("GET /? HTTP/1.1\r\n\r\n", OK),
            Ask("GET http://h?x HTTP/1.1\r\n\r\n", OK),
            Ask("CONNECT h:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"),
            Ask("GET /a?b?c HTTP/1.1\r\n\r\n", OK),
        ],
    )
    .log(Exact),
    scene(
        "format_of_places",
        &["frontend log-format \"%ci %fi:%fp %f %ft %b %s %si:%sp %ST\""],
        &[Ask(GET, OK)],
    )
    .log(Exact),
    scene(
        "format_of_places_not_reached",
        &[
            "frontend log-format \"%ci %fi:%fp %f %ft %b %s %si:%sp %bi:%bp %ST\"",
            "backend server s1 ${s1} disabled",
        ],
        &[C(GET), Req, Answer],
    )
    .log(Exact),
    scene(
        "format_quoted",
        &[
            "frontend log-format \"%{+Q}o %HU %{-Q}hr %hs %ST %s\"",
            "frontend capture request header User-Agent len 40",
        ],
        &[Ask(RICH, OK)],
    )
    .log(Exact),
    scene(
        "format_escaped",
        &[
            "frontend log-format \"%{+E}hr %{+E,+Q}r %ST\"",
            "frontend capture request header User-Agent len 40",
        ],
        &[Ask(RICH, OK)],
    )
    .log(Exact),
    scene(
        "format_of_capture_lists",
        &[
            "frontend log-format \"%hr|%hrl|%hs|%hsl|%ST\"",
            "frontend capture request header X len 9",
            "frontend capture request header Host len 9",
            "frontend capture response header Server len 9",
        ],
        &[Ask(RICH, RICH_OK)],
    )
    .log(Exact),
    scene(
        "format_of_cookies",
        &["frontend log-format \"%CC|%CS|%tsc|%ts|%ST\"", "frontend capture cookie k len 9"],
        &[Ask(RICH, RICH_OK)],
    )
    .log(Exact),
    scene(
        "format_of_timers",
        &["frontend log-format \"ms:%TR ms:%Tw ms:%Tc ms:%Tr ms:%Ta %ST\""],
        &[Ask(GET, OK)],
    )
    .log(Exact),
    scene(
        "format_of_timers_not_reached",
        &[
            "frontend log-format \"ms:%TR ms:%Tw ms:%Tc ms:%Tr ms:%Ta %ST %tsc %rc\"",
            REFUSED,
            "backend retries 1",
            "backend timeout connect 100",
        ],
        &[C(GET), Req, Answer],
    )
    .log(Exact),
    scene(
        "format_of_timers_of_a_bad_request",
        &["frontend log-format \"ms:%TR ms:%Tw ms:%Tc ms:%Tr ms:%Ta %ST %tsc %r\""],
        &[C("bad\r\n\r\n"), Answer],
    )
    .log(Exact),
    scene(
        "format_of_counts",
        &["frontend log-format \"%fc %bc %sc %rc %sq %bq %lc %ST\""],
        &[Ask(GET, OK), Ask(GET, OK)],
    )
    .log(Exact),
    scene(
        "format_of_ids",
        &["frontend unique-id-format %ci-%HM", "frontend log-format \"%ID %{+X}ci %{+X}ST %ST\""],
        &[Ask(GET, OK)],
    )
    .log(Exact),
    scene("format_of_a_1_0_request", &["frontend log-format \"%HV %r %ST %tsc\""], &[Ask(GET10, OK), End])
        .log(Exact),
    scene(
        "error_log_format",
        &["frontend error-log-format \"bad %ci %ST %tsc\"", "frontend log-format \"good %ST\""],
        &[Ask(GET, OK), C("bad\r\n\r\n"), Answer],
    )
    .log(Exact),
    scene(
        "long_request_lines_are_cut",
        &["frontend log-format \"%HU|%ST\""],
        &[C("GET /"), CFill(b'a', 3000), C(" HTTP/1.1\r\nHost: h\r\n\r\n"), Req, S(OK), Answer],
    )
    .log(Exact),
    scene("tcplog_in_http", &["frontend option tcplog"], &[Ask(CLOSE, OK), End]).log(Shape),
];
