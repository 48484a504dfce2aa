//! `dispatch`: an address instead of balanced servers.

use super::{GET, OK};
use crate::kit::scene::{LogForm, Scene, Step::*, scene};

const TO_S1: &str = "backend dispatch ${s1}";
const COOKIE: &str = "backend cookie X insert";
const WITH_COOKIE: &str = "GET /a HTTP/1.1\r\nHost: h\r\nCookie: X=two\r\n\r\n";

pub const SCENES: &[Scene] = &[
    scene("dispatch_and_again", &[TO_S1], &[Ask(GET, OK), Ask(GET, OK), Stays]),
    scene("dispatch_the_last_one_counts", &["backend dispatch ${refused}", TO_S1], &[Ask(GET, OK), Stays]),
    scene(
        "dispatch_refused",
        &["backend dispatch ${refused}", "backend retries 1"],
        &[C(GET), Answer, Stays],
    ),
    scene("dispatch_silent", &[TO_S1, "backend timeout server 200"], &[C(GET), Req, Answer, Stays]),
    scene("dispatch_that_hangs_up", &[TO_S1], &[C(GET), Req, SClose, Answer, Stays]),
    scene("dispatch_sets_no_cookie", &[COOKIE, TO_S1], &[Ask(GET, OK), Stays]),
    scene(
        "dispatch_leaves_cookies_alone",
        &[COOKIE, TO_S1],
        &[Ask(GET, "HTTP/1.1 200 OK\r\nSet-Cookie: X=own; path=/\r\nContent-Length: 2\r\n\r\nok"), Stays],
    ),
    scene("dispatch_and_a_name_header", &["backend http-send-name-header X-Srv", TO_S1], &[Ask(GET, OK)]),
    scene(
        "dispatch_and_an_unknown_cookie",
        &[COOKIE, TO_S1, "backend server s2 ${s2} cookie one"],
        &[Ask(WITH_COOKIE, OK), Stays],
    ),
    scene(
        "dispatch_leaves_the_client_of_a_server",
        &[COOKIE, TO_S1, "backend server s2 ${s2} cookie two"],
        &[Ask(WITH_COOKIE, OK), Ask(WITH_COOKIE, OK), Stays],
    )
    .chance(STATE),
    scene(
        "dispatch_for_the_client_of_a_dead_server",
        &[COOKIE, TO_S1, "backend option redispatch 1", "backend server s2 ${refused} cookie two"],
        &[C(WITH_COOKIE), Req, S(OK), Answer, Stays],
    )
    .chance(STATE),
    scene(
        "dispatch_is_ignored_beside_balance",
        &["backend dispatch ${refused}", "backend balance roundrobin", "backend server s1 ${s1}"],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "dispatch_in_tcp_mode",
        &["frontend mode tcp", "backend mode tcp", "frontend option tcplog", TO_S1],
        &[C("ab"), Accept, ReqPart(2), S("cd"), Part(2), CFin, SEnd, SClose, End],
    )
    .log(LogForm::Shape),
];

/// haproxy 2.6 shows servers beside `dispatch` as down and without weight, since none of them is balanced.
const STATE: &[&str] = &["weight", "chkdown"];
