//! What a step may touch besides its own stream.

use super::{SessionId, StreamId, session::Session};
use crate::base::arena::Arena;
use crate::base::clock::{Clock, WallTime};
use crate::base::ids::{ProxyId, ServerId};
use crate::base::wheel::Wheel;
use crate::channel::{BufferPool, PipePool};
use crate::conn::{ConnId, Connection};
use crate::event::poller::Poller;
use crate::log::logger::{Logger, TAG_DEFAULT};
use crate::metrics::{Family, ProcessCounters};
use crate::proxy::{Listener, ListenerId, Proxy, Server};
use crate::settings::global::CloseSpread;
use crate::settings::{Level, Settings};
use std::collections::VecDeque;

/// Who a timer wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A stream: look at its deadlines.
    Stream(StreamId),
    /// A listener that paused after running out of a resource.
    Listener(ListenerId),
    /// A listener whose protocol changes: a change that waits, or a socket that leaves.
    Change(ListenerId),
    /// A CLI connection, by index and generation.
    Cli(u32, u32),
    /// Idle server connections and pools.
    Housekeeping,
    /// A server that starts slowly takes its next step.
    Slowstart(ServerId),
    /// The end of `grace`.
    Grace,
    /// The end of `hard-stop-after`.
    HardStop,
    /// A worker that finishes tells its supervisor how far it is.
    Report,
    /// Something that the process waits for took too long.
    Process,
}

/// What start-up found out, for those who ask.
#[derive(Debug)]
pub struct Boot {
    /// Version as the configuration language knows it, with our own.
    pub version: &'static str,
    /// When the process started.
    pub started: WallTime,
    /// Descriptors that may be open.
    pub ulimit_n: u64,
    /// Client connections allowed at the start: the most that the operator may allow.
    pub maxconn: u32,
    /// Descriptors that `maxconn` takes.
    pub maxsock: u64,
    /// Name of the machine.
    pub node: String,
    /// Where the CLI listens, one for each `stats socket` line.
    pub cli_addresses: Vec<String>,
    /// The workers before this one.
    pub family: Family,
}

/// `maxconnrate` and `maxsessrate`, or what the operator set since; `None` is no limit.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    /// Connections in a second.
    pub conns: Option<u32>,
    /// Sessions in a second.
    pub sessions: Option<u32>,
}

/// The buffers and pipes lent to channels.
#[derive(Debug)]
pub struct Pools {
    /// Buffers.
    pub buffers: BufferPool,
    /// Pipes.
    pub pipes: PipePool,
    /// This kernel splices out of MPTCP sockets by itself.
    pub splices_mptcp: bool,
    /// Heads and bodies of HTTP exchanges that are over, kept for the next one.
    pub exchanges: Vec<Box<super::http::Exchange>>,
}

/// A soft stop under way.
#[derive(Clone, Copy, Debug)]
pub struct SoftStop {
    /// When it began.
    pub since_ms: u64,
    /// Another worker goes on: clients that are not told are not hung up on.
    pub succeeded: bool,
}

/// Everything a step of one stream may touch. The streams themselves are not here: a step owns its own.
#[derive(Debug)]
pub struct Env {
    /// The configuration, frozen at boot and kept until exit.
    pub settings: &'static Settings,
    /// Where descriptors are registered.
    pub poller: Poller,
    /// The loop's clock; ticks once a turn.
    pub clock: Clock,
    /// All timers.
    pub wheel: Wheel<Alarm>,
    /// All traffic connections, idle server connections included.
    pub conns: Arena<Connection>,
    /// All client sessions.
    pub sessions: Arena<Session>,
    /// All listeners.
    pub listeners: Arena<Listener>,
    /// Live proxies; a `ProxyId` is a position.
    pub proxies: Vec<Proxy>,
    /// Live servers; a `ServerId` is a position.
    pub servers: Vec<Server>,
    /// Buffers and pipes.
    pub pools: Pools,
    /// Streams with something to do this turn.
    pub run: VecDeque<StreamId>,
    /// Listeners whose clients may be waiting.
    pub ready_listeners: Vec<ListenerId>,
    /// CLI listeners whose clients may be waiting.
    pub cli_listeners: Vec<ListenerId>,
    /// A session ended this turn.
    pub session_ended: bool,
    /// Some listener is held back by a limit that it shares.
    pub held_back: bool,
    /// Connections to close at the end of the turn.
    pub closing: Vec<Connection>,
    /// Log lines.
    pub logger: Logger,
    /// Process-wide counters.
    pub counters: ProcessCounters,
    /// Splicing was forbidden (`-dS`, `nosplice`).
    pub splice_forbidden: bool,
    /// No new sessions: the worker finishes those that it has.
    pub soft_stop: Option<SoftStop>,
    /// Share of the last second spent waiting, in percent.
    pub idle_pct: u64,
    /// What start-up found out.
    pub boot: Boot,
    /// A housekeeping round is set.
    pub housekeeping_set: bool,
    /// Idle server connections wait for their end.
    pub untidy: bool,
    /// The process-wide `maxconn`.
    pub maxconn: u32,
    /// What the process may accept in a second.
    pub rates: RateLimits,
}

