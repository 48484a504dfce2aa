//! What the master CLI sees of the supervisor, and has it do.

use super::{Part, Supervisor};
use crate::event::poller::{Event, Poller};
use crate::process::master_cli::{Master, Overview, Process, Reload, ReloadEnd};
use crate::process::version::COMPATIBLE_VERSION;
use crate::service::cli::Rights;
use crate::sys::process;
use crate::worker::control::Order;
use std::os::fd::OwnedFd;

impl Supervisor {
    /// Notes an event of the master CLI.
    pub(super) fn mark_master_cli(&mut self, (kind, index, generation, readiness): Event) {
        if let Some(cli) = &mut self.master_cli {
            cli.mark(kind, index, generation, readiness);
        }
    }

    /// The master CLI's turn.
    pub(super) fn run_master_cli(&mut self) {
        let Some(mut cli) = self.master_cli.take() else { return };
        cli.run(self);
        self.master_cli = Some(cli);
    }

    /// Reloads since the start, those that failed included.
    pub(super) fn attempts(&self) -> u32 {
        self.family.reloads.saturating_add(self.family.failed)
    }

    fn processes(&self, part: Part) -> impl Iterator<Item = Process<'_>> {
        self.workers.iter().filter(move |worker| worker.part == part).map(|worker| Process {
            pid: worker.pid,
            reloads: self.attempts().saturating_sub(worker.born_at),
            started_s: worker.started_s,
            version: worker.version.as_deref().unwrap_or("-"),
        })
    }
}

impl Master for Supervisor {
    fn overview(&self) -> Overview<'_> {
        Overview {
            master: Process {
                pid: process::pid() as i32,
                reloads: self.attempts(),
                started_s: self.started_s,
                version: COMPATIBLE_VERSION,
            },
            failed: self.failed_since,
            current: self.processes(Part::Current).next(),
            old: self.processes(Part::Old).collect(),
            now_s: self.clock.wall().secs,
            startup_logs: &self.startup_logs,
        }
    }

    fn hand(&mut self, pid: i32, socket: OwnedFd, rights: Rights) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.pid == pid) {
            worker.channel.send(Order::Cli(socket, rights).encode());
        }
    }

    fn reload(&mut self, reload: Reload) -> Option<u64> {
        if self.ending.is_some() {
            return None;
        }
        // One that is under way began without what this client has just written into the configuration.
        let number = self.begun + 1;
        Supervisor::reload(self, reload);
        Some(number)
    }

    fn ended(&self) -> Option<ReloadEnd> {
        self.reload_end.clone()
    }

    fn poller(&self) -> &Poller {
        &self.poller
    }

    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }
}
