//! Every keyword the reference has, by place, whether or not subflow has a row for it.
//!
//! A word found here but in no row is answered with "known, not supported yet" and not with
//! "unknown keyword": the operator learns that the file is right and the program is not there yet.
//! A word that is in neither is a mistake in the file.
//!
//! Source: configuration.txt chapters 3, 4.1, 5.1, 5.2, 5.3.2, 6.2.1, 10.1.1, `haproxy -dKall`, and
//! the keywords of later versions. Words after `no` and `default` are those of the plain form.

/// The proxy sections in which a keyword is legal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Places(u8);

impl Places {
    /// `defaults`, named or not.
    pub const DEFAULTS: Places = Places(1);
    /// `frontend`
    pub const FRONTEND: Places = Places(2);
    /// `backend`
    pub const BACKEND: Places = Places(4);
    /// `listen`
    pub const LISTEN: Places = Places(8);

    /// The place a section word stands for, if it opens a proxy section.
    pub fn of_section(word: &str) -> Option<Places> {
        match word {
            "defaults" => Some(Places::DEFAULTS),
            "frontend" => Some(Places::FRONTEND),
            "backend" => Some(Places::BACKEND),
            "listen" => Some(Places::LISTEN),
            _ => None,
        }
    }

    /// Whether every place of `other` is among these.
    pub const fn contains(self, other: Places) -> bool {
        self.0 & other.0 == other.0
    }

    /// The section words, in the order of the manual's matrix.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (Places::DEFAULTS, "defaults"),
            (Places::FRONTEND, "frontend"),
            (Places::LISTEN, "listen"),
            (Places::BACKEND, "backend"),
        ]
        .into_iter()
        .filter(move |(place, _)| self.contains(*place))
        .map(|(_, name)| name)
    }
}

/// Whether a sorted word table has `word`.
pub fn has(table: &[&str], word: &str) -> bool {
    table.binary_search(&word).is_ok()
}

/// What a sorted table of pairs says of `word`: its [`Places`], or the advice of a removed keyword.
pub fn get<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.binary_search_by(|(name, _)| (*name).cmp(word)).ok().and_then(|at| table.get(at)).map(|row| row.1)
}

/// The keyword table of a section that is neither `global` nor a proxy section.
pub fn of_other_section(section: &str) -> Option<&'static [&'static str]> {
    Some(match section {
        "acme" => ACME,
        "cache" => CACHE,
        "crt-store" => CRT_STORE,
        "fcgi-app" => FCGI_APP,
        "healthcheck" => HEALTHCHECK,
        "http-errors" => HTTP_ERRORS,
        "log-forward" => LOG_FORWARD,
        "log-profile" => LOG_PROFILE,
        "mailers" => MAILERS,
        "peers" => PEERS,
        "program" => PROGRAM,
        "resolvers" => RESOLVERS,
        "ring" => RING,
        "traces" => TRACES,
        "userlist" => USERLIST,
        _ => return None,
    })
}

// The letters of the tables below: Defaults, Frontend, Backend, Listen.
const BL: Places = Places(Places::BACKEND.0 | Places::LISTEN.0);
const DBL: Places = Places(Places::DEFAULTS.0 | Places::BACKEND.0 | Places::LISTEN.0);
const DFBL: Places = Places(Places::DEFAULTS.0 | Places::FRONTEND.0 | Places::BACKEND.0 | Places::LISTEN.0);
const DFL: Places = Places(Places::DEFAULTS.0 | Places::FRONTEND.0 | Places::LISTEN.0);
const FBL: Places = Places(Places::FRONTEND.0 | Places::BACKEND.0 | Places::LISTEN.0);
const FL: Places = Places(Places::FRONTEND.0 | Places::LISTEN.0);

/// Words that open a section (chapters 3, 4, 5.3.2, 6.2.1 and 10.1.1).
#[rustfmt::skip]
pub static SECTIONS: &[&str] = &[
    "acme", "backend", "cache", "crt-store", "defaults", "fcgi-app", "frontend", "global", "healthcheck",
    "http-errors", "listen", "log-forward", "log-profile", "mailers", "peers", "program", "resolvers",
    "ring", "traces", "userlist",
];

