//! What a parsed head means: where the body ends, whether the connection lives on, and what forwarding must mend.
//!
//! # Source
//! RFC 9112 sections 6, 7 and 9; RFC 9110 7.2, 7.6, 7.8, 10.1.1.

use super::error::{HeadError, Wrong};
use super::fields::{HeaderField, Known};
use super::head::{Method, RequestHead, ResponseHead, Version};
use super::target::{Target, TargetForm};
use super::values::{Codings, Connection, content_length, has_token};

/// How the body of a message ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    #[default]
    None,
    /// After so many bytes, at most 2^63 - 1.
    Length(u64),
    /// With its last chunk and trailer section.
    Chunked,
    /// When the sender closes. Responses only.
    UntilClose,
    /// Never: both directions are raw bytes from here on (CONNECT, or an upgrade that was accepted).
    Tunnel,
}

/// What must change before a head is forwarded: bits, 0 when the bytes can go as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mend(u16);

impl Mend {
    /// The target's authority or path must be normalised, or `Host` follows the target.
    pub(super) const TARGET: Mend = Mend(1);
    /// `Host` is given several times.
    pub(super) const HOSTS: Mend = Mend(2);
    /// `Content-Length` is a list, or stands beside `Transfer-Encoding`.
    pub(super) const LENGTH: Mend = Mend(4);
    /// `Transfer-Encoding` is not exactly `chunked`.
    pub(super) const CODING: Mend = Mend(8);
    /// A `TE` line is not exactly `trailers`.
    pub(super) const TE: Mend = Mend(16);
    /// A `Connection` line holds `close` or `keep-alive`.
    pub(super) const CONNECTION: Mend = Mend(32);
    /// `Upgrade` asked for in a request with a body.
    pub(super) const UPGRADE: Mend = Mend(64);
    /// `Content-Length` and `Transfer-Encoding` where there can be no body: CONNECT, 1xx, 204.
    pub(super) const BODILESS: Mend = Mend(128);

    /// Whether nothing needs to change.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn has(self, bit: Mend) -> bool {
        self.0 & bit.0 != 0
    }

    fn set(&mut self, bit: Mend, on: bool) {
        if on {
            self.0 |= bit.0;
        }
    }
}

/// What is kept of a request to understand its response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The method: HEAD has no response body, CONNECT may open a tunnel.
    pub method: Method,
    /// The version that the client speaks.
    pub version: Version,
    /// The client offers to switch protocols.
    pub upgrade: bool,
    /// The protocol it offers is websocket.
    pub websocket: bool,
}

/// Rules that an operator may switch off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// A `Host` may differ from the target's authority (`option accept-invalid-http-request`).
    pub unsafe_violations: bool,
    /// GET, HEAD and DELETE may have a body in HTTP/1.0 (`h1-accept-payload-with-any-method`).
    pub payload_with_any_method: bool,
}

/// What a request head means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestFraming {
    /// How the body ends: `None`, `Length` or `Chunked`.
    pub body: Body,
    /// Whether the client side may take another request after this one. False after a head that other
    /// implementations may frame otherwise (`Transfer-Encoding` with `Content-Length`, or in HTTP/1.0).
    pub keep_alive: bool,
    /// Whether the server side may be kept after this request. False for chunked in HTTP/1.0.
    pub server_keep_alive: bool,
    /// Its `Connection` names `upgrade`: then the reference adds no line of its own.
    pub names_upgrade: bool,
    /// The client waits for a 100 before it sends the body. It may also go on without.
    pub expect_continue: bool,
    /// What to keep for the response.
    pub asked: Asked,
    /// The target's parts.
    pub target: Target,
    /// What forwarding must mend.
    pub mend: Mend,
}

/// What a response head means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResponseFraming {
    /// How the body ends.
    pub body: Body,
    /// A 1xx other than 101: another head follows for the same request.
    pub interim: bool,
    /// Whether the server side may carry another request when the body has ended.
    pub keep_alive: bool,
    /// Its `Connection` names `upgrade`: then the reference adds no line of its own.
    pub names_upgrade: bool,
    /// Whether the client side can be kept as far as the response goes: its end is marked, and unmistakably.
    pub client_keep_alive: bool,
    /// What forwarding must mend.
    pub mend: Mend,
}

/// What one pass over the header lines gathers.
#[derive(Default)]
struct Gathered {
    connection: Connection,
    codings: Codings,
    has_coding: bool,
    length: Option<u64>,
    websocket: bool,
    mend: Mend,
}

const FRAMING: u32 = Known::Connection.bit() | Known::ContentLength.bit() | Known::TransferEncoding.bit();

