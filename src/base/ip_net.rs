//! A set of IP addresses: one address and the bits of it that count.

use std::net::IpAddr;

/// An address and a mask. An IPv4 address and the IPv6 address that maps it are two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNet {
    ip: IpAddr,
    mask: u128,
}

impl IpNet {
    /// `ip` with the mask that stands behind the slash: a number of bits or, for IPv4, an address; all bits count
    /// without one. `None` for a mask that is neither.
    pub fn new(ip: IpAddr, mask: Option<&str>) -> Option<IpNet> {
        let width: u32 = if ip.is_ipv4() { 32 } else { 128 };
        let Some(text) = mask else { return Some(IpNet { ip, mask: u128::MAX }) };
        let mask = match (text.parse::<u32>(), text.parse::<std::net::Ipv4Addr>()) {
            (Ok(bits), _) if bits <= width => !u128::MAX.checked_shr(bits + 128 - width).unwrap_or(0),
            (Err(_), Ok(dotted)) if ip.is_ipv4() => u128::from(u32::from(dotted)) | !u128::from(u32::MAX),
            _ => return None,
        };
        Some(IpNet { ip, mask })
    }

    /// Whether `ip` is of the set.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.ip.is_ipv4() == ip.is_ipv4() && (bits(self.ip) ^ bits(ip)) & self.mask == 0
    }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(ip: &str, mask: &str) -> Option<IpNet> {
        IpNet::new(ip.parse().unwrap(), (!mask.is_empty()).then_some(mask))
    }

    fn has(net: Option<IpNet>, ip: &str) -> bool {
        net.unwrap().contains(ip.parse().unwrap())
    }

    #[test]
    fn masks_choose_the_bits_that_count() {
        assert!(has(net("127.0.0.1", ""), "127.0.0.1") && !has(net("127.0.0.1", ""), "127.0.0.2"));
        assert!(has(net("10.0.0.0", "8"), "10.9.8.7") && !has(net("10.0.0.0", "8"), "11.0.0.0"));
        assert!(has(net("10.0.0.0", "255.0.0.0"), "10.9.8.7"));
        assert!(!has(net("10.0.0.0", "255.0.0.0"), "11.0.0.0"));
        assert!(has(net("10.0.0.0", "0"), "1.2.3.4") && !has(net("10.0.0.0", "0"), "::1"));
        assert!(has(net("2001:db8::", "32"), "2001:db8:1::1") && !has(net("2001:db8::", "32"), "2001:db9::"));
        assert!(has(net("::1", "128"), "::1") && !has(net("::1", "128"), "::2"));
    }

    #[test]
    fn masks_that_are_none_are_refused() {
        assert!(net("10.0.0.0", "33").is_none() && net("10.0.0.0", "x").is_none());
        assert!(net("::1", "129").is_none() && net("::1", "255.0.0.0").is_none());
    }
}
