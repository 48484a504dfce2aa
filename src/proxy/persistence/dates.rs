//! Dates in cookie values: `value|last|first`.
//!
//! The manual does not say how they are written. Observed: seconds since 1970 in units of 4, as five digits of the
//! base64 alphabet, the highest first.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Digits of a date.
const DATE_LEN: usize = 5;

/// Seconds that one unit stands for, as a shift.
const UNIT_SHIFT: u32 = 2;

/// What stands before a date.
pub const DELIMITER: u8 = b'|';

/// How far ahead of our clock a date may be, in seconds, so that clocks may differ.
const AHEAD_SECS_MAX: i64 = 86_400;

/// Appends the date `secs`.
pub fn write(out: &mut Vec<u8>, secs: i64) {
    out.push(DELIMITER);
    for digit in (0..DATE_LEN).rev() {
        let value = (secs >> UNIT_SHIFT) >> (6 * digit);
        out.push(ALPHABET[(value & 63) as usize]);
    }
}

/// The date that `text` begins with, in seconds since 1970; what follows it is ignored.
pub fn read(text: &[u8]) -> Option<i64> {
    let digits = text.get(..DATE_LEN)?;
    let mut value = 0;
    for digit in digits {
        let at = ALPHABET.iter().position(|known| known == digit)?;
        value = value << 6 | at as i64;
    }
    Some(value << UNIT_SHIFT).filter(|secs| *secs > 0)
}

/// Whether a date does not count any more: older than `max_secs`, or too far ahead.
pub fn is_out(secs: i64, max_secs: u32, now_secs: i64) -> bool {
    secs > now_secs + AHEAD_SECS_MAX || secs + i64::from(max_secs) < now_secs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_as_the_reference_does() {
        // 2026-11-27 18:23:42 UTC
        let mut out = Vec::new();
        write(&mut out, 1_795_803_822);
        assert_eq!(out, b"|awnKr");
        assert_eq!(read(b"awnKr"), Some(1_795_803_820));
        assert_eq!(read(b"awnKrzz"), Some(1_795_803_820));
        assert_eq!(read(b"AAAAA"), None);
        assert_eq!(read(b"awnK"), None);
        assert_eq!(read(b"----A"), None);
    }

    #[test]
    fn a_date_counts_for_a_while_and_from_a_day_ahead() {
        assert!(!is_out(1000, 60, 1060));
        assert!(is_out(1000, 60, 1061));
        assert!(!is_out(1000 + 86_400, 60, 1000));
        assert!(is_out(1001 + 86_400, 60, 1000));
    }
}
