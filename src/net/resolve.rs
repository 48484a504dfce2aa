//! Host names at start-up, through the system's resolver. It blocks: never to be called from the
//! loop.

use super::address::{Address, Family, Host};
use crate::sys::addr::SockAddr;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// All addresses of `name` in the wanted family, in the resolver's order, each once.
///
/// # Errors
/// What the resolver says; `NotFound` when the name has no address of that family.
pub fn lookup(name: &str, family: Family) -> io::Result<Vec<IpAddr>> {
    let mut found: Vec<IpAddr> = Vec::new();
    for addr in (name, 0).to_socket_addrs()? {
        let ip = addr.ip();
        let wanted = match family {
            Family::V4 => ip.is_ipv4(),
            Family::V6 => ip.is_ipv6(),
            _ => true,
        };
        if wanted && !found.contains(&ip) {
            found.push(ip);
        }
    }
    if found.is_empty() { Err(io::Error::from(io::ErrorKind::NotFound)) } else { Ok(found) }
}

/// The one IP address that `host` means: itself, the unspecified one, or the first of its name.
/// `Ok(None)` for hosts that have none (paths, abstract names, descriptors).
pub fn host_ip(host: &Host, family: Family) -> io::Result<Option<IpAddr>> {
    match host {
        Host::Name(name) => Ok(lookup(name, family)?.first().copied()),
        host => Ok(host.ip(family)),
    }
}

/// The socket address that `address` means, with `port` if it has one. Looks names up.
///
/// # Errors
/// The name has no address of the wanted family; `InvalidInput` for `fd@`, which is no address.
pub fn sock_addr(address: &Address, port: u16) -> io::Result<SockAddr> {
    match &address.host {
        Host::Path(path) => Ok(SockAddr::Unix(path.clone())),
        Host::Abstract { name, padded: true } => Ok(SockAddr::abstract_padded(name.as_bytes())),
        Host::Abstract { name, padded: false } => Ok(SockAddr::abstract_exact(name.as_bytes())),
        host => match host_ip(host, address.family)? {
            Some(ip) => Ok(SocketAddr::new(ip, port).into()),
            None => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_the_old_short_forms_are_addresses() {
        assert_eq!(lookup("127.1", Family::V4).unwrap(), ["127.0.0.1".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn an_address_of_the_other_family_is_not_found() {
        assert_eq!(lookup("127.0.0.1", Family::V6).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn only_names_are_looked_up() {
        assert_eq!(host_ip(&Host::Fd(3), Family::Fd).unwrap(), None);
        assert_eq!(host_ip(&Host::Any, Family::V6).unwrap().unwrap().to_string(), "::");
    }
}
