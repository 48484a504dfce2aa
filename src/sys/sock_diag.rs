//! Which sockets listen where, as the kernel lists them (man 7 sock_diag).

use super::{check, io as sys_io, namespace};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

/// `NETLINK_SOCK_DIAG`
const NETLINK_SOCK_DIAG: i32 = 4;
/// `SOCK_DIAG_BY_FAMILY`
const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST` and `NLM_F_DUMP`
const DUMP: u16 = 0x301;
/// `NLMSG_ERROR` and `NLMSG_DONE`
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// `TCP_LISTEN`
const LISTEN: u32 = 10;
/// `INET_DIAG_SKV6ONLY`: an attribute of one byte.
const SKV6ONLY: u16 = 11;
/// Bytes of `nlmsghdr`, `inet_diag_req_v2` and `inet_diag_msg`.
const HEADER: usize = 16;
const REQUEST: usize = 56;
const MESSAGE: usize = 72;
/// Bytes of a reply at most: the kernel fills no more than 32 kB.
const REPLY_MAX: usize = 32 << 10;

/// One TCP socket that listens. An MPTCP one is listed by the TCP socket inside it, with its own number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listening {
    /// Where.
    pub addr: SocketAddr,
    /// Index of the interface it is bound to; 0 is none.
    pub interface: u32,
    /// An IPv6 socket that takes no IPv4 clients.
    pub v6only: bool,
    /// Which socket it is: see [`socket_number`](super::child::socket_number).
    pub number: u64,
}

/// A way to ask the kernel for the sockets of one network namespace; it needs no privilege.
#[derive(Debug)]
pub struct SockDiag(OwnedFd);

impl SockDiag {
    /// A way into the namespace of this name, or into the process's own.
    ///
    /// # Errors
    /// Those of [`namespace::within`]; `EPROTONOSUPPORT` where the kernel has no sock_diag.
    pub fn open(namespace: Option<&str>) -> io::Result<SockDiag> {
        match namespace {
            Some(name) => namespace::within(name, open),
            None => open(),
        }
        .map(SockDiag)
    }

    /// The sockets of `family` (`AF_INET`, `AF_INET6`) that listen on `port`, in no order.
    ///
    /// # Errors
    /// `ENOENT` where the kernel cannot list TCP sockets (no tcp_diag).
    pub fn listening(&self, family: i32, port: u16) -> io::Result<Vec<Listening>> {
        sys_io::send(self.0.as_fd(), &request(family, port), false)?;
        let mut all = Vec::new();
        let mut room = vec![0; REPLY_MAX];
        loop {
            let len = sys_io::recv(self.0.as_fd(), &mut room)?;
            if read(&room[..len], &mut all)? {
                return Ok(all);
            }
        }
    }
}

fn open() -> io::Result<OwnedFd> {
    // The kernel answers inside send(2) and recv(2): neither waits for anybody.
    let kind = libc::SOCK_RAW | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: socket takes no pointers.
    let fd = check(unsafe { libc::socket(libc::AF_NETLINK, kind, NETLINK_SOCK_DIAG) })?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn request(family: i32, port: u16) -> [u8; HEADER + REQUEST] {
    let mut bytes = [0; HEADER + REQUEST];
    bytes[..4].copy_from_slice(&((HEADER + REQUEST) as u32).to_ne_bytes());
    bytes[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes[6..8].copy_from_slice(&DUMP.to_ne_bytes());
    let request = &mut bytes[HEADER..];
    request[0] = family as u8;
    request[1] = libc::IPPROTO_TCP as u8;
    request[4..8].copy_from_slice(&(1u32 << LISTEN).to_ne_bytes());
    request[8..10].copy_from_slice(&port.to_be_bytes());
    bytes
}

/// Reads the messages of one reply; true when the list is complete.
fn read(mut reply: &[u8], all: &mut Vec<Listening>) -> io::Result<bool> {
    while reply.len() >= HEADER {
        let len = number(reply, 0) as usize;
        let kind = half(reply, 4);
        let body = reply.get(HEADER..len).ok_or_else(malformed)?;
        match kind {
            DONE => return Ok(true),
            ERROR if body.len() >= 4 => {
                return Err(io::Error::from_raw_os_error((number(body, 0) as i32).saturating_neg()));
            }
            SOCK_DIAG_BY_FAMILY => all.extend(listening(body)),
            _ => {}
        }
        reply = reply.get(aligned(len)..).unwrap_or_default();
    }
    Ok(false)
}

fn listening(body: &[u8]) -> Option<Listening> {
    if body.len() < MESSAGE {
        return None;
    }
    let port = u16::from_be_bytes([body[4], body[5]]);
    let ip: IpAddr = match i32::from(body[0]) {
        libc::AF_INET => Ipv4Addr::new(body[8], body[9], body[10], body[11]).into(),
        libc::AF_INET6 => Ipv6Addr::from(<[u8; 16]>::try_from(&body[8..24]).ok()?).into(),
        _ => return None,
    };
    let mut v6only = false;
    let mut attributes = &body[MESSAGE..];
    while attributes.len() >= 4 {
        let len = usize::from(half(attributes, 0)).max(4);
        if half(attributes, 2) == SKV6ONLY {
            v6only = attributes.get(4).is_some_and(|value| *value != 0);
        }
        attributes = attributes.get(aligned(len)..).unwrap_or_default();
    }
    Some(Listening {
        addr: SocketAddr::new(ip, port),
        interface: number(body, 40),
        v6only,
        number: u64::from(number(body, 68)),
    })
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn aligned(len: usize) -> usize {
    len.max(1).next_multiple_of(4)
}

fn malformed() -> io::Error {
    io::Error::from_raw_os_error(libc::EPROTO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::addr::SockAddr;
    use crate::sys::child::socket_number;
    use crate::sys::socket;

    #[test]
    fn every_kind_of_listener_is_listed_under_its_number() {
        let diag = SockDiag::open(None).unwrap();
        for (family, text) in [(libc::AF_INET, "127.0.0.1:0"), (libc::AF_INET6, "[::]:0")] {
            for protocol in [libc::IPPROTO_TCP, socket::IPPROTO_MPTCP] {
                let Ok(fd) = socket::stream(family, protocol) else {
                    eprintln!("SKIPPED: no MPTCP in this kernel");
                    continue;
                };
                socket::bind(fd.as_fd(), &SockAddr::Inet(text.parse().unwrap())).unwrap();
                let at = socket::local_addr(fd.as_fd()).unwrap().inet().unwrap();
                let is_listed = || {
                    let all = diag.listening(family, at.port()).unwrap();
                    all.iter().any(|l| (l.addr, l.number) == (at, socket_number(fd.as_fd()).unwrap()))
                };
                assert!(!is_listed());
                socket::listen(fd.as_fd(), 1).unwrap();
                assert!(is_listed());
            }
        }
    }

    #[test]
    fn a_socket_that_keeps_ipv4_out_is_told_from_one_that_does_not() {
        let diag = SockDiag::open(None).unwrap();
        for only in [false, true] {
            let fd = socket::stream(libc::AF_INET6, libc::IPPROTO_TCP).unwrap();
            crate::sys::sockopt::v6only(fd.as_fd(), only).unwrap();
            socket::bind(fd.as_fd(), &SockAddr::Inet("[::]:0".parse().unwrap())).unwrap();
            socket::listen(fd.as_fd(), 1).unwrap();
            let port = socket::local_addr(fd.as_fd()).unwrap().port();
            let own = socket_number(fd.as_fd()).unwrap();
            let all = diag.listening(libc::AF_INET6, port).unwrap();
            assert_eq!(
                all.iter().find(|l| l.number == own).map(|l| (l.v6only, l.interface)),
                Some((only, 0))
            );
        }
    }

    #[test]
    fn a_reply_that_is_cut_short_is_no_panic() {
        let mut whole = vec![0; HEADER + MESSAGE + 8];
        let len = whole.len() as u32;
        whole[..4].copy_from_slice(&len.to_ne_bytes());
        whole[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        whole[HEADER] = libc::AF_INET as u8;
        for cut in 0..whole.len() {
            let mut all = Vec::new();
            assert!(read(&whole[..cut], &mut all).is_err() || all.is_empty(), "{cut}");
        }
        let mut all = Vec::new();
        assert!(!read(&whole, &mut all).unwrap());
        assert_eq!(all.len(), 1);
    }
}
