//! Connecting to the chosen server, and what follows when that fails.

use super::http::{self, reply};
use super::{Cause, Env, Phase, Stage, Stream, Turn, abort, record, route};
use crate::base::ids::{ProxyId, ServerId};
use crate::conn::{Connection, Owner};
use crate::event::readiness::Readiness;
use crate::event::token::{Kind, Token};
use crate::log::notice;
use crate::net::accept::Scarcity;
use crate::net::address::Ports;
use crate::net::connect::{self as net_connect, Blame, ConnectError, Connecting, Source, Step};
use crate::net::protocol::Protocol;
use crate::settings::server::UseSrc;
use crate::settings::{Level, RetryOn};
use crate::sys::addr::SockAddr;
use crate::sys::{socket, sockopt};
use std::net::SocketAddr;

/// Pause before the same server is tried again, in ms, unless `timeout connect` is shorter
/// (configuration.txt, `retries`).
const TURN_AROUND_MS: u64 = 1000;

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// Refused, unreachable, reset.
    Error,
    /// `timeout connect` ran out.
    Timeout,
    /// The kernel refused at once: nothing was waited for, and nothing is before the next attempt.
    AtOnce,
    /// It could not even be made: no descriptor, no source address or port, no memory. The reference tries again
    /// without a pause, and does not count it as a session of the server.
    NotMade,
}

/// Starts connecting to `s.server`, or takes an idle connection.
pub fn start(s: &mut Stream, env: &mut Env) -> Turn {
    start_as(s, env, 0)
}

/// As [`start`], with `more` sessions for a server that counts this one already.
fn start_as(s: &mut Stream, env: &mut Env, more: u64) -> Turn {
    let Some(server) = s.server else { return route::no_server(s, env, Stage::Connect) };
    if let Some(turn) = http::redirect::instead_of(server, s, env) {
        return turn;
    }
    if s.http.is_some() && http::reuse::take_idle(s, server, env) {
        count_session(s, server, env, more);
        return connected(s, env);
    }
    if let Some(http) = s.http.as_mut() {
        http.reused = false;
    }
    http::reuse::make_room(server, env);
    let opened = open(s, server, env);
    if opened != Err(Failure::NotMade) {
        count_session(s, server, env, more);
    }
    match opened {
        Ok(()) => {
            let backend = env.server(server).backend;
            let timeouts = &env.proxy_settings(backend).timeouts;
            s.phase_deadline_ms = timeouts.connect_ms.map(|ms| env.now_ms() + ms);
            Turn::Go(Phase::Connect)
        }
        Err(failure) => failed(s, env, failure),
    }
}

/// Counts the stream as a session of its server, and an attempt after the first as `more` of them.
fn count_session(s: &mut Stream, server: ServerId, env: &mut Env, more: u64) {
    let now = env.now_ms();
    let counters = &mut env.server(server).counters;
    if std::mem::replace(&mut s.in_server, true) {
        counters.sess.tot += more;
        return;
    }
    counters.sess.enter();
    counters.sess_rate.add(now, 1);
    counters.last_session_ms = Some(now as i64);
}

/// Counts a session of a server that is not connected to: it is not there at any time.
pub fn count_session_without(server: ServerId, env: &mut Env) {
    let now = env.now_ms();
    let counters = &mut env.server(server).counters;
    counters.sess.tot += 1;
    counters.sess_rate.add(now, 1);
    counters.last_session_ms = Some(now as i64);
}

fn open(s: &mut Stream, server: ServerId, env: &mut Env) -> Result<(), Failure> {
    let dest = destination(s, server, env).ok_or(Failure::Error)?;
    let client = env.sessions.get(s.session).map(|x| &x.peer);
    let live = &mut env.servers[server.0 as usize];
    live.counters.connect += 1;
    let source = match (&live.usesrc, client.and_then(|c| c.inet())) {
        (Some(UseSrc::Client), Some(client)) => Source::Addr(client),
        (Some(UseSrc::ClientIp), Some(client)) => Source::Addr(SocketAddr::new(client.ip(), 0)),
        (Some(UseSrc::Fixed(address)), _) => Source::Addr(*address),
        _ => live.source.of(&dest),
    };
    let backend = live.backend;
    let made = net_connect::connect(&live.connect, &dest, source);
    let Connecting { fd, protocol, fell_back, .. } = match made {
        Ok(made) => made,
        Err(e) if e.blame() == Blame::Server => return Err(Failure::AtOnce),
        Err(e) => {
            tell_not_made(backend, &e, env);
            return Err(Failure::NotMade);
        }
    };
    let live = &mut env.servers[server.0 as usize];
    let row = live.connect.row(&dest);
    let as_mptcp = u64::from(protocol == Protocol::Mptcp);
    live.counters.connect_mptcp += as_mptcp;
    let owner = Owner::Back { index: s.id.index, generation: s.id.generation };
    let conn = Connection::connecting(fd, row, protocol, owner, env.clock.now_ms());
    let id = env.conns.insert(conn);
    if let Some(conn) = env.conns.get(id) {
        if env.poller.register(conn.fd(), Token::pack(Kind::Conn, id)).is_err() {
            env.close(id);
            return Err(Failure::NotMade);
        }
    }
    env.proxy(backend).not_made_logged = false;
    let counters = &mut env.proxy(backend).be;
    counters.connect += 1;
    counters.connect_mptcp += as_mptcp;
    if fell_back {
        count_fallback(server, env);
    }
    s.back = Some(id);
    record::note_back(s, env, server);
    Ok(())
}