/// Keywords of `global` (chapter 3).
#[rustfmt::skip]
pub static GLOBAL: &[&str] = &[
    "51degrees-allow-unmatched", "51degrees-cache-size", "51degrees-data-file", "51degrees-difference",
    "51degrees-drift", "51degrees-property-name-list", "51degrees-property-separator",
    "51degrees-use-performance-graph", "51degrees-use-predictive-graph", "acme.scheduler", "anonkey",
    "busy-polling", "ca-base", "chroot", "close-spread-time", "cluster-secret", "cpu-map", "cpu-policy",
    "cpu-set", "crt-base", "daemon", "default-path", "description", "deviceatlas-json-file",
    "deviceatlas-log-level", "deviceatlas-properties-cookie", "deviceatlas-separator", "dns-accept-family",
    "expose-deprecated-directives", "expose-experimental-directives", "external-check", "fd-hard-limit",
    "force-cfg-parser-pause", "gid", "grace", "group", "h1-accept-payload-with-any-method",
    "h1-case-adjust", "h1-case-adjust-file", "h1-do-not-close-on-insecure-request",
    "h2-workaround-bogus-websocket-clients", "hard-stop-after", "harden.reject-privileged-ports.quic",
    "harden.reject-privileged-ports.tcp", "http-err-codes", "http-fail-codes",
    "httpclient.resolvers.disabled", "httpclient.resolvers.id", "httpclient.resolvers.prefer",
    "httpclient.retries", "httpclient.ssl.ca-file", "httpclient.ssl.verify", "httpclient.timeout.connect",
    "insecure-fork-wanted", "insecure-setuid-wanted", "issuers-chain-path", "jwt.decrypt_alg_list",
    "key-base", "limited-quic", "localpeer", "log", "log-send-hostname", "log-tag", "lua-load",
    "lua-load-per-thread", "lua-prepend-path", "master-worker", "max-spread-checks", "maxcompcpuusage",
    "maxcomprate", "maxconn", "maxconnrate", "maxpipes", "maxsessrate", "maxsslconn", "maxsslrate",
    "maxzlibmem", "mworker-max-reloads", "nbthread", "no-memory-trimming", "no-mptcp", "no-quic", "node",
    "noepoll", "noevports", "nogetaddrinfo", "nokqueue", "nopoll", "noreuseport", "nosplice",
    "numa-cpu-mapping", "ocsp-update.disable", "ocsp-update.httpproxy", "ocsp-update.maxdelay",
    "ocsp-update.mindelay", "ocsp-update.mode", "ot-config", "pidfile", "pp2-never-send-local",
    "prealloc-fd", "presetenv", "profiling.memory", "profiling.tasks", "quiet", "resetenv",
    "server-state-base", "server-state-file", "set-dumpable", "set-var", "set-var-fmt", "setcap", "setenv",
    "shm-stats-file", "shm-stats-file-max-objects", "spread-checks", "ssl-default-bind-ciphers",
    "ssl-default-bind-ciphersuites", "ssl-default-bind-client-sigalgs", "ssl-default-bind-curves",
    "ssl-default-bind-options", "ssl-default-bind-sigalgs", "ssl-default-server-ciphers",
    "ssl-default-server-ciphersuites", "ssl-default-server-client-sigalgs", "ssl-default-server-options",
    "ssl-default-server-sigalgs", "ssl-dh-param-file", "ssl-engine", "ssl-load-extra-del-ext",
    "ssl-load-extra-files", "ssl-mode-async", "ssl-passphrase-cmd", "ssl-propquery", "ssl-provider",
    "ssl-provider-path", "ssl-security-level", "ssl-server-verify", "ssl-skip-self-issued-ca", "stats",
    "stats-file", "strict-limits", "thread-group", "thread-groups", "thread-hard-limit",
    "tune.applet.zero-copy-forwarding", "tune.buffers.limit", "tune.buffers.reserve", "tune.bufsize",
    "tune.bufsize.large", "tune.bufsize.small", "tune.cli.max-payload-size", "tune.comp.maxlevel",
    "tune.defaults.purge", "tune.disable-fast-forward", "tune.disable-zero-copy-forwarding",
    "tune.epoll.mask-events", "tune.events.max-events-at-once", "tune.fail-alloc", "tune.fd.edge-triggered",
    "tune.glitches.kill.cpu-usage", "tune.h1.be.glitches-threshold", "tune.h1.fe.glitches-threshold",
    "tune.h1.zero-copy-fwd-recv", "tune.h1.zero-copy-fwd-send", "tune.h2.be.glitches-threshold",
    "tune.h2.be.initial-window-size", "tune.h2.be.max-concurrent-streams", "tune.h2.be.max-frames-at-once",
    "tune.h2.be.rxbuf", "tune.h2.fe.glitches-threshold", "tune.h2.fe.initial-window-size",
    "tune.h2.fe.max-concurrent-streams", "tune.h2.fe.max-frames-at-once", "tune.h2.fe.max-rst-at-once",
    "tune.h2.fe.max-total-streams", "tune.h2.fe.rxbuf", "tune.h2.header-table-size",
    "tune.h2.initial-window-size", "tune.h2.max-concurrent-streams", "tune.h2.max-frame-size",
    "tune.h2.zero-copy-fwd-send", "tune.http.cookielen", "tune.http.logurilen", "tune.http.maxhdr",
    "tune.idle-pool.shared", "tune.idletimer", "tune.listener.default-shards", "tune.listener.multi-queue",
    "tune.lua.bool-sample-conversion", "tune.lua.burst-timeout", "tune.lua.forced-yield",
    "tune.lua.log.loggers", "tune.lua.log.stderr", "tune.lua.maxmem", "tune.lua.service-timeout",
    "tune.lua.session-timeout", "tune.lua.task-timeout", "tune.max-checks-per-thread",
    "tune.max-rules-at-once", "tune.maxaccept", "tune.maxpollevents", "tune.maxrewrite",
    "tune.memory.hot-size", "tune.notsent-lowat.client", "tune.notsent-lowat.server",
    "tune.pattern.cache-size", "tune.peers.max-updates-at-once", "tune.pipesize", "tune.pool-high-fd-ratio",
    "tune.pool-low-fd-ratio", "tune.pt.zero-copy-forwarding", "tune.quic.be.cc.cubic-min-losses",
    "tune.quic.be.cc.hystart", "tune.quic.be.cc.max-frame-loss", "tune.quic.be.cc.max-win-size",
    "tune.quic.be.cc.reorder-ratio", "tune.quic.be.max-idle-timeout", "tune.quic.be.sec.glitches-threshold",
    "tune.quic.be.stream.data-ratio", "tune.quic.be.stream.max-concurrent", "tune.quic.be.stream.rxbuf",
    "tune.quic.be.tx.pacing", "tune.quic.be.tx.udp-gso", "tune.quic.cc-hystart",
    "tune.quic.cc.cubic.min-losses", "tune.quic.disable-tx-pacing", "tune.quic.disable-udp-gso",
    "tune.quic.fe.cc.cubic-min-losses", "tune.quic.fe.cc.hystart", "tune.quic.fe.cc.max-frame-loss",
    "tune.quic.fe.cc.max-win-size", "tune.quic.fe.cc.reorder-ratio", "tune.quic.fe.max-idle-timeout",
    "tune.quic.fe.sec.glitches-threshold", "tune.quic.fe.sec.retry-threshold", "tune.quic.fe.sock-per-conn",
    "tune.quic.fe.stream.data-ratio", "tune.quic.fe.stream.max-concurrent", "tune.quic.fe.stream.max-total",
    "tune.quic.fe.stream.rxbuf", "tune.quic.fe.tx.pacing", "tune.quic.fe.tx.udp-gso",
    "tune.quic.frontend.conn-tx-buffers.limit", "tune.quic.frontend.default-max-window-size",
    "tune.quic.frontend.glitches-threshold", "tune.quic.frontend.max-data-size",
    "tune.quic.frontend.max-idle-timeout", "tune.quic.frontend.max-streams-bidi",
    "tune.quic.frontend.max-tx-mem", "tune.quic.frontend.stream-data-ratio", "tune.quic.listen",
    "tune.quic.max-frame-loss", "tune.quic.mem.tx-max", "tune.quic.reorder-ratio",
    "tune.quic.retry-threshold", "tune.quic.socket-owner", "tune.quic.zero-copy-fwd-send",
    "tune.rcvbuf.backend", "tune.rcvbuf.client", "tune.rcvbuf.frontend", "tune.rcvbuf.server",
    "tune.recv_enough", "tune.renice.runtime", "tune.renice.startup", "tune.ring.queues",
    "tune.runqueue-depth", "tune.sched.low-latency", "tune.sndbuf.backend", "tune.sndbuf.client",
    "tune.sndbuf.frontend", "tune.sndbuf.server", "tune.ssl.cachesize", "tune.ssl.capture-buffer-size",
    "tune.ssl.capture-cipherlist-size", "tune.ssl.certificate-compression", "tune.ssl.default-dh-param",
    "tune.ssl.force-private-cache", "tune.ssl.hard-maxrecord", "tune.ssl.keylog", "tune.ssl.lifetime",
    "tune.ssl.maxrecord", "tune.ssl.ocsp-update.maxdelay", "tune.ssl.ocsp-update.mindelay",
    "tune.ssl.ssl-ctx-cache-size", "tune.stick-counters", "tune.takeover-other-tg-connections",
    "tune.vars.check-max-size", "tune.vars.global-max-size", "tune.vars.proc-max-size",
    "tune.vars.reqres-max-size", "tune.vars.sess-max-size", "tune.vars.txn-max-size", "tune.zlib.memlevel",
    "tune.zlib.windowsize", "uid", "ulimit-n", "unix-bind", "unsetenv", "user",
    "warn-blocked-traffic-after", "wurfl-cache-size", "wurfl-data-file", "wurfl-engine-mode",
    "wurfl-information-list", "wurfl-information-list-separator", "zero-warning",
];

