//! Header lines: where they are, and which ones the proxy cares about.
//!
//! The scanner is resumable: every byte of a head is looked at once however it arrives, and an error
//! is reported as soon as its byte is there.

use super::edit::Edits;
use super::error::{HeadError, Wrong};
use super::words;

/// A half-open byte range relative to the first byte handed to the parser. Heads are at most 65535 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range16 {
    /// First byte.
    pub start: u16,
    /// One past the last byte.
    pub end: u16,
}

impl Range16 {
    /// A range; the parser bounds its offsets by `Limits::head_len_max` before this.
    pub(super) fn new(start: usize, end: usize) -> Range16 {
        Range16 { start: start as u16, end: end as u16 }
    }

    /// The bytes it stands for, empty when it lies outside of `bytes`.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or(&[])
    }

    /// Number of bytes.
    pub fn len(self) -> usize {
        usize::from(self.end.saturating_sub(self.start))
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// The headers that the proxy itself reads. Everything else is `Other` and only forwarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Known {
    /// Any other name.
    #[default]
    Other,
    /// `Host`
    Host,
    /// `Connection`
    Connection,
    /// `Content-Length`
    ContentLength,
    /// `Transfer-Encoding`
    TransferEncoding,
    /// `TE`
    Te,
    /// `Expect`
    Expect,
    /// `Upgrade`
    Upgrade,
    /// `Keep-Alive`
    KeepAlive,
    /// `Proxy-Connection`
    ProxyConnection,
    /// `Trailer`
    Trailer,
    /// `Cookie`
    Cookie,
    /// `Set-Cookie`
    SetCookie,
    /// `WWW-Authenticate`
    WwwAuthenticate,
    /// `Proxy-Authenticate`
    ProxyAuthenticate,
}

impl Known {
    /// The bit of this header in `Fields::seen`.
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Finds a name: length first, then one comparison without regard to case.
    pub fn find(name: &[u8]) -> Known {
        let (known, lower): (Known, &[u8]) = match name.len() {
            2 => (Known::Te, b"te"),
            4 => (Known::Host, b"host"),
            6 => match name[0] | 0x20 {
                b'c' => (Known::Cookie, b"cookie"),
                _ => (Known::Expect, b"expect"),
            },
            7 => match name[0] | 0x20 {
                b'u' => (Known::Upgrade, b"upgrade"),
                _ => (Known::Trailer, b"trailer"),
            },
            10 => match name[0] | 0x20 {
                b'c' => (Known::Connection, b"connection"),
                b'k' => (Known::KeepAlive, b"keep-alive"),
                _ => (Known::SetCookie, b"set-cookie"),
            },
            14 => (Known::ContentLength, b"content-length"),
            16 => match name[0] | 0x20 {
                b'w' => (Known::WwwAuthenticate, b"www-authenticate"),
                _ => (Known::ProxyConnection, b"proxy-connection"),
            },
            17 => (Known::TransferEncoding, b"transfer-encoding"),
            18 => (Known::ProxyAuthenticate, b"proxy-authenticate"),
            _ => return Known::Other,
        };
        if words::token_is(name, lower) { known } else { Known::Other }
    }
}

/// One header line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeaderField {
    /// The line, its line end (CRLF, or a bare LF) included. The name starts it.
    pub line: Range16,
    /// The name; it is never empty and holds token characters only.
    pub name: Range16,
    /// The value without the white space around it; may be empty. A folded value still holds its line ends
    /// until `make_plain` has blanked them.
    pub value: Range16,
    /// Which header it is.
    pub known: Known,
}

/// What a parser accepts; the defaults are those of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `tune.http.maxhdr`, 101 by default. As in the reference one entry is its own: 100 lines pass.
    pub header_count_max: u16,
    /// Bytes of a head, its final empty line included; at most 65535.
    pub head_len_max: u16,
    /// Accept what `option accept-unsafe-violations-in-http-request` (`-response`) accepts: a raw `#`, DEL or
    /// bytes beyond ASCII in the target.
    pub unsafe_violations: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { header_count_max: 101, head_len_max: 15360, unsafe_violations: false }
    }
}

