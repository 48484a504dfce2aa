//! The end of an exchange: log line, counters, and everything given back.

use super::{Cause, Env, Outcome, Phase, Stage, Stream, Turn, http, route};
use crate::event::readiness::Readiness;
use crate::log::logger::TAG_DEFAULT;
use crate::log::record::{Load, Record, Timers, UNREACHED};
use crate::settings::{Level, Proxy as ProxySettings, Settings};
use crate::sys::addr::SockAddr;
use crate::sys::io as sys_io;

/// Bytes of a client that are thrown away before the close at most, in one turn.
const DISCARD_LEN_MAX: usize = 1 << 20;

/// Writes the log line of the exchange, unless it was written or nobody wants it.
pub fn log(s: &mut Stream, env: &mut Env) {
    if s.logged {
        return;
    }
    s.logged = true;
    let settings = env.proxy_settings(s.frontend);
    if settings.logs.is_empty() {
        return;
    }
    let outcome = s.outcome.unwrap_or(Outcome::NORMAL);
    let options = &settings.options;
    let normal = outcome.is_normal() && s.retries == 0 && !http::is_failure(s);
    if options.dontlog_normal && normal {
        return;
    }
    if options.dontlognull && is_null(s) {
        return;
    }
    let Some(session) = env.sessions.get(s.session) else { return };
    let listener = env.listeners.get(session.listener);
    let backend = s.backend.map(|b| &env.proxies[b.0 as usize]);
    let started_us = (s.marks.start_ms - session.accepted_ms.min(s.marks.start_ms)) * 1000;
    let record = Record {
        client: &session.peer,
        local: listener.map_or(&SockAddr::Unnamed, |l| &l.address),
        listener_id: listener.map_or(0, |l| l.socket_id),
        accept: session.accepted,
        request: session.accepted.plus_micros(started_us),
        frontend: &settings.name,
        mode: if s.is_http { "HTTP" } else { "TCP" },
        backend: s.backend.map_or(settings.name.as_str(), |b| &env.settings.proxies[b.0 as usize].name),
        server: s.server.map(|id| env.settings.server(id).name.as_str()),
        timers: timers(s, session.accepted_ms, env.clock.now_ms()),
        status: http::logged_status(s),
        // What was made here did not come from a server.
        bytes_out: if http::is_local(s) { 0 } else { s.res.delivered },
        bytes_in: s.req.delivered,
        request_cookie: None,
        response_cookie: None,
        flags: outcome.flags(),
        load: Load {
            actconn: env.counters.conn.cur,
            feconn: env.proxies[s.frontend.0 as usize].fe.sess.cur,
            beconn: backend.map_or(0, |b| b.be.sess.cur),
            srvconn: s.server.map_or(0, |id| u64::from(env.servers[id.0 as usize].slots_used)),
            retries: s.retries,
            redispatched: s.redispatched,
            srv_queue: u64::from(s.queue_positions.0),
            backend_queue: u64::from(s.queue_positions.1),
        },
        request_line: s.http.as_ref().filter(|h| h.has_line).map(|h| h.line.as_slice()),
        asap: options.logasap,
    };
    let level = match normal || !options.log_separate_errors {
        true => Level::Info,
        false => Level::Err,
    };
    env.logger.session(
        &settings.logs,
        env_tag(env.settings, settings),
        level,
        settings.log_line,
        &record,
        &env.clock,
    );
}

fn env_tag(all: &'static Settings, proxy: &'static ProxySettings) -> &'static str {
    proxy.log_tag.as_deref().or(all.global.log_tag.as_deref()).unwrap_or(TAG_DEFAULT)
}

/// Whether the client sent nothing (`option dontlognull`).
fn is_null(s: &Stream) -> bool {
    s.req.delivered == 0 && s.req.waiting() == 0 && !http::has_request(s)
}

/// The timers of a log line.
fn timers(s: &Stream, accepted_ms: u64, now: u64) -> Timers {
    let m = &s.marks;
    let between = |from: Option<u64>, to: Option<u64>| match (from, to) {
        (Some(from), Some(to)) => to.saturating_sub(from) as i64,
        _ => UNREACHED,
    };
    let start = if s.is_http { m.request_ms } else { Some(m.start_ms) };
    Timers {
        handshake_ms: 0,
        idle_ms: m.start_ms.saturating_sub(accepted_ms) as i64,
        request_ms: between(Some(m.start_ms), m.request_ms),
        queue_ms: between(start, m.assigned_ms),
        connect_ms: between(m.assigned_ms, m.connected_ms),
        response_ms: between(m.connected_ms, m.response_ms),
        active_ms: now.saturating_sub(m.start_ms) as i64,
        total_ms: now.saturating_sub(accepted_ms) as i64,
    }
}

