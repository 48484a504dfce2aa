//! A live proxy and server: state, limits, queue, idle connections.

pub mod limits;
pub mod listener;
pub mod server;

pub use listener::{Listener, ListenerId};
pub use server::Server;

use crate::balance::Algorithm;
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
    pub balance: Algorithm,
    /// Streams waiting for any server of this backend.
    pub queue: VecDeque<crate::base::ids::Id<crate::proxy::Waiter>>,
    /// Most streams in the queue; `None` = no limit of its own (each holds a client connection).
    pub queue_len_max: Option<u32>,
    /// `fullconn`: the load at which servers get all their slots.
    pub fullconn: u32,
    /// Some server has `minconn`.
    pub slots_follow_load: bool,
    /// `lc`: log lines written for it as a frontend.
    pub log_lines: u32,
    /// Its servers.
    pub servers: Vec<ServerId>,
}

/// Stands for a stream in queues: streams are declared above this room, an id carries over unchanged.
#[derive(Debug)]
pub struct Waiter;