/// The header section of a head: parsed lines and the state of the scan. Reused from message to message.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub(super) list: Vec<HeaderField>,
    /// Bits of the `Known` headers that are present.
    seen: u32,
    repeated_host: bool,
    /// Where the first header line starts.
    pub(super) first_line: u16,
    /// Some line ended with a bare LF, the start line included.
    pub(super) bare_lf: bool,
    /// Some value is folded over several lines.
    pub(super) folded: bool,
    /// The first byte that was let through against the standard ([`Limits::unsafe_violations`]).
    violation: Option<HeadError>,
    /// Start of the line being scanned.
    pub(super) line_start: usize,
    /// End of its name, 0 while the colon has not been seen.
    name_end: usize,
    /// Bytes before this one need not be looked at again.
    pub(super) scanned: usize,
}

impl Fields {
    /// The header lines in the order of arrival.
    pub fn list(&self) -> &[HeaderField] {
        &self.list
    }

    /// Whether a `known` header is present.
    pub fn has(&self, known: Known) -> bool {
        self.seen & known.bit() != 0
    }

    /// The `Known::bit`s of all headers that are present.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// Whether there is more than one `Host` line.
    pub(super) fn repeats_host(&self) -> bool {
        self.repeated_host
    }

    /// Where another line can be inserted: behind the last one.
    pub fn end(&self) -> u16 {
        self.list.last().map_or(self.first_line, |field| field.line.end)
    }

    /// All lines of one `known` header. Ask `has` first where it is rare.
    pub fn all(&self, known: Known) -> impl Iterator<Item = &HeaderField> {
        self.list.iter().filter(move |f| f.known == known)
    }

    /// The first line of a `known` header.
    pub fn first(&self, known: Known) -> Option<&HeaderField> {
        if self.has(known) { self.list.iter().find(|f| f.known == known) } else { None }
    }

    /// The first line with this name, whatever its case.
    pub fn find(&self, bytes: &[u8], name: &[u8]) -> Option<&HeaderField> {
        self.list.iter().find(|f| f.name.of(bytes).eq_ignore_ascii_case(name))
    }

    /// Takes out the lines whose name `unwanted` finds: they are no longer listed, and `edits` delete them. Not for lines
    /// of a [`Known`] header.
    pub fn remove(&mut self, bytes: &[u8], edits: &mut Edits, unwanted: impl Fn(&[u8]) -> bool) {
        self.list.retain(|field| {
            let goes = field.known == Known::Other && unwanted(field.name.of(bytes));
            if goes {
                edits.delete(field.line);
            }
            !goes
        });
    }

    /// What was let through against the standard, and first of all.
    pub fn violation(&self) -> Option<HeadError> {
        self.violation
    }

    /// Lets a byte through.
    pub(super) fn let_through(&mut self, error: HeadError) {
        self.violation.get_or_insert(error);
    }

    pub(super) fn clear(&mut self) {
        self.violation = None;
        self.list.clear();
        self.seen = 0;
        self.repeated_host = false;
        self.bare_lf = false;
        self.folded = false;
        self.start_at(0);
    }

    pub(super) fn start_at(&mut self, offset: usize) {
        self.line_start = offset;
        self.name_end = 0;
        self.scanned = offset;
    }