/// Adds an ended exchange to the counters of its proxies and server.
pub fn count(s: &mut Stream, env: &mut Env) {
    let (received, sent) = (s.req.delivered, s.res.delivered);
    let outcome = s.outcome.unwrap_or(Outcome::NORMAL);
    let times = timers(s, s.marks.start_ms, env.clock.now_ms());
    let status = s.http.as_ref().map(|h| h.status).filter(|status| *status > 0);
    let fe = &mut env.proxies[s.frontend.0 as usize].fe;
    fe.bytes_in += received;
    fe.bytes_out += sent;
    if let Some(status) = status {
        fe.http.count_response(status);
    }
    if outcome.stage == Stage::Request && s.is_http {
        fe.failed_req += 1;
    }
    env.counters.bytes_out += sent;
    let Some(backend) = s.backend else { return };
    let mut both = |update: &mut dyn FnMut(&mut crate::metrics::BackendCounters)| {
        update(&mut env.proxies[backend.0 as usize].be);
        if let Some(server) = s.server {
            update(&mut env.servers[server.0 as usize].counters);
        }
    };
    both(&mut |c| {
        c.bytes_in += received;
        c.bytes_out += sent;
        c.times.add(times.queue_ms, times.connect_ms, times.response_ms, times.total_ms);
        if let Some(status) = status {
            c.http.count_response(status);
        }
        match outcome.cause {
            Cause::ClientAbort | Cause::ClientTimeout if outcome.stage == Stage::Data => c.cli_aborts += 1,
            Cause::ServerAbort | Cause::ServerTimeout if outcome.stage == Stage::Data => c.srv_aborts += 1,
            _ => {}
        }
    });
}

/// Ends an exchange of which the session may go on: it leaves its backend and server, is logged and counted.
/// The line shows the load that is left without it, as in the reference.
pub fn conclude(s: &mut Stream, env: &mut Env) {
    if std::mem::replace(&mut s.concluded, true) {
        return;
    }
    leave_backend(s, env);
    log(s, env);
    count(s, env);
    s.backend = None;
    s.server = None;
}

fn leave_backend(s: &mut Stream, env: &mut Env) {
    if s.phase == Phase::Queue {
        route::leave_queue(s, env);
    }
    route::release_slot(s, env);
    if let Some(backend) = s.backend.filter(|_| s.in_backend) {
        s.in_backend = false;
        env.proxy(backend).be.sess.leave();
    }
}

/// Ends stream and session: logs, counts, closes both connections and gives everything back.
pub fn release(s: &mut Stream, env: &mut Env) {
    if let Some((key, _)) = s.timer.take() {
        env.wheel.remove(key);
    }
    let nolinger = s.backend.is_some_and(|b| env.proxy_settings(b).options.nolinger);
    if !http::is_between_requests(s) {
        conclude(s, env);
    }
    s.req.abandon(&mut env.pools.buffers, &mut env.pools.pipes);
    s.res.abandon(&mut env.pools.buffers, &mut env.pools.pipes);
    http::put_back(s, env);
    match s.back.take() {
        Some(back) if nolinger => env.reset(back),
        Some(back) if s.is_http => env.close_first(back),
        Some(back) => env.close(back),
        None => {}
    }
    close_front(s, env);
    end_session(s, env);
}

/// Closes the client's connection. Bytes it sent that nobody read would turn the close into a reset, which
/// can destroy what it has not read yet: they are taken and thrown away first.
fn close_front(s: &mut Stream, env: &mut Env) {
    let nolinger = env.proxy_settings(s.frontend).options.nolinger;
    if let Some(front) = env.conns.get_mut(s.front) {
        if nolinger {
            front.reset_on_close();
        } else if !front.at_end && !front.broken() && (front.may_read() || s.marks.connected_ms.is_none()) {
            let _ = sys_io::discard(front.fd(), DISCARD_LEN_MAX);
        }
    }
    env.close(s.front);
}

fn end_session(s: &mut Stream, env: &mut Env) {
    let Some(session) = env.sessions.remove(s.session) else { return };
    env.counters.conn.leave();
    env.proxy(session.frontend).fe.sess.leave();
    env.session_ended = true;
    if let Some(listener) = env.listeners.get_mut(session.listener) {
        listener.counters.conn.leave();
        if listener.gate.closed() && listener.pending {
            env.ready_listeners.push(session.listener);
        }
    }
}

/// Waits for the client to take the last bytes and close; what it still sends is thrown away.
pub fn linger(s: &mut Stream, env: &mut Env) -> Turn {
    let Some(front) = env.conns.get_mut(s.front) else { return Turn::Go(Phase::Closed) };
    front.shut_write();
    let mut left = DISCARD_LEN_MAX;
    while front.ready.contains(Readiness::READABLE) {
        match sys_io::discard(front.fd(), left) {
            Ok(0) => return Turn::Go(Phase::Closed),
            Ok(n) if n >= left => return Turn::Again,
            Ok(n) => left -= n,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => front.ready.remove(Readiness::READABLE),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Turn::Go(Phase::Closed),
        }
    }
    Turn::Wait
}
