//! A live listener: a receiver with its gate and counters.

use crate::base::ids::{Id, ProxyId};
use crate::metrics::ListenerCounters;
use crate::net::listener::{AfterAccept, Gate};
use crate::net::receiver::Receiver;
use crate::sys::addr::SockAddr;

/// Id of a listener in its arena.
pub type ListenerId = Id<Listener>;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Clients of a proxy.
    Proxy(ProxyId),
    /// The CLI; the number is the `stats socket` line's position in the settings.
    Cli(u32),
}

/// One listening socket.
#[derive(Debug)]
pub struct Listener {
    /// The bound socket; `None` once closed.
    pub receiver: Option<Receiver>,
    /// Where it listens.
    pub address: SockAddr,
    /// What for.
    pub purpose: Purpose,
    /// Name in statistics: `name`, else `sock-` and the socket id.
    pub name: String,
    /// Socket id in its proxy.
    pub socket_id: u32,
    /// Whether it accepts, and why not.
    pub gate: Gate,
    /// Its own limit; 0 = none.
    pub maxconn: u32,
    /// Clients its queue holds, as it was asked to listen.
    pub backlog: i32,
    /// Paused by the operator in a way that the kernel refuses clients.
    pub deaf: bool,
    /// Clients may be waiting: an edge was seen and the queue was not emptied since.
    pub pending: bool,
    /// Clients in its queue waited behind a limit: some may have gone.
    pub queue_waits: bool,
    /// Options for accepted sockets that turn out to be plain TCP.
    pub after_accept: AfterAccept,
    /// An accept error was logged during this pause.
    pub pause_logged: bool,
    /// Counters.
    pub counters: ListenerCounters,
}