impl Env {
    /// The live proxy that `id` names.
    #[inline]
    pub fn proxy(&mut self, id: ProxyId) -> &mut Proxy {
        &mut self.proxies[id.0 as usize]
    }

    /// The live server that `id` names.
    #[inline]
    pub fn server(&mut self, id: ServerId) -> &mut Server {
        &mut self.servers[id.0 as usize]
    }

    /// What the operator said about a proxy.
    #[inline]
    pub fn proxy_settings(&self, id: ProxyId) -> &'static crate::settings::Proxy {
        &self.settings.proxies[id.0 as usize]
    }

    /// Whether a soft stop is under way.
    #[inline]
    pub fn stopping(&self) -> bool {
        self.soft_stop.is_some()
    }

    /// Until when a soft stop lets the client of this session be idle; `None` when it is left to the timeouts.
    pub fn idle_until_ms(&self, session: SessionId) -> Option<u64> {
        let told_only = self.soft_stop?.succeeded || self.closes_on_response(session);
        match told_only && self.settings.global.close_spread == CloseSpread::AtOnce {
            true => None,
            false => self.closes_at_ms(session),
        }
    }

    /// `option idle-close-on-response`: clients are only told.
    pub fn closes_on_response(&self, session: SessionId) -> bool {
        let frontend = self.sessions.get(session).map(|session| session.frontend);
        frontend.is_some_and(|id| self.proxy_settings(id).options.idle_close_on_response)
    }

    /// When a soft stop closes the persistent connection of a client; `None` when it does not.
    fn closes_at_ms(&self, session: SessionId) -> Option<u64> {
        let since_ms = self.soft_stop?.since_ms;
        match self.settings.global.close_spread {
            CloseSpread::AtOnce => Some(since_ms),
            // Neighbours in the arena are spread evenly (a Weyl sequence of the golden ratio).
            CloseSpread::Over(ms) => {
                let share = u64::from(session.index.wrapping_mul(0x9E37_79B9));
                Some(since_ms + (ms.saturating_mul(share) >> 32))
            }
            CloseSpread::Never => None,
        }
    }

    /// Whether a client is to be told that its connection closes behind this response.
    #[inline]
    pub fn parts_with(&self, session: SessionId) -> bool {
        self.stopping() && self.closes_at_ms(session).is_some_and(|at| at <= self.now_ms())
    }

    /// Whether a client that was not told is hung up on behind its response.
    #[inline]
    pub fn hangs_up_on(&self, session: SessionId) -> bool {
        self.soft_stop.is_some_and(|stop| !stop.succeeded)
            && self.parts_with(session)
            && !self.closes_on_response(session)
    }

    /// Milliseconds on the loop's clock.
    #[inline]
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Takes a connection out of its arena; its descriptor is closed at the end of the turn.
    pub fn close(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.remove(id) {
            self.closing.push(conn);
        }
    }

    /// Closes a server's connection from our side. Without its FIN it would be we who keep the port in
    /// TIME_WAIT, so it is reset, as in the reference.
    pub fn close_first(&mut self, id: ConnId) {
        match self.conns.get(id).is_some_and(|c| c.ended()) {
            true => self.close(id),
            false => self.reset(id),
        }
    }

    /// Closes with a reset.
    pub fn reset(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.remove(id) {
            conn.reset_on_close();
            self.closing.push(conn);
        }
    }

    /// Sends a message about a proxy to its log targets.
    pub fn tell(&mut self, proxy: ProxyId, level: Level, text: &str) {
        let settings = self.proxy_settings(proxy);
        self.logger.send(&settings.logs, self.tag(proxy), level, text.as_bytes(), &self.clock);
    }

    /// Sends a message about the process to the global log targets.
    pub fn tell_all(&mut self, level: Level, text: &str) {
        let global = &self.settings.global;
        let tag = global.log_tag.as_deref().unwrap_or(TAG_DEFAULT);
        self.logger.send(&global.logs, tag, level, text.as_bytes(), &self.clock);
    }

    /// The tag of a proxy's log lines.
    #[inline]
    pub fn tag(&self, proxy: ProxyId) -> &'static str {
        let own = self.proxy_settings(proxy).log_tag.as_deref();
        own.or(self.settings.global.log_tag.as_deref()).unwrap_or(TAG_DEFAULT)
    }

    /// The session that `id` names; sessions outlive their streams.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(id)
    }
}
