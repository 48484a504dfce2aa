//! The loop: wait, tick, mark, run, expire, close, flush.

use super::cli::CliConns;
use super::control::{self, Control};
use super::{accept, change_over, dispatch, housekeeping, slowstart, soft_stop};
use crate::event::poller::Event;
use crate::event::signals::Signals;
use crate::live::Live;
use crate::stream::step::{After, alarm, step};
use crate::stream::{Alarm, StreamId};
use nix::sys::signal::Signal;
use std::io;

/// Stream steps of one turn at most; who is left runs in the next, after new events were seen.
const STEPS_PER_TURN: usize = 1024;

/// Pause before log lines that a descriptor did not take are tried again, in ms.
const LOG_RETRY_MS: u64 = 20;

/// Why the loop ended, or for now was left; the later ones weigh more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Something of the process is to be looked after: a child, a worker that starts. The loop goes on after it.
    Process,
    /// A reload is asked for. The loop goes on after it.
    Reload,
    /// Nobody is left after a soft stop.
    Drained,
    /// The supervisor is gone.
    Orphaned,
    /// Told to stop now by this signal.
    Signal(Signal),
}

/// The process that serves traffic.
#[derive(Debug)]
pub struct Worker {
    /// The live objects.
    pub live: Live,
    /// CLI connections.
    pub cli: CliConns,
    /// Signals as events.
    pub signals: Signals,
    /// The channel to the supervisor, where there is one.
    pub control: Option<Control>,
    /// The supervisor may have sent something.
    pub ordered: bool,
    /// SIGUSR1 came, and `grace` is not over.
    pub in_grace: bool,
    /// What ends the loop.
    exit: Option<Exit>,
    events: Vec<Event>,
    fired: Vec<Alarm>,
    /// Streams that spent a budget and go on in the next turn.
    again: Vec<StreamId>,
    waited_us: u64,
    period_start_us: u64,
}

impl Worker {
    /// A worker around objects that were built.
    pub fn new(live: Live, cli: CliConns, signals: Signals) -> Self {
        Worker {
            live,
            cli,
            signals,
            control: None,
            ordered: false,
            in_grace: false,
            exit: None,
            events: Vec::new(),
            fired: Vec::new(),
            again: Vec::new(),
            waited_us: 0,
            period_start_us: 0,
        }
    }

    /// Serves until something says otherwise; may be called again.
    ///
    /// # Errors
    /// epoll itself failed: nothing can be served any more.
    pub fn run(&mut self) -> io::Result<Exit> {
        loop {
            let timeout = self.timeout();
            let mut events = std::mem::take(&mut self.events);
            let asleep_us = self.live.env.clock.now_us();
            self.live.env.poller.wait(timeout, &mut events)?;
            self.live.env.clock.tick();
            self.count_idle(asleep_us);
            self.live.env.counters.turns += 1;
            for event in &events {
                dispatch::dispatch(self, *event);
            }
            self.events = events;
            accept::accept_all(&mut self.live);
            self.run_streams();
            self.expire();
            if std::mem::take(&mut self.ordered) {
                control::run(self);
            }
            self.cli.run(&mut self.live);
            self.live.env.closing.clear();
            accept::wake(&mut self.live);
            housekeeping::arm(&mut self.live.env);
            self.flush_logs();
            soft_stop::check(self);
            if let Some(exit) = self.exit.take() {
                return Ok(exit);
            }
        }
    }

    /// Ends the loop after this turn. Of several reasons the weightiest counts.
    pub fn leave(&mut self, exit: Exit) {
        self.exit = self.exit.max(Some(exit));
    }

    /// Keeps the share of the time spent waiting, second by second.
    fn count_idle(&mut self, asleep_us: u64) {
        let now_us = self.live.env.clock.now_us();
        self.waited_us += now_us - asleep_us;
        let period_us = now_us - self.period_start_us;
        if period_us >= 1_000_000 {
            self.live.env.idle_pct = self.waited_us.min(period_us) * 100 / period_us;
            (self.waited_us, self.period_start_us) = (0, now_us);
        }
    }

    fn flush_logs(&mut self) {
        let env = &mut self.live.env;
        env.logger.flush();
        if let Some(failure) = env.logger.take_failure() {
            log::warn!(
                "[{}:{}] cannot send logs: {}; lines are dropped and counted",
                failure.place.file,
                failure.place.line,
                failure.error
            );
        }
        env.counters.log_dropped += env.logger.take_dropped();
    }

    /// How long the next wait may take: not at all while something is left to run.
    fn timeout(&mut self) -> Option<u64> {
        let env = &mut self.live.env;
        let busy = !env.run.is_empty() || !self.again.is_empty() || !env.ready_listeners.is_empty();
        env.clock.tick();
        if busy || self.cli.busy() {
            return Some(0);
        }
        let now = env.clock.now_ms();
        let timer = env.wheel.next_deadline_ms().map(|at| at.saturating_sub(now));
        match env.logger.is_pending() {
            true => Some(timer.unwrap_or(LOG_RETRY_MS).min(LOG_RETRY_MS)),
            false => timer,
        }
    }

    /// Runs the streams that have something to do, those that yielded last turn included.
    fn run_streams(&mut self) {
        for id in self.again.drain(..) {
            enqueue(&mut self.live, id);
        }
        for _ in 0..STEPS_PER_TURN {
            let Some(id) = self.live.env.run.pop_front() else { break };
            let Some(stream) = self.live.streams.get_mut(id) else { continue };
            stream.queued = false;
            let after = step(stream, &mut self.live.env);
            self.settle(id, after);
        }
    }

    fn settle(&mut self, id: StreamId, after: After) {
        match after {
            After::Keep => {}
            After::Again => self.again.push(id),
            After::Free => drop(self.live.streams.remove(id)),
        }
    }

    fn expire(&mut self) {
        let env = &mut self.live.env;
        let now = env.clock.now_ms();
        if env.wheel.next_deadline_ms().is_none_or(|at| at > now) {
            return;
        }
        let mut fired = std::mem::take(&mut self.fired);
        env.wheel.expire(now, &mut fired);
        for what in fired.drain(..) {
            match what {
                Alarm::Stream(id) => {
                    if let Some(stream) = self.live.streams.get_mut(id) {
                        let after = alarm(stream, &mut self.live.env);
                        self.settle(id, after);
                    }
                }
                Alarm::Listener(id) => accept::resume(&mut self.live.env, id),
                Alarm::Change(id) => {
                    if let Some(replaced) = change_over::look(&mut self.live.env, id) {
                        control::tell_replaced(self, replaced);
                    }
                }
                Alarm::Cli(index, generation) => self.cli.alarm(index, generation, &mut self.live),
                Alarm::Housekeeping => housekeeping::run(&mut self.live),
                Alarm::Slowstart(id) => slowstart::step(&mut self.live.env, id),
                Alarm::Grace => soft_stop::begin(self, soft_stop::Reason::Told),
                Alarm::HardStop => self.leave(Exit::Drained),
                Alarm::Report => control::report_state(self),
                Alarm::Process => self.leave(Exit::Process),
            }
        }
        self.fired = fired;
    }
}

/// Puts a stream into the run queue, once.
#[inline]
pub fn enqueue(live: &mut Live, id: StreamId) {
    if let Some(stream) = live.streams.get_mut(id) {
        if !stream.queued {
            stream.queued = true;
            live.env.run.push_back(id);
        }
    }
}
