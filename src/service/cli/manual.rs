//! The rows as text: docs/CLI.md.

use super::rows::{COMMANDS, level_word};
use std::fmt::Write;

/// The text of docs/CLI.md.
pub fn cli_md() -> String {
    let mut out = String::from(
        "# Commands of the stats socket\n\n\
         Every command that subflow knows, made from the rows of `src/service/cli/rows.rs`; a test compares this file\n\
         with them, and `SUBFLOW_BLESS=1 cargo test --lib cli::manual` writes it anew. Commands, answers and levels\n\
         are those of haproxy 2.6 (management.txt 9.3), except:\n\n\
         - A session is named by a number, not by an address in memory; `show sess` shows fewer fields.\n\
         - `set server ... addr ... port` refuses a port over 65535 or with letters behind it; haproxy cuts it.\n\
         - Limits that are not numbers are refused; haproxy takes them for 0.\n\
         - `set rate-limit` knows connections and sessions: there is neither TLS nor compression yet.\n\
         - `show activity` has only the fields that mean something in one thread; `show info` has some more.\n\n\
         | command | level | what it does |\n|---|---|---|\n",
    );
    for row in COMMANDS {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            row.usage.replace('|', "\\|"),
            level_word(row.level),
            row.help.replace('|', "\\|")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn cli_md_is_what_the_rows_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md");
        let text = cli_md();
        if std::env::var_os("SUBFLOW_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == text, "docs/CLI.md is old: SUBFLOW_BLESS=1 cargo test --lib cli::manual");
    }
}
