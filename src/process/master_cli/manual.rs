//! The rows as text: docs/CLI.md.

use super::rows::COMMANDS;
use crate::service::cli::manual::{stats_socket_md, table};

/// The text of docs/CLI.md.
pub fn cli_md() -> String {
    let mut out = stats_socket_md();
    out.push_str(
        "\n# Commands of the master CLI\n\n\
         `-W -S <address>[,<option>]*` gives the supervisor a socket of its own (management.txt 9.4): a path, `abns@name`,\n\
         `ip:port` or `fd@n`, with the options of a `bind` line between commas (`level`, `mode`, `user`, `group`, `maxconn`,\n\
         `backlog`, `severity-output`). Without `level` its clients may do everything. It is bound once, and stays\n\
         open over reloads, with the connections on it. Without a supervisor `-S` only gets a warning.\n\n\
         `@1 show info` asks the current worker, `@!<pid> show info` the worker with this pid, old ones too; a prefix alone\n\
         chooses where all later commands of the connection go. `prompt`, `quit`, the level and the modes are the\n\
         connection's own, and go along with each command. A payload (` <<`, 256 kB at most) is passed on.\n\n\
         `reload` and `hard-reload` answer when the reload has ended: `Success=1` or `Success=0`, then `--`, then the\n\
         messages of the start, as haproxy does from 2.7 on; then they close. A configuration that is refused leaves the\n\
         old worker serving, and the prompt shows `master[ReloadFailed]>`.\n\n\
         Ten connections are taken at once unless `maxconn` says otherwise; others wait. One that is idle for 600 seconds\n\
         is closed (haproxy keeps it). A worker that dies while it answers leaves a line that says so, and the\n\
         connection goes on. `mcli-debug-mode` only shows in the prompt: the supervisor serves nothing to debug.\n\n\
         | command | level | what it does |\n|---|---|---|\n",
    );
    table(&mut out, COMMANDS);
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
        assert!(written == text, "docs/CLI.md is old: SUBFLOW_BLESS=1 cargo test --lib master_cli::manual");
    }
}
