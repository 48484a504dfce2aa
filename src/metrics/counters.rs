//! What listeners, frontends, backends and servers count, in the words of `show stat`
//! (management.txt 9.1).
//!
//! Every field only grows unless its doc says otherwise. The traffic code adds to the fields; the
//! CLI reads them. `clear` is what `clear counters` (`all` = false: maxima only) and
//! `clear counters all` do.

use super::figure::counted;
use super::gauge::Gauge;
use super::times::Times;
use crate::base::rate::RateCounter;

counted! {
    /// Requests and responses of an HTTP proxy.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct HttpCounters {
        /// `req_tot`: requests received, the malformed ones included.
        pub requests: u64,
        /// `req_rate`.
        pub request_rate: RateCounter,
        /// `hrsp_1xx` .. `hrsp_5xx`, then `hrsp_other`.
        pub responses: [u64; 6],
    }
}

impl HttpCounters {
    /// Counts a request.
    #[inline]
    pub fn count_request(&mut self, now_ms: u64) {
        self.requests += 1;
        self.request_rate.add(now_ms, 1);
    }

    /// Counts a response by the class of its status.
    #[inline]
    pub fn count_response(&mut self, status: u16) {
        let class = usize::from(status / 100);
        let slot = if (1..=5).contains(&class) { class - 1 } else { 5 };
        self.responses[slot] += 1;
    }

    fn clear(&mut self, all: bool) {
        self.request_rate.clear_max();
        if all {
            *self = HttpCounters { request_rate: self.request_rate, ..HttpCounters::default() };
        }
    }
}

counted! {
    /// What accepted connections speak.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Negotiated {
        /// Something else: plain TCP, which clients of an MPTCP listener may speak too, or a unix socket.
        pub other: u64,
        /// MPTCP.
        pub mptcp: u64,
    }
}

impl Negotiated {
    /// Counts a connection.
    pub fn count(&mut self, is_mptcp: bool) {
        match is_mptcp {
            true => self.mptcp += 1,
            false => self.other += 1,
        }
    }
}

counted! {
    /// A listener: one bound address of a `bind` line.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct ListenerCounters {
        /// `scur`, `smax`, `stot`: its connections.
        pub conn: Gauge,
        /// `bin`: bytes from clients. Counted where `option socket-stats` asks for it.
        pub bytes_in: u64,
        /// `bout`: bytes to clients.
        pub bytes_out: u64,
        /// `dreq`: requests denied.
        pub denied_req: u64,
        /// `dresp`: responses denied.
        pub denied_resp: u64,
        /// `ereq`: requests that failed by the client's fault.
        pub failed_req: u64,
        /// `dcon`: connections refused by a `tcp-request connection` rule.
        pub denied_conn: u64,
        /// `dses`: sessions refused by a `tcp-request session` rule.
        pub denied_sess: u64,
        /// `wrew`: header rewrites that did not fit.
        pub failed_rewrites: u64,
        /// `eint`: failures of the proxy itself.
        pub internal_errors: u64,
        /// Times it stopped accepting because the process ran out of descriptors or memory.
        pub accept_pauses: u64,
        /// What the accepted connections speak.
        pub negotiated: Negotiated,
    }
}

impl ListenerCounters {
    /// See the module.
    pub fn clear(&mut self, all: bool) {
        self.conn.clear(all);
        if all {
            *self = ListenerCounters { conn: self.conn, ..ListenerCounters::default() };
        }
    }
}

counted! {
    /// The client side of a proxy.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct FrontendCounters {
        /// `conn_tot`: connections accepted.
        pub conn_tot: u64,
        /// `conn_rate`.
        pub conn_rate: RateCounter,
        /// `scur`, `smax`, `stot`: sessions. One connection is one session until HTTP/2.
        pub sess: Gauge,
        /// `rate`.
        pub sess_rate: RateCounter,
        /// `bin`: bytes from clients.
        pub bytes_in: u64,
        /// `bout`: bytes to clients.
        pub bytes_out: u64,
        /// `dreq`: requests denied.
        pub denied_req: u64,
        /// `dresp`: responses denied.
        pub denied_resp: u64,
        /// `ereq`: requests that failed by the client's fault: malformed, timed out, cut.
        pub failed_req: u64,
        /// `dcon`: connections refused by a `tcp-request connection` rule.
        pub denied_conn: u64,
        /// `dses`: sessions refused by a `tcp-request session` rule.
        pub denied_sess: u64,
        /// `intercepted`: requests answered by the proxy itself as a service (stats, redirect, monitor).
        pub intercepted: u64,
        /// `wrew`: header rewrites that did not fit.
        pub failed_rewrites: u64,
        /// `eint`: failures of the proxy itself.
        pub internal_errors: u64,
        /// HTTP mode only.
        pub http: HttpCounters,
        /// What the accepted connections speak.
        pub negotiated: Negotiated,
        /// Bytes from clients that went through a pipe, included in `bytes_in`.
        pub spliced_in: u64,
        /// Bytes to clients that went through a pipe, included in `bytes_out`.
        pub spliced_out: u64,
    }
}

