//! A client's session: one accepted connection, whatever number of streams it carries.

use crate::base::clock::WallTime;
use crate::base::ids::{ProxyId, ServerId};
use crate::conn::ConnId;
use crate::proxy::ListenerId;
use crate::sys::addr::SockAddr;

/// What is known of a client from accept to close.
#[derive(Debug)]
pub struct Session {
    /// The accepted connection.
    pub conn: ConnId,
    /// Where it arrived.
    pub listener: ListenerId,
    /// The proxy it arrived at.
    pub frontend: ProxyId,
    /// The client's address: of MPTCP, that of the initial subflow.
    pub peer: SockAddr,
    /// When it was accepted.
    pub accepted: WallTime,
    /// The same on the loop's clock.
    pub accepted_ms: u64,
    /// Requests so far (HTTP mode).
    pub requests: u32,
    /// Where it last left a server connection that serves nobody else.
    pub last_private: Option<ServerId>,
    /// It has or had a server connection that was authenticated and serves nobody else.
    pub has_private: bool,
}
