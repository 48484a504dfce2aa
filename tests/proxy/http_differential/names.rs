//! Request headers whose names are unusual, and those that tell a server its name.

use super::{GET, OK};
use crate::kit::scene::{Scene, Step::*, scene};

const UNUSUAL: &str = "GET /a HTTP/1.1\r\nHost: h\r\nX_Foo: 1\r\nX-Ok: 2\r\nX.Bar~: 3\r\n\r\n";
const UNUSUAL_POST: &str = "POST /a HTTP/1.1\r\nX_Foo: 1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
const UNUSUAL_PART: &str = "POST /a HTTP/1.1\r\nX_Foo: 1\r\nHost: h\r\nContent-Length: 3\r\n\r\na";
const UNUSUAL_LAST: &str =
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX_Foo: 1\r\nX_Bar: 1\r\n\r\nabc";
const NAMED: &str = "GET /a HTTP/1.1\r\nX-Srv: me\r\nHost: h\r\nx-srv: too\r\nX-Srv2: stays\r\n\r\n";
const CHUNKED: &str =
    "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

/// Both requests pass, whatever is left of them.
macro_rules! go_on {
    ($name:literal, $config:expr) => {
        scene($name, $config, &[Ask(UNUSUAL, OK), Ask(UNUSUAL_POST, OK), Ask(UNUSUAL_LAST, OK), Stays])
    };
}

/// The first request is refused, the connection goes on.
macro_rules! rejected {
    ($name:literal, $config:expr) => {
        scene($name, $config, &[C(UNUSUAL), Answer, C(UNUSUAL_POST), Answer, Ask(GET, OK), Stays])
    };
}

pub const RESTRICTED: &[Scene] = &[
    go_on!("names_preserved", &["frontend option http-restrict-req-hdr-names preserve"]),
    go_on!(
        "names_deleted_in_front",
        &[
            "frontend option http-restrict-req-hdr-names delete",
            "frontend capture request header X_Foo len 9"
        ]
    ),
    go_on!("names_deleted_behind", &["backend option http-restrict-req-hdr-names delete"]),
    go_on!(
        "names_deleted_and_rejected_behind",
        &[
            "frontend option http-restrict-req-hdr-names delete",
            "backend option http-restrict-req-hdr-names reject"
        ]
    ),
    go_on!(
        "names_the_last_option_counts",
        &[
            "frontend option http-restrict-req-hdr-names reject",
            "frontend option http-restrict-req-hdr-names delete"
        ]
    ),
    go_on!(
        "names_deleted_and_ours_stay",
        &[
            "frontend option http-restrict-req-hdr-names delete",
            "frontend unique-id-format %ft",
            "frontend unique-id-header X_Uid",
            "backend option http-restrict-req-hdr-names delete",
            "backend option forwardfor header X_Foo if-none",
            "backend http-send-name-header X_Srv",
        ]
    ),
    go_on!(
        "names_deleted_are_not_hashed",
        &["backend option http-restrict-req-hdr-names delete", "backend balance hdr(X_Foo)"]
    ),
    rejected!(
        "names_rejected_in_front",
        &[
            "frontend option http-restrict-req-hdr-names reject",
            "frontend capture request header X_Foo len 9"
        ]
    ),
    rejected!("names_rejected_behind", &["backend option http-restrict-req-hdr-names reject"]),
    rejected!(
        "names_rejected_and_deleted_behind",
        &[
            "frontend option http-restrict-req-hdr-names reject",
            "backend option http-restrict-req-hdr-names delete"
        ]
    ),
    rejected!(
        "names_rejected_with_an_answer_of_the_operators",
        &["frontend option http-restrict-req-hdr-names reject", "backend errorfile 403 \"${files}/own503\""]
    ),
    scene(
        "names_rejected_before_the_body_is_here",
        &["frontend option http-restrict-req-hdr-names reject"],
        &[C(UNUSUAL_PART), End],
    ),
    scene(
        "names_rejected_behind_an_awaited_body",
        &["frontend option http-restrict-req-hdr-names reject", "frontend option http-buffer-request"],
        &[C(UNUSUAL_POST), Answer, C(UNUSUAL_PART), C("bc"), Answer, Stays],
    ),
    scene(
        "names_are_not_looked_at_for_a_monitor",
        &["frontend option http-restrict-req-hdr-names reject", "frontend monitor-uri /a"],
        &[C(UNUSUAL), Answer, Stays],
    ),
];

pub const TOLD: &[Scene] = &[
    scene(
        "name_told",
        &["backend http-send-name-header X-Srv"],
        &[Ask(GET, OK), Ask(NAMED, OK), Ask(CHUNKED, OK), Ask("GET / HTTP/1.0\r\n\r\n", OK)],
    ),
    scene(
        "name_told_as_host",
        &["backend http-send-name-header hOSt", "backend option forwardfor"],
        &[Ask(GET, OK), Ask(CHUNKED, OK), Stays],
    ),
    scene(
        "name_told_the_last_line_counts",
        &["backend http-send-name-header X-a", "backend http-send-name-header X-b"],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "name_told_of_the_server_that_is_tried",
        &[
            "backend http-send-name-header X-Srv",
            "backend server gone ${refused}",
            "backend server there ${s1}",
            "backend option redispatch",
            "backend timeout connect 50",
        ],
        &[Ask(GET, OK), Ask(NAMED, OK), Ask(GET, OK), Stays],
    ),
    scene(
        "name_told_again_to_another_server",
        &[
            "backend http-send-name-header X-Srv",
            "backend retry-on all-retryable-errors",
            "backend option redispatch 1",
            "backend server s1 ${s1}",
            "backend server s2 ${s2}",
        ],
        &[C(NAMED), Req, SClose, Req, S(OK), Answer, Stays],
    ),
    scene(
        "name_told_beside_other_edits",
        &[
            "backend http-send-name-header Cookie",
            "backend cookie A insert",
            "backend server s1 ${s1} cookie c1",
            "backend option http-server-close",
        ],
        &[Ask("GET /a HTTP/1.1\r\nHost: h\r\nCookie: B=1; A=c1\r\n\r\n", OK), Stays],
    ),
];
