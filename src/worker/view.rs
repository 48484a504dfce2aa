//! What CLI commands see: the live objects as plain views.

use crate::base::clock::WallTime;
use crate::base::ids::{ProxyId, ServerId};
use crate::conn::{Connection, Owner};
use crate::live::Live;
use crate::net::listener::State;
use crate::net::protocol::{Protocol, SockFamily};
use crate::proxy::server::Admin;
use crate::proxy::{Listener, ListenerId};
use crate::service::cli::view::{
    BadMessageView, CliSocketView, ConnectionView, Direction, FrontState, HeldView, InfoView, ListenerView,
    ProxyView, ServerState, ServerView, SessionView, World,
};
use crate::stream::{Phase, Stream, connect};
use crate::sys::addr::SockAddr;
use crate::sys::{process, socket};
use std::os::fd::AsRawFd;

/// Shown by `show info`; the third word of `-v` is the same.
const RELEASE_DATE: &str = "2026/11/21";

impl World for Live {
    fn info(&self) -> InfoView<'_> {
        let env = &self.env;
        let now_ms = env.clock.now_ms();
        let buffer = env.pools.buffers.size() as u64;
        let listeners = env.listeners.iter().filter(|(_, l)| l.receiver.is_some()).count() as u64;
        InfoView {
            version: env.boot.version,
            release_date: RELEASE_DATE,
            pid: process::pid(),
            now_ms,
            wall: env.clock.wall(),
            start_micros: micros(env.boot.started),
            uptime_micros: now_ms * 1000,
            ulimit_n: env.boot.ulimit_n,
            maxsock: env.boot.maxsock,
            maxconn: u64::from(env.maxconn),
            maxconn_hard: u64::from(env.boot.maxconn),
            conn_rate_limit: env.rates.conns.unwrap_or(0),
            sess_rate_limit: env.rates.sessions.unwrap_or(0),
            conns: env.counters.conn.cur,
            maxpipes: env.pools.pipes.limit() as u64,
            global: &env.settings.global,
            node: &env.boot.node,
            counters: &env.counters,
            tasks: self.streams.len() as u64 + listeners,
            run_queue: env.run.len() as u64,
            idle_pct: env.idle_pct,
            stopping: env.stopping(),
            jobs: env.counters.conn.cur + listeners,
            listeners,
            pool_bytes: (env.pools.buffers.used() + env.pools.buffers.idle()) as u64 * buffer,
            pool_used_bytes: env.pools.buffers.used() as u64 * buffer,
            log_dropped: env.counters.log_dropped + env.logger.dropped(),
            held: self.held(),
            family: env.boot.family,
        }
    }

    fn proxy(&self, at: usize) -> Option<ProxyView<'_>> {
        let (proxy, settings) = (self.env.proxies.get(at)?, self.env.settings.proxies.get(at)?);
        let states = proxy.listeners.iter().filter_map(|id| self.env.listeners.get(*id)).map(front_state);
        let closed = states.clone().all(|s| s == FrontState::Stop) && !proxy.listeners.is_empty();
        let closed = closed || settings.disabled;
        let paused = states.clone().count() > 0 && states.clone().all(|s| s == FrontState::Paused);
        let now = self.env.clock.now_ms();
        Some(ProxyView {
            settings,
            state: match (closed, paused) {
                (true, _) => FrontState::Stop,
                (false, true) => FrontState::Paused,
                (false, false) => FrontState::Open,
            },
            maxconn: u64::from(proxy.maxconn),
            fe: &proxy.fe,
            be: &proxy.be,
            fullconn: u64::from(proxy.fullconn),
            last_change_secs: now.saturating_sub(proxy.changed_ms) / 1000,
            down_secs: proxy.down_before(now) / 1000,
        })
    }

    fn listener(&self, proxy: usize, at: usize) -> Option<ListenerView<'_>> {
        let id: ListenerId = *self.env.proxies.get(proxy)?.listeners.get(at)?;
        let listener = self.env.listeners.get(id)?;
        Some(ListenerView {
            name: &listener.name,
            id: listener.socket_id,
            address: &listener.address,
            state: front_state(listener),
            maxconn: u64::from(listener.maxconn),
            fd: listener.receiver.as_ref().map(|receiver| receiver.fd.as_raw_fd()),
            counters: &listener.counters,
        })
    }

    fn server(&self, proxy: usize, at: usize) -> Option<ServerView<'_>> {
        let id: ServerId = *self.env.proxies.get(proxy)?.servers.get(at)?;
        let server = self.env.servers.get(id.0 as usize)?;
        let state = match (server.admin, server.address.is_some()) {
            (Admin::Maint { .. }, _) => ServerState::Maint,
            (_, false) => ServerState::Down,
            (Admin::Drain, true) => ServerState::Drain,
            (Admin::Ready, true) => ServerState::NoCheck,
        };
        let now = self.env.clock.now_ms();
        Some(ServerView {
            settings: self.env.settings.server(id),
            state,
            address: server.address.as_ref(),
            cookie: server.cookie.as_deref(),
            weight: server.weight,
            sixteenths: server.sixteenths(),
            starts_slowly: server.slowstart.is_some(),
            maxconn: u64::from(server.maxconn),
            counters: &server.counters,
            idle: server.idle.len() as u64,
            idle_safe: server.idle.iter().filter(|i| i.proven).count() as u64,
            used: u64::from(server.slots_used),
            was_set_aside: server.changed_ms > 0,
            needed: u64::from(server.slots_used_peak),
            last_change_secs: server.unchanged_ms(now) / 1000,
            down_secs: server.down_before(now) / 1000,
        })
    }

    fn session_from(&self, from: usize) -> Option<SessionView<'_>> {
        let id = (from..self.streams.slots()).find_map(|at| self.streams.id_at(at))?;
        self.session_view(self.streams.get(id)?)
    }

    fn connection_from(&self, from: usize) -> Option<ConnectionView> {
        let conns = &self.env.conns;
        let id = (from..conns.slots()).find_map(|at| conns.id_at(at))?;
        let conn = conns.get(id)?;
        Some(ConnectionView {
            slot: id.index as usize,
            fd: conn.fd().as_raw_fd(),
            end: match conn.owner {
                Owner::Front { .. } => "client",
                Owner::Back { .. } => "server",
                Owner::Idle(_) => "idle server",
                Owner::Cli => "cli",
            },
            proto: protocol_name(conn),
            quiet_ms: self.env.clock.now_ms().saturating_sub(conn.last_activity_ms),
        })
    }

    fn bad_message(&self, proxy: usize, direction: Direction) -> Option<BadMessageView<'_>> {
        let bad = &self.env.proxies.get(proxy)?.bad;
        let message = match direction {
            Direction::Request => bad.request.as_ref(),
            Direction::Response => bad.response.as_ref(),
        }?;
        let settings = self.env.settings;
        let named = |id: ProxyId| {
            let proxy = &settings.proxies[id.0 as usize];
            (proxy.name.as_str(), proxy.id)
        };
        Some(BadMessageView {
            when: message.when,
            event: message.event,
            frontend: named(message.frontend),
            backend: message.backend.map(named),
            server: message.server.and_then(|id| Some((settings.server_name(id)?, settings.server(id).id))),
            client: &message.client,
            listener_id: message.listener_id,
            error: message.error,
            bytes: &message.bytes,
            capacity: message.capacity,
        })
    }

    fn cli_socket(&self, at: usize) -> Option<CliSocketView<'_>> {
        let settings = self.env.settings.global.stats_sockets.get(at)?;
        let address = self.env.boot.cli_addresses.get(at).map_or("", String::as_str);
        Some(CliSocketView { address, level: settings.level })
    }
}

