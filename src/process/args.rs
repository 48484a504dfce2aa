//! The command line: what was typed, as plain data.
//!
//! # Source
//! management.txt 3.

mod rows;
#[cfg(test)]
mod tests;

pub use rows::{OPTIONS, OptionRow, Status, Value, usage};

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// What the process is asked to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Command {
    /// Serve traffic.
    #[default]
    Run,
    /// `-c`: read the configuration, tell what is wrong, and leave.
    Check,
    /// `-cc`: answer a condition with the exit status.
    Condition(OsString),
    /// `-v`
    Version,
    /// `-vv`
    BuildInformation,
    /// `-h`
    Help,
}

/// `-W` or `-Ws`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Supervision {
    /// A supervisor starts workers.
    Plain,
    /// The same, and it tells systemd how it is doing.
    Notify,
}

/// What `-sf` and `-st` ask of older processes, by their pids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Predecessors {
    /// Finish what they are doing, then leave.
    Finish(Vec<i32>),
    /// Leave at once.
    Terminate(Vec<i32>),
}

/// The command line, read but not acted upon.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Args {
    /// What to do.
    pub command: Command,
    /// `-f` and `--`: files and directories in their order.
    pub files: Vec<OsString>,
    /// `-C`: where relative names begin.
    pub directory: Option<OsString>,
    /// `-D`
    pub daemon: bool,
    /// `-d`: foreground with debug output.
    pub debug: bool,
    /// `-db`: foreground.
    pub foreground: bool,
    /// `-q`
    pub quiet: bool,
    /// `-V`: wins over `-q` and `quiet`.
    pub verbose: bool,
    /// `-dW`
    pub warnings_are_fatal: bool,
    /// `-dD`
    pub diagnostics: bool,
    /// `-dr`: a server whose name does not resolve starts without an address.
    pub ignores_unresolved: bool,
    /// `-4`: names resolve to IPv4 addresses only.
    pub ipv4_only: bool,
    /// `-dS`
    pub no_splice: bool,
    /// `-dF`
    pub no_fast_forward: bool,
    /// `-dZ`
    pub no_zero_copy: bool,
    /// `-dR`
    pub no_reuseport: bool,
    /// `-dG`
    pub no_getaddrinfo: bool,
    /// `-dV`
    pub no_server_verify: bool,
    /// `-dK`: classes of keywords to list.
    pub keyword_classes: Option<String>,
    /// `-dC`
    pub dumps_configuration: bool,
    /// `-n`: process-wide limit of connections, over the configuration's `maxconn`.
    pub connections_max: Option<u32>,
    /// `-N`: default limit of connections of a proxy.
    pub proxy_connections_max: Option<u32>,
    /// `-m`: MB of memory.
    pub memory_max_mb: Option<u32>,
    /// `-p`
    pub pid_file: Option<OsString>,
    /// `-L`
    pub local_peer: Option<String>,
    /// `-W`, `-Ws`
    pub supervision: Option<Supervision>,
    /// `-S`: address and options of the supervisor's socket, as typed.
    pub master_cli: Vec<OsString>,
    /// `-x`: socket of an older process that hands over its listeners.
    pub takeover: Option<OsString>,
    /// `-sf`, `-st`
    pub predecessors: Option<Predecessors>,
    /// Options that were given and whose feature is not there yet, in their order.
    pub not_yet: Vec<&'static str>,
}

impl Args {
    /// What of it concerns a worker that a supervisor has started.
    pub fn of_worker(&self) -> Args {
        Args { master_cli: Vec::new(), ..self.clone() }
    }
}

/// Why a command line cannot be followed. The exit status is 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ArgsError {
    /// No such option.
    Unknown(String),
    /// A word that belongs to no option.
    Stray(String),
    /// The option's value is missing: option and what it is called.
    Missing(&'static str, &'static str),
    /// The option's value is no number in its range.
    Number(&'static str, String),
    /// `-sf` or `-st` with a word that is no pid.
    Pid(&'static str, String),
    /// The option's value is not UTF-8.
    Text(&'static str),
    /// Neither a file nor another task.
    NoFile,
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArgsError::Unknown(option) => write!(f, "unknown option '{option}'."),
            ArgsError::Stray(word) => {
                write!(f, "unexpected argument '{word}'; files are named with '-f' or after '--'.")
            }
            ArgsError::Missing(option, value) => write!(f, "option '{option}' expects {value}."),
            ArgsError::Number(option, word) => {
                write!(f, "option '{option}' expects a positive number, not '{word}'.")
            }
            ArgsError::Pid(option, word) => write!(f, "option '{option}' expects pids, not '{word}'."),
            ArgsError::Text(option) => write!(f, "option '{option}' expects UTF-8 text."),
            ArgsError::NoFile => f.write_str("no configuration file is named."),
        }
    }
}

impl std::error::Error for ArgsError {}

/// Reads the words behind the program's name.
///
/// `-h`, `-v` and `-vv` win where they stand: what follows is not looked at.
///
/// # Errors
/// The first word that does not fit; the caller shows it with [`usage`].
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Args, ArgsError> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut rest = words.as_slice();
    let mut args = Args::default();
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        if word == "--" {
            args.files.extend_from_slice(rest);
            break;
        }
        let Some((row, attached)) = find(word) else {
            let text = word.to_string_lossy().into_owned();
            let is_option = text.starts_with('-') && text.len() > 1;
            return Err(if is_option { ArgsError::Unknown(text) } else { ArgsError::Stray(text) });
        };
        let values = match row.value {
            Value::None => &[][..],
            Value::Attached(_) => &[attached][..],
            Value::Word(name) => match rest.split_first() {
                Some((value, after)) => {
                    rest = after;
                    &[value.as_os_str()]
                }
                None => return Err(ArgsError::Missing(row.name, name)),
            },
            Value::Pids => {
                let count = rest.iter().take_while(|w| !w.as_bytes().starts_with(b"-")).count();
                let (pids, after) = rest.split_at(count);
                rest = after;
                &pids.iter().map(OsString::as_os_str).collect::<Vec<_>>()
            }
        };
        (row.apply)(&mut args, row.name, values)?;
        if row.status == Status::NotYet {
            args.not_yet.push(row.name);
        }
        if matches!(args.command, Command::Help | Command::Version | Command::BuildInformation) {
            return Ok(args);
        }
    }
    if args.files.is_empty() && !matches!(args.command, Command::Condition(_)) {
        return Err(ArgsError::NoFile);
    }
    Ok(args)
}

/// The row of an option and what is attached to its name.
fn find(word: &OsStr) -> Option<(&'static OptionRow, &OsStr)> {
    let bytes = word.as_bytes();
    let exact = OPTIONS.iter().find(|row| row.name.as_bytes() == bytes);
    let attached =
        || OPTIONS.iter().find(|row| row.takes_attached() && bytes.starts_with(row.name.as_bytes()));
    let row = exact.or_else(attached)?;
    Some((row, OsStr::from_bytes(&bytes[row.name.len()..])))
}
