//! Starting a worker, until it accepts or has failed. Whoever was serving goes on meanwhile.

use super::handover::{Handover, Role, Starting};
use super::invocation::Invocation;
use crate::sys::child::{self, Ended};
use crate::sys::process;
use crate::worker::control::{BoundSocket, Channel, Order, Received, Report};
use nix::sys::signal::Signal;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// How long a worker may take from its start to the moment that it accepts, in ms: names may have to be
/// looked up for thousands of servers.
pub const START_MAX_MS: u64 = 120_000;
/// Bytes of the messages of a start that are kept.
const LOG_LEN_MAX: usize = 256 * 1024;

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Reads the configuration and binds.
    Binding,
    /// Has bound everything and waits to be told to go on.
    Bound,
    /// Was told.
    Going,
    /// Accepts.
    Ready,
    /// Ended before it was ready, or speaks in riddles.
    Failed,
}

/// A worker that starts.
#[derive(Debug)]
pub struct Launch {
    /// Its process.
    pub pid: i32,
    /// The channel to it.
    pub channel: Channel,
    /// What it listens on, as far as it has said.
    pub sockets: Vec<BoundSocket>,
    /// The messages of its start.
    pub log: String,
    /// It was given up because it was handed a socket that is replaced since: it is to be started again.
    pub outdated: bool,
    /// Its version, if it has told.
    pub version: Option<String>,
    stage: Stage,
    /// There was no room for its sockets here.
    crippled: bool,
}

impl Launch {
    /// Starts the program now on disk as a worker; it is handed copies of `handover`'s sockets.
    ///
    /// # Errors
    /// There can be no other process, or the program cannot be executed.
    pub fn start(invocation: &Invocation, handover: &mut Handover) -> io::Result<Launch> {
        let (channel, far) = Channel::pair()?;
        handover.role = Role::Worker;
        handover.parent = process::pid() as i32;
        handover.channel = Some(far);
        let (mut command, _list) = handover.command(invocation)?;
        let child = command.spawn();
        handover.channel = None;
        let (pid, log) = (child?.id() as i32, String::new());
        let sockets = Vec::new();
        Ok(Launch {
            pid,
            channel,
            sockets,
            log,
            version: None,
            outdated: false,
            stage: Stage::Binding,
            crippled: false,
        })
    }

    /// Goes on with a worker that another process has started, and that has bound everything.
    pub fn resume(starting: Starting) -> Launch {
        let Starting { pid, channel, sockets } = starting;
        let (channel, log) = (channel.into(), String::new());
        Launch {
            pid,
            channel,
            sockets,
            log,
            version: None,
            outdated: false,
            stage: Stage::Bound,
            crippled: false,
        }
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Takes what it sent since the last time.
    pub fn hear(&mut self) -> Stage {
        self.channel.flush();
        while !matches!(self.stage, Stage::Ready | Stage::Failed) {
            match self.channel.receive() {
                Received::Message(message) => match Report::decode(message) {
                    Some(Report::Log(text)) => self.keep_log(&text),
                    Some(Report::Version(text)) => self.version = Some(text),
                    Some(Report::Bound(sockets)) => self.sockets.extend(sockets),
                    Some(Report::Replaced(number, socket)) => replace(&mut self.sockets, number, socket),
                    Some(Report::BoundAll) if self.stage == Stage::Binding => self.stage = Stage::Bound,
                    Some(Report::Ready) if self.stage == Stage::Going => self.stage = Stage::Ready,
                    _ => {}
                },
                // Without all of its sockets the next worker would not have them either.
                Received::Crippled => {
                    self.crippled = true;
                    self.stage = Stage::Failed;
                }
                Received::Blocked => break,
                Received::End => self.stage = Stage::Failed,
            }
        }
        self.stage
    }

    fn keep_log(&mut self, text: &str) {
        if self.log.len() + text.len() < LOG_LEN_MAX {
            self.log.push_str(text);
            self.log.push('\n');
        }
    }

    /// Lets it go on, with the state of the worker before it.
    pub fn go(&mut self, state: Option<OwnedFd>) {
        self.stage = Stage::Going;
        self.channel.send(Order::Go(state).encode());
    }

    /// Gives it up.
    pub fn kill(&mut self) {
        child::signal(self.pid, Signal::SIGKILL);
        self.stage = Stage::Failed;
    }

    /// Why it failed, for the operator: the first alert of its start, else how it ended.
    pub fn failure(&self, ended: Option<Ended>) -> String {
        if self.crippled {
            return "the limit of descriptors ('ulimit -n') leaves no room for the sockets of the new worker"
                .into();
        }
        let alert = self.log.lines().find(|line| line.starts_with("[ALERT]"));
        let told = alert.and_then(|line| line.split_once(") : ")).map(|(_, text)| text.to_owned());
        let how = ended.map(|ended| format!("exited with {ended}"));
        match (told, how) {
            (Some(text), _) => text,
            (None, Some(how)) => format!("the new worker ({}) {how}", self.pid),
            (None, None) => format!("the new worker ({}) did not come up", self.pid),
        }
    }
}

/// Puts a socket into the place of the one that gave way to it.
pub fn replace(sockets: &mut [BoundSocket], number: u64, by: BoundSocket) {
    let is_it =
        |socket: &&mut BoundSocket| child::socket_number(socket.fd.as_fd()).is_ok_and(|n| n == number);
    if let Some(socket) = sockets.iter_mut().find(is_it) {
        *socket = by;
    }
}
