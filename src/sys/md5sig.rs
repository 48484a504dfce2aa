//! `TCP_MD5SIG`: segments signed with a shared password (RFC 2385; man 7 tcp; prefixes since Linux 4.13).

use super::sockopt::set_bytes;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::BorrowedFd;

/// Bytes of a password at most (`TCP_MD5SIG_MAXKEYLEN`).
pub const KEY_LEN_MAX: usize = 80;

/// `TCP_MD5SIG_FLAG_PREFIX` of linux/tcp.h: all peers within a prefix.
const FLAG_PREFIX: u8 = 1;
/// Bytes of a `struct sockaddr_storage`.
const STORAGE_LEN: usize = 128;

/// A password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    bytes: [u8; KEY_LEN_MAX],
    len: u8,
}

impl Key {
    /// The password `text`; `None` when it is empty or too long.
    pub fn new(text: &str) -> Option<Key> {
        let mut key = Key { bytes: [0; KEY_LEN_MAX], len: u8::try_from(text.len()).ok()? };
        key.bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        (key.len > 0).then_some(key)
    }
}

/// Passwords are not shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Segments to and from `peer` are signed, before the connection is made.
///
/// # Errors
/// The kernel's: `ENOPROTOOPT` where it, or the socket's protocol, does not know the option.
pub fn with_peer(fd: BorrowedFd<'_>, peer: SocketAddr, key: &Key) -> io::Result<()> {
    set_bytes(fd, libc::IPPROTO_TCP, libc::TCP_MD5SIG, &option(peer, None, Some(key)))
}

/// Only who signs can connect to this listening socket; without a key everybody can again.
///
/// # Errors
/// As [`with_peer`].
pub fn with_anybody(fd: BorrowedFd<'_>, own: SocketAddr, key: Option<&Key>) -> io::Result<()> {
    let any_v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let any_v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    let mapped = SocketAddr::from((Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 0));
    let all: &[SocketAddr] = if own.is_ipv4() { &[any_v4] } else { &[any_v6, mapped] };
    for peers in all {
        set_bytes(fd, libc::IPPROTO_TCP, libc::TCP_MD5SIG_EXT, &option(*peers, Some(0), key))?;
    }
    Ok(())
}

/// A `struct tcp_md5sig`.
fn option(peer: SocketAddr, prefix_len: Option<u8>, key: Option<&Key>) -> Vec<u8> {
    let mut raw = Vec::with_capacity(STORAGE_LEN + 8 + KEY_LEN_MAX);
    let family = if peer.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    raw.extend((family as libc::sa_family_t).to_ne_bytes());
    raw.extend(peer.port().to_be_bytes());
    match peer {
        SocketAddr::V4(peer) => raw.extend(peer.ip().octets()),
        SocketAddr::V6(peer) => {
            raw.extend(peer.flowinfo().to_be_bytes());
            raw.extend(peer.ip().octets());
            raw.extend(peer.scope_id().to_ne_bytes());
        }
    }
    raw.resize(STORAGE_LEN, 0);
    raw.extend([if prefix_len.is_some() { FLAG_PREFIX } else { 0 }, prefix_len.unwrap_or(0)]);
    raw.extend(u16::from(key.map_or(0, |key| key.len)).to_ne_bytes());
    // Any interface.
    raw.extend(0_i32.to_ne_bytes());
    raw.extend(key.map_or([0; KEY_LEN_MAX], |key| key.bytes));
    raw
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::time::Duration;

    #[test]
    fn passwords_have_a_length() {
        assert!(Key::new("").is_none());
        assert!(Key::new(&"k".repeat(KEY_LEN_MAX)).is_some());
        assert!(Key::new(&"k".repeat(KEY_LEN_MAX + 1)).is_none());
        assert_eq!(format!("{:?}", Key::new("secret").unwrap()), "Key");
        let raw = option("127.0.0.1:80".parse().unwrap(), None, Key::new("secret").as_ref());
        assert_eq!(raw.len(), 216);
    }

    #[test]
    fn who_does_not_sign_is_not_let_in() {
        for at in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(at).unwrap();
            let own = listener.local_addr().unwrap();
            if with_anybody(listener.as_fd(), own, Key::new("secret").as_ref()).is_err() {
                return eprintln!("SKIPPED: this kernel has no TCP_MD5SIG");
            }
            assert!(TcpStream::connect_timeout(&own, Duration::from_millis(100)).is_err());
            with_anybody(listener.as_fd(), own, None).unwrap();
            assert!(TcpStream::connect_timeout(&own, Duration::from_secs(5)).is_ok());
        }
    }
}
