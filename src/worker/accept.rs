//! Accepting: listeners to sessions, within budgets and limits.

use super::run::enqueue;
use crate::base::arena::Arena;
use crate::conn::{Connection, Owner};
use crate::event::readiness::Readiness;
use crate::event::token::{Kind, Token};
use crate::live::Live;
use crate::log::notice;
use crate::net::accept::{Accept, Scarcity};
use crate::net::protocol::Protocol;
use crate::proxy::listener::{Purpose, Through};
use crate::proxy::{ListenerId, limits};
use crate::settings::{Level, Mode};
use crate::stream::{Alarm, Env, Session, SessionId, Stream, StreamId, step};
use crate::sys::addr::SockAddr;
use std::os::fd::{AsFd, OwnedFd};

/// Connections one listener accepts in a turn when `tune.maxaccept` is not set.
const ACCEPTS_PER_TURN: u32 = 64;
/// How long a listener rests after the process ran out of descriptors or memory, in ms.
const PAUSE_MS: u64 = 100;

/// The name of the proxy that CLI sockets belong to, in messages.
const CLI_PROXY_NAME: &str = "GLOBAL";

/// Notes that clients may be waiting at a listener.
pub fn mark(env: &mut Env, id: ListenerId) {
    let Some(listener) = env.listeners.get_mut(id) else {
        env.counters.stale_tokens += 1;
        return;
    };
    listener.pending = true;
    if !env.ready_listeners.contains(&id) {
        env.ready_listeners.push(id);
    }
}

/// Lets a listener that rested try again.
pub fn resume(env: &mut Env, id: ListenerId) {
    let now = env.now_ms();
    if env.listeners.get_mut(id).is_some_and(|l| l.gate.tick(now)) {
        mark(env, id);
    }
}

/// Lets listeners look again after sessions ended: their own limit or one they share may have room now.
pub fn wake(live: &mut Live) {
    let env = &mut live.env;
    if !env.held_back || !env.session_ended {
        env.session_ended = false;
        return;
    }
    env.session_ended = false;
    env.held_back = false;
    let held = env.listeners.iter_mut().filter_map(|(id, l)| l.gate.let_in().then_some(id));
    let held: Vec<ListenerId> = held.collect();
    for id in held {
        mark(env, id);
    }
}

/// Accepts at every listener that has clients waiting.
pub fn accept_all(live: &mut Live) {
    if live.env.ready_listeners.is_empty() {
        return;
    }
    let mut ready = std::mem::take(&mut live.env.ready_listeners);
    ready.retain(|id| match live.env.listeners.get(*id).map(|l| l.purpose) {
        Some(Purpose::Proxy(_)) => accept_some(live, *id),
        Some(Purpose::Cli(_)) => {
            live.env.cli_listeners.push(*id);
            false
        }
        None => false,
    });
    live.env.ready_listeners.append(&mut ready);
}

/// Takes everyone who waits at a listener that is about to close, as far as the limits let them in: closing it
/// would reset them.
pub fn accept_rest(live: &mut Live, id: ListenerId) {
    if let Some(listener) = live.env.listeners.get_mut(id) {
        listener.pending = true;
    }
    while accept_some(live, id) {}
}

/// Stops listening at one address for good.
pub fn close(env: &mut Env, id: ListenerId) {
    let Some(listener) = env.listeners.get_mut(id) else { return };
    if let Some(receiver) = listener.receiver.take() {
        // Others may have the socket too: closing ours does not end the watch.
        let _ = env.poller.deregister(receiver.fd.as_fd());
    }
    listener.change = None;
    listener.gate.close();
    listener.pending = false;
}

