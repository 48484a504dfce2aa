//! Request and response heads: the start line and the header lines, as offsets into the bytes as they came.

use super::error::{HeadError, Wrong};
use super::fields::{Fields, HeaderField, Limits, Range16, is_token};
use super::words;

/// Whether a head is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The head is there; the parse result holds until `clear`.
    Complete,
    /// More bytes are needed. Call again with the same bytes and what came after them.
    Partial,
}

/// The methods that change how a message is treated, or that logs meet all the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    #[default]
    Other,
}

impl Method {
    /// Finds a method; methods are case-sensitive (RFC 9110 9.1).
    pub fn find(name: &[u8]) -> Method {
        match name {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"CONNECT" => Method::Connect,
            b"OPTIONS" => Method::Options,
            b"TRACE" => Method::Trace,
            b"PATCH" => Method::Patch,
            _ => Method::Other,
        }
    }
}

/// What the peer speaks. A version above 1.1 is treated, and forwarded, as 1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0
    V10,
    /// HTTP/1.1
    #[default]
    V11,
}

/// A parsed request head. Ranges are relative to the first byte handed to `parse`.
#[derive(Clone, Debug, Default)]
pub struct RequestHead {
    /// The method, for decisions.
    pub method: Method,
    /// The method as it came.
    pub method_range: Range16,
    /// The request target as it came.
    pub target: Range16,
    /// The version, for decisions.
    pub version: Version,
    /// The version as it came (8 bytes, `HTTP/1.1`).
    pub version_range: Range16,
    /// Where the request line starts: empty lines before it are skipped.
    pub start: u16,
    /// Bytes of the head, from the first byte handed to `parse` to the end of the empty line. 0 until complete.
    pub head_len: u16,
    /// The header lines.
    pub fields: Fields,
    /// The request line is not written the plain way.
    pub(super) odd_start: bool,
}

impl RequestHead {
    /// An empty result with room for `header_count` lines.
    pub fn with_capacity(header_count: usize) -> RequestHead {
        let mut head = RequestHead::default();
        head.fields.list.reserve(header_count);
        head
    }

