//! Answers of the operator's own to errors: `errorfile`, `errorloc`, `http-error`.

use super::log_format::Format;
use crate::wire::http1::Canned;
use std::rc::Rc;

/// One answer. Sections that inherit it share it.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The same for every request.
    Canned(Rc<Canned>),
    /// Made for each request.
    Made(Rc<Made>),
}

/// `http-error` with variables in it.
#[derive(Clone, Debug)]
pub struct Made {
    /// Names in lower case and values of its headers; one without a value is left out.
    pub headers: Vec<(String, Format)>,
    /// `content-type`; absent where there is no body.
    pub content_type: Option<String>,
    /// Its body.
    pub body: Payload,
}

/// A body.
#[derive(Clone, Debug)]
pub enum Payload {
    /// `string`, `file`, or none.
    Bytes(Vec<u8>),
    /// `lf-string`, `lf-file`
    Format(Format),
}

impl Payload {
    /// The bytes, where they are always the same.
    pub fn literal(&self) -> Option<Vec<u8>> {
        match self {
            Payload::Bytes(bytes) => Some(bytes.clone()),
            Payload::Format(format) => format.literal().map(String::into_bytes),
        }
    }
}

/// By status; few, so a list.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<(u16, Answer)>);

impl Answers {
    /// The answer to send instead of the built-in one.
    pub fn get(&self, status: u16) -> Option<&Answer> {
        self.0.iter().find(|(known, _)| *known == status).map(|(_, answer)| answer)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(u16, Answer)> {
        self.0.iter()
    }

    /// Sets an answer; the later one counts.
    pub fn set(&mut self, status: u16, answer: Answer) {
        self.unset(status);
        self.0.push((status, answer));
    }

    /// Forgets an answer (`default-errorfiles`).
    pub fn unset(&mut self, status: u16) {
        self.0.retain(|(known, _)| *known != status);
    }
}
