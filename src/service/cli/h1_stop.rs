//! A malformed message in the words of the reference's parser: the state in which it stops, where, and what it has counted
//! of the body by then. The table is what haproxy 2.6 says for the same bytes.

use super::view::Direction;
use crate::wire::http1::{HeadError, Wrong};

/// Where and how the reference stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// State of its parser.
    pub state: &'static str,
    /// The state's number.
    pub number: u8,
    /// Position in the message.
    pub at: usize,
    /// Bytes that are left of a chunk, or that an earlier length announced.
    pub chunk_len: u64,
    /// Bytes of the body so far, without framing.
    pub body_len: u64,
}

/// Digits of a chunk's size that the reference takes.
const CHUNK_DIGITS_MAX: usize = 13;

impl Stop {
    /// For an error in what waits of a message.
    pub fn of(error: HeadError, direction: Direction, bytes: &[u8]) -> Stop {
        let at = error.at as usize;
        let head_end = head_end(bytes);
        let (state, number, at) = match error.wrong {
            Wrong::MethodByte if at == line_start(bytes, at) => ("MSG_RQBEFORE", 0, at),
            Wrong::MethodByte => ("MSG_RQMETH", 2, at),
            Wrong::TargetByte => ("MSG_RQURI", 4, at),
            Wrong::VersionToken if direction == Direction::Request => version(bytes, at),
            Wrong::VersionToken => ("MSG_RPVER", 10, at),
            Wrong::StatusCode => status(bytes, at),
            Wrong::NameByte | Wrong::FoldFirst => ("MSG_HDR_NAME", 17, at),
            Wrong::ValueByte | Wrong::HeadLength => ("MSG_HDR_VAL", 22, at),
            Wrong::BareCr => ("MSG_HDR_L2_LF", 23, at + 1),
            Wrong::HeaderCount | Wrong::ContentLength => ("MSG_HDR_L2_LWS", 24, at),
            Wrong::TransferCoding if !value(bytes, at).contains("chunked") => {
                ("MSG_DATA", 27, head_end.unwrap_or(at))
            }
            Wrong::TransferCoding => ("MSG_HDR_L2_LWS", 24, at),
            Wrong::HostMismatch if hosts(&bytes[..at.min(bytes.len())]) > 1 => ("MSG_HDR_L2_LWS", 24, at),
            Wrong::HostMismatch | Wrong::OtherHost | Wrong::TargetForm => ("MSG_LAST_LF", 25, at),
            Wrong::UnsupportedCoding => ("MSG_CHUNK_SIZE", 26, head_end.unwrap_or(at)),
            // A digit too many: the reference stops earlier.
            Wrong::ChunkSize if bytes.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                ("MSG_CHUNK_SIZE", 26, at.min(line_start(bytes, at) + CHUNK_DIGITS_MAX))
            }
            Wrong::ChunkSize | Wrong::ChunkExtension => ("MSG_CHUNK_SIZE", 26, at),
            Wrong::StartLineShort | Wrong::Http2Preface => ("MSG_DATA", 27, at),
            Wrong::Payload => ("MSG_DATA", 27, head_end.unwrap_or(at)),
            Wrong::ChunkEnd => ("MSG_CHUNK_CRLF", 28, at),
            Wrong::Trailer => ("MSG_TRAILERS", 29, head_end.unwrap_or(0)),
            Wrong::Informational | Wrong::WebSocketKey => ("MSG_DONE", 30, head_end.unwrap_or(at)),
        };
        let (chunk_len, body_len) = match error.wrong {
            Wrong::ContentLength | Wrong::Payload => (first_length(bytes), first_length(bytes)),
            Wrong::ChunkSize | Wrong::ChunkExtension | Wrong::ChunkEnd | Wrong::Trailer => {
                let end = (error.at as usize).min(bytes.len());
                (0, payload_len(bytes.get(head_end.unwrap_or(0)..end).unwrap_or_default()))
            }
            _ => (0, 0),
        };
        Stop { state, number, at, chunk_len, body_len }
    }
}

/// Where the head ends, if the message still has it.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(len) = memchr::memchr(b'\n', &bytes[from..]) {
        let line = &bytes[from..from + len];
        from += len + 1;
        if matches!(line, b"" | b"\r") && from > 2 {
            return Some(from);
        }
    }
    None
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    bytes.get(..at).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |lf| lf + 1)
}

/// What stands from `at` to the end of its line, in lower case.
fn value(bytes: &[u8], at: usize) -> String {
    let rest = bytes.get(at..).unwrap_or_default();
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).to_ascii_lowercase()
}

/// A version ends at a byte that none has; one that is only not known is judged at its end.
fn version(bytes: &[u8], from: usize) -> (&'static str, u8, usize) {
    let is_version = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"/.".contains(byte);
    let rest = bytes.get(from..).unwrap_or_default();
    let len = rest.iter().take_while(|byte| is_version(byte)).count();
    match &rest[len..] {
        [] | [b'\n', ..] | [b'\r', b'\n', ..] => ("MSG_DATA", 27, from),
        [b'\r', ..] => ("MSG_RQLINE_END", 7, from + len + 1),
        _ => ("MSG_RQVER", 6, from + len),
    }
}

