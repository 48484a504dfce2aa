//! `balance rdp-cookie` (configuration.txt 4.2): the cookie in a client's first RDP packet, an X.224
//! connection request in a TPKT frame (\[MS-RDPBCGR\] 2.2.1.1).

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

fn strip_prefix<'a>(bytes: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = bytes.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

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
