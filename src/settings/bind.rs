//! One `bind` line (configuration.txt 5.1).

use crate::base::diag::Place;
use crate::net::address::Address;

/// A `bind` line; it becomes one listener per address and port.
#[derive(Clone, Debug)]
pub struct Bind {
    /// Where it was declared.
    pub place: Place,
    /// The address argument as typed, for messages.
    pub typed: String,
    /// Its addresses, ports possibly in ranges.
    pub addresses: Vec<Address>,
    /// Everything behind the address.
    pub options: BindOptions,
}

/// Options of a `bind` line.
#[derive(Clone, Debug, Default)]
pub struct BindOptions {
    /// `name`.
    pub name: Option<String>,
    /// `id`: socket id, unique in the proxy; counted from 1 when absent.
    pub id: Option<u32>,
    /// `backlog`; the frontend's `backlog`, else its maxconn, when absent.
    pub backlog: Option<u32>,
    /// `maxconn`: concurrent connections of each listener of this line.
    pub maxconn: Option<u32>,
    /// `nice`, -1024..1024; kept for `show` commands, one thread runs all alike.
    pub nice: i32,
    /// `defer-accept`: TCP_DEFER_ACCEPT.
    pub defer_accept: bool,
    /// `tfo`: TCP_FASTOPEN.
    pub tfo: bool,
    /// `mss`: TCP_MAXSEG; negative values are relative to the computed one, as in the reference.
    pub mss: Option<i32>,
    /// `tcp-ut`: TCP_USER_TIMEOUT.
    pub tcp_ut_ms: Option<u32>,
    /// `tcp-md5sig`.
    pub md5sig: Option<crate::sys::md5sig::Key>,
    /// `interface`: SO_BINDTODEVICE.
    pub interface: Option<String>,
    /// `transparent`: IP_TRANSPARENT.
    pub transparent: bool,
    /// `v4v6`: an IPv6 wildcard takes IPv4 too.
    pub v4v6: bool,
    /// `v6only`.
    pub v6only: bool,
    /// `namespace`: network namespace under /var/run/netns.
    pub namespace: Option<String>,
    /// `mode`, `user`, `group` of a Unix socket.
    pub unix: UnixOptions,
    /// `guid`.
    pub guid: Option<String>,
}

/// Owner and mode of a Unix socket file; also from global `unix-bind`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnixOptions {
    /// Permission bits.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// `unix-bind prefix`, put before the path.
    pub prefix: Option<String>,
}
