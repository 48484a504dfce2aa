//! What can be wrong with a message head or a chunked body, where, and which status it earns.

/// What was wrong. One variant per rule, so that logs and `show errors` can name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A byte that is not a token character in the method.
    MethodByte,
    /// A control character or a raw `#` in the request target.
    TargetByte,
    /// The start line ends too early: no target, or no version (HTTP/0.9 is not spoken).
    StartLineShort,
    /// The version is not `HTTP/` digit `.` digit, or its major digit is 0.
    VersionToken,
    /// The HTTP/2 preface (`PRI * HTTP/2.0`) on a connection that only speaks HTTP/1.
    Http2Preface,
    /// The status code is not three digits of at least 100.
    StatusCode,
    /// A carriage return that no line feed follows.
    BareCr,
    /// A byte that is not a token character in a header name, or an empty name.
    NameByte,
    /// A header line that starts with white space where there is no line to continue.
    FoldFirst,
    /// A NUL in a header value.
    ValueByte,
    /// More header lines than `Limits::header_count_max` allows.
    HeaderCount,
    /// The head does not end within `Limits::head_len_max`.
    HeadLength,
    /// The target's form is not one that the method allows.
    TargetForm,
    /// Several `Host` headers that differ.
    HostMismatch,
    /// A `Host` that is not the target's authority.
    OtherHost,
    /// A body of a GET, HEAD or DELETE in HTTP/1.0, where not every server looks for one.
    Payload,
    /// A `Content-Length` that is not a list of one and the same integer.
    ContentLength,
    /// `chunked` not last, given twice, or no `chunked` where it is needed.
    TransferCoding,
    /// A transfer coding before `chunked` that this proxy does not undo.
    UnsupportedCoding,
    /// A 101 that nobody asked for.
    Informational,
    /// A websocket handshake without its `Sec-WebSocket-Key`, or an answer to it without `Sec-WebSocket-Accept`.
    WebSocketKey,
    /// A chunk size line without a digit or with too many of them.
    ChunkSize,
    /// A chunk extension with a forbidden byte, or a longer one than allowed.
    ChunkExtension,
    /// The line end after chunk data is missing.
    ChunkEnd,
    /// A trailer section that is malformed or longer than allowed.
    Trailer,
}

/// An error with the offset of the offending byte, counted from the first byte handed to the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadError {
    /// What was wrong.
    pub wrong: Wrong,
    /// Where: a byte offset. For semantic errors, the start of the value or of the target.
    pub at: u32,
}

impl HeadError {
    /// An error at offset `at`.
    pub fn new(wrong: Wrong, at: usize) -> HeadError {
        HeadError { wrong, at: u32::try_from(at).unwrap_or(u32::MAX) }
    }

    /// The same error where the parser was handed the bytes from `offset` on.
    pub fn moved_by(self, offset: usize) -> HeadError {
        HeadError::new(self.wrong, offset + self.at as usize)
    }

    /// The status that a client gets for its bad request.
    pub fn request_status(self) -> u16 {
        match self.wrong {
            Wrong::Http2Preface => 405,
            Wrong::Payload => 413,
            Wrong::UnsupportedCoding => 422,
            _ => 400,
        }
    }

    /// The status that a client gets for a server's bad response: always 502.
    pub fn response_status(self) -> u16 {
        502
    }
}

impl Wrong {
    /// The rule in words, for logs and `show errors`.
    pub fn as_str(self) -> &'static str {
        match self {
            Wrong::MethodByte => "invalid character in the method",
            Wrong::TargetByte => "invalid character in the request target",
            Wrong::StartLineShort => "incomplete start line",
            Wrong::VersionToken => "invalid protocol version",
            Wrong::Http2Preface => "HTTP/2 preface on an HTTP/1 connection",
            Wrong::StatusCode => "invalid status code",
            Wrong::BareCr => "carriage return without line feed",
            Wrong::NameByte => "invalid character in a header name",
            Wrong::FoldFirst => "white space before the first header name",
            Wrong::ValueByte => "invalid character in a header value",
            Wrong::HeaderCount => "too many headers",
            Wrong::HeadLength => "headers too long",
            Wrong::TargetForm => "target form not allowed for this method",
            Wrong::HostMismatch => "Host differs from another Host",
            Wrong::OtherHost => "Host differs from the authority",
            Wrong::Payload => "payload not allowed for this method in HTTP/1.0",
            Wrong::ContentLength => "invalid Content-Length",
            Wrong::TransferCoding => "invalid Transfer-Encoding",
            Wrong::UnsupportedCoding => "unsupported transfer coding",
            Wrong::Informational => "unexpected switching of protocols",
            Wrong::WebSocketKey => "websocket handshake without key",
            Wrong::ChunkSize => "invalid chunk size",
            Wrong::ChunkExtension => "invalid chunk extension",
            Wrong::ChunkEnd => "missing line end after chunk data",
            Wrong::Trailer => "invalid trailer section",
        }
    }
}

impl std::fmt::Display for HeadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.wrong.as_str(), self.at)
    }
}

impl std::error::Error for HeadError {}
