//! What a process is started with by its predecessor: its part, and descriptors by their numbers.
//!
//! A file in memory lists them, and an environment variable names that file's number. The text is lines of a
//! word and values, so that a reader of another version can leave out what it does not know.

use crate::sys::child;
use crate::worker::control::{BoundSocket, describe, understand};
use std::fmt::Write as _;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::Command;

use super::invocation::Invocation;

/// The variable. It is removed from the environment as soon as it was read.
const VARIABLE: &str = "SUBFLOW_HANDOVER";

/// First line of the file: another one is not read further.
const HEADER: &str = "subflow-handover 1";

/// Which part the new process has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Role {
    /// It serves traffic.
    #[default]
    Worker,
    /// It looks after workers.
    Supervisor,
}

/// What the operator started: it says how the whole ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Shape {
    /// One process; it has had a supervisor since its first reload, and ends as one process does.
    #[default]
    Single,
    /// `-W`, `-Ws`, `master-worker`.
    Supervised,
}

/// A worker that a supervisor takes over from its predecessor.
#[derive(Debug)]
pub struct Ward {
    /// Its process.
    pub pid: i32,
    /// The channel to it.
    pub channel: OwnedFd,
    /// How many reloads it has seen.
    pub reloads: u32,
    /// When it started, in seconds since 1970.
    pub started_s: i64,
    /// The one that serves, or one that finishes.
    pub current: bool,
}

/// A worker that has bound what it needs and waits to be told to go on.
#[derive(Debug)]
pub struct Starting {
    /// Its process.
    pub pid: i32,
    /// The channel to it.
    pub channel: OwnedFd,
    /// What it listens on.
    pub sockets: Vec<BoundSocket>,
}

/// All that is handed over.
#[derive(Debug, Default)]
pub struct Handover {
    /// The new process's part.
    pub role: Role,
    /// What the operator started.
    pub shape: Shape,
    /// A worker: the first one, so that what concerns only the start is done.
    pub first: bool,
    /// A worker: the process that looks after it.
    pub parent: i32,
    /// A worker: its channel.
    pub channel: Option<OwnedFd>,
    /// Listening sockets.
    pub sockets: Vec<BoundSocket>,
    /// A supervisor: the workers there are.
    pub wards: Vec<Ward>,
    /// A supervisor: the worker that a reload has started.
    pub starting: Option<Starting>,
    /// A supervisor: one more reload was asked for.
    pub again: bool,
    /// A supervisor: no notices.
    pub quiet: bool,
    /// A supervisor: `mworker-max-reloads`.
    pub reloads_max: Option<u32>,
    /// Reloads done, and reloads failed.
    pub reloads: (u32, u32),
    /// Messages of the current worker's start.
    pub startup_logs: String,
}

impl Handover {
    /// What this process was handed, if anything. Call it once, at the start.
    ///
    /// # Errors
    /// The list is not there or of an unknown form.
    pub fn take() -> io::Result<Option<Handover>> {
        let Some(value) = child::take_variable(VARIABLE) else { return Ok(None) };
        let number = value.to_str().and_then(|text| text.parse().ok());
        let number = number.ok_or_else(|| odd("the descriptor of the list"))?;
        let mut file = std::fs::File::from(child::take(number)?);
        file.seek(SeekFrom::Start(0))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        read(&text).map(Some)
    }

    /// A command that starts `invocation` again and hands this to it. The descriptors must stay open until
    /// the command was run, as must the file that is returned with it.
    ///
    /// # Errors
    /// What memfd_create(2) and write(2) say.
    pub fn command(&self, invocation: &Invocation) -> io::Result<(Command, OwnedFd)> {
        let list = self.list()?;
        let mut keep = self.descriptors();
        keep.push(list.as_fd());
        let mut command = invocation.command(&keep);
        command.env(VARIABLE, list.as_raw_fd().to_string());
        Ok((command, list))
    }

    /// Makes this process `invocation` again and hands this to it. Comes back only with the reason why it could
    /// not be done.
    pub fn replace(&self, invocation: &Invocation) -> io::Error {
        let list = match self.list() {
            Ok(list) => list,
            Err(error) => return error,
        };
        let mut keep = self.descriptors();
        keep.push(list.as_fd());
        invocation.replace(&keep, (VARIABLE, &list.as_raw_fd().to_string()))
    }

    fn list(&self) -> io::Result<OwnedFd> {
        let mut file = child::memory_file(c"subflow-handover")?;
        file.write_all(self.text().as_bytes())?;
        Ok(file.into())
    }

    /// All descriptors in it.
    pub fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let sockets = self.sockets.iter().map(|socket| socket.fd.as_fd());
        let wards = self.wards.iter().map(|ward| ward.channel.as_fd());
        let starting = self.starting.iter().flat_map(|starting| {
            let sockets = starting.sockets.iter().map(|socket| socket.fd.as_fd());
            sockets.chain([starting.channel.as_fd()])
        });
        sockets.chain(wards).chain(starting).chain(self.channel.iter().map(AsFd::as_fd)).collect()
    }

    fn text(&self) -> String {
        let mut out = format!("{HEADER}\n");
        let role = if self.role == Role::Worker { "worker" } else { "supervisor" };
        let shape = if self.shape == Shape::Single { "single" } else { "supervised" };
        let _ = writeln!(out, "role {role}\nshape {shape}\nparent {}", self.parent);
        let _ =
            writeln!(out, "first {}\nreloads {} {}", u8::from(self.first), self.reloads.0, self.reloads.1);
        if let Some(channel) = &self.channel {
            let _ = writeln!(out, "channel {}", channel.as_raw_fd());
        }
        for socket in &self.sockets {
            let _ = writeln!(out, "socket {} {}", socket.fd.as_raw_fd(), describe(socket));
        }
        for w in &self.wards {
            let number = w.channel.as_raw_fd();
            let current = u8::from(w.current);
            let _ = writeln!(out, "ward {} {number} {} {} {current}", w.pid, w.reloads, w.started_s);
        }
        if let Some(starting) = &self.starting {
            let _ = writeln!(out, "starting {} {}", starting.pid, starting.channel.as_raw_fd());
            for socket in &starting.sockets {
                let _ = writeln!(out, "its-socket {} {}", socket.fd.as_raw_fd(), describe(socket));
            }
        }
        let _ = writeln!(out, "quiet {}\nagain {}", u8::from(self.quiet), u8::from(self.again));
        if let Some(max) = self.reloads_max {
            let _ = writeln!(out, "reloads-max {max}");
        }
        for line in self.startup_logs.lines() {
            let _ = writeln!(out, "log {line}");
        }
        out
    }
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} cannot be read"))
}

