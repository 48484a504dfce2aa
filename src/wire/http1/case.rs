//! The case of header names: for peers that look at it, against RFC 9110 section 5.1.

use super::fields::is_token;
use std::cmp::Ordering;

/// Header names in the case that they are sent in (`h1-case-adjust`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderCases {
    /// In the order of their lower case.
    names: Vec<Box<[u8]>>,
}

/// Why a pair of names is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCase {
    /// The two are not the same name, or no header can be called so.
    Differ,
    /// The name has its case already.
    Twice,
}

impl HeaderCases {
    /// Sends the header `from` as `to`.
    ///
    /// # Errors
    /// See [`BadCase`].
    pub fn insert(&mut self, from: &str, to: &str) -> Result<(), BadCase> {
        if from.is_empty() || !to.bytes().all(is_token) || !from.eq_ignore_ascii_case(to) {
            return Err(BadCase::Differ);
        }
        match self.position(to.as_bytes()) {
            Ok(_) => Err(BadCase::Twice),
            Err(at) => {
                self.names.insert(at, to.as_bytes().into());
                Ok(())
            }
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Rewrites the names in `head`, a start line, lines of headers and an empty line, in place.
    pub fn adjust(&self, head: &mut [u8]) {
        if self.is_empty() {
            return;
        }
        for line in head.split_mut(|byte| *byte == b'\n').skip(1) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let name = &mut line[..colon];
            if let Ok(at) = self.position(name) {
                name.copy_from_slice(&self.names[at]);
            }
        }
    }

    fn position(&self, name: &[u8]) -> Result<usize, usize> {
        self.names.binary_search_by(|known| compare(known, name))
    }
}

/// The order of names that may differ in case.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    a.iter().map(u8::to_ascii_lowercase).cmp(b.iter().map(u8::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(names: &[&str]) -> HeaderCases {
        let mut cases = HeaderCases::default();
        names.iter().for_each(|name| cases.insert(&name.to_ascii_lowercase(), name).unwrap());
        cases
    }

    #[test]
    fn names_are_sent_as_told_whatever_their_case() {
        let cases = cases(&["X-oNe", "hOST", "Content-Length"]);
        let mut head = *b"GET host:x HTTP/1.1\r\nHost: host:1\r\nx-one: a\r\nX-ONE:\r\nx-one-b: c\r\ncontent-length:0\r\n\r\n";
        cases.adjust(&mut head);
        assert_eq!(
            head,
            *b"GET host:x HTTP/1.1\r\nhOST: host:1\r\nX-oNe: a\r\nX-oNe:\r\nx-one-b: c\r\nContent-Length:0\r\n\r\n"
        );
    }

    #[test]
    fn pairs_that_make_no_sense_are_refused() {
        let mut cases = cases(&["Host"]);
        assert_eq!(cases.insert("host", "HOST"), Err(BadCase::Twice));
        assert_eq!(cases.insert("a", "b"), Err(BadCase::Differ));
        assert_eq!(cases.insert("a", "Aa"), Err(BadCase::Differ));
        assert_eq!(cases.insert("", ""), Err(BadCase::Differ));
        assert_eq!(cases.insert("a\nb", "A\nb"), Err(BadCase::Differ));
    }

    #[test]
    fn nothing_is_touched_without_names_or_lines() {
        for text in [&b""[..], b"\n", b"no colon\r\nat all\r\n", b":\n:\n"] {
            let mut head = text.to_vec();
            HeaderCases::default().adjust(&mut head);
            cases(&["A"]).adjust(&mut head);
            assert_eq!(head, text);
        }
    }
}
