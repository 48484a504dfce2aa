use super::*;
use crate::config::log_format::{CLFLOG, HTTPLOG, TCPLOG, compile};
use crate::log::capture::Captured;
use crate::log::record::{Load, Timers};
use crate::settings::log_format::{Capture, Captures};

fn record<'a>(client: &'a SockAddr, local: &'a SockAddr) -> Record<'a> {
    Record {
        client,
        local,
        listener_id: 1,
        accept: WallTime { secs: 1_795_223_923, micros: 24_999 },
        request: WallTime { secs: 1_795_223_924, micros: 353_001 },
        frontend: "h",
        mode: "HTTP",
        backend: "be",
        server: Some("s1"),
        timers: Timers {
            handshake_ms: 0,
            idle_ms: 2,
            request_ms: 1,
            queue_ms: 0,
            connect_ms: 2,
            response_ms: 3,
            data_ms: 1,
            active_ms: 7,
            total_ms: 9,
        },
        status: 200,
        bytes_out: 54,
        bytes_in: 21,
        captured: None,
        back_source: None,
        server_address: None,
        unique_id: None,
        request_counter: 26,
        log_counter: 3,
        flags: *b"----",
        load: Load { actconn: 4, feconn: 3, beconn: 2, srvconn: 1, ..Load::default() },
        request_line: Some(b"GET /a?b=\"c\"&d HTTP/1.1"),
        asap: false,
    }
}

fn inet(text: &str) -> SockAddr {
    SockAddr::Inet(text.parse().unwrap())
}

fn text(format: &str, record: &Record<'_>) -> String {
    let mut out = Vec::new();
    let clock = Clock::new();
    write(
        &mut out,
        &compile(format, true).unwrap(),
        record,
        Writer { host: "box", pid: 4661, clock: &clock },
    );
    String::from_utf8(out).unwrap()
}

/// The text for a usual record.
fn usual(format: &str) -> String {
    text(format, &record(&inet("127.0.0.1:291"), &inet("[::1]:80")))
}