/// First words of lines in proxy sections (chapter 4.1), with where they are legal.
#[rustfmt::skip]
pub static PROXY: &[(&str, Places)] = &[
    ("acl", DFBL), ("backlog", DFL), ("balance", DBL), ("be-unpublished", BL), ("bind", FL),
    ("capture", FL), ("clitcpka-cnt", DFL), ("clitcpka-idle", DFL), ("clitcpka-intvl", DFL),
    ("compression", DFBL), ("cookie", DBL), ("declare", FL), ("default-server", DBL),
    ("default_backend", DFL), ("description", FBL), ("disabled", DFBL), ("dispatch", BL), ("dynamic-cookie-key", DBL),
    ("email-alert", DFBL), ("enabled", DFBL), ("error-log-format", DFL), ("errorfile", DFBL),
    ("errorfiles", DFBL), ("errorloc", DFBL), ("errorloc302", DFBL), ("errorloc303", DFBL),
    ("external-check", DBL), ("filter", DFBL), ("force-be-switch", FL), ("force-persist", BL),
    ("fullconn", DBL), ("guid", FBL), ("hash-balance-factor", DBL), ("hash-preserve-affinity", DBL),
    ("hash-type", DBL), ("http-after-response", DFBL), ("http-check", DBL), ("http-error", DFBL),
    ("http-request", DFBL), ("http-response", DFBL), ("http-reuse", DBL), ("http-send-name-header", DBL),
    ("id", FBL), ("ignore-persist", BL), ("load-server-state-from-file", DBL), ("log", DFBL),
    ("log-format", DFL), ("log-format-sd", DFL), ("log-steps", DFL), ("log-tag", DFBL),
    ("max-keep-alive-queue", DBL), ("maxconn", DFL), ("mode", DFBL), ("monitor", FL), ("monitor-uri", DFL),
    ("option", DFBL), ("persist", DBL), ("quic-initial", DFL), ("rate-limit", DFL), ("redirect", FBL),
    ("retries", DBL), ("retry-on", DBL), ("server", BL), ("server-state-file-name", DBL),
    ("server-template", BL), ("source", DBL), ("srvtcpka-cnt", DBL), ("srvtcpka-idle", DBL),
    ("srvtcpka-intvl", DBL), ("ssl-f-use", FL), ("stats", DFBL), ("stick", BL), ("stick-table", FBL),
    ("tcp-check", DBL), ("tcp-request", DFBL), ("tcp-response", DBL), ("timeout", DFBL),
    ("transparent", DBL), ("unique-id-format", DFL), ("unique-id-header", DFL), ("use-fcgi-app", BL),
    ("use-server", BL), ("use_backend", FL),
];

