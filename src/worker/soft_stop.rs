//! Signals, and leaving without dropping anyone.

use super::run::{Exit, Worker, enqueue};
use super::{accept, control};
use crate::base::ids::ProxyId;
use crate::conn::Connection;
use crate::log::notice;
use crate::proxy::ListenerId;
use crate::proxy::listener::Purpose;
use crate::service::cli::change::Change as _;
use crate::settings::Level;
use crate::settings::global::CloseSpread;
use crate::stream::env::SoftStop;
use crate::stream::{Alarm, Phase, StreamId, timeouts};
use crate::sys::{child, io as sys_io};
use nix::sys::signal::Signal;
use std::collections::HashSet;
use std::os::fd::AsFd;

/// Acts on the signals that came.
pub fn signals(w: &mut Worker) {
    let came: Vec<Signal> = w.signals.drain().collect();
    for signal in came {
        match signal {
            Signal::SIGINT | Signal::SIGTERM => w.leave(Exit::Signal(signal)),
            Signal::SIGUSR1 => told(w),
            Signal::SIGTTOU => pause(w),
            Signal::SIGTTIN => resume(w),
            Signal::SIGHUP => dump(w),
            Signal::SIGUSR2 => w.leave(Exit::Reload),
            Signal::SIGCHLD => w.leave(Exit::Process),
            _ => {}
        }
    }
}

/// Why no more connections are accepted.
#[derive(Debug)]
pub enum Reason {
    /// SIGUSR1: the service ends.
    Told,
    /// Another worker goes on with the sockets of these numbers, and has all others' addresses no more.
    Succeeded(HashSet<u64>),
}

/// No new connections; the process ends when the last one has.
pub fn begin(w: &mut Worker, reason: Reason) {
    if w.live.env.stopping() {
        return;
    }
    let listeners: Vec<ListenerId> = w.live.env.listeners.iter().map(|(id, _)| id).collect();
    for id in listeners {
        retire(w, id, &reason);
    }
    let env = &mut w.live.env;
    let succeeded = matches!(reason, Reason::Succeeded(_));
    env.soft_stop = Some(SoftStop { since_ms: env.clock.now_ms(), succeeded });
    env.ready_listeners.retain(|id| env.listeners.get(*id).is_some_and(|listener| listener.removed));
    if let Some(ms) = env.settings.global.hard_stop_after_ms {
        env.wheel.insert(env.clock.now_ms() + ms, Alarm::HardStop);
    }
    for at in 0..env.proxies.len() {
        let settings = &env.settings.proxies[at];
        if !settings.disabled {
            let proxy = &env.proxies[at];
            let mut text = String::new();
            notice::proxy_stopped(&mut text, &settings.name, proxy.fe.conn_tot, proxy.be.sess.tot);
            log::warn!("{text}");
            env.tell(ProxyId(at as u32), Level::Warning, &text);
        }
    }
    match w.live.env.settings.global.close_spread {
        CloseSpread::AtOnce if !succeeded => close_idle_clients(w),
        // They are told to close with their next response: closing now could meet a request on its way.
        CloseSpread::AtOnce | CloseSpread::Never => {}
        CloseSpread::Over(_) => spread_idle_clients(w),
    }
    control::next_report(w);
}

/// Stops accepting at one listener.
fn retire(w: &mut Worker, id: ListenerId, reason: &Reason) {
    let Some(listener) = w.live.env.listeners.get(id) else { return };
    let is_cli = matches!(listener.purpose, Purpose::Cli(_));
    let number = listener.receiver.as_ref().and_then(|r| child::socket_number(r.fd.as_fd()).ok());
    let goes_on = match reason {
        // The operator can still ask how far it is, unless this takes the questions that another process is asked.
        Reason::Told if is_cli && !listener.shared => return,
        Reason::Told => false,
        Reason::Succeeded(kept) => number.is_some_and(|number| kept.contains(&number)),
    };
    if let Some(listener) = w.live.env.listeners.get_mut(id)
        && !goes_on
        && !is_cli
    {
        // Who waits behind a limit is let in when there is room, and only then it closes. A service that ends
        // has no time for that.
        listener.removed = matches!(reason, Reason::Succeeded(_));
        accept::accept_rest(&mut w.live, id);
    }
    let env = &mut w.live.env;
    let Some(listener) = env.listeners.get_mut(id) else { return };
    if listener.removed && listener.receiver.is_some() {
        return;
    }
    // A socket that leaves stays open for who comes through it, as long as there is one that has the new clients.
    if !goes_on {
        listener.leaving.clear();
    }
    accept::close(env, id);
}

