//! `set severity-output`: how weighty an answer is, in front of it (management.txt 9.3).

use crate::settings::global::SeverityOutput;

/// Weight of an answer, by syslog's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Refused, and why.
    Error,
    /// Done, and worth a look.
    Warning,
    /// An answer.
    Info,
}

/// The word of `set severity-output` and of a `stats socket` line.
pub fn parse(word: &str) -> Option<SeverityOutput> {
    match word {
        "none" => Some(SeverityOutput::None),
        "number" => Some(SeverityOutput::Number),
        "string" => Some(SeverityOutput::String),
        _ => None,
    }
}

/// The word that [`parse`] reads.
pub const fn word(output: SeverityOutput) -> &'static str {
    match output {
        SeverityOutput::None => "none",
        SeverityOutput::Number => "number",
        SeverityOutput::String => "string",
    }
}

/// What stands in front of an answer.
pub const fn prefix(output: SeverityOutput, severity: Severity) -> &'static str {
    match (output, severity) {
        (SeverityOutput::None, _) => "",
        (SeverityOutput::Number, Severity::Error) => "[3]: ",
        (SeverityOutput::Number, Severity::Warning) => "[4]: ",
        (SeverityOutput::Number, Severity::Info) => "[6]: ",
        (SeverityOutput::String, Severity::Error) => "[err]: ",
        (SeverityOutput::String, Severity::Warning) => "[warning]: ",
        (SeverityOutput::String, Severity::Info) => "[info]: ",
    }
}
