//! The end of an exchange: log line, counters, and everything given back.

pub use super::record::log;
use super::{Cause, Env, Outcome, Phase, Stage, Stream, Turn, http, route};
use crate::conn::Connection;
use crate::event::readiness::Readiness;
use crate::log::record::{Timers, UNREACHED};
use crate::sys::io as sys_io;

/// Bytes of a client that are thrown away before the close at most, in one turn.
const DISCARD_LEN_MAX: usize = 1 << 20;

/// The timers of a log line.
pub fn timers(s: &Stream, accepted_ms: u64, now: u64) -> Timers {
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
        data_ms: between(if s.is_http { m.response_ms } else { m.connected_ms }, Some(now)),
        active_ms: now.saturating_sub(m.start_ms) as i64,
        total_ms: now.saturating_sub(accepted_ms) as i64,
    }
}

/// Adds an ended exchange to the counters of its proxies and server.
pub fn count(s: &mut Stream, env: &mut Env) {
    let (received, sent) = (s.req.delivered, s.res.delivered);
    let outcome = s.outcome.unwrap_or(Outcome::NORMAL);
    let times = timers(s, s.marks.start_ms, env.clock.now_ms());
    // A request that ended without an answer counts as one with another status.
    let status = s.http.as_ref().filter(|h| h.status > 0 || h.has_line).map(|h| h.status);
    let fe = &mut env.proxies[s.frontend.0 as usize].fe;
    fe.bytes_in += received;
    fe.bytes_out += sent;
    if let Some(status) = status {
        fe.http.count_response(status);
    }
    let denied = s.http.as_ref().is_some_and(|h| h.denied);
    if outcome.stage == Stage::Request && outcome.cause != Cause::Local && s.is_http && !denied {
        fe.failed_req += 1;
    }
    env.counters.bytes_out += sent;
    if env.proxy_settings(s.frontend).options.socket_stats {
        count_at_listener(s, env, received, sent);
    }
    let Some(backend) = s.backend else { return };
    if s.is_http {
        // A backend counts a request when it is over, as the reference does.
        let now = env.now_ms();
        env.proxy(backend).be.http.count_request(now);
    }
    if let Some(status) = status {
        env.proxy(backend).be.http.count_response(status);
    }
    let is_broken = |conn| s.is_http && env.conns.get(conn).is_some_and(Connection::broken);
    let client_is_gone = is_broken(s.front);
    if matches!(outcome.cause, Cause::ClientAbort | Cause::ClientTimeout) && s.back.is_some_and(is_broken) {
        // A server that reset behind its answer, while the client went on with its request.
        count_server_abort(s, env);
    }
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
        match outcome.cause {
            Cause::ClientAbort if matches!(outcome.stage, Stage::Headers | Stage::Request) => {
                c.cli_aborts += 1
            }
            Cause::ClientAbort | Cause::ClientTimeout if outcome.stage == Stage::Data => c.cli_aborts += 1,
            Cause::ServerTimeout if outcome.stage == Stage::Data => c.srv_aborts += 1,
            // The end that was found is another, but the client did not see it.
            Cause::ServerAbort | Cause::ServerTimeout | Cause::Proxy if client_is_gone => c.cli_aborts += 1,
            _ => {}
        }
    });
}

/// Counts a transfer that the server broke off: an answer that failed besides.
pub fn count_server_abort(s: &Stream, env: &mut Env) {
    if let Some(server) = s.server {
        route::count(server, env, |counters| {
            counters.srv_aborts += 1;
            counters.failed_resp += 1;
        });
    }
}

fn count_at_listener(s: &Stream, env: &mut Env, received: u64, sent: u64) {
    let listener = env.sessions.get(s.session).map(|session| session.listener);
    if let Some(listener) = listener.and_then(|id| env.listeners.get_mut(id)) {
        listener.counters.bytes_in += received;
        listener.counters.bytes_out += sent;
    }
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

/// Ends an exchange that the client is to begin anew: no line tells of it, and it is no request of its backend.
pub fn forget(s: &mut Stream, env: &mut Env) {
    s.concluded = true;
    leave_backend(s, env);
    s.backend = None;
    s.server = None;
}

fn leave_backend(s: &mut Stream, env: &mut Env) {
    if s.phase == Phase::Queue {
        route::leave_queue(s, env, false);
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
    http::reuse::close_private(s, env);
    close_front(s, env);
    end_session(s, env);
}

/// Closes the client's connection. Bytes it sent that nobody read would turn the close into a reset, which
/// can destroy what it has not read yet: they are taken and thrown away first.
fn close_front(s: &mut Stream, env: &mut Env) {
    let nolinger = env.proxy_settings(s.frontend).options.nolinger;
    if let Some(front) = env.conns.get_mut(s.front) {
        if nolinger {
            // What was sent arrives before the reset.
            front.shut_write();
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
