//! Server connections between two requests: who may take an idle one, and what becomes of one that is done.

use crate::base::ids::{ProxyId, ServerId};
use crate::conn::{ConnId, Connection, Owner};
use crate::event::readiness::Readiness;
use crate::proxy::Server;
use crate::proxy::server::{IDLE_CONNS_MAX, IdleConn, SessionKey};
use crate::settings::proxy::HttpReuse;
use crate::stream::{Env, Phase, Stream, record};
use crate::sys::io as sys_io;
use crate::wire::http1::ResponseHead;

/// Takes an idle connection to `server`, if the rules of `http-reuse` let this request have one.
pub fn take_idle(s: &mut Stream, server: ServerId, env: &mut Env) -> bool {
    let Some(backend) = s.backend else { return false };
    let first = env.sessions.get(s.session).is_none_or(|x| x.requests <= 1);
    let rule = env.proxy_settings(backend).http_reuse;
    let wanted = match (rule, first) {
        (HttpReuse::Never | HttpReuse::Safe, true) => return false,
        (HttpReuse::Never, false) => Wanted::Private(session_key(s)),
        (HttpReuse::Aggressive, true) => Wanted::Proven,
        _ => Wanted::Any,
    };
    let mine = Wanted::Private(session_key(s));
    let has_private = env.sessions.get(s.session).is_some_and(|x| x.has_private);
    while let Some(id) =
        has_private.then(|| pop(server, mine, env)).flatten().or_else(|| pop(server, wanted, env))
    {
        let Some(conn) = env.conns.get_mut(id) else { continue };
        if conn.ready.intersects(Readiness::READ_CLOSED | Readiness::ERROR | Readiness::READABLE) {
            env.close(id);
            continue;
        }
        conn.owner = Owner::Back { index: s.id.index, generation: s.id.generation };
        conn.reuses += 1;
        s.back = Some(id);
        if let Some(http) = s.http.as_mut() {
            http.reused = true;
        }
        env.proxy(backend).be.reuse += 1;
        env.server(server).counters.reuse += 1;
        record::note_back(s, env, server);
        return true;
    }
    false
}

/// The server at which the session left a connection of its own: `option prefer-last-server` asks to go on there, and
/// one that was authenticated is of use nowhere else. Not where a key decides.
///
/// A server without a free slot is waited for while fewer than `max-keep-alive-queue` others wait there; who is
/// authenticated waits anyway.
pub fn preferred(s: &Stream, backend: ProxyId, env: &Env) -> Option<ServerId> {
    let session = env.sessions.get(s.session)?;
    let id = session.last_private.filter(|_| !s.redispatched)?;
    let settings = env.proxy_settings(backend);
    let wanted = session.has_private || settings.options.prefer_last_server;
    let server = &env.servers[id.0 as usize];
    let serves = || env.proxies[backend.0 as usize].serving.get(server.position) == Some(&true);
    if !wanted || settings.balance.has_key() || server.backend != backend || !serves() {
        return None;
    }
    if s.phase == Phase::Queue && s.waits_for != Some(id) {
        return None;
    }
    let waiting = server.queue.len() as u32;
    let is_long = |max: u32| server.full() && waiting >= max;
    let too_long = settings.http.max_keep_alive_queue.is_some_and(is_long)
        || server.maxqueue > 0 && is_long(server.maxqueue);
    if too_long && s.phase != Phase::Queue && !session.has_private {
        return None;
    }
    server.private.contains_key(&session_key(s)).then_some(id)
}

/// Whether the server wants to authenticate the connection: NTLM and Negotiate do, and then whoever uses it is the
/// client that did so.
pub fn authenticates_connection(head: &ResponseHead, bytes: &[u8]) -> bool {
    let name = match head.status {
        401 => b"www-authenticate".as_slice(),
        407 => b"proxy-authenticate",
        _ => return false,
    };
    let begins =
        |word: &[u8], with: &[u8]| word.get(..with.len()).is_some_and(|w| w.eq_ignore_ascii_case(with));
    let mut lines = head.headers().iter().filter(|f| f.name.of(bytes).eq_ignore_ascii_case(name));
    lines.any(|field| {
        let mut challenges = field.value.of(bytes).split(|b| *b == b',').map(<[u8]>::trim_ascii_start);
        challenges.any(|challenge| begins(challenge, b"ntlm") || begins(challenge, b"negotiate"))
    })
}

/// Which idle connections a request may have.
#[derive(Clone, Copy)]
enum Wanted {
    Any,
    /// One that has carried more than one request.
    Proven,
    /// The one that this session left.
    Private(SessionKey),
}

fn session_key(s: &Stream) -> SessionKey {
    (s.session.index, s.session.generation)
}

/// The freshest idle connection that will do: the least likely to be closed by the server meanwhile.
fn pop(server: ServerId, wanted: Wanted, env: &mut Env) -> Option<ConnId> {
    let live = env.server(server);
    match wanted {
        Wanted::Any => live.idle.pop().map(|idle| idle.conn),
        Wanted::Proven => {
            let at = live.idle.iter().rposition(|idle| idle.proven)?;
            Some(live.idle.remove(at).conn)
        }
        Wanted::Private(session) => live.private.remove(&session),
    }
}