    /// Scans header lines up to the empty line. `Ok(Some(n))`: complete, the head is `n` bytes long;
    /// `Ok(None)`: needs more bytes.
    pub(super) fn scan(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<usize>, HeadError> {
        loop {
            if self.name_end == 0 {
                match self.scan_name(bytes, limits)? {
                    Name::Partial => return Ok(None),
                    Name::End(head_len) => return Ok(Some(head_len)),
                    Name::Found => {}
                }
            }
            let Some(field) = self.scan_value(bytes)? else { return Ok(None) };
            if self.list.len() + 1 >= usize::from(limits.header_count_max) {
                return Err(HeadError::new(Wrong::HeaderCount, self.line_start));
            }
            self.repeated_host |= field.known == Known::Host && self.has(Known::Host);
            self.seen |= field.known.bit();
            self.start_at(field.line.end as usize);
            self.list.push(field);
        }
    }

    fn scan_name(&mut self, bytes: &[u8], limits: &Limits) -> Result<Name, HeadError> {
        let mut at = words::skip_letters(bytes, self.scanned);
        while let Some(&byte) = bytes.get(at) {
            if is_token(byte) {
                at += 1;
                continue;
            }
            if byte == b':' && at > self.line_start {
                self.name_end = at;
                self.scanned = at + 1;
                return Ok(Name::Found);
            }
            if limits.unsafe_violations && self.may_let_through(at, byte) {
                self.let_through(HeadError::new(Wrong::NameByte, at));
                at += 1;
                continue;
            }
            return self.scan_end(bytes, at, byte);
        }
        self.scanned = at;
        Ok(Name::Partial)
    }

    /// Whether a byte that no name has is one of a name where violations are let through: not what ends or begins a
    /// line, an empty name or a NUL.
    #[cold]
    fn may_let_through(&self, at: usize, byte: u8) -> bool {
        let begins = at == self.line_start && matches!(byte, b' ' | b'\t');
        !begins && !matches!(byte, b':' | b'\r' | b'\n' | 0)
    }

    /// Not a header name at `at`: the final empty line, or an error.
    #[cold]
    fn bad_name(&self, at: usize, byte: u8) -> HeadError {
        let first = at == self.line_start && matches!(byte, b' ' | b'\t');
        HeadError::new(if first { Wrong::FoldFirst } else { Wrong::NameByte }, at)
    }

    fn scan_end(&mut self, bytes: &[u8], at: usize, byte: u8) -> Result<Name, HeadError> {
        self.scanned = at;
        if at != self.line_start {
            return Err(self.bad_name(at, byte));
        }
        match (byte, bytes.get(at + 1)) {
            (b'\n', _) => {
                self.bare_lf = true;
                Ok(Name::End(at + 1))
            }
            (b'\r', Some(b'\n')) => Ok(Name::End(at + 2)),
            (b'\r', None) => Ok(Name::Partial),
            (b'\r', Some(_)) => Err(HeadError::new(Wrong::BareCr, at)),
            _ => Err(self.bad_name(at, byte)),
        }
    }

    fn scan_value(&mut self, bytes: &[u8]) -> Result<Option<HeaderField>, HeadError> {
        loop {
            let Some(end) = words::find_line_end(bytes, self.scanned) else {
                self.scanned = bytes.len();
                return Ok(None);
            };
            // A retry starts at the line end again: cheap, and it keeps the state small.
            let next = match (bytes[end], bytes.get(end + 1)) {
                (b'\n', _) => end + 1,
                (b'\r', Some(b'\n')) => end + 2,
                (b'\r', Some(_)) => return Err(HeadError::new(Wrong::BareCr, end)),
                (b'\r', None) => {
                    self.scanned = end;
                    return Ok(None);
                }
                _ => return Err(HeadError::new(Wrong::ValueByte, end)),
            };
            match bytes.get(next) {
                None => {
                    self.scanned = end;
                    return Ok(None);
                }
                Some(b' ' | b'\t') => {
                    self.folded = true;
                    self.scanned = next;
                }
                Some(_) => {
                    self.bare_lf |= bytes[end] == b'\n';
                    return Ok(Some(self.field(bytes, end, next)));
                }
            }
        }
    }

    fn field(&self, bytes: &[u8], end: usize, next: usize) -> HeaderField {
        let (start, name_end) = (self.line_start, self.name_end);
        let mut value = &bytes[name_end + 1..end];
        // What is within the value is a line end only when it is folded.
        let blank = |b: &u8| matches!(b, b' ' | b'\t') || (self.folded && matches!(b, b'\r' | b'\n'));
        while let [first, rest @ ..] = value {
            if !blank(first) {
                break;
            }
            value = rest;
        }
        let value_start = end - value.len();
        while let [rest @ .., last] = value {
            if !blank(last) {
                break;
            }
            value = rest;
        }
        HeaderField {
            line: Range16::new(start, next),
            name: Range16::new(start, name_end),
            value: Range16::new(value_start, value_start + value.len()),
            known: Known::find(&bytes[start..name_end]),
        }
    }
}

enum Name {
    Partial,
    Found,
    End(usize),
}

/// Whether a byte may stand in a token (RFC 9110 5.6.2).
pub fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        table[i] = b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        i += 1;
    }
    table
};
