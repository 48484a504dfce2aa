//! A live server: address, slots, queue and idle connections.

use super::queue::Queue;
use super::slowstart::Slowstart;
use crate::balance::SIXTEENTHS;
use crate::base::ids::{ProxyId, ServerId};
use crate::conn::ConnId;
use crate::metrics::ServerCounters;
use crate::net::address::Ports;
use crate::net::connect::{ConnectSpec, Source, SourcePorts};
use crate::settings::server::UseSrc;
use crate::sys::addr::SockAddr;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Idle connections kept to one server at most, whatever `pool-max-conn` says.
pub const IDLE_CONNS_MAX: usize = 8192;

/// An idle connection and since when it waits.
#[derive(Clone, Copy, Debug)]
pub struct IdleConn {
    /// The connection.
    pub conn: ConnId,
    /// When it became idle, on the loop's clock.
    pub since_ms: u64,
    /// It has carried more than one request.
    pub proven: bool,
}

/// Index and generation of a client's session.
pub type SessionKey = (u32, u32);

/// What the operator wants of a server (management.txt 9.3 `set server`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admin {
    /// It serves.
    Ready,
    /// It goes on with the clients it has.
    Drain,
    /// It is set aside.
    Maint {
        /// By `disabled` in the configuration.
        configured: bool,
    },
}

impl Admin {
    /// Set aside, whoever wanted it.
    pub const fn is_maint(self) -> bool {
        matches!(self, Admin::Maint { .. })
    }
}

/// One server while it runs.
#[derive(Debug)]
pub struct Server {
    /// Its position.
    pub id: ServerId,
    /// Its backend.
    pub backend: ProxyId,
    /// Its position among the backend's servers.
    pub position: usize,
    /// Where it is; `None` when its name could not be resolved.
    pub address: Option<SockAddr>,
    /// Its port, or how it follows from the port that the client connected to.
    pub ports: Ports,
    /// The value of the persistence cookie that leads to it.
    pub cookie: Option<String>,
    /// How to connect.
    pub connect: ConnectSpec,
    /// Where connections come from.
    pub source: SourceAddr,
    /// `usesrc`: connections come from the client's address, or a foreign one.
    pub usesrc: Option<UseSrc>,
    /// What the operator wants of it.
    pub admin: Admin,
    /// Effective weight.
    pub weight: u32,
    /// Exchanges that hold a slot.
    pub slots_used: u32,
    /// Most slots used at once lately: so many connections are worth keeping.
    pub slots_used_peak: u32,
    /// Slots; 0 = no limit.
    pub maxconn: u32,
    /// Slots under full load, `maxconn` of the configuration or of the operator: with `minconn` those of
    /// [`fit_slots`](Self::fit_slots) are fewer.
    pub maxconn_full: u32,
    /// It came back and takes up its load step by step.
    pub slowstart: Option<Slowstart>,
    /// When it went into maintenance or came back, on the loop's clock; negative when that was before this
    /// process.
    pub changed_ms: i64,
    /// Time in maintenance before that.
    pub down_ms: u64,
    /// Most streams waiting; 0 = no limit.
    pub maxqueue: u32,
    /// Streams waiting for a slot.
    pub queue: Queue,
    /// Connections kept for reuse, the freshest last.
    pub idle: Vec<IdleConn>,
    /// The one that each session keeps for itself alone (`http-reuse never`, or a connection that was authenticated); it
    /// ends with the session and counts against no limit of the pool.
    pub private: BTreeMap<SessionKey, ConnId>,
    /// Idle connections kept at most.
    pub idle_max: usize,
    /// Counters.
    pub counters: ServerCounters,
}

/// The `source` of a server, resolved.
#[derive(Debug, Default)]
pub struct SourceAddr {
    /// Local address; `None` leaves it to the kernel.
    pub address: Option<SocketAddr>,
    /// Ports to choose from.
    pub ports: Option<SourcePorts>,
}

impl SourceAddr {
    /// Where the next connection to `dest` comes from. An address of the other family is left to the kernel.
    pub fn of(&mut self, dest: &SockAddr) -> Source<'_> {
        match (self.address, &mut self.ports) {
            (Some(a), _) if dest.ip().is_none_or(|ip| ip.is_ipv4() != a.is_ipv4()) => Source::Any,
            (Some(a), Some(ports)) => Source::Ports(a.ip(), ports),
            (Some(a), None) => Source::Addr(a),
            (None, _) => Source::Any,
        }
    }
}

impl Server {
    /// Whether traffic may be sent to it.
    #[inline]
    pub fn usable(&self) -> bool {
        !self.admin.is_maint() && self.address.is_some()
    }

    /// Whether clients that are new to it may be sent to it, now or when it has a free slot.
    #[inline]
    pub fn takes_clients(&self) -> bool {
        self.usable() && self.weight > 0 && self.admin == Admin::Ready
    }

    /// How much of its weight counts: less than the whole while it starts slowly.
    pub fn sixteenths(&self) -> u32 {
        self.slowstart.as_ref().map_or(SIXTEENTHS, Slowstart::sixteenths)
    }

    /// How long before `now_ms` it last changed between maintenance and service, in ms.
    pub fn unchanged_ms(&self, now_ms: u64) -> u64 {
        u64::try_from((now_ms as i64).saturating_sub(self.changed_ms)).unwrap_or(0)
    }

    /// How long it was down before `now_ms`, in ms.
    pub fn down_before(&self, now_ms: u64) -> u64 {
        let since = if self.admin.is_maint() { self.unchanged_ms(now_ms) } else { 0 };
        self.down_ms.saturating_add(since)
    }

    /// Moves it: new connections go to `address`. A port given as an offset stays one unless it changes.
    pub fn move_to(&mut self, address: SocketAddr) {
        if self.address.as_ref().map(SockAddr::port) != Some(address.port()) {
            self.ports = Ports::Fixed(address.port());
        }
        self.address = Some(SockAddr::Inet(address));
    }

    /// Exchanges that it has or that wait for it.
    #[inline]
    pub fn load(&self) -> u32 {
        self.slots_used.saturating_add(self.queue.len() as u32)
    }

    /// Whether every slot is taken.
    #[inline]
    pub fn full(&self) -> bool {
        let open = |slots| self.slowstart.as_ref().map_or(slots, |start| start.slots(slots));
        self.maxconn > 0 && self.slots_used >= open(self.maxconn)
    }

    /// Sets the slots after the load of the backend: with `minconn` they grow from there to `maxconn` as
    /// the backend's streams approach `fullconn` (configuration.txt 5.2 `minconn`).
    pub fn fit_slots(&mut self, minconn: u32, backend_streams: u64, fullconn: u32) {
        let maxconn = self.maxconn_full;
        if minconn > 0 && maxconn > minconn && fullconn > 0 {
            let share = u64::from(maxconn) * backend_streams / u64::from(fullconn);
            self.maxconn = (share.min(u64::from(maxconn)) as u32).max(minconn);
        }
    }

    /// Forgets an idle connection that was closed; `private_to` is the session that it was kept for, if any.
    pub fn forget_idle(&mut self, conn: ConnId, private_to: Option<SessionKey>) -> bool {
        if let Some(session) = private_to.filter(|session| self.private.get(session) == Some(&conn)) {
            self.private.remove(&session);
            return true;
        }
        let at = self.idle.iter().rposition(|idle| idle.conn == conn);
        at.map(|at| self.idle.remove(at)).is_some()
    }
}
