//! The pairs of `Cookie` and `Set-Cookie` lines, read as leniently as the reference reads them.
//!
//! # Source
//! RFC 6265 sections 4.1.1 and 4.2.1; blanks around `=`, commas between cookies and quoted values are those of
//! RFC 2109, which some clients still send.

/// One cookie, or what stands where one could: the parts cover the text between two delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The delimiter in front, `;` or `,`; none before the first pair.
    pub delimiter: Option<u8>,
    /// Blanks before the name.
    pub lead: &'a [u8],
    /// The name, without blanks around it; may be empty.
    pub name: &'a [u8],
    /// The value, without blanks around it; none without `=`.
    pub value: Option<&'a [u8]>,
    /// Blanks behind all that.
    pub trail: &'a [u8],
}

impl Pair<'_> {
    /// An attribute of the cookie in front (RFC 2109: `$Path`, `$Domain`), or of all (`$Version`).
    pub fn is_attribute(&self) -> bool {
        self.name.first() == Some(&b'$')
    }
}

/// The pairs of the value of a `Cookie` line, each with its text; there is at least one, and any may be empty.
pub fn pairs(value: &[u8]) -> Pairs<'_> {
    Pairs { rest: Some(value), delimiter: None }
}

/// See [`pairs`].
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    rest: Option<&'a [u8]>,
    delimiter: Option<u8>,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Pair<'a>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let name_len = until(rest, |byte| matches!(byte, b'=' | b';' | b','));
        let value_len = match rest.get(name_len) {
            Some(b'=') => 1 + until_delimiter(&rest[name_len + 1..]),
            _ => 0,
        };
        let (text, behind) = rest.split_at(name_len + value_len);
        let pair = split(text, name_len, self.delimiter);
        if let Some((delimiter, rest)) = behind.split_first() {
            self.delimiter = Some(*delimiter);
            self.rest = Some(rest);
        }
        Some((pair, text))
    }
}

/// The cookie that the value of a `Set-Cookie` line sets, and the text behind it that is not its own: attributes.
/// None without `=`.
pub fn set_cookie(value: &[u8]) -> Option<(Pair<'_>, &[u8])> {
    let (pair, text) = pairs(value).next()?;
    let own = text.len() - pair.trail.len();
    pair.value.map(|_| (pair, value.get(own..).unwrap_or(&[])))
}

fn split(text: &[u8], name_len: usize, delimiter: Option<u8>) -> Pair<'_> {
    let lead_len = text[..name_len].iter().take_while(|byte| is_blank(byte)).count();
    let (lead, named) = text.split_at(lead_len);
    let (name, value) = match named.split_at_checked(name_len - lead_len) {
        Some((name, [b'=', value @ ..])) => (name, Some(value)),
        _ => (named, None),
    };
    let value = value.map(trim_start);
    let last = value.unwrap_or(name);
    let trail = &last[trim_end(last).len()..];
    Pair { delimiter, lead, name: trim_end(name), value: value.map(trim_end), trail }
}

fn until(bytes: &[u8], mut stop: impl FnMut(u8) -> bool) -> usize {
    bytes.iter().position(|byte| stop(*byte)).unwrap_or(bytes.len())
}

/// Where a value ends. Between quotes delimiters are part of it; a backslash there takes what follows.
fn until_delimiter(bytes: &[u8]) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    until(bytes, |byte| {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        } else {
            return !quoted && matches!(byte, b';' | b',');
        }
        false
    })
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| is_blank(byte)).count()..]
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().rev().take_while(|byte| is_blank(byte)).count();
    &bytes[..bytes.len() - blanks]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        pairs(value.as_bytes())
            .map(|(pair, _)| match pair.value {
                Some(value) => format!("{}={}", text(pair.name), text(value)),
                None => text(pair.name),
            })
            .collect()
    }

    #[test]
    fn pairs_stand_between_semicolons_and_commas() {
        assert_eq!(shown("a=1; b=2,c=3"), ["a=1", "b=2", "c=3"]);
        assert_eq!(shown(" a = 1 ;\tb=\t2\t"), ["a=1", "b=2"]);
        assert_eq!(shown("a; =x;;b==c"), ["a", "=x", "", "b==c"]);
        assert_eq!(shown(""), [""]);
        assert_eq!(shown("a=1;"), ["a=1", ""]);
    }

    #[test]
    fn a_quoted_value_keeps_its_delimiters() {
        assert_eq!(shown("a=\"1;2,3\"; b=4"), ["a=\"1;2,3\"", "b=4"]);
        assert_eq!(shown("a=\"x\\\";y\"; b=4"), ["a=\"x\\\";y\"", "b=4"]);
        assert_eq!(shown("a=\"1; b=2"), ["a=\"1; b=2"]);
        assert_eq!(shown("a=x\\\"; b=2"), ["a=x\\\"; b=2"]);
    }

    #[test]
    fn a_set_cookie_line_sets_one_cookie() {
        let (pair, behind) = set_cookie(b"S = x ; path=/").unwrap();
        assert_eq!((pair.name, pair.value, behind), (&b"S"[..], Some(&b"x"[..]), &b" ; path=/"[..]));
        let (pair, behind) = set_cookie(b"S=,b").unwrap();
        assert_eq!((pair.value, behind), (Some(&b""[..]), &b",b"[..]));
        assert_eq!(set_cookie(b"S; path=/"), None);
        assert_eq!(set_cookie(b""), None);
    }
}
