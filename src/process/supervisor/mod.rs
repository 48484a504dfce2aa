//! The supervisor: starts workers, has a copy of every listening socket, passes signals on, reloads. It parses
//! no traffic and never gives its rights up, so that the next worker can bind what it needs.
//!
//! ```text
//!            SIGUSR2            bound-all            state               ready
//!   (idle) -----------> binding ---------> exporting -------> going --------------> (idle)
//!      ^                   |                   |                |   the new worker is current, the old
//!      |                   v                   v                v   one finishes
//!      +---- the worker ended, or took too long: the old one goes on as if nothing had been
//! ```
//! A reload that is asked for while another is under way is done after it.

mod ending;
mod master;
mod reload;
mod workers;

pub use reload::numbers;
pub use workers::{Child, Part};

use super::args::Predecessors;
use super::handover::{Handover, Shape};
use super::invocation::Invocation;
use super::launch::{Launch, START_MAX_MS};
use super::master_cli::{MasterCli, Reload, ReloadEnd};
use super::notify::Notifier;
use super::pidfile::PidFile;
use super::say::{process_line, say};
use super::{StartError, daemon};
use crate::base::clock::Clock;
use crate::base::diag::Severity;
use crate::base::ids::Id;
use crate::event::poller::{Event, Poller};
use crate::event::signals::{OPERATOR_SIGNALS, Signal, Signals};
use crate::event::token::{Kind, Token};
use crate::metrics::Family;
use crate::sys::process;
use crate::worker::control::{BoundSocket, Channel, Order};
use ending::Ending;
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Events taken in one wait.
const EVENTS_PER_TURN: usize = 64;

/// What the operator asked of the supervisor itself.
#[derive(Debug, Default)]
pub struct Options {
    /// What was started.
    pub shape: Shape,
    /// No notices.
    pub quiet: bool,
    /// A worker that dies unexpectedly does not end the others (`master-worker no-exit-on-failure`).
    pub survives_failure: bool,
    /// `mworker-max-reloads`: reloads that an old worker may see before it is stopped.
    pub reloads_max: Option<u32>,
    /// `-Ws`: who is told how the service is doing.
    pub notifier: Notifier,
}

/// See the module.
#[derive(Debug)]
pub struct Supervisor {
    invocation: Invocation,
    options: Options,
    poller: Poller,
    signals: Signals,
    clock: Clock,
    /// The current worker and the old ones.
    workers: Vec<Child>,
    /// The worker that starts, with what it is known by in the poller and the time it must be ready by.
    launch: Option<(Launch, u32, u64)>,
    /// When the old worker's state must be there.
    export_until_ms: Option<u64>,
    /// Copies of what the current worker listens on.
    sockets: Vec<BoundSocket>,
    family: Family,
    told: Family,
    /// What the reload under way does with the old workers.
    reloading: Reload,
    /// A reload was asked for while another was under way.
    again: Option<Reload>,
    /// Starts of workers so far: the number of the one under way.
    begun: u64,
    /// How the last one ended, for the clients that wait for it.
    reload_end: Option<ReloadEnd>,
    /// Reloads that failed since one that did not.
    failed_since: u32,
    /// When the supervisor started, in seconds since 1970.
    started_s: i64,
    /// The sockets of `-S` and their clients.
    master_cli: Option<MasterCli>,
    ending: Option<Ending>,
    /// Messages of the last start, for `show startup-logs`.
    startup_logs: String,
    next_serial: u32,
    /// A soft stop was asked for while a worker was about to accept.
    ends_when_ready: bool,
    /// Exit status of the current worker, which died while another was about to take its place.
    orphaned: Option<i32>,
    /// There was a worker that accepted.
    came_up: bool,
    /// The exit status, when it is not the usual one.
    exit_code: Option<i32>,
    exit: Option<ExitCode>,
    /// What is done when the first worker accepts.
    at_start: AtStart,
}

/// What waits for the first worker to accept.
#[derive(Debug, Default)]
pub struct AtStart {
    /// The pid file, open.
    pub pid_file: Option<PidFile>,
    /// The process that the operator started, which waits.
    pub report: Option<daemon::Report>,
    /// Listening sockets for the first worker.
    pub sockets: Vec<BoundSocket>,
    /// Older processes, which leave.
    pub predecessors: Option<Predecessors>,
    /// The sockets of `-S`: they take clients from the start on.
    pub master_cli: Option<MasterCli>,
}

