//! The `global` section (configuration.txt chapter 3).

use super::bind::UnixOptions;
use super::logs::{Level, LogTarget};
use crate::base::diag::Place;
use crate::net::address::Address;
use crate::wire::http1::HeaderCases;
use std::path::PathBuf;

/// Process-wide settings.
#[derive(Clone, Debug, Default)]
pub struct Global {
    /// `maxconn`: concurrent connections of the whole process; computed from the descriptor limit when absent.
    pub maxconn: Option<u32>,
    /// `maxconnrate`, `maxsessrate`: accepts and sessions per second.
    pub maxconnrate: Option<u32>,
    /// See `maxconnrate`.
    pub maxsessrate: Option<u32>,
    /// `maxpipes`: pipes for splicing; a quarter of maxconn when absent.
    pub maxpipes: Option<u32>,
    /// `ulimit-n`: descriptors wanted.
    pub ulimit_n: Option<u64>,
    /// `fd-hard-limit`: descriptors never exceeded.
    pub fd_hard_limit: Option<u64>,
    /// `no-mptcp`: plain addresses listen with TCP.
    pub no_mptcp: bool,
    /// `h1-accept-payload-with-any-method`.
    pub h1_payload_with_any_method: bool,
    /// `nosplice`: never splice.
    pub nosplice: bool,
    /// `noreuseport`: listeners do not set SO_REUSEPORT.
    pub noreuseport: bool,
    /// `strict-limits` (on by default, `no strict-limits` clears it): refuse to start when a limit cannot be had.
    pub strict_limits: StrictLimits,
    /// `daemon`.
    pub daemon: bool,
    /// `master-worker`.
    pub master_worker: bool,
    /// `master-worker no-exit-on-failure`: a worker that dies does not end the others.
    pub survives_failure: bool,
    /// `-S`: the supervisor's CLI socket.
    pub master_cli: Option<StatsSocket>,
    /// `mworker-max-reloads`: reloads that an old worker may see before it is stopped.
    pub mworker_max_reloads: Option<u32>,
    /// `quiet`.
    pub quiet: bool,
    /// `zero-warning`.
    pub zero_warning: bool,
    /// `pidfile`.
    pub pidfile: Option<PathBuf>,
    /// `chroot`.
    pub chroot: Option<PathBuf>,
    /// `user` or `uid`, resolved to a number.
    pub uid: Option<u32>,
    /// `group` or `gid`, resolved to a number.
    pub gid: Option<u32>,
    /// `set-dumpable`.
    pub set_dumpable: bool,
    /// `hard-stop-after`.
    pub hard_stop_after_ms: Option<u64>,
    /// `grace`.
    pub grace_ms: Option<u64>,
    /// `close-spread-time`.
    pub close_spread: CloseSpread,
    /// `node`.
    pub node: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `localpeer` or `-L`.
    pub localpeer: Option<String>,
    /// `log` lines.
    pub logs: Vec<LogTarget>,
    /// `log-tag`; "haproxy" when absent, as in the reference.
    pub log_tag: Option<String>,
    /// `log-send-hostname`: the name, resolved at parse time.
    pub log_send_hostname: Option<String>,
    /// `server-state-base`: where relative names of state files begin.
    pub server_state_base: Option<PathBuf>,
    /// `server-state-file`: states of servers of all backends.
    pub server_state_file: Option<PathBuf>,
    /// `h1-case-adjust`, `h1-case-adjust-file`.
    pub header_cases: HeaderCases,
    /// What was said while the configuration was read, as lines.
    pub startup_logs: String,
    /// Names and values of the environment as the configuration left it, in order of name.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// `stats socket` lines.
    pub stats_sockets: Vec<StatsSocket>,
    /// `stats timeout`; 10 s when absent.
    pub stats_timeout_ms: Option<u64>,
    /// `stats maxconn`; 10 when absent.
    pub stats_maxconn: Option<u32>,
    /// `tune.*`.
    pub tune: Tune,
}

/// `strict-limits`, on when the configuration says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrictLimits(pub bool);

