//! One row for each option.

use super::{Args, ArgsError, Command, Predecessors, Supervision};
use std::ffi::OsStr;
use std::fmt::Write as _;

/// What stands behind an option's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// Nothing.
    None,
    /// The next word; the text is what it is called.
    Word(&'static str),
    /// Something glued to the name, or nothing.
    Attached(&'static str),
    /// All words up to the next option.
    Pids,
}

/// What becomes of an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It does what the manual says.
    Works,
    /// It is taken and changes nothing; the text says why that is right.
    Accepted(&'static str),
    /// It is understood, but its feature is missing.
    NotYet,
}

type Apply = fn(&mut Args, &'static str, &[&OsStr]) -> Result<(), ArgsError>;

/// One option.
pub struct OptionRow {
    /// The name with its dash.
    pub name: &'static str,
    /// What stands behind it.
    pub value: Value,
    /// What becomes of it.
    pub status: Status,
    /// One line for the usage text.
    pub help: &'static str,
    pub(super) apply: Apply,
}

impl OptionRow {
    pub(super) const fn takes_attached(&self) -> bool {
        matches!(self.value, Value::Attached(_))
    }
}

const fn row(
    name: &'static str,
    value: Value,
    status: Status,
    help: &'static str,
    apply: Apply,
) -> OptionRow {
    OptionRow { name, value, status, help, apply }
}

/// An option that only sets a field.
macro_rules! flag {
    ($name:literal, $status:expr, $help:literal, $($field:ident).+ = $value:expr) => {
        row($name, Value::None, $status, $help, |args, _, _| {
            args.$($field).+ = $value;
            Ok(())
        })
    };
}

const NOTHING: Apply = |_, _, _| Ok(());
use Status::{Accepted, NotYet, Works};

/// All options. `--` is not among them: it ends the options and names files.
#[rustfmt::skip]
pub static OPTIONS: &[OptionRow] = &[
    row("-f", Value::Word("<file|directory>"), Works, "read this file, or the *.cfg files of this directory; may be repeated",
        |args, _, values| { args.files.extend(values.iter().map(|v| v.to_os_string())); Ok(()) }),
    row("-C", Value::Word("<directory>"), Works, "change to this directory before anything is read",
        |args, _, values| { args.directory = first(values).map(OsStr::to_os_string); Ok(()) }),
    flag!("-c", Works, "check the configuration and leave: status 0 when it is valid", command = Command::Check),
    row("-cc", Value::Word("<condition>"), Works, "answer a condition: status 0 true, 1 false, 2 not understood",
        |args, _, values| { args.command = Command::Condition(first(values).unwrap_or_default().into()); Ok(()) }),
    flag!("-v", Works, "show the version", command = Command::Version),
    flag!("-vv", Works, "show the version, the build and what it can do", command = Command::BuildInformation),
    flag!("-h", Works, "show this text", command = Command::Help),
    flag!("-D", Works, "go to the background", daemon = true),
    flag!("-d", Works, "stay in the foreground and tell what happens", debug = true),
    flag!("-db", Works, "stay in the foreground", foreground = true),
    flag!("-q", Works, "say less", quiet = true),
    flag!("-V", Works, "say more; wins over -q", verbose = true),
    flag!("-dW", Works, "refuse to start after any warning", warnings_are_fatal = true),
    flag!("-dD", Works, "tell about suspicious statements too", diagnostics = true),
    flag!("-dr", Works, "start even if a server's name does not resolve", ignores_unresolved = true),
    flag!("-4", Works, "resolve names to IPv4 addresses only", ipv4_only = true),
    row("-n", Value::Word("<number>"), Works, "limit the connections of the process",
        |args, name, values| { args.connections_max = Some(number(name, values)?); Ok(()) }),
    row("-N", Value::Word("<number>"), Works, "default limit of connections of a proxy",
        |args, name, values| { args.proxy_connections_max = Some(number(name, values)?); Ok(()) }),
    row("-m", Value::Word("<MB>"), Works, "limit the memory of the process",
        |args, name, values| { args.memory_max_mb = Some(number(name, values)?); Ok(()) }),
    row("-p", Value::Word("<file>"), Works, "write the pid to this file",
        |args, _, values| { args.pid_file = first(values).map(OsStr::to_os_string); Ok(()) }),
    row("-L", Value::Word("<name>"), Works, "name of the local peer instead of the host's name",
        |args, name, values| { args.local_peer = Some(text(name, values)?); Ok(()) }),
    flag!("-dS", Works, "never splice", no_splice = true),
    flag!("-dF", Works, "never fast-forward", no_fast_forward = true),
    flag!("-dZ", Works, "never forward without a copy", no_zero_copy = true),
    flag!("-dR", Works, "never bind with SO_REUSEPORT", no_reuseport = true),
    flag!("-dG", Works, "never resolve names with getaddrinfo()", no_getaddrinfo = true),
    row("-dV", Value::None, Accepted("there is no TLS to servers"), "do not verify the servers' certificates",
        |args, _, _| { args.no_server_verify = true; Ok(()) }),
    row("-dM", Value::Attached("[<byte>][,<option>]*"), Accepted("memory is never used before it is written"),
        "poison memory", NOTHING),
    row("-dI", Value::None, Accepted("nothing forks that this would forbid"), "allow forks", NOTHING),
    row("-dL", Value::None, Accepted("no object is loaded at run time"), "list loaded objects", NOTHING),
    row("-de", Value::None, Accepted("epoll is the only poller"), "do not use epoll", NOTHING),
    row("-dp", Value::None, Accepted("poll is not used"), "do not use poll", NOTHING),
    row("-dk", Value::None, Accepted("kqueue is not used"), "do not use kqueue", NOTHING),
    row("-ds", Value::None, Accepted("speculative polling is not used"), "do not use speculative epoll", NOTHING),
    row("-dt", Value::Attached("[<trace>]"), Accepted("there are no traces"), "show traces", NOTHING),
    row("-dK", Value::Attached("<class>[,<class>]*"), Works, "list the known keywords",
        |args, name, values| { args.keyword_classes = Some(text(name, values)?); Ok(()) }),
    row("-dC", Value::Attached("[<key>]"), NotYet, "show the configuration and leave",
        |args, _, _| { args.dumps_configuration = true; Ok(()) }),
    flag!("-W", Works, "supervise workers", supervision = Some(Supervision::Plain)),
    flag!("-Ws", Works, "supervise workers and tell systemd", supervision = Some(Supervision::Notify)),
    row("-S", Value::Word("<bind>[,<option>]*"), Works, "CLI socket of the supervisor",
        |args, _, values| { args.master_cli.extend(values.iter().map(|v| v.to_os_string())); Ok(()) }),
    row("-x", Value::Word("<socket>"), Works, "take the listeners over from the process behind this socket",
        |args, _, values| { args.takeover = first(values).map(OsStr::to_os_string); Ok(()) }),
    row("-sf", Value::Pids, Works, "ask older processes to finish",
        |args, name, values| { args.predecessors = Some(Predecessors::Finish(pids(name, values)?)); Ok(()) }),
    row("-st", Value::Pids, Works, "tell older processes to stop at once",
        |args, name, values| { args.predecessors = Some(Predecessors::Terminate(pids(name, values)?)); Ok(()) }),
];

/// The usage text, a line an option.
pub fn usage() -> String {
    let mut out = String::from("Usage: subflow [options] [-f <file|directory>]* [-- <file|directory>*]\n");
    for option in OPTIONS {
        let left = match option.value {
            Value::None => option.name.to_owned(),
            Value::Word(value) => format!("{} {value}", option.name),
            Value::Attached(value) => format!("{}{value}", option.name),
            Value::Pids => format!("{} <pid>*", option.name),
        };
        let remark = match option.status {
            Works => "",
            Accepted(_) => " (accepted, changes nothing)",
            NotYet => " (not yet)",
        };
        let _ = writeln!(out, "  {left:<24} {}{remark}", option.help);
    }
    out
}

fn first<'a>(values: &[&'a OsStr]) -> Option<&'a OsStr> {
    values.first().copied()
}

fn text(name: &'static str, values: &[&OsStr]) -> Result<String, ArgsError> {
    first(values).unwrap_or_default().to_str().map(str::to_owned).ok_or(ArgsError::Text(name))
}

fn number(name: &'static str, values: &[&OsStr]) -> Result<u32, ArgsError> {
    let word = first(values).unwrap_or_default().to_string_lossy();
    match word.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(ArgsError::Number(name, word.into_owned())),
    }
}

fn pids(name: &'static str, values: &[&OsStr]) -> Result<Vec<i32>, ArgsError> {
    let pid = |value: &&OsStr| {
        let word = value.to_string_lossy();
        match word.parse() {
            Ok(pid) if pid > 0 => Ok(pid),
            _ => Err(ArgsError::Pid(name, word.into_owned())),
        }
    };
    values.iter().map(pid).collect()
}
