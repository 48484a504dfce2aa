//! What a forwarding proxy changes in a head, and nothing else.
//!
//! The start line keeps its version, so the `Connection` header follows the version of the message, as the
//! reference does in its default keep-alive mode. `close` and `keep-alive` of the sender are always taken out
//! (they are about the other hop), other tokens stay:
//!
//! | message | to be kept | to be closed |
//! |---|---|---|
//! | HTTP/1.1 request | (none) | `connection: close` |
//! | HTTP/1.0 request | `connection: keep-alive` | (none) |
//! | HTTP/1.1 response to HTTP/1.1 | (none) | `connection: close` |
//! | HTTP/1.1 response to HTTP/1.0 | `connection: keep-alive` | `connection: close` |
//! | HTTP/1.0 response to either | `connection: keep-alive` | (none) |
//! | 1xx response, tunnel either way, `upgrade` named | (none) | (none) |
//!
//! What another implementation might read otherwise is made plain before it goes on: lists of equal lengths become
//! one length, `Transfer-Encoding` exactly `chunked`, and `plain` sees to line ends and folded values.

use super::edit::Edits;
use super::fields::{Fields, HeaderField, Known, Range16};
use super::framing::{Asked, Body, Mend, RequestFraming, ResponseFraming};
use super::head::{Method, RequestHead, ResponseHead, Version};
use super::target::TargetForm;
use super::values::{elements, is_hop_token, te_trailers, trim};

const CLOSE: &[u8] = b"connection: close\r\n";
const KEEP: &[u8] = b"connection: keep-alive\r\n";

/// What becomes of the connection that a head is sent on. The client's is kept when both
/// `RequestFraming::keep_alive` and `ResponseFraming::client_keep_alive` say so, the server's when both
/// `RequestFraming::server_keep_alive` and `ResponseFraming::keep_alive` do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It may carry another exchange.
    Keep,
    /// It is closed after this one.
    Close,
}

/// Adds to `edits` what the request needs before it goes to a server over a connection with the fate `link`.
/// Adds nothing when the bytes can go as they came. A request that may become a tunnel gets no `Connection` of ours.
pub fn request_edits(
    head: &RequestHead,
    bytes: &[u8],
    framing: &RequestFraming,
    link: Link,
    edits: &mut Edits,
) {
    let mend = framing.mend;
    if !mend.is_empty() {
        if let Some((range, text)) = target_change(head, bytes, framing) {
            let base = head.target.start;
            edits.replace(Range16 { start: base + range.start, end: base + range.end }, text);
        }
        fields(&head.fields, bytes, mend, host_text(head, bytes, framing), edits);
    }
    let line: &[u8] = match (head.version, link) {
        _ if framing.names_upgrade => b"",
        (Version::V11, Link::Keep) | (Version::V10, Link::Close) => b"",
        (Version::V11, Link::Close) => CLOSE,
        (Version::V10, Link::Keep) => KEEP,
    };
    if !line.is_empty() {
        edits.insert(head.fields.end(), line);
    }
}

/// Adds to `edits` what the response needs before it goes to the client over a connection with the fate `link`.
pub fn response_edits(
    head: &ResponseHead,
    bytes: &[u8],
    framing: &ResponseFraming,
    asked: Asked,
    link: Link,
    edits: &mut Edits,
) {
    let mend = framing.mend;
    if !mend.is_empty() {
        fields(&head.fields, bytes, mend, None, edits);
    }
    let line: &[u8] = match framing.interim || framing.body == Body::Tunnel || framing.names_upgrade {
        true => b"",
        false => response_connection(head.version, asked.version, link),
    };
    if !line.is_empty() {
        edits.insert(head.fields.end(), line);
    }
}

/// The `connection` line of a response of `version` to a client that speaks `client`; may be empty.
pub fn response_connection(version: Version, client: Version, link: Link) -> &'static [u8] {
    match (version, link) {
        (Version::V11, Link::Close) => CLOSE,
        (Version::V11, Link::Keep) if client == Version::V10 => KEEP,
        (Version::V10, Link::Keep) => KEEP,
        (Version::V11, Link::Keep) | (Version::V10, Link::Close) => b"",
    }
}

