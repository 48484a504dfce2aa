//! The last malformed request and response of a proxy, for `show errors`.

use crate::base::clock::WallTime;
use crate::base::ids::{ProxyId, ServerId};
use crate::sys::addr::SockAddr;
use crate::wire::http1::HeadError;

/// A malformed message: what waited of it in a buffer when it was refused, and whose it was.
#[derive(Clone, Debug)]
pub struct BadMessage {
    /// When it was refused.
    pub when: WallTime,
    /// Its number in the process, from 0.
    pub event: u64,
    /// Where the client arrived.
    pub frontend: ProxyId,
    /// Where its request was sent, if it was.
    pub backend: Option<ProxyId>,
    /// The server, once chosen.
    pub server: Option<ServerId>,
    /// The client.
    pub client: SockAddr,
    /// Id of its listener.
    pub listener_id: u32,
    /// What is wrong, and at which of `bytes`.
    pub error: HeadError,
    /// At most one buffer.
    pub bytes: Vec<u8>,
    /// Bytes that a buffer holds.
    pub capacity: usize,
}

/// Those that a proxy keeps: as a frontend and as a backend, each until the next one comes.
#[derive(Clone, Debug, Default)]
pub struct BadMessages {
    /// Of its clients.
    pub request: Option<Box<BadMessage>>,
    /// Of its servers.
    pub response: Option<Box<BadMessage>>,
}

impl BadMessages {
    /// Keeps a message with a copy of `bytes`, in the place and the memory of the one before.
    pub fn keep(slot: &mut Option<Box<BadMessage>>, message: BadMessage, bytes: &[u8]) {
        let mut kept = slot.take().map(|old| old.bytes).unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(bytes);
        *slot = Some(Box::new(BadMessage { bytes: kept, ..message }));
    }
}