impl FrontendCounters {
    /// See the module.
    pub fn clear(&mut self, all: bool) {
        self.sess.clear(all);
        self.conn_rate.clear_max();
        self.sess_rate.clear_max();
        self.http.clear(all);
        if all {
            *self = FrontendCounters {
                sess: self.sess,
                conn_rate: self.conn_rate,
                sess_rate: self.sess_rate,
                http: self.http,
                ..FrontendCounters::default()
            };
        }
    }
}

counted! {
    /// What a backend and a server count alike.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct BackendCounters {
        /// `scur`, `smax`, `stot`: sessions.
        pub sess: Gauge,
        /// `rate`.
        pub sess_rate: RateCounter,
        /// `qcur`, `qmax`: requests waiting. A backend counts those that may go to any of its servers.
        pub queue: Gauge,
        /// `bin`: bytes from clients.
        pub bytes_in: u64,
        /// `bout`: bytes to clients.
        pub bytes_out: u64,
        /// `dreq`: requests denied (backend only).
        pub denied_req: u64,
        /// `dresp`: responses denied.
        pub denied_resp: u64,
        /// `econ`: connections to a server that failed for good.
        pub failed_conns: u64,
        /// `eresp`: responses that failed: malformed, cut, too late.
        pub failed_resp: u64,
        /// `wretr`: connection attempts that were repeated.
        pub retries: u64,
        /// `wredis`: requests moved to another server (a server counts those that left it).
        pub redispatches: u64,
        /// `lbtot`: times the load balancing chose it.
        pub lbtot: u64,
        /// `cli_abrt`: transfers that the client broke off.
        pub cli_aborts: u64,
        /// `srv_abrt`: transfers that the server broke off, included in `failed_resp`.
        pub srv_aborts: u64,
        /// `connect`: connection attempts.
        pub connect: u64,
        /// `reuse`: requests sent over a connection that was already there.
        pub reuse: u64,
        /// `wrew`: header rewrites that did not fit.
        pub failed_rewrites: u64,
        /// `eint`: failures of the proxy itself.
        pub internal_errors: u64,
        /// `intercepted` (backend only): requests answered by the proxy itself.
        pub intercepted: u64,
        /// HTTP mode only.
        pub http: HttpCounters,
        /// `qtime`, `ctime`, `rtime`, `ttime` and their maxima.
        pub times: Times,
        /// When the last session came here, milliseconds of the loop's clock, negative when that was before
        /// this process; `None`: never (`lastsess` -1).
        pub last_session_ms: Option<i64>,
        /// `chkdown`: times it went from up to down.
        pub down_transitions: u64,
        /// Connections that were asked for as MPTCP.
        pub connect_mptcp: u64,
        /// Connections that were to be MPTCP and are TCP: the socket could not be had, or the server does not speak it.
        pub connect_mptcp_fallback: u64,
        /// Bytes from the server that went through a pipe.
        pub spliced_in: u64,
        /// Bytes to the server that went through a pipe.
        pub spliced_out: u64,
    }
}

impl BackendCounters {
    /// See the module. `last_session_ms` is a state and stays.
    pub fn clear(&mut self, all: bool) {
        self.sess.clear(all);
        self.queue.clear(all);
        self.sess_rate.clear_max();
        self.http.clear(all);
        self.times.clear(all);
        if all {
            *self = BackendCounters {
                sess: self.sess,
                queue: self.queue,
                sess_rate: self.sess_rate,
                http: self.http,
                last_session_ms: self.last_session_ms,
                ..BackendCounters::default()
            };
        }
    }
}

/// A server counts what its backend counts.
pub type ServerCounters = BackendCounters;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_counted_by_class() {
        let mut http = HttpCounters::default();
        for status in [100, 101, 200, 302, 404, 499, 503, 600, 99, 0, 65535] {
            http.count_response(status);
        }
        assert_eq!(http.responses, [2, 1, 1, 2, 1, 4]);
    }

    #[test]
    fn connections_are_counted_by_what_they_speak() {
        let mut negotiated = Negotiated::default();
        [true, false, true].into_iter().for_each(|is_mptcp| negotiated.count(is_mptcp));
        assert_eq!(negotiated, Negotiated { other: 1, mptcp: 2 });
    }

    #[test]
    fn clear_counters_keeps_the_totals_and_clear_all_keeps_the_states() {
        let mut backend = BackendCounters { retries: 3, last_session_ms: Some(5), ..Default::default() };
        backend.sess = Gauge { cur: 1, max: 4, tot: 10 };
        backend.http.count_request(1000);
        backend.clear(false);
        assert_eq!((backend.retries, backend.http.requests), (3, 1));
        assert_eq!(backend.sess, Gauge { cur: 1, max: 1, tot: 10 });
        backend.clear(true);
        assert_eq!((backend.retries, backend.http.requests), (0, 0));
        assert_eq!(backend.sess, Gauge { cur: 1, max: 1, tot: 0 });
        assert_eq!(backend.last_session_ms, Some(5));
    }
}