/// What normalises the target, as the bytes within it that go and those that come instead: a default port goes, an empty
/// path becomes `/`.
pub fn target_change(
    head: &RequestHead,
    bytes: &[u8],
    framing: &RequestFraming,
) -> Option<(Range16, &'static [u8])> {
    if !framing.mend.has(Mend::TARGET) || framing.target.form != TargetForm::Absolute {
        return None;
    }
    let authority = framing.target.authority;
    let slash: &[u8] =
        if framing.target.path.is_empty() && head.method != Method::Options { b"/" } else { b"" };
    let kept = framing.target.normalised_host(head.target.of(bytes)).map_or(authority.end, |host| host.end);
    Some((Range16 { start: kept, end: authority.end }, slash))
}

/// What `Host` must say when the target's authority was normalised.
fn host_text<'a>(head: &RequestHead, bytes: &'a [u8], framing: &RequestFraming) -> Option<&'a [u8]> {
    if !framing.mend.has(Mend::TARGET) {
        return None;
    }
    let target = head.target.of(bytes);
    framing.target.normalised_host(target).map(|host| host.of(target))
}

/// One pass over the lines, each of which gets at most one edit per place.
fn fields(fields: &Fields, bytes: &[u8], mend: Mend, host: Option<&[u8]>, edits: &mut Edits) {
    let mut seen = 0u32;
    for field in fields.list() {
        let first = field.known == Known::Other || seen & field.known.bit() == 0;
        seen |= field.known.bit();
        let value = field.value.of(bytes);
        let verdict = match field.known {
            Known::Host => host_line(value, first, host),
            Known::ContentLength => length_line(value, first, mend, fields.has(Known::TransferEncoding)),
            Known::TransferEncoding if mend.has(Mend::BODILESS) => Line::Delete,
            Known::TransferEncoding if mend.has(Mend::CODING) => {
                if first {
                    Line::Value(b"chunked")
                } else {
                    Line::Delete
                }
            }
            Known::Te if value == b"trailers" => Line::Keep,
            Known::Te => {
                if te_trailers(value) {
                    Line::Value(b"trailers")
                } else {
                    Line::Delete
                }
            }
            Known::Connection if mend.has(Mend::CONNECTION) => {
                connection_line(field, bytes, edits);
                continue;
            }
            Known::Upgrade if mend.has(Mend::UPGRADE) => Line::Delete,
            _ => Line::Keep,
        };
        match verdict {
            Line::Keep => {}
            Line::Delete => edits.delete(field.line),
            Line::Value(text) => edits.replace(field.value, text),
        }
    }
}

/// What becomes of one line.
enum Line<'a> {
    Keep,
    Delete,
    Value(&'a [u8]),
}

fn host_line<'a>(value: &[u8], first: bool, host: Option<&'a [u8]>) -> Line<'a> {
    match host {
        _ if !first => Line::Delete,
        Some(text) if text != value => Line::Value(text),
        _ => Line::Keep,
    }
}

fn length_line<'a>(value: &'a [u8], first: bool, mend: Mend, has_coding: bool) -> Line<'a> {
    if mend.has(Mend::BODILESS) || has_coding || !first {
        return Line::Delete;
    }
    match memchr::memchr(b',', value) {
        Some(comma) => Line::Value(trim(&value[..comma])),
        None => Line::Keep,
    }
}

/// Takes `close` and `keep-alive` out of one line; the line goes when nothing else is left.
fn connection_line(field: &HeaderField, bytes: &[u8], edits: &mut Edits) {
    if is_hop_token(field.value.of(bytes)) {
        return edits.delete(field.line);
    }
    let tokens = || elements(field.value.of(bytes)).filter(|t| !t.is_empty() && !is_hop_token(t));
    if tokens().next().is_none() {
        return edits.delete(field.line);
    }
    let parts = tokens().enumerate().flat_map(|(n, token)| [if n == 0 { &b""[..] } else { b", " }, token]);
    edits.replace_parts(field.value, parts);
}
