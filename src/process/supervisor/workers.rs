//! The workers that serve or finish: what they tell, and how they end.

use super::Supervisor;
use crate::base::diag::Severity;
use crate::process::launch::{Stage, replace};
use crate::settings::Level;
use crate::sys::child::{self, Ended};
use crate::worker::control::{Channel, Order, Received, Report};
use nix::sys::signal::Signal;
use std::process::ExitCode;

/// What a worker is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// It accepts.
    Current,
    /// It finishes its connections.
    Old,
}

/// A worker that was ready once.
#[derive(Debug)]
pub struct Child {
    /// What it is known by in the poller.
    pub serial: u32,
    /// Its process.
    pub pid: i32,
    /// The channel to it.
    pub channel: Channel,
    /// What it is for.
    pub part: Part,
    /// Reloads that it has seen.
    pub reloads: u32,
    /// Reloads before it, those that failed included.
    pub born_at: u32,
    /// Its version, if it has told.
    pub version: Option<String>,
    /// When it started, in seconds since 1970.
    pub started_s: i64,
    /// Connections left, and the age of the oldest in seconds, as an old worker told last.
    pub draining: (u64, u64),
}

impl Child {
    /// A worker that has seen no reload.
    pub fn new(serial: u32, pid: i32, channel: Channel, part: Part, started_s: i64) -> Child {
        Child {
            serial,
            pid,
            channel,
            part,
            reloads: 0,
            born_at: 0,
            version: None,
            started_s,
            draining: (0, 0),
        }
    }
}

impl Supervisor {
    /// Takes what a worker sent.
    pub(super) fn hear(&mut self, serial: u32) {
        let Some(at) = self.workers.iter().position(|worker| worker.serial == serial) else { return };
        self.workers[at].channel.flush();
        loop {
            match self.workers[at].channel.receive() {
                Received::Message(message) => match Report::decode(message) {
                    Some(Report::State(state)) if self.export_until_ms.is_some() => self.go(Some(state)),
                    Some(Report::Draining(conns, age_s)) => self.workers[at].draining = (conns, age_s),
                    Some(Report::Replaced(number, socket)) if self.workers[at].part == Part::Current => {
                        replace(&mut self.sockets, number, socket);
                        self.start_over();
                    }
                    Some(Report::Rest(state)) => self.tell_current(Order::Add(state)),
                    _ => {}
                },
                Received::Crippled => {
                    let text = "No descriptor is left for what a worker sent, it is left out.";
                    self.say(Severity::Warning, text);
                }
                // Its end is heard from the kernel.
                Received::Blocked | Received::End => return,
            }
        }
    }

    /// Looks for processes that ended.
    pub(super) fn reap(&mut self) {
        while let Some((pid, ended)) = child::reap_any() {
            if self.launch.as_ref().is_some_and(|(launch, ..)| launch.pid == pid) {
                self.failed(Some(ended));
            } else if let Some(at) = self.workers.iter().position(|worker| worker.pid == pid) {
                self.hear(self.workers[at].serial);
                let worker = self.workers.remove(at);
                self.lost(&worker, ended);
            }
        }
        let nobody = self.workers.is_empty() && self.launch.is_none();
        if nobody && (self.ending.is_some() || self.exit_code.is_some()) {
            self.finish();
        }
    }

    fn lost(&mut self, worker: &Child, ended: Ended) {
        let what = if worker.part == Part::Current { "Current" } else { "Former" };
        let text = format!("{what} worker ({}) exited with {ended}", worker.pid);
        let expected = self.ending.is_some() || worker.part == Part::Old;
        let severity = match ended {
            Ended::Exited(0) => Severity::Warning,
            Ended::Signal(Signal::SIGTERM | Signal::SIGINT) if expected => Severity::Warning,
            _ => Severity::Alert,
        };
        self.say(severity, &text);
        if worker.part == Part::Old {
            if self.workers.iter().all(|worker| worker.part == Part::Current) {
                let last = format!("{text}; it was the last old worker.");
                self.tell_current(Order::Tell(Level::Notice, last));
            }
            return;
        }
        if self.ending.is_none() {
            if self.options.survives_failure {
                return;
            }
            if self.is_succeeded() {
                // The next one goes on without what this one counted.
                self.orphaned = Some(ended.code());
                if self.export_until_ms.is_some() {
                    self.go(None);
                }
                return;
            }
            self.exit_code = Some(ended.code());
            self.say(Severity::Alert, "exit-on-failure: killing every processes with SIGTERM");
            self.end(Signal::SIGTERM);
        }
    }

    /// Whether a worker is there that has bound everything, and only has to be let go on.
    fn is_succeeded(&self) -> bool {
        let stage = self.launch.as_ref().map(|(launch, ..)| launch.stage());
        matches!(stage, Some(Stage::Bound | Stage::Going))
    }

    /// Ends workers that have not read their channel for so long that it broke: they could not be told to stop
    /// accepting.
    pub(super) fn give_up_on_deaf_workers(&mut self) {
        let deaf = |worker: &mut Child| worker.channel.take_overflow().then_some(worker.pid);
        let deaf: Vec<i32> = self.workers.iter_mut().filter_map(deaf).collect();
        for pid in deaf {
            if child::signal(pid, Signal::SIGKILL) {
                self.say(Severity::Alert, &format!("Worker ({pid}) does not follow orders, killing it."));
            }
        }
    }

    /// Sends a signal to the worker that serves, or to the one that is to.
    pub(super) fn pass_on(&mut self, signal: Signal) {
        for worker in self.workers.iter().filter(|worker| worker.part == Part::Current) {
            child::signal(worker.pid, signal);
        }
    }

    /// Nobody is left: how this process ends says why.
    fn finish(&mut self) {
        let code = self.end_code();
        self.exit = Some(ExitCode::from(code));
    }
}
