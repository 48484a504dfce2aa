//! Integers, durations and sizes as arguments.
//!
//! # Source
//! configuration.txt 2.5 (times) and chapter 3 (sizes). The reference reads a bare integer as C's
//! `atol` does and takes `abc` for 0; here a word that is not a number is an error, because no
//! working file has one.

/// Longest duration: 2147483647 ms, about 24.8 days.
pub const TIME_MAX_MS: u64 = i32::MAX as u64;

/// Unit of a duration that has none, and of the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

impl Unit {
    const fn us(self) -> u128 {
        match self {
            Unit::Ms => 1_000,
            Unit::S => 1_000_000,
        }
    }
}

/// Why a duration or size cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberError {
    /// The first character that does not belong there; `None` at the end of the word.
    Unexpected(Option<char>),
    /// Larger than the type can hold.
    Overflow,
}

/// Reads a duration such as `30s` and converts it to `unit`, rounding up.
///
/// # Errors
/// An unknown unit or character, or more than [`TIME_MAX_MS`] milliseconds (that many seconds for
/// [`Unit::S`]).
pub fn time(text: &str, unit: Unit) -> Result<u64, NumberError> {
    let digits = digits_len(text);
    let (number, suffix) = text.split_at(digits);
    if digits == 0 {
        return Err(NumberError::Unexpected(text.chars().next()));
    }
    let factor_us: u128 = match suffix {
        "" => unit.us(),
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return Err(NumberError::Unexpected(bad_unit_char(suffix))),
    };
    let value: u128 = number.parse().map_err(|_| NumberError::Overflow)?;
    let total = value.checked_mul(factor_us).ok_or(NumberError::Overflow)?;
    match u64::try_from(total.div_ceil(unit.us())) {
        Ok(converted) if converted <= TIME_MAX_MS => Ok(converted),
        _ => Err(NumberError::Overflow),
    }
}

/// Reads a size such as `16k` in bytes.
///
/// # Errors
/// An unknown unit or character, or more than 4294967295 bytes.
pub fn size(text: &str) -> Result<u64, NumberError> {
    let digits = digits_len(text);
    let (number, suffix) = text.split_at(digits);
    if digits == 0 {
        return Err(NumberError::Unexpected(text.chars().next()));
    }
    let shift = match suffix {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => {
            let mut rest = suffix.chars();
            let first = rest.next();
            let known = matches!(first, Some('k' | 'K' | 'm' | 'M' | 'g' | 'G'));
            return Err(NumberError::Unexpected(if known { rest.next() } else { first }));
        }
    };
    let value: u64 = number.parse().map_err(|_| NumberError::Overflow)?;
    match value.checked_mul(1 << shift) {
        Some(bytes) if bytes <= u64::from(u32::MAX) => Ok(bytes),
        _ => Err(NumberError::Overflow),
    }
}

fn digits_len(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn bad_unit_char(suffix: &str) -> Option<char> {
    let mut chars = suffix.chars();
    let first = chars.next();
    match first {
        Some('m' | 'u') => match chars.next() {
            Some('s') => chars.next(),
            other => other,
        },
        Some('s' | 'h' | 'd') => chars.next(),
        _ => first,
    }
}

/// Text of a failed duration, as the reference words it; `name` is the argument it belongs to.
pub fn time_error(error: NumberError, text: &str, name: &str) -> String {
    match error {
        NumberError::Unexpected(Some(c)) => format!("unexpected character '{c}' in '{name}'"),
        NumberError::Unexpected(None) => format!("incomplete value '{text}' in '{name}'"),
        NumberError::Overflow => format!(
            "timer overflow in argument '{text}' to '{name}' (maximum value is 2147483647 ms or ~24.8 days)"
        ),
    }
}

/// The same for keywords whose messages put the name between angle brackets.
pub fn delay_error(error: NumberError, text: &str, name: &str) -> String {
    match error {
        NumberError::Unexpected(Some(c)) => format!("unexpected character '{c}' in argument to <{name}>."),
        other => time_error(other, text, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_time_unit() {
        let table: &[(&str, u64)] = &[
            ("5", 5),
            ("0", 0),
            ("1us", 1),
            ("1000us", 1),
            ("1001us", 2),
            ("7ms", 7),
            ("2s", 2_000),
            ("3m", 180_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("2147483647", 2_147_483_647),
        ];
        for (text, ms) in table {
            assert_eq!(time(text, Unit::Ms), Ok(*ms), "{text}");
        }
        assert_eq!(time("10", Unit::S), Ok(10));
        assert_eq!(time("2m", Unit::S), Ok(120));
        assert_eq!(time("1500", Unit::S), Ok(1500));
        assert_eq!(time("1500ms", Unit::S), Ok(2));
    }

    #[test]
    fn names_the_character_that_spoils_a_time() {
        let table = [("abc", 'a'), ("1x", 'x'), ("1.5s", '.'), ("-5", '-'), ("1mss", 's'), ("1sx", 'x')];
        for (text, c) in table {
            assert_eq!(time(text, Unit::Ms), Err(NumberError::Unexpected(Some(c))), "{text}");
        }
        assert_eq!(time("", Unit::Ms), Err(NumberError::Unexpected(None)));
        assert_eq!(time("1u", Unit::Ms), Err(NumberError::Unexpected(None)));
    }

    #[test]
    fn refuses_times_beyond_25_days() {
        for text in ["2147483648", "99999999d", "99999999999999999999999999999999999999999999s", "25d"] {
            assert_eq!(time(text, Unit::Ms), Err(NumberError::Overflow), "{text}");
        }
    }

    #[test]
    fn reads_sizes() {
        assert_eq!(size("16384"), Ok(16384));
        assert_eq!(size("16k"), Ok(16384));
        assert_eq!(size("1m"), Ok(1 << 20));
        assert_eq!(size("1G"), Ok(1 << 30));
        assert_eq!(size("4g"), Err(NumberError::Overflow));
        assert_eq!(size("1kb"), Err(NumberError::Unexpected(Some('b'))));
        assert_eq!(size("x"), Err(NumberError::Unexpected(Some('x'))));
    }
}
