//! The value of a dynamic persistence cookie (configuration.txt 4.2, `cookie ... dynamic`).
//!
//! The manual names what is hashed and not how. It was found by trying: XXH64 of the key, the address and the
//! port, four bytes of it, both in network order; in lower-case hexadecimal digits.

use crate::net::address::Ports;
use std::net::{IpAddr, SocketAddr};
use xxhash_rust::xxh64::xxh64;

/// The cookie of a server; a port offset stands for its port.
pub fn of_server(key: &str, address: SocketAddr, ports: Ports) -> String {
    let port = match ports {
        Ports::Offset(offset) => offset,
        Ports::None | Ports::Fixed(_) | Ports::Range(..) => i32::from(address.port()),
    };
    value(key, address.ip(), port)
}

fn value(key: &str, address: IpAddr, port: i32) -> String {
    let mut text = Vec::with_capacity(key.len() + 20);
    text.extend_from_slice(key.as_bytes());
    match address {
        IpAddr::V4(v4) => text.extend_from_slice(&v4.octets()),
        IpAddr::V6(v6) => text.extend_from_slice(&v6.octets()),
    }
    text.extend_from_slice(&port.to_be_bytes());
    format!("{:016x}", xxh64(&text, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_reference() {
        let value = |key, address: &str, port| value(key, address.parse().unwrap(), port);
        assert_eq!(value("k1", "127.0.0.1", 8001), "8b30844af67ed9c7");
        assert_eq!(value("k2", "127.0.0.1", 8001), "4477f0632593a287");
        assert_eq!(value("a-long-key-of-many-characters-xyz", "10.1.2.3", 80), "7df54e08e27350f7");
        assert_eq!(value("k1", "::1", 8001), "86561e0176bfda6d");
        assert_eq!(value("k1", "127.0.0.1", 0), "c3db65b50d2cd84b");
        assert_eq!(value("k1", "127.0.0.1", 5), "eb4338f5f006f281");
    }
}
