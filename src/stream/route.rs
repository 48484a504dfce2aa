//! Which backend and which server: the decision between a request and a connection.

use super::http::{self, reply};
use super::{Cause, Env, Phase, Stage, Stream, Turn, abort, connect, key};
use crate::balance::{Algorithm, Choice, Load, rdp_cookie};
use crate::base::ids::{Id, ProxyId, ServerId};
use crate::metrics::{BackendCounters, Gauge};
use crate::proxy::Server;
use crate::proxy::queue::Queue;
use crate::sys::addr::SockAddr;
use std::net::SocketAddr;

/// Chooses backend and server, and starts connecting or queues.
pub fn route(s: &mut Stream, env: &mut Env) -> Turn {
    if std::mem::take(&mut s.waited_outside) && abort::before_accept(s, env) {
        s.conclude(Cause::ClientAbort, Stage::Connect);
        return Turn::Go(Phase::Closed);
    }
    if s.backend.is_none()
        && let Some(turn) = http::restrict::apply(s, env, s.frontend)
    {
        return turn;
    }
    let Some(backend) = enter(s, env) else {
        s.marks.request_ms = None;
        return no_server(s, env, Stage::Connect);
    };
    if s.http.is_some() {
        if http::hold::must_hold(s, env) {
            return http::hold::begin(s, env);
        }
        if let Some(turn) = http::prepare::prepare(s, env) {
            return turn;
        }
    }
    // Who waits already comes first, or the next request of a busy connection would take every free slot. Who can
    // go to one server only waits for that one.
    let picked = match env.proxy(backend).queue.is_empty() || stays_at(s, backend, env).is_some() {
        true => pick(s, backend, env),
        false if has_usable(backend, env) => Picked::Full(None),
        false => Picked::None,
    };
    match picked {
        Picked::Server(_) | Picked::Persistent(_) => {
            take_slot(s, &picked, env);
            s.marks.assigned_ms = Some(env.now_ms());
            connect::start(s, env)
        }
        Picked::Full(server) => queue(s, backend, server, env),
        Picked::None => no_server(s, env, Stage::Connect),
    }
}

/// The stream's backend; it is chosen, and the stream counted in, the first time.
pub fn enter(s: &mut Stream, env: &mut Env) -> Option<ProxyId> {
    if s.backend.is_none() {
        let backend = backend_of(s.frontend, env)?;
        enter_backend(s, backend, env);
    }
    s.backend
}

/// Whether some server of the backend takes clients: one with a free slot, or one worth waiting for.
pub fn has_usable(backend: ProxyId, env: &Env) -> bool {
    env.proxies[backend.0 as usize].servers.iter().any(|id| env.servers[id.0 as usize].takes_clients())
}

/// The backend that a frontend's sessions go to, skipping disabled ones.
fn backend_of(frontend: ProxyId, env: &Env) -> Option<ProxyId> {
    env.proxy_settings(frontend).backend.filter(|b| !env.proxy_settings(*b).disabled)
}

/// Counts the stream in at its backend.
fn enter_backend(s: &mut Stream, backend: ProxyId, env: &mut Env) {
    s.backend = Some(backend);
    s.last_backend = Some(backend);
    s.in_backend = true;
    let now = env.now_ms();
    let be = &mut env.proxy(backend).be;
    be.sess.enter();
    be.sess_rate.add(now, 1);
    be.last_session_ms = Some(now as i64);
}

enum Picked {
    /// The algorithm's choice.
    Server(ServerId),
    /// The server that the client is to stay at, whoever's turn it is.
    Persistent(ServerId),
    /// No slot is free: of the one server that the request's key leads to, or of any.
    Full(Option<ServerId>),
    None,
}

