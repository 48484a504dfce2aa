//! The rows as text: the first part of docs/CLI.md.

use super::rows::{COMMANDS, Row, level_word};
use std::fmt::Write;

/// The part of docs/CLI.md about the stats socket.
pub fn stats_socket_md() -> String {
    let mut out = String::from(
        "# Commands of the stats socket\n\n\
         Every command that subflow knows, made from the rows of `src/service/cli/rows.rs` and, for the master CLI\n\
         below, of `src/process/master_cli/rows.rs`; a test compares this file with them, and\n\
         `SUBFLOW_BLESS=1 cargo test --lib master_cli::manual` writes it anew. Commands, answers and levels\n\
         are those of haproxy 2.6 (management.txt 9.3), except:\n\n\
         - A session is named by a number, not by an address in memory; `show sess` shows fewer fields.\n\
         - `set server ... addr ... port` refuses a port over 65535 or with letters behind it; haproxy cuts it.\n\
         - Limits that are not numbers are refused; haproxy takes them for 0.\n\
         - `set rate-limit` knows connections and sessions: there is neither TLS nor compression yet.\n\
         - `show errors` shows 0 where haproxy shows flags of its memory.\n\
         - `show activity`, `show pools` and `show fd` have only what means something here; `show info` has some more. `show sess`\n  \
           does not list connections to the CLI.\n\
         - `set server ... health` needs health checks, which do not exist yet; haproxy forces the state of any server. An\n  \
           address is not changed when the port behind it is wrong; haproxy changes it and complains.\n\
         - An unknown command is named, as in haproxy 3; one of haproxy 2.6 that is not there yet (maps, ACLs, tables, TLS,\n  \
           dynamic servers, traces, profiling) gets `Unknown command: '...' is not supported yet.`\n\n\
         | command | level | what it does |\n|---|---|---|\n",
    );
    table(&mut out, COMMANDS);
    out
}

/// Adds `rows` as lines of a table.
pub fn table<H>(out: &mut String, rows: &[Row<H>]) {
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            row.usage.replace('|', "\\|"),
            level_word(row.level),
            row.help.replace('|', "\\|")
        );
    }
}