impl Gathered {
    /// Lines that mean the same in both directions.
    fn add(&mut self, field: &HeaderField, bytes: &[u8]) -> Result<(), Wrong> {
        let value = field.value.of(bytes);
        match field.known {
            Known::Connection => {
                let mut line = Connection::default();
                line.add(value);
                self.mend.set(Mend::CONNECTION, line.close || line.keep_alive);
                self.connection.close |= line.close;
                self.connection.keep_alive |= line.keep_alive;
                self.connection.upgrade |= line.upgrade;
            }
            Known::ContentLength => {
                let length = content_length(value)?;
                if self.length.is_some_and(|known| known != length) {
                    return Err(Wrong::ContentLength);
                }
                self.mend.set(Mend::LENGTH, self.length.is_some() || memchr::memchr(b',', value).is_some());
                self.length = Some(length);
            }
            Known::TransferEncoding => {
                self.codings.add(value)?;
                self.mend.set(Mend::CODING, self.has_coding || !value.eq_ignore_ascii_case(b"chunked"));
                self.has_coding = true;
            }
            Known::Upgrade => self.websocket |= has_token(value, b"websocket"),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Body, Wrong> {
        if self.has_coding {
            self.codings.finish()?;
            self.mend.set(Mend::LENGTH, self.length.is_some());
            return Ok(Body::Chunked);
        }
        Ok(self.length.map_or(Body::None, Body::Length))
    }

    fn keeps(&self, version: Version) -> bool {
        !self.connection.close && (version == Version::V11 || self.connection.keep_alive)
    }
}

impl RequestFraming {
    /// Reads what `head`, parsed from `bytes`, means. What `leniency` lets through is noted in `head.fields`.
    ///
    /// # Errors
    /// What makes the request unsafe to forward, with the offset of the line; `HeadError::request_status` answers it.
    pub fn of(head: &mut RequestHead, bytes: &[u8], leniency: Leniency) -> Result<RequestFraming, HeadError> {
        let at_target = |wrong| HeadError::new(wrong, head.target.start as usize);
        let target_bytes = head.target.of(bytes);
        let target = Target::parse(head.method, target_bytes).map_err(at_target)?;
        let mut gathered = Gathered::default();
        let interesting = FRAMING
            | Known::Te.bit()
            | Known::Expect.bit()
            | Known::Upgrade.bit()
            | if target.form == TargetForm::Origin { 0 } else { Known::Host.bit() };
        let mut expect_continue = false;
        let mut host: Option<&[u8]> = None;
        let mut let_through = None;
        // A plain GET has nothing but a Host to look at.
        let rest = if head.fields.seen() & interesting == 0 && !head.fields.repeats_host() {
            &[]
        } else {
            head.headers()
        };
        for field in rest {
            let value = field.value.of(bytes);
            let checked = match field.known {
                Known::Other => continue,
                Known::Host => check_host(&mut host, value, &target, target_bytes, &mut gathered.mend),
                Known::Te => {
                    gathered.mend.set(Mend::TE, value != b"trailers");
                    Ok(())
                }
                Known::Expect => {
                    expect_continue |= value.eq_ignore_ascii_case(b"100-continue");
                    Ok(())
                }
                _ => gathered.add(field, bytes),
            };
            match checked.map_err(|wrong| HeadError::new(wrong, field.value.start as usize)) {
                Ok(()) => {}
                Err(e) if e.wrong == Wrong::OtherHost && leniency.unsafe_violations => let_through = Some(e),
                Err(e) => return Err(e),
            }
        }
        if let Some(e) = let_through {
            head.fields.let_through(e);
        }
        let body = gathered.finish().map_err(|wrong| coding_error(&head.fields, wrong))?;
        gathered.mend.set(Mend::TARGET, needs_normalising(head.method, &target, target_bytes, host));
        if !leniency.payload_with_any_method && is_unexpected(head, body) {
            return Err(at_target(Wrong::Payload));
        }
        finish_request(head, bytes, gathered, body, expect_continue, target)
    }
}

/// A body where an old server does not look for one, and would take it for the next request.
fn is_unexpected(head: &RequestHead, body: Body) -> bool {
    head.version == Version::V10
        && !matches!(body, Body::None | Body::Length(0))
        && matches!(head.method, Method::Get | Method::Head | Method::Delete)
}

fn finish_request(
    head: &RequestHead,
    bytes: &[u8],
    mut gathered: Gathered,
    framed: Body,
    expect_continue: bool,
    target: Target,
) -> Result<RequestFraming, HeadError> {
    let has_body = !matches!(framed, Body::None | Body::Length(0));
    let asks_upgrade = head.fields.has(Known::Upgrade) && gathered.connection.upgrade;
    gathered.mend.set(Mend::UPGRADE, asks_upgrade && has_body);
    let upgrade = asks_upgrade && !has_body;
    let websocket = upgrade && gathered.websocket;
    if websocket && head.fields.find(bytes, b"sec-websocket-key").is_none() {
        return Err(HeadError::new(Wrong::WebSocketKey, head.target.start as usize));
    }
    let connect = head.method == Method::Connect;
    gathered.mend.set(Mend::BODILESS, connect && framed != Body::None);
    let chunked_10 = framed == Body::Chunked && head.version == Version::V10;
    let ambiguous = chunked_10
        || (framed == Body::Chunked && gathered.length.is_some())
        || (connect && framed != Body::None);
    Ok(RequestFraming {
        body: if connect { Body::None } else { framed },
        keep_alive: gathered.keeps(head.version) && !ambiguous,
        server_keep_alive: !chunked_10,
        names_upgrade: gathered.connection.upgrade,
        expect_continue: expect_continue && has_body && head.version == Version::V11,
        asked: Asked { method: head.method, version: head.version, upgrade, websocket },
        target,
        mend: gathered.mend,
    })
}

fn check_host<'a>(
    host: &mut Option<&'a [u8]>,
    value: &'a [u8],
    target: &Target,
    target_bytes: &[u8],
    mend: &mut Mend,
) -> Result<(), Wrong> {
    if let Some(first) = host {
        mend.set(Mend::HOSTS, true);
        return if first.eq_ignore_ascii_case(value) { Ok(()) } else { Err(Wrong::HostMismatch) };
    }
    *host = Some(value);
    let has_authority = matches!(target.form, TargetForm::Absolute | TargetForm::Authority);
    if has_authority && !target.agrees_with(target_bytes, value) {
        return Err(Wrong::OtherHost);
    }
    Ok(())
}

fn needs_normalising(method: Method, target: &Target, bytes: &[u8], host: Option<&[u8]>) -> bool {
    match target.form {
        TargetForm::Origin | TargetForm::Asterisk => false,
        TargetForm::Absolute => {
            target.normalised_host(bytes).is_some() || (target.path.is_empty() && method != Method::Options)
        }
        TargetForm::Authority => match (target.normalised_host(bytes), host) {
            (Some(normal), Some(host)) => normal.of(bytes) != host,
            _ => false,
        },
    }
}

#[cold]
fn coding_error(fields: &super::Fields, wrong: Wrong) -> HeadError {
    let at = fields.first(Known::TransferEncoding).map_or(0, |f| f.value.start as usize);
    HeadError::new(wrong, at)
}

impl ResponseFraming {
    /// Reads what `head`, parsed from `bytes`, means as the answer to `asked`.
    ///
    /// # Errors
    /// What makes the response unsafe to forward; the client gets a 502.
    pub fn of(head: &ResponseHead, bytes: &[u8], asked: Asked) -> Result<ResponseFraming, HeadError> {
        let mut gathered = Gathered::default();
        if head.fields.seen() & FRAMING != 0 {
            for field in head.headers().iter().filter(|f| f.known != Known::Other) {
                gathered
                    .add(field, bytes)
                    .map_err(|wrong| HeadError::new(wrong, field.value.start as usize))?;
            }
        }
        let framed = gathered.finish().map_err(|wrong| coding_error(&head.fields, wrong))?;
        let connected = asked.method == Method::Connect && (200..=299).contains(&head.status);
        let bodiless = head.status < 200 || head.status == 204 || connected;
        gathered.mend.set(Mend::BODILESS, bodiless && framed != Body::None);
        let mut framing = ResponseFraming {
            keep_alive: gathered.keeps(head.version),
            names_upgrade: gathered.connection.upgrade,
            mend: gathered.mend,
            ..ResponseFraming::default()
        };
        match head.status {
            101 => {
                switched(head, bytes, asked, gathered.connection.upgrade)?;
                framing.body = Body::Tunnel;
            }
            100..=199 => framing.interim = true,
            _ if connected => framing.body = Body::Tunnel,
            204 | 304 => {}
            _ if asked.method == Method::Head => {}
            _ => framing.body = if framed == Body::None { Body::UntilClose } else { framed },
        }
        let chunked_10 = framing.body == Body::Chunked && head.version == Version::V10;
        let ends = !matches!(framing.body, Body::UntilClose | Body::Tunnel) && !chunked_10;
        framing.client_keep_alive = ends;
        // A length beside chunked: who answers so may disagree with us about where the next response starts.
        framing.keep_alive &= ends && !(framing.body == Body::Chunked && gathered.length.is_some());
        Ok(framing)
    }
}

fn switched(head: &ResponseHead, bytes: &[u8], asked: Asked, upgrade: bool) -> Result<(), HeadError> {
    if !asked.upgrade || !upgrade {
        return Err(HeadError::new(Wrong::Informational, head.status_range.start as usize));
    }
    if asked.websocket
        && answers_websocket(head, bytes)
        && head.fields.find(bytes, b"sec-websocket-accept").is_none()
    {
        return Err(HeadError::new(Wrong::WebSocketKey, head.status_range.start as usize));
    }
    Ok(())
}

fn answers_websocket(head: &ResponseHead, bytes: &[u8]) -> bool {
    head.fields.all(Known::Upgrade).any(|f| has_token(f.value.of(bytes), b"websocket"))
}