/// Starts the first worker and looks after it and those that follow, until the end.
///
/// # Errors
/// The supervisor itself cannot work: no poller, no signals, no process.
pub fn begin(
    invocation: Invocation,
    options: Options,
    mut at_start: AtStart,
) -> Result<ExitCode, StartError> {
    let mut supervisor = Supervisor::new(invocation, options)?;
    supervisor.sockets = std::mem::take(&mut at_start.sockets);
    supervisor.at_start = at_start;
    supervisor.master_cli = supervisor.at_start.master_cli.take();
    if let Some(cli) = &supervisor.master_cli {
        cli.watch(&supervisor.poller).map_err(|e| StartError::because("Cannot watch the master CLI.", &e))?;
    }
    supervisor.start_worker(true).map_err(|e| StartError::because("Cannot start a worker.", &e))?;
    supervisor.run()
}

/// Goes on with workers that are there: the process was one of them until its first reload.
///
/// # Errors
/// As [`begin`].
pub fn resume(invocation: Invocation, options: Options, handover: Handover) -> Result<ExitCode, StartError> {
    let mut supervisor = Supervisor::new(invocation, options)?;
    supervisor.take_over(handover)?;
    supervisor.run()
}

impl Supervisor {
    fn new(invocation: Invocation, options: Options) -> Result<Supervisor, StartError> {
        // It has copies of all listening sockets, twice during a reload. What cannot be raised is told of when it is needed.
        let _ = process::raise_nofile_limit();
        let poller =
            Poller::new(EVENTS_PER_TURN).map_err(|e| StartError::because("Cannot open the poller.", &e))?;
        let signals =
            Signals::new(&OPERATOR_SIGNALS).map_err(|e| StartError::because("Cannot take signals.", &e))?;
        poller
            .register_readable(signals.as_fd(), Token::pack(Kind::Signal, Id::<Signals>::new(0, 0)))
            .map_err(|e| StartError::because("Cannot watch signals.", &e))?;
        let clock = Clock::new();
        let started_s = clock.wall().secs;
        Ok(Supervisor {
            invocation,
            options,
            poller,
            signals,
            clock,
            workers: Vec::new(),
            launch: None,
            export_until_ms: None,
            sockets: Vec::new(),
            family: Family::default(),
            told: Family::default(),
            reloading: Reload::Soft,
            again: None,
            begun: 0,
            reload_end: None,
            failed_since: 0,
            started_s,
            master_cli: None,
            ending: None,
            startup_logs: String::new(),
            next_serial: 0,
            ends_when_ready: false,
            orphaned: None,
            came_up: false,
            exit_code: None,
            exit: None,
            at_start: AtStart::default(),
        })
    }

    fn take_over(&mut self, handover: Handover) -> Result<(), StartError> {
        self.sockets = handover.sockets;
        (self.family.reloads, self.family.failed) = handover.reloads;
        self.startup_logs = handover.startup_logs;
        for ward in handover.wards {
            let part = if ward.current { Part::Current } else { Part::Old };
            let serial = self.serial();
            let child = Child::new(serial, ward.pid, Channel::from(ward.channel), part, ward.started_s);
            self.watch(&child.channel, serial)
                .map_err(|e| StartError::because("Cannot watch a worker.", &e))?;
            let born_at = self.attempts().saturating_sub(ward.reloads);
            self.workers.push(Child { reloads: ward.reloads, born_at, ..child });
        }
        self.came_up = true;
        self.again = handover.again.then_some(Reload::Soft);
        self.tell_family();
        if let Some(starting) = handover.starting {
            let (launch, serial) = (Launch::resume(starting), self.serial());
            self.watch(&launch.channel, serial)
                .map_err(|e| StartError::because("Cannot watch a worker.", &e))?;
            self.launch = Some((launch, serial, self.clock.now_ms() + START_MAX_MS));
            self.bound();
        }
        Ok(())
    }

