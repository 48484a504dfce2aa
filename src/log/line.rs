//! The text of a session's line, byte for byte as the reference writes it (configuration.txt 8.2).
//!
//! Nothing here allocates as long as `out` has room.

use super::record::Record;
use crate::base::clock::Clock;
use crate::base::date::LocalTime;
use crate::settings::LogLine;
use crate::sys::addr::SockAddr;
use std::io::Write as _;
use std::net::IpAddr;

/// Stands for a server that was never chosen.
const NO_SERVER: &str = "<NOSRV>";

/// Stands for a request line that never was one.
const BAD_REQUEST: &[u8] = b"<BADREQ>";

/// Appends the text that `kind` asks for, without priority, date and tag in front and without a
/// line feed.
pub fn write(out: &mut Vec<u8>, kind: LogLine, record: &Record<'_>, clock: &Clock) {
    match kind {
        LogLine::Default => write_default(out, record),
        LogLine::Tcp => write_tcp(out, record, clock),
        LogLine::Http => write_http(out, record, clock),
        LogLine::Clf => write_clf(out, record),
    }
}

/// `Connect from 10.0.0.1:1234 to 10.0.0.2:80 (www/HTTP)`
fn write_default(out: &mut Vec<u8>, r: &Record<'_>) {
    out.extend_from_slice(b"Connect from ");
    push_address(out, r.client, r.listener_id, b':');
    out.extend_from_slice(b" to ");
    push_address(out, r.local, r.listener_id, b':');
    out.extend_from_slice(b" (");
    out.extend_from_slice(r.frontend.as_bytes());
    out.push(b'/');
    out.extend_from_slice(r.mode.as_bytes());
    out.push(b')');
}

/// `%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq`
fn write_tcp(out: &mut Vec<u8>, r: &Record<'_>, clock: &Clock) {
    push_address(out, r.client, r.listener_id, b':');
    out.extend_from_slice(b" [");
    clock.local(r.accept).push_log(out);
    out.extend_from_slice(b"] ");
    push_path(out, r);
    push_int(out, r.timers.queue_ms, b'/');
    push_int(out, r.timers.connect_ms, b'/');
    push_asap(out, r);
    push_int(out, r.timers.total_ms, b' ');
    push_asap(out, r);
    push_uint(out, r.bytes_out, b' ');
    out.extend_from_slice(&r.flags[..2]);
    out.push(b' ');
    push_load(out, r, b'/');
    push_uint(out, r.load.srv_queue, b'/');
    push_last_uint(out, r.load.backend_queue);
}

/// `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq
/// %hr %hs "%r"`, the captures left out as long as there are none to write.
fn write_http(out: &mut Vec<u8>, r: &Record<'_>, clock: &Clock) {
    push_address(out, r.client, r.listener_id, b':');
    out.extend_from_slice(b" [");
    clock.local(r.request).push_log(out);
    out.extend_from_slice(b"] ");
    push_path(out, r);
    push_http_times(out, r, b'/');
    push_int(out, r.status.into(), b' ');
    push_asap(out, r);
    push_uint(out, r.bytes_out, b' ');
    push_cookie(out, r.request_cookie);
    push_cookie(out, r.response_cookie);
    out.extend_from_slice(&r.flags);
    out.push(b' ');
    push_load(out, r, b'/');
    push_uint(out, r.load.srv_queue, b'/');
    push_uint(out, r.load.backend_queue, b' ');
    push_request_line(out, r);
}

/// The same facts behind those that readers of the common log format expect.
fn write_clf(out: &mut Vec<u8>, r: &Record<'_>) {
    push_host(out, r.client);
    out.extend_from_slice(b" - - [");
    LocalTime::new(r.request.secs, r.request.micros, 0).push_clf(out);
    out.extend_from_slice(b"] ");
    push_request_line(out, r);
    out.push(b' ');
    push_int(out, r.status.into(), b' ');
    push_asap(out, r);
    push_uint(out, r.bytes_out, b' ');
    out.extend_from_slice(b"\"\" \"\" ");
    push_port(out, r.client, r.listener_id);
    let ms = r.accept.micros / 1000 % 1000;
    out.extend_from_slice(&[b' ', digit(ms / 100), digit(ms / 10), digit(ms), b' ']);
    for name in [r.frontend, r.backend, r.server.unwrap_or(NO_SERVER)] {
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\" ");
    }
    push_http_times(out, r, b' ');
    out.extend_from_slice(&r.flags);
    out.push(b' ');
    push_load(out, r, b' ');
    push_uint(out, r.load.srv_queue, b' ');
    push_uint(out, r.load.backend_queue, b' ');
    for cookie in [r.request_cookie, r.response_cookie] {
        out.push(b'"');
        push_escaped(out, cookie.unwrap_or_default());
        out.extend_from_slice(b"\" ");
    }
}