impl Default for StrictLimits {
    fn default() -> Self {
        StrictLimits(true)
    }
}

/// The `tune.*` settings that mean something to one thread.
#[derive(Clone, Debug)]
pub struct Tune {
    /// `tune.bufsize`: bytes of one buffer; 16384.
    pub bufsize: usize,
    /// `tune.maxrewrite`: bytes of a buffer kept free for head edits; 1024.
    pub maxrewrite: usize,
    /// `tune.maxaccept`: accepts a listener makes in one turn; 0 = the built-in budget.
    pub maxaccept: u32,
    /// `tune.maxpollevents`: events taken in one wait; 0 = the built-in number (200 in the reference).
    pub maxpollevents: u32,
    /// `tune.pipesize`: bytes of a splice pipe; 0 = the built-in size.
    pub pipesize: usize,
    /// `tune.http.maxhdr`: header lines in one head; 101.
    pub http_maxhdr: u32,
    /// `tune.http.logurilen`: bytes of the request line kept for the log; 1023.
    pub http_logurilen: usize,
    /// `tune.http.cookielen`: bytes that `capture cookie` keeps at most; 63.
    pub http_cookielen: usize,
    /// `tune.idletimer`; unused when absent.
    pub idletimer_ms: Option<u64>,
    /// `tune.rcvbuf.client`.
    pub rcvbuf_client: Option<u32>,
    /// `tune.sndbuf.client`.
    pub sndbuf_client: Option<u32>,
    /// `tune.rcvbuf.server`.
    pub rcvbuf_server: Option<u32>,
    /// `tune.sndbuf.server`.
    pub sndbuf_server: Option<u32>,
    /// `tune.pool-high-fd-ratio` and `tune.pool-low-fd-ratio`, percent: 25 and 20.
    pub pool_high_fd_ratio: u32,
    /// See `pool_high_fd_ratio`.
    pub pool_low_fd_ratio: u32,
}

impl Default for Tune {
    fn default() -> Self {
        Tune {
            bufsize: 16384,
            maxrewrite: 1024,
            maxaccept: 0,
            maxpollevents: 0,
            pipesize: 0,
            http_maxhdr: 101,
            http_logurilen: 1023,
            http_cookielen: 63,
            idletimer_ms: None,
            rcvbuf_client: None,
            sndbuf_client: None,
            rcvbuf_server: None,
            sndbuf_server: None,
            pool_high_fd_ratio: 25,
            pool_low_fd_ratio: 20,
        }
    }
}

/// What a CLI connection may do (management.txt 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum CliLevel {
    /// Reads what is not sensitive.
    User,
    /// Reads everything, changes little. The default.
    #[default]
    Operator,
    /// Everything.
    Admin,
}

/// A `stats socket` line.
#[derive(Clone, Debug)]
pub struct StatsSocket {
    /// Where it was declared.
    pub place: Place,
    /// Where it listens.
    pub address: Address,
    /// `level`.
    pub level: CliLevel,
    /// `mode`, `user`, `group`.
    pub unix: UnixOptions,
    /// `expose-fd listeners`.
    pub expose_fd_listeners: bool,
    /// `maxconn`; the global `stats maxconn` when absent.
    pub maxconn: Option<u32>,
    /// `backlog`.
    pub backlog: Option<u32>,
    /// `name`.
    pub name: Option<String>,
    /// `severity-output`.
    pub severity_output: SeverityOutput,
}

/// `severity-output`: whether CLI answers carry their severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SeverityOutput {
    /// Not shown.
    #[default]
    None,
    /// `[3]:`
    Number,
    /// `[ERR]:` and the like.
    String,
}

/// Level used by messages the process itself sends.
pub const PROCESS_LOG_LEVEL: Level = Level::Notice;

/// How a soft stop ends the clients' persistent connections (`close-spread-time`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CloseSpread {
    /// Idle ones now, the others with their next response.
    #[default]
    AtOnce,
    /// The same, each at its own time within so many ms.
    Over(u64),
    /// `infinite`: only when their clients or their timeouts end them.
    Never,
}
