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
    tolerated: usize,
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

    /// Adds `parsing [file:line]: text`: the form of the lexer and of the dot directives, without the
    /// blank before the colon.
    pub fn in_line(&mut self, severity: Severity, place: &Place, text: impl AsRef<str>) {
        self.push(severity, format!("parsing [{}:{}]: {}", place.file, place.line, text.as_ref()));
    }

    /// Adds an alert that does not refuse the configuration: the line it is about is skipped.
    pub fn tolerated(&mut self, place: &Place, text: impl AsRef<str>) {
        self.at(Severity::Alert, place, text);
        self.tolerated += 1;
    }

    /// Whether the configuration must be refused.
    pub fn refuses(&self) -> bool {
        self.count(Severity::Alert) > self.tolerated
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

/// Columns of a line that [`caret`] shows.
const CARET_WIDTH: usize = 80;
/// Column where the mistake stands when the line is too long to be shown from its start.
const CARET_MIDDLE: usize = 40;

/// Two lines that show `line` and a `^` under its byte `at`, each after a line feed and two blanks.
///
/// Leading blanks are left out, a long line is cut, and bytes that a terminal could misread are
/// shown as blanks or question marks.
pub fn caret(line: &[u8], at: usize) -> String {
    let indent = line.iter().take_while(|c| is_space(**c)).count();
    let text: Vec<char> = line.iter().skip(indent).map(|&c| shown(c)).collect();
    let at = at.saturating_sub(indent);
    let (view, column): (String, usize) = if at < CARET_WIDTH {
        (text.iter().take(CARET_WIDTH).collect(), at)
    } else {
        let start = at - CARET_MIDDLE + 3;
        let middle = text.iter().skip(start).take(CARET_WIDTH - 6);
        (["...", &middle.collect::<String>(), "..."].concat(), CARET_MIDDLE)
    };
    format!("\n  {view}\n  {:>1$}", "^", column + 1)
}

/// The spaces of C's isspace(), which separate words in a configuration.
pub(crate) const fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn shown(c: u8) -> char {
    match c {
        b' '..=b'~' => c.into(),
        _ if is_space(c) => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caret_points_below_the_byte_without_the_indentation() {
        assert_eq!(caret(b"\t .notice \"abc", 10), "\n  .notice \"abc\n          ^");
        assert_eq!(caret(b"a\tb\x01\xc3", 2), "\n  a b??\n    ^");
    }

    #[test]
    fn caret_cuts_long_lines_around_the_mistake() {
        let text = caret(&[b'a'; 200], 79);
        assert_eq!(text, format!("\n  {}\n  {}^", "a".repeat(80), " ".repeat(79)));
        let text = caret(&[b'a'; 200], 80);
        assert_eq!(text, format!("\n  ...{}...\n  {}^", "a".repeat(74), " ".repeat(40)));
    }

    #[test]
    fn only_an_alert_refuses() {
        let mut diags = Diags::new();
        diags.warning("w");
        assert!(!diags.refuses());
        diags.in_line(Severity::Alert, &Place { file: "a.cfg".into(), line: 3 }, "x");
        assert!(diags.refuses());
        assert_eq!(diags.iter().last().map(|d| d.text.as_str()), Some("parsing [a.cfg:3]: x"));
    }
}
