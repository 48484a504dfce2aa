//! Chunked bodies, walked at their framing only: data bytes are counted, not read.
//!
//! ```text
//! Size --line--> Data(n) --n bytes--> DataEnd --CRLF--> Size
//!   \--line "0"--> Trailer --lines, empty line--> Done
//! ```
//!
//! The framing is forwarded as it came, so only what every reader takes alike is accepted: line ends are CRLF, sizes
//! have at most 16 digits, extensions hold no control character. The reference also takes a bare LF here, but it
//! writes the framing anew.
//!
//! # Source
//! RFC 9112 section 7.1.

use super::error::{HeadError, Wrong};
use super::fields::{Fields, Known, Limits};

/// Bounds of the framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkLimits {
    /// Bytes of a size line, its extensions and line end included.
    pub line_len_max: u16,
    /// Bytes of the trailer section, its final empty line included; at most 65535.
    pub trailer_len_max: u16,
    /// Trailer lines, counted as `Limits::header_count_max` counts.
    pub trailer_count_max: u16,
}

impl Default for ChunkLimits {
    fn default() -> ChunkLimits {
        ChunkLimits { line_len_max: 8192, trailer_len_max: 15360, trailer_count_max: 101 }
    }
}

/// The largest chunk, as in the reference: sizes stay below 2^52.
const CHUNK_LEN_MAX: u64 = (1 << 52) - 1;
const SIZE_DIGITS_MAX: usize = 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailer,
    Done,
}

/// What `ChunkParser::walk` found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// So many bytes from the start of the slice may be forwarded as they are. What is behind them is an incomplete
    /// line (keep it and walk again when more has come), or, after `done`, the next message.
    pub forward: usize,
    /// So many bytes of chunk data follow the slice: they can be forwarded, or spliced, without being looked at;
    /// then say so with `skip_data`.
    pub data_left: u64,
    /// Bytes of chunk data among `forward`, for those who count or read the body.
    pub data: usize,
    /// The body, with its trailer section, ends at `forward`.
    pub done: bool,
}

/// The parser of one chunked body. Small and plain: reset it with `default`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkParser {
    state: State,
    /// Bytes of the incomplete line that have been searched for its end.
    searched: usize,
}

impl ChunkParser {
    /// Walks over `bytes`, which start where the last walk's `forward` ended.
    ///
    /// # Errors
    /// What is wrong and where. Bytes before it may already have been forwarded, so the connection must be closed.
    pub fn walk(&mut self, bytes: &[u8], limits: &ChunkLimits) -> Result<Walk, HeadError> {
        let mut walk = Walk::default();
        loop {
            let at = walk.forward;
            let rest = bytes.get(at..).unwrap_or(&[]);
            match self.state {
                State::Size => match self.size_line(rest, limits).map_err(|e| shifted(e, at))? {
                    Some((size, len)) => {
                        walk.forward += len;
                        self.state = if size == 0 { State::Trailer } else { State::Data(size) };
                    }
                    None => return Ok(walk),
                },
                State::Data(left) => {
                    let here = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                    walk.forward += here;
                    walk.data += here;
                    self.skip_data(here as u64);
                    if let State::Data(left) = self.state {
                        walk.data_left = left;
                        return Ok(walk);
                    }
                }
                State::DataEnd => match rest {
                    [b'\r', b'\n', ..] => {
                        walk.forward += 2;
                        self.state = State::Size;
                    }
                    [] | [b'\r'] => return Ok(walk),
                    _ => return Err(HeadError::new(Wrong::ChunkEnd, at)),
                },
                State::Trailer => match self.trailer(rest, limits).map_err(|e| shifted(e, at))? {
                    Some(len) => {
                        walk.forward += len;
                        self.state = State::Done;
                    }
                    None => return Ok(walk),
                },
                State::Done => {
                    walk.done = true;
                    return Ok(walk);
                }
            }
        }
    }