impl Live {
    fn held(&self) -> HeldView {
        let env = &self.env;
        let (buffers, pipes) = (&env.pools.buffers, &env.pools.pipes);
        HeldView {
            conns: env.conns.len() as u64,
            sessions: env.sessions.len() as u64,
            streams: self.streams.len() as u64,
            listeners: env.listeners.len() as u64,
            timers: (env.wheel.len() - usize::from(env.housekeeping_set)) as u64,
            idle_server_conns: env.servers.iter().map(|server| server.idle.len() as u64).sum(),
            buffers: buffers.used() as u64,
            buffers_max: buffers.used_max() as u64,
            pipes: pipes.used() as u64,
            pipes_max: pipes.used_max() as u64,
            pipes_refused: pipes.refused,
            pipes_idle: pipes.idle() as u64,
        }
    }

    fn session_view(&self, s: &Stream) -> Option<SessionView<'_>> {
        let env = &self.env;
        let session = env.sessions.get(s.session)?;
        let (front, back) = (env.conns.get(s.front), s.back.and_then(|b| env.conns.get(b)));
        let listener = env.listeners.get(session.listener);
        let proxy = |id: ProxyId| &env.settings.proxies[id.0 as usize];
        let now = env.clock.now_ms();
        Some(SessionView {
            slot: s.id.index as usize,
            id: u64::from(s.id.generation) << 32 | u64::from(s.id.index),
            proto: front.map_or("none", protocol_name),
            client: session.peer.clone(),
            local: front.and_then(|f| socket::local_addr(f.fd()).ok()).unwrap_or(SockAddr::Unnamed),
            listener_id: listener.map_or(0, |l| l.socket_id),
            accept: session.accepted,
            age_ms: now.saturating_sub(session.accepted_ms),
            listener: listener.and_then(given_name),
            frontend: proxy(s.frontend),
            backend: s.backend.map(proxy),
            server: s.server.map(|id| env.settings.server(id)).filter(|server| !server.name.is_empty()),
            server_address: s.server.and_then(|id| connect::destination(s, id, env)),
            source: back.and_then(|b| socket::local_addr(b.fd()).ok()),
            phase: phase_word(s.phase),
            client_fd: front.map(|f| f.fd().as_raw_fd()),
            server_fd: back.map(|b| b.fd().as_raw_fd()),
            request_held: s.req.waiting() as u64,
            response_held: s.res.waiting() as u64,
            bytes_in: s.req.delivered,
            bytes_out: s.res.delivered,
            expires_ms: crate::stream::timeouts::expires_ms(s, env).map(|at| at.saturating_sub(now)),
            retries: s.retries,
        })
    }
}

