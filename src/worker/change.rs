//! What CLI commands change: servers, frontends, limits, sessions.

use super::run::enqueue;
use super::{accept, slowstart};
use crate::balance::Candidate;
use crate::base::ids::{ProxyId, ServerId};
use crate::live::Live;
use crate::log::notice;
use crate::proxy::ListenerId;
use crate::proxy::server::Admin;
use crate::service::cli::change::{Change, FrontendChange, Rate, ServerAt};
use crate::settings::Level;
use crate::stream::{Cause, Env, Phase, Stage, Stream, StreamId, route};
use crate::sys::socket::{self, How};
use std::net::SocketAddr;
use std::os::fd::AsFd;

impl Change for Live {
    fn clear_counters(&mut self, all: bool) {
        let env = &mut self.env;
        env.counters.clear(all);
        for proxy in &mut env.proxies {
            proxy.fe.clear(all);
            proxy.be.clear(all);
        }
        for server in &mut env.servers {
            server.counters.clear(all);
        }
        for (_, listener) in env.listeners.iter_mut() {
            listener.counters.clear(all);
        }
    }

    fn set_weight(&mut self, at: ServerAt, weight: u32) {
        let Some(id) = server_id(&self.env, at) else { return };
        self.env.server(id).weight = weight;
        servers_changed(&mut self.env, id);
    }

    fn set_admin(&mut self, at: ServerAt, admin: Admin) {
        let Some(id) = server_id(&self.env, at) else { return };
        let now = self.env.now_ms();
        let live = self.env.server(id);
        let before = live.admin;
        if before == admin || (before.is_maint() && admin.is_maint()) {
            return;
        }
        if before.is_maint() != admin.is_maint() {
            live.down_ms = live.down_before(now);
            live.changed_ms = now as i64;
        }
        live.admin = admin;
        match (before.is_maint(), admin.is_maint()) {
            (true, false) => slowstart::begin(&mut self.env, id),
            (false, true) => slowstart::end(&mut self.env, id),
            (true, true) | (false, false) => {}
        }
        servers_changed(&mut self.env, id);
        if admin.is_maint() {
            close_idle(&mut self.env, id);
        }
        announce(&mut self.env, id, before, admin);
    }

    fn set_address(&mut self, at: ServerAt, address: SocketAddr) {
        let Some(id) = server_id(&self.env, at) else { return };
        self.env.server(id).move_to(address);
        renew_cookie(&mut self.env, id);
        close_idle(&mut self.env, id);
        servers_changed(&mut self.env, id);
    }

    fn set_dynamic_cookies(&mut self, proxy: usize, on: bool) {
        if let Some(live) = self.env.proxies.get_mut(proxy) {
            live.makes_cookies = on;
            renew_cookies(&mut self.env, proxy);
        }
    }

    fn set_cookie_key(&mut self, proxy: usize, key: &str) {
        if let Some(live) = self.env.proxies.get_mut(proxy) {
            live.cookie_key = Some(key.to_owned());
            renew_cookies(&mut self.env, proxy);
        }
    }

    fn set_server_maxconn(&mut self, at: ServerAt, maxconn: u32) {
        let Some(id) = server_id(&self.env, at) else { return };
        let live = self.env.server(id);
        (live.maxconn, live.maxconn_full) = (maxconn, maxconn);
        let backend = live.backend;
        route::wake_next(backend, Some(id), &mut self.env);
    }

    fn set_frontend_maxconn(&mut self, proxy: usize, maxconn: u32) {
        if let Some(proxy) = self.env.proxies.get_mut(proxy) {
            proxy.maxconn = maxconn;
            look_again(&mut self.env);
        }
    }

    fn set_process_maxconn(&mut self, maxconn: u32) {
        self.env.maxconn = maxconn;
        look_again(&mut self.env);
    }

    fn set_rate(&mut self, rate: Rate, per_second: u32) {
        let limit = Some(per_second).filter(|n| *n > 0);
        match rate {
            Rate::Connections => self.env.rates.conns = limit,
            Rate::Sessions => self.env.rates.sessions = limit,
        }
    }

    fn pause_frontend(&mut self, proxy: usize) -> FrontendChange {
        match suspend(&mut self.env, proxy) {
            Some(changed) => told(&mut self.env, proxy, changed, "Paused"),
            None => FrontendChange::WasShutDown,
        }
    }

    fn resume_frontend(&mut self, proxy: usize) -> FrontendChange {
        let Some(all) = listeners(&self.env, proxy) else { return FrontendChange::WasShutDown };
        let mut changed = false;
        for id in all {
            let Some(listener) = self.env.listeners.get_mut(id) else { continue };
            if !listener.gate.is_suspended() {
                continue;
            }
            if let (Some(receiver), true) = (&listener.receiver, listener.deaf) {
                if socket::listen(receiver.fd.as_fd(), listener.backlog).is_err() {
                    return FrontendChange::Failed;
                }
                listener.deaf = false;
            }
            changed = true;
            listener.gate.resume();
            accept::mark(&mut self.env, id);
        }
        told(&mut self.env, proxy, changed, "Resumed")
    }