fn pick(s: &mut Stream, backend: ProxyId, env: &mut Env) -> Picked {
    fit_slots(backend, env);
    let avoid = s.left_server;
    // Who waits for a server already comes first.
    let is_new = s.phase != Phase::Queue;
    if let Some(id) = stays_at(s, backend, env) {
        let server = env.server(id);
        return match server.full() || (is_new && !server.queue.is_empty()) {
            true => Picked::Full(Some(id)),
            false => Picked::Persistent(id),
        };
    }
    if let Some(id) = env.proxy_settings(backend).dispatch {
        return Picked::Persistent(id);
    }
    let hash = key::hash(s, backend, env);
    let servers = &env.servers;
    let proxy = &mut env.proxies[backend.0 as usize];
    let list = &proxy.servers;
    let live = |at: usize| list.get(at).map(|id| &servers[id.0 as usize]);
    let by_load = matches!(proxy.balance, Algorithm::LeastConn(_));
    if let Some(server) = s.waits_for.map(|id| &servers[id.0 as usize]).filter(|x| by_load && x.usable()) {
        return if server.full() { Picked::Full(Some(server.id)) } else { Picked::Server(server.id) };
    }
    // The least loaded server may be one to wait for, up to its `maxqueue` (configuration.txt 5.2).
    let queues = |server: &Server| by_load && is_new && (server.queue.len() as u32) < server.maxqueue;
    let has_room = |server: &Server| server.usable() && (!server.full() || queues(server));
    let load = Load {
        has_room: &|at| live(at).is_some_and(|server| has_room(server) && Some(server.id) != avoid),
        used: &|at| live(at).map_or(0, Server::load),
        avoid: avoid.map(|id| servers[id.0 as usize].position),
    };
    let mut choice = proxy.balance.pick(hash, &load);
    if let Choice::Keyed(at) = choice {
        match live(at).filter(|server| server.usable()) {
            Some(server) if server.full() || (is_new && !server.queue.is_empty()) => {
                return Picked::Full(Some(server.id));
            }
            Some(server) => return Picked::Server(server.id),
            None => choice = proxy.balance.pick(None, &load),
        }
    }
    if let Choice::Server(at) | Choice::Keyed(at) = choice {
        return live(at).map_or(Picked::None, |server| match server.full() {
            true => Picked::Full(Some(server.id)),
            false => Picked::Server(server.id),
        });
    }
    // The one to avoid is better than none.
    if let Some(id) = avoid.filter(|id| servers[id.0 as usize].usable() && !servers[id.0 as usize].full()) {
        return Picked::Server(id);
    }
    match has_usable(backend, env) {
        true => Picked::Full(None),
        false => Picked::None,
    }
}

/// The server that the client is to stay at: by persistence, or where it has a connection of its own.
fn stays_at(s: &mut Stream, backend: ProxyId, env: &Env) -> Option<ServerId> {
    persistent(s, backend, env).or_else(|| http::reuse::preferred(s, backend, env))
}

/// The server that the client is to stay at, by a cookie. It is used whatever its weight; a server that is down is
/// used with `option persist`. Where a connection to it failed, another one is found.
pub fn persistent(s: &mut Stream, backend: ProxyId, env: &Env) -> Option<ServerId> {
    if s.is_http {
        return http::persistence::server(s, backend, env);
    }
    let settings = env.proxy_settings(backend);
    let name = settings.rdp_persistence.as_ref().filter(|_| !s.redispatched)?;
    let address = SocketAddr::V4(key::rdp_cookie(s, env, name, rdp_cookie::server)?);
    let mut servers = env.proxies[backend.0 as usize].servers.iter().map(|id| &env.servers[id.0 as usize]);
    let is_named = |server: &&Server| {
        let at = server.address.as_ref().and_then(SockAddr::inet);
        at == Some(address) && (server.usable() || settings.options.persist)
    };
    servers.find(is_named).map(|server| server.id)
}

/// Follows the load with the slots of servers that have `minconn`.
fn fit_slots(backend: ProxyId, env: &mut Env) {
    let proxy = &env.proxies[backend.0 as usize];
    if !proxy.slots_follow_load {
        return;
    }
    for id in &proxy.servers {
        let minconn = env.settings.server(*id).minconn;
        let server = &mut env.servers[id.0 as usize];
        server.fit_slots(minconn, proxy.be.sess.cur, proxy.fullconn);
    }
}

