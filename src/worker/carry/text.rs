//! The form in which state passes: lines of words, readable by people and by other versions.
//!
//! ```text
//! subflow-carry 1
//! state server be s1 admin=ready>maint weight=1>1 ...
//! counters server be s1 sess.tot=total:12 sess.max=max:3 ...
//! end left_out=0
//! ```
//!
//! A verb, the names of an object, then pairs. Blanks, `%`, `=`, `>` and controls in names and values are
//! written as `%` and two hexadecimal digits. Every line ends with a line feed, so that a line cut short is
//! known.

use std::fmt::Write as _;

/// First line. The number is that of a form that older programs would misread.
const HEADER: &str = "subflow-carry 1";
/// Verb of a line of counters.
pub const COUNTERS: &str = "counters";
/// Verb of a line of settings changed at run time.
pub const STATE: &str = "state";
/// Verb of the last line.
const END: &str = "end";
const LEFT_OUT: &str = "left_out";

/// Writes lines as long as there is room.
#[derive(Debug)]
pub struct Writer {
    out: String,
    len_max: usize,
    left_out: u32,
}

impl Writer {
    /// One that writes `len_max` bytes at most.
    pub fn new(len_max: usize) -> Writer {
        Writer { out: format!("{HEADER}\n"), len_max, left_out: 0 }
    }

    /// A line about the object with these names; none when there is nothing to say. Keys are words of the
    /// program, values may be anything.
    pub fn line<K: AsRef<str>>(&mut self, verb: &str, names: &[String], pairs: &[(K, String)]) {
        if pairs.is_empty() {
            return;
        }
        let start = self.out.len();
        self.out.push_str(verb);
        for name in names {
            self.out.push(' ');
            push_escaped(&mut self.out, name);
        }
        for (key, value) in pairs {
            self.out.push(' ');
            self.out.push_str(key.as_ref());
            self.out.push('=');
            self.out.push_str(value);
        }
        self.out.push('\n');
        // The last line always has room: its length is bounded.
        if self.out.len() + END.len() + LEFT_OUT.len() + 16 > self.len_max {
            self.out.truncate(start);
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// All of it.
    pub fn finish(mut self) -> Vec<u8> {
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "{END} {LEFT_OUT}={}", self.left_out);
        self.out.into_bytes()
    }
}

/// A name as one word; the empty one is `%`.
pub fn push_escaped(out: &mut String, name: &str) {
    if name.is_empty() {
        out.push('%');
    }
    for c in name.chars() {
        match c {
            '%' | '=' | '>' | '\0'..=' ' | '\x7f' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
}

/// The name that a word stands for.
pub fn unescape(word: &str) -> Option<String> {
    let mut parts = word.split('%');
    let mut name = parts.next().unwrap_or_default().to_owned();
    if word == "%" {
        return Some(name);
    }
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        name.push(char::from(u8::from_str_radix(code, 16).ok().filter(u8::is_ascii)?));
        name.push_str(rest);
    }
    Some(name)
}

/// One line, taken apart.
#[derive(Debug)]
pub struct Line<'a> {
    /// What it tells.
    pub verb: &'a str,
    /// Of which object.
    pub names: Vec<String>,
    /// Keys and values, the values as written.
    pub pairs: Vec<(&'a str, &'a str)>,
}

/// What the bytes hold, one after the other.
#[derive(Debug)]
pub enum Item<'a> {
    /// A line.
    Line(Line<'a>),
    /// A line that cannot be read, or was cut.
    Garbage,
    /// The end, as the writer wrote it.
    End {
        /// Objects that it had no room for.
        left_out: u32,
    },
}

/// Why nothing is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More bytes than a writer writes.
    TooLong,
    /// The first line is another.
    OtherVersion,
}

/// Takes `bytes` apart.
///
/// # Errors
/// See [`Refusal`].
pub fn items(bytes: &[u8], len_max: usize) -> Result<impl Iterator<Item = Item<'_>>, Refusal> {
    if bytes.len() > len_max {
        return Err(Refusal::TooLong);
    }
    let body = bytes.strip_prefix(HEADER.as_bytes()).and_then(|rest| rest.strip_prefix(b"\n"));
    let body = body.ok_or(Refusal::OtherVersion)?;
    Ok(body.split_inclusive(|byte| *byte == b'\n').map(|line| item(line).unwrap_or(Item::Garbage)))
}

fn item(line: &[u8]) -> Option<Item<'_>> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let mut words = line.split(' ');
    let verb = words.next()?;
    let mut names = Vec::new();
    let mut pairs = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some(pair) => pairs.push(pair),
            None => names.push(unescape(word)?),
        }
    }
    if verb != END {
        return Some(Item::Line(Line { verb, names, pairs }));
    }
    let left_out = pairs.iter().find(|(key, _)| *key == LEFT_OUT)?.1.parse().ok()?;
    Some(Item::End { left_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_one_word() {
        for name in ["", "be", "a b", "50%", "a=b>c", "tab\there", "%41", "zo\u{eb}", "\0"] {
            let mut word = String::new();
            push_escaped(&mut word, name);
            assert!(!word.is_empty() && !word.contains([' ', '=', '>', '\n']), "{word}");
            assert_eq!(unescape(&word).as_deref(), Some(name));
        }
        for word in ["%4", "a%", "%zz", "%ff", "%%", "%\u{eb}"] {
            assert_eq!(unescape(word), None, "{word}");
        }
    }

    #[test]
    fn what_has_no_room_is_left_out_and_counted() {
        let mut out = Writer::new(128);
        for at in 0..10 {
            out.line("counters", &["server".into(), format!("s{at}")], &[("retries", "total:1".into())]);
        }
        let bytes = out.finish();
        assert!(bytes.len() <= 128);
        let all: Vec<Item<'_>> = items(&bytes, 128).unwrap().collect();
        assert!(matches!(all.last(), Some(Item::End { left_out: 8 })), "{all:?}");
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn other_forms_are_refused() {
        assert_eq!(items(&[b'x'; 20], 10).err(), Some(Refusal::TooLong));
        for bytes in [&b""[..], b"subflow-carry 2\n", b"subflow-carry 1", b"1\n# be_id"] {
            assert_eq!(items(bytes, 100).err(), Some(Refusal::OtherVersion));
        }
    }
}
