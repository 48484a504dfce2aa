//! Why the process does not start.

use nix::errno::Errno;
use std::fmt;
use std::io;

/// Why the process cannot start, in the reference's words, with what the system said behind them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartError(String);

impl StartError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        StartError(text.into())
    }

    pub(super) fn because(text: impl fmt::Display, error: &io::Error) -> Self {
        match error.raw_os_error() {
            // Without the number that `io::Error` adds: operators know the words.
            Some(number) => StartError(format!("{text} ({})", Errno::from_raw(number).desc())),
            None => StartError(format!("{text} ({error})")),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[haproxy.main()] {}", self.0)
    }
}

impl std::error::Error for StartError {}
