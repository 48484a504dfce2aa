//! The row of unix sockets: paths, `unix@`, `abns@`, `abnsz@`.

use super::{Alternative, Protocol, Row, SockFamily};
use crate::net::address::Kind;

/// Unix stream sockets.
pub static PROTO_UNIX: Row = Row {
    name: "proto_unix",
    family: SockFamily::Unix,
    sock_type: Kind::Stream,
    alternative: Alternative::Base,
    sock_prot: Protocol::Unix,
    sock_prot_fb: None,
};
