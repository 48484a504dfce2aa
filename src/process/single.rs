//! The reload of a process without a supervisor. It starts the new worker itself, and goes on serving; when that
//! one has bound everything, the process is split: the child goes on with every connection as the old worker,
//! and the parent, whose pid the operator knows, executes itself as the supervisor of both. From there it is a
//! reload like any other.

use super::StartError;
use super::enlist::{bound_sockets, join};
use super::handover::{Handover, Role, Shape, Starting, Ward};
use super::invocation::Invocation;
use super::launch::{Launch, START_MAX_MS, Stage};
use super::say::say;
use super::serve::watch_signals;
use super::supervisor::{self, Options};
use crate::base::diag::Severity;
use crate::base::ids::Id;
use crate::event::signals::{OPERATOR_SIGNALS, Signals};
use crate::event::token::{Kind, Token};
use crate::settings::Level;
use crate::stream::Alarm;
use crate::sys::child::{self, Ended};
use crate::sys::process::{self, Forked, fork};
use crate::worker::Worker;
use crate::worker::control::Channel;
use nix::sys::signal::Signal;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;

/// What such a process keeps for its reload.
#[derive(Debug)]
pub struct Single {
    invocation: Invocation,
    quiet: bool,
    reloads_max: Option<u32>,
    /// The worker that starts, and when it must be ready.
    launch: Option<(Launch, u64)>,
    again: bool,
    failed: u32,
}

impl Single {
    /// For a process that was started like this.
    pub fn new(invocation: Invocation, quiet: bool, reloads_max: Option<u32>) -> Single {
        Single { invocation, quiet, reloads_max, launch: None, again: false, failed: 0 }
    }

    /// SIGUSR2: starts the new worker.
    pub fn reload(&mut self, worker: &mut Worker) {
        if worker.control.is_some() {
            let text = "SIGUSR2 is for the supervisor, not for its worker; ignored.";
            return worker.live.env.tell_all(Level::Warning, text);
        }
        if worker.live.env.stopping() || worker.in_grace {
            return worker.live.env.tell_all(Level::Warning, "Reload refused: the process is stopping.");
        }
        if self.launch.is_some() {
            self.again = true;
            return;
        }
        self.notice("Reloading subflow");
        if let Err(error) = self.start(worker) {
            let text = format!("{} cannot be started: {error}", self.invocation.exe().display());
            self.refused(worker, &text);
        }
    }

    fn start(&mut self, worker: &mut Worker) -> io::Result<()> {
        let sockets = bound_sockets(worker)?;
        let mut handover = Handover { sockets, reloads: (0, self.failed), ..Handover::default() };
        let mut launch = Launch::start(&self.invocation, &mut handover)?;
        let env = &mut worker.live.env;
        let token = Token::pack(Kind::Process, Id::<Launch>::new(0, 0));
        if let Err(error) = env.poller.register(launch.channel.as_fd(), token) {
            launch.kill();
            return Err(error);
        }
        let until_ms = env.now_ms() + START_MAX_MS;
        env.wheel.insert(until_ms, Alarm::Process);
        self.notice(&format!("New worker ({}) forked", launch.pid));
        self.launch = Some((launch, until_ms));
        Ok(())
    }

    /// Looks at the worker that starts. Returns an exit status when this process had another life since, as a
    /// supervisor, and that is over.
    ///
    /// # Errors
    /// The old worker, split off, cannot go on, or the supervisor cannot work.
    pub fn look(&mut self, worker: &mut Worker) -> Result<Option<ExitCode>, StartError> {
        let Some((launch, until_ms)) = &mut self.launch else { return Ok(None) };
        // Who was told to stop needs no successor: one that accepts would undo it.
        if *until_ms <= worker.live.env.now_ms() || worker.live.env.stopping() || worker.in_grace {
            launch.kill();
        }
        match launch.hear() {
            Stage::Bound => return self.split(worker),
            // One that closed its channel and lives on is of no use.
            Stage::Failed => launch.kill(),
            Stage::Binding | Stage::Going | Stage::Ready => {}
        }
        let pid = launch.pid;
        if let Some(ended) = child::reap(pid) {
            self.failed(worker, ended);
        }
        Ok(None)
    }

