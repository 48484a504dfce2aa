//! What CLI commands see of the live objects. The worker implements [`World`].

use super::change::Change;
use crate::base::clock::WallTime;
use crate::metrics::{
    BackendCounters, Family, FrontendCounters, ListenerCounters, ProcessCounters, ServerCounters,
};
use crate::settings::global::CliLevel;
use crate::settings::{self};
use crate::sys::addr::SockAddr;
use crate::wire::http1::HeadError;

/// The running process.
///
/// Positions count from 0 without gaps; one behind the last gives `None`. What changes
/// something is in [`Change`].
pub trait World: Change {
    /// The process as a whole.
    fn info(&self) -> InfoView<'_>;
    /// Proxies in order of declaration, the internal ones left out.
    fn proxy(&self, at: usize) -> Option<ProxyView<'_>>;
    /// Listeners of a proxy.
    fn listener(&self, proxy: usize, at: usize) -> Option<ListenerView<'_>>;
    /// Servers of a proxy.
    fn server(&self, proxy: usize, at: usize) -> Option<ServerView<'_>>;
    /// The first session in slot `from` or a later one; a session's slot never changes.
    fn session_from(&self, from: usize) -> Option<SessionView<'_>>;
    /// The first connection in slot `from` or a later one; its slot never changes.
    fn connection_from(&self, from: usize) -> Option<ConnectionView>;
    /// The last malformed message of a proxy.
    fn bad_message(&self, proxy: usize, direction: Direction) -> Option<BadMessageView<'_>>;
    /// CLI sockets.
    fn cli_socket(&self, at: usize) -> Option<CliSocketView<'_>>;
}

/// The process (`show info`).
#[derive(Clone, Copy, Debug)]
pub struct InfoView<'a> {
    /// Version as `-v` prints it.
    pub version: &'a str,
    /// Date of the release, `2026/11/21`.
    pub release_date: &'a str,
    /// Process id.
    pub pid: u32,
    /// The loop's clock.
    pub now_ms: u64,
    /// The wall clock.
    pub wall: WallTime,
    /// When the process started: microseconds since 1970.
    pub start_micros: u64,
    /// Microseconds since the start.
    pub uptime_micros: u64,
    /// Descriptors that the process may have.
    pub ulimit_n: u64,
    /// Descriptors that the configuration may need.
    pub maxsock: u64,
    /// Client connections allowed.
    pub maxconn: u64,
    /// Client connections allowed at the start: the most that may be allowed.
    pub maxconn_hard: u64,
    /// Connections that may be accepted in a second; 0 = no limit.
    pub conn_rate_limit: u32,
    /// Sessions that may begin in a second; 0 = no limit.
    pub sess_rate_limit: u32,
    /// Client connections now.
    pub conns: u64,
    /// Pipes allowed.
    pub maxpipes: u64,
    /// The global section, for the configured limits, node and description.
    pub global: &'a settings::Global,
    /// Name of the machine, for a configuration without `node`.
    pub node: &'a str,
    /// Counters.
    pub counters: &'a ProcessCounters,
    /// Streams, listeners and other things that wait for something.
    pub tasks: u64,
    /// Streams with something to do now.
    pub run_queue: u64,
    /// Share of the last second spent waiting, in percent.
    pub idle_pct: u64,
    /// Draining (SIGUSR1).
    pub stopping: bool,
    /// Connections and listeners that keep the process alive.
    pub jobs: u64,
    /// Open listeners.
    pub listeners: u64,
    /// Bytes in buffers, lent and kept.
    pub pool_bytes: u64,
    /// Of these, lent.
    pub pool_used_bytes: u64,
    /// Log lines lost.
    pub log_dropped: u64,
    /// What is held now.
    pub held: HeldView,
    /// The workers before this one.
    pub family: Family,
}

