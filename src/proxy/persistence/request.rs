//! The request's side: which server its cookies name, and what the server sees of them.

use super::dates::{self, DELIMITER};
use super::{Named, Persistence, Presented};
use crate::settings::{Cookie, CookieMode};
use crate::wire::http1::{Edits, Known, Pair, RequestHead, pairs};

/// What stands between the server's part and the application's (`prefix`).
pub(super) const PREFIX_DELIMITER: u8 = b'~';

impl Persistence {
    /// Reads the cookies of the request `head` and adds to `edits` what the server is not to see; blanks around
    /// `=` go, as in the reference. `find` says which server a value names; `cookie` is the backend's, if it has one.
    pub fn read_request(
        &mut self,
        cookie: Option<&Cookie>,
        (head, bytes): (&RequestHead, &[u8]),
        edits: &mut Edits,
        now_secs: i64,
        find: impl Fn(&[u8]) -> Named,
    ) {
        if !head.fields.has(Known::Cookie) {
            return;
        }
        for field in head.fields.all(Known::Cookie) {
            let value = field.value.of(bytes);
            let mut line = Line::new(std::mem::take(&mut self.line));
            for (pair, text) in pairs(value) {
                if pair.is_attribute() {
                    line.attribute(&pair, text);
                    continue;
                }
                let meant = cookie.filter(|cookie| cookie.name.as_bytes() == pair.name).zip(pair.value);
                let Some((cookie, value)) = meant else {
                    line.keep(&pair, pair.value);
                    continue;
                };
                let seen = self.presented(cookie, value, now_secs, &find);
                if cookie.mode == CookieMode::Insert && cookie.indirect {
                    line.remove();
                } else {
                    line.keep(&pair, Some(seen));
                }
            }
            self.line = line.end();
            if self.line.is_empty() && !value.is_empty() {
                edits.delete(field.line);
            } else if self.line != value {
                edits.replace(field.value, &self.line);
            }
        }
    }

    /// Judges one presented value; what is left of it for the server.
    fn presented<'a>(
        &mut self,
        cookie: &Cookie,
        value: &'a [u8],
        now_secs: i64,
        find: impl Fn(&[u8]) -> Named,
    ) -> &'a [u8] {
        let (mut named, mut seen) = (value, value);
        if cookie.mode == CookieMode::Prefix {
            if let Some(at) = value.iter().position(|byte| *byte == PREFIX_DELIMITER) {
                (named, seen) = (&value[..at], &value[at + 1..]);
            }
        } else if let Some(at) = value.iter().position(|byte| *byte == DELIMITER) {
            named = &value[..at];
            self.read_dates(&value[at + 1..]);
            if self.is_outdated(cookie, now_secs) {
                named = &[];
            }
        }
        if self.server.is_some() {
            return seen;
        }
        match find(named) {
            Named::Server { id, up } => {
                self.server = Some(id);
                self.presented = if up { Presented::Valid } else { Presented::Down };
            }
            Named::Down => self.presented = Presented::Down,
            Named::Nobody if self.presented == Presented::None => self.presented = Presented::Invalid,
            Named::Nobody => {}
        }
        seen
    }

    fn read_dates(&mut self, text: &[u8]) {
        let mut dates = text.split(|byte| *byte == DELIMITER);
        if let Some(last) = dates.next().and_then(dates::read) {
            self.last_secs = last;
        }
        if let Some(first) = dates.next().and_then(dates::read) {
            self.first_secs = first;
        }
    }

    /// Notes when the dates do not count any more, and forgets them then.
    fn is_outdated(&mut self, cookie: &Cookie, now_secs: i64) -> bool {
        let is_out = |secs: i64, max: Option<u32>| {
            secs != 0 && max.is_some_and(|max| dates::is_out(secs, max, now_secs))
        };
        self.presented = if is_out(self.first_secs, cookie.maxlife_secs) {
            Presented::Old
        } else if is_out(self.last_secs, cookie.maxidle_secs) {
            Presented::Expired
        } else {
            return false;
        };
        (self.last_secs, self.first_secs) = (0, 0);
        true
    }
}

/// A `Cookie` line that is written anew, as the reference leaves it: where cookies were taken out between others,
/// the delimiter behind them and one blank stay. The attributes of a cookie go with it.
struct Line {
    out: Vec<u8>,
    /// Where what is being taken out began.
    removed_from: Option<usize>,
    /// Something other than attributes stays.
    keeps: bool,
}

impl Line {
    fn new(mut out: Vec<u8>) -> Line {
        out.clear();
        Line { out, removed_from: None, keeps: false }
    }

    /// The pair stays, with this value.
    fn keep(&mut self, pair: &Pair<'_>, value: Option<&[u8]>) {
        self.keeps = true;
        if !self.close_gap(pair) {
            self.delimit(pair);
            self.out.extend_from_slice(pair.lead);
        }
        self.out.extend_from_slice(pair.name);
        if let Some(value) = value {
            self.out.push(b'=');
            self.out.extend_from_slice(value);
        }
        self.out.extend_from_slice(pair.trail);
    }

    /// An attribute is kept as it is, or goes with the cookie in front.
    fn attribute(&mut self, pair: &Pair<'_>, text: &[u8]) {
        if self.removed_from.is_none() {
            self.delimit(pair);
            self.out.extend_from_slice(text);
        }
    }

    /// The pair goes, and the delimiter in front of it.
    fn remove(&mut self) {
        self.removed_from.get_or_insert(self.out.len());
    }

    fn delimit(&mut self, pair: &Pair<'_>) {
        if let Some(delimiter) = pair.delimiter {
            self.out.push(delimiter);
        }
    }

    /// Ends what was taken out before `pair`; whether there was something.
    fn close_gap(&mut self, pair: &Pair<'_>) -> bool {
        let Some(from) = self.removed_from.take() else { return false };
        if from > 0 {
            while matches!(self.out.last(), Some(b' ' | b'\t')) {
                self.out.pop();
            }
            self.delimit(pair);
            self.out.push(b' ');
        }
        true
    }

    /// The text; empty when nothing is left.
    fn end(mut self) -> Vec<u8> {
        if let Some(from) = self.removed_from {
            self.out.truncate(if self.keeps { from } else { 0 });
        }
        self.out
    }
}

#[cfg(test)]
mod tests;
