//! What the process counts as a whole (`show info`).

use super::figure::counted;
use super::gauge::Gauge;
use crate::base::rate::RateCounter;

counted! {
    /// One for the process. Every field only grows unless its doc says otherwise.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct ProcessCounters {
        /// `CurrConns`, `CumConns`: client connections, those of the CLI included in the total only.
        pub conn: Gauge,
        /// `ConnRate`, `MaxConnRate`.
        pub conn_rate: RateCounter,
        /// `SessRate`, `MaxSessRate`.
        pub sess_rate: RateCounter,
        /// `CumReq`: requests; a TCP session counts as one, and so does a connection of the CLI.
        pub requests: u64,
        /// `TotalBytesOut`: bytes sent to clients and servers.
        pub bytes_out: u64,
        /// `BytesOutRate`.
        pub bytes_out_rate: RateCounter,
        /// `TotalSplicdedBytesOut`: bytes that went through a pipe, included in `bytes_out`.
        pub spliced_out: u64,
        /// `DroppedLogs`: log lines lost because their target was gone, slow or full.
        pub log_dropped: u64,
        /// Events for a descriptor that was closed in the same turn: dropped.
        pub stale_tokens: u64,
        /// Times a listener paused because accept said EMFILE, ENFILE, ENOBUFS or ENOMEM.
        pub accept_pauses: u64,
        /// Connections on which splice was refused by the kernel and given up.
        pub splice_refused: u64,
        /// Binds and servers that were to use MPTCP and fell back to TCP, at start and later.
        pub mptcp_fallbacks: u64,
        /// Malformed requests and responses kept for `show errors`.
        pub bad_messages: u64,
        /// Turns of the loop.
        pub turns: u64,
    }
}

impl ProcessCounters {
    /// `clear counters` clears the maxima; with `all` the totals too. Gauges stay as they are.
    pub fn clear(&mut self, all: bool) {
        self.conn.clear(all);
        self.conn_rate.clear_max();
        self.sess_rate.clear_max();
        self.bytes_out_rate.clear_max();
        if all {
            *self = ProcessCounters {
                conn: self.conn,
                conn_rate: self.conn_rate,
                sess_rate: self.sess_rate,
                bytes_out_rate: self.bytes_out_rate,
                log_dropped: self.log_dropped,
                bad_messages: self.bad_messages,
                ..ProcessCounters::default()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_all_keeps_what_is_open() {
        let mut process = ProcessCounters { requests: 7, ..Default::default() };
        process.conn.enter();
        process.clear(true);
        assert_eq!((process.requests, process.conn.cur), (0, 1));
    }
}
