//! `balance source` (configuration.txt 4.2): the words of the client's address, exclusive-or'd. The
//! hash function of `hash-type` does not matter here, its avalanche does; seen with the reference.

use std::net::IpAddr;

/// The hash of an address.
pub fn hash(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(v4) => v4.to_bits(),
        IpAddr::V6(v6) => {
            let bits = v6.to_bits();
            (bits >> 96) as u32 ^ (bits >> 64) as u32 ^ (bits >> 32) as u32 ^ bits as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_where_they_do_in_the_reference() {
        // Positions among 251 servers of equal weight, seen with haproxy 2.6.12.
        for (address, place) in [
            ("1.2.3.4", 194),
            ("127.0.0.1", 63),
            ("10.20.30.40", 183),
            ("2001:db8::5:1", 83),
            ("fe80::1:2:3:4", 117),
            ("::ffff:1.2.3.4", 180),
        ] {
            assert_eq!(hash(address.parse().unwrap()) % 251, place, "{address}");
        }
    }
}