/// Live objects, counted where they are kept: what must come back to where it was when the traffic has gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeldView {
    /// Connections of clients and to servers, idle ones included.
    pub conns: u64,
    /// Client sessions.
    pub sessions: u64,
    /// Streams.
    pub streams: u64,
    /// Listeners, those of the CLI included.
    pub listeners: u64,
    /// Timers that something waits for; the periodic tidying is not counted.
    pub timers: u64,
    /// Idle server connections.
    pub idle_server_conns: u64,
    /// Buffers lent.
    pub buffers: u64,
    /// Most buffers lent at once.
    pub buffers_max: u64,
    /// Pipes lent.
    pub pipes: u64,
    /// Most pipes lent at once.
    pub pipes_max: u64,
    /// Times that a pipe was wanted and could not be had.
    pub pipes_refused: u64,
    /// Pipes kept open for the next use.
    pub pipes_idle: u64,
}

/// Whether a frontend or listener takes clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontState {
    /// Yes.
    Open,
    /// No: its limit is reached (listeners only).
    Full,
    /// No: a limit that it shares is reached, or it ran out of something (listeners only).
    Waiting,
    /// No: paused by the operator.
    Paused,
    /// No: stopped.
    Stop,
}

impl FrontState {
    /// The word in the `status` column.
    pub const fn word(self) -> &'static str {
        match self {
            FrontState::Open => "OPEN",
            FrontState::Full => "FULL",
            FrontState::Waiting => "WAITING",
            FrontState::Paused => "PAUSED",
            FrontState::Stop => "STOP",
        }
    }
}

/// A proxy with both its sides.
#[derive(Clone, Copy, Debug)]
pub struct ProxyView<'a> {
    /// What the operator said.
    pub settings: &'a settings::Proxy,
    /// Frontend side.
    pub state: FrontState,
    /// Frontend's limit of sessions now.
    pub maxconn: u64,
    /// Frontend side.
    pub fe: &'a FrontendCounters,
    /// Backend side.
    pub be: &'a BackendCounters,
    /// The backend's `fullconn`, or what was computed for it.
    pub fullconn: u64,
    /// Seconds since the backend went up or down.
    pub last_change_secs: u64,
    /// Seconds that the backend was down in all.
    pub down_secs: u64,
}

/// A listener; `show stat` shows those of proxies with `option socket-stats`.
#[derive(Clone, Copy, Debug)]
pub struct ListenerView<'a> {
    /// `name` of the bind line, else `sock-<id>`.
    pub name: &'a str,
    /// Id in the proxy.
    pub id: u32,
    /// Where it listens.
    pub address: &'a SockAddr,
    /// Whether it takes clients.
    pub state: FrontState,
    /// `maxconn` of the bind line; 0 = no limit.
    pub maxconn: u64,
    /// Its descriptor, if it is open.
    pub fd: Option<i32>,
    /// Counters.
    pub counters: &'a ListenerCounters,
}

/// Whether a server takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// Up, and nobody checks.
    NoCheck,
    /// Up.
    Up,
    /// Down: a check failed, or its name could not be resolved.
    Down,
    /// Set aside by the operator.
    Maint,
    /// Takes no new clients.
    Drain,
}

impl ServerState {
    /// The word in the `status` column.
    pub const fn word(self) -> &'static str {
        match self {
            ServerState::NoCheck => "no check",
            ServerState::Up => "UP",
            ServerState::Down => "DOWN",
            ServerState::Maint => "MAINT",
            ServerState::Drain => "DRAIN",
        }
    }

    /// Whether it counts as up.
    pub const fn is_up(self) -> bool {
        matches!(self, ServerState::NoCheck | ServerState::Up | ServerState::Drain)
    }
}

/// A server.
#[derive(Clone, Copy, Debug)]
pub struct ServerView<'a> {
    /// What the operator said.
    pub settings: &'a settings::Server,
    /// Whether it takes requests.
    pub state: ServerState,
    /// Where it is; `None` while unresolved.
    pub address: Option<&'a SockAddr>,
    /// The persistence cookie that leads to it.
    pub cookie: Option<&'a str>,
    /// Weight now.
    pub weight: u32,
    /// How many sixteenths of it count.
    pub sixteenths: u32,
    /// It came back and takes up its load step by step.
    pub starts_slowly: bool,
    /// Slots now; 0 = no limit.
    pub maxconn: u64,
    /// Counters.
    pub counters: &'a ServerCounters,
    /// Idle connections kept.
    pub idle: u64,
    /// Of these, those safe for any request.
    pub idle_safe: u64,
    /// Connections in use.
    pub used: u64,
    /// It was in maintenance at some time since the start.
    pub was_set_aside: bool,
    /// Connections thought to be needed, by the load of late.
    pub needed: u64,
    /// Seconds since it went up or down.
    pub last_change_secs: u64,
    /// Seconds that it was down in all.
    pub down_secs: u64,
}