/// Words after `option`.
#[rustfmt::skip]
pub static OPTIONS: &[(&str, Places)] = &[
    ("abortonclose", DFBL), ("accept-invalid-http-request", DFL), ("accept-invalid-http-response", DBL),
    ("accept-unsafe-violations-in-http-request", DFL), ("accept-unsafe-violations-in-http-response", DBL),
    ("allbackups", DBL), ("checkcache", DBL), ("clitcpka", DFL), ("contstats", DFL),
    ("disable-h2-upgrade", DFL), ("dontlog-normal", DFL), ("dontlognull", DFL), ("external-check", DBL),
    ("forwarded", DBL), ("forwardfor", DFBL), ("h1-case-adjust-bogus-client", DFL),
    ("h1-case-adjust-bogus-server", DBL), ("http-buffer-request", DFBL),
    ("http-drop-request-trailers", DBL), ("http-drop-response-trailers", DFL), ("http-ignore-probes", DFL),
    ("http-keep-alive", DFBL), ("http-no-delay", DFBL), ("http-pretend-keepalive", DBL),
    ("http-restrict-req-hdr-names", DFBL), ("http-server-close", DFBL), ("http-use-proxy-header", DFL),
    ("httpchk", DBL), ("httpclose", DFBL), ("httplog", DFL), ("httpslog", DFL),
    ("idle-close-on-response", DFL), ("independent-streams", DFBL), ("ldap-check", DBL),
    ("log-health-checks", DBL), ("log-separate-errors", DFL), ("logasap", DFL), ("mysql-check", DBL),
    ("nolinger", DFBL), ("originalto", DFBL), ("persist", DBL), ("pgsql-check", DBL),
    ("prefer-last-server", DBL), ("redis-check", DBL), ("redispatch", DBL), ("smtpchk", DBL),
    ("socket-stats", DFL), ("splice-auto", DFBL), ("splice-request", DFBL), ("splice-response", DFBL),
    ("spop-check", DBL), ("srvtcpka", DBL), ("ssl-hello-chk", DBL), ("tcp-check", DBL),
    ("tcp-smart-accept", DFL), ("tcp-smart-connect", DBL), ("tcpka", DFBL), ("tcplog", DFBL),
    ("transparent", DBL), ("use-small-buffers", DBL),
];

/// Words after `timeout` in a proxy section.
#[rustfmt::skip]
pub static TIMEOUTS: &[(&str, Places)] = &[
    ("check", DBL), ("client", DFL), ("client-fin", DFL), ("client-hs", DFL), ("connect", DBL),
    ("http-keep-alive", DFBL), ("http-request", DFBL), ("queue", DBL), ("server", DBL), ("server-fin", DBL),
    ("tarpit", DFBL), ("tunnel", DBL),
];

/// Algorithms of `balance`; some take arguments in parentheses.
#[rustfmt::skip]
pub static BALANCE: &[&str] = &[
    "first", "hash", "hdr", "leastconn", "log-hash", "random", "rdp-cookie", "roundrobin", "source",
    "static-rr", "sticky", "uri", "url_param",
];

