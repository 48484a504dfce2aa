//! Answers that the operator wrote: `errorfile` and `errorloc`. They are checked when the configuration is read,
//! so that sending one only copies it.
//!
//! # Source
//! configuration.txt 4.2 `errorfile`, `errorloc302`, `errorloc303`; the checks are those of a running haproxy 2.6.

use super::error::HeadError;
use super::fields::{Known, Limits};
use super::forward::{Link, response_connection, response_edits};
use super::framing::{Asked, Body, ResponseFraming};
use super::head::{Parsed, ResponseHead, Version};
use super::values::Connection;
use super::{Edits, make_plain_response};

/// An answer of the operator's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canned {
    /// Start line and header lines, without what says whether the connection goes on and without the empty line.
    head: Vec<u8>,
    body: Vec<u8>,
    version: Version,
    /// The body's end is marked and the text does not ask for a close: the connection may go on behind it.
    keeps: bool,
}

/// Why a text is no answer that can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannedError {
    /// The head breaks the protocol.
    Head(HeadError),
    /// The head does not end, or does not fit.
    Unended,
    /// Its status is not one of an answer to an error.
    Status(u16),
    /// Its body is in chunks.
    Chunked,
    /// The body is not as long as `Content-Length` says.
    Length {
        /// Bytes of the body.
        found: u64,
        /// What is announced.
        announced: u64,
    },
}

impl std::fmt::Display for CannedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CannedError::Head(e) => write!(f, "unable to parse headers ({e})"),
            CannedError::Unended => f.write_str("unable to parse headers (no empty line ends them)"),
            CannedError::Status(status) => {
                write!(f, "invalid http status code for an error message ({status})")
            }
            CannedError::Chunked => f.write_str("chunk-encoded payload not supported"),
            CannedError::Length { found, announced } => {
                write!(f, "payload size does not match the announced content-length ({found} != {announced})")
            }
        }
    }
}

impl std::error::Error for CannedError {}

impl Canned {
    /// Reads a whole message. An empty text is an answer too: nothing is sent and the connection is closed.
    ///
    /// # Errors
    /// What is wrong with it, in the reference's words.
    pub fn parse(text: &[u8], limits: &Limits) -> Result<Canned, CannedError> {
        if text.is_empty() {
            return Ok(Canned::default());
        }
        // Room for the CR that each bare LF of the head needs, and no more than that.
        let mut window = text.to_vec();
        window.resize(text.len() + text.iter().filter(|b| **b == b'\n').count() + VERSION_ROOM, 0);
        let mut head = ResponseHead::default();
        let mut edits = Edits::default();
        match head.parse(text, limits).map_err(CannedError::Head)? {
            Parsed::Complete => {}
            Parsed::Partial => return Err(CannedError::Unended),
        }
        let used = make_plain_response(&mut head, &mut window, text.len(), limits, &mut edits)
            .map_err(|_| CannedError::Unended)?;
        if !STATUSES.contains(&head.status) {
            return Err(CannedError::Status(head.status));
        }
        let asked = Asked::default();
        let framing = ResponseFraming::of(&head, &window[..used], asked).map_err(CannedError::Head)?;
        let found = used.saturating_sub(usize::from(head.head_len)) as u64;
        match framing.body {
            Body::Chunked => return Err(CannedError::Chunked),
            Body::Length(announced) if announced != found => {
                return Err(CannedError::Length { found, announced });
            }
            _ => {}
        }
        // Its word on the connection is heard; which line is sent depends on the request.
        let mut connection = Connection::default();
        head.fields.all(Known::Connection).for_each(|f| connection.add(f.value.of(&window)));
        let asks_to_close = connection.close;
        response_edits(&head, &window[..used], &framing, asked, Link::Keep, &mut edits);
        let connection = response_connection(head.version, asked.version, Link::Keep);
        let applied =
            edits.apply(&mut window, used, usize::from(head.head_len)).map_err(|_| CannedError::Unended)?;
        let end = applied.head_len.saturating_sub(b"\r\n".len() + connection.len());
        let bodiless = framing.body == Body::None;
        Ok(Canned {
            head: window[..end].to_vec(),
            body: if bodiless { Vec::new() } else { window[applied.head_len..applied.used].to_vec() },
            version: head.version,
            keeps: framing.client_keep_alive && !asks_to_close,
        })
    }

