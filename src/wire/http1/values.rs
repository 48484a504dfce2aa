//! The header values that framing depends on: token lists, lengths, transfer codings.

use super::error::Wrong;
use super::words;

/// The largest body length: 2^63 - 1, as in the reference.
pub const LENGTH_MAX: u64 = i64::MAX as u64;

/// The elements of a comma-separated list, without the white space around them; empty ones included.
pub fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b',').map(trim)
}

/// A value without the white space around it. Line ends count: a folded value still holds them.
pub fn trim(value: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let lead = value.iter().take_while(|b| blank(b)).count();
    let value = &value[lead..];
    let trail = value.iter().rev().take_while(|b| blank(b)).count();
    &value[..value.len() - trail]
}

/// What the `Connection` lines of one message say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// `close`
    pub close: bool,
    /// `keep-alive`
    pub keep_alive: bool,
    /// `upgrade`
    pub upgrade: bool,
}

impl Connection {
    /// Adds what one `Connection` line says.
    pub fn add(&mut self, value: &[u8]) {
        if words::token_is(value, b"keep-alive") {
            self.keep_alive = true;
            return;
        }
        for token in elements(value) {
            match token.len() {
                5 => self.close |= token.eq_ignore_ascii_case(b"close"),
                7 => self.upgrade |= token.eq_ignore_ascii_case(b"upgrade"),
                10 => self.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive"),
                _ => {}
            }
        }
    }
}

/// Whether a `Connection` token is about this hop only and is never forwarded.
pub fn is_hop_token(token: &[u8]) -> bool {
    token.eq_ignore_ascii_case(b"close") || token.eq_ignore_ascii_case(b"keep-alive")
}

/// Reads one `Content-Length` value: an integer, or a list of one and the same integer.
///
/// # Errors
/// An empty element, a byte that is not a digit, two integers that differ, more than `LENGTH_MAX`.
pub fn content_length(value: &[u8]) -> Result<u64, Wrong> {
    let mut length = None;
    for element in elements(value) {
        let n = integer(element).ok_or(Wrong::ContentLength)?;
        if length.is_some_and(|known| known != n) {
            return Err(Wrong::ContentLength);
        }
        length = Some(n);
    }
    length.ok_or(Wrong::ContentLength)
}

fn integer(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut n = 0u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        n = n.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    (n <= LENGTH_MAX).then_some(n)
}

/// The transfer codings of a message, over all its `Transfer-Encoding` lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codings {
    chunked: bool,
    other: bool,
}

impl Codings {
    /// Adds the elements of one line, in order.
    ///
    /// # Errors
    /// `chunked` twice, or something after `chunked`.
    pub fn add(&mut self, value: &[u8]) -> Result<(), Wrong> {
        for coding in elements(value) {
            if coding.eq_ignore_ascii_case(b"chunked") {
                if self.chunked {
                    return Err(Wrong::TransferCoding);
                }
                self.chunked = true;
            } else if !self.chunked {
                self.other = true;
            } else if !coding.is_empty() {
                return Err(Wrong::TransferCoding);
            }
        }
        Ok(())
    }

    /// Checks the whole list, when no line is left.
    ///
    /// # Errors
    /// No `chunked` at the end; or another coding before it, which this proxy does not undo.
    pub fn finish(self) -> Result<(), Wrong> {
        match (self.chunked, self.other) {
            (false, _) => Err(Wrong::TransferCoding),
            (true, true) => Err(Wrong::UnsupportedCoding),
            (true, false) => Ok(()),
        }
    }
}

/// Whether a `TE` line accepts trailers: its first `trailers` element has no parameter. Compared as the
/// reference compares, with regard to case.
pub fn te_trailers(value: &[u8]) -> bool {
    elements(value).find(|e| e.starts_with(b"trailers") && !e.get(8).is_some_and(|&b| super::is_token(b)))
        == Some(b"trailers")
}

/// Whether a comma-separated list holds `token`, whatever its case.
pub fn has_token(value: &[u8], token: &[u8]) -> bool {
    elements(value).any(|e| e.eq_ignore_ascii_case(token))
}