/// Words after the address of `bind` (chapter 5.1).
#[rustfmt::skip]
pub static BIND: &[&str] = &[
    "accept-netscaler-cip", "accept-proxy", "allow-0rtt", "alpn", "backlog", "ca-file", "ca-ignore-err",
    "ca-sign-file", "ca-sign-pass", "ca-verify-file", "cc", "ciphers", "ciphersuites", "client-sigalgs",
    "crl-file", "crt", "crt-ignore-err", "crt-list", "curves", "default-crt", "defer-accept", "ecdhe",
    "ech", "expose-fd", "force-sslv3", "force-tlsv10", "force-tlsv11", "force-tlsv12", "force-tlsv13",
    "generate-certificates", "gid", "group", "guid-prefix", "id", "idle-ping", "interface", "ktls", "label",
    "level", "maxconn", "mode", "mss", "name", "namespace", "nbconn", "nice", "no-alpn", "no-ca-names",
    "no-renegotiate", "no-sslv3", "no-strict-sni", "no-tls-tickets", "no-tlsv10", "no-tlsv11", "no-tlsv12",
    "no-tlsv13", "npn", "ocsp-update", "prefer-client-ciphers", "process", "proto", "quic-cc-algo",
    "quic-force-retry", "quic-socket", "renegotiate", "severity-output", "shards", "sigalgs", "ssl",
    "ssl-max-ver", "ssl-min-ver", "strict-sni", "tcp-md5sig", "tcp-ss", "tcp-ut", "tfo", "thread",
    "tls-ticket-keys", "transparent", "uid", "user", "v4v6", "v6only", "verify",
];

/// Words after the address of `server`, and of `default-server` (chapter 5.2).
#[rustfmt::skip]
pub static SERVER: &[&str] = &[
    "addr", "agent-addr", "agent-check", "agent-inter", "agent-port", "agent-send", "allow-0rtt", "alpn",
    "backup", "ca-file", "cc", "check", "check-alpn", "check-pool-conn-name", "check-proto",
    "check-reuse-pool", "check-send-proxy", "check-sni", "check-sni-auto", "check-ssl", "check-via-socks4",
    "ciphers", "ciphersuites", "client-sigalgs", "cookie", "crl-file", "crt", "curves", "disabled",
    "downinter", "enabled", "error-limit", "fall", "fastinter", "force-sslv3", "force-tlsv10",
    "force-tlsv11", "force-tlsv12", "force-tlsv13", "from", "guid", "hash-key", "healthcheck", "id",
    "idle-ping", "init-addr", "init-state", "inter", "ktls", "log-bufsize", "log-proto", "max-reuse",
    "maxconn", "maxqueue", "minconn", "namespace", "no-agent-check", "no-backup", "no-check",
    "no-check-send-proxy", "no-check-sni-auto", "no-check-ssl", "no-renegotiate", "no-send-proxy",
    "no-send-proxy-v2", "no-send-proxy-v2-ssl", "no-send-proxy-v2-ssl-cn", "no-sni-auto", "no-ssl",
    "no-ssl-reuse", "no-sslv3", "no-tfo", "no-tls-tickets", "no-tlsv10", "no-tlsv11", "no-tlsv12",
    "no-tlsv13", "no-verifyhost", "non-stick", "npn", "observe", "on-error", "on-marked-down",
    "on-marked-up", "pool-conn-name", "pool-low-conn", "pool-max-conn", "pool-purge-delay", "port", "proto",
    "proxy-v2-options", "quic-cc-algo", "redir", "renegotiate", "resolve-net", "resolve-opts",
    "resolve-prefer", "resolvers", "rise", "send-proxy", "send-proxy-v2", "send-proxy-v2-ssl",
    "send-proxy-v2-ssl-cn", "set-proxy-v2-tlv-fmt", "shard", "sigalgs", "slowstart", "sni", "sni-auto",
    "socks4", "source", "ssl", "ssl-max-ver", "ssl-min-ver", "ssl-reuse", "stick", "strict-maxconn",
    "tcp-md5sig", "tcp-ut", "tfo", "tls-tickets", "track", "usesrc", "verify", "verifyhost", "weight", "ws",
];

/// Actions of `tcp-request connection`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static TCP_REQUEST_CONNECTION: &[&str] = &[
    "accept", "do-log", "expect-netscaler-cip", "expect-proxy", "reject", "sc-add-gpc", "sc-inc-gpc",
    "sc-inc-gpc0", "sc-inc-gpc1", "sc-set-gpt", "sc-set-gpt0", "set-dst", "set-dst-port", "set-fc-mark",
    "set-fc-tos", "set-mark", "set-src", "set-src-port", "set-tos", "set-var", "set-var-fmt", "silent-drop",
    "track-sc", "unset-var",
];

