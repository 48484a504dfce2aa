//! Messages as the operator sees them on standard error.

use crate::base::diag::{Diag, Diags, Severity};
use std::io::{self, Write};

/// Width of the bracketed word and what pads it.
const WORD_WIDTH: usize = 11;

/// One message: `[ALERT]    (pid) : config : text`, the words padded as in the reference.
pub fn line(diag: &Diag, pid: u32) -> String {
    let word = format!("[{}]", diag.severity.word());
    format!("{word:<WORD_WIDTH$}({pid}) : config : {}", diag.text)
}

/// Writes all messages in order; `header`, a version line, comes first when there is any. Messages of
/// [`Severity::Diag`] only when `with_diag`.
///
/// # Errors
/// What writing says.
pub fn print_diags(
    diags: &Diags,
    pid: u32,
    header: &str,
    with_diag: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut shown = diags.iter().filter(|diag| with_diag || diag.severity != Severity::Diag).peekable();
    if shown.peek().is_some() && !header.is_empty() {
        writeln!(out, "{:<WORD_WIDTH$}({pid}) : {header}", "[NOTICE]")?;
    }
    for diag in shown {
        writeln!(out, "{}", line(diag, pid))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_like_the_reference() {
        let mut diags = Diags::new();
        diags.warning("w");
        diags.alert("a");
        diags.push(Severity::Diag, "d");
        let mut out = Vec::new();
        print_diags(&diags, 12, "subflow version is 1", false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "[NOTICE]   (12) : subflow version is 1\n[WARNING]  (12) : config : w\n[ALERT]    (12) : config : a\n"
        );
    }
}
