//! What a keyword handler works with: one line, the draft, the messages.

use super::draft::{Draft, ProxyDraft};
use super::expand::{self, Environment};
use super::keyword::Sections;
use super::lines::{Line, Word};
use super::names::Names;
use super::number::{self, Unit};
use crate::base::diag::{Diags, Place, Severity};

/// The word in front of a keyword.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Prefix {
    /// None.
    Plain,
    /// `no`
    No,
    /// `default`
    Default,
}

/// State of one line. Handlers validate the words and store into the draft; they neither open nor
/// resolve anything that another line could still change.
pub struct Cx<'a> {
    /// Where the line stands.
    pub place: &'a Place,
    /// Its words, `no` or `default` removed; the first is the keyword.
    pub words: &'a [Word],
    /// What stood before the keyword.
    pub prefix: Prefix,
    /// How many words the keyword takes.
    pub keyword_len: usize,
    /// The section the line belongs to.
    pub section: Sections,
    /// What has been read.
    pub draft: &'a mut Draft,
    /// Messages.
    pub diags: &'a mut Diags,
    /// Variables; the `setenv` family changes them.
    pub env: &'a mut Environment,
    /// Looks up host names.
    pub names: Names,
}

/// What the words of an address may refer to.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// Variables.
    pub env: &'a Environment,
    /// Host names.
    pub names: Names,
}

impl Outside<'_> {
    /// An address word with its variables resolved.
    pub fn expanded(&self, word: &Word) -> String {
        String::from_utf8_lossy(&expand::address(word.bytes(), self.env)).into_owned()
    }
}

impl<'a> Cx<'a> {
    /// Splits `no` or `default` off `line`. An empty word ends the line, as in the reference.
    pub fn split_prefix(line: &'a Line) -> (Prefix, &'a [Word]) {
        let len = line.words.iter().position(|word| word.is_empty()).unwrap_or(line.words.len());
        let words = &line.words[..len];
        match words.split_first() {
            Some((first, rest)) if &**first == "no" => (Prefix::No, rest),
            Some((first, rest)) if &**first == "default" => (Prefix::Default, rest),
            _ => (Prefix::Plain, words),
        }
    }

    /// Argument `n` behind the keyword, from 0; empty when there is none.
    pub fn arg(&self, n: usize) -> &'a str {
        let words = self.words;
        words.get(self.keyword_len + n).map_or("", |w| w)
    }

    /// Argument `n` as an address: variables are resolved even outside double quotes.
    pub fn address(&self, n: usize) -> String {
        self.words.get(self.keyword_len + n).map_or_else(String::new, |word| self.outside().expanded(word))
    }

    /// What the words of an address may refer to.
    pub fn outside(&self) -> Outside<'_> {
        Outside { env: self.env, names: self.names }
    }

    /// Arguments behind the keyword.
    pub fn args(&self) -> &'a [Word] {
        self.words.get(self.keyword_len..).unwrap_or(&[])
    }

    /// The keyword as typed, its two words joined where it has two.
    pub fn keyword(&self) -> String {
        let words: Vec<&str> = self.words.iter().take(self.keyword_len).map(|w| &**w).collect();
        words.join(" ")
    }

    /// All arguments with a blank between them, for texts; `None` when there is none.
    pub fn text(&self) -> Option<String> {
        let words: Vec<&str> = self.args().iter().map(|w| &**w).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// An error: `parsing [file:line] : text`.
    pub fn alert(&mut self, text: impl AsRef<str>) {
        self.diags.at(Severity::Alert, self.place, text);
    }

    /// An error of those that the reference writes without the blank before the colon.
    pub fn alert_tight(&mut self, text: impl AsRef<str>) {
        self.diags.in_line(Severity::Alert, self.place, text);
    }

    /// An error of those that name the line without `parsing`, as for servers.
    pub fn alert_bare(&mut self, text: impl AsRef<str>) {
        self.diags.alert(format!("[{}:{}] : {}", self.place.file, self.place.line, text.as_ref()));
    }

    /// A warning: `parsing [file:line] : text`.
    pub fn warning(&mut self, text: impl AsRef<str>) {
        self.diags.at(Severity::Warning, self.place, text);
    }

    /// The proxy section being read. Handlers of proxy rows only run inside one.
    pub fn proxy(&mut self) -> Option<&mut ProxyDraft> {
        self.draft.proxy()
    }

    /// `frontend 'x'`; empty in `defaults`, where nothing is named.
    pub fn title(&mut self) -> String {
        self.proxy().map(|p| p.title()).unwrap_or_default()
    }

    /// Whether the section is a proxy without clients. In `defaults` both sides exist.
    pub fn lacks_frontend(&self) -> bool {
        self.section == Sections::BACKEND
    }

    /// Whether the section is a proxy without servers.
    pub fn lacks_backend(&self) -> bool {
        self.section == Sections::FRONTEND
    }

    /// Argument `n` as a number of at least 0, or an error that quotes it.
    pub fn number(&mut self, n: usize) -> Option<u32> {
        let (text, keyword) = (self.arg(n), self.keyword());
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => {
                self.alert(format!("'{keyword}' expects an integer argument, '{text}' is not one."));
                None
            }
        }
    }

    /// Argument `n` as a duration in milliseconds, or an error.
    pub fn time_ms(&mut self, n: usize) -> Option<u64> {
        let (text, keyword) = (self.arg(n), self.keyword());
        match number::time(text, Unit::Ms) {
            Ok(ms) => Some(ms),
            Err(e) => {
                self.alert(number::time_error(e, text, &keyword));
                None
            }
        }
    }

    /// Answers arguments from `max` on with an error; true when there are none.
    pub fn no_more_than(&mut self, max: usize) -> bool {
        if self.args().len() <= max {
            return true;
        }
        let (extra, keyword) = (self.arg(max), self.keyword());
        self.alert(format!("'{keyword}' cannot handle unexpected argument '{extra}'."));
        false
    }

    /// `log global`: gives the proxy the global targets known so far.
    pub fn log_global(&mut self) {
        let logs = self.draft.global.logs.clone();
        if let Some(proxy) = self.draft.proxy() {
            proxy.settings.logs.extend(logs);
        }
    }

    /// For keywords that may stand only once: false and a message when `name` was seen before. The
    /// reference keeps the first value and goes on; so does this.
    pub fn first_time(&mut self, name: &'static str) -> bool {
        if self.draft.seen.contains(&name) {
            self.diags.tolerated(self.place, format!("'{name}' already specified. Continuing."));
            return false;
        }
        self.draft.seen.push(name);
        true
    }
}