/// Says why no connection to a server can be made, once until one can.
fn tell_not_made(backend: ProxyId, error: &ConnectError, env: &mut Env) {
    if std::mem::replace(&mut env.proxy(backend).not_made_logged, true) {
        return;
    }
    let (mut text, name) = (String::new(), &env.proxy_settings(backend).name);
    match (error.step, error.scarcity()) {
        (_, Some(Scarcity::ProcessFds)) => notice::no_descriptor_left(&mut text, name, env.boot.maxsock),
        (Step::Bind, None) => notice::cannot_bind_source(&mut text, name),
        _ => notice::cannot_connect(&mut text, name, error),
    }
    env.tell(backend, Level::Emerg, &text);
}

/// The server's address; with a port offset, the client's destination port moved by it.
pub fn destination(s: &Stream, server: ServerId, env: &Env) -> Option<SockAddr> {
    let live = &env.servers[server.0 as usize];
    let address = live.address.clone()?;
    let mut inet = match (live.ports, address.inet()) {
        (Ports::Offset(_) | Ports::None | Ports::Fixed(0), Some(inet)) => inet,
        _ => return Some(address),
    };
    let front = env.conns.get(s.front)?;
    let arrived = socket::local_addr(front.fd()).ok()?.inet()?;
    inet.set_port(live.ports.for_client(arrived.port()));
    Some(SockAddr::Inet(inet))
}

/// Looks whether the connection stands.
pub fn wait(s: &mut Stream, env: &mut Env) -> Turn {
    let Some(back_id) = s.back else { return failed(s, env, Failure::Error) };
    let Some(back) = env.conns.get_mut(back_id) else { return failed(s, env, Failure::Error) };
    if back.ready.contains(Readiness::ERROR) || back.ready.contains(Readiness::HUP) {
        let broken =
            !matches!(socket::take_error(back.fd()), Ok(None)) || back.ready.contains(Readiness::HUP);
        if broken {
            drop_back(s, env);
            return failed(s, env, Failure::Error);
        }
    }
    let Some(back) = env.conns.get_mut(back_id) else { return failed(s, env, Failure::Error) };
    if back.ready.contains(Readiness::WRITABLE) {
        back.connecting = false;
        let fell_back = back.known_protocol() == Some(Protocol::Mptcp) && !sockopt::is_still_mptcp(back.fd());
        if let Some(server) = s.server.filter(|_| fell_back) {
            count_fallback(server, env);
        }
        return connected(s, env);
    }
    match abort::while_waiting(s, env) {
        Some(turn) => {
            drop_back(s, env);
            turn
        }
        None => Turn::Wait,
    }
}

/// Counts a connection that is TCP where MPTCP was asked for, at the server and its backend.
fn count_fallback(server: ServerId, env: &mut Env) {
    let live = env.server(server);
    live.counters.connect_mptcp_fallback += 1;
    let backend = live.backend;
    env.proxy(backend).be.connect_mptcp_fallback += 1;
}

/// The connection stands: bytes may flow.
fn connected(s: &mut Stream, env: &mut Env) -> Turn {
    let now = env.now_ms();
    s.phase_deadline_ms = None;
    s.marks.connected_ms = Some(now);
    if let Some(back) = s.back.and_then(|b| env.conns.get_mut(b)) {
        back.note_read(now);
    }
    if let Some(front) = env.conns.get_mut(s.front) {
        front.note_read(now);
    }
    if s.http.is_none() {
        super::record::log_early(s, env, 0);
    }
    Turn::Go(Phase::Exchange)
}

/// Closes the server's end, whatever state it is in.
pub fn drop_back(s: &mut Stream, env: &mut Env) {
    match s.back.take() {
        Some(back) if s.is_http && s.marks.connected_ms.is_some() => env.close_first(back),
        Some(back) => env.close(back),
        None => {}
    }
}

/// Closes the server's end with a FIN behind what was sent, as the reference does where somebody broke the protocol.
pub fn end_back(s: &mut Stream, env: &mut Env) {
    if let Some(back) = s.back.take() {
        env.close(back);
    }
}

