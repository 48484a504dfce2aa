//! The configuration files, one line at a time.
//!
//! Reading is lazy: a `setenv` that a line orders is seen by the lines behind it.

mod collect;
#[cfg(test)]
mod tests;

pub use collect::{CollectError, collect, names};

use crate::base::diag::{Diags, Place, Severity, caret};
use crate::config::build::Build;
use crate::config::condition::Facts;
use crate::config::expand::{Environment, Scope};
use crate::config::lexer::{self, LexErrorKind};
use crate::config::lines::{Line, Word};
use crate::config::preprocess::{Preprocessor, Step};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::PathBuf;
use std::rc::Rc;

/// Longest physical line in bytes. The reference has no fixed limit; a line beyond this is no configuration.
pub const LINE_LEN_MAX: usize = 1 << 20;

/// The words that begin a section, for `.SECTION`.
const SECTIONS: &[&str] = &[
    "acme",
    "backend",
    "cache",
    "crt-store",
    "defaults",
    "fcgi-app",
    "frontend",
    "global",
    "healthcheck",
    "http-errors",
    "listen",
    "log-forward",
    "log-profile",
    "mailers",
    "peers",
    "program",
    "resolvers",
    "ring",
    "traces",
    "userlist",
];

/// One file of the configuration.
#[derive(Clone, Debug)]
pub struct Source {
    name: Rc<str>,
    input: Input,
}

#[derive(Clone, Debug)]
enum Input {
    Path(PathBuf),
    Text(Vec<u8>),
}

impl Source {
    /// The file at `path`; it is opened when its turn comes.
    pub fn file(path: PathBuf) -> Self {
        Source { name: path.to_string_lossy().into(), input: Input::Path(path) }
    }

    /// A text that is called `name` in messages.
    pub fn text(name: &str, text: impl Into<Vec<u8>>) -> Self {
        Source { name: name.into(), input: Input::Text(text.into()) }
    }

    /// The name that messages use.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn open(self) -> io::Result<Box<dyn BufRead>> {
        Ok(match self.input {
            Input::Path(path) => Box::new(BufReader::new(File::open(path)?)),
            Input::Text(text) => Box::new(Cursor::new(text)),
        })
    }
}

/// Yields the lines that count, with their words; everything else becomes a message.
///
/// Each file ends the section of the file before: a caller compares [`Reader::file_number`].
pub struct Reader {
    waiting: std::vec::IntoIter<Source>,
    current: Option<OpenFile>,
    build: Build,
    file_number: usize,
    stopped: bool,
}

struct OpenFile {
    place: Place,
    input: Box<dyn BufRead>,
    section: String,
    blocks: Preprocessor,
    /// The physical line, its line feed included.
    bytes: Vec<u8>,
    /// What is wrong with the line as a whole; told after its words were used, then the file ends.
    flaw: Option<String>,
}

impl Reader {
    /// Reads `sources` in their order; `build` answers the conditions.
    pub fn new(sources: Vec<Source>, build: Build) -> Self {
        Reader { waiting: sources.into_iter(), current: None, build, file_number: 0, stopped: false }
    }

    /// The next line, or `None` at the end of the last file or where reading had to stop.
    pub fn next_line(&mut self, env: &Environment, diags: &mut Diags) -> Option<Line> {
        loop {
            if self.stopped {
                return None;
            }
            let Some(file) = &mut self.current else {
                self.open_next(diags)?;
                continue;
            };
            match file.next(&self.build, env, diags) {
                Progress::Line(line) => return Some(line),
                Progress::Skipped => {}
                Progress::End => self.current = None,
                Progress::Stop => self.stopped = true,
            }
        }
    }

    /// Which file the last line came from, from 1.
    pub fn file_number(&self) -> usize {
        self.file_number
    }