/// Takes one of the server's slots; [`release_slot`] gives it back. A server that was not chosen by the algorithm
/// does not count as balanced, nor does one that was to be left and is the only choice.
fn take_slot(s: &mut Stream, picked: &Picked, env: &mut Env) {
    let (server, balanced) = match *picked {
        Picked::Server(server) => (server, true),
        Picked::Persistent(server) => (server, false),
        Picked::Full(_) | Picked::None => return,
    };
    let live = env.server(server);
    live.slots_used += 1;
    live.slots_used_peak = live.slots_used_peak.max(live.slots_used);
    let left = s.left_server.take();
    if balanced && left != Some(server) {
        count_balanced(server, env);
    }
    match left {
        Some(left) if left == server => {
            s.redispatched = false;
            count_retry(server, env);
        }
        Some(left) => count_redispatch(left, env),
        None => {}
    }
    load_changed(Some(server), env);
    s.server = Some(server);
    s.holds_slot = true;
}

/// Adds to `lbtot`.
fn count_balanced(server: ServerId, env: &mut Env) {
    count(server, env, |counters| counters.lbtot += 1);
}

/// Adds to `wretr`.
pub fn count_retry(server: ServerId, env: &mut Env) {
    count(server, env, |counters| counters.retries += 1);
}

/// Adds to `wredis`, of the server that was left.
fn count_redispatch(server: ServerId, env: &mut Env) {
    count(server, env, |counters| counters.redispatches += 1);
}

/// Counts something of a server and of its backend.
pub fn count(server: ServerId, env: &mut Env, update: impl Fn(&mut BackendCounters)) {
    let live = env.server(server);
    update(&mut live.counters);
    let backend = live.backend;
    update(&mut env.proxy(backend).be);
}

/// Gives the slot back and wakes who waits for it.
pub fn release_slot(s: &mut Stream, env: &mut Env) {
    if !s.holds_slot {
        return;
    }
    s.holds_slot = false;
    let Some(server) = s.server else { return };
    let live = env.server(server);
    live.slots_used = live.slots_used.saturating_sub(1);
    if std::mem::take(&mut s.in_server) {
        live.counters.sess.leave();
    }
    let backend = live.backend;
    load_changed(Some(server), env);
    wake_next(backend, Some(server), env);
}

/// Wakes the first stream that waits for this server alone, else the first of the backend's queue; it
/// picks again and may queue again.
pub fn wake_next(backend: ProxyId, server: Option<ServerId>, env: &mut Env) {
    let of_server = server.and_then(|id| env.server(id).queue.first());
    if let Some(waiter) = of_server.or_else(|| env.proxy(backend).queue.first()) {
        env.run.push_back(Id::new(waiter.index, waiter.generation));
    }
}

/// The queue of one server, or of the whole backend.
fn queue_of(backend: ProxyId, server: Option<ServerId>, env: &mut Env) -> &mut Queue {
    match server {
        Some(id) => &mut env.server(id).queue,
        None => &mut env.proxy(backend).queue,
    }
}

/// The count of that queue.
fn queued(backend: ProxyId, server: Option<ServerId>, env: &mut Env) -> &mut Gauge {
    match server {
        Some(id) => &mut env.server(id).counters.queue,
        None => &mut env.proxy(backend).be.queue,
    }
}

/// Tells the balance that a server has another number of exchanges or of those that wait for it.
fn load_changed(server: Option<ServerId>, env: &mut Env) {
    let Some(live) = server.map(|id| env.server(id)) else { return };
    let (backend, position, used) = (live.backend, live.position, live.load());
    env.proxy(backend).balance.load_changed(position, used);
}

/// Waits for the server that the key leads to, or for any server of the backend.
fn queue(s: &mut Stream, backend: ProxyId, server: Option<ServerId>, env: &mut Env) -> Turn {
    let len_max = server.map_or(0, |id| env.server(id).maxqueue);
    let waiting = queue_of(backend, server, env).len() as u32;
    // With `minconn` one more stream may mean one more slot: the first in the queue is to look.
    wake_next(backend, server, env);
    let stays = server.filter(|id| stays_at(s, backend, env) == Some(*id));
    let too_many = len_max > 0 && waiting >= len_max;
    match stays {
        Some(id) if too_many && env.proxy_settings(backend).options.redispatch.is_some() => {
            return leave_persistent(s, id, env);
        }
        Some(_) => {}
        None => {
            let balanced = server.filter(|id| http::reuse::preferred(s, backend, env) != Some(*id));
            balanced.into_iter().for_each(|id| count_balanced(id, env));
        }
    }
    // It is this server's already; the log shows so whatever becomes of the wait.
    s.server = server.or(s.server);
    if too_many {
        return too_late(s, env, Cause::ServerAbort);
    }
    let timeouts = &env.proxy_settings(backend).timeouts;
    s.phase_deadline_ms = timeouts.queue_ms.or(timeouts.connect_ms).map(|ms| env.now_ms() + ms);
    s.waits_for = server;
    queue_of(backend, server, env).join(Id::new(s.id.index, s.id.generation));
    queued(backend, server, env).enter();
    load_changed(server, env);
    Turn::Go(Phase::Queue)
}

