//! Byte searches eight bytes at a time, in a u64 register.
//!
//! Names and values of real heads are short: setting up vector registers for them costs more than it saves.
//! Per byte, the high bit of a sum says whether the low seven bits reach a bound; no sum carries into the next byte.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = 0x80 * ONES;

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk::<8>().map(|chunk| u64::from_le_bytes(*chunk))
}

/// The high bit of each byte that is at least `bound` (1 to 0x80); of bytes from 0x80 always.
#[inline(always)]
fn at_least(word: u64, bound: u64) -> u64 {
    ((word & !HIGH) + (0x80 - bound) * ONES) | word
}

/// The high bit of each byte that is not `byte` (below 0x80).
#[inline(always)]
fn differs(word: u64, byte: u64) -> u64 {
    at_least(word ^ (byte * ONES), 1)
}

#[inline(always)]
fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Skips ASCII letters and `-` from `at`, by whole words: the byte at the result need not end the run.
#[inline(always)]
pub fn skip_letters(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let lower = word | (0x20 * ONES);
        let letter = at_least(lower, 0x61) & !at_least(lower, 0x7b);
        let other = (!letter & differs(word, b'-'.into())) & HIGH;
        if other != 0 {
            return at + first(other);
        }
        at += 8;
    }
    at
}

/// The first CR, LF or NUL from `at` on.
#[inline(always)]
pub fn find_line_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(word) = word(bytes, at) {
        let mut low = !at_least(word, 0x10) & HIGH;
        while low != 0 {
            let found = at + first(low);
            if matches!(bytes[found], b'\r' | b'\n' | 0) {
                return Some(found);
            }
            low &= low - 1;
        }
        at += 8;
    }
    let tail = bytes.get(at..)?;
    tail.iter().position(|b| matches!(b, b'\r' | b'\n' | 0)).map(|found| at + found)
}

/// The first byte from `at` on that is not above a space, is `#`, DEL or not ASCII, or the end of `bytes`.
#[inline(always)]
pub fn find_target_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let marks = (!(at_least(word, 0x21) & differs(word, b'#'.into())) | at_least(word, 0x7f)) & HIGH;
        if marks != 0 {
            return at + first(marks);
        }
        at += 8;
    }
    let tail = bytes.get(at..).unwrap_or(&[]);
    at + tail.iter().position(|&b| matches!(b, 0..=b' ' | b'#' | 0x7f..)).unwrap_or(tail.len())
}

/// Whether a token of 8 to 24 bytes is `lower`, whatever its case. `lower` holds lower-case letters and `-`.
#[inline(always)]
pub fn token_is(token: &[u8], lower: &[u8]) -> bool {
    let fold = 0x20 * ONES;
    let last = lower.len().wrapping_sub(8);
    let mut at = 0;
    if token.len() != lower.len() {
        return false;
    }
    loop {
        // The last word overlaps the one before it.
        let place = at.min(last);
        match (word(token, place), word(lower, place)) {
            (Some(a), Some(b)) if a | fold == b => {}
            (None, None) => return token.eq_ignore_ascii_case(lower),
            _ => return false,
        }
        if at >= last {
            return true;
        }
        at += 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_agree_with_a_look_at_each_byte() {
        for byte in 0..=255u8 {
            for place in 0..20 {
                let mut bytes = [b'a'; 20];
                bytes[place] = byte;
                let letter = byte.is_ascii_alphabetic() || byte == b'-';
                let skipped = skip_letters(&bytes, 0);
                assert_eq!(skipped, if letter || place >= 16 { 16 } else { place }, "{byte} {place}");
                let line_end = matches!(byte, b'\r' | b'\n' | 0).then_some(place);
                assert_eq!(find_line_end(&bytes, 0), line_end, "{byte} {place}");
                let target_end = if matches!(byte, 0..=b' ' | b'#' | 0x7f..) { place } else { 20 };
                assert_eq!(find_target_end(&bytes, 0), target_end, "{byte} {place}");
            }
        }
        assert_eq!(find_line_end(b"\t\x01\x0b abc\tdefgh\r\n", 0), Some(13));
    }

    #[test]
    fn tokens_are_compared_whatever_their_case() {
        let names: [&[u8]; 4] = [b"keep-alive", b"content-length", b"www-authenticate", b"transfer-encoding"];
        for name in names {
            assert!(token_is(name, name) && token_is(&name.to_ascii_uppercase(), name));
            for place in 0..name.len() {
                let mut other = name.to_vec();
                other[place] = b'x';
                assert_eq!(token_is(&other, name), name[place] == b'x');
            }
            assert!(!token_is(&name[1..], name));
        }
        assert!(token_is(b"Te", b"te") && token_is(b"HOST", b"host") && !token_is(b"hosT", b"hos-"));
    }
}