/// Actions of `tcp-request session`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static TCP_REQUEST_SESSION: &[&str] = &[
    "accept", "attach-srv", "do-log", "reject", "sc-add-gpc", "sc-inc-gpc", "sc-inc-gpc0", "sc-inc-gpc1",
    "sc-set-gpt", "sc-set-gpt0", "set-dst", "set-dst-port", "set-fc-mark", "set-fc-tos", "set-mark",
    "set-src", "set-src-port", "set-tos", "set-var", "set-var-fmt", "silent-drop", "track-sc", "unset-var",
];

/// Actions of `tcp-request content`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static TCP_REQUEST_CONTENT: &[&str] = &[
    "accept", "capture", "do-log", "do-resolve", "ot-group", "reject", "sc-add-gpc", "sc-inc-gpc",
    "sc-inc-gpc0", "sc-inc-gpc1", "sc-set-gpt", "sc-set-gpt0", "send-spoe-group", "set-bc-mark",
    "set-bc-tos", "set-dst", "set-dst-port", "set-fc-mark", "set-fc-tos", "set-log-level", "set-mark",
    "set-nice", "set-priority-class", "set-priority-offset", "set-retries", "set-src", "set-src-port",
    "set-tos", "set-var", "set-var-fmt", "silent-drop", "switch-mode", "track-sc", "unset-var",
    "use-service",
];

/// Actions of `tcp-response content`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static TCP_RESPONSE_CONTENT: &[&str] = &[
    "accept", "close", "do-log", "ot-group", "reject", "sc-add-gpc", "sc-inc-gpc", "sc-inc-gpc0",
    "sc-inc-gpc1", "sc-set-gpt", "sc-set-gpt0", "send-spoe-group", "set-fc-mark", "set-fc-tos",
    "set-log-level", "set-mark", "set-nice", "set-tos", "set-var", "set-var-fmt", "silent-drop",
    "unset-var",
];

/// Actions of `http-request`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static HTTP_REQUEST: &[&str] = &[
    "add-acl", "add-header", "add-headers-bin", "allow", "auth", "cache-use", "capture", "del-acl",
    "del-header", "del-headers-bin", "del-map", "deny", "disable-l7-retry", "do-log", "do-resolve",
    "early-hint", "normalize-uri", "ot-group", "pause", "redirect", "reject", "replace-header",
    "replace-path", "replace-pathq", "replace-uri", "replace-value", "return", "sc-add-gpc", "sc-inc-gpc",
    "sc-inc-gpc0", "sc-inc-gpc1", "sc-set-gpt", "sc-set-gpt0", "send-spoe-group", "set-bc-mark",
    "set-bc-tos", "set-dst", "set-dst-port", "set-fc-mark", "set-fc-tos", "set-header", "set-headers-bin",
    "set-log-level", "set-map", "set-mark", "set-method", "set-nice", "set-path", "set-pathq",
    "set-priority-class", "set-priority-offset", "set-query", "set-retries", "set-src", "set-src-port",
    "set-timeout", "set-tos", "set-uri", "set-var", "set-var-fmt", "silent-drop", "strict-mode", "tarpit",
    "track-sc", "unset-var", "use-service", "wait-for-body", "wait-for-handshake",
];

/// Actions of `http-response`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static HTTP_RESPONSE: &[&str] = &[
    "add-acl", "add-header", "add-headers-bin", "allow", "cache-store", "capture", "del-acl", "del-header",
    "del-headers-bin", "del-map", "deny", "do-log", "ot-group", "pause", "redirect", "replace-header",
    "replace-value", "return", "sc-add-gpc", "sc-inc-gpc", "sc-inc-gpc0", "sc-inc-gpc1", "sc-set-gpt",
    "sc-set-gpt0", "send-spoe-group", "set-fc-mark", "set-fc-tos", "set-header", "set-headers-bin",
    "set-log-level", "set-map", "set-mark", "set-nice", "set-status", "set-timeout", "set-tos", "set-var",
    "set-var-fmt", "silent-drop", "strict-mode", "track-sc", "unset-var", "wait-for-body",
];

/// Actions of `http-after-response`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static HTTP_AFTER_RESPONSE: &[&str] = &[
    "add-acl", "add-header", "allow", "capture", "del-acl", "del-header", "del-map", "do-log", "ot-group",
    "replace-header", "replace-value", "sc-add-gpc", "sc-inc-gpc", "sc-inc-gpc0", "sc-inc-gpc1",
    "sc-set-gpt", "sc-set-gpt0", "set-header", "set-log-level", "set-map", "set-status", "set-var",
    "set-var-fmt", "strict-mode", "unset-var",
];

/// Actions of `quic-initial`, without arguments in parentheses; `track-sc` takes a number.
#[rustfmt::skip]
pub static QUIC_INITIAL: &[&str] = &[
    "accept", "dgram-drop", "reject", "send-retry",
];

/// Second words of `capture`.
#[rustfmt::skip]
pub static CAPTURE: &[&str] = &[
    "cookie", "request", "response",
];

/// Second words of `compression`.
#[rustfmt::skip]
pub static COMPRESSION: &[&str] = &[
    "algo", "algo-req", "algo-res", "direction", "minsize-req", "minsize-res", "offload", "type",
    "type-req", "type-res",
];