    fn notice(&self, text: &str) {
        if !self.quiet {
            say(Severity::Notice, text);
        }
    }

    fn failed(&mut self, worker: &mut Worker, ended: Ended) {
        let Some((mut launch, _)) = self.launch.take() else { return };
        launch.hear();
        let text = launch.failure(Some(ended));
        self.refused(worker, &text);
        if std::mem::take(&mut self.again) {
            self.reload(worker);
        }
    }

    fn refused(&mut self, worker: &mut Worker, why: &str) {
        self.failed += 1;
        worker.live.env.boot.family.failed = self.failed;
        let text = format!("Reload failed, the old worker goes on: {why}");
        say(Severity::Alert, &text);
        worker.live.env.tell_all(Level::Alert, &text);
    }

    /// The new worker has bound everything. In the child this returns, in the parent only with an exit status.
    fn split(&mut self, worker: &mut Worker) -> Result<Option<ExitCode>, StartError> {
        let Some((mut launch, _)) = self.launch.take() else { return Ok(None) };
        // Two processes have the poller from here on, and only one of them this channel.
        let _ = worker.live.env.poller.deregister(launch.channel.as_fd());
        let split = Channel::pair().and_then(|pair| Ok((pair, bound_sockets(worker)?, fork()?)));
        let ((channel, far), sockets, forked) = match split {
            Ok(split) => split,
            Err(error) => {
                launch.kill();
                self.refused(worker, &format!("the process cannot be split: {error}"));
                return Ok(None);
            }
        };
        let parent = match forked {
            Forked::Child => {
                // All of these are the parent's.
                drop((channel, sockets, launch));
                become_worker(worker, Channel::from(far))?;
                return Ok(None);
            }
            Forked::Parent(pid) => pid,
        };
        drop(far);
        let old = Ward {
            pid: parent,
            channel: channel.into(),
            reloads: 0,
            started_s: worker.live.env.boot.started.secs,
            current: true,
        };
        let handover = Handover {
            role: Role::Supervisor,
            shape: Shape::Single,
            sockets,
            wards: vec![old],
            startup_logs: launch.log,
            starting: Some(Starting {
                pid: launch.pid,
                channel: launch.channel.into(),
                sockets: launch.sockets,
            }),
            reloads: (0, self.failed),
            quiet: self.quiet,
            again: self.again,
            reloads_max: self.reloads_max,
            ..Handover::default()
        };
        self.become_supervisor(handover).map(Some)
    }

    /// Executes the program anew, as the supervisor. Where that fails, this image of it does the same work.
    fn become_supervisor(&self, handover: Handover) -> Result<ExitCode, StartError> {
        let failed = |e| StartError::because("Cannot become the supervisor.", &e);
        let error = handover.replace(&self.invocation);
        let text = format!("{} cannot be executed ({error}).", self.invocation.exe().display());
        say(Severity::Warning, &text);
        // The descriptors of the worker that this process was are its child's.
        child::close_all_but(&handover.descriptors()).map_err(failed)?;
        let options = Options {
            shape: Shape::Single,
            quiet: self.quiet,
            reloads_max: self.reloads_max,
            ..Options::default()
        };
        supervisor::resume(self.invocation.clone(), options, handover)
    }
}

/// The child of the split goes on as a worker of its parent.
fn become_worker(worker: &mut Worker, channel: Channel) -> Result<(), StartError> {
    let failed = |e| StartError::because("The old worker cannot go on.", &e);
    // Signals of this process wake only a descriptor that was made and watched in it.
    let _ = worker.live.env.poller.deregister(worker.signals.as_fd());
    worker.signals = Signals::new(&OPERATOR_SIGNALS).map_err(failed)?;
    watch_signals(&worker.live, &worker.signals)?;
    worker.live.env.logger.set_pid(process::pid());
    let parent = nix::unistd::getppid().as_raw();
    child::end_with_parent(parent, Signal::SIGTERM).map_err(failed)?;
    join(worker, channel)
}