fn read(text: &str) -> io::Result<Handover> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err(odd("the form of what was handed over"));
    }
    let mut handover = Handover::default();
    for line in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        take_line(&mut handover, word, rest).ok_or_else(|| odd(&format!("'{line}'")))?;
    }
    Ok(handover)
}

/// One line; `None` when its values are odd or its descriptor is not open.
fn take_line(h: &mut Handover, word: &str, rest: &str) -> Option<()> {
    match word {
        "role" => h.role = if rest == "supervisor" { Role::Supervisor } else { Role::Worker },
        "shape" => h.shape = if rest == "supervised" { Shape::Supervised } else { Shape::Single },
        "first" => h.first = rest == "1",
        "parent" => h.parent = rest.parse().ok()?,
        "reloads" => {
            let (done, failed) = rest.split_once(' ')?;
            h.reloads = (done.parse().ok()?, failed.parse().ok()?);
        }
        "channel" => h.channel = Some(owned(rest)?),
        "socket" => h.sockets.push(socket(rest)?),
        "starting" => {
            let (pid, number) = rest.split_once(' ')?;
            let (pid, channel) = (pid.parse().ok()?, owned(number)?);
            h.starting = Some(Starting { pid, channel, sockets: Vec::new() });
        }
        "its-socket" => h.starting.as_mut()?.sockets.push(socket(rest)?),
        "quiet" => h.quiet = rest == "1",
        "again" => h.again = rest == "1",
        "reloads-max" => h.reloads_max = Some(rest.parse().ok()?),
        "ward" => {
            let values: Vec<&str> = rest.split(' ').collect();
            let &[pid, number, reloads, started_s, current] = &values[..] else { return None };
            let (pid, reloads) = (pid.parse().ok()?, reloads.parse().ok()?);
            let (started_s, current) = (started_s.parse().ok()?, current == "1");
            h.wards.push(Ward { pid, channel: owned(number)?, reloads, started_s, current });
        }
        "log" => {
            h.startup_logs.push_str(rest);
            h.startup_logs.push('\n');
        }
        _ => {}
    }
    Some(())
}

/// The descriptor with this number, which is the reader's from now on.
fn owned(number: &str) -> Option<OwnedFd> {
    child::take(number.parse().ok()?).ok()
}

fn socket(rest: &str) -> Option<BoundSocket> {
    let (number, line) = rest.split_once(' ')?;
    understand(owned(number)?, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fd() -> OwnedFd {
        std::fs::File::open("/dev/null").unwrap().into()
    }

    fn whole() -> Handover {
        Handover {
            role: Role::Supervisor,
            shape: Shape::Supervised,
            first: true,
            parent: 7,
            channel: Some(fd()),
            sockets: vec![BoundSocket { fd: fd(), namespace: None, path: Some("/run/x y".into()) }],
            wards: vec![Ward { pid: 8, channel: fd(), reloads: 1, started_s: 99, current: true }],
            starting: Some(Starting {
                pid: 9,
                channel: fd(),
                sockets: vec![BoundSocket { fd: fd(), namespace: Some("blue".into()), path: None }],
            }),
            quiet: true,
            again: true,
            reloads_max: Some(5),
            reloads: (3, 4),
            startup_logs: "[NOTICE] one\n[NOTICE] two\n".into(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let handover = whole();
        let text = handover.text();
        // The reader owns the descriptors of these numbers.
        std::mem::forget(handover);
        let again = read(&text).unwrap();
        assert_eq!(again.text(), text);
        assert_eq!(
            (again.role, again.shape, again.first, again.parent),
            (Role::Supervisor, Shape::Supervised, true, 7)
        );
        assert_eq!(again.sockets[0].path.as_deref(), Some(std::path::Path::new("/run/x y")));
        assert_eq!((again.wards[0].pid, again.wards[0].current, again.reloads), (8, true, (3, 4)));
        assert_eq!(again.descriptors().len(), 5);
        assert_eq!(again.starting.unwrap().sockets[0].namespace.as_deref(), Some("blue"));
    }

    #[test]
    fn another_version_may_know_more_words_and_not_fewer_values() {
        assert!(read("subflow-handover 2\n").is_err());
        assert!(read("").is_err());
        assert!(read("subflow-handover 1\nrole worker\nmood good\n").is_ok());
        for line in ["socket", "socket 1000000 - -", "socket x - -", "ward 1 2 3", "reloads 1", "channel -"] {
            assert!(read(&format!("subflow-handover 1\n{line}\n")).is_err(), "{line}");
        }
    }
}