/// Second words of `declare`.
#[rustfmt::skip]
pub static DECLARE: &[&str] = &[
    "capture",
];

/// Second words of `email-alert`.
#[rustfmt::skip]
pub static EMAIL_ALERT: &[&str] = &[
    "from", "level", "mailers", "myhostname", "to",
];

/// Second words of `external-check`.
#[rustfmt::skip]
pub static EXTERNAL_CHECK: &[&str] = &[
    "command", "path",
];

/// Second words of `stats` in `global`.
#[rustfmt::skip]
pub static GLOBAL_STATS: &[&str] = &[
    "bind-process", "maxconn", "socket", "timeout",
];

/// Second words of `http-check`.
#[rustfmt::skip]
pub static HTTP_CHECK: &[&str] = &[
    "comment", "connect", "disable-on-404", "expect", "send", "send-state", "set-var", "set-var-fmt",
    "unset-var",
];

/// Second words of `monitor`.
#[rustfmt::skip]
pub static MONITOR: &[&str] = &[
    "fail",
];

/// Second words of `stats`.
#[rustfmt::skip]
pub static STATS: &[&str] = &[
    "admin", "auth", "enable", "hide-version", "http-request", "realm", "refresh", "scope", "show-desc",
    "show-legends", "show-modules", "show-node", "show-version", "uri",
];

/// Second words of `stick`.
#[rustfmt::skip]
pub static STICK: &[&str] = &[
    "match", "on", "store-request", "store-response",
];

/// Second words of `tcp-check`.
#[rustfmt::skip]
pub static TCP_CHECK: &[&str] = &[
    "comment", "connect", "expect", "send", "send-binary", "send-binary-lf", "send-lf", "set-var",
    "set-var-fmt", "unset-var",
];

/// Keywords of section `acme`.
#[rustfmt::skip]
pub static ACME: &[&str] = &[
    "account-key", "acme-vars", "bits", "challenge", "challenge-ready", "contact", "curves", "directory",
    "dns-delay", "dns-timeout", "keytype", "map", "profile", "provider-name", "reuse-key",
];

/// Keywords of section `cache`.
#[rustfmt::skip]
pub static CACHE: &[&str] = &[
    "early-hints", "max-age", "max-object-size", "max-secondary-entries", "process-vary", "total-max-size",
];

/// Keywords of section `crt-store`.
#[rustfmt::skip]
pub static CRT_STORE: &[&str] = &[
    "crt-base", "key-base", "load",
];

/// Keywords of section `fcgi-app`.
#[rustfmt::skip]
pub static FCGI_APP: &[&str] = &[
    "acl", "docroot", "index", "log-stderr", "option", "pass-header", "path-info", "set-param",
];

/// Keywords of section `healthcheck`.
#[rustfmt::skip]
pub static HEALTHCHECK: &[&str] = &[
    "http-check", "tcp-check", "type",
];

/// Keywords of section `http-errors`.
#[rustfmt::skip]
pub static HTTP_ERRORS: &[&str] = &[
    "errorfile",
];

/// Keywords of section `log-forward`.
#[rustfmt::skip]
pub static LOG_FORWARD: &[&str] = &[
    "backlog", "bind", "dgram-bind", "log", "maxconn", "option", "timeout",
];

/// Keywords of section `log-profile`.
#[rustfmt::skip]
pub static LOG_PROFILE: &[&str] = &[
    "log-tag", "on",
];

/// Keywords of section `mailers`.
#[rustfmt::skip]
pub static MAILERS: &[&str] = &[
    "mailer", "timeout",
];

/// Keywords of section `peers`.
#[rustfmt::skip]
pub static PEERS: &[&str] = &[
    "bind", "default-bind", "default-server", "disabled", "enabled", "log", "peer", "server", "shards",
    "table",
];

/// Keywords of section `program`.
#[rustfmt::skip]
pub static PROGRAM: &[&str] = &[
    "command", "group", "option", "user",
];

/// Keywords of section `resolvers`.
#[rustfmt::skip]
pub static RESOLVERS: &[&str] = &[
    "accepted_payload_size", "hold", "nameserver", "parse-resolv-conf", "resolve_retries", "timeout",
];

/// Keywords of section `ring`.
#[rustfmt::skip]
pub static RING: &[&str] = &[
    "backing-file", "description", "format", "maxlen", "server", "size", "timeout",
];

/// Keywords of section `traces`.
#[rustfmt::skip]
pub static TRACES: &[&str] = &[
    "trace",
];

/// Keywords of section `userlist`.
#[rustfmt::skip]
pub static USERLIST: &[&str] = &[
    "group", "user",
];

