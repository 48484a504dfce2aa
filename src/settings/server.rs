//! One `server` line (configuration.txt 5.2).

use crate::balance::dynamic_cookie;
use crate::base::diag::Place;
use crate::net::address::{Address, Ports};
use crate::sys::addr::SockAddr;

/// Greatest weight of a server.
pub const WEIGHT_MAX: u32 = 256;

/// A `server` line, `default-server` values already merged in.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it was declared.
    pub place: Place,
    /// Name, unique in the backend.
    pub name: String,
    /// `id`, or the number counted from 1 in the backend.
    pub id: u32,
    /// `id` was given.
    pub id_given: bool,
    /// The address as parsed: family, transport, port or port offset.
    pub address: Address,
    /// The resolved address; the port is filled in unless it is an offset. `None` while `init-addr` left it unresolved (the server is then down).
    pub resolved: Option<SockAddr>,
    /// `weight`, 0..=256; 1.
    pub weight: u32,
    /// `maxconn`; 0 = no limit.
    pub maxconn: u32,
    /// `minconn`.
    pub minconn: u32,
    /// `maxqueue`; 0 = no limit.
    pub maxqueue: u32,
    /// `backup`.
    pub backup: bool,
    /// `disabled`: starts in maintenance.
    pub disabled: bool,
    /// `slowstart`; 0: it takes its full load as soon as it is back.
    pub slowstart_ms: u64,
    /// What a server state file says of it.
    pub remembered: Option<Remembered>,
    /// `rise`, once it or `default-server` was given.
    pub rise: Option<u32>,
    /// `source`; the backend's when absent.
    pub source: Option<Source>,
    /// `tcp-ut`.
    pub tcp_ut_ms: Option<u32>,
    /// `tcp-md5sig`.
    pub md5sig: Option<crate::sys::md5sig::Key>,
    /// `tfo`.
    pub tfo: bool,
    /// `namespace`; `*` (the client's) is not supported.
    pub namespace: Option<String>,
    /// `pool-max-conn`; -1 = no limit.
    pub pool_max_conn: i32,
    /// `pool-purge-delay`; 5 s.
    pub pool_purge_delay_ms: u64,
    /// `cookie`: the value that leads to it.
    pub cookie: Option<String>,
    /// `redir`: where clients are sent instead of to it, in front of the path.
    pub redir: Option<String>,
    /// `guid`.
    pub guid: Option<String>,
}

/// What a server state file says of a server, as far as it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// What the operator wanted of it.
    pub wanted: Wanted,
    /// Its weight; `None` when the configured one is another than it was then.
    pub weight: Option<u32>,
    /// Its port.
    pub port: u16,
    /// How long ago it last changed between maintenance and service.
    pub unchanged_ms: u64,
}

/// What the operator wants of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Wanted {
    Ready,
    Drain,
    Maint,
}

impl Server {
    /// The cookie that leads to it while it is at `address`: its own, or one made with `key`, the key of a backend
    /// that makes dynamic cookies. Only an IP address makes one.
    pub fn cookie_at(&self, address: Option<&SockAddr>, ports: Ports, key: Option<&str>) -> Option<String> {
        let dynamic = || Some(dynamic_cookie::of_server(key?, address?.inet()?, ports));
        self.cookie.clone().or_else(dynamic)
    }
}

/// `source`: where connections to servers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Local address; the wildcard with port 0 leaves it to the kernel.
    pub address: std::net::SocketAddr,
    /// Ports to choose from, inclusive; `None` leaves it to the kernel.
    pub ports: Option<(u16, u16)>,
    /// `interface`: SO_BINDTODEVICE.
    pub interface: Option<String>,
    /// `usesrc`: the client's address, the client's address with its port, or a fixed one (needs CAP_NET_ADMIN).
    pub usesrc: Option<UseSrc>,
}

/// `usesrc` argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseSrc {
    /// `client`: address and port.
    Client,
    /// `clientip`: address only.
    ClientIp,
    /// A foreign address.
    Fixed(std::net::SocketAddr),
}
