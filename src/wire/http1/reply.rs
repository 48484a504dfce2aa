//! The answers that the proxy gives by itself, byte for byte those of the reference.
//!
//! # Source
//! configuration.txt 1.3.1 (the codes), `errorfile`; the texts as a running haproxy 2.6 sends them. 414 and 431 are
//! not in 2.6 and follow its form.

use super::forward::Link;
use super::head::Version;

/// One built-in answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// The status code.
    pub status: u16,
    /// The reason phrase, which the body repeats.
    pub reason: &'static str,
    sentence: &'static str,
}

const fn row(status: u16, reason: &'static str, sentence: &'static str) -> Builtin {
    Builtin { status, reason, sentence }
}

#[rustfmt::skip]
static BUILTINS: [Builtin; 21] = [
    row(200, "OK", "Service ready."),
    row(400, "Bad request", "Your browser sent an invalid request."),
    row(401, "Unauthorized", "You need a valid user and password to access this content."),
    row(403, "Forbidden", "Request forbidden by administrative rules."),
    row(404, "Not Found", "The resource could not be found."),
    row(405, "Method Not Allowed", "A request was made of a resource using a request method not supported by that resource"),
    row(407, "Unauthorized", "You need a valid user and password to access this content."),
    row(408, "Request Time-out", "Your browser didn't send a complete request in time."),
    row(410, "Gone", "The resource is no longer available and will not be available again."),
    row(413, "Payload Too Large", "The request entity exceeds the maximum allowed."),
    row(414, "URI Too Long", "The request target is longer than allowed."),
    row(421, "Misdirected Request", "Request sent to a non-authoritative server."),
    row(422, "Unprocessable Content", "The server cannot process the contained instructions."),
    row(425, "Too Early", "Your browser sent early data."),
    row(429, "Too Many Requests", "You have sent too many requests in a given amount of time."),
    row(431, "Request Header Fields Too Large", "The request headers are longer than allowed."),
    row(500, "Internal Server Error", "An internal server error occurred."),
    row(501, "Not Implemented", ".The server does not support the functionality required to fulfill the request."),
    row(502, "Bad Gateway", "The server returned an invalid or incomplete response."),
    row(503, "Service Unavailable", "No server is available to handle this request."),
    row(504, "Gateway Time-out", "The server didn't respond in time."),
];

/// The built-in answer with this status, if there is one.
pub fn builtin(status: u16) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|row| row.status == status)
}

/// All built-in answers, by status: those that `errorfile` and `deny_status` may name.
pub fn builtins() -> &'static [Builtin] {
    &BUILTINS
}

/// The reason phrase of an answer of the operator's own (`http-error`): for some codes another one, as in haproxy 2.6.
pub fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        407 => "Proxy Authentication Required",
        413 => "Request Entity Too Large",
        502 => "Bad Gateway or Proxy Error",
        _ => builtin(status).map_or("", |row| row.reason),
    }
}

/// A whole answer with these headers, `content-type` unless it is absent, and this body.
pub fn compose<'a>(
    status: u16,
    headers: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    content_type: Option<&[u8]>,
    body: &[u8],
) -> Vec<u8> {
    let mut digits = itoa::Buffer::new();
    let mut out = Vec::with_capacity(HEAD_LEN_USUAL + body.len());
    let mut push = |parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
    push(&[b"HTTP/1.1 ", digits.format(status).as_bytes(), b" ", reason(status).as_bytes(), b"\r\n"]);
    for (name, value) in headers {
        push(&[name, b": ", value, b"\r\n"]);
    }
    push(&[b"content-length: ", digits.format(body.len()).as_bytes(), b"\r\n"]);
    if let Some(content_type) = content_type {
        push(&[b"content-type: ", content_type, b"\r\n"]);
    }
    push(&[b"\r\n", body]);
    out
}

/// Bytes that most heads fit into.
const HEAD_LEN_USUAL: usize = 256;

/// Appends the answer that sends a client on to `prefix` and `path`, and closes.
pub fn write_redirect(out: &mut Vec<u8>, prefix: &[u8], path: &[u8]) {
    out.extend_from_slice(
        b"HTTP/1.1 302 Found\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ",
    );
    out.extend_from_slice(prefix);
    out.extend_from_slice(path);
    out.extend_from_slice(b"\r\nconnection: close\r\n\r\n");
}

impl Builtin {
    /// Appends the body.
    pub fn write_body(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<html><body><h1>");
        out.extend_from_slice(itoa::Buffer::new().format(self.status).as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.reason.as_bytes());
        out.extend_from_slice(b"</h1>\n");
        out.extend_from_slice(self.sentence.as_bytes());
        out.extend_from_slice(b"\n</body></html>\n");
    }

    /// Bytes of the body: the markup is 42 bytes with a status of three digits.
    pub fn body_len(&self) -> usize {
        42 + self.reason.len() + self.sentence.len()
    }

    /// Appends the answer to a request that was understood: by a rule, or because no server can answer. `link` and the
    /// client's `version` choose the `connection` header; `head_only` leaves the body out (HEAD).
    pub fn write(&self, out: &mut Vec<u8>, version: Version, link: Link, head_only: bool) {
        self.write_start(out, b"content-length: ");
        out.extend_from_slice(b"\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n");
        out.extend_from_slice(match (version, link) {
            (_, Link::Close) => b"connection: close\r\n",
            (Version::V10, Link::Keep) => b"connection: keep-alive\r\n",
            (Version::V11, Link::Keep) => b"",
        });
        out.extend_from_slice(b"\r\n");
        if !head_only {
            self.write_body(out);
        }
    }

    /// Appends the answer to what is not a whole and valid request head. The connection is closed after it.
    pub fn write_early(&self, out: &mut Vec<u8>) {
        self.write_start(out, b"Content-length: ");
        out.extend_from_slice(b"\r\nCache-Control: no-cache\r\n");
        if matches!(self.status, 400 | 408) {
            out.extend_from_slice(b"Connection: close\r\n");
        }
        out.extend_from_slice(b"Content-Type: text/html\r\n\r\n");
        self.write_body(out);
    }

    fn write_start(&self, out: &mut Vec<u8>, length_name: &[u8]) {
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(digits.format(self.status).as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.reason.as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(length_name);
        out.extend_from_slice(digits.format(self.body_len()).as_bytes());
    }
}
