//! Socket addresses: our compact form and the kernel's.

use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes of a path or an abstract name that fit into a unix address (man 7 unix).
pub const SUN_PATH_LEN: usize = 108;

/// Where a socket is, or where it is to go.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SockAddr {
    /// IPv4 or IPv6 with a port.
    Inet(SocketAddr),
    /// A unix socket in the file system.
    Unix(Box<Path>),
    /// A unix socket in the abstract namespace: the bytes behind the leading NUL, padding included.
    Abstract(Box<[u8]>),
    /// A unix socket without a name, as most clients of unix listeners are.
    Unnamed,
}

// Sessions keep two of these each.
const _: () = assert!(size_of::<SockAddr>() <= 32);

impl SockAddr {
    /// The internet address, if this is one.
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            SockAddr::Inet(a) => Some(*a),
            _ => None,
        }
    }

    /// The IP address, if this has one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.inet().map(|a| a.ip())
    }

    /// The port; 0 for unix addresses.
    pub fn port(&self) -> u16 {
        self.inet().map_or(0, |a| a.port())
    }

    /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
    pub fn family(&self) -> libc::c_int {
        match self {
            SockAddr::Inet(SocketAddr::V4(_)) => libc::AF_INET,
            SockAddr::Inet(SocketAddr::V6(_)) => libc::AF_INET6,
            _ => libc::AF_UNIX,
        }
    }

    /// The abstract address `abns@name` means: the name filled up with NULs to the whole field.
    /// A name that is too long is cut.
    pub fn abstract_padded(name: &[u8]) -> SockAddr {
        let mut bytes = vec![0; SUN_PATH_LEN - 1];
        let len = name.len().min(bytes.len());
        bytes[..len].copy_from_slice(&name[..len]);
        SockAddr::Abstract(bytes.into())
    }

    /// The abstract address `abnsz@name` means: just the name, the way most other programs bind it.
    pub fn abstract_exact(name: &[u8]) -> SockAddr {
        SockAddr::Abstract(name[..name.len().min(SUN_PATH_LEN - 1)].into())
    }
}

impl From<SocketAddr> for SockAddr {
    fn from(a: SocketAddr) -> Self {
        SockAddr::Inet(a)
    }
}

/// As messages show it: `10.0.0.1:80`, `::1:80` (no brackets), a path, `abns@name`, or `unix`.
impl fmt::Display for SockAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SockAddr::Inet(a) => write!(f, "{}:{}", a.ip(), a.port()),
            SockAddr::Unix(path) => write!(f, "{}", path.display()),
            SockAddr::Abstract(name) => {
                let end = name.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
                write!(f, "abns@{}", String::from_utf8_lossy(&name[..end]))
            }
            SockAddr::Unnamed => f.write_str("unix"),
        }
    }
}

/// An address as the kernel reads and writes it: `sockaddr_storage` as plain bytes.
///
/// Encoding and decoding are byte work without `unsafe`; only the calls pass a pointer.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(super) struct RawAddr {
    bytes: [u8; size_of::<libc::sockaddr_storage>()],
    len: libc::socklen_t,
}

