//! What `capture` keeps of the messages of one exchange (configuration.txt 8.7, 8.8).

use crate::settings::log_format::{Capture, Captures};

/// Where a captured value lies; `None` when the message had none.
type Span = Option<(u32, u32)>;

/// The captured values of one exchange. Used again for the next one, so that nothing is allocated for it.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    bytes: Vec<u8>,
    request: Vec<Span>,
    response: Vec<Span>,
    request_cookie: Span,
    response_cookie: Span,
}

/// A header as it is searched: name and value.
pub type Header<'a> = (&'a [u8], &'a [u8]);

impl Captured {
    /// Forgets the values, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.request.clear();
        self.response.clear();
        self.request_cookie = None;
        self.response_cookie = None;
    }

    /// Takes from a request what `wanted` names.
    pub fn take_request<'a>(&mut self, wanted: &Captures, headers: impl Iterator<Item = Header<'a>> + Clone) {
        self.request.clear();
        for capture in &wanted.request {
            let span = self.last(capture, headers.clone());
            self.request.push(span);
        }
        // Until there is a response, its columns are there and empty.
        self.response.clear();
        self.response.resize(wanted.response.len(), None);
        if let Some(cookie) = &wanted.cookie {
            let cookies = headers.filter(|(name, _)| name.eq_ignore_ascii_case(b"cookie"));
            self.request_cookie = cookies
                .flat_map(|(_, value)| value.split(|byte| *byte == b';'))
                .find_map(|pair| self.keep_cookie(cookie, pair));
        }
    }

    /// Takes from a response what `wanted` names.
    pub fn take_response<'a>(
        &mut self,
        wanted: &Captures,
        headers: impl Iterator<Item = Header<'a>> + Clone,
    ) {
        self.response.clear();
        for capture in &wanted.response {
            let span = self.last(capture, headers.clone());
            self.response.push(span);
        }
        if let Some(cookie) = &wanted.cookie {
            let mut cookies = headers.filter(|(name, _)| name.eq_ignore_ascii_case(b"set-cookie"));
            self.response_cookie = cookies.find_map(|(_, value)| {
                let pair = value.split(|byte| *byte == b';').next()?;
                self.keep_cookie(cookie, pair)
            });
        }
    }

    /// The request headers in order of declaration.
    pub fn request(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        self.request.iter().map(|span| self.at(*span))
    }

    /// The response headers in order of declaration.
    pub fn response(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        self.response.iter().map(|span| self.at(*span))
    }

    /// The cookie that the client sent, as `name=value`.
    pub fn request_cookie(&self) -> Option<&[u8]> {
        self.at(self.request_cookie)
    }

    /// The cookie that the server set, as `name=value`.
    pub fn response_cookie(&self) -> Option<&[u8]> {
        self.at(self.response_cookie)
    }

    fn at(&self, span: Span) -> Option<&[u8]> {
        let (start, end) = span?;
        self.bytes.get(start as usize..end as usize)
    }

    fn last<'a>(&mut self, capture: &Capture, headers: impl Iterator<Item = Header<'a>>) -> Span {
        let wanted = capture.name.as_bytes();
        let (_, value) = headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).last()?;
        Some(self.keep([value], capture.len_max))
    }

    fn keep_cookie(&mut self, capture: &Capture, pair: &[u8]) -> Span {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii());
        let wanted = capture.name.as_bytes();
        let matches = match wanted.strip_suffix(b"=") {
            Some(whole) => name == whole,
            None => name.starts_with(wanted),
        };
        matches.then(|| self.keep([name, b"=", value], capture.len_max))
    }

    fn keep<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>, len_max: usize) -> (u32, u32) {
        let start = self.bytes.len();
        for part in parts {
            let room = len_max - (self.bytes.len() - start).min(len_max);
            self.bytes.extend_from_slice(&part[..part.len().min(room)]);
        }
        (start as u32, self.bytes.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(name: &str, len_max: usize) -> Capture {
        Capture { name: name.into(), len_max }
    }

    fn cookie_of(name: &str, headers: &[Header<'_>]) -> Option<String> {
        let wanted = Captures { cookie: Some(capture(name, 6)), ..Captures::default() };
        let mut captured = Captured::default();
        captured.take_request(&wanted, headers.iter().copied());
        captured.request_cookie().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    #[test]
    fn the_last_occurrence_of_a_header_is_kept_and_cut() {
        let wanted = Captures {
            request: vec![capture("x-a", 4), capture("none", 9), capture("X-B", 0)],
            response: vec![capture("x-a", 4)],
            cookie: None,
        };
        let mut captured = Captured::default();
        let headers: [Header<'_>; 3] = [(b"X-A", b"first"), (b"x-a", b"second"), (b"x-b", b"b")];
        captured.take_request(&wanted, headers.iter().copied());
        let values: Vec<_> = captured.request().collect();
        assert_eq!(values, [Some(&b"seco"[..]), None, Some(&b""[..])]);
        assert_eq!(captured.response().collect::<Vec<_>>(), [None], "there is no response yet");
        captured.take_response(&wanted, [(&b"x-a"[..], &b"r"[..])].into_iter());
        assert_eq!(captured.response().collect::<Vec<_>>(), [Some(&b"r"[..])]);
        captured.clear();
        assert_eq!(captured.request().len(), 0);
    }

    #[test]
    fn the_first_cookie_whose_name_begins_so_is_kept() {
        assert_eq!(cookie_of("a", &[(b"Cookie", b"b=1; ab=2; a=3")]).as_deref(), Some("ab=2"));
        assert_eq!(cookie_of("a=", &[(b"cookie", b"b=1; ab=2; a=3")]).as_deref(), Some("a=3"));
        assert_eq!(cookie_of("a", &[(b"cookie", b"a; ax=\"1;2\"")]).as_deref(), Some("ax=\"1"));
        assert_eq!(cookie_of("a", &[(b"cookie", b"b=1; a = 45 ;c=1")]).as_deref(), Some("a=45"));
        assert_eq!(
            cookie_of("a", &[(b"cookie", b"b=1"), (b"cookie", b"a=1234567")]).as_deref(),
            Some("a=1234")
        );
        assert_eq!(cookie_of("a", &[(b"set-cookie", b"a=1")]), None);
    }

    #[test]
    fn a_response_sets_one_cookie_a_line_and_its_attributes_are_none() {
        let wanted = Captures { cookie: Some(capture("s", 20)), ..Captures::default() };
        let mut captured = Captured::default();
        let headers: [Header<'_>; 2] =
            [(b"Set-Cookie", b"x=1; secure=2"), (b"set-cookie", b"sid=abc; path=/")];
        captured.take_response(&wanted, headers.iter().copied());
        assert_eq!(captured.response_cookie(), Some(&b"sid=abc"[..]));
    }
}
