//! A configuration line after the lexer: its place and its words.

use crate::base::diag::Place;
use std::ops::Deref;

/// One word: quotes, escapes and environment references are already resolved.
///
/// It reads as `str`; bytes that are not UTF-8 stand as U+FFFD there and as themselves in
/// [`Word::bytes`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    text: String,
    raw: Option<Vec<u8>>,
}

impl Word {
    /// A word from the bytes the lexer made.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Word { text, raw: None },
            Err(e) => {
                let raw = e.into_bytes();
                Word { text: String::from_utf8_lossy(&raw).into_owned(), raw: Some(raw) }
            }
        }
    }

    /// The word exactly as written.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }
}

impl From<&str> for Word {
    fn from(s: &str) -> Self {
        Word { text: s.to_owned(), raw: None }
    }
}

impl Deref for Word {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

/// A line with at least one word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Where it stands.
    pub place: Place,
    /// Its words, never empty.
    pub words: Vec<Word>,
}