/// `frontend backend/server `
fn push_path(out: &mut Vec<u8>, r: &Record<'_>) {
    out.extend_from_slice(r.frontend.as_bytes());
    out.push(b' ');
    out.extend_from_slice(r.backend.as_bytes());
    out.push(b'/');
    out.extend_from_slice(r.server.unwrap_or(NO_SERVER).as_bytes());
    out.push(b' ');
}

/// `TR/Tw/Tc/Tr/Ta `
fn push_http_times(out: &mut Vec<u8>, r: &Record<'_>, separator: u8) {
    let t = &r.timers;
    for ms in [t.request_ms, t.queue_ms, t.connect_ms, t.response_ms] {
        push_int(out, ms, separator);
    }
    push_asap(out, r);
    push_int(out, t.active_ms, b' ');
}

/// `ac/fc/bc/sc/rc `
fn push_load(out: &mut Vec<u8>, r: &Record<'_>, separator: u8) {
    let load = &r.load;
    for count in [load.actconn, load.feconn, load.beconn, load.srvconn] {
        push_uint(out, count, separator);
    }
    if load.redispatched {
        out.push(b'+');
    }
    push_uint(out, load.retries.into(), b' ');
}

fn push_request_line(out: &mut Vec<u8>, r: &Record<'_>) {
    out.push(b'"');
    push_escaped(out, r.request_line.unwrap_or(BAD_REQUEST));
    out.push(b'"');
}

fn push_cookie(out: &mut Vec<u8>, cookie: Option<&[u8]>) {
    push_escaped(out, cookie.unwrap_or(b"-"));
    out.push(b' ');
}

fn push_asap(out: &mut Vec<u8>, r: &Record<'_>) {
    if r.asap {
        out.push(b'+');
    }
}

/// Appends `text`; what a reader of the line could take for something else becomes `#` and two hex
/// digits: control bytes, bytes above 126, `"` and `#`.
pub fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if matches!(byte, b'"' | b'#' | ..=31 | 127..) {
            out.extend_from_slice(&[b'#', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.push(byte);
        }
    }
}

/// Host and port, IPv6 without brackets; `unix:` and the listener's id for all unix sockets.
pub fn push_address(out: &mut Vec<u8>, address: &SockAddr, listener_id: u32, separator: u8) {
    push_host(out, address);
    out.push(separator);
    push_port(out, address, listener_id);
}

fn push_host(out: &mut Vec<u8>, address: &SockAddr) {
    // Writing to a Vec cannot fail.
    let _ = match address.ip() {
        Some(IpAddr::V4(ip)) => write!(out, "{ip}"),
        Some(IpAddr::V6(ip)) => write!(out, "{ip}"),
        None => write!(out, "unix"),
    };
}

fn push_port(out: &mut Vec<u8>, address: &SockAddr, listener_id: u32) {
    let port = address.inet().map_or(listener_id, |inet| inet.port().into());
    push_last_uint(out, port.into());
}

fn push_int(out: &mut Vec<u8>, value: i64, after: u8) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    out.push(after);
}

fn push_uint(out: &mut Vec<u8>, value: u64, after: u8) {
    push_last_uint(out, value);
    out.push(after);
}

