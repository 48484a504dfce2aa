//! Servers with `redir`: clients are sent elsewhere instead of to them.

use super::{GET, GET10, OK};
use crate::kit::scene::{Scene, Step::*, scene};

const ONE: &str = "backend server s1 ${s1} redir http://img.example/p";
const SERVER: &[&str] = &[ONE];

/// One request that is answered with a redirection, which ends the connection.
macro_rules! sent_on {
    ($name:literal, $config:expr, $request:expr) => {
        scene($name, $config, &[C($request), AnswerHead, End])
    };
}

pub const SCENES: &[Scene] = &[
    sent_on!("redir_get", SERVER, "GET /a/b?c=d HTTP/1.1\r\nHost: h\r\n\r\n"),
    sent_on!("redir_head", SERVER, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"),
    sent_on!("redir_of_http_1_0", SERVER, GET10),
    sent_on!(
        "redir_of_http_1_0_that_would_stay",
        SERVER,
        "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    ),
    sent_on!("redir_and_close", SERVER, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
    sent_on!("redir_of_an_absolute_target", SERVER, "GET http://h/abs?x HTTP/1.1\r\nHost: h\r\n\r\n"),
    sent_on!("redir_with_a_body", SERVER, "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
    sent_on!(
        "redir_and_no_upgrade",
        SERVER,
        "GET /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    ),
    sent_on!(
        "redir_under_httpclose_and_forwardfor",
        &["frontend option httpclose", "backend option forwardfor", ONE],
        GET
    ),
    scene(
        "redir_spares_posts",
        SERVER,
        &[
            Ask("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", OK),
            Ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", OK),
            C(GET),
            AnswerHead,
            End,
        ],
    ),
    sent_on!(
        "redir_and_cookies",
        &["backend cookie X insert indirect", "backend server s1 ${s1} redir http://img.example cookie one"],
        "GET /a HTTP/1.1\r\nHost: h\r\nCookie: X=one; y=2\r\n\r\n"
    ),
    sent_on!(
        "redir_of_a_client_without_cookie",
        &["backend cookie X insert", "backend server s1 ${s1} redir http://img.example cookie one"],
        GET
    ),
    sent_on!(
        "redir_by_default_server",
        &["backend default-server redir /base", "backend server s1 ${s1}"],
        GET
    ),
    sent_on!("redir_logged_as_normal", &["frontend option log-separate-errors", ONE], GET),
    sent_on!(
        "redir_of_a_server_that_refuses",
        &["backend server s1 ${refused} redir http://img.example"],
        GET
    ),
    scene(
        "redir_of_the_backup",
        &["backend server s1 ${s1}", "backend server s2 ${s2} backup redir http://img.example"],
        &[Ask(GET, OK), Stays],
    ),
    scene(
        "redir_after_a_queue",
        &["backend server s1 ${s1} maxconn 1 redir http://img.example"],
        &[
            C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na"),
            Req,
            Client(2),
            C(GET),
            Queued(1),
            Client(1),
            S(OK),
            Answer,
            Log,
            Client(2),
            AnswerHead,
            End,
        ],
    ),
];
