//! The protocol table: one static row for each kind of stream socket; a row is what every socket is
//! made from.
//!
//! | row | family | sock_prot | sock_prot_fb | used by |
//! |---|---|---|---|---|
//! | `proto_tcpv4`, `proto_tcpv6` | IPv4, IPv6 | MPTCP for receivers | TCP | plain addresses, `tcp@` |
//! | `proto_mptcpv4`, `proto_mptcpv6` | IPv4, IPv6 | MPTCP | none | `mptcp@` |
//! | `proto_unix` | unix | 0 | none | paths, `unix@`, `abns@` |
//!
//! Connections to servers are opt-in: a row with a fallback connects with the fallback, so plain
//! servers are TCP.

pub mod mptcp;
pub mod probe;
mod tcp;
mod unix;

use super::address::{Kind, Transport};
use crate::sys::{addr::SockAddr, socket};
use std::fmt;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

pub use tcp::{PROTO_TCPV4, PROTO_TCPV6};
pub use unix::PROTO_UNIX;

use mptcp::{PROTO_MPTCPV4, PROTO_MPTCPV6};

/// Address family of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SockFamily {
    /// `AF_INET`
    V4,
    /// `AF_INET6`
    V6,
    /// `AF_UNIX`, both in the file system and abstract.
    Unix,
}

impl SockFamily {
    /// The kernel's number.
    pub const fn number(self) -> i32 {
        match self {
            SockFamily::V4 => libc::AF_INET,
            SockFamily::V6 => libc::AF_INET6,
            SockFamily::Unix => libc::AF_UNIX,
        }
    }

    /// The family an address belongs to.
    pub fn of(addr: &SockAddr) -> SockFamily {
        match addr {
            SockAddr::Inet(a) if a.is_ipv4() => SockFamily::V4,
            SockAddr::Inet(_) => SockFamily::V6,
            _ => SockFamily::Unix,
        }
    }
}

/// What a socket speaks, as its `SO_PROTOCOL` says. Of a connection, an MPTCP socket may have fallen
/// back to TCP since: see [`sockopt::is_mptcp`](crate::sys::sockopt::is_mptcp).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// `IPPROTO_TCP`
    Tcp,
    /// `IPPROTO_MPTCP`
    Mptcp,
    /// 0: a unix socket.
    Unix,
}

impl Protocol {
    /// The kernel's number.
    pub const fn number(self) -> i32 {
        match self {
            Protocol::Tcp => libc::IPPROTO_TCP,
            Protocol::Mptcp => socket::IPPROTO_MPTCP,
            Protocol::Unix => 0,
        }
    }

    /// The protocol a socket was made with.
    ///
    /// # Errors
    /// `EPROTONOSUPPORT` for any that has no row here.
    pub fn of(fd: BorrowedFd<'_>) -> io::Result<Protocol> {
        let number = socket::protocol_of(fd)?;
        [Protocol::Tcp, Protocol::Mptcp, Protocol::Unix]
            .into_iter()
            .find(|p| p.number() == number)
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EPROTONOSUPPORT))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Tcp => "TCP",
            Protocol::Mptcp => "MPTCP",
            Protocol::Unix => "unix",
        })
    }
}

/// Which of the rows of a family and a kind is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Alternative {
    /// The row of plain addresses and of `tcp@`.
    Base,
    /// The row of `mptcp@`.
    Mptcp,
}

impl From<Transport> for Alternative {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Plain | Transport::Tcp => Alternative::Base,
            Transport::Mptcp => Alternative::Mptcp,
        }
    }
}

/// Whether plain binds try MPTCP; `no-mptcp` in `global` says no.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum MptcpPolicy {
    /// Plain binds try MPTCP first.
    #[default]
    Preferred,
    /// Plain binds are TCP. Explicit `mptcp@` addresses stay what they are.
    OnlyExplicit,
}

/// One row: how sockets of a kind are made.
#[derive(PartialEq, Eq, Debug)]
pub struct Row {
    /// Name for messages and listings.
    pub name: &'static str,
    /// Address family.
    pub family: SockFamily,
    /// Stream or datagram.
    pub sock_type: Kind,
    /// Which alternative of its family and type this is.
    pub alternative: Alternative,
    /// The protocol receivers try first.
    pub sock_prot: Protocol,
    /// The protocol to use when that one cannot be had, and for connections to servers.
    pub sock_prot_fb: Option<Protocol>,
}

const fn inet_stream(
    name: &'static str,
    family: SockFamily,
    alternative: Alternative,
    sock_prot: Protocol,
    sock_prot_fb: Option<Protocol>,
) -> Row {
    Row { name, family, sock_type: Kind::Stream, alternative, sock_prot, sock_prot_fb }
}

