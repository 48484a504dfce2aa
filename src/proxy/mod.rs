//! A live proxy and server: state, limits, queue, idle connections.

pub mod bad_message;
pub mod cacheable;
pub mod limits;
pub mod listener;
pub mod persistence;
pub mod queue;
pub mod server;
pub mod slowstart;

pub use listener::{Listener, ListenerId};
pub use server::Server;

use crate::balance::{self, Algorithm, Candidate, ServerView};
use crate::base::ids::{ProxyId, ServerId};
use crate::metrics::{BackendCounters, FrontendCounters};
use bad_message::BadMessages;
use queue::Queue;

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
    /// By position, whether clients are spread over the server: it is up, has a weight, and is no backup while others
    /// serve.
    pub serving: Vec<bool>,
    /// Streams waiting for any server of this backend.
    pub queue: Queue,
    /// `fullconn`: the load at which servers get all their slots.
    pub fullconn: u32,
    /// Some server has `minconn`.
    pub slots_follow_load: bool,
    /// `lc`: log lines written for it as a frontend.
    pub log_lines: u32,
    /// It makes dynamic cookies; the operator may change that.
    pub makes_cookies: bool,
    /// What dynamic cookies are hashed with.
    pub cookie_key: Option<String>,
    /// Why no connection to its servers can be made was logged; that is done once until one can.
    pub not_made_logged: bool,
    /// When it last lost all servers for clients, or came to have one again, on the loop's clock.
    pub changed_ms: u64,
    /// How long it had none before that.
    pub down_ms: u64,
    /// What `show errors` shows of it.
    pub bad: BadMessages,
    /// Its servers.
    pub servers: Vec<ServerId>,
}

impl Proxy {
    /// Takes in who of its servers, in order of declaration, may serve from now on.
    pub fn set_rotation(&mut self, servers: &[Candidate], allbackups: bool) {
        let views: Vec<ServerView> = balance::in_rotation(servers.iter().copied(), allbackups).collect();
        self.serving.clear();
        self.serving.extend(views.iter().map(|view| view.effective_weight() > 0));
        self.balance.update(views);
    }

    /// Whether clients are spread over any server.
    pub fn serves(&self) -> bool {
        self.serving.contains(&true)
    }

    /// How long it had no server for clients until now.
    pub fn down_before(&self, now_ms: u64) -> u64 {
        let since = if self.serves() { 0 } else { now_ms.saturating_sub(self.changed_ms) };
        self.down_ms.saturating_add(since)
    }

    /// Whether clients are spread over any server but the one at `position`.
    pub fn serves_without(&self, position: usize) -> bool {
        self.serving.iter().enumerate().any(|(at, serves)| *serves && at != position)
    }
}

/// Stands for a stream in queues: streams are declared above this room, an id carries over unchanged.
#[derive(Debug)]
pub struct Waiter;
