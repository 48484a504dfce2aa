//! One reload: from the signal to the moment that the new worker accepts and the old one finishes, or back.

use super::{Child, Part, Supervisor};
use crate::base::diag::Severity;
use crate::process::handover::Handover;
use crate::process::launch::{Launch, START_MAX_MS, Stage};
use crate::process::master_cli::{Reload, ReloadEnd};
use crate::process::takeover;
use crate::settings::Level;
use crate::sys::child::{self, Ended};
use crate::sys::process;
use crate::worker::control::{BoundSocket, NUMBERS_PER_MESSAGE, Order};
use nix::sys::signal::Signal;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// How long the old worker may take to give its state, in ms.
const EXPORT_MAX_MS: u64 = 2000;

/// Numbers of these sockets, for the worker that has to know which of its own go on.
pub fn numbers(sockets: &[BoundSocket]) -> Vec<u64> {
    sockets.iter().filter_map(|socket| child::socket_number(socket.fd.as_fd()).ok()).collect()
}

impl Supervisor {
    /// Begins a reload, or remembers that one more is wanted.
    pub(super) fn reload(&mut self, reload: Reload) {
        if self.ending.is_some() {
            return;
        }
        if self.launch.is_some() {
            self.again = self.again.max(Some(reload));
            return;
        }
        self.reloading = reload;
        self.startup_logs.clear();
        self.options.notifier.reloading();
        self.say(Severity::Notice, "Reloading subflow");
        if let Err(error) = self.start_worker(false) {
            let text = format!("{} cannot be started: {error}", self.invocation.exe().display());
            self.refused(&text);
        }
    }

    /// Starts a worker, which is handed copies of all sockets.
    pub(super) fn start_worker(&mut self, first: bool) -> io::Result<()> {
        self.begun += 1;
        let sockets = std::mem::take(&mut self.sockets);
        let mut handover = Handover {
            first,
            shape: self.options.shape,
            reloads: (self.family.reloads, self.family.failed),
            sockets,
            ..Handover::default()
        };
        let started = Launch::start(&self.invocation, &mut handover);
        // The sockets come back, whatever happened.
        self.sockets = handover.sockets;
        let launch = started?;
        let serial = self.serial();
        self.watch(&launch.channel, serial)?;
        self.say(Severity::Notice, &format!("New worker ({}) forked", launch.pid));
        self.clock.tick();
        self.launch = Some((launch, serial, self.clock.now_ms() + START_MAX_MS));
        Ok(())
    }

    /// Takes what the starting worker sent, and acts on how far it is.
    pub(super) fn advance(&mut self) {
        let Some((launch, ..)) = &mut self.launch else { return };
        let before = launch.stage();
        match launch.hear() {
            Stage::Bound if before != Stage::Bound => self.bound(),
            Stage::Ready => self.promote(),
            // How it ended is heard from the kernel. One that closed its channel and lives on is of no use.
            Stage::Failed => launch.kill(),
            Stage::Binding | Stage::Bound | Stage::Going => {}
        }
    }

    /// It has bound everything: now the old one's state is asked for.
    pub(super) fn bound(&mut self) {
        let current = self.workers.iter_mut().find(|worker| worker.part == Part::Current);
        let Some(current) = current else { return self.go(None) };
        current.channel.send(Order::Export.encode());
        self.export_until_ms = Some(self.clock.now_ms() + EXPORT_MAX_MS);
    }

    pub(super) fn go(&mut self, state: Option<OwnedFd>) {
        self.export_until_ms = None;
        if let Some((launch, ..)) = &mut self.launch {
            launch.go(state);
        }
    }

    /// The new worker accepts: it is the current one, and the old one finishes.
    fn promote(&mut self) {
        let Some((launch, serial, _)) = self.launch.take() else { return };
        let first = !std::mem::replace(&mut self.came_up, true);
        let kept = numbers(&launch.sockets);
        for worker in self.workers.iter_mut().filter(|worker| worker.part == Part::Current) {
            for some in kept.chunks(NUMBERS_PER_MESSAGE) {
                worker.channel.send(Order::Keep(some.to_vec()).encode());
            }
            worker.channel.send(Order::Drain.encode());
            worker.part = Part::Old;
        }
        self.count_reload_for_old();
        if !first {
            self.family.reloads += 1;
        }
        self.startup_logs.push_str(&launch.log);
        self.sockets = launch.sockets;
        let started_s = self.clock.wall().secs;
        let child = Child::new(serial, launch.pid, launch.channel, Part::Current, started_s);
        self.workers.push(Child { born_at: self.attempts(), version: launch.version, ..child });
        self.failed_since = 0;
        self.say(Severity::Notice, "Loading success.");
        self.reload_end = Some(ReloadEnd { number: self.begun, success: true });
        if std::mem::replace(&mut self.reloading, Reload::Soft) == Reload::Hard {
            self.end_old();
        }
        if first {
            self.started();
        }
        self.options.notifier.ready(process::pid(), "Ready.");
        // The new one knows nothing yet.
        self.told = crate::metrics::Family::default();
        self.orphaned = None;
        if std::mem::take(&mut self.ends_when_ready) {
            self.end(Signal::SIGUSR1);
        }
    }

