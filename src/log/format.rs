//! Writes a line from a compiled format, byte for byte as the reference does (configuration.txt 8.2.6).
//!
//! Nothing here allocates as long as `out` has room.

use super::record::{Record, UNREACHED};
use crate::base::clock::{Clock, WallTime};
use crate::base::date::LocalTime;
use crate::settings::log_format::{Flags, Format, Tag, Token};
use crate::sys::addr::SockAddr;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};

/// Stands for a server that was never chosen.
const NO_SERVER: &str = "<NOSRV>";

/// Stands for a request line that never was one.
const BAD_REQUEST: &[u8] = b"<BADREQ>";

/// Who writes the line.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Name of the machine (`%H`).
    pub host: &'a str,
    /// `%pid`.
    pub pid: u32,
    /// Time zone and date.
    pub clock: &'a Clock,
}

/// Appends the text of `format`, without priority, date and tag in front and without a line feed.
pub fn write(out: &mut Vec<u8>, format: &Format, record: &Record<'_>, writer: Writer<'_>) {
    let mut after_blank = true;
    for token in &format.tokens {
        match token {
            Token::Text { start, end } => {
                let text = format.text.as_bytes().get(*start as usize..*end as usize);
                out.extend_from_slice(text.unwrap_or_default());
                after_blank = false;
            }
            Token::Byte(byte) => {
                out.push(*byte);
                after_blank = false;
            }
            Token::Separator if after_blank => {}
            Token::Separator => {
                out.push(b' ');
                after_blank = true;
            }
            Token::Value(tag, flags) => {
                // A list of captures may have nothing to write; any other value counts, even an empty one.
                after_blank &= !value(&mut Out { out, flags: *flags }, *tag, record, writer);
            }
        }
    }
}

