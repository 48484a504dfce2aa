//! What lies between a CLI session and its client: lines that came, answers that go.

use super::parser::LINE_LEN_MAX;
use super::rows::OUTPUT_PAGE_LEN;

/// Bytes that came in, taken line by line.
#[derive(Debug, Default)]
pub struct Input {
    bytes: Vec<u8>,
    /// How much was taken. It is cut off when more comes, not at each of what may be thousands of lines.
    taken: usize,
}

/// What the input begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line, without its end.
    Whole(&'a [u8]),
    /// The beginning of one, or nothing.
    Unfinished,
    /// More than [`LINE_LEN_MAX`] bytes of one.
    TooLong,
}

impl Input {
    /// More has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.taken));
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Input::default();
    }

    /// Whether nothing is there to take.
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// Whether what is there may still become a line.
    pub fn has_room(&self) -> bool {
        self.rest().len() <= LINE_LEN_MAX
    }

    /// Whether [`next_line`](Self::next_line) finds a line, or one that is too long.
    pub fn has_line(&self) -> bool {
        !self.has_room() || memchr::memchr(b'\n', self.rest()).is_some()
    }

    /// Takes a whole line.
    pub fn next_line(&mut self) -> Line<'_> {
        let rest = self.bytes.get(self.taken..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest);
        if end.unwrap_or(rest.len()) > LINE_LEN_MAX {
            return Line::TooLong;
        }
        let Some(line) = end.and_then(|end| rest.get(..end)) else { return Line::Unfinished };
        self.taken += line.len() + 1;
        Line::Whole(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }
}

/// Bytes that go out.
#[derive(Debug, Default)]
pub struct Output {
    bytes: Vec<u8>,
    sent: usize,
}

impl Output {
    /// Bytes to send.
    pub fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// `count` bytes were sent.
    pub fn consume(&mut self, count: usize) {
        self.sent = self.bytes.len().min(self.sent + count);
        if self.sent == self.bytes.len() {
            self.sent = 0;
            self.bytes.clear();
            self.bytes.shrink_to(2 * OUTPUT_PAGE_LEN);
        }
    }

    /// Where to add. Sent bytes are taken off first: a page counts from what is unsent.
    pub fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..std::mem::take(&mut self.sent));
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_as_they_become_whole() {
        let mut input = Input::default();
        assert_eq!(input.next_line(), Line::Unfinished);
        input.push(b"a\r\n\nb");
        assert!(input.has_line());
        assert_eq!(input.next_line(), Line::Whole(b"a"));
        assert_eq!(input.next_line(), Line::Whole(b""));
        assert!(!input.has_line());
        assert_eq!(input.next_line(), Line::Unfinished);
        input.push(b"c\n");
        assert_eq!(input.bytes, b"bc\n");
        assert_eq!(input.next_line(), Line::Whole(b"bc"));
        assert!(input.is_empty());
    }

    #[test]
    fn a_line_is_too_long_with_or_without_its_end() {
        for end in [&b""[..], b"\n"] {
            let mut input = Input::default();
            input.push(&[b'x'; LINE_LEN_MAX]);
            assert!(input.has_room() && !input.has_line());
            input.push(b"x");
            input.push(end);
            assert!(!input.has_room() && input.has_line());
            assert_eq!(input.next_line(), Line::TooLong);
            input.clear();
            assert!(input.is_empty());
        }
    }

    #[test]
    fn output_goes_in_pieces() {
        let mut output = Output::default();
        output.room().extend_from_slice(b"abcd");
        output.consume(1);
        output.room().push(b'e');
        assert_eq!(output.unsent(), b"bcde");
        output.consume(99);
        assert_eq!(output.unsent(), b"");
    }
}
