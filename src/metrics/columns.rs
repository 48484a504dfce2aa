//! The columns of `show stat`: one row each, from which CSV, typed output and Prometheus are made.
//!
//! The fixed part up to `-` has the order of management.txt 9.1, which tools rely on by position.
//! Ours follow behind it, where the manual promises nothing.

use Kind::{Mark, S32, Text, U32, U64};

/// Form of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `str`
    Text,
    /// `u32`
    U32,
    /// `u64`
    U64,
    /// `s32`
    S32,
    /// The `-` column, which always holds `-`.
    Mark,
}

impl Kind {
    /// The word of typed output (management.txt 9.2).
    pub const fn word(self) -> &'static str {
        match self {
            Text | Mark => "str",
            U32 => "u32",
            U64 => "u64",
            S32 => "s32",
        }
    }
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in the CSV header.
    pub name: &'static str,
    /// Origin, nature and scope, a letter each (management.txt 9.2).
    pub tag: &'static str,
    /// `tag` in the row of a backend.
    pub tag_backend: &'static str,
    /// Form of the values.
    pub kind: Kind,
    /// Name behind `haproxy_<frontend|backend|server|listener>_`; empty where Prometheus has none.
    pub prometheus: &'static str,
    /// What it counts.
    pub help: &'static str,
}

const fn col(
    name: &'static str,
    tag: &'static str,
    kind: Kind,
    prometheus: &'static str,
    help: &'static str,
) -> Column {
    Column { name, tag, tag_backend: tag, kind, prometheus, help }
}

impl Column {
    const fn in_backend(mut self, tag: &'static str) -> Self {
        self.tag_backend = tag;
        self
    }
}