    fn stop_frontend(&mut self, proxy: usize) -> FrontendChange {
        let Some(all) = listeners(&self.env, proxy) else { return FrontendChange::WasShutDown };
        for id in all {
            if let Some(listener) = self.env.listeners.get_mut(id) {
                listener.receiver = None;
                listener.change = None;
                listener.leaving.clear();
                listener.gate.close();
                listener.pending = false;
            }
        }
        let (id, live) = (ProxyId(proxy as u32), &self.env.proxies[proxy]);
        let text = format!(
            "Proxy {} stopped (cumulated conns: FE: {}, BE: {}).",
            self.env.proxy_settings(id).name,
            live.fe.conn_tot,
            live.be.sess.tot
        );
        say(&mut self.env, id, Level::Warning, &text);
        FrontendChange::Made
    }

    fn kill_session(&mut self, id: u64) -> bool {
        let id = StreamId::new(id as u32, (id >> 32) as u32);
        let known = self.streams.contains(id);
        if known {
            kill(self, id);
        }
        known
    }

    fn kill_server_sessions(&mut self, at: ServerAt) {
        let Some(server) = server_id(&self.env, at) else { return };
        let all: Vec<StreamId> =
            self.streams.iter().filter(|(_, s)| s.server == Some(server)).map(|(id, _)| id).collect();
        for id in all {
            kill(self, id);
        }
    }
}

/// Makes the cookies of a backend's servers anew.
/// Makes the cookies of a backend's servers anew.
pub(super) fn renew_cookies(env: &mut Env, proxy: usize) {
    for at in 0..env.proxies[proxy].servers.len() {
        let id = env.proxies[proxy].servers[at];
        renew_cookie(env, id);
    }
}

/// Makes a server's cookie anew: its address, or what is hashed with it, may have changed.
pub(super) fn renew_cookie(env: &mut Env, id: ServerId) {
    let server = &mut env.servers[id.0 as usize];
    let proxy = &env.proxies[server.backend.0 as usize];
    let key = proxy.cookie_key.as_deref().filter(|_| proxy.makes_cookies);
    server.cookie = env.settings.server(id).cookie_at(server.address.as_ref(), server.ports, key);
}

/// Whether no open socket of a frontend takes clients because the operator wants it so.
pub(super) fn is_paused(env: &Env, proxy: usize) -> bool {
    let suspended = |id: &ListenerId| env.listeners.get(*id).is_some_and(|l| l.gate.is_suspended());
    listeners(env, proxy).is_some_and(|all| all.iter().all(suspended))
}

/// Stops a frontend from taking clients. Whether that changed something; `None` when it has no socket.
pub(super) fn suspend(env: &mut Env, proxy: usize) -> Option<bool> {
    let mut changed = false;
    for id in listeners(env, proxy)? {
        let Some(listener) = env.listeners.get_mut(id) else { continue };
        if listener.gate.is_suspended() {
            continue;
        }
        listener.gate.suspend();
        changed = true;
        // A TCP socket that does not listen refuses clients, who then may try elsewhere. Where the kernel
        // does not do that, they wait in its queue.
        if let (Some(receiver), Some(_)) = (&listener.receiver, listener.address.inet()) {
            listener.deaf = socket::shutdown(receiver.fd.as_fd(), How::Read).is_ok();
        }
    }
    Some(changed)
}

fn server_id(env: &Env, at: ServerAt) -> Option<ServerId> {
    env.proxies.get(at.proxy)?.servers.get(at.nth).copied()
}

/// A server's weight, state or address changed: the balance sees it, and who waits for a server looks again.
pub(super) fn servers_changed(env: &mut Env, id: ServerId) {
    let (now, backend) = (env.now_ms(), env.server(id).backend);
    let options = &env.proxy_settings(backend).options;
    let (servers, settings) = (&env.servers, env.settings);
    let proxy = &mut env.proxies[backend.0 as usize];
    let candidates = proxy.servers.iter().map(|id| {
        let live = &servers[id.0 as usize];
        Candidate {
            weight: if live.admin == Admin::Drain { 0 } else { live.weight },
            sixteenths: live.sixteenths(),
            up: live.usable(),
            backup: settings.server(*id).backup,
        }
    });
    let candidates: Vec<Candidate> = candidates.collect();
    let (served, down_ms) = (proxy.serves(), proxy.down_before(now));
    proxy.set_rotation(&candidates, options.allbackups);
    if proxy.serves() != served {
        (proxy.changed_ms, proxy.down_ms) = (now, down_ms);
        proxy.be.down_transitions += u64::from(served);
    }
    if route::has_usable(backend, env) {
        route::wake_next(backend, Some(id), env);
        route::wake_next(backend, None, env);
    }
}

/// Closes the idle connections of a server that they must not be used for any more.
fn close_idle(env: &mut Env, id: ServerId) {
    let live = env.server(id);
    let idle = std::mem::take(&mut live.idle).into_iter().map(|idle| idle.conn);
    let private = std::mem::take(&mut live.private).into_values();
    for conn in idle.chain(private) {
        env.close_first(conn);
    }
}