/// `timeout connect` ran out.
pub fn timed_out(s: &mut Stream, env: &mut Env) -> Turn {
    drop_back(s, env);
    failed(s, env, Failure::Timeout)
}

/// A reused connection was gone before anything could be sent on it: the next one, or a new one, takes over at once.
pub fn lost_before_sent(s: &mut Stream, env: &mut Env) -> Turn {
    drop_back(s, env);
    if let Some(http) = s.http.as_mut() {
        // The head may have to name another server (`http-send-name-header`).
        http.request_released = false;
        s.req.budget = 0;
    }
    start(s, env)
}

/// Retries, redispatches or gives up.
fn failed(s: &mut Stream, env: &mut Env, failure: Failure) -> Turn {
    let (Some(backend), Some(server)) = (s.backend, s.server) else {
        return route::no_server(s, env, Stage::Connect);
    };
    let settings = env.proxy_settings(backend);
    let wanted = !s.is_http || settings.http.retry_on.has(RetryOn::CONN_FAILURE);
    if !wanted || s.retries >= settings.retries {
        return give_up(s, env, failure);
    }
    if leaves_for_another(s, env, backend, server) {
        return Turn::Go(Phase::Route);
    }
    let pause = match failure {
        Failure::Error => settings.timeouts.connect_ms.unwrap_or(TURN_AROUND_MS).min(TURN_AROUND_MS),
        // Through the same phase: attempts that fail at once do not call each other, however many there are.
        Failure::Timeout | Failure::AtOnce | Failure::NotMade => 0,
    };
    s.phase_deadline_ms = Some(env.now_ms() + pause);
    Turn::Go(Phase::Backoff)
}

/// Counts another attempt and says whether it may go to another server; then the present one is left.
fn leaves_for_another(s: &mut Stream, env: &mut Env, backend: ProxyId, server: ServerId) -> bool {
    s.retries += 1;
    let position = env.server(server).position;
    let other_serves = match env.proxy_settings(backend).dispatch {
        Some(dispatch) => server != dispatch,
        None => env.proxy(backend).serves_without(position),
    };
    if wants_another(s, env, backend) && other_serves {
        route::release_slot(s, env);
        s.redispatched = true;
        s.left_server = Some(server);
        return true;
    }
    route::count_retry(server, env);
    false
}

/// Whether `option redispatch` wants another server for this attempt. The interval is for clients that a cookie or a
/// hash led to the present one; the others go on at once, as in the reference.
fn wants_another(s: &mut Stream, env: &Env, backend: ProxyId) -> bool {
    let settings = env.proxy_settings(backend);
    let Some(interval) = settings.options.redispatch else { return false };
    if !settings.balance.has_key() && route::persistent(s, backend, env).is_none() {
        return true;
    }
    let every = match u32::try_from(interval) {
        Ok(every) => every,
        Err(_) => (settings.retries + 1).abs_diff(interval.unsigned_abs()),
    };
    every > 0 && s.retries % every == 0
}

/// The request goes out once more, at once: its connection stood, so there is nothing to wait for.
pub fn try_again(s: &mut Stream, env: &mut Env) -> Turn {
    let (Some(backend), Some(server)) = (s.backend, s.server) else {
        return route::no_server(s, env, Stage::Connect);
    };
    match leaves_for_another(s, env, backend, server) {
        true => Turn::Go(Phase::Route),
        false => start_again(s, env),
    }
}

/// Another attempt at the same server: one more session for it, as the reference counts.
fn start_again(s: &mut Stream, env: &mut Env) -> Turn {
    start_as(s, env, 1)
}

/// The turn-around time is over.
pub fn after_backoff(s: &mut Stream, env: &mut Env) -> Turn {
    match s.server {
        Some(_) => start_again(s, env),
        None => route::no_server(s, env, Stage::Connect),
    }
}

/// Between two attempts.
pub fn wait_backoff(s: &mut Stream, env: &mut Env) -> Turn {
    if let Some(turn) = abort::while_waiting(s, env) {
        return turn;
    }
    if s.phase_deadline_ms.is_some_and(|at| at <= env.now_ms()) {
        return after_backoff(s, env);
    }
    Turn::Wait
}

fn give_up(s: &mut Stream, env: &mut Env, failure: Failure) -> Turn {
    if let Some(server) = s.server {
        route::count(server, env, |counters| counters.failed_conns += 1);
    }
    let cause = match failure {
        _ if abort::was_silent(s, env) => Cause::ClientTimeout,
        Failure::Error | Failure::AtOnce | Failure::NotMade => Cause::ServerAbort,
        Failure::Timeout => Cause::ServerTimeout,
    };
    s.conclude(cause, Stage::Connect);
    reply::fail(s, env, 503)
}