/// Appends `Connect from 10.0.0.1:1234 to 10.0.0.2:80 (www/HTTP)`: the line of a proxy that asks for none.
pub fn write_default(out: &mut Vec<u8>, r: &Record<'_>) {
    out.extend_from_slice(b"Connect from ");
    push_address(out, r.client, r.listener_id, b':');
    out.extend_from_slice(b" to ");
    push_address(out, r.local, r.listener_id, b':');
    for part in [" (", r.frontend, "/", r.mode, ")"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends host and port, IPv6 without brackets; `unix` and the listener's id for all unix sockets.
pub fn push_address(out: &mut Vec<u8>, address: &SockAddr, listener_id: u32, separator: u8) {
    let mut out = Out { out, flags: Flags::default() };
    out.ip(Some(address));
    out.raw(&[separator]);
    out.port(address, listener_id);
}

/// Writes the value of `tag`; false when there was nothing to write.
fn value(out: &mut Out<'_>, tag: Tag, r: &Record<'_>, w: Writer<'_>) -> bool {
    let (t, load) = (&r.timers, &r.load);
    let plus = r.asap.then_some(b'+');
    match tag {
        Tag::BytesOut => out.uint_after(plus, r.bytes_out),
        Tag::BytesIn => out.uint(r.bytes_in),
        Tag::Status => out.int(r.status.into()),
        Tag::ActiveMs => out.int_after(plus, t.active_ms),
        Tag::TotalMs => out.int_after(plus, t.total_ms),
        Tag::UserMs => out.int_after(plus, (t.total_ms - t.idle_ms.max(0)).max(UNREACHED)),
        Tag::ConnectMs => out.int(t.connect_ms),
        Tag::DataMs => out.int(t.data_ms),
        Tag::HandshakeMs => out.int(t.handshake_ms),
        Tag::IdleMs => out.int(t.idle_ms),
        Tag::HeadMs => out.int(head_ms(r)),
        Tag::RequestMs => out.int(t.request_ms),
        Tag::ResponseMs => out.int(t.response_ms),
        Tag::QueueMs => out.int(t.queue_ms),
        Tag::ActConn => out.uint(load.actconn),
        Tag::FrontendConns => out.uint(load.feconn),
        Tag::BackendConns => out.uint(load.beconn),
        Tag::ServerConns => out.uint(load.srvconn),
        Tag::ServerQueue => out.uint(load.srv_queue),
        Tag::BackendQueue => out.uint(load.backend_queue),
        Tag::Retries => out.uint_after(load.redispatched.then_some(b'+'), load.retries.into()),
        Tag::RequestCounter => out.counter(r.request_counter),
        Tag::LogCounter => out.counter(r.log_counter),
        Tag::Pid => out.counter(w.pid),
        Tag::Flags => out.raw(&r.flags[..2]),
        Tag::FlagsWithCookies => out.raw(&r.flags),
        Tag::Timestamp => out.timestamp(r.accept),
        Tag::Millis => out.millis(r.accept),
        _ => return text_value(out, tag, r, w),
    }
    true
}

/// Names, addresses, dates and what the messages said.
fn text_value(out: &mut Out<'_>, tag: Tag, r: &Record<'_>, w: Writer<'_>) -> bool {
    match tag {
        Tag::Frontend | Tag::FrontendTransport => out.text(r.frontend.as_bytes()),
        Tag::Backend => out.text(r.backend.as_bytes()),
        Tag::Server => out.text(r.server.unwrap_or(NO_SERVER).as_bytes()),
        Tag::HostName => out.text(w.host.as_bytes()),
        Tag::UniqueId => out.text(r.unique_id.unwrap_or_default()),
        // There is no TLS.
        Tag::TlsCiphers | Tag::TlsVersion => out.text(b""),
        Tag::ClientIp => out.ip(Some(r.client)),
        Tag::ClientPort => out.port(r.client, r.listener_id),
        Tag::FrontendIp => out.ip(Some(r.local)),
        Tag::FrontendPort => out.port(r.local, r.listener_id),
        Tag::BackendSourceIp => out.ip(r.back_source.as_ref()),
        Tag::BackendSourcePort => out.port_or_dash(r.back_source.as_ref()),
        Tag::ServerIp => out.ip(r.server_address.as_ref()),
        Tag::ServerPort => out.port_or_dash(r.server_address.as_ref()),
        Tag::AcceptDate => w.clock.local(r.accept).push_log(out.out),
        Tag::RequestDate => w.clock.local(r.request).push_log(out.out),
        Tag::DateUtc => utc(r.accept).push_clf(out.out),
        Tag::RequestDateUtc => utc(r.request).push_clf(out.out),
        Tag::DateLocal => w.clock.local(r.accept).push_clf(out.out),
        Tag::RequestDateLocal => w.clock.local(r.request).push_clf(out.out),
        Tag::RequestLine => out.encoded(r.request_line.unwrap_or(BAD_REQUEST)),
        Tag::Method => out.encoded(word(r, 0)),
        Tag::Uri => out.encoded(word(r, 1)),
        Tag::HttpVersion => out.encoded(word(r, 2)),
        Tag::UriWithoutQuery => out.encoded(split_query(word(r, 1)).0),
        Tag::Path => out.encoded(path(split_query(word(r, 1)).0)),
        Tag::Query => match r.request_line {
            Some(_) => out.encoded(split_query(word(r, 1)).1),
            None => out.encoded(BAD_REQUEST),
        },
        Tag::RequestCookie => out.cookie(r.captured.and_then(|c| c.request_cookie())),
        Tag::ResponseCookie => out.cookie(r.captured.and_then(|c| c.response_cookie())),
        Tag::RequestHeaders => return r.captured.is_some_and(|c| out.block(c.request())),
        Tag::ResponseHeaders => return r.captured.is_some_and(|c| out.block(c.response())),
        Tag::RequestHeadersList => return r.captured.is_some_and(|c| out.list(c.request())),
        Tag::ResponseHeadersList => return r.captured.is_some_and(|c| out.list(c.response())),
        // the rest are numbers
        _ => {}
    }
    true
}

fn utc(wall: WallTime) -> LocalTime {
    LocalTime::new(wall.secs, wall.micros, 0)
}

/// `Tq`: all that came before the request was whole.
fn head_ms(r: &Record<'_>) -> i64 {
    match r.timers.request_ms {
        ms if ms < 0 => UNREACHED,
        ms => r.timers.handshake_ms.max(0) + r.timers.idle_ms.max(0) + ms,
    }
}

/// Word `n` of the request line; what stands for a bad one where there is none.
fn word<'a>(r: &Record<'a>, n: usize) -> &'a [u8] {
    let line = r.request_line.unwrap_or_default();
    line.split(|byte| *byte == b' ').nth(n).filter(|w| !w.is_empty()).unwrap_or(BAD_REQUEST)
}

