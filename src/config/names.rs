//! How host names become addresses while a configuration is read.

use crate::net::address::{Family, Host};
use crate::net::resolve;
use std::io;
use std::net::IpAddr;

/// Looks up host names, which can block.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// `-dr`: a server whose name does not resolve starts without an address.
    pub ignores_unresolved: bool,
    /// `-4`: names resolve to IPv4 addresses only.
    pub ipv4_only: bool,
    /// What is asked; the system's resolver unless a test says otherwise.
    pub ask: fn(&Host, Family) -> io::Result<Option<IpAddr>>,
}

impl Default for Names {
    fn default() -> Self {
        Names { ignores_unresolved: false, ipv4_only: false, ask: resolve::host_ip }
    }
}

impl Names {
    /// The address that `host` means, or `None` when it has none: it does not resolve, or it is a path,
    /// an abstract name or a descriptor.
    pub fn ip(&self, host: &Host, family: Family) -> Option<IpAddr> {
        let family = match family {
            Family::Any if self.ipv4_only && matches!(host, Host::Name(_)) => Family::V4,
            family => family,
        };
        (self.ask)(host, family).ok().flatten()
    }
}