    fn run(&mut self) -> Result<ExitCode, StartError> {
        let mut events = Vec::new();
        while self.exit.is_none() {
            let timeout_ms = self.timeout();
            let waited = self.poller.wait(timeout_ms, &mut events);
            waited.map_err(|e| StartError::because("The poller failed.", &e))?;
            self.clock.tick();
            for event in &events {
                self.dispatch(*event);
            }
            self.expire();
            self.reap();
            self.run_master_cli();
            if self.launch.is_none()
                && let Some(reload) = self.again.take()
            {
                self.reload(reload);
            }
            self.tell_family();
        }
        Ok(self.exit.unwrap_or(ExitCode::FAILURE))
    }

    fn dispatch(&mut self, event: Event) {
        let (kind, index, ..) = event;
        match kind {
            Kind::Signal => {
                let came: Vec<Signal> = self.signals.drain().collect();
                came.into_iter().for_each(|signal| self.signal(signal));
            }
            Kind::Control if self.launch.as_ref().is_some_and(|(_, serial, _)| *serial == index) => {
                self.advance();
            }
            Kind::Control => self.hear(index),
            Kind::Listener | Kind::Conn | Kind::Cli => self.mark_master_cli(event),
            // Nothing else is registered.
            Kind::Log | Kind::Process => {}
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::SIGUSR2 => self.reload(Reload::Soft),
            Signal::SIGINT | Signal::SIGTERM | Signal::SIGUSR1 => self.end(signal),
            // What ended is looked for in every turn.
            Signal::SIGCHLD => {}
            other => self.pass_on(other),
        }
    }

    /// How long nothing has to be done without an event.
    fn timeout(&mut self) -> Option<u64> {
        self.clock.tick();
        let launch = self.launch.as_ref().map(|(_, _, until_ms)| *until_ms);
        let ending = self.ending.as_ref().and_then(|ending| ending.until_ms);
        let now_ms = self.clock.now_ms();
        let cli = self.master_cli.as_ref().and_then(|cli| cli.next_ms(now_ms));
        let next = [launch, self.export_until_ms, ending, cli].into_iter().flatten().min();
        next.map(|at| at.saturating_sub(now_ms))
    }

    fn expire(&mut self) {
        let now = self.clock.now_ms();
        if self.export_until_ms.is_some_and(|at| at <= now) {
            self.say(Severity::Warning, "The old worker does not give its state, going on without.");
            self.go(None);
        }
        if let Some((launch, _, until_ms)) = &mut self.launch
            && *until_ms <= now
        {
            launch.kill();
            // Its end is heard from the kernel, whenever that is.
            *until_ms = now + START_MAX_MS;
        }
        self.give_up_on_deaf_workers();
        self.enforce_end(now);
    }

    fn serial(&mut self) -> u32 {
        self.next_serial += 1;
        self.next_serial
    }

    fn watch(&self, channel: &Channel, serial: u32) -> std::io::Result<()> {
        self.poller.register(channel.as_fd(), Token::pack(Kind::Control, Id::<Child>::new(serial, 0)))
    }

    /// Prints a message and keeps it.
    fn say(&mut self, severity: Severity, text: &str) {
        if !self.options.quiet || severity == Severity::Alert {
            say(severity, text);
        }
        self.note(severity, text);
    }

    /// Keeps a message for `show startup-logs`.
    fn note(&mut self, severity: Severity, text: &str) {
        self.startup_logs.push_str(&process_line(severity, text));
        self.startup_logs.push('\n');
    }

    /// Tells the current worker how all are doing, when that has changed.
    fn tell_family(&mut self) {
        let old = self.workers.iter().filter(|worker| worker.part == Part::Old);
        self.family.old = old.clone().count() as u32;
        self.family.old_conns = old.clone().map(|worker| worker.draining.0).sum();
        self.family.oldest_s = old.map(|worker| worker.draining.1).max().unwrap_or(0);
        let current = self.workers.iter().find(|worker| worker.part == Part::Current);
        // One that does not read is told of the latest state when it does.
        if self.family != self.told && current.is_none_or(|worker| !worker.channel.is_pending()) {
            self.told = self.family;
            let order = Order::Family(self.family);
            self.tell_current(order);
        }
    }

    fn tell_current(&mut self, order: Order) {
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.part == Part::Current) {
            worker.channel.send(order.encode());
        }
    }
}