    /// Forgets the message, keeps the memory. Must be called before another message is parsed.
    pub fn clear(&mut self) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        *self = RequestHead { fields, ..RequestHead::default() };
    }

    /// Whether the head is written the plain way: one start line, single spaces, CRLF line ends, no folded value.
    /// `make_plain` makes it so, and must be called on other heads before they are forwarded.
    pub fn is_plain(&self) -> bool {
        !(self.odd_start || self.start > 0 || self.fields.bare_lf || self.fields.folded)
    }

    /// The header lines.
    pub fn headers(&self) -> &[HeaderField] {
        self.fields.list()
    }

    /// Parses `bytes`, which start where the connection's next request starts. After `Partial`, call again with
    /// the same bytes and more: the scan goes on where it stopped, so slow heads cost no more than fast ones.
    ///
    /// Accepted as the reference accepts it: empty lines before the request, bare LF as line end, folded values,
    /// several blanks between the words of the request line.
    ///
    /// # Errors
    /// What is wrong and where. The result is of no use then, but `headers` holds the lines before it.
    ///
    /// # Source
    /// RFC 9112 sections 2 to 5.
    pub fn parse(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed, HeadError> {
        let seen = bytes.get(..usize::from(limits.head_len_max)).unwrap_or(bytes);
        let whole = self.parse_seen(seen, limits)?;
        if whole == Parsed::Partial && seen.len() == usize::from(limits.head_len_max) {
            return Err(HeadError::new(Wrong::HeadLength, seen.len()));
        }
        Ok(whole)
    }

    fn parse_seen(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed, HeadError> {
        if self.version_range.is_empty() {
            let Some(start) = self.fields.skip_empty_lines(bytes, &mut self.start)? else {
                return Ok(Parsed::Partial);
            };
            let Some((end, next)) = self.fields.start_line_end(bytes) else {
                check_method_prefix(&bytes[start..], start)?;
                return Ok(Parsed::Partial);
            };
            self.request_line(bytes, start, end, limits)?;
            self.fields.first_line = next as u16;
            self.fields.start_at(next);
        }
        let Some(head_len) = self.fields.scan(bytes, limits)? else { return Ok(Parsed::Partial) };
        self.head_len = head_len as u16;
        Ok(Parsed::Complete)
    }

    fn request_line(
        &mut self,
        bytes: &[u8],
        start: usize,
        end: usize,
        limits: &Limits,
    ) -> Result<(), HeadError> {
        let line = &bytes[..end];
        let method_end = start + line[start..].iter().take_while(|&&b| is_token(b)).count();
        let target_start = skip_blanks(line, method_end);
        if method_end == start || (target_start == method_end && method_end < end) {
            return Err(HeadError::new(Wrong::MethodByte, method_end));
        }
        let mut target_end = words::find_target_end(line, target_start);
        while matches!(line.get(target_end), Some(b'#' | 0x7f..)) {
            if !limits.unsafe_violations {
                return Err(HeadError::new(Wrong::TargetByte, target_end));
            }
            self.fields.let_through(HeadError::new(Wrong::TargetByte, target_end));
            target_end = words::find_target_end(line, target_end + 1);
        }
        let version_start = skip_blanks(line, target_end);
        if target_end < end && version_start == target_end {
            return Err(HeadError::new(Wrong::TargetByte, target_end));
        }
        if target_start == target_end || version_start == end {
            return Err(HeadError::new(Wrong::StartLineShort, end));
        }
        let target = &line[target_start..target_end];
        let method = &line[start..method_end];
        let version = &line[version_start..end];
        if method == b"PRI" && target == b"*" && version == b"HTTP/2.0" {
            return Err(HeadError::new(Wrong::Http2Preface, start));
        }
        if version.get(5) != Some(&b'1') {
            // Another major version has another syntax (RFC 9110 section 2.5).
            return Err(HeadError::new(Wrong::VersionToken, version_start));
        }
        self.version = parse_version(version, version_start)?;
        self.method = Method::find(method);
        self.method_range = Range16::new(start, method_end);
        self.target = Range16::new(target_start, target_end);
        self.version_range = Range16::new(version_start, end);
        let plain = matches!(version[7], b'0' | b'1') && version[5] == b'1';
        self.odd_start = !plain
            || target_start != method_end + 1
            || version_start != target_end + 1
            || line[method_end] != b' '
            || line[target_end] != b' ';
        Ok(())
    }
}

/// A parsed response head. Ranges are relative to the first byte handed to `parse`.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// The version, for decisions.
    pub version: Version,
    /// The version as it came (8 bytes).
    pub version_range: Range16,
    /// The status code, 100 to 999.
    pub status: u16,
    /// The three digits of the status code.
    pub status_range: Range16,
    /// The reason phrase, may be empty.
    pub reason: Range16,
    /// Where the status line starts: empty lines before it are skipped.
    pub start: u16,
    /// Bytes of the head, its empty line included. 0 until complete.
    pub head_len: u16,
    /// The header lines.
    pub fields: Fields,
    /// The start line is not written the plain way.
    pub(super) odd_start: bool,
}

impl ResponseHead {
    /// An empty result with room for `header_count` lines.
    pub fn with_capacity(header_count: usize) -> ResponseHead {
        let mut head = ResponseHead::default();
        head.fields.list.reserve(header_count);
        head
    }