/// Tells the logs of a backend what became of a server, in the reference's words.
fn announce(env: &mut Env, id: ServerId, before: Admin, now: Admin) {
    let live = env.server(id);
    let (backend, sessions) = (live.backend, live.slots_used);
    let name = full_name(env, id);
    let Left { active, backup, queued } = left(env, backend);
    let text = match (before, now) {
        (_, Admin::Maint { .. }) => format!(
            "{name} is going DOWN for maintenance. {active} active and {backup} backup servers left. \
             {sessions} sessions active, 0 requeued, {queued} remaining in queue."
        ),
        (Admin::Maint { .. }, Admin::Ready) => format!("{name} is UP/READY (leaving forced maintenance)."),
        (Admin::Maint { .. }, Admin::Drain) => format!("{name} is UP/DRAIN (leaving forced maintenance)."),
        (_, Admin::Drain) => format!(
            "{name} enters drain state. {active} active and {backup} backup servers online. \
             0 sessions requeued, {queued} total in queue."
        ),
        (_, Admin::Ready) => format!("{name} is UP (leaving forced drain)."),
    };
    // Only who loses clients by it is to hear it loudly.
    let level = if before == Admin::Ready && now.is_maint() { Level::Alert } else { Level::Notice };
    say(env, backend, level, &text);
    if before.is_maint() && now == Admin::Drain {
        say(env, backend, Level::Notice, &format!("{name} remains in forced drain mode."));
    }
    if before == Admin::Ready && active + backup == 0 {
        let settings = env.proxy_settings(backend);
        let mut text = String::new();
        notice::no_server_available(&mut text, settings.kind, &settings.name);
        say(env, backend, Level::Emerg, &text);
    }
}

/// Tells the logs of a backend that a server has taken up its full load.
pub(super) fn announce_full_load(env: &mut Env, id: ServerId) {
    let (name, backend) = (full_name(env, id), env.server(id).backend);
    let Left { active, backup, queued } = left(env, backend);
    let text = format!(
        "{name} is UP. {active} active and {backup} backup servers online. \
         0 sessions requeued, {queued} total in queue."
    );
    say(env, backend, Level::Notice, &text);
}

/// What the logs call a server.
fn full_name(env: &Env, id: ServerId) -> String {
    let server = &env.servers[id.0 as usize];
    format!("Server {}/{}", env.proxy_settings(server.backend).name, env.settings.server(id).name)
}

/// Who is left of a backend.
struct Left {
    /// Servers that take clients.
    active: usize,
    /// Backup servers that would.
    backup: usize,
    /// Streams that wait for any of them.
    queued: usize,
}

fn left(env: &Env, backend: ProxyId) -> Left {
    let serving = |backup: bool| {
        let servers = env.proxy_settings(backend).servers.iter();
        let servers = servers.filter(|id| env.servers[id.0 as usize].takes_clients());
        servers.filter(|id| env.settings.server(**id).backup == backup).count()
    };
    Left {
        active: serving(false),
        backup: serving(true),
        queued: env.proxies[backend.0 as usize].queue.len(),
    }
}

/// To the proxy's logs and to the terminal.
fn say(env: &mut Env, proxy: ProxyId, level: Level, text: &str) {
    log::warn!("{text}");
    env.tell(proxy, level, text);
}

fn told(env: &mut Env, proxy: usize, changed: bool, word: &str) -> FrontendChange {
    if !changed {
        return FrontendChange::Already;
    }
    let id = ProxyId(proxy as u32);
    let text = format!("{word} frontend {}.", env.proxy_settings(id).name);
    say(env, id, Level::Warning, &text);
    FrontendChange::Made
}

/// The open listeners of a proxy; `None` when there is none left.
fn listeners(env: &Env, proxy: usize) -> Option<Vec<ListenerId>> {
    let open = |id: &&ListenerId| env.listeners.get(**id).is_some_and(|l| l.receiver.is_some());
    let all: Vec<ListenerId> = env.proxies.get(proxy)?.listeners.iter().filter(open).copied().collect();
    Some(all).filter(|all| !all.is_empty())
}

/// A limit changed: listeners that it holds back look at it again at the end of the turn.
fn look_again(env: &mut Env) {
    env.held_back = true;
    env.session_ended = true;
}

/// Ends a session as the operator wants: flags `K` and what it was doing.
fn kill(live: &mut Live, id: StreamId) {
    let Some(s) = live.streams.get_mut(id) else { return };
    let stage = stage_of(s);
    if s.phase != Phase::Closed {
        s.conclude(Cause::Killed, stage);
        if s.phase == Phase::Queue {
            route::leave_queue(s, &mut live.env, false);
        }
        s.phase = Phase::Closed;
    }
    enqueue(live, id);
}

fn stage_of(s: &Stream) -> Stage {
    match s.phase {
        Phase::Request | Phase::Hold | Phase::Route => Stage::Request,
        Phase::Queue => Stage::Queue,
        Phase::Connect | Phase::Backoff => Stage::Connect,
        Phase::Exchange | Phase::Reply => Stage::Data,
        Phase::Linger | Phase::Closed => Stage::Over,
    }
}