    /// What `hard-reload` asks for.
    fn end_old(&mut self) {
        for worker in self.workers.iter().filter(|worker| worker.part == Part::Old) {
            child::signal(worker.pid, Signal::SIGTERM);
        }
    }

    fn count_reload_for_old(&mut self) {
        let mut tired = Vec::new();
        for worker in self.workers.iter_mut() {
            worker.reloads += 1;
            if self.options.reloads_max.is_some_and(|max| worker.reloads > max) {
                child::signal(worker.pid, Signal::SIGTERM);
                tired.push(worker.pid);
            }
        }
        for pid in tired {
            let text = format!("Worker ({pid}) has reached mworker-max-reloads, stopping it.");
            self.say(Severity::Warning, &text);
        }
    }

    /// The first worker accepts: whoever waits for the start is told.
    fn started(&mut self) {
        takeover::dismiss(self.at_start.predecessors.take().as_ref());
        if let Some(pid_file) = self.at_start.pid_file.take()
            && let Err(error) = pid_file.write(process::pid())
        {
            self.say(Severity::Alert, &error.to_string());
        }
        if let Some(report) = self.at_start.report.take()
            && let Err(error) = report.ready()
        {
            self.say(Severity::Warning, &format!("Cannot leave the terminal ({error})."));
        }
    }

    /// The starting worker ended before it was ready.
    pub(super) fn failed(&mut self, ended: Option<Ended>) {
        let Some((mut launch, ..)) = self.launch.take() else { return };
        // Its last words may still be in the channel.
        launch.hear();
        self.export_until_ms = None;
        self.startup_logs.push_str(&launch.log);
        if launch.outdated {
            return self.say(Severity::Notice, "The new worker is started again: a socket was replaced.");
        }
        let text = launch.failure(ended);
        if self.ending.is_some() && self.came_up {
            // Given up for the end, which is no failure.
            self.reload_end = Some(ReloadEnd { number: self.begun, success: false });
            return self.note(Severity::Notice, &text);
        }
        if !self.came_up {
            // They may have let their addresses go for it, and cannot have them again while there are copies.
            launch.sockets.clear();
            self.sockets.clear();
            takeover::reinstate(self.at_start.predecessors.as_ref());
            // It has said itself why, unless it was given up for the end.
            self.exit_code = self.ending.is_none().then_some(1);
            self.note(Severity::Alert, &text);
            return;
        }
        self.refused(&text);
        if let Some(code) = self.orphaned.take() {
            self.exit_code = Some(code);
            self.end(Signal::SIGTERM);
        } else if std::mem::take(&mut self.ends_when_ready) {
            self.end(Signal::SIGUSR1);
        }
    }

    /// The current worker has replaced a socket. One that starts was handed the old one, which leads nowhere soon: it is
    /// started again. One that was told to go on already may have clients and is let be.
    pub(super) fn start_over(&mut self) {
        if let Some((launch, ..)) = &mut self.launch
            && matches!(launch.stage(), Stage::Binding | Stage::Bound)
        {
            launch.kill();
            launch.outdated = true;
            self.again = self.again.max(Some(self.reloading));
        }
    }

    /// A reload came to nothing: the old worker goes on, and everyone is told.
    fn refused(&mut self, why: &str) {
        self.family.failed += 1;
        self.failed_since += 1;
        self.reload_end = Some(ReloadEnd { number: self.begun, success: false });
        let text = format!("Reload failed, the old worker goes on: {why}");
        self.options.notifier.ready(process::pid(), &text);
        self.say(Severity::Alert, &text);
        self.tell_current(Order::Tell(Level::Alert, text));
    }
}