    /// Forgets the message, keeps the memory. Must be called before another message is parsed.
    pub fn clear(&mut self) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        *self = ResponseHead { fields, ..ResponseHead::default() };
    }

    /// Whether the head is written the plain way: one start line, single spaces, CRLF line ends, no folded value.
    /// `make_plain` makes it so, and must be called on other heads before they are forwarded.
    pub fn is_plain(&self) -> bool {
        !(self.odd_start || self.start > 0 || self.fields.bare_lf || self.fields.folded)
    }

    /// The header lines.
    pub fn headers(&self) -> &[HeaderField] {
        self.fields.list()
    }

    /// Parses `bytes`, which start where the response starts. Resumes as `RequestHead::parse` does.
    ///
    /// # Errors
    /// What is wrong and where; for the client that is a 502.
    ///
    /// # Source
    /// RFC 9112 sections 2, 4 and 5.
    pub fn parse(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed, HeadError> {
        let seen = bytes.get(..usize::from(limits.head_len_max)).unwrap_or(bytes);
        let whole = self.parse_seen(seen, limits)?;
        if whole == Parsed::Partial && seen.len() == usize::from(limits.head_len_max) {
            return Err(HeadError::new(Wrong::HeadLength, seen.len()));
        }
        Ok(whole)
    }

    fn parse_seen(&mut self, bytes: &[u8], limits: &Limits) -> Result<Parsed, HeadError> {
        if self.status == 0 {
            let Some(start) = self.fields.skip_empty_lines(bytes, &mut self.start)? else {
                return Ok(Parsed::Partial);
            };
            let Some((end, next)) = self.fields.start_line_end(bytes) else {
                check_version_prefix(&bytes[start..], start)?;
                return Ok(Parsed::Partial);
            };
            self.status_line(bytes, start, end)?;
            self.fields.first_line = next as u16;
            self.fields.start_at(next);
        }
        let Some(head_len) = self.fields.scan(bytes, limits)? else { return Ok(Parsed::Partial) };
        self.head_len = head_len as u16;
        Ok(Parsed::Complete)
    }

    fn status_line(&mut self, bytes: &[u8], start: usize, end: usize) -> Result<(), HeadError> {
        let line = &bytes[..end];
        let version_end = start + line[start..].iter().take_while(|&&b| b > b' ').count();
        self.version = parse_version(&line[start..version_end], start)?;
        let status_start = skip_blanks(line, version_end);
        let status_end =
            status_start + line[status_start..].iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = &line[status_start..status_end];
        let ends_well = matches!(line.get(status_end), None | Some(b' ' | b'\t'));
        if digits.len() != 3 || digits[0] == b'0' || !ends_well {
            return Err(HeadError::new(Wrong::StatusCode, status_start));
        }
        let reason_start = skip_blanks(line, status_end);
        if let Some(found) = memchr::memchr2(0, b'\r', &line[reason_start..]) {
            return Err(HeadError::new(Wrong::StatusCode, reason_start + found));
        }
        self.status = digits.iter().fold(0, |sum, d| sum * 10 + u16::from(d - b'0'));
        self.version_range = Range16::new(start, version_end);
        self.status_range = Range16::new(status_start, status_end);
        self.reason = Range16::new(reason_start, end);
        self.odd_start = !matches!(&line[start..version_end], b"HTTP/1.1" | b"HTTP/1.0")
            || status_start != version_end + 1
            || line.get(status_end) != Some(&b' ');
        Ok(())
    }
}

impl Fields {
    /// Skips empty lines before a start line; `start` moves behind them. `None`: nothing but empty lines yet.
    fn skip_empty_lines(&mut self, bytes: &[u8], start: &mut u16) -> Result<Option<usize>, HeadError> {
        let mut at = usize::from(*start);
        let more = loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (Some(b'\n'), _) => at += 1,
                (Some(b'\r'), Some(b'\n')) => at += 2,
                (Some(b'\r'), Some(_)) => return Err(HeadError::new(Wrong::BareCr, at)),
                (None, _) | (Some(b'\r'), None) => break false,
                _ => break true,
            }
        };
        *start = at as u16;
        self.scanned = self.scanned.max(at);
        Ok(more.then_some(at))
    }

    /// The end of the start line that is being scanned: where its text ends and where the next line starts.
    fn start_line_end(&mut self, bytes: &[u8]) -> Option<(usize, usize)> {
        let rest = bytes.get(self.scanned..)?;
        let Some(found) = memchr::memchr(b'\n', rest) else {
            self.scanned = bytes.len();
            return None;
        };
        let lf = self.scanned + found;
        let cr = lf > 0 && bytes[lf - 1] == b'\r';
        self.bare_lf |= !cr;
        Some((if cr { lf - 1 } else { lf }, lf + 1))
    }
}

fn skip_blanks(line: &[u8], at: usize) -> usize {
    at + line[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Refuses garbage before its first line end: a client that speaks TLS to a clear port would wait for ever.
fn check_method_prefix(bytes: &[u8], start: usize) -> Result<(), HeadError> {
    match bytes.iter().take(32).position(|&b| !is_token(b)) {
        Some(0) => Err(HeadError::new(Wrong::MethodByte, start)),
        Some(at) if !matches!(bytes[at], b' ' | b'\t' | b'\r') => {
            Err(HeadError::new(Wrong::MethodByte, start + at))
        }
        _ => Ok(()),
    }
}

fn check_version_prefix(bytes: &[u8], start: usize) -> Result<(), HeadError> {
    let known = bytes.len().min(5);
    if bytes[..known] == b"HTTP/"[..known] { Ok(()) } else { Err(HeadError::new(Wrong::VersionToken, start)) }
}

fn parse_version(version: &[u8], at: usize) -> Result<Version, HeadError> {
    match version {
        b"HTTP/1.1" => Ok(Version::V11),
        b"HTTP/1.0" => Ok(Version::V10),
        [b'H', b'T', b'T', b'P', b'/', b'1'..=b'9', b'.', b'0'..=b'9'] => Ok(Version::V11),
        _ => Err(HeadError::new(Wrong::VersionToken, at)),
    }
}
