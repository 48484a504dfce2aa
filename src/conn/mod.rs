//! A connection: descriptor, readiness, transport and mux.

pub mod mux;
pub mod transport;

use crate::base::ids::{Id, ServerId};
use crate::event::readiness::Readiness;
use crate::net::protocol::{Protocol, Row};
use crate::sys::{socket, sockopt};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Id of a connection in its arena.
pub type ConnId = Id<Connection>;

/// Who is told about events on a connection. The numbers are a stream's id: streams are declared
/// above this room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The client's end of a stream.
    Front {
        /// Stream index.
        index: u32,
        /// Stream generation.
        generation: u32,
    },
    /// The server's end of a stream.
    Back {
        /// Stream index.
        index: u32,
        /// Stream generation.
        generation: u32,
    },
    /// The CLI.
    Cli,
    /// Idle, kept for reuse with this server.
    Idle(ServerId),
}

/// One socket that carries traffic.
#[derive(Debug)]
pub struct Connection {
    fd: OwnedFd,
    /// The row its socket was made from.
    pub configured: &'static Row,
    /// Who is told.
    pub owner: Owner,
    /// What may be tried without EAGAIN.
    pub ready: Readiness,
    /// What its socket speaks, as opposed to what was configured; `None` until someone asks the kernel.
    negotiated: Option<Protocol>,
    /// connect(2) has not completed.
    pub connecting: bool,
    /// The peer's end of stream was read.
    pub at_end: bool,
    /// We sent our FIN.
    pub write_shut: bool,
    /// This kind of socket refused splice(2).
    pub no_splice: bool,
    sent_once: bool,
    nodelay: bool,
    /// Requests this server connection has carried before the current one.
    pub reuses: u32,
    /// The server authenticated this connection, not a request: it serves one client only.
    pub is_private: bool,
    /// Index and generation of the client's session that it is kept for, while it is idle or after.
    pub private_to: Option<(u32, u32)>,
    /// Last time a byte moved, on the loop's clock.
    pub last_activity_ms: u64,
    /// Last time a byte came, or that it was waited for anew (`option independent-streams`).
    pub last_read_ms: u64,
}

impl Connection {
    /// A connection just accepted from a listener of the row `configured`. Its listener has TCP_NODELAY
    /// set, which accepted sockets inherit. It speaks `negotiated`.
    pub fn accepted(
        fd: OwnedFd,
        configured: &'static Row,
        negotiated: Protocol,
        owner: Owner,
        now_ms: u64,
    ) -> Self {
        let mut c = Self::new(fd, configured, owner, now_ms);
        c.nodelay = true;
        c.negotiated = Some(negotiated);
        c
    }

    /// A connection on its way to a server.
    pub fn connecting(
        fd: OwnedFd,
        configured: &'static Row,
        protocol: Protocol,
        owner: Owner,
        now_ms: u64,
    ) -> Self {
        let mut c = Self::new(fd, configured, owner, now_ms);
        c.connecting = true;
        c.negotiated = Some(protocol);
        c.nodelay = protocol == Protocol::Unix;
        c
    }

    fn new(fd: OwnedFd, configured: &'static Row, owner: Owner, now_ms: u64) -> Self {
        Connection {
            fd,
            configured,
            owner,
            ready: Readiness::default(),
            negotiated: None,
            connecting: false,
            at_end: false,
            write_shut: false,
            no_splice: false,
            sent_once: false,
            nodelay: false,
            reuses: 0,
            is_private: false,
            private_to: None,
            last_activity_ms: now_ms,
            last_read_ms: now_ms,
        }
    }

    /// Bytes came, or are waited for from now on.
    #[inline]
    pub fn note_read(&mut self, now_ms: u64) {
        (self.last_activity_ms, self.last_read_ms) = (now_ms, now_ms);
    }

    /// The descriptor.
    #[inline]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// What the socket speaks, asking the kernel the first time (one getsockopt SO_PROTOCOL).
    pub fn negotiated(&mut self) -> Protocol {
        match self.negotiated {
            Some(protocol) => protocol,
            None => {
                // A socket that will not say is treated as the kind that allows least.
                let protocol = Protocol::of(self.fd()).unwrap_or(Protocol::Mptcp);
                self.negotiated = Some(protocol);
                protocol
            }
        }
    }

    /// What is known without asking the kernel.
    pub fn known_protocol(&self) -> Option<Protocol> {
        self.negotiated
    }

    /// Whether a read is worth trying.
    #[inline]
    pub fn may_read(&self) -> bool {
        !self.at_end && self.ready.contains(Readiness::READABLE)
    }

    /// Whether a short read together with a seen FIN proves that the stream has ended. True for plain TCP
    /// only: one receive queue, read to its end in one call.
    #[inline]
    fn short_read_at_fin_is_end(&self) -> bool {
        self.negotiated == Some(Protocol::Tcp) && !self.ready.contains(Readiness::PRIORITY)
    }

    /// Sets TCP_NODELAY before the second send: the first is never delayed (RFC 896 holds back a small
    /// segment only while another is unacknowledged), and short connections save the call.
    #[inline]
    fn before_send(&mut self) {
        if self.nodelay {
            return;
        }
        if self.sent_once {
            self.nodelay = true;
            let _ = sockopt::nodelay(self.fd(), true);
        }
        self.sent_once = true;
    }

    /// Sends our FIN once.
    pub fn shut_write(&mut self) {
        if !self.write_shut {
            self.write_shut = true;
            let _ = socket::shutdown(self.fd(), socket::How::Write);
        }
    }

    /// Makes close(2) send a reset: RST on TCP, MP_FASTCLOSE on MPTCP.
    pub fn reset_on_close(&self) {
        let _ = sockopt::linger0(self.fd());
    }

    /// Whether the peer has ended its side, read to the end or not.
    #[inline]
    pub fn ended(&self) -> bool {
        self.at_end || self.ready.contains(Readiness::READ_CLOSED)
    }

    /// Whether the kernel reported an error or a full hang-up.
    #[inline]
    pub fn broken(&self) -> bool {
        self.ready.contains(Readiness::ERROR)
    }
}