/// The name of a listener, unless it is the one made up from its id.
fn given_name(listener: &Listener) -> Option<&str> {
    let id = listener.name.strip_prefix("sock-").and_then(|id| id.parse().ok());
    (id != Some(listener.socket_id)).then_some(listener.name.as_str())
}

fn front_state(listener: &Listener) -> FrontState {
    match listener.gate.state() {
        State::Ready => FrontState::Open,
        State::Full => FrontState::Full,
        State::Limited | State::Paused { .. } => FrontState::Waiting,
        State::Suspended => FrontState::Paused,
        State::Closed => FrontState::Stop,
    }
}

fn micros(at: WallTime) -> u64 {
    u64::try_from(at.secs).unwrap_or(0) * 1_000_000 + u64::from(at.micros)
}

/// What a socket was made to speak, or speaks as far as anyone asked.
fn protocol_name(conn: &Connection) -> &'static str {
    match (conn.configured.family, conn.known_protocol().unwrap_or(conn.configured.sock_prot)) {
        (SockFamily::V4, Protocol::Mptcp) => "mptcpv4",
        (SockFamily::V6, Protocol::Mptcp) => "mptcpv6",
        (SockFamily::V4, _) => "tcpv4",
        (SockFamily::V6, _) => "tcpv6",
        (SockFamily::Unix, _) => "unix_stream",
    }
}

fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Request => "request",
        Phase::Hold => "hold",
        Phase::Route => "route",
        Phase::Queue => "queue",
        Phase::Connect => "connect",
        Phase::Backoff => "backoff",
        Phase::Exchange => "exchange",
        Phase::Reply => "reply",
        Phase::Linger => "linger",
        Phase::Closed => "closed",
    }
}