    /// Whether reading ended before the end of the files. Errors of the parts that were not read are
    /// unknown, so cross checks would only confuse.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    fn open_next(&mut self, diags: &mut Diags) -> Option<()> {
        let source = self.waiting.next()?;
        self.file_number += 1;
        let name = source.name.clone();
        match source.open() {
            Ok(input) => {
                self.current = Some(OpenFile {
                    place: Place { file: name, line: 0 },
                    input,
                    section: String::new(),
                    blocks: Preprocessor::new(),
                    bytes: Vec::new(),
                    flaw: None,
                });
            }
            Err(error) => {
                diags.alert(format!("Could not open configuration file {name} : {}", reason(&error)));
                self.stopped = true;
            }
        }
        Some(())
    }
}

enum Progress {
    Line(Line),
    Skipped,
    End,
    Stop,
}

impl OpenFile {
    fn next(&mut self, build: &Build, env: &Environment, diags: &mut Diags) -> Progress {
        if let Some(flaw) = self.flaw.take() {
            diags.in_line(Severity::Alert, &self.place, flaw);
            return self.end(diags);
        }
        match self.read_physical() {
            Ok(true) => {}
            Ok(false) => return self.end(diags),
            Err(error) => {
                let text = format!("error while reading the file : {}", reason(&error));
                diags.in_line(Severity::Alert, &self.place, text);
                return Progress::Stop;
            }
        }
        let scope = Scope { env, file: &self.place.file, line: self.place.line, section: &self.section };
        let words = match lexer::split(&self.bytes, &scope) {
            Ok(words) => words,
            Err(error) => {
                let view = match error.kind {
                    LexErrorKind::Words => String::new(),
                    _ => caret(without_line_feed(&self.bytes), error.at),
                };
                diags.in_line(Severity::Alert, &self.place, format!("{error}{view}"));
                return Progress::Skipped;
            }
        };
        self.use_words(words, build, env, diags)
    }

    fn use_words(
        &mut self,
        words: Vec<Word>,
        build: &Build,
        env: &Environment,
        diags: &mut Diags,
    ) -> Progress {
        let Some(first) = words.first().filter(|word| !word.is_empty()) else { return Progress::Skipped };
        if first.starts_with('.') {
            let facts = Facts { build, env };
            return match self.blocks.directive(&words, &self.place, &facts, diags) {
                Step::Go => Progress::Skipped,
                Step::EndFile => self.end(diags),
                Step::Stop => Progress::Stop,
            };
        }
        if !self.blocks.is_live() {
            return Progress::Skipped;
        }
        if SECTIONS.contains(&&**first) {
            let name = words.get(1).filter(|name| !name.is_empty()).unwrap_or(first);
            self.section = name.to_string();
        }
        Progress::Line(Line { place: self.place.clone(), words })
    }

    /// Reads up to a line feed; `false` at the end of the file.
    fn read_physical(&mut self) -> io::Result<bool> {
        self.bytes.clear();
        let limit = LINE_LEN_MAX as u64 + 1;
        if self.input.by_ref().take(limit).read_until(b'\n', &mut self.bytes)? == 0 {
            return Ok(false);
        }
        self.place.line += 1;
        let text = without_line_feed(&self.bytes);
        let nul = memchr::memchr(0, text);
        let whole = text.len() < self.bytes.len();
        self.flaw = if let (Some(at), true) = (nul, whole) {
            Some(format!("Stray NUL character at position {}.", at + 1))
        } else if self.bytes.len() > LINE_LEN_MAX {
            Some(format!("line too long, max is {LINE_LEN_MAX} bytes."))
        } else if !whole {
            let position = nul.unwrap_or(text.len()) + 1;
            Some(format!("Missing LF on last line, file might have been truncated at position {position}."))
        } else {
            None
        };
        Ok(true)
    }

    fn end(&mut self, diags: &mut Diags) -> Progress {
        if self.blocks.finish(&self.place, diags) { Progress::End } else { Progress::Stop }
    }
}

fn without_line_feed(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\n").unwrap_or(bytes)
}

/// The system's words for an error, as strerror(3) has them.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
