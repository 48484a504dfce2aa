//! The worker's end: following orders.

use super::{BoundSocket, Channel, Order, Received, Report, read_state, state_file};
use crate::live::Live;
use crate::settings::Level;
use crate::stream::Alarm;
use crate::worker::carry::{self, Baseline};
use crate::worker::change_over::Replaced;
use crate::worker::run::{Exit, Worker};
use crate::worker::soft_stop::{self, Reason};
use std::collections::HashSet;

/// Pause between two reports of a worker that finishes, in ms.
const REPORT_PERIOD_MS: u64 = 1000;

/// What a worker keeps of its channel.
#[derive(Debug)]
pub struct Control {
    /// The channel.
    pub channel: Channel,
    /// Sockets that go on in the next worker, by their numbers.
    kept: HashSet<u64>,
    /// What had been counted when the state was last asked for.
    baseline: Option<Baseline>,
}

impl From<Channel> for Control {
    fn from(channel: Channel) -> Self {
        Control { channel, kept: HashSet::new(), baseline: None }
    }
}

/// Follows the orders that came.
pub fn run(w: &mut Worker) {
    let Some(mut control) = w.control.take() else { return };
    loop {
        match control.channel.receive() {
            Received::Message(message) => {
                if let Some(order) = Order::decode(message) {
                    follow(w, &mut control, order);
                }
            }
            Received::Crippled => {
                let text = "No descriptor is left for what the supervisor sent, it is left out.";
                log::warn!("{text}");
                w.live.env.tell_all(Level::Warning, text);
            }
            Received::Blocked => break,
            Received::End => {
                // Nobody could reload or stop this process any more.
                let text = "The supervisor is gone, stopping now.";
                log::error!("{text}");
                w.live.env.tell_all(Level::Alert, text);
                return w.leave(Exit::Orphaned);
            }
        }
    }
    control.channel.flush();
    w.control = Some(control);
}

fn follow(w: &mut Worker, control: &mut Control, order: Order) {
    match order {
        Order::Keep(numbers) => control.kept.extend(numbers),
        Order::Drain => {
            soft_stop::begin(w, Reason::Succeeded(std::mem::take(&mut control.kept)));
            report(w, control);
        }
        Order::Family(family) => w.live.env.boot.family = family,
        Order::Cli(socket, rights) => w.cli.open_handed(socket, rights, &mut w.live.env),
        Order::Tell(level, text) => w.live.env.tell_all(level, &text),
        Order::Export => {
            let (state, baseline) = carry::export(&w.live);
            control.baseline = Some(baseline);
            // Without an answer the next worker begins from nothing, after a while.
            if let Ok(state) = state_file(&state) {
                control.channel.send(Report::State(state).encode());
            }
        }
        Order::Add(state) => {
            if let Ok(state) = read_state(state) {
                carry::add(&mut w.live, &state);
            }
        }
        // For a worker that starts.
        Order::Go(_) => {}
    }
}

/// The last words of a worker that drained: what it counted since its state was asked for.
pub fn report_rest(w: &mut Worker) {
    let Some(control) = &mut w.control else { return };
    let Some(baseline) = control.baseline.take() else { return };
    if let Ok(state) = state_file(&carry::export_since(&w.live, &baseline)) {
        control.channel.send(Report::Rest(state).encode());
    }
}

/// Tells that a socket gave way to another one.
pub fn tell_replaced(w: &mut Worker, what: Replaced) {
    if let (Some(control), Some(report)) = (&mut w.control, replaced(&w.live, what)) {
        control.channel.send(report.encode());
    }
}

/// The report of it; `None` when there can be no copy of the new socket: then the next worker makes one of its own.
pub fn replaced(live: &Live, what: Replaced) -> Option<Report> {
    let receiver = live.env.listeners.get(what.listener)?.receiver.as_ref()?;
    Some(Report::Replaced(what.number, BoundSocket::of(receiver).ok()?))
}

/// Tells how far finishing is, and sets the next time to do so.
pub fn report_state(w: &mut Worker) {
    if let Some(mut control) = w.control.take() {
        report(w, &mut control);
        w.control = Some(control);
    }
    next_report(w);
}

fn report(w: &Worker, control: &mut Control) {
    let env = &w.live.env;
    let now = env.now_ms();
    let oldest_ms = env.sessions.iter().map(|(_, session)| session.accepted_ms).min();
    let age_s = oldest_ms.map_or(0, |at| now.saturating_sub(at) / 1000);
    control.channel.send(Report::Draining(env.sessions.len() as u64, age_s).encode());
}

/// Sets the next time to report, if there is anyone to report to.
pub fn next_report(w: &mut Worker) {
    if w.live.env.stopping() && w.control.is_some() {
        let at = w.live.env.now_ms() + REPORT_PERIOD_MS;
        w.live.env.wheel.insert(at, Alarm::Report);
    }
}