/// The server that the client is to stay at has too many who wait: another one is found (configuration.txt 5.2,
/// `maxqueue`).
fn leave_persistent(s: &mut Stream, server: ServerId, env: &mut Env) -> Turn {
    count_redispatch(server, env);
    s.redispatched = true;
    Turn::Go(Phase::Route)
}

/// In the queue: tries again when it is the first and a slot is free.
pub fn wait_in_queue(s: &mut Stream, env: &mut Env) -> Turn {
    let Some(backend) = s.backend else { return Turn::Go(Phase::Route) };
    if let Some(turn) = abort::while_waiting(s, env) {
        leave_queue(s, env, false);
        return turn;
    }
    let me = Id::new(s.id.index, s.id.generation);
    if queue_of(backend, s.waits_for, env).first() != Some(me) {
        return Turn::Wait;
    }
    let picked = pick(s, backend, env);
    match picked {
        Picked::Full(server) if server == s.waits_for => Turn::Wait,
        Picked::Full(server) => {
            leave_queue(s, env, false);
            queue(s, backend, server, env)
        }
        Picked::None => {
            leave_queue(s, env, false);
            no_server(s, env, Stage::Queue)
        }
        Picked::Server(id) | Picked::Persistent(id) => {
            // Who waited for any server takes the one that is free: that is not balancing. Who waited for this one
            // was counted when it began to.
            let awaited = s.waits_for.is_none_or(|server| server == id);
            let picked = if awaited { Picked::Persistent(id) } else { picked };
            leave_queue(s, env, true);
            take_slot(s, &picked, env);
            s.marks.assigned_ms = Some(env.now_ms());
            s.phase_deadline_ms = None;
            connect::start(s, env)
        }
    }
}

/// Steps out of the queue, wherever it stood, because it `is_served` or gives up, and lets the next one look.
pub fn leave_queue(s: &mut Stream, env: &mut Env, is_served: bool) {
    let Some(backend) = s.backend else { return };
    let server = s.waits_for.take();
    let me = Id::new(s.id.index, s.id.generation);
    let Some(left) = queue_of(backend, server, env).leave(me, is_served) else { return };
    match server {
        Some(_) => s.queue_positions.0 += left.turn,
        None => s.queue_positions.1 += left.turn,
    }
    queued(backend, server, env).leave();
    load_changed(server, env);
    if left.was_first {
        wake_next(backend, server, env);
    }
}

/// `timeout queue` ran out.
pub fn timed_out(s: &mut Stream, env: &mut Env) -> Turn {
    leave_queue(s, env, false);
    s.marks.assigned_ms = Some(env.now_ms());
    too_late(s, env, Cause::ServerTimeout)
}

/// Its server, if it has one already, or none at all had a slot for it.
fn too_late(s: &mut Stream, env: &mut Env, cause: Cause) -> Turn {
    match (s.server, s.backend) {
        (Some(server), _) => count(server, env, |counters| counters.failed_conns += 1),
        (None, Some(backend)) => env.proxy(backend).be.failed_conns += 1,
        (None, None) => {}
    }
    s.conclude(cause, Stage::Queue);
    reply::fail(s, env, 503)
}

/// Nobody can serve this: 503 in HTTP mode, close in TCP mode.
pub fn no_server(s: &mut Stream, env: &mut Env, stage: Stage) -> Turn {
    if let Some(backend) = s.backend {
        env.proxy(backend).be.failed_conns += 1;
    }
    s.conclude(Cause::ServerAbort, stage);
    reply::fail(s, env, 503)
}
