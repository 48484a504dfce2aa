//! Everything that a log line tells about one session or request.

use super::capture::Captured;
use crate::base::clock::WallTime;
use crate::sys::addr::SockAddr;

/// A time that was never reached (`-1` in the line).
pub const UNREACHED: i64 = -1;

/// Durations in milliseconds, [`UNREACHED`] where the session did not get that far
/// (configuration.txt 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// `Th`: from accept to the end of the handshakes below HTTP or the raw session.
    pub handshake_ms: i64,
    /// `Ti`: idle before the request's first byte.
    pub idle_ms: i64,
    /// `TR`: from the request's first byte to its complete head.
    pub request_ms: i64,
    /// `Tw`: in the queue.
    pub queue_ms: i64,
    /// `Tc`: until the server accepted.
    pub connect_ms: i64,
    /// `Tr`: until the response head was complete.
    pub response_ms: i64,
    /// `Td`: from the first byte of the response's body to the end.
    pub data_ms: i64,
    /// `Ta`: from the request's first byte to the end.
    pub active_ms: i64,
    /// `Tt`: from accept to the end.
    pub total_ms: i64,
}

impl Timers {
    /// Nothing reached yet.
    pub const UNREACHED: Timers = Timers {
        handshake_ms: UNREACHED,
        idle_ms: UNREACHED,
        request_ms: UNREACHED,
        queue_ms: UNREACHED,
        connect_ms: UNREACHED,
        response_ms: UNREACHED,
        data_ms: UNREACHED,
        active_ms: UNREACHED,
        total_ms: UNREACHED,
    };
}

/// How much was going on when the session ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// `ac`: connections of the process.
    pub actconn: u64,
    /// `fc`: of the frontend.
    pub feconn: u64,
    /// `bc`: of the backend.
    pub beconn: u64,
    /// `sc`: of the server.
    pub srvconn: u64,
    /// `rc`: connection attempts that were repeated.
    pub retries: u32,
    /// Whether the request was moved to another server: a `+` before `rc`.
    pub redispatched: bool,
    /// `sq`: requests that waited before this one for the server.
    pub srv_queue: u64,
    /// `bq`: requests that waited before this one in the backend.
    pub backend_queue: u64,
}

/// One session or request, as the lines need it (configuration.txt 8.2). It borrows everything, so
/// that making it costs nothing where nothing is logged.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Where the client is.
    pub client: &'a SockAddr,
    /// Where the client connected to.
    pub local: &'a SockAddr,
    /// Id of the listener; it stands for the port where the client has none (unix sockets).
    pub listener_id: u32,
    /// When the connection was accepted.
    pub accept: WallTime,
    /// When the first byte of the request came; the accept date when none did.
    pub request: WallTime,
    /// Name of the frontend.
    pub frontend: &'a str,
    /// `TCP` or `HTTP`, the mode of the frontend.
    pub mode: &'static str,
    /// Name of the backend; the frontend's name when none was chosen.
    pub backend: &'a str,
    /// Name of the server; `None` is written `<NOSRV>`.
    pub server: Option<&'a str>,
    /// Where the time went.
    pub timers: Timers,
    /// Status sent to the client; -1 for none, 0 without HTTP.
    pub status: i32,
    /// `B`: bytes sent to the client.
    pub bytes_out: u64,
    /// `U`: bytes received from the client.
    pub bytes_in: u64,
    /// What `capture` kept of the messages; `None` before a request was understood.
    pub captured: Option<&'a Captured>,
    /// `bi`, `bp`: where the connection to the server came from. Looked up only for formats that write it.
    pub back_source: Option<SockAddr>,
    /// `si`, `sp`: where the connection to the server went.
    pub server_address: Option<SockAddr>,
    /// `ID`: what `unique-id-format` made for this request.
    pub unique_id: Option<&'a [u8]>,
    /// `rt`: number of this request, or session without HTTP, in the process.
    pub request_counter: u32,
    /// `lc`: lines of the frontend before this one.
    pub log_counter: u32,
    /// `tsc`: who ended it, when, and two about persistence cookies. A tcplog line has the first two.
    pub flags: [u8; 4],
    /// Concurrency, retries and queues.
    pub load: Load,
    /// The request line as received, without CRLF, cut to `tune.http.logurilen` bytes; `None`
    /// is written `<BADREQ>`.
    pub request_line: Option<&'a [u8]>,
    /// `option logasap`: the line is written before the end, so the last time and the bytes carry
    /// a `+`.
    pub asap: bool,
}
