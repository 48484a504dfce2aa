//! Server connections between two requests: who may take an idle one, and what becomes of one that is done.

use crate::base::ids::ServerId;
use crate::conn::{ConnId, Connection, Owner};
use crate::event::readiness::Readiness;
use crate::proxy::server::{IDLE_CONNS_MAX, IdleConn};
use crate::settings::proxy::HttpReuse;
use crate::stream::{Env, Stream, record};
use crate::sys::io as sys_io;

/// Takes an idle connection to `server`, if the rules of `http-reuse` let this request have one.
pub fn take_idle(s: &mut Stream, server: ServerId, env: &mut Env) -> bool {
    let Some(backend) = s.backend else { return false };
    let first = env.sessions.get(s.session).is_none_or(|x| x.requests <= 1);
    let rule = env.proxy_settings(backend).http_reuse;
    let proven_only = match (rule, first) {
        (HttpReuse::Never, _) | (HttpReuse::Safe, true) => return false,
        (HttpReuse::Aggressive, true) => true,
        _ => false,
    };
    while let Some(id) = pop(server, proven_only, env) {
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

/// The freshest idle connection: the least likely to be closed by the server meanwhile.
fn pop(server: ServerId, proven_only: bool, env: &mut Env) -> Option<ConnId> {
    let idle = &mut env.server(server).idle;
    match proven_only {
        false => idle.pop().map(|i| i.conn),
        true => idle.iter().rposition(|i| i.proven).map(|at| idle.remove(at).conn),
    }
}

/// Keeps the server connection for another request, or closes it.
pub fn settle(s: &mut Stream, env: &mut Env, keep: bool) {
    let (Some(id), Some(server)) = (s.back.take(), s.server) else { return };
    let reuse = s.backend.map(|b| env.proxy_settings(b).http_reuse);
    let now = env.now_ms();
    let usable = keep && reuse != Some(HttpReuse::Never) && env.conns.get_mut(id).is_some_and(is_quiet);
    let live = &mut env.servers[server.0 as usize];
    if !usable || live.idle.len() >= live.idle_max.min(IDLE_CONNS_MAX) || !live.usable() {
        env.close_first(id);
        return;
    }
    if let Some(conn) = env.conns.get_mut(id) {
        conn.owner = Owner::Idle(server);
        live.idle.push(IdleConn { conn: id, since_ms: now, proven: conn.reuses > 0 });
        env.untidy = true;
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
    let unusable = env
        .conns
        .get(id)
        .is_some_and(|c| c.ready.intersects(Readiness::READABLE | Readiness::READ_CLOSED | Readiness::ERROR));
    if unusable && env.server(server).forget_idle(id) {
        env.close(id);
    }
}

/// Closes connections that were idle for the server's `pool-purge-delay`.
pub fn purge(env: &mut Env) {
    let now = env.now_ms();
    for at in 0..env.servers.len() {
        let delay = env.settings.servers[at].pool_purge_delay_ms;
        let idle = &mut env.servers[at].idle;
        let old = idle.iter().take_while(|i| now.saturating_sub(i.since_ms) >= delay).count();
        let gone: Vec<ConnId> = idle.drain(..old).map(|i| i.conn).collect();
        idle.shrink_to(16);
        for id in gone {
            env.close(id);
        }
    }
}
