//! A physical line becomes words: blanks, comments, quotes, escapes, environment references.
//!
//! # Source
//! configuration.txt 2.1 to 2.3; where these are silent, a running haproxy 2.6.

#[cfg(test)]
mod tests;

use crate::base::diag::is_space;
use crate::config::expand::{Scope, reference};
use crate::config::lines::Word;
use std::fmt;

/// Most words that one line may hold.
pub const WORDS_MAX: usize = 64;

/// What is wrong with a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LexErrorKind {
    /// A quote is open where the line ends.
    Quote,
    /// `\x` is not followed by two hexadecimal digits.
    Hex,
    /// `${` finds no `}` where the name or the default value ends.
    Brace,
    /// A variable's name begins with a character that no name begins with, or is an unknown pseudo variable.
    VariableName,
    /// `[` in a reference begins something else than `[*]`.
    WordExpansion,
    /// More than [`WORDS_MAX`] words.
    Words,
}

/// Why a line was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LexError {
    /// What is wrong.
    pub kind: LexErrorKind,
    /// Byte of the line where it is wrong, from 0. For [`LexErrorKind::Words`] the byte where the last word
    /// would begin if the words were written with one blank between them, as the reference has it.
    pub at: usize,
    /// The last word that was taken, for [`LexErrorKind::Words`].
    pub word: String,
}

impl LexErrorKind {
    /// The mistake in the reference's words, without its place.
    pub const fn reason(self) -> &'static str {
        match self {
            LexErrorKind::Quote => "unmatched quote",
            LexErrorKind::Hex => "truncated or invalid hexadecimal sequence",
            LexErrorKind::Brace => "unmatched brace in environment variable name",
            LexErrorKind::VariableName => "forbidden first char in environment variable name",
            LexErrorKind::WordExpansion => "truncated or invalid word expansion sequence",
            LexErrorKind::Words => "too many words",
        }
    }
}

impl fmt::Display for LexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, position) = (self.kind.reason(), self.at + 1);
        match self.kind {
            LexErrorKind::Words => {
                let word = &self.word;
                write!(f, "{reason}, truncating after word {WORDS_MAX}, position {position}: <{word}>.")
            }
            _ => write!(f, "{reason} at position {position}:"),
        }
    }
}

/// Cuts `line`, without its line feed, into words. No word at all is a blank or comment line.
///
/// # Errors
/// The first mistake; the line is then of no use.
pub fn split(line: &[u8], scope: &Scope) -> Result<Vec<Word>, LexError> {
    let mut lexer = Lexer::new(line);
    lexer.run(scope)?;
    lexer.finish()
}

/// Resolves quotes, escapes and references of `text` and leaves it one piece: runs of blanks outside
/// quotes become one blank and `#` is a character like others. For the argument of `-cc`.
///
/// # Errors
/// The first mistake.
pub fn unquote(text: &[u8], scope: &Scope) -> Result<Vec<u8>, LexError> {
    let mut lexer = Lexer::new(text);
    lexer.begin_word();
    while let Some(&c) = text.get(lexer.at) {
        match c {
            c if is_space(c) => {
                lexer.skip_spaces();
                lexer.push(b' ');
            }
            0 => break,
            _ => lexer.step(c, scope)?,
        }
    }
    lexer.end_word();
    let words: Vec<&[u8]> = lexer.words.iter().map(Word::bytes).collect();
    Ok(words.join(&b' '))
}

struct Lexer<'a> {
    line: &'a [u8],
    at: usize,
    words: Vec<Word>,
    /// The word being written; `None` between words.
    word: Option<Vec<u8>>,
}

impl<'a> Lexer<'a> {
    fn new(line: &'a [u8]) -> Self {
        Lexer { line, at: 0, words: Vec::new(), word: None }
    }

    fn run(&mut self, scope: &Scope) -> Result<(), LexError> {
        self.skip_spaces();
        while let Some(&c) = self.line.get(self.at) {
            match c {
                // A carriage return is a space among spaces, but behind a word it ends the line.
                b'#' | b'\r' | b'\n' | 0 => break,
                c if is_space(c) => {
                    self.skip_spaces();
                    self.end_word();
                }
                _ => self.step(c, scope)?,
            }
        }
        Ok(())
    }

