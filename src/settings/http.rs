//! What a proxy in HTTP mode does to messages beyond forwarding them.

use crate::base::ip_net::IpNet;

/// `option forwardfor`, `option originalto`: a request header that tells an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressHeader {
    /// Its name, in lower case.
    pub name: String,
    /// Addresses that are not told.
    pub except: Option<IpNet>,
    /// Not where the request has such a header.
    pub if_none: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// `option forwardfor`: the client's address.
    pub forwardfor: Option<AddressHeader>,
    /// `option originalto`: the address that the client connected to.
    pub originalto: Option<AddressHeader>,
    /// `monitor-uri`: a request for this target is answered here.
    pub monitor_uri: Option<String>,
    /// `option http-pretend-keepalive`: a server is not told that its connection will be closed.
    pub pretend_keepalive: bool,
    /// `option http-buffer-request`: a request goes on when its body is there or a buffer is full.
    pub buffer_request: bool,
    /// `option h1-case-adjust-bogus-client`: clients get header names in the case of `h1-case-adjust`.
    pub adjusts_client: bool,
    /// `option h1-case-adjust-bogus-server`: servers do.
    pub adjusts_server: bool,
    /// `max-keep-alive-queue`: so many may wait for the server of a session's last request when the next one joins
    /// them; no limit when absent.
    pub max_keep_alive_queue: Option<u32>,
    /// `retry-on`
    pub retry_on: RetryOn,
    /// `http-send-name-header`: a request header, in lower case, that tells a server its own name.
    pub send_name_header: Option<String>,
    /// `option http-restrict-req-hdr-names`
    pub request_names: RequestNames,
}

/// `option http-restrict-req-hdr-names`: what becomes of request headers with other bytes in their names than
/// letters, digits and `-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestNames {
    /// They go on.
    #[default]
    Preserve,
    /// They are taken out.
    Delete,
    /// The request is answered with a 403.
    Reject,
}

/// `retry-on`: what a request is sent again after. A set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn(u32);

/// Statuses that `retry-on` takes; 429 is newer than haproxy 2.6.
pub const RETRY_STATUSES: [u16; 11] = [401, 403, 404, 408, 425, 429, 500, 501, 502, 503, 504];

impl RetryOn {
    /// `none`
    pub const NONE: RetryOn = RetryOn(0);
    /// `conn-failure`: there was no connection.
    pub const CONN_FAILURE: RetryOn = RetryOn(1);
    /// `empty-response`: the server closed before its head was whole.
    pub const EMPTY_RESPONSE: RetryOn = RetryOn(2);
    /// `junk-response`: the head breaks the protocol.
    pub const JUNK_RESPONSE: RetryOn = RetryOn(4);
    /// `response-timeout`: `timeout server` ran out before the head.
    pub const RESPONSE_TIMEOUT: RetryOn = RetryOn(8);
    /// `0rtt-rejected`: cannot happen without TLS towards servers.
    pub const REJECTED_0RTT: RetryOn = RetryOn(16);
    /// Position of the first status.
    const STATUS_SHIFT: usize = 8;

    /// A status of the server; nothing for one that `retry-on` does not take.
    pub fn status(status: u16) -> RetryOn {
        let at = RETRY_STATUSES.iter().position(|known| *known == status);
        at.map_or(RetryOn::NONE, |at| RetryOn(1 << (RetryOn::STATUS_SHIFT + at)))
    }

    /// `all-retryable-errors`
    pub fn all_retryable() -> RetryOn {
        let words = RetryOn(0x1f);
        [500, 502, 503, 504].into_iter().fold(words, |all, status| all.and(RetryOn::status(status)))
    }

    /// Both.
    pub fn and(self, other: RetryOn) -> RetryOn {
        RetryOn(self.0 | other.0)
    }

    /// Whether `event`, one or more, is among these; nothing never is.
    pub fn has(self, event: RetryOn) -> bool {
        self.0 & event.0 != 0
    }

    /// Whether a request must be kept for it after it was sent.
    pub fn needs_request(self) -> bool {
        self.0 & !(RetryOn::CONN_FAILURE.0) != 0
    }
}

impl Default for RetryOn {
    fn default() -> Self {
        RetryOn::CONN_FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_of_retry_on_is_one_of_its_own() {
        for status in RETRY_STATUSES {
            let others = RETRY_STATUSES.into_iter().filter(|other| *other != status);
            let others = others.fold(RetryOn::NONE, |all, other| all.and(RetryOn::status(other)));
            assert!(
                RetryOn::status(status).needs_request() && !others.has(RetryOn::status(status)),
                "{status}"
            );
        }
        assert_eq!(RetryOn::status(200), RetryOn::NONE);
    }
}