/// Position of a column in [`COLUMNS`] by its name; for constants, so a wrong name does not compile.
pub const fn position(name: &str) -> usize {
    let mut at = 0;
    while at < COLUMNS.len() {
        if same(COLUMNS[at].name.as_bytes(), name.as_bytes()) {
            return at;
        }
        at += 1;
    }
    panic!("no column has this name")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// How many columns there are.
pub const COLUMN_COUNT: usize = COLUMNS.len();

/// All columns in their order.
#[rustfmt::skip]
pub const COLUMNS: &[Column] = &[
    col("pxname", "KNS", Text, "", "name of the proxy"),
    col("svname", "KNS", Text, "", "FRONTEND, BACKEND, or the name of the server or listener"),
    col("qcur", "MGP", U32, "current_queue", "requests waiting now"),
    col("qmax", "MMP", U32, "max_queue", "most requests that waited at a time"),
    col("scur", "MGP", U32, "current_sessions", "sessions now"),
    col("smax", "MMP", U32, "max_sessions", "most sessions at a time"),
    col("slim", "CLP", U32, "limit_sessions", "sessions allowed at a time (maxconn, fullconn)"),
    col("stot", "MCP", U64, "sessions_total", "sessions so far"),
    col("bin", "MCP", U64, "bytes_in_total", "bytes of requests"),
    col("bout", "MCP", U64, "bytes_out_total", "bytes of responses"),
    col("dreq", "MCP", U64, "requests_denied_total", "requests denied"),
    col("dresp", "MCP", U64, "responses_denied_total", "responses denied"),
    col("ereq", "MCP", U64, "request_errors_total", "requests that failed by the client's fault"),
    col("econ", "MCP", U64, "connection_errors_total", "connections to a server that failed"),
    col("eresp", "MCP", U64, "response_errors_total", "responses that failed"),
    col("wretr", "MCP", U64, "retry_warnings_total", "connection attempts repeated"),
    col("wredis", "MCP", U64, "redispatch_warnings_total", "requests moved to another server"),
    col("status", "SGP", Text, "status", "state of the object"),
    col("weight", "MaP", U32, "weight", "effective weight, or the sum of the usable servers'"),
    col("act", "SGP", U32, "active_servers", "usable servers that are no backup; 1 or 0 for a server").in_backend("MGP"),
    col("bck", "SGP", U32, "backup_servers", "usable backup servers; 1 or 0 for a server").in_backend("MGP"),
    col("chkfail", "MCP", U64, "check_failures_total", "health checks that failed"),
    col("chkdown", "MCP", U64, "check_up_down_total", "times it went from up to down"),
    col("lastchg", "MAP", U32, "check_last_change_seconds", "seconds since the state changed"),
    col("downtime", "MCP", U32, "downtime_seconds_total", "seconds spent down"),
    col("qlimit", "CGS", U32, "queue_limit", "requests that may wait for the server (maxqueue)"),
    col("pid", "KGP", U32, "", "number of the process, always 1"),
    col("iid", "KGS", U32, "", "id of the proxy"),
    col("sid", "KGS", U32, "", "id of the server or listener in its proxy"),
    col("throttle", "MaP", U32, "current_throttle", "percent of the weight in use during slow start"),
    col("lbtot", "MCP", U64, "loadbalanced_total", "times chosen by the load balancing"),
    col("tracked", "CNS", Text, "", "server whose state is followed"),
    col("type", "CGS", U32, "", "0 frontend, 1 backend, 2 server, 3 listener"),
    col("rate", "MRP", U32, "", "sessions in the last second").in_backend("MGP"),
    col("rate_lim", "CLP", U32, "limit_session_rate", "sessions allowed in a second"),
    col("rate_max", "MMP", U32, "max_session_rate", "most sessions in a second").in_backend("MGP"),
    col("check_status", "MOP", Text, "check_status", "result of the last health check"),
    col("check_code", "MOP", U32, "check_code", "code the last health check got"),
    col("check_duration", "MDP", U64, "check_duration_seconds", "how long the last health check took, in ms"),
    col("hrsp_1xx", "MCP", U64, "http_responses_total", "responses with status 1xx"),
    col("hrsp_2xx", "MCP", U64, "http_responses_total", "responses with status 2xx"),
    col("hrsp_3xx", "MCP", U64, "http_responses_total", "responses with status 3xx"),
    col("hrsp_4xx", "MCP", U64, "http_responses_total", "responses with status 4xx"),
    col("hrsp_5xx", "MCP", U64, "http_responses_total", "responses with status 5xx"),
    col("hrsp_other", "MCP", U64, "http_responses_total", "responses with another status"),
    col("hanafail", "MCP", U64, "", "details of failed health checks"),
    col("req_rate", "MRP", U32, "", "requests in the last second"),
    col("req_rate_max", "MMP", U32, "http_requests_rate_max", "most requests in a second"),
    col("req_tot", "MCP", U64, "http_requests_total", "requests so far"),
    col("cli_abrt", "MCP", U64, "client_aborts_total", "transfers broken off by the client"),
    col("srv_abrt", "MCP", U64, "server_aborts_total", "transfers broken off by the server"),
    col("comp_in", "MCP", U64, "http_comp_bytes_in_total", "bytes given to the compressor"),
    col("comp_out", "MCP", U64, "http_comp_bytes_out_total", "bytes taken from the compressor"),
    col("comp_byp", "MCP", U64, "http_comp_bytes_bypassed_total", "bytes that passed by the compressor"),
    col("comp_rsp", "MCP", U64, "http_comp_responses_total", "responses compressed"),
    col("lastsess", "MAP", S32, "last_session_seconds", "seconds since the last session, -1 never"),
    col("last_chk", "MOP", Text, "", "what the last health check said"),
    col("last_agt", "MOP", Text, "", "what the last agent check said"),
    col("qtime", "MaP", U32, "queue_time_average_seconds", "average ms in the queue"),
    col("ctime", "MaP", U32, "connect_time_average_seconds", "average ms to connect"),
    col("rtime", "MaP", U32, "response_time_average_seconds", "average ms to the response head"),
    col("ttime", "MaP", U32, "total_time_average_seconds", "average ms in all"),
    col("agent_status", "MOP", Text, "", "result of the last agent check"),
    col("agent_code", "MOP", U32, "", "code the last agent check got"),
    col("agent_duration", "MDP", U64, "", "how long the last agent check took, in ms"),
    col("check_desc", "MOP", Text, "", "what the health check result means"),
    col("agent_desc", "MOP", Text, "", "what the agent check result means"),
    col("check_rise", "CGS", U32, "", "checks that must pass to come up"),
    col("check_fall", "CGS", U32, "", "checks that must fail to go down"),
    col("check_health", "CGS", U32, "", "where between down and up the server is"),
    col("agent_rise", "CGS", U32, "", "as check_rise, for the agent"),
    col("agent_fall", "CGS", U32, "", "as check_fall, for the agent"),
    col("agent_health", "CGS", U32, "", "as check_health, for the agent"),
    col("addr", "CGS", Text, "", "address and port"),
    col("cookie", "CNS", Text, "", "cookie of the server, cookie name of the backend"),
    col("mode", "CGS", Text, "", "tcp or http"),
    col("algo", "CGS", Text, "", "load balancing algorithm"),
    col("conn_rate", "MRP", U32, "", "connections in the last second"),
    col("conn_rate_max", "MMP", U32, "connections_rate_max", "most connections in a second"),
    col("conn_tot", "MCP", U64, "connections_total", "connections accepted"),
    col("intercepted", "MCP", U64, "intercepted_requests_total", "requests answered by the proxy itself"),
    col("dcon", "MCP", U64, "denied_connections_total", "connections refused by a rule"),
    col("dses", "MCP", U64, "denied_sessions_total", "sessions refused by a rule"),
    col("wrew", "MCP", U64, "failed_header_rewriting_total", "header rewrites that did not fit"),
    col("connect", "MCP", U64, "connection_attempts_total", "connections attempted"),
    col("reuse", "MCP", U64, "connection_reuses_total", "requests sent over a connection already there"),
    col("cache_lookups", "MCP", U64, "http_cache_lookups_total", "requests looked up in the cache"),
    col("cache_hits", "MCP", U64, "http_cache_hits_total", "requests answered from the cache"),
    col("srv_icur", "MGP", U32, "idle_connections_current", "idle connections kept for reuse"),
    col("src_ilim", "CLP", U32, "idle_connections_limit", "idle connections allowed (pool-max-conn)"),
    col("qtime_max", "MMP", U32, "max_queue_time_seconds", "longest time in the queue, ms"),
    col("ctime_max", "MMP", U32, "max_connect_time_seconds", "longest time to connect, ms"),
    col("rtime_max", "MMP", U32, "max_response_time_seconds", "longest time to the response head, ms"),
    col("ttime_max", "MMP", U32, "max_total_time_seconds", "longest time in all, ms"),
    col("eint", "MCP", U64, "internal_errors_total", "failures of the proxy itself"),
    col("idle_conn_cur", "MGP", U32, "unsafe_idle_connections_current", "idle connections not known to be safe for any request"),
    col("safe_conn_cur", "MGP", U32, "safe_idle_connections_current", "idle connections safe for any request"),
    col("used_conn_cur", "MGP", U32, "used_connections_current", "connections in use"),
    col("need_conn_est", "MGP", U32, "need_connections_current", "connections thought to be needed"),
    col("uweight", "MaP", U32, "uweight", "weight as the operator set it"),
    col("agg_server_status", "MGP", U32, "agg_server_status", "servers by state"),
    col("agg_server_check_status", "MGP", U32, "agg_server_check_status", "servers by state, as above"),
    col("agg_check_status", "MGP", U32, "agg_check_status", "servers by result of the health check"),
    col("-", "-", Mark, "", "end of the fixed columns"),
    col("mptcp_conn", "MCP", U64, "mptcp_connections_total", "connections known to use MPTCP (server: asked for as MPTCP)"),
    col("mptcp_fallback", "MCP", U64, "mptcp_fallbacks_total", "connections to servers that had to use TCP instead of MPTCP"),
    col("spliced_in", "MCP", U64, "spliced_bytes_in_total", "bytes read that went through a pipe"),
    col("spliced_out", "MCP", U64, "spliced_bytes_out_total", "bytes written that went through a pipe"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_columns_stand_where_the_manual_puts_them() {
        for (at, name) in [
            (0, "pxname"),
            (17, "status"),
            (33, "rate"),
            (48, "req_tot"),
            (61, "ttime"),
            (73, "addr"),
            (79, "conn_tot"),
            (94, "eint"),
            (99, "uweight"),
            (103, "-"),
        ] {
            assert_eq!(COLUMNS[at].name, name);
            assert_eq!(position(name), at);
        }
    }

    #[test]
    fn every_name_is_unique_and_every_row_complete() {
        for (at, column) in COLUMNS.iter().enumerate() {
            assert!(COLUMNS[..at].iter().all(|other| other.name != column.name), "{}", column.name);
            assert!(!column.help.is_empty());
            assert!(column.kind == Mark || column.tag.len() == 3, "{}", column.name);
        }
    }
}
