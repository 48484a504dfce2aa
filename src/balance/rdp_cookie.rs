//! `balance rdp-cookie` (configuration.txt 4.2): the cookie in a client's first RDP packet, an X.224
//! connection request in a TPKT frame (\[MS-RDPBCGR\] 2.2.1.1).

use std::net::{Ipv4Addr, SocketAddrV4};

/// Bytes in front of the cookie: TPKT header (4) and the fixed part of the connection request (7).
const PREFIX_LEN: usize = 11;
/// TPKT version.
const TPKT_VERSION: u8 = 3;
/// The upper half of the code of a connection request.
const CONNECTION_REQUEST: u8 = 0xE0;

/// The value of the cookie `name`, in any case, in `packet`; `None` also when its line is not whole.
pub fn value<'a>(packet: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (prefix, rest) = packet.split_at_checked(PREFIX_LEN)?;
    if prefix.first() != Some(&TPKT_VERSION) || prefix.get(5)? & 0xF0 != CONNECTION_REQUEST {
        return None;
    }
    let rest = strip_prefix(rest, b"Cookie:")?.trim_ascii_start();
    let value = strip_prefix(rest, name)?.strip_prefix(b"=")?;
    let end = value.iter().position(|&byte| byte == b'\r')?;
    value.get(..end)
}

/// The server that a cookie's value names (`persist rdp-cookie`): `<address>.<port>.<anything>`, both numbers as
/// they are in memory where the bytes of the network are read as little-endian (\[MS-RDPBCGR\] 3.2.5.3.1). Digits
/// beyond the size of each are cut, as in the reference.
pub fn server(value: &[u8]) -> Option<SocketAddrV4> {
    let mut parts = value.splitn(3, |&byte| byte == b'.');
    let address = number(parts.next()?)? as u32;
    let port = number(parts.next()?)? as u16;
    parts.next()?;
    Some(SocketAddrV4::new(Ipv4Addr::from(address.swap_bytes()), port.swap_bytes()))
}

fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim_start();
    text.parse().ok()
}

fn strip_prefix<'a>(bytes: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = bytes.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_name_a_server() {
        let is = |value: &str| server(value.as_bytes()).map(|address| address.to_string());
        assert_eq!(is("3640205228.15629.0000").as_deref(), Some("172.31.249.216:3389"));
        assert_eq!(is("16777343.36895.").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(is(" +016777343.36895.x.y").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(is("4311744639.102431.0000").as_deref(), Some("127.0.0.1:8080"));
        for wrong in ["", "x", "16777343", "16777343.36895", "16777343..0", "16777343.36895x.0", ".1.0"] {
            assert_eq!(is(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_cookie_is_found_in_a_connection_request_only() {
        let packet = b"\x03\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=user1\r\n";
        assert_eq!(value(packet, b"mstshash"), Some(&b"user1"[..]));
        assert_eq!(value(packet, b"MSTShash"), Some(&b"user1"[..]));
        assert_eq!(value(packet, b"msts"), None);
        assert_eq!(value(b"\x04\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=user1\r\n", b"mstshash"), None);
        for len in 0..packet.len() - 2 {
            assert_eq!(value(&packet[..len], b"mstshash"), None);
        }
    }
}
