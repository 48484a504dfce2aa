//! The dot directives: conditional blocks and messages.
//!
//! # Source
//! configuration.txt 2.4; messages from a running haproxy 2.6.

use crate::base::diag::{Diags, Place, Severity, caret};
use crate::config::condition::{self, Facts};
use crate::config::lines::Word;

/// Deepest nesting of `.if`.
pub const NESTING_MAX: usize = 100;

/// One open `.if`.
///
/// ```text
///        condition true              .elif/.else
///  .if ----------------> Taken ---------------------> Done
///   |    false                    .elif/.else            ^
///   +-----------------> Waiting ---- true ----> Taken ---+
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
enum Branch {
    /// Lines of this branch count.
    Taken,
    /// No branch was true so far.
    Waiting,
    /// An earlier branch was taken, or the whole block stands in lines that do not count.
    Done,
}

#[derive(Clone, Copy)]
struct Block {
    branch: Branch,
    else_seen: bool,
}

/// Whether reading may go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Next line.
    Go,
    /// The rest of this file is left out.
    EndFile,
    /// The configuration is refused at once, the rest would only cause follow-up errors.
    Stop,
}

/// The open blocks of one file.
#[derive(Default)]
pub struct Preprocessor {
    blocks: Vec<Block>,
}

impl Preprocessor {
    /// No block is open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the lines that follow count.
    pub fn is_live(&self) -> bool {
        self.blocks.last().is_none_or(|block| block.branch == Branch::Taken)
    }

    /// Obeys a line whose first word begins with a dot.
    pub fn directive(&mut self, words: &[Word], place: &Place, facts: &Facts, diags: &mut Diags) -> Step {
        let Some((name, arguments)) = words.split_first() else { return Step::Go };
        match &**name {
            ".if" => self.begin(arguments, place, facts, diags),
            ".elif" => self.otherwise_if(arguments, place, facts, diags),
            ".else" => self.otherwise(arguments, place, diags),
            ".endif" => self.end(arguments, place, diags),
            _ if !self.is_live() => Step::Go,
            ".diag" => message(Severity::Diag, words, place, diags),
            ".notice" => message(Severity::Notice, words, place, diags),
            ".warning" => message(Severity::Warning, words, place, diags),
            ".alert" => message(Severity::Alert, words, place, diags),
            other => {
                diags.in_line(Severity::Alert, place, format!("unknown directive '{other}'."));
                Step::EndFile
            }
        }
    }

    fn begin(&mut self, arguments: &[Word], place: &Place, facts: &Facts, diags: &mut Diags) -> Step {
        if self.blocks.len() >= NESTING_MAX - 1 {
            return stop(place, diags, format!("too many nested '.if', max is {NESTING_MAX}."));
        }
        let branch = if self.is_live() {
            match ask(".if", arguments, place, facts, diags) {
                Some(branch) => branch,
                None => return Step::Stop,
            }
        } else {
            Branch::Done
        };
        self.blocks.push(Block { branch, else_seen: false });
        Step::Go
    }

    fn otherwise_if(&mut self, arguments: &[Word], place: &Place, facts: &Facts, diags: &mut Diags) -> Step {
        let Some(block) = self.blocks.last_mut() else { return lone(".elif", place, diags) };
        if block.else_seen {
            return stop(place, diags, "'.elif' after '.else' is not permitted.");
        }
        block.branch = match block.branch {
            Branch::Waiting => match ask(".elif", arguments, place, facts, diags) {
                Some(branch) => branch,
                None => return Step::Stop,
            },
            Branch::Taken | Branch::Done => Branch::Done,
        };
        Step::Go
    }

    fn otherwise(&mut self, arguments: &[Word], place: &Place, diags: &mut Diags) -> Step {
        if self.has_surplus(".else", arguments, place, diags) {
            return Step::Stop;
        }
        let Some(block) = self.blocks.last_mut() else { return lone(".else", place, diags) };
        if block.else_seen {
            return stop(place, diags, "'.else' after '.else' is not permitted.");
        }
        block.else_seen = true;
        block.branch = match block.branch {
            Branch::Waiting => Branch::Taken,
            Branch::Taken | Branch::Done => Branch::Done,
        };
        Step::Go
    }

    fn end(&mut self, arguments: &[Word], place: &Place, diags: &mut Diags) -> Step {
        if self.has_surplus(".endif", arguments, place, diags) {
            return Step::Stop;
        }
        match self.blocks.pop() {
            Some(_) => Step::Go,
            None => lone(".endif", place, diags),
        }
    }

    /// Tells the end of the file, where every block should be closed; `false` if one is not.
    pub fn finish(&self, place: &Place, diags: &mut Diags) -> bool {
        let closed = self.blocks.is_empty();
        if !closed {
            diags.in_line(Severity::Alert, place, "non-terminated '.if' block.");
        }
        closed
    }

    /// An argument too many ends the reading, and what is open then stays open.
    fn has_surplus(&self, name: &str, arguments: &[Word], place: &Place, diags: &mut Diags) -> bool {
        // An empty word ends the arguments, as it does for the reference.
        let Some(surplus) = arguments.first().filter(|word| !word.is_empty()) else { return false };
        diags.in_line(Severity::Alert, place, format!("Unexpected argument '{}' for '{name}'.", &**surplus));
        self.finish(place, diags);
        true
    }
}

fn ask(name: &str, arguments: &[Word], place: &Place, facts: &Facts, diags: &mut Diags) -> Option<Branch> {
    let words: Vec<&[u8]> = arguments.iter().map(Word::bytes).collect();
    let expression = words.join(&b' ');
    match condition::evaluate(&expression, facts) {
        Ok(true) => Some(Branch::Taken),
        Ok(false) => Some(Branch::Waiting),
        Err(error) => {
            let line = [name.as_bytes(), b" ", &expression].concat();
            let view = caret(&line, name.len() + 1 + error.at);
            let text = format!("{} in '{name}' at position {}:{view}", error.text, error.at + 1);
            diags.in_line(Severity::Alert, place, text);
            None
        }
    }
}

fn message(severity: Severity, words: &[Word], place: &Place, diags: &mut Diags) -> Step {
    if let (Some(name), Some(surplus)) = (words.first(), words.get(2).filter(|word| !word.is_empty())) {
        let text = format!(
            "Unexpected argument '{}' for '{}'. Use quotes if the message should contain spaces.",
            &**surplus, &**name
        );
        diags.in_line(Severity::Alert, place, text);
        return Step::Go;
    }
    let text = words.get(1).map_or("", |word| word);
    diags.in_line(severity, place, format!("'{text}'."));
    if severity == Severity::Alert { Step::Stop } else { Step::Go }
}

fn lone(name: &str, place: &Place, diags: &mut Diags) -> Step {
    stop(place, diags, format!("lone '{name}' with no matching '.if'."))
}

fn stop(place: &Place, diags: &mut Diags, text: impl AsRef<str>) -> Step {
    diags.in_line(Severity::Alert, place, text);
    Step::Stop
}
