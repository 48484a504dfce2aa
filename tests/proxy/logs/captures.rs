//! `capture`: headers and cookies in log lines.

use super::{GET, OK, exchange, expect_exact, http, refused};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: exa.mple\r\nX-Q: first\r\nx-q: last \"]\\#|{} v\r\n\
                       Cookie: a=1; rc=0123456789\r\nConnection: close\r\n\r\n";
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-R: one\r\nX-R: two\"]\\#\r\n\
                      Set-Cookie: other=1\r\nSet-Cookie: rc=abcdefgh; path=/\r\n\r\nhello";

#[test]
fn httplog_has_a_block_for_what_is_declared() {
    for declared in [
        "frontend capture request header x-q len 30",
        "frontend capture response header x-r len 3\nfrontend capture response header content-length len 9",
        "frontend capture request header x-q len 4\nfrontend capture request header none len 4\n\
         frontend capture response header X-R len 30",
        "frontend capture cookie rc len 8",
        "frontend capture cookie rc= len 60\nfrontend capture request header Host len 10",
    ] {
        http(declared, |rig| {
            exchange(rig, REQUEST, ANSWER);
            rig.expect_http_log();
        });
    }
}

#[test]
fn blocks_and_lists_in_ones_own_format() {
    let extra = "frontend capture request header x-q len 20\nfrontend capture request header none len 5\n\
                 frontend capture response header x-r len 30\n\
                 frontend log-format \"%hr %hs %hrl %hsl %{+Q}hr %{+Q}hrl %{+Q,+E}hs %{+E}hsl %ST\"";
    http(extra, |rig| {
        exchange(rig, REQUEST, ANSWER);
        expect_exact(rig);
        exchange(rig, GET, OK);
        expect_exact(rig);
        refused(rig, "BAD\r\n\r\n");
        expect_exact(rig);
    });
}

#[test]
fn empty_blocks_when_the_proxy_answers() {
    let extra = "frontend capture request header x-q len 20\nfrontend capture response header x-r len 30\n\
                 frontend log-format \"%hr %hs %hrl %hsl %CC %CS %ST\"\nbackend retries 0\nbackend server s1 ${refused}";
    http(extra, |rig| {
        refused(rig, GET);
        expect_exact(rig);
    });
}

#[test]
fn the_first_cookie_whose_name_begins_so() {
    http("frontend capture cookie a len 9\nfrontend log-format \"%CC %CS %{+Q}CC %ST\"", |rig| {
        for cookies in [
            "Cookie: b=1; ab=2; a=3",
            "Cookie: b=1; aa=\r\nCookie: a=9",
            "Cookie: a; ax=1;2",
            "X: 1",
            "Cookie: a=45 ;c",
        ] {
            let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{cookies}\r\nConnection: close\r\n\r\n");
            exchange(rig, &request, ANSWER);
            expect_exact(rig);
        }
    });
}

#[test]
fn clf_quotes_captures() {
    let extra = "frontend option httplog clf\nfrontend capture cookie rc len 8\n\
                 frontend capture request header x-q len 4\nfrontend capture request header none len 4";
    http(extra, |rig| {
        exchange(rig, REQUEST, ANSWER);
        super::expect_shape(rig);
    });
}
