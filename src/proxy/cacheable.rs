//! Whether a cache between client and proxy may keep a response, as far as the reference looks (configuration.txt 4.2
//! `option checkcache`, `cookie nocache`): RFC 9111 section 3 without what depends on the request's headers, and only if the
//! server says how long or how to validate.

use crate::wire::http1::{Fields, HeaderField, Known, Method, elements};

/// What a cache may keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cacheable {
    /// The response.
    pub message: bool,
    /// The cookies in it.
    pub cookie: bool,
}

impl Cacheable {
    /// Looks at the answer with `status` and the header lines `fields` to a request of `method`.
    pub fn of(method: Method, status: u16, fields: &Fields, bytes: &[u8]) -> Cacheable {
        if fields.find(bytes, b"pragma").is_some_and(|f| f.value.of(bytes).eq_ignore_ascii_case(b"no-cache"))
        {
            return Cacheable::default();
        }
        let safe = matches!(method, Method::Get | Method::Head | Method::Options | Method::Trace);
        let heuristic = matches!(status, 200 | 203 | 204 | 206 | 300 | 301 | 404 | 405 | 410 | 414 | 501);
        let mut may = Cacheable { message: safe && heuristic, cookie: safe && heuristic };
        let mut lives = false;
        for field in fields.list() {
            let name = field.name.of(bytes);
            if name.eq_ignore_ascii_case(b"cache-control") {
                for directive in elements(field.value.of(bytes)) {
                    lives |= limits(directive);
                    may.obey(directive);
                }
            } else {
                let tells = [&b"expires"[..], b"last-modified", b"etag"];
                lives |= tells.iter().any(|known| name.eq_ignore_ascii_case(known));
            }
        }
        if lives { may } else { Cacheable::default() }
    }

    /// The last directive counts.
    fn obey(&mut self, directive: &[u8]) {
        if forbids(directive) {
            (self.message, self.cookie) = (false, false);
        } else if directive.eq_ignore_ascii_case(b"public") {
            (self.message, self.cookie) = (true, true);
        } else if starts(directive, b"no-cache=\"set-cookie") {
            self.cookie = false;
        }
    }
}

/// Whether a line sets a cookie.
pub fn sets_cookie(field: &HeaderField, bytes: &[u8]) -> bool {
    field.known == Known::SetCookie || field.name.of(bytes).eq_ignore_ascii_case(b"set-cookie2")
}

fn forbids(directive: &[u8]) -> bool {
    let words = [&b"no-cache"[..], b"no-store", b"private", b"max-age=0", b"s-maxage=0"];
    words.iter().any(|word| directive.eq_ignore_ascii_case(word))
}

fn limits(directive: &[u8]) -> bool {
    starts(directive, b"max-age") || starts(directive, b"s-maxage")
}

fn starts(directive: &[u8], word: &[u8]) -> bool {
    directive.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::http1::{Limits, ResponseHead};

    fn of(method: Method, status: u16, lines: &str) -> (bool, bool) {
        let text = format!("HTTP/1.1 {status} X\r\n{}\r\n\r\n", lines.replace(" | ", "\r\n"));
        let mut head = ResponseHead::default();
        head.parse(text.as_bytes(), &Limits::default()).expect("a head");
        let may = Cacheable::of(method, status, &head.fields, text.as_bytes());
        (may.message, may.cookie)
    }

    /// As haproxy 2.6 judges them.
    #[test]
    fn cookies_that_a_cache_may_keep() {
        let kept = [
            "Expires: 0",
            "ETag:",
            "Last-Modified: x",
            "Cache-Control: max-age=5",
            "Cache-Control: s-maxage=5",
            "Cache-Control: max-age=00",
            "Cache-Control: max-age=\"0\"",
            "Cache-Control: max-age = 0",
            "Cache-Control: public | Expires: 0",
            "Cache-Control: no-cache, public | Expires: 0",
            "Cache-Control: no-cache | Cache-Control: public | Expires: 0",
            "Cache-Control: max-age=0, public",
            "Cache-Control: no-cache=\"foo\" | Expires: 0",
            "Cache-Control: no-cache=\"foo, set-cookie\" | Expires: 0",
            "Cache-Control: no-cache=set-cookie | Expires: 0",
            "Cache-Control: private=\"x\" | Expires: 0",
            "Cache-Control: privatex | Expires: 0",
            "Cache-Control: foo=\"private\" | Expires: 0",
            "Pragma: foo | Expires: 0",
            "Pragma: foo, no-cache | Expires: 0",
            "Pragma: no-cache, foo | Expires: 0",
            "Pragma: foo | Pragma: no-cache | Expires: 0",
        ];
        for lines in kept {
            assert_eq!(of(Method::Get, 200, lines), (true, true), "{lines}");
        }
    }

    #[test]
    fn cookies_that_no_cache_may_keep() {
        let not_kept = [
            "A: b",
            "Age: 5",
            "Cache-Control: public",
            "Cache-Control: proxy-revalidate",
            "Cache-Control: private | Expires: 0",
            "Cache-Control: , ,private | Expires: 0",
            "Cache-Control: no-store | Expires: 0",
            "Cache-Control: NO-CACHE | Expires: 0",
            "Cache-Control: MAX-AGE=0 | Expires: 0",
            "Cache-Control: max-age=0, s-maxage=5",
            "Cache-Control: max-age=5, s-maxage=0",
            "Cache-Control: public, max-age=0",
            "Pragma: No-Cache | Expires: 0",
            "Cache-Control: public | Pragma: no-cache | Pragma: x | Expires: 0",
        ];
        for lines in not_kept {
            assert_eq!(of(Method::Get, 200, lines), (false, false), "{lines}");
        }
        for lines in ["set-cookie\"", "Set-Cookie, foo\"", "set-cookie2\"", "set-cookie"] {
            let lines = format!("Cache-Control: no-cache=\"{lines} | Expires: 0");
            assert_eq!(of(Method::Get, 200, &lines), (true, false), "{lines}");
        }
    }

    #[test]
    fn only_what_is_public_may_be_kept_of_other_answers() {
        let (plain, public) = ("Expires: 0", "Cache-Control: public | Expires: 0");
        for status in [201, 202, 302, 303, 304, 307, 400, 403, 500, 503] {
            assert_eq!(of(Method::Get, status, plain), (false, false), "{status}");
            assert_eq!(of(Method::Get, status, public), (true, true), "{status}");
        }
        for method in [Method::Post, Method::Put, Method::Delete, Method::Other] {
            assert_eq!(of(method, 200, plain), (false, false), "{method:?}");
            assert_eq!(of(method, 200, public), (true, true), "{method:?}");
        }
        for status in [203, 204, 206, 300, 301, 404, 405, 410, 414, 501] {
            assert_eq!(of(Method::Head, status, plain), (true, true), "{status}");
        }
    }
}
