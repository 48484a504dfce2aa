//! When a line is written: nothing for empty connections, nothing for good ones, early, to several places.

use super::tcp;
use crate::kit::peer::WAIT;
use crate::kit::rig::{QUIET, Rig, compare};

/// A whole short exchange, the client closing last.
fn exchange(rig: &mut Rig) {
    let mut client = rig.client();
    client.send("hi");
    let mut server = rig.s1.accept();
    server.expect("hi");
    server.send("hello");
    server.close();
    client.read_to_end();
    client.close();
}

#[test]
fn tcplog_line_of_an_exchange() {
    tcp("", |rig| {
        exchange(rig);
        rig.expect_log();
    });
}

#[test]
fn dontlognull_is_silent_about_an_empty_connection() {
    tcp("frontend option dontlognull", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        assert!(client.is_quiet_for(QUIET));
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_no_log();
        exchange(rig);
        rig.expect_log();
    });
}

#[test]
fn dontlognull_still_logs_an_empty_connection_to_a_refusing_server() {
    tcp("frontend option dontlognull\nbackend server s1 ${refused}\nbackend retries 0", |rig| {
        let mut client = rig.client();
        client.read_to_end();
        client.close();
        match rig.sink.traffic_line_within(QUIET * 4) {
            Some(line) => rig.note("log", line),
            None => rig.note("log", "nothing"),
        }
    });
}

#[test]
fn dontlognull_logs_a_client_that_spoke_to_nobody() {
    tcp("frontend option dontlognull\nbackend server s1 ${refused}\nbackend retries 1", |rig| {
        let mut client = rig.client();
        client.send("anyone?");
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn dontlognull_does_not_hide_what_logasap_tells() {
    tcp("frontend option dontlognull\nfrontend option logasap", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        rig.expect_log();
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_no_log();
    });
}

#[test]
fn flags_with_cookies_and_captures_are_known_in_tcp_mode() {
    tcp("frontend log-format \"%ci:%cp %f %b %s %ts %tsc %hr %hs %hrl %hsl\"", |rig| {
        exchange(rig);
        rig.expect_log();
    });
}

#[test]
fn dontlog_normal_logs_only_what_went_wrong() {
    tcp("frontend option dontlog-normal", |rig| {
        exchange(rig);
        rig.expect_no_log();
        let mut client = rig.client();
        client.send("x");
        let mut server = rig.s1.accept();
        server.expect("x");
        server.reset();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn logasap_writes_the_line_once_the_server_is_connected() {
    tcp("frontend option logasap", |rig| {
        let mut client = rig.client();
        client.send("hi");
        let mut server = rig.s1.accept();
        server.expect("hi");
        rig.expect_log();
        server.send("hello");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_no_log();
    });
}

#[test]
fn log_separate_errors_raises_the_level_of_bad_ends() {
    tcp("frontend option log-separate-errors", |rig| {
        exchange(rig);
        rig.expect_log();
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        assert!(client.is_quiet_for(QUIET));
        server.reset();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn a_level_limit_keeps_normal_lines_out() {
    tcp("frontend no log\nfrontend log ${log} local3 err", |rig| {
        exchange(rig);
        rig.expect_no_log();
    });
}

#[test]
fn facility_and_level_make_the_priority() {
    tcp("frontend no log\nfrontend log ${log} local3", |rig| {
        exchange(rig);
        rig.expect_log();
    });
}

#[test]
fn the_short_default_format_names_the_ends() {
    short_line("");
}

#[test]
fn nothing_hides_the_short_default_format() {
    short_line("    option dontlognull\n    option dontlog-normal\n");
}

/// One exchange of a proxy without a log format.
fn short_line(options: &str) {
    let config = "global
    log \"${log}\" local0
listen both
    mode tcp
    log global
    timeout connect 4s
    timeout client 6s
    timeout server 6s
    bind fd@${fe}
    server s1 ${s1}
";
    compare(&format!("{config}{options}"), |rig| {
        exchange(rig);
        let said = loop {
            let said = rig.sink.next_within(WAIT).expect("a line");
            if said.contains("Connect from") {
                break said;
            }
        };
        let text = said.split_once("]: ").expect("a tag").1.trim_end();
        // What follows a colon is a port.
        let words = text.split(':').map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
        rig.note("log", words.collect::<Vec<_>>().join(":P"));
    });
}
