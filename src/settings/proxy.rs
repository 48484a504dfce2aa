//! A `frontend`, `backend` or `listen` (configuration.txt chapter 4), `defaults` already merged in.

use super::answers::Answers;
use super::bind::Bind;
use super::cookie::Cookie;
use super::http::Http;
use super::log_format::{Captures, Format};
use super::logs::{LogLine, LogTarget};
use super::server::{Server, Source, WEIGHT_MAX};
use crate::balance::hash::{self, Function};
use crate::balance::uri;
use crate::base::diag::Place;
use crate::base::ids::{ProxyId, ServerId};
use std::path::PathBuf;

/// Which sides a proxy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Frontend,
    Backend,
    Listen,
}

impl Kind {
    /// Whether clients arrive here.
    pub const fn is_frontend(self) -> bool {
        !matches!(self, Kind::Backend)
    }
    /// Whether servers live here.
    pub const fn is_backend(self) -> bool {
        !matches!(self, Kind::Frontend)
    }
    /// The section's word.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Frontend => "frontend",
            Kind::Backend => "backend",
            Kind::Listen => "listen",
        }
    }
}

/// `mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Mode {
    #[default]
    Tcp,
    Http,
}

/// `timeout *` in milliseconds; `None` is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Timeouts {
    pub client_ms: Option<u64>,
    pub client_fin_ms: Option<u64>,
    pub server_ms: Option<u64>,
    pub server_fin_ms: Option<u64>,
    pub connect_ms: Option<u64>,
    /// Connect timeout when absent.
    pub queue_ms: Option<u64>,
    /// Replaces client and server once both ways have carried data (tcp) or after an upgrade (http).
    pub tunnel_ms: Option<u64>,
    /// Client timeout when absent.
    pub http_request_ms: Option<u64>,
    /// http-request timeout, else client timeout, when absent.
    pub http_keep_alive_ms: Option<u64>,
    pub tarpit_ms: Option<u64>,
    pub check_ms: Option<u64>,
}

/// `load-server-state-from-file`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LoadState {
    /// Servers begin as configured.
    #[default]
    None,
    /// As the global `server-state-file` says.
    Global,
    /// As the backend's own file says.
    Local,
}

/// What becomes of connections between two requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HttpMode {
    /// `option http-keep-alive`, the default.
    #[default]
    KeepAlive,
    /// `option http-server-close`
    ServerClose,
    /// `option httpclose`
    Close,
}

/// `option` flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Options {
    pub dontlognull: bool,
    pub dontlog_normal: bool,
    pub logasap: bool,
    pub log_separate_errors: bool,
    pub splice_auto: bool,
    pub splice_request: bool,
    pub splice_response: bool,
    pub nolinger: bool,
    /// `None`: the reference's default (on for http frontends' accept side as it decides).
    pub tcp_smart_accept: Option<bool>,
    pub tcp_smart_connect: bool,
    pub clitcpka: bool,
    pub srvtcpka: bool,
    pub http_mode: HttpMode,
    pub abortonclose: bool,
    pub http_no_delay: bool,
    pub http_ignore_probes: bool,
    pub accept_unsafe_violations_in_http_request: bool,
    pub accept_unsafe_violations_in_http_response: bool,
    pub socket_stats: bool,
    pub checkcache: bool,
    pub contstats: bool,
    pub independent_streams: bool,
    pub transparent: bool,
    pub allbackups: bool,
    pub persist: bool,
    pub prefer_last_server: bool,
    /// `option redispatch [n]`: `None` off; `-1` on the last retry; n every n-th; -n the n-th last.
    pub redispatch: Option<i32>,
    pub idle_close_on_response: bool,
}

/// TCP keep-alive probe settings (`clitcpka-*`, `srvtcpka-*`); `None` leaves the kernel's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TcpKeepalive {
    pub count: Option<u32>,
    pub idle_s: Option<u32>,
    pub interval_s: Option<u32>,
}

/// `balance`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Balance {
    /// `roundrobin`, the default in `balance` and here.
    #[default]
    RoundRobin,
    StaticRr,
    LeastConn,
    First,
    Source,
    /// `random(<draws>)`; 2 draws when none are given.
    Random {
        draws: u32,
    },
    Uri(uri::Part),
    /// `url_param <name>`, in the query or in the body of a form.
    UrlParam {
        name: String,
    },
    /// `hdr(<name>) [use_domain_only]`
    Header {
        name: String,
        domain_only: bool,
    },
    /// `rdp-cookie(<name>)`; `mstshash` when none is given.
    RdpCookie {
        name: String,
    },
}

impl Balance {
    /// Whether weights count at once: an algorithm that makes its map beforehand only takes servers in and out
    /// (management.txt 9.3 `set weight`).
    pub const fn takes_weights(&self, hash_type: HashType) -> bool {
        match self {
            Balance::StaticRr => false,
            Balance::RoundRobin | Balance::LeastConn | Balance::First | Balance::Random { .. } => true,
            Balance::Source
            | Balance::Uri(_)
            | Balance::UrlParam { .. }
            | Balance::Header { .. }
            | Balance::RdpCookie { .. } => hash_type.consistent,
        }
    }