/// Accepts within the turn's budget; whether there may be more.
fn accept_some(live: &mut Live, id: ListenerId) -> bool {
    let budget = match live.env.settings.global.tune.maxaccept {
        0 => ACCEPTS_PER_TURN,
        n => n,
    };
    for _ in 0..budget {
        let env = &mut live.env;
        if !env.listeners.get(id).is_some_and(|l| l.pending && l.takes_clients()) {
            return false;
        }
        if let Some(wait_ms) = rate_wait(env, id) {
            hold_back(env, id, wait_ms);
            return false;
        }
        let Some(listener) = env.listeners.get_mut(id) else { return false };
        let Purpose::Proxy(proxy) = listener.purpose else { return false };
        let proxy = &env.proxies[proxy.0 as usize];
        if !limits::admits(proxy, env.counters.conn.cur, env.maxconn) {
            listener.gate.shut_out();
            listener.queue_waits = true;
            env.held_back = true;
            return false;
        }
        let (accepted, through) = listener.accept(env.clock.now_ms());
        match accepted {
            Accept::Accepted { fd, peer } => {
                let Some(through) = through else { return false };
                open_session(live, id, fd, peer, through);
            }
            Accept::Retry => {}
            Accept::Drained => {
                listener.pending = false;
                listener.queue_waits = false;
                if listener.removed {
                    close(env, id);
                }
                return false;
            }
            Accept::Pause(_) | Accept::Broken(_) => {
                pause(env, id, &accepted);
                return false;
            }
        }
    }
    true
}

/// How long the rate limits (`rate-limit sessions`, `maxconnrate`, `maxsessrate`) hold a listener back.
fn rate_wait(env: &Env, id: ListenerId) -> Option<u64> {
    let limits = env.rates;
    let Purpose::Proxy(proxy) = env.listeners.get(id)?.purpose else { return None };
    let own = env.proxy_settings(proxy).rate_limit_sessions;
    if own.is_none() && limits.conns.is_none() && limits.sessions.is_none() {
        return None;
    }
    let now = env.now_ms();
    let rates = [
        (own, &env.proxies[proxy.0 as usize].fe.sess_rate),
        (limits.conns, &env.counters.conn_rate),
        (limits.sessions, &env.counters.sess_rate),
    ];
    let waits = rates.into_iter().filter_map(|(limit, rate)| Some(rate.wait_ms(now, u64::from(limit?))));
    waits.max().filter(|ms| *ms > 0)
}

/// Rests a listener until a rate has room again.
fn hold_back(env: &mut Env, id: ListenerId, wait_ms: u64) {
    let at = env.now_ms() + wait_ms;
    if let Some(listener) = env.listeners.get_mut(id) {
        listener.gate.starve(at);
    }
    env.wheel.insert(at, Alarm::Listener(id));
}

/// Rests a listener whose accept failed: trying again at once would only spin.
pub fn pause(env: &mut Env, id: ListenerId, failed: &Accept) {
    let at = env.now_ms() + PAUSE_MS;
    env.counters.accept_pauses += 1;
    let Some(listener) = env.listeners.get_mut(id) else { return };
    listener.gate.starve(at);
    listener.counters.accept_pauses += 1;
    let first = !std::mem::replace(&mut listener.pause_logged, true);
    let (purpose, name) = (listener.purpose, listener.name.clone());
    env.wheel.insert(at, Alarm::Listener(id));
    if !first {
        return;
    }
    let mut text = String::new();
    let whose = match purpose {
        Purpose::Proxy(proxy) => &env.proxy_settings(proxy).name,
        Purpose::Cli(_) => CLI_PROXY_NAME,
    };
    match failed {
        Accept::Pause(Scarcity::ProcessFds) => {
            notice::no_descriptor_left(&mut text, whose, env.boot.maxsock);
        }
        Accept::Pause(Scarcity::SystemFds) => {
            notice::accept_paused(&mut text, whose, &name, &"the system has no file descriptor left");
        }
        Accept::Pause(Scarcity::Memory) => {
            notice::accept_paused(&mut text, whose, &name, &"the system has no memory left for sockets");
        }
        Accept::Broken(error) => notice::accept_paused(&mut text, whose, &name, error),
        Accept::Accepted { .. } | Accept::Retry | Accept::Drained => return,
    }
    match purpose {
        Purpose::Proxy(proxy) => env.tell(proxy, Level::Emerg, &text),
        Purpose::Cli(_) => env.tell_all(Level::Emerg, &text),
    }
}

