//! `log-format` and its kind: every variable, every flag, what is between them; unique ids.

use super::{GET, OK, bytes, exchange, expect_exact, expect_shape, http, refused, tcp};
use crate::kit::http::BodyRule;
use crate::kit::rig::QUIET;
use std::net::SocketAddr;

/// Every variable that needs no HTTP, with its name. The byte counts have tests of their own.
const ANY: &str = "H=%H ID=%ID ST=%ST T=%T Tc=%Tc Td=%Td Th=%Th Tl=%Tl Ts=%Ts Tt=%Tt Tu=%Tu Tw=%Tw ac=%ac b=%b \
                   bc=%bc bi=%bi bp=%bp bq=%bq ci=%ci cp=%cp f=%f fc=%fc fi=%fi fp=%fp ft=%ft lc=%lc ms=%ms \
                   pid=%pid rc=%rc rt=%rt s=%s sc=%sc si=%si sp=%sp sq=%sq sslc=%sslc sslv=%sslv t=%t ts=%ts";

/// Every variable that needs HTTP.
const HTTP: &str = "CC=%CC CS=%CS HM=%HM HP=%HP HPO=%HPO HQ=%HQ HU=%HU HV=%HV Ta=%Ta Ti=%Ti Tq=%Tq TR=%TR Tr=%Tr \
                    hr=%hr hrl=%hrl hs=%hs hsl=%hsl r=%r tr=%tr trg=%trg trl=%trl tsc=%tsc";

fn all(flags: &str) -> String {
    format!("frontend log-format \"{flags}{ANY} {HTTP}\"")
}

#[test]
fn every_variable_of_a_request() {
    http(&all(""), |rig| {
        exchange(rig, GET, OK);
        expect_shape(rig);
    });
}

#[test]
fn every_variable_quoted() {
    http(&all("%{+Q}o "), |rig| {
        exchange(rig, GET, OK);
        expect_shape(rig);
    });
}

#[test]
fn every_variable_quoted_and_escaped() {
    http(&all("%{+Q,+E}o "), |rig| {
        let request =
            "GET http://exa.mple/p]a\\?q=\"x\"&y HTTP/1.1\r\nHost: exa.mple\r\nConnection: close\r\n\r\n";
        exchange(rig, request, OK);
        expect_shape(rig);
    });
}

#[test]
fn hexadecimal_where_it_counts() {
    http("frontend log-format \"%{+X}o %ci %fi %si %rt %lc %ST %rc %b %ID %HM %tsc %{-X}ci\"", |rig| {
        exchange(rig, GET, OK);
        expect_exact(rig);
        exchange(rig, GET, OK);
        expect_exact(rig);
    });
}

#[test]
fn every_variable_of_a_bad_request() {
    http(&all(""), |rig| {
        refused(rig, "BAD\r\n\r\n");
        expect_shape(rig);
    });
}

#[test]
fn every_variable_of_a_bad_request_quoted() {
    http(&all("%{+Q}o "), |rig| {
        refused(rig, "BAD\r\n\r\n");
        expect_shape(rig);
    });
}

#[test]
fn every_variable_when_the_server_refuses() {
    http(&format!("{}\nbackend retries 0\nbackend server s1 ${{refused}}", all("")), |rig| {
        refused(rig, GET);
        expect_shape(rig);
    });
}

#[test]
fn every_variable_when_there_is_no_server() {
    http(&format!("{}\nbackend server s1 ${{refused}} disabled", all("%{+Q}o ")), |rig| {
        refused(rig, GET);
        expect_shape(rig);
    });
}

#[test]
fn every_variable_of_a_tcp_session() {
    tcp(&format!("frontend log-format \"B=%B U=%U {ANY}\""), |rig| {
        bytes(rig);
        expect_shape(rig);
    });
}

#[test]
fn blanks_are_merged_and_percent_signs_are_doubled() {
    http("frontend log-format \"  a   b%ci   %hr  c %%%% d%{+Q}b%{-Q}b%{+Q}o%b%{-Q}s%s%%s %ST \"", |rig| {
        exchange(rig, GET, OK);
        expect_exact(rig);
    });
}

#[test]
fn an_empty_value_is_not_a_blank() {
    http("frontend log-format \"%HQ %b|x %HQ %ST|%{+Q}HQ|%hr|%{+Q}hrl\"", |rig| {
        exchange(rig, "GET /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", OK);
        expect_exact(rig);
    });
}

#[test]
fn a_percent_sign_that_begins_nothing_is_left_out() {
    http(
        "frontend log-format \"%-ci / %.ci / a%_ / %ci_ / %(foo)(Q) / %{+Qx}b %{Q}b %{+Z}b %{}b %ST\"",
        |rig| {
            exchange(rig, GET, OK);
            expect_exact(rig);
        },
    );
}

