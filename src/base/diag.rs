//! Messages to the operator about a configuration or a command line: severity, place, text.

use std::rc::Rc;

/// How grave a message is. The words are those of the reference's start-up messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Severity {
    /// Shown only with `-dD`.
    Diag,
    /// `[NOTICE]`
    Notice,
    /// `[WARNING]`; fatal under `-dW`.
    Warning,
    /// `[ALERT]`: the configuration is refused.
    Alert,
}

impl Severity {
    /// The word between the brackets.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Diag => "DIAG",
            Severity::Notice => "NOTICE",
            Severity::Warning => "WARNING",
            Severity::Alert => "ALERT",
        }
    }
}

/// A line of a configuration file, as the operator finds it in an editor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file as it was named.
    pub file: Rc<str>,
    /// Physical line, from 1.
    pub line: u32,
}

/// One message. `text` is everything behind `config : `, without a final line feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diag {
    /// How grave.
    pub severity: Severity,
    /// Text in the reference's form, e.g. `parsing [a.cfg:3] : unknown keyword 'x' in 'frontend' section`.
    pub text: String,
}

/// Collects messages, so that all errors of a configuration are told at once.
#[derive(Default, Debug)]
pub struct Diags {
    list: Vec<Diag>,
}

impl Diags {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message as it is.
    pub fn push(&mut self, severity: Severity, text: impl Into<String>) {
        self.list.push(Diag { severity, text: text.into() });
    }

    /// Adds an error: the configuration will be refused.
    pub fn alert(&mut self, text: impl Into<String>) {
        self.push(Severity::Alert, text);
    }

    /// Adds a warning.
    pub fn warning(&mut self, text: impl Into<String>) {
        self.push(Severity::Warning, text);
    }

    /// Adds `parsing [file:line] : text`.
    pub fn at(&mut self, severity: Severity, place: &Place, text: impl AsRef<str>) {
        self.push(severity, format!("parsing [{}:{}] : {}", place.file, place.line, text.as_ref()));
    }

    /// How many messages of exactly this severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|d| d.severity == severity).count()
    }

    /// All messages in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Diag> {
        self.list.iter()
    }
}