    /// Says that `len` bytes of chunk data went past the parser; more than `data_left` is cut to it.
    pub fn skip_data(&mut self, len: u64) {
        if let State::Data(left) = self.state {
            let left = left.saturating_sub(len);
            self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
        }
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// A complete size line at the start of `rest`: the size and the length of the line.
    fn size_line(&mut self, rest: &[u8], limits: &ChunkLimits) -> Result<Option<(u64, usize)>, HeadError> {
        let digits = rest.iter().take(SIZE_DIGITS_MAX + 1).take_while(|b| b.is_ascii_hexdigit()).count();
        if digits > SIZE_DIGITS_MAX {
            return Err(HeadError::new(Wrong::ChunkSize, digits - 1));
        }
        match rest.get(digits) {
            Some(b'\r') if digits > 0 => {}
            Some(b';' | b' ' | b'\t') if digits > 0 => return self.extended_line(rest, digits, limits),
            Some(_) => return Err(HeadError::new(Wrong::ChunkSize, digits)),
            None => return Ok(None),
        }
        match rest.get(digits + 1) {
            Some(b'\n') => Ok(Some((size_of(&rest[..digits])?, digits + 2))),
            Some(_) => Err(HeadError::new(Wrong::BareCr, digits)),
            None => Ok(None),
        }
    }

    fn extended_line(
        &mut self,
        rest: &[u8],
        digits: usize,
        limits: &ChunkLimits,
    ) -> Result<Option<(u64, usize)>, HeadError> {
        let max = usize::from(limits.line_len_max);
        let start = self.searched.max(digits);
        let control = |&b: &u8| (b < b' ' && b != b'\t') || b == 0x7f;
        let Some(found) = rest.get(start..).unwrap_or(&[]).iter().position(control) else {
            self.searched = rest.len();
            if rest.len() >= max {
                return Err(HeadError::new(Wrong::ChunkExtension, max));
            }
            return Ok(None);
        };
        let end = start + found;
        if end + 2 > max || rest[end] != b'\r' {
            return Err(HeadError::new(Wrong::ChunkExtension, end));
        }
        match rest.get(end + 1) {
            Some(b'\n') => {}
            Some(_) => return Err(HeadError::new(Wrong::BareCr, end)),
            None => {
                self.searched = end;
                return Ok(None);
            }
        }
        let blanks = rest[digits..end].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        if !matches!(rest[digits + blanks], b';' | b'\r') {
            return Err(HeadError::new(Wrong::ChunkExtension, digits + blanks));
        }
        self.searched = 0;
        Ok(Some((size_of(&rest[..digits])?, end + 2)))
    }

    /// A complete trailer section at the start of `rest`: its length. Most are just an empty line.
    fn trailer(&mut self, rest: &[u8], limits: &ChunkLimits) -> Result<Option<usize>, HeadError> {
        if rest.starts_with(b"\r\n") {
            return Ok(Some(2));
        }
        // Whole lines only, and only when there is another one: a slow trailer section is not parsed at each byte.
        let bound = rest.get(..usize::from(limits.trailer_len_max)).unwrap_or(rest);
        let full = bound.len() == usize::from(limits.trailer_len_max);
        let fresh = bound.get(self.searched..).unwrap_or(&[]);
        let last_lf = memchr::memrchr(b'\n', fresh).map(|found| self.searched + found);
        self.searched = bound.len();
        let Some(last_lf) = last_lf else {
            return if full { Err(HeadError::new(Wrong::Trailer, bound.len())) } else { Ok(None) };
        };
        let bound = &bound[..=last_lf];
        let lines = Limits {
            header_count_max: limits.trailer_count_max,
            head_len_max: u16::MAX,
            unsafe_violations: false,
        };
        let mut fields = Fields::default();
        let end = fields.scan(bound, &lines).map_err(|e| HeadError { wrong: Wrong::Trailer, ..e })?;
        let framing = [Known::ContentLength, Known::TransferEncoding];
        if fields.bare_lf || fields.folded || framing.iter().any(|&known| fields.has(known)) {
            return Err(HeadError::new(Wrong::Trailer, fields.line_start));
        }
        if end.is_none() && full {
            return Err(HeadError::new(Wrong::Trailer, bound.len()));
        }
        Ok(end)
    }
}

#[cold]
fn shifted(error: HeadError, by: usize) -> HeadError {
    HeadError::new(error.wrong, error.at as usize + by)
}

fn size_of(digits: &[u8]) -> Result<u64, HeadError> {
    let value = |b: u8| u64::from((b as char).to_digit(16).unwrap_or(0));
    let size = digits.iter().fold(0u64, |size, &b| (size << 4) | value(b));
    if size > CHUNK_LEN_MAX { Err(HeadError::new(Wrong::ChunkSize, 0)) } else { Ok(size) }
}