fn status(bytes: &[u8], at: usize) -> (&'static str, u8, usize) {
    match bytes.get(at..).unwrap_or_default() {
        [b'\n', ..] | [b'\r', b'\n', ..] => ("MSG_RPVER", 10, at),
        [b'\r', ..] => ("MSG_RPLINE_END", 15, at + 1),
        _ => ("MSG_RPCODE", 12, at),
    }
}

/// The lines whose name is `name`, as their values.
fn named<'a>(bytes: &'a [u8], name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    bytes.split(|byte| *byte == b'\n').filter_map(move |line| {
        let (front, value) = line.split_at_checked(name.len() + 1)?;
        let is_named = front.ends_with(b":") && front[..name.len()].eq_ignore_ascii_case(name.as_bytes());
        is_named.then(|| value.trim_ascii())
    })
}

fn hosts(bytes: &[u8]) -> usize {
    named(bytes, "host").count()
}

/// The first length that the head gives, 0 where it is not a number.
fn first_length(bytes: &[u8]) -> u64 {
    let first = named(bytes, "content-length").next().unwrap_or_default();
    let number = first.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    std::str::from_utf8(number).ok().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Bytes of data in chunks that are well formed up to their end.
fn payload_len(mut chunks: &[u8]) -> u64 {
    let mut total = 0;
    while let Some(lf) = memchr::memchr(b'\n', chunks) {
        let digits = chunks.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let size =
            std::str::from_utf8(&chunks[..digits]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let rest = &chunks[lf + 1..];
        let here = size.unwrap_or(0).min(rest.len());
        total += here as u64;
        let behind = &rest[here..];
        chunks = behind.strip_prefix(b"\r\n").or_else(|| behind.strip_prefix(b"\n")).unwrap_or_default();
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    fn stop(wrong: Wrong, direction: Direction, text: &str, at: usize) -> (&'static str, u8, usize) {
        let stop = Stop::of(HeadError::new(wrong, at), direction, text.as_bytes());
        (stop.state, stop.number, stop.at)
    }

    #[test]
    fn start_lines_stop_where_the_reference_stops() {
        let request = |wrong, text, at| stop(wrong, Direction::Request, text, at);
        assert_eq!(request(Wrong::MethodByte, "\x16\x03", 0), ("MSG_RQBEFORE", 0, 0));
        assert_eq!(request(Wrong::MethodByte, "\r\n\x01ET", 2), ("MSG_RQBEFORE", 0, 2));
        assert_eq!(request(Wrong::MethodByte, "G@T /", 1), ("MSG_RQMETH", 2, 1));
        for (line, expected) in [
            ("GET / HTTP/11\r\n", ("MSG_DATA", 27, 6)),
            ("GET / FOO\r\n", ("MSG_DATA", 27, 6)),
            ("GET / HTTP/x.y\r\n", ("MSG_RQVER", 6, 11)),
            ("GET / HTTP/1.1 x\r\n", ("MSG_RQVER", 6, 14)),
            ("GET / HTTP/1.1\rX\r\n", ("MSG_RQLINE_END", 7, 15)),
        ] {
            assert_eq!(request(Wrong::VersionToken, line, 6), expected, "{line}");
        }
        let response = |text, at| stop(Wrong::StatusCode, Direction::Response, text, at);
        assert_eq!(response("HTTP/1.1 abc\r\n", 9), ("MSG_RPCODE", 12, 9));
        assert_eq!(response("HTTP/1.1\r\n", 8), ("MSG_RPVER", 10, 8));
        assert_eq!(response("HTTP/1.1 200 OK\rX\r\n", 15), ("MSG_RPLINE_END", 15, 16));
    }

    #[test]
    fn what_was_counted_of_a_body_is_its_data() {
        for (body, at, data) in [
            ("3\r\nabcX", 6, 3),
            ("2\r\nab\r\nzz\r\n", 7, 2),
            ("4\r\nabcd\r\n5\r\nabcdeX", 17, 9),
            ("zz", 0, 0),
        ] {
            for head in ["", CHUNKED] {
                let text = format!("{head}{body}");
                let error = HeadError::new(Wrong::ChunkEnd, head.len() + at);
                let stop = Stop::of(error, Direction::Request, text.as_bytes());
                assert_eq!((stop.body_len, stop.chunk_len), (data, 0), "{text}");
            }
        }
        for (values, length) in [("1\r\nContent-Length: 2", 1), ("3x", 0), ("5, 6", 5)] {
            let text = format!("GET / HTTP/1.1\r\nContent-Length: {values}\r\n\r\n");
            let stop =
                Stop::of(HeadError::new(Wrong::ContentLength, 32), Direction::Request, text.as_bytes());
            assert_eq!((stop.body_len, stop.chunk_len), (length, length), "{values}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_and_any_position_will_do(bytes in proptest::collection::vec(0..=255u8, 0..60), at in 0..99usize) {
            for wrong in [Wrong::MethodByte, Wrong::VersionToken, Wrong::StatusCode, Wrong::ContentLength,
                Wrong::TransferCoding, Wrong::HostMismatch, Wrong::ChunkSize, Wrong::ChunkEnd, Wrong::Trailer] {
                for direction in [Direction::Request, Direction::Response] {
                    let _ = Stop::of(HeadError::new(wrong, at), direction, &bytes);
                }
            }
        }
    }
}