#[test]
fn a_line_without_text_is_not_written() {
    http("frontend log-format \"%hr\"", |rig| {
        exchange(rig, GET, OK);
        rig.note("log", rig.sink.next_within(QUIET).is_none());
    });
}

#[test]
fn the_last_line_asked_for_is_written() {
    http("frontend option tcplog\nfrontend log-format \"mine %ci %ST\"", |rig| {
        exchange(rig, GET, OK);
        expect_exact(rig);
    });
    http("frontend log-format \"mine %ci %ST\"\nfrontend option httplog", |rig| {
        exchange(rig, GET, OK);
        rig.expect_http_log();
    });
}

#[test]
fn the_common_log_format() {
    http("frontend option httplog clf", |rig| {
        exchange(rig, GET, OK);
        expect_shape(rig);
        refused(rig, "BAD\r\n\r\n");
        expect_shape(rig);
    });
}

#[test]
fn requests_and_lines_are_numbered() {
    http("frontend log-format \"%lc %rt %HU %ST\"", |rig| {
        let mut client = rig.client();
        client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut server = rig.s1.accept();
        for n in 1..4 {
            server.read_http(BodyRule::Request);
            server.send(OK);
            client.read_http(BodyRule::Response);
            expect_exact(rig);
            if n < 3 {
                client.send(format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", n + 1));
            }
        }
        client.close();
        refused(rig, "BAD\r\n\r\n");
        expect_exact(rig);
    });
}

#[test]
fn a_request_that_was_not_understood_may_have_a_format_of_its_own() {
    http("frontend error-log-format \"bad %ci %ST %tsc\"\nfrontend log-format \"good %ST\"", |rig| {
        exchange(rig, GET, OK);
        expect_exact(rig);
        refused(rig, "BAD\r\n\r\n");
        expect_exact(rig);
    });
}

#[test]
fn structured_data_is_for_rfc5424_lines() {
    let extra = "frontend no log\nfrontend log ${log} format rfc5424 local0\nfrontend log ${log} format rfc3164 local0\n\
                 frontend log ${log} format raw local0\n\
                 frontend log-format-sd \"%{+Q,+E}o [ex@1 a=%ci b=%b r=%r n=%ST]\"\nfrontend log-format \"x %ST\"";
    http(extra, |rig| {
        exchange(rig, GET, OK);
        (0..3).for_each(|_| expect_shape(rig));
    });
}

#[test]
fn an_id_goes_to_the_server_and_into_the_line() {
    let extra = "frontend unique-id-format \"a-%ci-%rt-%HM]\"\nfrontend unique-id-header X-Id\n\
                 frontend log-format \"%ID %{+E}ID %{+Q}ID %{+X}ID %ST\"";
    http(extra, |rig| {
        exchange(rig, GET, OK);
        expect_exact(rig);
        exchange(rig, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", OK);
        expect_exact(rig);
        refused(rig, "BAD\r\n\r\n");
        expect_exact(rig);
    });
}

#[test]
fn an_id_without_a_line_that_tells_it() {
    http("frontend unique-id-format \"%{+X}o%ci_%rt\"\nfrontend unique-id-header x-unique", |rig| {
        exchange(rig, GET, OK);
        rig.expect_http_log();
    });
}

#[test]
fn a_header_without_a_format_is_not_sent() {
    http("frontend unique-id-header x-unique\nfrontend log-format \"%ID %ST\"", |rig| {
        exchange(rig, GET, OK);
        expect_exact(rig);
    });
}

#[test]
fn a_long_id_is_cut() {
    let long = "x".repeat(125);
    let extra = format!(
        "frontend unique-id-format \"{long}%ci\"\nfrontend unique-id-header x-u\nfrontend log-format \"%ID %ST\""
    );
    http(&extra, |rig| {
        exchange(rig, GET, OK);
        expect_exact(rig);
    });
}

#[test]
fn a_tcp_session_has_an_id_too() {
    tcp("frontend unique-id-format \"%ci_%rt\"\nfrontend log-format \"%ID %rt %lc %ST\"", |rig| {
        bytes(rig);
        expect_exact(rig);
        bytes(rig);
        expect_exact(rig);
    });
}

#[test]
fn a_listener_on_every_address_tells_where_the_client_came_to() {
    http("frontend bind :${range}\nfrontend log-format \"%fi %ci %ST\"", |rig| {
        let to = SocketAddr::from(([127, 0, 0, 2], *rig.range.start()));
        let mut client = rig.client_of(to);
        client.send("BAD\r\n\r\n");
        client.read_answer();
        client.close();
        expect_exact(rig);
    });
}
