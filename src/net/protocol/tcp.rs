//! The rows of plain addresses and of `tcp@`.

use super::{Alternative, Protocol, Row, SockFamily, inet_stream};

/// Plain IPv4 and `tcp@`, `tcp4@`.
pub static PROTO_TCPV4: Row =
    inet_stream("proto_tcpv4", SockFamily::V4, Alternative::Base, Protocol::Mptcp, Some(Protocol::Tcp));
/// Plain IPv6 and `tcp@`, `tcp6@`.
pub static PROTO_TCPV6: Row =
    inet_stream("proto_tcpv6", SockFamily::V6, Alternative::Base, Protocol::Mptcp, Some(Protocol::Tcp));