    /// Takes what begins with `c`, outside quotes and no separator.
    fn step(&mut self, c: u8, scope: &Scope) -> Result<(), LexError> {
        match c {
            b'"' => self.weak_quote(scope),
            b'\'' => self.strong_quote(),
            b'\\' => self.escape(false),
            _ => {
                self.push(c);
                self.at += 1;
                Ok(())
            }
        }
    }

    fn skip_spaces(&mut self) {
        let rest = self.line.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|c| is_space(**c)).count();
    }

    fn finish(mut self) -> Result<Vec<Word>, LexError> {
        self.end_word();
        match self.words.get(WORDS_MAX - 1) {
            Some(last) if self.words.len() > WORDS_MAX => {
                let at = self.words.iter().take(WORDS_MAX - 1).map(|word| word.bytes().len() + 1).sum();
                Err(LexError { kind: LexErrorKind::Words, at, word: last.to_string() })
            }
            _ => Ok(self.words),
        }
    }

    fn begin_word(&mut self) -> &mut Vec<u8> {
        self.word.get_or_insert_default()
    }

    fn push(&mut self, c: u8) {
        self.begin_word().push(c);
    }

    fn end_word(&mut self) {
        let Some(mut word) = self.word.take() else { return };
        // The reference keeps words as C strings: an escaped NUL ends the word.
        if let Some(nul) = memchr::memchr(0, &word) {
            word.truncate(nul);
        }
        self.words.push(Word::from_bytes(word));
    }

    fn weak_quote(&mut self, scope: &Scope) -> Result<(), LexError> {
        let open = self.at;
        self.begin_word();
        self.at += 1;
        loop {
            match self.line.get(self.at) {
                None | Some(b'\r' | b'\n' | 0) => return Err(self.error(LexErrorKind::Quote, open)),
                Some(b'"') => break,
                Some(b'\\') => self.escape(true)?,
                Some(b'$') => self.expand(scope)?,
                Some(&c) => {
                    self.at += 1;
                    self.push(c);
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    fn strong_quote(&mut self) -> Result<(), LexError> {
        let open = self.at;
        self.begin_word();
        self.at += 1;
        loop {
            match self.line.get(self.at) {
                None | Some(b'\r' | b'\n' | 0) => return Err(self.error(LexErrorKind::Quote, open)),
                Some(b'\'') => break,
                Some(&c) => {
                    self.at += 1;
                    self.push(c);
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    /// At a backslash. A pair that is no escape keeps its backslash.
    fn escape(&mut self, weak: bool) -> Result<(), LexError> {
        let (c, len) = match self.line.get(self.at + 1) {
            Some(&c @ (b' ' | b'#' | b'"' | b'\'' | b'\\')) => (c, 2),
            Some(b'$') if weak => (b'$', 2),
            Some(b'n') => (b'\n', 2),
            Some(b'r') => (b'\r', 2),
            Some(b't') => (b'\t', 2),
            Some(b'x') => {
                let digit = |n: usize| self.line.get(self.at + n).and_then(|&c| (c as char).to_digit(16));
                match (digit(2), digit(3)) {
                    (Some(high), Some(low)) => ((high * 16 + low) as u8, 4),
                    _ => return Err(self.error(LexErrorKind::Hex, self.at)),
                }
            }
            _ => (b'\\', 1),
        };
        self.push(c);
        self.at += len;
        Ok(())
    }

    /// At a `$` inside double quotes.
    fn expand(&mut self, scope: &Scope) -> Result<(), LexError> {
        let found = reference(self.line, self.at, scope).map_err(|(kind, at)| self.error(kind, at))?;
        let value = found.value.unwrap_or_default();
        let mut after_blank = false;
        for c in value {
            // A run of blanks separates once; a leading or trailing run leaves an empty word.
            if found.splits && is_space(c) {
                if !after_blank {
                    self.end_word();
                    self.begin_word();
                }
                after_blank = true;
            } else {
                after_blank = false;
                self.push(c);
            }
        }
        self.at += found.len;
        Ok(())
    }

    fn error(&self, kind: LexErrorKind, at: usize) -> LexError {
        LexError { kind, at, word: String::new() }
    }
}