fn push_last_uint(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn digit(value: u32) -> u8 {
    b'0' + (value % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::WallTime;
    use crate::log::record::{Load, Timers};

    fn record<'a>(client: &'a SockAddr, local: &'a SockAddr) -> Record<'a> {
        Record {
            client,
            local,
            listener_id: 1,
            accept: WallTime { secs: 1_795_223_923, micros: 504_999 },
            request: WallTime { secs: 1_795_223_923, micros: 353_001 },
            frontend: "h",
            mode: "HTTP",
            backend: "be",
            server: Some("s1"),
            timers: Timers {
                request_ms: 1,
                queue_ms: 0,
                connect_ms: 2,
                response_ms: 3,
                active_ms: 7,
                total_ms: 9,
                ..Timers::UNREACHED
            },
            status: 200,
            bytes_out: 54,
            bytes_in: 0,
            request_cookie: None,
            response_cookie: None,
            flags: *b"----",
            load: Load { actconn: 4, feconn: 3, beconn: 2, srvconn: 1, ..Load::default() },
            request_line: Some(b"GET /a?b=\"c\"&d HTTP/1.1"),
            asap: false,
        }
    }

    fn inet(text: &str) -> SockAddr {
        SockAddr::Inet(text.parse().unwrap())
    }

    fn text(kind: LogLine, record: &Record<'_>) -> String {
        let mut out = Vec::new();
        write(&mut out, kind, record, &Clock::new());
        String::from_utf8(out).unwrap()
    }

    fn date(record: &Record<'_>, wall: WallTime) -> String {
        let mut out = Vec::new();
        let _ = record;
        Clock::new().local(wall).push_log(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn httplog_has_the_fields_of_the_reference() {
        let (client, local) = (inet("127.0.0.1:58226"), inet("127.0.0.1:80"));
        let r = record(&client, &local);
        let when = date(&r, r.request);
        assert_eq!(
            text(LogLine::Http, &r),
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
        let when = date(&r, r.accept);
        assert_eq!(
            text(LogLine::Tcp, &r),
            format!("2001:db8::1:5 [{when}] h be/s1 0/-1/9 54 sC 4/3/2/1/+3 0/0")
        );
    }

    #[test]
    fn clf_quotes_names_and_tells_the_date_in_utc() {
        let (client, local) = (inet("127.0.0.1:54420"), inet("127.0.0.1:80"));
        assert_eq!(
            text(LogLine::Clf, &record(&client, &local)),
            "127.0.0.1 - - [21/Nov/2026:01:18:43 +0000] \"GET /a?b=#22c#22&d HTTP/1.1\" 200 54 \"\" \"\" \
             54420 504 \"h\" \"be\" \"s1\" 1 0 2 3 7 ---- 4 3 2 1 0 0 0 \"\" \"\" "
        );
    }

    #[test]
    fn the_default_line_is_short_and_unix_clients_are_named_by_the_listener() {
        let (client, local) = (SockAddr::Unnamed, inet("127.0.0.1:28182"));
        assert_eq!(
            text(LogLine::Default, &record(&client, &local)),
            "Connect from unix:1 to 127.0.0.1:28182 (h/HTTP)"
        );
    }

    #[test]
    fn a_failed_request_shows_what_was_not_reached() {
        let (client, local) = (inet("127.0.0.1:60098"), inet("127.0.0.1:80"));
        let mut r = record(&client, &local);
        r.timers = Timers { active_ms: 0, ..Timers::UNREACHED };
        r.backend = "h";
        (r.server, r.request_line) = (None, None);
        (r.status, r.bytes_out, r.flags) = (400, 0, *b"PR--");
        assert!(
            text(LogLine::Http, &r)
                .ends_with(" h h/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 4/3/2/1/0 0/0 \"<BADREQ>\"")
        );
    }

    #[test]
    fn logasap_marks_the_figures_that_will_still_grow() {
        let (client, local) = (inet("127.0.0.1:1"), inet("127.0.0.1:80"));
        let mut r = record(&client, &local);
        r.asap = true;
        assert!(text(LogLine::Http, &r).contains(" 1/0/2/3/+7 200 +54 - - "));
        assert!(text(LogLine::Tcp, &r).contains(" 0/2/+9 +54 -- "));
        assert!(text(LogLine::Clf, &r).contains(" 200 +54 \"\" "));
        assert!(text(LogLine::Clf, &r).contains(" 1 0 2 3 +7 ---- "));
    }

    #[test]
    fn what_could_break_a_line_is_escaped() {
        let mut out = Vec::new();
        push_escaped(&mut out, b"a b\x00\x1f\"#\x7e\x7f\x80\xff{|}\\");
        assert_eq!(out, b"a b#00#1F#22#23~#7F#80#FF{|}\\");
    }
}