/// What a client of a listener speaks. Of MPTCP some speak TCP, and only the kernel can tell: one getsockopt a
/// connection, which tells later where its bytes may go as well.
fn spoken(fd: &OwnedFd, listener: Protocol) -> Protocol {
    match listener {
        // A socket that will not say is treated as the kind that allows least.
        Protocol::Mptcp => Protocol::of(fd.as_fd()).unwrap_or(Protocol::Mptcp),
        Protocol::Tcp | Protocol::Unix => listener,
    }
}

fn open_session(live: &mut Live, id: ListenerId, fd: OwnedFd, peer: SockAddr, through: Through) {
    let env = &mut live.env;
    let now = env.clock.now_ms();
    let Some(listener) = env.listeners.get_mut(id) else { return };
    let Purpose::Proxy(frontend) = listener.purpose else { return };
    listener.pause_logged = false;
    listener.gate.opened();
    listener.queue_waits |= !listener.gate.is_ready();
    let waited_outside = listener.queue_waits;
    listener.counters.conn.enter();
    let protocol = spoken(&fd, through.protocol);
    if protocol == Protocol::Tcp && through.protocol == Protocol::Mptcp {
        through.after_accept.apply(fd.as_fd());
    }
    listener.counters.negotiated.count(protocol == Protocol::Mptcp);
    env.proxies[frontend.0 as usize].fe.negotiated.count(protocol == Protocol::Mptcp);
    count_in(env, frontend, now);
    let settings = env.proxy_settings(frontend);
    let wall = env.clock.wall();
    let front_of = |s: StreamId| Owner::Front { index: s.index, generation: s.generation };
    let session = Session {
        conn: NO_CONN,
        listener: id,
        frontend,
        peer,
        accepted: wall,
        accepted_ms: now,
        has_private: false,
        last_private: None,
        requests: 0,
    };
    let session: SessionId = env.sessions.insert(session);
    let (conns, streams): (&mut Arena<Connection>, &mut Arena<Stream>) = (&mut env.conns, &mut live.streams);
    let mut conn_id = NO_CONN;
    let stream = streams.insert_with(|stream| {
        conn_id = conns.insert(Connection::accepted(fd, through.row, protocol, front_of(stream), now));
        let mut s = Stream::new(stream, session, conn_id, frontend, now);
        s.phase = step::first_phase(settings.mode);
        s.is_http = settings.mode == Mode::Http;
        s.waited_outside = waited_outside && !s.is_http;
        s
    });
    if let Some(session) = env.sessions.get_mut(session) {
        session.conn = conn_id;
    }
    if let Some(s) = streams.get_mut(stream).filter(|s| !s.is_http) {
        crate::stream::record::number(s, env);
    }
    let registered = env.conns.get_mut(conn_id).map(|conn| {
        conn.ready.insert(Readiness::WRITABLE);
        env.poller.register(conn.fd(), Token::pack(Kind::Conn, conn_id))
    });
    if let (Some(s), true) = (live.streams.get_mut(stream), settings.mode == Mode::Http) {
        s.phase_deadline_ms = crate::stream::http::request::idle_deadline(s, &live.env);
    }
    if !matches!(registered, Some(Ok(()))) {
        // Out of epoll watches: the client is let go and counted like any other failed session.
        if let Some(s) = live.streams.get_mut(stream) {
            s.conclude(crate::stream::Cause::Resource, crate::stream::Stage::Request);
            s.phase = crate::stream::Phase::Closed;
        }
    }
    enqueue(live, stream);
}

const NO_CONN: crate::conn::ConnId = crate::conn::ConnId::new(u32::MAX, u32::MAX);

fn count_in(env: &mut Env, frontend: crate::base::ids::ProxyId, now: u64) {
    env.counters.conn.enter();
    env.counters.conn_rate.add(now, 1);
    env.counters.sess_rate.add(now, 1);
    let fe = &mut env.proxies[frontend.0 as usize].fe;
    fe.conn_tot += 1;
    fe.conn_rate.add(now, 1);
    fe.sess.enter();
    fe.sess_rate.add(now, 1);
}
