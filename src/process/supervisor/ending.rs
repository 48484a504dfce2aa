//! The end of the supervisor and of all its workers.

use super::{Part, Supervisor};
use crate::base::diag::Severity;
use crate::process::handover::Shape;
use crate::process::launch::Stage;
use crate::sys::child;
use crate::sys::process::die_of;
use nix::sys::signal::Signal;

/// How long workers may take to stop at once, in ms; then they are killed.
const STOP_MAX_MS: u64 = 5000;
/// Exit status of a supervisor that SIGINT ended.
const INTERRUPTED: u8 = 130;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// By which signal.
    pub signal: Signal,
    /// When who is left is killed; none for a soft stop.
    pub until_ms: Option<u64>,
}

impl Supervisor {
    /// SIGUSR1: all finish and end. SIGTERM, SIGINT: all end now.
    pub(super) fn end(&mut self, signal: Signal) {
        if self.ending.as_ref().is_some_and(|ending| ending.until_ms.is_some()) {
            return;
        }
        if signal == Signal::SIGUSR1
            && self.launch.as_ref().is_some_and(|(launch, ..)| launch.stage() == Stage::Going)
        {
            // It may have clients already: it is asked as soon as it says that it accepts.
            self.ends_when_ready = true;
            return;
        }
        if self.ending.is_none() {
            self.options.notifier.stopping();
            self.say(Severity::Warning, "Exiting Master process...");
        }
        self.clock.tick();
        let until_ms = (signal != Signal::SIGUSR1).then(|| self.clock.now_ms() + STOP_MAX_MS);
        self.ending = Some(Ending { signal, until_ms });
        // Who connects from now on is to be refused, not to wait for nobody.
        self.sockets.clear();
        for worker in &self.workers {
            let same = signal != Signal::SIGUSR1 || worker.part == Part::Current;
            if same {
                child::signal(worker.pid, signal);
            }
        }
        if let Some((launch, ..)) = &mut self.launch {
            launch.kill();
        }
    }

    /// Kills who did not stop in time.
    pub(super) fn enforce_end(&mut self, now_ms: u64) {
        let Some(ending) = &mut self.ending else { return };
        if ending.until_ms.is_some_and(|at| at <= now_ms) {
            ending.until_ms = Some(now_ms + STOP_MAX_MS);
            for worker in &self.workers {
                child::signal(worker.pid, Signal::SIGKILL);
            }
        }
    }

    /// The exit status, once nobody is left. A single process that had become a supervisor ends as it would have
    /// without: it dies of the signal.
    pub(super) fn end_code(&mut self) -> u8 {
        let signal = self.ending.as_ref().map(|ending| ending.signal);
        let code = match (self.exit_code, signal) {
            (Some(code), _) => u8::try_from(code).unwrap_or(1),
            (None, Some(Signal::SIGINT)) if self.options.shape == Shape::Supervised => INTERRUPTED,
            (None, _) => 0,
        };
        if self.came_up {
            self.say(Severity::Warning, &format!("All workers exited. Exiting... ({code})"));
        }
        if let (Shape::Single, None, Some(signal @ (Signal::SIGINT | Signal::SIGTERM))) =
            (self.options.shape, self.exit_code, signal)
        {
            let _ = die_of(signal);
        }
        code
    }
}
