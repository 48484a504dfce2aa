//! What commands may change of the live objects. The worker implements [`Change`].

pub use crate::proxy::server::Admin;
use std::net::SocketAddr;

/// A server by the positions of [`World`](super::view::World).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerAt {
    /// Of its proxy.
    pub proxy: usize,
    /// In its proxy.
    pub nth: usize,
}

/// Which rate `set rate-limit` limits, for the whole process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Connections accepted in a second.
    Connections,
    /// Sessions begun in a second.
    Sessions,
}

/// Whether a frontend took a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontendChange {
    /// Yes.
    Made,
    /// It was so already.
    Already,
    /// Its sockets are closed for good.
    WasShutDown,
    /// The kernel does not let all of its sockets listen again.
    Failed,
}

/// The changes. A position without an object changes nothing.
pub trait Change {
    /// `clear counters`, with `all` the totals too.
    fn clear_counters(&mut self, all: bool);
    /// Sets a server's weight, 0..=256, at once.
    fn set_weight(&mut self, at: ServerAt, weight: u32);
    /// Sets what the operator wants of a server; those who wait for one may get it now.
    fn set_admin(&mut self, at: ServerAt, admin: Admin);
    /// Moves a server: new connections go there, idle ones to the old address are closed.
    fn set_address(&mut self, at: ServerAt, address: SocketAddr);
    /// Whether a backend makes dynamic cookies for its servers.
    fn set_dynamic_cookies(&mut self, proxy: usize, on: bool);
    /// Sets what the dynamic cookies of a backend are hashed with.
    fn set_cookie_key(&mut self, proxy: usize, key: &str);
    /// Sets a server's slots; 0 is no limit.
    fn set_server_maxconn(&mut self, at: ServerAt, maxconn: u32);
    /// Sets a frontend's limit; 0 lets nobody in.
    fn set_frontend_maxconn(&mut self, proxy: usize, maxconn: u32);
    /// Sets the limit of the process.
    fn set_process_maxconn(&mut self, maxconn: u32);
    /// Sets a rate in units a second; 0 is no limit.
    fn set_rate(&mut self, rate: Rate, per_second: u32);
    /// Stops a frontend from taking clients; its TCP ports refuse them.
    fn pause_frontend(&mut self, proxy: usize) -> FrontendChange;
    /// Undoes [`pause_frontend`](Self::pause_frontend).
    fn resume_frontend(&mut self, proxy: usize) -> FrontendChange;
    /// Closes a frontend's sockets for good; its sessions go on.
    fn stop_frontend(&mut self, proxy: usize) -> FrontendChange;
    /// Ends the session with this id; `false` when there is none.
    fn kill_session(&mut self, id: u64) -> bool;
    /// Ends all sessions on a server.
    fn kill_server_sessions(&mut self, at: ServerAt);
}
