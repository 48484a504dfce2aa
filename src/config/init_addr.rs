//! The address of a server at start (configuration.txt 5.2 `init-addr`).

use super::draft::ServerDraft;
use super::names::Names;
use super::server_line::InitAddr;
use crate::net::address::{Host, Ports};
use crate::sys::addr::SockAddr;
use std::net::{IpAddr, SocketAddr};

/// What `init-addr` came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The address; `None` when the server starts without one.
    pub address: Option<SockAddr>,
    /// Whether the name did not resolve and a fixed address of the list is used.
    pub fell_back: bool,
}

impl Found {
    fn own(address: SockAddr) -> Self {
        Found { address: Some(address), fell_back: false }
    }
}

/// The address to connect to, or `None` when the server starts without one. The port is 0 when the
/// address has none or an offset. `last` is the address of a state file.
///
/// # Errors
/// No method gave an address, in words.
pub fn resolve(server: &ServerDraft, last: Option<IpAddr>, names: Names) -> Result<Found, String> {
    let address = &server.address;
    let (ip, fell_back) = match &address.host {
        Host::Path(path) => return Ok(Found::own(SockAddr::Unix(path.clone()))),
        Host::Abstract { name, padded } => {
            let name = name.as_bytes();
            let exact = || SockAddr::abstract_exact(name);
            return Ok(Found::own(if *padded { SockAddr::abstract_padded(name) } else { exact() }));
        }
        Host::Fd(_) => return Err("a file descriptor is not acceptable here".into()),
        Host::Any | Host::Ip(_) => (address.host.ip(address.family), false),
        Host::Name(name) => by_methods(server, name, last, names)?,
    };
    let port = match address.ports {
        Ports::Fixed(port) => port,
        _ => 0,
    };
    let address = ip.map(|ip| SockAddr::from(SocketAddr::new(ip, port)));
    Ok(Found { address, fell_back })
}

fn by_methods(
    server: &ServerDraft,
    name: &str,
    last: Option<IpAddr>,
    names: Names,
) -> Result<(Option<IpAddr>, bool), String> {
    const DEFAULT: &[InitAddr] = &[InitAddr::Last, InitAddr::Libc];
    let methods = match server.options.init_addr.as_slice() {
        [] => DEFAULT,
        methods => methods,
    };
    let mut asked = false;
    for method in methods {
        match method {
            InitAddr::Last if last.is_some() => return Ok((last, false)),
            InitAddr::Last => {}
            InitAddr::None => return Ok((None, false)),
            InitAddr::Ip(ip) => return Ok((Some(*ip), asked)),
            InitAddr::Libc => {
                asked = true;
                if let Some(ip) = names.ip(&server.address.host, server.address.family) {
                    return Ok((Some(ip), false));
                }
            }
        }
    }
    Err(match asked {
        true => format!("could not resolve address '{name}'"),
        false => format!("no method found to resolve address '{name}'"),
    })
}