fn date(wall: WallTime) -> String {
    let mut out = Vec::new();
    Clock::new().local(wall).push_log(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn httplog_has_the_fields_of_the_reference() {
    let (client, local) = (inet("127.0.0.1:58226"), inet("127.0.0.1:80"));
    let r = record(&client, &local);
    let when = date(r.request);
    assert_eq!(
        text(HTTPLOG, &r),
        format!(
            "127.0.0.1:58226 [{when}] h be/s1 1/0/2/3/7 200 54 - - ---- 4/3/2/1/0 0/0 \
             \"GET /a?b=#22c#22&d HTTP/1.1\""
        )
    );
}

#[test]
fn tcplog_has_two_flags_and_the_accept_date() {
    let (client, local) = (inet("[2001:db8::1]:5"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.flags = *b"sC--";
    r.load.retries = 3;
    r.load.redispatched = true;
    r.timers.connect_ms = -1;
    let when = date(r.accept);
    let expected = format!("2001:db8::1:5 [{when}] h be/s1 0/-1/9 54 sC 4/3/2/1/+3 0/0");
    assert_eq!(text(TCPLOG, &r), expected);
}

#[test]
fn clf_quotes_names_and_tells_the_date_in_utc() {
    let (client, local) = (inet("127.0.0.1:54420"), inet("127.0.0.1:80"));
    assert_eq!(
        text(CLFLOG, &record(&client, &local)),
        "127.0.0.1 - - [21/Nov/2026:01:18:44 +0000] \"GET /a?b=#22c#22&d HTTP/1.1\" 200 54 \"\" \"\" \
         54420 024 \"h\" \"be\" \"s1\" 1 0 2 3 7 ---- 4 3 2 1 0 0 0 \"\" \"\" "
    );
}

#[test]
fn the_default_line_is_short_and_unix_clients_are_named_by_the_listener() {
    let (client, local) = (SockAddr::Unnamed, inet("127.0.0.1:28182"));
    let mut out = Vec::new();
    write_default(&mut out, &record(&client, &local));
    assert_eq!(out, b"Connect from unix:1 to 127.0.0.1:28182 (h/HTTP)");
}

#[test]
fn a_failed_request_shows_what_was_not_reached() {
    let (client, local) = (inet("127.0.0.1:60098"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.timers = Timers { active_ms: 0, ..Timers::UNREACHED };
    r.backend = "h";
    (r.server, r.request_line) = (None, None);
    (r.status, r.bytes_out, r.flags) = (400, 0, *b"PR--");
    let line = text(HTTPLOG, &r);
    assert!(line.ends_with(" h h/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 4/3/2/1/0 0/0 \"<BADREQ>\""), "{line}");
    assert_eq!(text("%HM %HP %HPO %HQ %HU %HV", &r), ["<BADREQ>"; 6].join(" "));
    assert_eq!(text("%Tq %Td %s %{+Q}s", &r), "-1 -1 <NOSRV> \"<NOSRV>\"");
}

#[test]
fn logasap_marks_the_figures_that_will_still_grow() {
    let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.asap = true;
    assert!(text(HTTPLOG, &r).contains(" 1/0/2/3/+7 200 +54 - - "));
    assert!(text(TCPLOG, &r).contains(" 0/2/+9 +54 -- "));
    assert_eq!(text("%B %U %Ta %Tt %Td %Tu %Tq", &r), "+54 21 +7 +9 1 +7 3");
}

#[test]
fn blanks_are_one_and_none_begins_a_line_or_surrounds_nothing() {
    assert_eq!(usual("  a   b%s    %b  c  %%%% d "), "a bs1 be c %% d ");
    assert_eq!(usual("%hr %hs x"), "x");
    assert_eq!(usual("a %hr %hrl %{+Q}hs b"), "a b");
    assert_eq!(usual("%hr"), "");
    assert_eq!(usual("x%{+X}o/%{-X}o/"), "x//");
}

#[test]
fn an_empty_value_is_a_value() {
    let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.request_line = Some(b"GET /p HTTP/1.1");
    assert_eq!(text("%HQ %s|x %HQ %ST|%{+Q}HQ", &r), " s1|x  200|\"\"");
}

#[test]
fn quoting_is_for_text_and_hexadecimal_for_numbers_that_name_things() {
    assert_eq!(usual("%{+Q}o%b %ci %cp %ST %Ts %lc %tsc"), "\"be\" \"127.0.0.1\" 291 200 1795223923 3 ----");
    assert_eq!(usual("%{+Q}o%ID %bi %si %CC %sslc"), "\"\" \"\" \"\" \"\" \"\"");
    assert_eq!(usual("%ID %bi %bp %si %sp %CC %CS %sslc %sslv"), "- - - - - - - - -");
    assert_eq!(
        usual("%{+X}o%ci %cp %fi %fp %Ts %ms %pid %rt %lc %ST %rc %TR"),
        "7F000001 0123 00000000000000000000000000000001 0050 6B00F173 18 1235 001A 0003 200 0 1"
    );
    assert_eq!(usual("%{+Q,+X}ci"), "7F000001");
    assert_eq!(usual("%pid %rt %lc %ms %H"), "4661 26 3 024 box");
}

#[test]
fn parts_of_the_request_line() {
    let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.request_line = Some(b"GET http://exa.mple/p/a?q=1 HTTP/1.0");
    assert_eq!(
        text("%HM %HU %HP %HPO %HQ %HV", &r),
        "GET http://exa.mple/p/a?q=1 http://exa.mple/p/a /p/a ?q=1 HTTP/1.0"
    );
    r.request_line = Some(b"OPTIONS * HTTP/1.1");
    assert_eq!(text("%HPO|%HP", &r), "|*");
    r.request_line = Some(b"GET /a://b/c HTTP/1.1");
    assert_eq!(text("%HPO", &r), "/a://b/c");
}

#[test]
fn the_servers_ends() {
    let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.back_source = Some(inet("10.0.0.1:5"));
    r.server_address = Some(inet("[::2]:81"));
    assert_eq!(text("%bi:%bp %si:%sp %{+X}bi", &r), "10.0.0.1:5 ::2:81 0A000001");
}

#[test]
fn captures_stand_in_braces_or_as_a_list() {
    let header = |name: &str| Capture { name: name.into(), len_max: 30 };
    let wanted = Captures { request: vec![header("x-q"), header("none")], ..Captures::default() };
    let mut captured = Captured::default();
    captured.take_request(&wanted, [(&b"X-Q"[..], &b"a \"]\\#|{} v"[..])].into_iter());
    let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.captured = Some(&captured);
    assert_eq!(text("%hr %hs x", &r), "{a #22]\\#23#7C#7B#7D v|} x");
    assert_eq!(text("%hrl %hsl x", &r), "a #22]\\#23#7C#7B#7D v - x");
    assert_eq!(text("%{+Q}hr %{+Q}hrl", &r), "\"{a #22]\\#23#7C#7B#7D v|}\" \"a #22]\\#23#7C#7B#7D v\" \"\"");
    assert_eq!(text("%{+E}hr", &r), "{a #22\\]\\\\#23#7C#7B#7D v|}");
}

#[test]
fn an_id_is_written_as_it_was_made_and_escaped_where_asked() {
    let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.unique_id = Some(b"a\"]\\b");
    assert_eq!(text("%ID|%{+Q}ID|%{+E}ID", &r), "a\"]\\b|\"a\"]\\b\"|a\\\"\\]\\\\b");
}

#[test]
fn what_could_break_a_line_is_escaped() {
    let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
    let mut r = record(&client, &local);
    r.request_line = Some(b"a\x00\x1f\"#\x7e\x7f\x80\xff{|}\\");
    assert_eq!(text("%r", &r), "a#00#1F#22#23~#7F#80#FF{|}\\");
}