/// Closes what a session that ends kept for itself.
pub fn close_private(s: &Stream, env: &mut Env) {
    let Some(backend) = s.last_backend else { return };
    let has_private = env.sessions.get(s.session).is_some_and(|x| x.has_private);
    if env.proxy_settings(backend).http_reuse != HttpReuse::Never && !has_private {
        return;
    }
    for at in 0..env.proxies[backend.0 as usize].servers.len() {
        let server = env.proxies[backend.0 as usize].servers[at];
        if let Some(id) = pop(server, Wanted::Private(session_key(s)), env) {
            env.close_first(id);
        }
    }
}

/// Keeps the server connection for another request, or closes it.
pub fn settle(s: &mut Stream, env: &mut Env, keep: bool) {
    let (Some(id), Some(server)) = (s.back.take(), s.server) else { return };
    let reuse = s.backend.map(|b| env.proxy_settings(b).http_reuse);
    let now = env.now_ms();
    let usable = keep && env.conns.get_mut(id).is_some_and(is_quiet);
    let room = !descriptors_beyond(env.settings.global.tune.pool_low_fd_ratio, env);
    let live = &mut env.servers[server.0 as usize];
    let is_private = reuse == Some(HttpReuse::Never) || env.conns.get(id).is_some_and(|conn| conn.is_private);
    let is_full = match is_private {
        true => live.private.len() >= IDLE_CONNS_MAX,
        false => live.idle.len() >= live.idle_max.min(IDLE_CONNS_MAX).min(idle_wanted(live)),
    };
    if !usable || !room || is_full || !live.usable() {
        env.close_first(id);
        return;
    }
    if let Some(session) = env.sessions.get_mut(s.session).filter(|_| is_private) {
        session.last_private = Some(server);
    }
    let Some(conn) = env.conns.get_mut(id) else { return };
    conn.owner = Owner::Idle(server);
    env.untidy = true;
    if !is_private {
        live.idle.push(IdleConn { conn: id, since_ms: now, proven: conn.reuses > 0 });
        return;
    }
    conn.private_to = Some(session_key(s));
    // There is at most one: a request takes it before it opens another.
    if let Some(other) = live.private.insert(session_key(s), id) {
        env.close_first(other);
    }
}

/// How many idle connections the load of late could use beside those at work, and never fewer than two, as in the
/// reference; the one that is about to become idle still counts as at work.
fn idle_wanted(server: &Server) -> usize {
    (server.slots_used_peak.max(IDLE_CONNS_MIN) + 1).saturating_sub(server.slots_used) as usize
}

/// Connections that a server may have, idle ones included, however little it is used.
const IDLE_CONNS_MIN: u32 = 2;

/// Whether connections take more than `percent` of the descriptors that may be open.
fn descriptors_beyond(percent: u32, env: &Env) -> bool {
    env.conns.len() as u64 * 100 > env.boot.ulimit_n.saturating_mul(u64::from(percent))
}

/// Closes the oldest idle connection, of `server` if it has one, where a new one is to be made and descriptors run
/// low (`tune.pool-high-fd-ratio`).
pub fn make_room(server: ServerId, env: &mut Env) {
    if !descriptors_beyond(env.settings.global.tune.pool_high_fd_ratio, env) {
        return;
    }
    let own = server.0 as usize;
    let at = match env.servers[own].idle.is_empty() {
        false => Some(own),
        true => env.servers.iter().position(|s| !s.idle.is_empty()),
    };
    if let Some(at) = at {
        let oldest = env.servers[at].idle.remove(0).conn;
        env.close_first(oldest);
    }
}

/// Whether the server has neither closed nor said anything more. A readable mark may be left over from a body that
/// was read to its last byte and no further: only the kernel can tell.
fn is_quiet(conn: &mut Connection) -> bool {
    if conn.ended() || conn.write_shut || conn.broken() {
        return false;
    }
    if conn.may_read() {
        match sys_io::recv_peek(conn.fd(), &mut [0]) {
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => conn.ready.remove(Readiness::READABLE),
            _ => return false,
        }
    }
    true
}

/// Something happened on an idle connection: whatever it is, it cannot be used any more.
pub fn idle_event(id: ConnId, server: ServerId, env: &mut Env) {
    let unusable = Readiness::READABLE | Readiness::READ_CLOSED | Readiness::ERROR;
    let Some(conn) = env.conns.get(id).filter(|conn| conn.ready.intersects(unusable)) else { return };
    let private_to = conn.private_to;
    if env.server(server).forget_idle(id, private_to) {
        env.close(id);
    }
}

/// Closes connections that were idle for the server's `pool-purge-delay`.
pub fn purge(env: &mut Env) {
    let now = env.now_ms();
    for at in 0..env.servers.len() {
        let delay = env.settings.servers[at].pool_purge_delay_ms;
        let live = &mut env.servers[at];
        live.slots_used_peak -= live.slots_used_peak.saturating_sub(live.slots_used).div_ceil(4);
        let idle = &mut live.idle;
        let old = idle.iter().take_while(|i| now.saturating_sub(i.since_ms) >= delay).count();
        let gone: Vec<ConnId> = idle.drain(..old).map(|i| i.conn).collect();
        idle.shrink_to(16);
        for id in gone {
            env.close(id);
        }
    }
}