    /// Its word in the configuration and in statistics.
    pub const fn word(&self) -> &'static str {
        match self {
            Balance::RoundRobin => "roundrobin",
            Balance::StaticRr => "static-rr",
            Balance::LeastConn => "leastconn",
            Balance::First => "first",
            Balance::Source => "source",
            Balance::Random { .. } => "random",
            Balance::Uri(_) => "uri",
            Balance::UrlParam { .. } => "url_param",
            Balance::Header { .. } => "hdr",
            Balance::RdpCookie { .. } => "rdp-cookie",
        }
    }

    /// Whether it hashes a part of an HTTP request.
    pub const fn needs_http(&self) -> bool {
        matches!(self, Balance::Uri(_) | Balance::UrlParam { .. } | Balance::Header { .. })
    }

    /// Whether it hashes a key.
    pub const fn has_key(&self) -> bool {
        self.needs_http() || matches!(self, Balance::Source | Balance::RdpCookie { .. })
    }
}

impl Proxy {
    /// What statistics call its `balance`.
    pub const fn balance_word(&self) -> &'static str {
        if self.dispatch.is_some() { "none" } else { self.balance.word() }
    }

    /// Whether it makes dynamic cookies at the start.
    pub fn makes_cookies(&self) -> bool {
        self.cookie.as_ref().is_some_and(|cookie| cookie.dynamic)
    }

    /// The key of its dynamic cookies at the start, where it makes some.
    pub fn initial_cookie_key(&self) -> Option<&str> {
        self.dynamic_cookie_key.as_deref().filter(|_| self.makes_cookies())
    }

    /// Whether its balancing lets `server` have this weight while it runs.
    pub fn takes_weight(&self, weight: u32, server: &Server) -> bool {
        weight <= WEIGHT_MAX
            && (weight == 0 || weight == server.weight || self.balance.takes_weights(self.hash_type))
    }
}

/// `hash-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashType {
    /// `consistent` instead of `map-based`.
    pub consistent: bool,
    /// The function.
    pub function: Function,
    /// `avalanche`, or `consistent` without a function.
    pub avalanche: bool,
}

impl HashType {
    /// The hash of a key.
    pub fn of(self, key: &[u8]) -> u32 {
        self.finish(self.function.of(key))
    }

    /// Applies the modifier to a hash made otherwise.
    pub fn finish(self, hash: u32) -> u32 {
        if self.avalanche { hash::avalanche(hash) } else { hash }
    }
}

/// `http-reuse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum HttpReuse {
    Never,
    #[default]
    Safe,
    Aggressive,
    Always,
}

/// One proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where its section began.
    pub place: Place,
    /// Name.
    pub name: String,
    /// `id`, or the automatic number (from 2, lowest unused).
    pub id: u32,
    /// `id` was given.
    pub id_given: bool,
    /// Its sides.
    pub kind: Kind,
    /// `mode`.
    pub mode: Mode,
    /// `disabled`.
    pub disabled: bool,
    /// `description`.
    pub description: Option<String>,
    /// `bind` lines.
    pub binds: Vec<Bind>,
    /// `maxconn` of the frontend; the process's maxconn when absent.
    pub maxconn: Option<u32>,
    /// `backlog` for listeners without their own.
    pub backlog: Option<u32>,
    /// `fullconn`, kept for dynamic limits.
    pub fullconn: Option<u32>,
    /// `rate-limit sessions`: new sessions per second.
    pub rate_limit_sessions: Option<u32>,
    /// The backend connections go to: the first unconditional `use_backend`, else `default_backend`, else the proxy
    /// itself when it is a `listen`.
    pub backend: Option<ProxyId>,
    /// `timeout *`.
    pub timeouts: Timeouts,
    /// `option *`.
    pub options: Options,
    /// `clitcpka-cnt|idle|intvl`.
    pub client_keepalive: TcpKeepalive,
    /// `srvtcpka-cnt|idle|intvl`.
    pub server_keepalive: TcpKeepalive,
    /// `retries`; 3.
    pub retries: u32,
    /// `load-server-state-from-file`.
    pub load_state: LoadState,
    /// `server-state-file-name`; the backend's name when absent.
    pub server_state_file_name: Option<PathBuf>,
    /// Its servers, in order of declaration.
    pub servers: Vec<ServerId>,
    /// `dispatch`: who gets what does not stay at a server; none of [`servers`](Self::servers). Nothing is balanced then.
    pub dispatch: Option<ServerId>,
    /// `balance`.
    pub balance: Balance,
    /// `hash-type`.
    pub hash_type: HashType,
    /// `hash-balance-factor` in percent; 0 = off.
    pub hash_balance_factor_pct: u32,
    /// `http-reuse`.
    pub http_reuse: HttpReuse,
    /// `source` for servers that have none.
    pub source: Option<Source>,
    /// What it does to messages in HTTP mode.
    pub http: Http,
    /// `cookie`.
    pub cookie: Option<Cookie>,
    /// `dynamic-cookie-key`.
    pub dynamic_cookie_key: Option<String>,
    /// `persist rdp-cookie`: the name of the cookie.
    pub rdp_persistence: Option<String>,
    /// `errorfile`, `errorloc`.
    pub answers: Answers,
    /// `log` lines, `log global` already replaced by the global ones.
    pub logs: Vec<LogTarget>,
    /// `option tcplog|httplog` or `log-format`, whichever came last.
    pub log_line: LogLine,
    /// The same, compiled; `None` is the short default line.
    pub log_format: Option<Format>,
    /// `log-format-sd`.
    pub log_format_sd: Option<Format>,
    /// `error-log-format`: the line of a connection that ended before its request was understood.
    pub error_log_format: Option<Format>,
    /// `unique-id-format`.
    pub unique_id_format: Option<Format>,
    /// `unique-id-header`.
    pub unique_id_header: Option<String>,
    /// `capture`.
    pub captures: Captures,
    /// `log-tag`.
    pub log_tag: Option<String>,
    /// `guid`.
    pub guid: Option<String>,
}