/// All rows.
pub static ROWS: [&Row; 5] = [&PROTO_TCPV4, &PROTO_TCPV6, &PROTO_MPTCPV4, &PROTO_MPTCPV6, &PROTO_UNIX];

/// Finds the row of a family, a kind and an alternative.
pub fn lookup(family: SockFamily, sock_type: Kind, alternative: Alternative) -> Option<&'static Row> {
    ROWS.into_iter().find(|r| (r.family, r.sock_type, r.alternative) == (family, sock_type, alternative))
}

/// The stream row for an address of the given transport; there is always one but for `mptcp@` with a
/// unix address, which the grammar cannot produce.
pub fn stream_row(family: SockFamily, transport: Transport) -> &'static Row {
    match (family, Alternative::from(transport)) {
        (SockFamily::V4, Alternative::Base) => &PROTO_TCPV4,
        (SockFamily::V6, Alternative::Base) => &PROTO_TCPV6,
        (SockFamily::V4, Alternative::Mptcp) => &PROTO_MPTCPV4,
        (SockFamily::V6, Alternative::Mptcp) => &PROTO_MPTCPV6,
        (SockFamily::Unix, _) => &PROTO_UNIX,
    }
}

/// The protocols to try for one socket, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Tried first.
    pub first: Protocol,
    /// Tried when the first cannot be had.
    pub fallback: Option<Protocol>,
}

impl Row {
    /// What a receiver of this row tries.
    pub fn for_receiver(&self, transport: Transport, policy: MptcpPolicy) -> Wanted {
        let exact = transport == Transport::Tcp || policy == MptcpPolicy::OnlyExplicit;
        match self.sock_prot_fb {
            Some(fallback) if exact => Wanted { first: fallback, fallback: None },
            fallback => Wanted { first: self.sock_prot, fallback },
        }
    }

    /// What a connection of this row to a server uses: the fallback, where there is one.
    pub fn for_connection(&self) -> Protocol {
        self.sock_prot_fb.unwrap_or(self.sock_prot)
    }

    /// Whether sockets of this row may be of `protocol`. A section that needs TCP accepts the rows of
    /// which this is true for TCP.
    pub fn can_be(&self, protocol: Protocol) -> bool {
        self.sock_prot == protocol || self.sock_prot_fb == Some(protocol)
    }

    /// Makes a socket of this row with the given protocol.
    pub fn open(&self, protocol: Protocol) -> io::Result<OwnedFd> {
        match self.sock_type {
            Kind::Stream => socket::stream(self.family.number(), protocol.number()),
            Kind::Datagram => socket::datagram(self.family.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_key_and_by_no_other() {
        for row in ROWS {
            assert_eq!(lookup(row.family, row.sock_type, row.alternative), Some(row));
            assert_eq!(ROWS.iter().filter(|r| r.name == row.name).count(), 1);
        }
        assert_eq!(lookup(SockFamily::V4, Kind::Datagram, Alternative::Base), None);
    }

    #[test]
    fn plain_receivers_try_mptcp_then_tcp_and_plain_servers_are_tcp() {
        for row in [&PROTO_TCPV4, &PROTO_TCPV6] {
            let wanted = row.for_receiver(Transport::Plain, MptcpPolicy::Preferred);
            assert_eq!(wanted, Wanted { first: Protocol::Mptcp, fallback: Some(Protocol::Tcp) });
            assert_eq!(row.for_connection(), Protocol::Tcp);
        }
    }

    #[test]
    fn no_mptcp_and_tcp_prefixes_mean_exactly_tcp() {
        let tcp = Wanted { first: Protocol::Tcp, fallback: None };
        assert_eq!(PROTO_TCPV4.for_receiver(Transport::Plain, MptcpPolicy::OnlyExplicit), tcp);
        assert_eq!(PROTO_TCPV6.for_receiver(Transport::Tcp, MptcpPolicy::Preferred), tcp);
    }

    #[test]
    fn explicit_mptcp_has_no_fallback_whatever_the_policy() {
        for policy in [MptcpPolicy::Preferred, MptcpPolicy::OnlyExplicit] {
            let wanted = PROTO_MPTCPV4.for_receiver(Transport::Mptcp, policy);
            assert_eq!(wanted, Wanted { first: Protocol::Mptcp, fallback: None });
        }
        assert_eq!(PROTO_MPTCPV6.for_connection(), Protocol::Mptcp);
    }

    #[test]
    fn a_section_that_needs_tcp_takes_the_plain_rows_only() {
        let tcp: Vec<_> = ROWS.iter().filter(|r| r.can_be(Protocol::Tcp)).map(|r| r.name).collect();
        assert_eq!(tcp, ["proto_tcpv4", "proto_tcpv6"]);
    }
}