/// SIGUSR1: the soft stop begins, after `grace` if there is one.
fn told(w: &mut Worker) {
    let env = &mut w.live.env;
    match env.settings.global.grace_ms.filter(|ms| *ms > 0) {
        Some(ms) if !std::mem::replace(&mut w.in_grace, true) => {
            env.wheel.insert(env.clock.now_ms() + ms, Alarm::Grace);
        }
        Some(_) => {}
        None => begin(w, Reason::Told),
    }
}

/// Streams whose client is between two requests.
fn idle_clients(w: &Worker) -> Vec<StreamId> {
    let idle = w
        .live
        .streams
        .iter()
        .filter(|(_, s)| s.phase == Phase::Request && s.http.is_none() && s.req.waiting() == 0)
        .filter(|(_, s)| w.live.env.sessions.get(s.session).is_none_or(|session| session.requests > 0));
    idle.map(|(id, _)| id).collect()
}

/// Clients between two requests would only keep the process alive.
fn close_idle_clients(w: &mut Worker) {
    for id in idle_clients(w) {
        let Some(s) = w.live.streams.get_mut(id) else { continue };
        if w.live.env.closes_on_response(s.session) {
            continue;
        }
        if w.live.env.conns.get(s.front).is_none_or(|front| !has_unread(front)) {
            s.phase = Phase::Closed;
            enqueue(&mut w.live, id);
        }
    }
}

/// Gives each client between two requests its own time to be closed (`close-spread-time`).
fn spread_idle_clients(w: &mut Worker) {
    for id in idle_clients(w) {
        let Some(s) = w.live.streams.get_mut(id) else { continue };
        let Some(at) = w.live.env.idle_until_ms(s.session) else { continue };
        s.phase_deadline_ms = Some(s.phase_deadline_ms.map_or(at, |own| own.min(at)));
        timeouts::arm(s, &mut w.live.env);
    }
}

/// Whether the client has sent something that was not read yet: a request to be served like those before.
fn has_unread(front: &Connection) -> bool {
    matches!(sys_io::recv_peek(front.fd(), &mut [0]), Ok(n) if n > 0)
}

/// Ends the loop when draining and nobody is left or still coming.
pub fn check(w: &mut Worker) {
    let env = &w.live.env;
    let is_left = env.listeners.iter().all(|(_, listener)| {
        let waits = listener.removed && listener.receiver.is_some();
        listener.leaving.is_empty() && !waits
    });
    if env.stopping() && w.live.streams.is_empty() && is_left && !w.cli.owes_answers() {
        w.leave(Exit::Drained);
    }
}

/// SIGTTOU: stops accepting, and lets another process bind the addresses meanwhile.
fn pause(w: &mut Worker) {
    for proxy in 0..w.live.env.proxies.len() {
        w.live.pause_frontend(proxy);
    }
}

/// SIGTTIN: accepts again. A frontend whose address another process has by now stays as it is.
fn resume(w: &mut Worker) {
    for proxy in 0..w.live.env.proxies.len() {
        w.live.resume_frontend(proxy);
    }
}

/// SIGHUP: writes the state of every proxy and server to the logs, as the reference does.
fn dump(w: &mut Worker) {
    let env = &mut w.live.env;
    for at in 0..env.proxies.len() {
        let settings = &env.settings.proxies[at];
        for id in &settings.servers {
            let server = &env.servers[id.0 as usize];
            let state = if server.usable() { "UP" } else { "DOWN" };
            let text = format!(
                "SIGHUP: Server {}/{} is {state}. Conn: {} act, {} pend, {} tot.",
                settings.name,
                env.settings.server(*id).name,
                server.slots_used,
                server.queue.len(),
                server.counters.sess.tot
            );
            env.tell(ProxyId(at as u32), Level::Notice, &text);
        }
        let p = &env.proxies[at];
        let text = format!(
            "SIGHUP: Proxy {} is up. Conn: act(FE+BE): {}+{}, {} pend (0 unass), tot(FE+BE): {}+{}.",
            settings.name,
            p.fe.sess.cur,
            p.be.sess.cur,
            p.queue.len(),
            p.fe.sess.tot,
            p.be.sess.tot
        );
        env.tell(ProxyId(at as u32), Level::Notice, &text);
    }
}
