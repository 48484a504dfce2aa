//! When a stream gives up waiting, and what it does then.
//!
//! Activity only moves a field of the connection; the stream's one entry in the wheel is looked at when it
//! fires and put back when it was too early. An entry is moved only when it must fire earlier.

use super::http::{self, hold, request};
use super::{Alarm, Cause, Env, Phase, Stage, Stream, Turn, abort, connect, route, tcp::Side};
use crate::conn::ConnId;

/// What ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// The time of the present phase.
    Phase,
    /// The client's silence.
    Client,
    /// The server's silence.
    Server,
}

/// Sees to it that the wheel fires in time for the earliest deadline.
#[inline]
pub fn arm(s: &mut Stream, env: &mut Env) {
    let Some((at, _)) = earliest(s, env) else { return };
    match s.timer {
        Some((_, fires)) if fires <= at => {}
        Some((key, _)) if env.wheel.reschedule(key, at) => s.timer = Some((key, at)),
        _ => s.timer = Some((env.wheel.insert(at, Alarm::Stream(s.id)), at)),
    }
}

/// What has run out by now, if anything.
pub fn expired(s: &Stream, env: &Env) -> Option<Expired> {
    earliest(s, env).filter(|(at, _)| *at <= env.now_ms()).map(|(_, what)| what)
}

/// When the stream gives up if nothing happens until then.
pub fn expires_ms(s: &Stream, env: &Env) -> Option<u64> {
    earliest(s, env).map(|(at, _)| at)
}

fn earliest(s: &Stream, env: &Env) -> Option<(u64, Expired)> {
    if s.phase != Phase::Exchange {
        let phase = s.phase_deadline_ms.map(|at| (at, Expired::Phase));
        return earlier(phase, abort::silence(s, env).map(|at| (at, Expired::Client)));
    }
    let client = silence(s, Side::Front, env).map(|at| (at, Expired::Client));
    earlier(client, silence(s, Side::Back, env).map(|at| (at, Expired::Server)))
}

/// The earlier one; the first of two at the same time.
fn earlier(a: Option<(u64, Expired)>, b: Option<(u64, Expired)>) -> Option<(u64, Expired)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// When the silence of one side becomes too long; `None` while nothing is expected from it.
fn silence(s: &Stream, side: Side, env: &Env) -> Option<u64> {
    let expects = match side {
        // Bytes that may not go yet, half of a head or of a chunk's line, wait for their other half.
        Side::Front => wants_read(s, Side::Front) || s.res.sendable() > 0,
        Side::Back => wants_read(s, Side::Back) || s.req.sendable() > 0,
    };
    if !expects {
        return None;
    }
    let limit = limit(s, side, env)?;
    let conn: ConnId = match side {
        Side::Front => s.front,
        Side::Back => s.back?,
    };
    let conn = env.conns.get(conn)?;
    let since = match wants_read(s, side) && is_independent(s, side, env) {
        true => conn.last_read_ms,
        false => conn.last_activity_ms,
    };
    Some(since + limit)
}

/// Whether bytes sent to one side do not put off the timeout of what is awaited from it (`option independent-streams`).
/// A frontend's option has no effect in haproxy 2.6 either, whatever its manual says.
fn is_independent(s: &Stream, side: Side, env: &Env) -> bool {
    match side {
        Side::Front => false,
        Side::Back => s.backend.is_some_and(|b| env.proxy_settings(b).options.independent_streams),
    }
}

/// Before the response it is the server's time that runs, even while the client owes some of its body: the server is
/// what waits for it (the reference counts so too).
fn wants_read(s: &Stream, side: Side) -> bool {
    match (side, &s.http) {
        (Side::Front, Some(http)) if !http.tunnel => {
            http.response_started && !http.request_done && s.req.waiting() == 0
        }
        (Side::Back, Some(http)) if !http.tunnel => !http.response_done && s.res.sendable() == 0,
        (Side::Front, _) => !s.req.source_ended && s.req.waiting() == 0,
        (Side::Back, _) => !s.res.source_ended && s.res.waiting() == 0,
    }
}

fn limit(s: &Stream, side: Side, env: &Env) -> Option<u64> {
    let front = &env.proxy_settings(s.frontend).timeouts;
    let back = s.backend.map_or(front, |b| &env.proxy_settings(b).timeouts);
    let half_closed = s.req.sink_shut || s.res.sink_shut;
    let (plain, fin) = match side {
        Side::Front => (front.client_ms, front.client_fin_ms),
        Side::Back => (back.server_ms, back.server_fin_ms),
    };
    if half_closed && fin.is_some() {
        return fin;
    }
    match s.http {
        Some(ref http) if !http.tunnel => plain,
        _ => back.tunnel_ms.or(plain),
    }
}

/// Does what the expired timeout asks for.
pub fn act(s: &mut Stream, env: &mut Env, what: Expired) -> Turn {
    match (s.phase, what) {
        (Phase::Request, _) => request::timed_out(s, env),
        (Phase::Hold, _) => hold::timed_out(s, env),
        (Phase::Queue | Phase::Backoff, Expired::Client) => abort::silent(s, env),
        (Phase::Queue, _) => route::timed_out(s, env),
        (Phase::Connect, _) => connect::timed_out(s, env),
        (Phase::Backoff, _) => connect::after_backoff(s, env),
        (Phase::Exchange, Expired::Server) => http::server_silent(s, env),
        (Phase::Exchange, _) => http::client_silent(s, env),
        (Phase::Route | Phase::Reply | Phase::Linger | Phase::Closed, _) => {
            s.conclude(Cause::ClientTimeout, Stage::Last);
            Turn::Go(Phase::Closed)
        }
    }
}