/// Proxy keywords that the reference itself refuses now, and what to do about it.
#[rustfmt::skip]
pub static REMOVED_PROXY: &[(&str, &str)] = &[
    ("appsession", "use a stick-table with 'stick on' or 'stick store-response'"),
    ("bind-process", "remove it, it has no effect"),
    ("block", "use 'http-request deny'"),
    ("cliexp", "use 'http-request replace-path'"),
    ("clitimeout", "use 'timeout client'"),
    ("contimeout", "use 'timeout connect'"),
    ("grace", "use 'hard-stop-after' in the global section"),
    ("monitor-net", "use 'http-request return status 200 if { src ... }'"),
    ("redispatch", "use 'option redispatch'"),
    ("reqadd", "use 'http-request add-header'"),
    ("reqallow", "use 'http-request allow'"),
    ("reqdel", "use 'http-request del-header'"),
    ("reqdeny", "use 'http-request deny'"),
    ("reqiallow", "use 'http-request allow'"),
    ("reqidel", "use 'http-request del-header'"),
    ("reqideny", "use 'http-request deny'"),
    ("reqipass", "use 'http-request allow'"),
    ("reqirep", "use 'http-request replace-header'"),
    ("reqitarpit", "use 'http-request tarpit'"),
    ("reqpass", "use 'http-request allow'"),
    ("reqrep", "use 'http-request replace-header'"),
    ("reqtarpit", "use 'http-request tarpit'"),
    ("rspadd", "use 'http-response add-header'"),
    ("rspdel", "use 'http-response del-header'"),
    ("rspdeny", "use 'http-response deny'"),
    ("rspidel", "use 'http-response del-header'"),
    ("rspideny", "use 'http-response deny'"),
    ("rspirep", "use 'http-response replace-header'"),
    ("rsprep", "use 'http-response replace-header'"),
    ("srvexp", "use 'http-response replace-header'"),
    ("srvtimeout", "use 'timeout server'"),
];

/// The same for `global`.
#[rustfmt::skip]
pub static REMOVED_GLOBAL: &[(&str, &str)] = &[
    ("nbproc", "remove it, there is one process"),
    ("tune.chksize", "use 'tune.bufsize'"),
];

/// The same for words after `option`.
#[rustfmt::skip]
pub static REMOVED_OPTIONS: &[(&str, &str)] = &[
    ("forceclose", "use 'option httpclose'"),
    ("http-tunnel", "remove it, it is not needed"),
    ("http_proxy", "use 'http-request set-dst'"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn rises<T>(rows: &[T], name: impl Fn(&T) -> &str) -> bool {
        rows.windows(2).all(|pair| name(&pair[0]) < name(&pair[1]))
    }

    #[test]
    fn every_word_table_is_sorted_and_has_no_word_twice() {
        let actions = [
            TCP_REQUEST_CONNECTION,
            TCP_REQUEST_SESSION,
            TCP_REQUEST_CONTENT,
            TCP_RESPONSE_CONTENT,
            HTTP_REQUEST,
            HTTP_RESPONSE,
            HTTP_AFTER_RESPONSE,
            QUIC_INITIAL,
        ];
        let second = [
            CAPTURE,
            COMPRESSION,
            DECLARE,
            EMAIL_ALERT,
            EXTERNAL_CHECK,
            GLOBAL_STATS,
            HTTP_CHECK,
            MONITOR,
            STATS,
            STICK,
            TCP_CHECK,
        ];
        let sections = SECTIONS.iter().filter_map(|section| of_other_section(section));
        let all = [SECTIONS, GLOBAL, BALANCE, BIND, SERVER]
            .into_iter()
            .chain(actions)
            .chain(second)
            .chain(sections);
        for table in all {
            assert!(rises(table, |word| word), "{table:?}");
        }
    }

    #[test]
    fn every_pair_table_is_sorted_and_has_no_word_twice() {
        for table in [PROXY, OPTIONS, TIMEOUTS] {
            assert!(rises(table, |row| row.0), "{table:?}");
        }
        for table in [REMOVED_PROXY, REMOVED_GLOBAL, REMOVED_OPTIONS] {
            assert!(rises(table, |row| row.0), "{table:?}");
        }
    }

    #[test]
    fn every_section_word_has_a_keyword_table() {
        for section in SECTIONS {
            let known = *section == "global"
                || Places::of_section(section).is_some()
                || of_other_section(section).is_some();
            assert!(known, "{section}");
        }
    }

    #[test]
    fn a_removed_keyword_is_not_also_a_current_one() {
        assert!(REMOVED_PROXY.iter().all(|(word, _)| get(PROXY, word).is_none()));
        assert!(REMOVED_GLOBAL.iter().all(|(word, _)| !has(GLOBAL, word)));
        assert!(REMOVED_OPTIONS.iter().all(|(word, _)| get(OPTIONS, word).is_none()));
    }

    #[test]
    fn tells_where_a_proxy_keyword_is_legal() {
        let balance = get(PROXY, "balance").expect("in the matrix");
        assert!(balance.contains(Places::DEFAULTS) && !balance.contains(Places::FRONTEND));
        assert_eq!(balance.names().collect::<Vec<_>>(), ["defaults", "listen", "backend"]);
        assert_eq!(get(PROXY, "balanse"), None);
    }
}
