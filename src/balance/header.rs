//! `balance hdr(<name>)` (configuration.txt 4.2): what of a header's value is hashed.

use std::ops::Range;

/// The first element of a list, blanks trimmed; `None` when there is nothing in it. A comma in a quoted
/// string does not end it (RFC 9110 5.6.4).
pub fn element(value: &[u8]) -> Option<&[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let end = value.iter().position(|&byte| {
        let plain = !std::mem::take(&mut escaped);
        match byte {
            b'"' if plain => quoted = !quoted,
            b'\\' if plain && quoted => escaped = true,
            _ => {}
        }
        byte == b',' && !quoted
    });
    let first = value.get(..end.unwrap_or(value.len()))?.trim_ascii();
    (!first.is_empty()).then_some(first)
}

/// `use_domain_only`: what stands between the last two dots, from the start when there is one dot,
/// everything when there is none. The last dot is never the very first byte, nor the one before it right before it.
pub fn domain(host: &[u8]) -> &[u8] {
    let last_dot = |mut range: Range<usize>| range.rfind(|&at| host.get(at) == Some(&b'.'));
    let Some(end) = last_dot(1..host.len()) else { return host };
    let start = last_dot(0..end - 1).map_or(0, |dot| dot + 1);
    host.get(start..end).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_those_that_the_reference_hashes() {
        for (host, expected) in [
            ("www.example.com", "example"),
            ("example.com", "example"),
            ("com", "com"),
            ("www.example.co.uk", "co"),
            ("a.b.c.d.e", "d"),
            ("haproxy.1wt.eu:8080", "1wt"),
            ("1.2.3.4", "3"),
            ("a.", "a"),
            ("..a", "."),
            ("x.a..b", "a."),
            ("a...b", "."),
            ("a..", "a."),
            (".a.b", "a"),
            ("...", "."),
            (".com", ".com"),
            ("foo.com/bar.baz", "com/bar"),
            ("www.example.com.", "com"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(domain(host.as_bytes()), expected.as_bytes(), "{host}");
        }
    }

    #[test]
    fn the_first_element_counts() {
        assert_eq!(element(b" abc , def"), Some(&b"abc"[..]));
        assert_eq!(element(b"a b"), Some(&b"a b"[..]));
        assert_eq!(element(br#""a,\",b", c"#), Some(&br#""a,\",b""#[..]));
        assert_eq!(element(b"  "), None);
        assert_eq!(element(b" , b"), None);
    }
}
