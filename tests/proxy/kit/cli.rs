//! A client of the proxy's command line socket.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The command line socket of a running proxy.
pub struct Cli {
    path: PathBuf,
}

impl Cli {
    /// The socket at `path`; connects at each command.
    pub fn new(path: &Path) -> Cli {
        Cli { path: path.to_owned() }
    }

    /// One command, one connection: its whole answer.
    pub fn try_command(&self, line: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.path)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("{line}\n").as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// As [`Cli::try_command`], for commands that must work.
    pub fn command(&self, line: &str) -> String {
        self.try_command(line).unwrap_or_else(|error| panic!("CLI {line:?}: {error}"))
    }

    /// `show info` as a map.
    pub fn info(&self) -> BTreeMap<String, String> {
        let text = self.command("show info");
        let pair = |line: &str| line.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned()));
        text.lines().filter_map(pair).collect()
    }

    /// One number of `show info`.
    pub fn info_number(&self, key: &str) -> u64 {
        let info = self.info();
        info.get(key).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("show info has no {key}"))
    }

    /// One cell of `show stat`, by proxy, service (`FRONTEND`, `BACKEND` or a server) and column.
    pub fn stat(&self, proxy: &str, service: &str, column: &str) -> String {
        let text = self.command("show stat");
        let mut lines = text.lines();
        let head = lines.next().unwrap_or("").trim_start_matches("# ");
        let at = head.split(',').position(|name| name == column);
        let at = at.unwrap_or_else(|| panic!("show stat has no column {column}: {head}"));
        let row = lines.map(|line| line.split(',').collect::<Vec<_>>());
        let row =
            row.into_iter().find(|cells| cells.first() == Some(&proxy) && cells.get(1) == Some(&service));
        row.unwrap_or_else(|| panic!("show stat has no {proxy}/{service}"))[at].to_owned()
    }
}
