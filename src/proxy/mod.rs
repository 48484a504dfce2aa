//! A live proxy and server: state, limits, queue, idle connections.

pub mod limits;
pub mod listener;
pub mod server;

pub use listener::{Listener, ListenerId};
pub use server::Server;

use crate::balance::roundrobin::RoundRobin;
use crate::base::ids::{ProxyId, ServerId};
use crate::metrics::{BackendCounters, FrontendCounters};
use std::collections::VecDeque;

/// One proxy while it runs. What never changes is in the settings at the same position.
#[derive(Debug)]
pub struct Proxy {
    /// Its position.
    pub id: ProxyId,
    /// Its listeners.
    pub listeners: Vec<ListenerId>,
    /// Most client connections it takes.
    pub maxconn: u32,
    /// Frontend side.
    pub fe: FrontendCounters,
    /// Backend side.
    pub be: BackendCounters,
    /// Who is next.
    pub round_robin: RoundRobin,
    /// Streams waiting for any server of this backend.
    pub queue: VecDeque<crate::base::ids::Id<crate::proxy::Waiter>>,
    /// Its servers.
    pub servers: Vec<ServerId>,
    /// Someone reads its log lines.
    pub logs: bool,
}

/// Stands for a stream in queues: streams are declared above this room, an id carries over unchanged.
#[derive(Debug)]
pub struct Waiter;