/// What stands before the question mark, and the rest with it.
fn split_query(uri: &[u8]) -> (&[u8], &[u8]) {
    uri.split_at(memchr::memchr(b'?', uri).unwrap_or(uri.len()))
}

/// The path of a request target: behind scheme and authority where it has them. `*` and a lone authority have none.
fn path(uri: &[u8]) -> &[u8] {
    if uri.starts_with(b"/") {
        return uri;
    }
    let Some(at) = uri.windows(3).position(|w| w == b"://") else {
        return if uri == BAD_REQUEST { uri } else { b"" };
    };
    let authority = uri.get(at + 3..).unwrap_or_default();
    memchr::memchr(b'/', authority).map_or(b"", |slash| &authority[slash..])
}

/// Bytes that stand for themselves in no encoded text.
const fn is_reserved(byte: u8) -> bool {
    matches!(byte, b'"' | b'#' | ..=31 | 127..)
}

/// The line being written, and how the value at hand is to be written.
struct Out<'a> {
    out: &'a mut Vec<u8>,
    flags: Flags,
}

impl Out<'_> {
    #[inline]
    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn quote(&mut self) {
        if self.flags.quote {
            self.out.push(b'"');
        }
    }

    /// Text of ours or of the operator; nothing is a `-` unless quoted.
    fn text(&mut self, text: &[u8]) {
        self.quote();
        if text.is_empty() && !self.flags.quote && !self.flags.bare {
            self.out.push(b'-');
        }
        match self.flags.escape {
            false => self.raw(text),
            true => self.push_escaped(text),
        }
        self.quote();
    }

    fn push_escaped(&mut self, text: &[u8]) {
        for &byte in text {
            if matches!(byte, b'"' | b'\\' | b']') {
                self.out.push(b'\\');
            }
            self.out.push(byte);
        }
    }

    /// Text of a message: what a reader of the line could take for something else becomes `#` and two
    /// hex digits.
    fn encoded(&mut self, text: &[u8]) {
        self.quote();
        self.push_encoded(text, b"");
        self.quote();
    }

    fn push_encoded(&mut self, text: &[u8], also: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let escape = self.flags.escape;
        let is_special =
            |byte: u8| is_reserved(byte) || also.contains(&byte) || (escape && matches!(byte, b'\\' | b']'));
        let mut rest = text;
        while let Some(at) = rest.iter().position(|byte| is_special(*byte)) {
            let byte = rest[at];
            self.out.extend_from_slice(&rest[..at]);
            if is_reserved(byte) || also.contains(&byte) {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                self.out.extend_from_slice(&[b'#', high, low]);
            } else {
                self.out.extend_from_slice(&[b'\\', byte]);
            }
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
    }

    fn cookie(&mut self, cookie: Option<&[u8]>) {
        match cookie {
            Some(cookie) => self.encoded(cookie),
            None => self.text(b""),
        }
    }

    /// `{a|b}`; nothing when nothing is captured.
    fn block<'a>(&mut self, values: impl ExactSizeIterator<Item = Option<&'a [u8]>>) -> bool {
        if values.len() == 0 {
            return false;
        }
        self.quote();
        for (at, value) in values.enumerate() {
            self.out.push(if at == 0 { b'{' } else { b'|' });
            self.push_encoded(value.unwrap_or_default(), b"{|}");
        }
        self.out.push(b'}');
        self.quote();
        true
    }

    /// `a b`, each one a value of its own.
    fn list<'a>(&mut self, values: impl ExactSizeIterator<Item = Option<&'a [u8]>>) -> bool {
        let any = values.len() > 0;
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.out.push(b' ');
            }
            let Some(value) = value else {
                self.text(b"");
                continue;
            };
            self.quote();
            self.push_encoded(value, b"{|}");
            self.quote();
        }
        any
    }

    /// An address, IPv6 without brackets; `unix` for all unix sockets.
    fn ip(&mut self, address: Option<&SockAddr>) {
        let Some(address) = address else { return self.text(b"") };
        if self.flags.hex {
            return match address.ip() {
                Some(IpAddr::V4(ip)) => self.hex(&ip.octets()),
                Some(IpAddr::V6(ip)) => self.hex(&ip.octets()),
                None => {}
            };
        }
        self.quote();
        match address.ip() {
            Some(IpAddr::V4(ip)) => {
                for (at, octet) in ip.octets().into_iter().enumerate() {
                    if at > 0 {
                        self.out.push(b'.');
                    }
                    self.uint(octet.into());
                }
            }
            // Writing to a Vec cannot fail.
            Some(IpAddr::V6(ip)) => drop(write!(self.out, "{ip}")),
            None => self.raw(b"unix"),
        }
        self.quote();
    }

    fn hex(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let _ = write!(self.out, "{byte:02X}");
        }
    }

    /// A port; the listener's id stands for it at unix sockets.
    fn port(&mut self, address: &SockAddr, listener_id: u32) {
        match (address.inet(), self.flags.hex) {
            (Some(inet), true) => self.hex(&inet.port().to_be_bytes()),
            (None, true) => {}
            (inet, false) => {
                self.uint(inet.map_or(listener_id, |inet: SocketAddr| inet.port().into()).into())
            }
        }
    }

    fn port_or_dash(&mut self, address: Option<&SockAddr>) {
        match address.filter(|a| a.inet().is_some()) {
            Some(address) => self.port(address, 0),
            None => self.text(b""),
        }
    }

    fn counter(&mut self, value: u32) {
        match self.flags.hex {
            true => drop(write!(self.out, "{value:04X}")),
            false => self.uint(value.into()),
        }
    }

    fn timestamp(&mut self, wall: WallTime) {
        match self.flags.hex {
            true => drop(write!(self.out, "{:04X}", wall.secs)),
            false => self.int(wall.secs),
        }
    }

    fn millis(&mut self, wall: WallTime) {
        let ms = wall.micros / 1000 % 1000;
        match self.flags.hex {
            // Writing to a Vec cannot fail.
            true => drop(write!(self.out, "{ms:02X}")),
            false => self.raw(&[ms / 100, ms / 10 % 10, ms % 10].map(|digit| b'0' + digit as u8)),
        }
    }

    fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.uint(value),
            Err(_) => self.raw(itoa::Buffer::new().format(value).as_bytes()),
        }
    }

    fn int_after(&mut self, before: Option<u8>, value: i64) {
        self.out.extend(before);
        self.int(value);
    }

    #[inline]
    fn uint(&mut self, value: u64) {
        match value {
            // Most figures of a line are this small.
            0..=9 => self.out.push(b'0' + value as u8),
            _ => self.raw(itoa::Buffer::new().format(value).as_bytes()),
        }
    }

    fn uint_after(&mut self, before: Option<u8>, value: u64) {
        self.out.extend(before);
        self.uint(value);
    }
}

#[cfg(test)]
mod tests;
