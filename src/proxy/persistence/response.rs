//! The response's side: the server's cookie goes through, is changed or taken out, and ours is added.

use super::dates;
use super::request::PREFIX_DELIMITER;
use super::{Persistence, Returned};
use crate::base::ids::ServerId;
use crate::proxy::cacheable::{Cacheable, sets_cookie};
use crate::settings::{Cookie, CookieMode};
use crate::wire::http1::{Edits, HeaderField, Method, Range16, ResponseHead, set_cookie};

/// An expired cookie: the server has no cookie, so the client is to forget the one that led elsewhere.
const FORGET: &[u8] = b"; Expires=Thu, 01-Jan-1970 00:00:01 GMT";

/// What a response belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The server that sent it; `None` for the address of `dispatch`, at which no client stays.
    pub server: Option<ServerId>,
    /// The cookie of that server.
    pub value: Option<&'a [u8]>,
    /// The method of the request.
    pub method: Method,
    /// The wall clock in seconds since 1970.
    pub now_secs: i64,
}

impl Persistence {
    /// Adds to `edits` what the response `head` needs before it goes to the client. `cookie` is the backend's, if
    /// it has one; without one only blanks around `=` go. True when caches are told to keep nothing of it.
    pub fn edit_response(
        &mut self,
        cookie: Option<&Cookie>,
        context: Context<'_>,
        (head, bytes): (&ResponseHead, &[u8]),
        edits: &mut Edits,
    ) -> bool {
        let lines = head.fields.list().iter().filter(|field| sets_cookie(field, bytes));
        for field in lines {
            self.set_cookie_line(cookie, &context, field, bytes, edits);
        }
        let Some(cookie) = cookie.filter(|cookie| self.must_insert(cookie, &context)) else { return false };
        self.write_cookie(cookie, &context);
        let end = head.fields.end();
        edits.replace_parts(Range16 { start: end, end }, [&b"set-cookie: "[..], &self.line, b"\r\n"]);
        let hides = cookie.nocache && Cacheable::of(context.method, head.status, &head.fields, bytes).message;
        if hides {
            edits.insert(end, b"cache-control: private\r\n");
        }
        hides
    }

    /// Whether the server is the one that the client's cookie names.
    fn stays(&self, context: &Context<'_>) -> bool {
        context.server.is_some() && self.server == context.server
    }

    fn set_cookie_line(
        &mut self,
        cookie: Option<&Cookie>,
        context: &Context<'_>,
        field: &HeaderField,
        bytes: &[u8],
        edits: &mut Edits,
    ) {
        let text = field.value.of(bytes);
        let Some((pair, behind)) = set_cookie(text) else { return };
        let value = pair.value.unwrap_or(&[]);
        let fate = match cookie.filter(|cookie| cookie.name.as_bytes() == pair.name) {
            Some(cookie) => self.fate(cookie, context),
            None => Fate::Stays,
        };
        self.line.clear();
        self.line.extend_from_slice(pair.name);
        self.line.push(b'=');
        match fate {
            Fate::Stays => self.line.extend_from_slice(value),
            Fate::Goes => return edits.delete(field.line),
            Fate::Becomes(own) => self.line.extend_from_slice(own),
            Fate::Follows(own) => {
                self.line.extend_from_slice(own);
                self.line.push(PREFIX_DELIMITER);
                self.line.extend_from_slice(value);
            }
        }
        self.line.extend_from_slice(behind);
        if self.line != text {
            edits.replace(field.value, &self.line);
        }
    }

    /// What becomes of the server's cookie.
    fn fate<'a>(&mut self, cookie: &Cookie, context: &Context<'a>) -> Fate<'a> {
        self.returned = Returned::Provided;
        let taken_out = match cookie.mode {
            CookieMode::Insert => context.server.is_some(),
            CookieMode::Passive | CookieMode::Prefix | CookieMode::Rewrite => {
                cookie.indirect && self.stays(context)
            }
        };
        match (cookie.mode, context.value) {
            _ if taken_out && !cookie.preserve => {
                self.returned = Returned::Deleted;
                Fate::Goes
            }
            (CookieMode::Rewrite, Some(own)) => {
                self.returned = Returned::Rewritten;
                Fate::Becomes(own)
            }
            (CookieMode::Prefix, Some(own)) => {
                self.returned = Returned::Rewritten;
                Fate::Follows(own)
            }
            (CookieMode::Rewrite | CookieMode::Prefix, None)
            | (CookieMode::Insert | CookieMode::Passive, _) => Fate::Stays,
        }
    }

    /// Whether the client gets a cookie of ours; notes it.
    fn must_insert(&mut self, cookie: &Cookie, context: &Context<'_>) -> bool {
        let wanted = cookie.mode == CookieMode::Insert
            && context.server.is_some()
            && !(cookie.postonly && context.method != Method::Post)
            && !(cookie.preserve && self.returned == Returned::Provided);
        let stays = self.stays(context);
        if !wanted || (stays && !self.must_update(cookie, context.now_secs)) {
            return false;
        }
        self.returned = if stays { Returned::Updated } else { Returned::Inserted };
        true
    }

    /// Whether the client's dates are missing or old.
    fn must_update(&self, cookie: &Cookie, now_secs: i64) -> bool {
        let lacks_last = cookie.maxidle_secs.is_some() && self.last_secs == 0;
        let lacks_first = cookie.maxlife_secs.is_some() && self.first_secs == 0;
        let is_old = self.last_secs != 0 && self.last_secs < now_secs;
        lacks_last || lacks_first || is_old
    }

    fn write_cookie(&mut self, cookie: &Cookie, context: &Context<'_>) {
        let line = &mut self.line;
        line.clear();
        line.extend_from_slice(cookie.name.as_bytes());
        line.push(b'=');
        match context.value {
            None => line.extend_from_slice(FORGET),
            Some(value) => {
                line.extend_from_slice(value);
                if cookie.is_dated() {
                    dates::write(line, context.now_secs);
                }
                if cookie.maxlife_secs.is_some() {
                    dates::write(line, if self.first_secs == 0 { context.now_secs } else { self.first_secs });
                }
            }
        }
        line.extend_from_slice(b"; path=/");
        line.extend_from_slice(cookie.attributes.as_bytes());
    }
}

/// What becomes of a cookie of the server.
enum Fate<'a> {
    Stays,
    Goes,
    /// Its value becomes this.
    Becomes(&'a [u8]),
    /// Its value gets this in front.
    Follows(&'a [u8]),
}

#[cfg(test)]
mod tests;
