//! Clients that leave before they have their answer, and `option abortonclose`.
//!
//! A client that closes its side may only mean that it has said everything: it is served, unless the option says that it
//! has gone. A reset leaves no doubt.

use super::http::reply;
use super::{Cause, Env, Phase, Stage, Stream, Turn, route};
use crate::conn::Connection;
use crate::event::readiness::Readiness;
use crate::sys::io as sys_io;

/// How a client left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// It closed its side.
    Ended,
    /// It reset its connection.
    Reset,
}

/// Ends a stream that waits in a queue or for a connection when its client has left.
pub fn while_waiting(s: &mut Stream, env: &mut Env) -> Option<Turn> {
    let left = left_waiting(s, env)?;
    let stage = match (s.is_http, left, s.phase) {
        // In TCP mode a reset counts as an abort of the data.
        (false, Left::Reset, _) => Stage::Data,
        (_, _, Phase::Queue) => Stage::Queue,
        _ => Stage::Connect,
    };
    if s.phase == Phase::Queue {
        s.marks.assigned_ms = Some(env.now_ms());
    }
    // The reference counts a reset in HTTP mode as well, but not one during connect(2).
    if s.is_http && left == Left::Reset && s.phase != Phase::Connect {
        count(s, env);
    }
    s.conclude(Cause::ClientAbort, stage);
    Some(Turn::Go(Phase::Closed))
}

/// When a client that waits in TCP mode, and has said nothing so far, is silent for too long. A connect(2) under way is
/// not given up for it, as in the reference.
pub fn silence(s: &Stream, env: &Env) -> Option<u64> {
    matches!(s.phase, Phase::Queue | Phase::Backoff).then(|| silent_from(s, env)).flatten()
}

/// Whether the client was silent for too long while its server did not answer: then the failure counts as the client's
/// as well.
pub fn was_silent(s: &Stream, env: &mut Env) -> bool {
    let unread = || env.conns.get(s.front).is_some_and(|f| matches!(sys_io::unread_len(f.fd()), Ok(1..)));
    let was = silent_from(s, env).is_some_and(|at| at <= env.now_ms()) && !unread();
    if was {
        count(s, env);
    }
    was
}

fn silent_from(s: &Stream, env: &Env) -> Option<u64> {
    if s.is_http {
        return None;
    }
    let front = env.conns.get(s.front)?;
    if front.ready.intersects(Readiness::READABLE | Readiness::READ_CLOSED) || s.req.waiting() > 0 {
        return None;
    }
    Some(front.last_activity_ms + env.proxy_settings(s.frontend).timeouts.client_ms?)
}

/// That time is over.
pub fn silent(s: &mut Stream, env: &mut Env) -> Turn {
    let Some(front) = env.conns.get_mut(s.front) else { return Turn::Go(Phase::Closed) };
    if matches!(sys_io::unread_len(front.fd()), Ok(1..)) {
        // It has said something before anyone listened.
        front.ready.insert(Readiness::READABLE);
        return Turn::Wait;
    }
    let stage = match s.phase == Phase::Queue {
        true => {
            route::leave_queue(s, env, false);
            Stage::Queue
        }
        false => Stage::Connect,
    };
    count(s, env);
    s.conclude(Cause::ClientTimeout, stage);
    Turn::Go(Phase::Closed)
}

/// Ends a stream whose request is with the server when its client has left, which only `option abortonclose` asks for.
pub fn while_served(s: &mut Stream, env: &mut Env) -> Option<Turn> {
    let left = match env.conns.get(s.front) {
        None => Left::Reset,
        Some(_) if !is_wanted(s, env) => return None,
        Some(front) if front.broken() => Left::Reset,
        Some(front) if front.ended() => Left::Ended,
        Some(_) => return None,
    };
    Some(match left {
        Left::Reset => {
            s.conclude(Cause::ClientAbort, Stage::Data);
            Turn::Go(Phase::Closed)
        }
        // It may still be reading.
        Left::Ended => {
            s.conclude(Cause::ClientAbort, Stage::Headers);
            if let Some(http) = s.http.as_mut() {
                http.keep_front = false;
            }
            reply::fail(s, env, 400)
        }
    })
}

/// Ends a stream whose answer is on its way when its client has closed its side, which only `option abortonclose` asks
/// for. What a reset does is found out by writing.
pub fn while_answered(s: &mut Stream, env: &mut Env) -> Option<Turn> {
    let has_left = is_wanted(s, env) && env.conns.get(s.front).is_none_or(Connection::ended);
    has_left.then(|| {
        s.conclude(Cause::ClientAbort, Stage::Data);
        Turn::Go(Phase::Closed)
    })
}

/// Whether a client that waited in the listener's queue went away there without having said anything.
pub fn before_accept(s: &Stream, env: &Env) -> bool {
    let Some(front) = env.conns.get(s.front) else { return true };
    match sys_io::recv_peek(front.fd(), &mut [0]) {
        Ok(n) => n == 0,
        Err(e) => e.kind() != std::io::ErrorKind::WouldBlock,
    }
}

/// How the client of a stream that waits left. One that closed its side without having sent anything in TCP mode wants
/// nothing, whatever the options.
fn left_waiting(s: &Stream, env: &Env) -> Option<Left> {
    let Some(front) = env.conns.get(s.front) else { return Some(Left::Ended) };
    if front.broken() {
        return Some(Left::Reset);
    }
    let said_nothing = || {
        !s.is_http
            && front.ready.contains(Readiness::READ_CLOSED)
            && s.req.waiting() == 0
            && matches!(sys_io::unread_len(front.fd()), Ok(0))
    };
    (front.ended() && (is_wanted(s, env) || said_nothing())).then_some(Left::Ended)
}

/// Whether one of its proxies has `option abortonclose`.
fn is_wanted(s: &Stream, env: &Env) -> bool {
    env.proxy_settings(s.frontend).options.abortonclose
        || s.backend.is_some_and(|b| env.proxy_settings(b).options.abortonclose)
}

/// `cli_abrt`, where the outcome does not tell it.
fn count(s: &Stream, env: &mut Env) {
    if let Some(backend) = s.backend {
        env.proxy(backend).be.cli_aborts += 1;
    }
    if let Some(server) = s.server {
        env.server(server).counters.cli_aborts += 1;
    }
}