    /// The redirection of `errorloc302` and `errorloc303`: `status` is one of the two.
    ///
    /// # Errors
    /// `location` holds what cannot stand in a header line.
    pub fn redirect(status: u16, location: &[u8], limits: &Limits) -> Result<Canned, CannedError> {
        let start: &[u8] = match status {
            303 => b"HTTP/1.1 303 See Other\r\n",
            _ => b"HTTP/1.1 302 Found\r\n",
        };
        let fixed = b"cache-control: no-cache\r\ncontent-length: 0\r\nlocation: ";
        Canned::parse(&[start, fixed, location, b"\r\n\r\n"].concat(), limits)
    }

    /// Whether nothing is to be sent.
    pub fn is_silent(&self) -> bool {
        self.head.is_empty()
    }

    /// Whether the connection may go on behind it.
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// Bytes that `write` appends at most.
    pub fn len_max(&self) -> usize {
        self.head.len() + CONNECTION_LEN_MAX + self.body.len()
    }

    /// Appends the answer. `link` and the client's `version` choose the `connection` header; `head_only` leaves
    /// the body out (HEAD).
    pub fn write(&self, out: &mut Vec<u8>, version: Version, link: Link, head_only: bool) {
        if self.is_silent() {
            return;
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(response_connection(self.version, version, link));
        out.extend_from_slice(b"\r\n");
        if !head_only {
            out.extend_from_slice(&self.body);
        }
    }
}

/// Statuses that an answer to an error may have.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;

/// `connection: keep-alive` and the empty line.
const CONNECTION_LEN_MAX: usize = 26;

/// Room for a start line made plain and for a `connection` line.
const VERSION_ROOM: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, version: Version, link: Link, head_only: bool) -> String {
        let canned = Canned::parse(text.as_bytes(), &Limits::default()).expect("a message");
        let mut out = Vec::new();
        canned.write(&mut out, version, link, head_only);
        assert!(out.len() <= canned.len_max());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_connection_line_of_a_file_gives_way_to_our_own() {
        let text = "HTTP/1.1 503 No\nA: b\nConnection: keep-alive\nContent-Length: 3\n\nabc";
        let head = "HTTP/1.1 503 No\r\nA: b\r\nContent-Length: 3\r\n";
        assert_eq!(written(text, Version::V11, Link::Keep, false), format!("{head}\r\nabc"));
        assert_eq!(
            written(text, Version::V11, Link::Close, true),
            format!("{head}connection: close\r\n\r\n")
        );
        assert_eq!(
            written(text, Version::V10, Link::Keep, false),
            format!("{head}connection: keep-alive\r\n\r\nabc")
        );
    }

    #[test]
    fn a_file_of_http_1_0_ends_with_the_connection() {
        let text = "HTTP/1.0 503 No\r\nConnection: close\r\n\r\nbye";
        let canned = Canned::parse(text.as_bytes(), &Limits::default()).expect("a message");
        assert!(!canned.keeps());
        assert_eq!(written(text, Version::V11, Link::Close, false), "HTTP/1.0 503 No\r\n\r\nbye");
    }

    #[test]
    fn an_empty_file_is_silence() {
        let canned = Canned::parse(b"", &Limits::default()).expect("silence");
        assert!(canned.is_silent() && !canned.keeps());
        assert_eq!(written("", Version::V11, Link::Close, false), "");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let why = |text: &[u8]| Canned::parse(text, &Limits::default()).expect_err("refused").to_string();
        assert!(why(b"hello").starts_with("unable to parse headers"));
        assert!(why(b"HTTP/1.1 404 N\r\nX: y\r\n").starts_with("unable to parse headers"));
        assert_eq!(
            why(b"HTTP/1.1 404 N\r\nContent-Length: 3\r\n\r\nabcdef"),
            "payload size does not match the announced content-length (6 != 3)"
        );
        let chunked = b"HTTP/1.1 404 N\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(why(chunked), "chunk-encoded payload not supported");
        assert_eq!(why(b"HTTP/1.1 100 C\r\n\r\n"), "invalid http status code for an error message (100)");
    }

    #[test]
    fn redirections_name_their_target() {
        let canned = Canned::redirect(303, b"/sorry", &Limits::default()).expect("a redirection");
        let mut out = Vec::new();
        canned.write(&mut out, Version::V11, Link::Keep, false);
        let text = "HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: /sorry\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&out), text);
        assert!(canned.keeps());
    }
}
