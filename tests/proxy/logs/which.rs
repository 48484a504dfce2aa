//! Which lines are written, when, and with which level.

use super::{GET, OK, bytes, exchange, expect_shape, http, refused, tcp};
use crate::kit::http::BodyRule;
use crate::kit::rig::compare;

const GONE: &str = "backend retries 0\nbackend server s1 ${refused}";
const BAD: &str = "BAD\r\n\r\n";

#[test]
fn dontlog_normal_hides_what_went_well() {
    http("frontend option dontlog-normal", |rig| {
        exchange(rig, GET, OK);
        rig.expect_no_log();
        exchange(rig, GET, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        rig.expect_no_log();
        exchange(rig, GET, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
        rig.expect_http_log();
        refused(rig, BAD);
        rig.expect_http_log();
    });
}

#[test]
fn dontlog_normal_shows_a_server_that_refuses() {
    http(&format!("frontend option dontlog-normal\n{GONE}"), |rig| {
        refused(rig, GET);
        rig.expect_http_log();
    });
}

#[test]
fn log_separate_errors_raises_the_level() {
    http("frontend option log-separate-errors", |rig| {
        exchange(rig, GET, OK);
        rig.expect_http_log();
        exchange(rig, GET, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        rig.expect_http_log();
        exchange(rig, GET, "HTTP/1.1 502 Oops\r\nContent-Length: 0\r\n\r\n");
        rig.expect_http_log();
        refused(rig, BAD);
        rig.expect_http_log();
    });
}

#[test]
fn log_separate_errors_goes_to_targets_by_level() {
    let extra = format!(
        "frontend option log-separate-errors\nfrontend no log\nfrontend log ${{log}} local1 err\n{GONE}"
    );
    http(&extra, |rig| {
        refused(rig, GET);
        rig.expect_http_log();
    });
}

#[test]
fn logasap_writes_the_line_with_the_response_head() {
    http("frontend option logasap\nfrontend log-format \"%ST %B %Ta %Tt %Tu %tsc %ac/%fc/%bc/%sc\"", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        expect_shape(rig);
        server.send("hello");
        client.read_http(BodyRule::Response);
        client.close();
        rig.expect_no_log();
    });
}

#[test]
fn logasap_in_httplog_and_clf() {
    for line in ["option httplog", "option httplog clf"] {
        http(&format!("frontend option logasap\nfrontend {line}"), |rig| {
            exchange(rig, GET, OK);
            expect_shape(rig);
            rig.expect_no_log();
        });
    }
}

#[test]
fn logasap_and_an_answer_of_the_proxy() {
    http(&format!("frontend option logasap\n{GONE}"), |rig| {
        refused(rig, GET);
        rig.expect_http_log();
    });
}

#[test]
fn dontlognull_hides_connections_without_a_request() {
    http("frontend option dontlognull", |rig| {
        let mut client = rig.client();
        client.half_close();
        client.read_to_end();
        client.close();
        rig.expect_no_log();
        refused(rig, BAD);
        rig.expect_http_log();
    });
}

#[test]
fn what_was_no_request_has_no_short_line() {
    let config = "global
    log \"${log}\" local0
listen both
    mode http
    log global
    timeout connect 4s
    timeout client 6s
    timeout server 6s
    bind fd@${fe}
    server s1 ${s1}
";
    compare(config, |rig| {
        refused(rig, BAD);
        rig.expect_no_log();
        exchange(rig, GET, OK);
        expect_shape(rig);
    });
}

#[test]
fn a_frontend_without_targets_is_silent() {
    http("frontend no log", |rig| {
        exchange(rig, GET, OK);
        rig.expect_no_log();
    });
    tcp("frontend no log", |rig| {
        bytes(rig);
        rig.expect_no_log();
    });
}