impl RawAddr {
    /// Room for the kernel to write any address into.
    pub(super) fn room() -> Self {
        let bytes = [0; size_of::<libc::sockaddr_storage>()];
        RawAddr { bytes, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    /// Takes bytes that an option call returned.
    pub(super) fn from_bytes(from: &[u8]) -> Self {
        let mut raw = Self::room();
        let len = from.len().min(raw.bytes.len());
        raw.bytes[..len].copy_from_slice(&from[..len]);
        raw.len = len as libc::socklen_t;
        raw
    }

    pub(super) fn as_ptr(&self) -> *const libc::sockaddr {
        self.bytes.as_ptr().cast()
    }

    pub(super) fn len(&self) -> libc::socklen_t {
        self.len
    }

    /// Where the kernel writes the address and its length.
    pub(super) fn slots(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        (self.bytes.as_mut_ptr().cast(), &raw mut self.len)
    }

    fn put(&mut self, at: usize, from: &[u8]) {
        self.bytes[at..at + from.len()].copy_from_slice(from);
        self.len = (at + from.len()) as libc::socklen_t;
    }

    /// The kernel's form of `addr`.
    pub(super) fn encode(addr: &SockAddr) -> Self {
        let mut raw = Self::room();
        raw.put(0, &(addr.family() as libc::sa_family_t).to_ne_bytes());
        match addr {
            SockAddr::Inet(SocketAddr::V4(a)) => {
                raw.put(2, &a.port().to_be_bytes());
                raw.put(4, &a.ip().octets());
                raw.len = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            SockAddr::Inet(SocketAddr::V6(a)) => {
                raw.put(2, &a.port().to_be_bytes());
                raw.put(4, &a.flowinfo().to_ne_bytes());
                raw.put(8, &a.ip().octets());
                raw.put(24, &a.scope_id().to_ne_bytes());
            }
            SockAddr::Unix(path) => {
                let name = path.as_os_str().as_bytes();
                raw.put(2, &name[..name.len().min(SUN_PATH_LEN - 1)]);
                raw.len += 1;
            }
            SockAddr::Abstract(name) => raw.put(3, &name[..name.len().min(SUN_PATH_LEN - 1)]),
            SockAddr::Unnamed => {}
        }
        raw
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.bytes[at..at + N]);
        out
    }

    /// Our form of what the kernel wrote; a family we do not know reads as [`SockAddr::Unnamed`].
    pub(super) fn decode(&self) -> SockAddr {
        let len = (self.len as usize).min(self.bytes.len());
        let port = u16::from_be_bytes(self.array(2));
        match libc::c_int::from(libc::sa_family_t::from_ne_bytes(self.array(0))) {
            libc::AF_INET => {
                SockAddr::Inet(SocketAddrV4::new(Ipv4Addr::from(self.array::<4>(4)), port).into())
            }
            libc::AF_INET6 => {
                let ip = Ipv6Addr::from(self.array::<16>(8));
                let flow = u32::from_ne_bytes(self.array(4));
                let scope = u32::from_ne_bytes(self.array(24));
                SockAddr::Inet(SocketAddrV6::new(ip, port, flow, scope).into())
            }
            libc::AF_UNIX if len > 3 && self.bytes[2] == 0 => SockAddr::Abstract(self.bytes[3..len].into()),
            libc::AF_UNIX if len > 2 && self.bytes[2] != 0 => {
                let name = &self.bytes[2..len];
                let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
                SockAddr::Unix(Path::new(OsStr::from_bytes(&name[..end])).into())
            }
            _ => SockAddr::Unnamed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_address_survives_the_kernels_form() {
        for addr in [
            SockAddr::Inet("10.1.2.3:80".parse().unwrap()),
            SockAddr::Inet("[2001:db8::7]:8443".parse().unwrap()),
            SockAddr::Inet("[fe80::1%3]:1".parse().unwrap()),
            SockAddr::Unix(Path::new("/run/a.sock").into()),
            SockAddr::abstract_exact(b"name"),
            SockAddr::abstract_padded(b"name"),
            SockAddr::Unnamed,
        ] {
            assert_eq!(RawAddr::encode(&addr).decode(), addr);
        }
    }

    #[test]
    fn names_longer_than_the_field_are_cut_not_overrun() {
        let long = "/".repeat(300);
        let SockAddr::Unix(path) = RawAddr::encode(&SockAddr::Unix(Path::new(&long).into())).decode() else {
            panic!("not a path")
        };
        assert_eq!(path.as_os_str().len(), SUN_PATH_LEN - 1);
        assert_eq!(RawAddr::encode(&SockAddr::abstract_exact(&[b'x'; 300])).len() as usize, SUN_PATH_LEN + 2);
    }

    #[test]
    fn addresses_print_as_messages_show_them() {
        let show = |a: SockAddr| a.to_string();
        assert_eq!(show(SockAddr::Inet("[::1]:80".parse().unwrap())), "::1:80");
        assert_eq!(show(SockAddr::abstract_padded(b"ab")), "abns@ab");
        assert_eq!(show(SockAddr::Unnamed), "unix");
    }
}
