//! `option checkcache`: which answers pass, and what becomes of the others.

use super::{GET, OK};
use crate::kit::scene::{Scene, Step::*, scene};

const CHECKS: &[&str] = &["backend option checkcache"];
const POST: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
const HEAD: &str = "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n";
const BAD: &str = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nExpires: 0\r\nContent-Length: 2\r\n\r\nok";
const BAD_A: &str = "HTTP/1.1 200 OK\r\nSet-Cookie: A=b\r\nExpires: 0\r\nContent-Length: 2\r\n\r\nok";
const BAD_HEAD: &str = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nExpires: 0\r\nContent-Length: 2\r\n\r\n";
const PUBLIC: &str =
    "HTTP/1.1 302 X\r\nSet-Cookie2: a\r\nCache-Control: public\r\nETag:\r\nContent-Length: 0\r\n\r\n";
const COOKIELESS: &str = "HTTP/1.1 200 OK\r\nExpires: 0\r\nContent-Length: 2\r\n\r\nok";

/// An answer that passes, whose status and header lines are given.
macro_rules! passes {
    ($name:literal, $request:expr, $status:literal, $lines:literal) => {
        scene(
            $name,
            CHECKS,
            &[
                Ask(
                    $request,
                    concat!(
                        "HTTP/1.1 ",
                        $status,
                        " X\r\nSet-Cookie: a=b\r\n",
                        $lines,
                        "\r\nContent-Length: 2\r\n\r\nok"
                    ),
                ),
                Stays,
            ],
        )
    };
}

/// An answer that is blocked.
const fn blocked(scene: Scene, seen: &'static [&'static str]) -> Scene {
    scene.differs("A response that `option checkcache` blocks", seen)
}

const SEEN: &[&str] = &[
    "HTTP/1.1 502 Bad Gateway",
    "HTTP/1.1 200 OK",
    "Blocking cacheable cookie",
    " 502 BYTES - - PH-- ",
    "dresp=1",
];

pub const SCENES: &[Scene] = &[
    scene("cached_without_cookie", CHECKS, &[Ask(GET, COOKIELESS), Stays]),
    passes!("cached_for_no_time", GET, "200", "Cache-Control: public"),
    passes!("cached_never", GET, "200", "Cache-Control: max-age=5, private"),
    passes!("cached_for_zero_seconds", GET, "200", "Cache-Control: public, s-maxage=0\r\nETag: x"),
    passes!("cached_without_its_cookie", GET, "200", "Cache-Control: no-cache=\"set-cookie, x\"\r\nETag: x"),
    passes!("cached_never_by_pragma", GET, "200", "Pragma: no-cache\r\nCache-Control: public\r\nETag: x"),
    passes!("cached_not_of_a_post", POST, "200", "Expires: 0"),
    passes!("cached_not_with_this_status", GET, "302", "Expires: 0"),
    scene(
        "cached_and_hidden_by_nocache",
        &[
            "backend option checkcache",
            "backend cookie A insert nocache",
            "backend server s1 ${s1} cookie c1",
        ],
        &[Ask(GET, BAD), Stays],
    ),
    scene(
        "cached_and_our_cookie_alone",
        &["backend option checkcache", "backend cookie A insert", "backend server s1 ${s1} cookie c1"],
        &[Ask(GET, COOKIELESS), Stays],
    ),
    scene(
        "cached_where_nobody_checks",
        &["backend option checkcache", "backend no option checkcache"],
        &[Ask(GET, BAD), Stays],
    ),
    scene(
        "nocache_and_the_last_directive_counts",
        &["backend cookie A insert nocache", "backend server s1 ${s1} cookie c1"],
        &[
            Ask(
                GET,
                "HTTP/1.1 200 OK\r\nCache-Control: no-cache, public\r\nETag: x\r\nContent-Length: 2\r\n\r\nok",
            ),
            Ask(POST, "HTTP/1.1 200 OK\r\nCache-Control: public\r\nETag: x\r\nContent-Length: 2\r\n\r\nok"),
        ],
    ),
    blocked(scene("blocked", CHECKS, &[C(GET), Req, S(BAD), Answer, Ask(GET, OK), Stays]), SEEN),
    blocked(
        scene(
            "blocked_and_captured",
            &[
                "backend option checkcache",
                "frontend capture cookie a len 9",
                "frontend capture response header Expires len 4",
            ],
            &[C(GET), Req, S(BAD), Answer, Ask(GET, OK), Stays],
        ),
        &["HTTP/1.1 502 Bad Gateway", " 502 BYTES - a=b PH-- AC/1/0/0/0 0/0 {0} "],
    ),
    blocked(
        scene("blocked_of_a_post_that_is_public", CHECKS, &[C(POST), Req, S(PUBLIC), Answer, Ask(GET, OK)]),
        SEEN,
    ),
    blocked(
        scene(
            "blocked_and_rewritten",
            &["backend option checkcache", "backend cookie A rewrite", "backend server s1 ${s1} cookie c1"],
            &[C(GET), Req, S(BAD_A), Answer],
        ),
        &["HTTP/1.1 502 Bad Gateway", " 502 BYTES - - PHNR "],
    ),
    blocked(
        scene("blocked_of_a_head", CHECKS, &[C(HEAD), Req, S(BAD_HEAD), AnswerHead]),
        &["HTTP/1.1 502 Bad Gateway", " 502 "],
    ),
];
