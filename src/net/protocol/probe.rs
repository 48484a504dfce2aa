//! What this kernel can do, asked of scratch sockets once at start: never guessed from a version.

use super::mptcp::Refusal;
use super::{Alternative, PROTO_TCPV4, Protocol, Row, SockFamily, lookup};
use crate::net::address::Kind;
use crate::sys::sockopt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// An option of a `bind` or `server` line that sockets of some protocols may refuse.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SocketOption {
    /// `tcp-ut`
    UserTimeout,
    /// `mss`
    Mss,
    /// `tcp-md5sig`
    Md5sig,
    /// `defer-accept`
    DeferAccept,
    /// `tfo`
    Tfo,
    /// `clitcpka-idle` and its like
    KeepaliveTimes,
    /// `transparent`
    Transparent,
}

/// Whether a socket's protocol knows the option. Any other failure (permission, value) is no refusal.
type Known = fn(BorrowedFd<'_>) -> bool;

fn known(tried: io::Result<()>) -> bool {
    !tried.is_err_and(|e| sockopt::is_unknown_option(&e))
}

static OPTIONS: [(SocketOption, &str, Known); 7] = [
    (SocketOption::UserTimeout, "tcp-ut", |fd| known(sockopt::user_timeout(fd, 1000))),
    (SocketOption::Mss, "mss", |fd| known(sockopt::maxseg_set(fd, 1000))),
    (SocketOption::Md5sig, "tcp-md5sig", |fd| !sockopt::refuses_md5sig(fd)),
    (SocketOption::DeferAccept, "defer-accept", |fd| known(sockopt::defer_accept(fd, 1))),
    (SocketOption::Tfo, "tfo", |fd| known(sockopt::fastopen(fd, 1))),
    (SocketOption::KeepaliveTimes, "tcpka", |fd| known(sockopt::keepidle(fd, 10))),
    (SocketOption::Transparent, "transparent", |fd| known(sockopt::transparent_v4(fd, true))),
];

impl SocketOption {
    /// The word in the configuration.
    pub fn keyword(self) -> &'static str {
        OPTIONS.iter().find(|(o, ..)| *o == self).map_or("", |(_, keyword, _)| keyword)
    }
}

/// What `TCP_MAXSEG` reads on a fresh socket, -1 where the kernel cannot say. An inherited socket
/// that reads something else carries an `mss`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxsegDefaults {
    /// TCP over IPv4.
    pub tcpv4: i32,
    /// TCP over IPv6.
    pub tcpv6: i32,
    /// MPTCP over IPv4.
    pub mptcpv4: i32,
    /// MPTCP over IPv6.
    pub mptcpv6: i32,
}

impl MaxsegDefaults {
    /// Reads all four.
    pub fn probe() -> MaxsegDefaults {
        let read = |family, protocol| {
            let row: Option<&Row> = lookup(family, Kind::Stream, Alternative::Base);
            row.and_then(|r| r.open(protocol).ok())
                .and_then(|fd| sockopt::maxseg_get(fd.as_fd()).ok())
                .unwrap_or(-1)
        };
        MaxsegDefaults {
            tcpv4: read(SockFamily::V4, Protocol::Tcp),
            tcpv6: read(SockFamily::V6, Protocol::Tcp),
            mptcpv4: read(SockFamily::V4, Protocol::Mptcp),
            mptcpv6: read(SockFamily::V6, Protocol::Mptcp),
        }
    }

    /// The default for a socket of this family and protocol; -1 when unknown.
    pub fn of(&self, family: SockFamily, protocol: Protocol) -> i32 {
        match (family, protocol) {
            (SockFamily::V4, Protocol::Tcp) => self.tcpv4,
            (SockFamily::V6, Protocol::Tcp) => self.tcpv6,
            (SockFamily::V4, Protocol::Mptcp) => self.mptcpv4,
            (SockFamily::V6, Protocol::Mptcp) => self.mptcpv6,
            _ => -1,
        }
    }
}

/// Everything that is probed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// Whether MPTCP sockets can be made, or why not.
    pub mptcp: Result<(), Refusal>,
    /// The options that MPTCP sockets refuse; empty when there are no MPTCP sockets.
    pub mptcp_refuses: Vec<SocketOption>,
    /// Segment sizes of fresh sockets.
    pub maxseg: MaxsegDefaults,
    /// Whether several sockets may share an address (`SO_REUSEPORT`).
    pub reuseport: bool,
}

impl Capabilities {
    /// Asks the kernel, in the current network namespace.
    pub fn probe() -> Capabilities {
        let (mptcp, mptcp_refuses) = match PROTO_TCPV4.open(Protocol::Mptcp) {
            Ok(fd) => {
                let refused = OPTIONS.iter().filter(|(_, _, known)| !known(fd.as_fd()));
                (Ok(()), refused.map(|(option, ..)| *option).collect())
            }
            Err(e) => (Err(Refusal::of(&e)), Vec::new()),
        };
        let maxseg = MaxsegDefaults::probe();
        Capabilities { mptcp, mptcp_refuses, maxseg, reuseport: reuseport(&PROTO_TCPV4) }
    }

    /// Whether sockets of `protocol` take `option`.
    pub fn takes(&self, protocol: Protocol, option: SocketOption) -> bool {
        match protocol {
            Protocol::Tcp => true,
            Protocol::Mptcp => !self.mptcp_refuses.contains(&option),
            Protocol::Unix => false,
        }
    }
}

/// Whether sockets of the row take `SO_REUSEPORT`: asked of `sock_prot`, then of `sock_prot_fb`.
fn reuseport(row: &Row) -> bool {
    [Some(row.sock_prot), row.sock_prot_fb]
        .into_iter()
        .flatten()
        .find_map(|protocol| row.open(protocol).ok())
        .is_some_and(|fd| sockopt::reuseport(fd.as_fd(), true).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_tcp_socket_tells_its_segment_size_and_unix_has_none() {
        let defaults = MaxsegDefaults::probe();
        assert!(defaults.tcpv4 > 0);
        assert_eq!(defaults.of(SockFamily::V4, Protocol::Tcp), defaults.tcpv4);
        assert_eq!(defaults.of(SockFamily::Unix, Protocol::Unix), -1);
    }

    #[test]
    fn what_mptcp_refuses_is_what_setting_it_refuses() {
        let can = Capabilities::probe();
        assert!(can.reuseport);
        assert!(can.takes(Protocol::Tcp, SocketOption::UserTimeout));
        let Ok(fd) = PROTO_TCPV4.open(Protocol::Mptcp) else {
            return eprintln!("SKIPPED: no MPTCP in this kernel: {:?}", can.mptcp);
        };
        let set = sockopt::user_timeout(fd.as_fd(), 1000).is_ok();
        assert_eq!(can.takes(Protocol::Mptcp, SocketOption::UserTimeout), set);
        assert!(!can.takes(Protocol::Mptcp, SocketOption::Md5sig));
    }

    #[test]
    fn every_option_has_its_keyword() {
        assert_eq!(SocketOption::UserTimeout.keyword(), "tcp-ut");
        assert!(OPTIONS.iter().all(|(option, keyword, _)| option.keyword() == *keyword));
    }
}
