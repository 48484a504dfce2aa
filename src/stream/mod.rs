//! One exchange from client to log line: session, phase, route, connect, forward, finish.
//!
//! ```text
//!            http            tcp
//!  Request ------> Route <------ (accept)
//!     ^              |  \____________________ no server / refused ___
//!     |              v                                               \
//!     |            Queue --timeout--> Reply                           v
//!     |              v                                              Reply (http) / close (tcp)
//!     |          Connect <--- Backoff (1 s turn-around)
//!     |              |  \__fail__/
//!     |              v
//!     |           Exchange (request and response flow)
//!     |              |
//!     +-keep-alive---+---close---> Linger (drain the client) ---> Closed
//! ```

pub mod abort;
pub mod connect;
pub mod env;
pub mod finish;
pub mod forward;
pub mod http;
pub mod key;
pub mod outcome;
pub mod record;
pub mod route;
pub mod session;
pub mod step;
pub mod tcp;
pub mod timeouts;

use crate::base::ids::{Id, ProxyId, ServerId};
use crate::base::wheel::TimerKey;
use crate::channel::Channel;
use crate::conn::ConnId;
use crate::conn::mux::Body;
pub use env::{Alarm, Boot, Env, Pools, RateLimits};
pub use outcome::{Cause, Outcome, Stage};
pub use session::Session;

/// Id of a stream in its arena.
pub type StreamId = Id<Stream>;
/// Id of a session in its arena.
pub type SessionId = Id<Session>;

/// What a stream is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request head (HTTP).
    Request,
    /// The request's body (`option http-buffer-request`).
    Hold,
    /// A decision: which backend, which server.
    Route,
    /// A slot on the server or the backend.
    Queue,
    /// connect(2) to complete.
    Connect,
    /// The turn-around time before the same server is tried again.
    Backoff,
    /// Bytes, both ways.
    Exchange,
    /// A reply made here to leave, then the client to close.
    Reply,
    /// The client to take the last bytes and close, so that our close does not reset them away.
    Linger,
    /// Nothing: the stream is over.
    Closed,
}

/// What a phase says when it has done what it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Go on in this phase now.
    Go(Phase),
    /// Wait for an event or a timer.
    Wait,
    /// A budget was spent: run again, after the others.
    Again,
}

/// Times of an exchange on the loop's clock, in ms; `None` where it never got.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// The first byte of the request was looked for.
    pub start_ms: u64,
    /// The request head was complete.
    pub request_ms: Option<u64>,
    /// A server was assigned: the time in queues ends.
    pub assigned_ms: Option<u64>,
    /// The connection to the server stood.
    pub connected_ms: Option<u64>,
    /// The response head was complete.
    pub response_ms: Option<u64>,
}

/// One exchange. In TCP mode it lives as long as its session; in HTTP mode it is used again for
/// each request of a persistent connection.
#[derive(Debug)]
pub struct Stream {
    /// Its own id.
    pub id: StreamId,
    /// Its session.
    pub session: SessionId,
    /// The client's connection.
    pub front: ConnId,
    /// The server's connection.
    pub back: Option<ConnId>,
    /// Where the client arrived.
    pub frontend: ProxyId,
    /// Where the exchange goes, once routed.
    pub backend: Option<ProxyId>,
    /// Where the session's exchanges went last.
    pub last_backend: Option<ProxyId>,
    /// The server chosen.
    pub server: Option<ServerId>,
    /// What it waits for.
    pub phase: Phase,
    /// Its frontend is in HTTP mode.
    pub is_http: bool,
    /// It stands in the run queue.
    pub queued: bool,
    /// In a queue: the one server that will do, when its key says so.
    pub waits_for: Option<ServerId>,
    /// Its client waited in the listener's queue behind a limit.
    pub waited_outside: bool,
    /// It is counted in at its backend.
    pub in_backend: bool,
    /// It holds one of its server's slots.
    pub holds_slot: bool,
    /// Its server counts it as a session: a connection was taken or an attempt at one was made.
    pub in_server: bool,
    /// The exchange was logged and counted.
    pub concluded: bool,
    /// The line was written already (`option logasap`).
    pub logged: bool,
    /// Connection attempts were moved to another server: no cookie counts any more.
    pub redispatched: bool,
    /// The server that they left, until the next one is found.
    pub left_server: Option<ServerId>,
    /// `rt`: its number in the process, from 0, once it has one.
    pub request_counter: Option<u32>,
    /// Where the connection to the server came from and went, for log lines that tell it.
    pub back_addresses: Option<Box<record::BackAddresses>>,
    /// Connection attempts that failed.
    pub retries: u32,
    /// Client to server.
    pub req: Channel,
    /// Server to client.
    pub res: Channel,
    /// Judges `req`.
    pub req_body: Body,
    /// Judges `res`.
    pub res_body: Body,
    /// What HTTP mode needs besides.
    pub http: Option<Box<http::Exchange>>,
    /// Its one entry in the wheel, and when that fires.
    pub timer: Option<(TimerKey, u64)>,
    /// When the present phase gives up (connect, queue, backoff, request, linger).
    pub phase_deadline_ms: Option<u64>,
    /// How it ended, once known.
    pub outcome: Option<Outcome>,
    /// Its times.
    pub marks: Marks,
    /// Its turns in the queues it waited in: server's, backend's.
    pub queue_positions: (u32, u32),
}

impl Stream {
    /// A stream for a session just accepted, in TCP mode.
    pub fn new(id: StreamId, session: SessionId, front: ConnId, frontend: ProxyId, now_ms: u64) -> Self {
        Stream {
            id,
            session,
            front,
            back: None,
            frontend,
            backend: None,
            last_backend: None,
            server: None,
            phase: Phase::Route,
            is_http: false,
            queued: false,
            waits_for: None,
            waited_outside: false,
            in_backend: false,
            holds_slot: false,
            in_server: false,
            concluded: false,
            logged: false,
            redispatched: false,
            left_server: None,
            request_counter: None,
            back_addresses: None,
            retries: 0,
            req: Channel::default(),
            res: Channel::default(),
            req_body: Body::Tunnel,
            res_body: Body::Tunnel,
            http: None,
            timer: None,
            phase_deadline_ms: None,
            outcome: None,
            marks: Marks { start_ms: now_ms, ..Marks::default() },
            queue_positions: (0, 0),
        }
    }

    /// Notes how it ends, unless that is known already: the first cause is the true one.
    pub fn conclude(&mut self, cause: Cause, stage: Stage) {
        if self.outcome.is_none() {
            self.outcome = Some(Outcome::new(cause, stage));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::Connection;

    /// What an idle TCP session costs: its stream, its session, two connections and a timer. Growing any
    /// of them shows here first.
    #[test]
    fn an_idle_session_stays_small() {
        let sizes = [size_of::<Stream>(), size_of::<Session>(), 2 * size_of::<Connection>()];
        assert!(sizes.iter().sum::<usize>() <= 1024, "{sizes:?}");
    }
}