/// A connection (`show fd`).
#[derive(Clone, Copy, Debug)]
pub struct ConnectionView {
    /// Its slot.
    pub slot: usize,
    /// Its descriptor.
    pub fd: i32,
    /// Who is there: `client`, `server`, `idle server`, `cli`.
    pub end: &'static str,
    /// How it is connected, as in [`SessionView`].
    pub proto: &'static str,
    /// Milliseconds since a byte moved.
    pub quiet_ms: u64,
}

/// A session (`show sess`).
#[derive(Clone, Debug)]
pub struct SessionView<'a> {
    /// Its slot.
    pub slot: usize,
    /// What names it to the operator; never used again for another session soon.
    pub id: u64,
    /// How the client is connected: `tcpv4`, `tcpv6`, `mptcpv4`, `mptcpv6`, `unix_stream`.
    pub proto: &'a str,
    /// Where the client is.
    pub client: SockAddr,
    /// Where the client connected to.
    pub local: SockAddr,
    /// Id of the listener.
    pub listener_id: u32,
    /// When it was accepted.
    pub accept: WallTime,
    /// Milliseconds since then.
    pub age_ms: u64,
    /// `name` of the listener's bind line.
    pub listener: Option<&'a str>,
    /// Where the client arrived.
    pub frontend: &'a settings::Proxy,
    /// The backend, once chosen.
    pub backend: Option<&'a settings::Proxy>,
    /// The server, once chosen.
    pub server: Option<&'a settings::Server>,
    /// Where the server is, once chosen.
    pub server_address: Option<SockAddr>,
    /// Where the connection to the server came from.
    pub source: Option<SockAddr>,
    /// What it is doing, in a word.
    pub phase: &'a str,
    /// Client's descriptor.
    pub client_fd: Option<i32>,
    /// Server's descriptor.
    pub server_fd: Option<i32>,
    /// Bytes of the request held here.
    pub request_held: u64,
    /// Bytes of the response held here.
    pub response_held: u64,
    /// Bytes received from the client so far.
    pub bytes_in: u64,
    /// Bytes sent to the client so far.
    pub bytes_out: u64,
    /// Milliseconds until it times out, if ever.
    pub expires_ms: Option<u64>,
    /// Connection attempts repeated.
    pub retries: u32,
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    Request,
    Response,
}

/// A malformed message (`show errors`). Proxies and servers are told by name and id.
#[derive(Clone, Copy, Debug)]
pub struct BadMessageView<'a> {
    /// When it was refused.
    pub when: WallTime,
    /// Its number in the process, from 0.
    pub event: u64,
    /// Where the client arrived.
    pub frontend: (&'a str, u32),
    /// Where its request was sent, if it was.
    pub backend: Option<(&'a str, u32)>,
    /// The server, once chosen.
    pub server: Option<(&'a str, u32)>,
    /// The client.
    pub client: &'a SockAddr,
    /// Id of its listener.
    pub listener_id: u32,
    /// What is wrong, and at which of `bytes`.
    pub error: HeadError,
    /// What waited of it in a buffer.
    pub bytes: &'a [u8],
    /// Bytes that a buffer holds.
    pub capacity: usize,
}

/// A CLI socket.
#[derive(Clone, Copy, Debug)]
pub struct CliSocketView<'a> {
    /// Address in the form of a bind line, e.g. `unix@/run/x.sock`.
    pub address: &'a str,
    /// Level of its connections.
    pub level: CliLevel,
}
