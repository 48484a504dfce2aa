//! Socket options by name. An option that the socket's protocol does not know is an error
//! (`ENOPROTOOPT`, `EOPNOTSUPP`): the caller decides whether that matters, it never ends a loop.

use super::addr::{RawAddr, SockAddr};
use super::{check, socket};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// `TCP_IS_MPTCP` (Linux 5.16, at `SOL_TCP`).
const TCP_IS_MPTCP: i32 = 43;
/// `SO_ORIGINAL_DST` and `IP6T_SO_ORIGINAL_DST`.
const ORIGINAL_DST: i32 = 80;
/// `SO_ATTACH_REUSEPORT_CBPF` (Linux 4.5) and `SO_DETACH_REUSEPORT_BPF` (Linux 5.3).
const SO_ATTACH_REUSEPORT_CBPF: i32 = 51;
const SO_DETACH_REUSEPORT_BPF: i32 = 68;
/// `BPF_RET | BPF_K`: the program's result is the constant in the instruction.
const BPF_RET_K: u16 = 0x06;
/// `TCP_FASTOPEN_CONNECT` (Linux 4.11).
const TCP_FASTOPEN_CONNECT: i32 = 30;

/// Sets an option to any plain bytes.
pub(super) fn set_bytes(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let len = value.len() as libc::socklen_t;
    // SAFETY: pointer and length describe `value`; the kernel only reads.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), len) }).map(drop)
}

/// Reads an option into `room`; returns how many bytes the kernel wrote.
pub(super) fn get_bytes(fd: BorrowedFd<'_>, level: i32, name: i32, room: &mut [u8]) -> io::Result<usize> {
    let mut len = room.len() as libc::socklen_t;
    // SAFETY: pointer and length describe `room`, exclusively borrowed; the kernel writes at most `len`.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, room.as_mut_ptr().cast(), &raw mut len) })?;
    Ok((len as usize).min(room.len()))
}

/// Reads an option that is an `int`.
pub fn get_int(fd: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<i32> {
    let mut value = [0; size_of::<i32>()];
    get_bytes(fd, level, name, &mut value)?;
    Ok(i32::from_ne_bytes(value))
}

/// Sets an option that is an `int`.
pub fn set_int(fd: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    set_bytes(fd, level, name, &value.to_ne_bytes())
}

/// Rows of one line: an option that takes an on/off switch or a number.
macro_rules! options {
    ($($(#[$doc:meta])* $name:ident($arg:ident: $type:ty) = $level:ident, $option:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name(fd: BorrowedFd<'_>, $arg: $type) -> io::Result<()> {
            set_int(fd, libc::$level, $option, i32::from($arg))
        }
    )*};
}

options! {
    /// `SO_REUSEADDR`: bind over connections in TIME_WAIT.
    reuseaddr(on: bool) = SOL_SOCKET, libc::SO_REUSEADDR;
    /// `SO_REUSEPORT`: several listeners share an address.
    reuseport(on: bool) = SOL_SOCKET, libc::SO_REUSEPORT;
    /// `TCP_NODELAY`: send short segments at once. Accepted sockets inherit it.
    nodelay(on: bool) = IPPROTO_TCP, libc::TCP_NODELAY;
    /// `TCP_QUICKACK`: acknowledge at once (true) or with the next data; not sticky.
    quickack(on: bool) = IPPROTO_TCP, libc::TCP_QUICKACK;
    /// `TCP_CORK`: hold back partial segments.
    cork(on: bool) = IPPROTO_TCP, libc::TCP_CORK;
    /// `TCP_MAXSEG`: the largest segment in bytes, from 88 to 32767; 0 takes an earlier value back.
    maxseg_set(bytes: i32) = IPPROTO_TCP, libc::TCP_MAXSEG;
    /// `TCP_DEFER_ACCEPT`: wake the listener only when data came, at the latest after so many seconds.
    defer_accept(timeout_s: i32) = IPPROTO_TCP, libc::TCP_DEFER_ACCEPT;
    /// `TCP_FASTOPEN` on a listener: how many half-open fast connections may wait.
    fastopen(queue_len: i32) = IPPROTO_TCP, libc::TCP_FASTOPEN;
    /// `TCP_FASTOPEN_CONNECT`: connect() waits for the first data to send.
    fastopen_connect(on: bool) = IPPROTO_TCP, TCP_FASTOPEN_CONNECT;
    /// `TCP_USER_TIMEOUT`: how long sent data may stay unacknowledged. MPTCP sockets refuse it.
    user_timeout(timeout_ms: i32) = IPPROTO_TCP, libc::TCP_USER_TIMEOUT;
    /// `SO_KEEPALIVE`.
    keepalive(on: bool) = SOL_SOCKET, libc::SO_KEEPALIVE;
    /// `TCP_KEEPIDLE`: idle time before the first probe.
    keepidle(seconds: i32) = IPPROTO_TCP, libc::TCP_KEEPIDLE;
    /// `TCP_KEEPINTVL`: time between probes.
    keepintvl(seconds: i32) = IPPROTO_TCP, libc::TCP_KEEPINTVL;
    /// `TCP_KEEPCNT`: probes before the connection is dead.
    keepcnt(probes: i32) = IPPROTO_TCP, libc::TCP_KEEPCNT;
    /// `IP_TRANSPARENT`: bind to addresses that are not ours (needs CAP_NET_ADMIN or CAP_NET_RAW).
    transparent_v4(on: bool) = IPPROTO_IP, libc::IP_TRANSPARENT;
    /// `IPV6_TRANSPARENT`, as [`transparent_v4`].
    transparent_v6(on: bool) = IPPROTO_IPV6, libc::IPV6_TRANSPARENT;
    /// `IP_FREEBIND`: bind to addresses that are not there yet.
    freebind(on: bool) = IPPROTO_IP, libc::IP_FREEBIND;
    /// `IPV6_V6ONLY`: an IPv6 listener takes no IPv4 clients.
    v6only(on: bool) = IPPROTO_IPV6, libc::IPV6_V6ONLY;
    /// `IP_TOS`: the traffic class byte of IPv4 packets.
    tos_v4(tos: u8) = IPPROTO_IP, libc::IP_TOS;
    /// `IPV6_TCLASS`: the same for IPv6.
    tos_v6(tos: u8) = IPPROTO_IPV6, libc::IPV6_TCLASS;
    /// `SO_SNDBUF`: the kernel doubles the value.
    sndbuf(bytes: i32) = SOL_SOCKET, libc::SO_SNDBUF;
    /// `SO_RCVBUF`: the kernel doubles the value.
    rcvbuf(bytes: i32) = SOL_SOCKET, libc::SO_RCVBUF;
    /// `IP_BIND_ADDRESS_NO_PORT`: bind the source address now and choose the port in connect().
    bind_address_no_port(on: bool) = IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT;
}

/// `TCP_MAXSEG`: the largest segment in bytes.
pub fn maxseg_get(fd: BorrowedFd<'_>) -> io::Result<i32> {
    get_int(fd, libc::IPPROTO_TCP, libc::TCP_MAXSEG)
}

/// Whether the socket's protocol does not know `TCP_MD5SIG`. Nothing is set: a value too short to be
/// one is refused for its length by a protocol that knows the option.
pub fn refuses_md5sig(fd: BorrowedFd<'_>) -> bool {
    let tried = set_bytes(fd, libc::IPPROTO_TCP, libc::TCP_MD5SIG, &[]);
    tried.is_err_and(|e| is_unknown_option(&e))
}

/// Whether an error says that the socket's protocol does not know the option.
pub fn is_unknown_option(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP))
}

/// `SO_MARK`: the netfilter mark of this socket's packets (needs CAP_NET_ADMIN).
pub fn mark(fd: BorrowedFd<'_>, mark: u32) -> io::Result<()> {
    set_bytes(fd, libc::SOL_SOCKET, libc::SO_MARK, &mark.to_ne_bytes())
}

/// `SO_BINDTODEVICE`: only this interface.
pub fn bindtodevice(fd: BorrowedFd<'_>, interface: &str) -> io::Result<()> {
    set_bytes(fd, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, interface.as_bytes())
}

/// The interface a socket is bound to (`SO_BINDTODEVICE`); `None` for none, and for kinds of sockets that
/// have none.
pub fn bound_device(fd: BorrowedFd<'_>) -> Option<Box<str>> {
    let mut room = [0; libc::IFNAMSIZ];
    let len = get_bytes(fd, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, &mut room).ok()?;
    let name = room[..len].split(|byte| *byte == 0).next()?;
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into())
}

/// Gives every new connection of the sockets that share an address to the one at `position`, counted from 0; with
/// no such position the kernel spreads them (`SO_ATTACH_REUSEPORT_CBPF`). A later call replaces an earlier one.
///
/// # Errors
/// `EINVAL` when the socket has no `SO_REUSEPORT`, or shares with nobody since it got it; `EOPNOTSUPP` on an MPTCP socket.
pub fn steer(fd: BorrowedFd<'_>, position: u32) -> io::Result<()> {
    let mut code = libc::sock_filter { code: BPF_RET_K, jt: 0, jf: 0, k: position };
    let program = libc::sock_fprog { len: 1, filter: &raw mut code };
    let len = size_of::<libc::sock_fprog>() as libc::socklen_t;
    let value = (&raw const program).cast();
    // SAFETY: `value` points to a program of one instruction; both outlive the call, and the kernel copies them.
    let done =
        unsafe { libc::setsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, value, len) };
    check(done).map(drop)
}

/// Lets the kernel spread the connections again (`SO_DETACH_REUSEPORT_BPF`).
///
/// # Errors
/// `ENOENT` when nothing steers them; `EOPNOTSUPP` on an MPTCP socket.
pub fn steer_no_more(fd: BorrowedFd<'_>) -> io::Result<()> {
    set_int(fd, libc::SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0)
}

/// `SO_LINGER` with no time: close() resets the connection (`option nolinger`).
pub fn linger0(fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut value = [0; 2 * size_of::<i32>()];
    value[..4].copy_from_slice(&1i32.to_ne_bytes());
    set_bytes(fd, libc::SOL_SOCKET, libc::SO_LINGER, &value)
}

/// The address a redirected connection was made to (`SO_ORIGINAL_DST`); TCP sockets only.
///
/// # Errors
/// `ENOENT` when nothing redirected it, `EOPNOTSUPP` on an MPTCP socket.
pub fn original_dst(fd: BorrowedFd<'_>) -> io::Result<SockAddr> {
    let level = if socket::family_of(fd)? == libc::AF_INET6 { libc::IPPROTO_IPV6 } else { libc::IPPROTO_IP };
    let mut room = [0; size_of::<libc::sockaddr_in6>()];
    let len = get_bytes(fd, level, ORIGINAL_DST, &mut room)?;
    Ok(RawAddr::from_bytes(&room[..len]).decode())
}

/// Whether the connection speaks MPTCP now: false for TCP sockets and for MPTCP ones that fell back.
///
/// Kernels before 6.10 (and stable series without the option) cannot say it of a socket made as
/// MPTCP; there the answer is whether `MPTCP_INFO` can be read, which fails after a fallback, and on
/// kernels before 5.16, which know neither, the protocol the socket was made with.
pub fn is_mptcp(fd: BorrowedFd<'_>) -> bool {
    socket::protocol_of(fd).ok() == Some(socket::IPPROTO_MPTCP) && is_still_mptcp(fd)
}

/// The same of a connection that was made as MPTCP: one getsockopt, two where the kernel does not know `TCP_IS_MPTCP`.
pub fn is_still_mptcp(fd: BorrowedFd<'_>) -> bool {
    match get_int(fd, libc::IPPROTO_TCP, TCP_IS_MPTCP) {
        Ok(v) => v != 0,
        Err(_) => match super::tcpstate::mptcp_info(fd) {
            Ok(info) => !info.fell_back(),
            Err(e) => e.raw_os_error() == Some(libc::EPROTONOSUPPORT),
        },
    }
}

/// Who is at the other end of a unix socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeerCred {
    /// Process id when it connected.
    pub pid: i32,
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
}

/// `SO_PEERCRED` of a unix socket.
pub fn peer_cred(fd: BorrowedFd<'_>) -> io::Result<PeerCred> {
    let cred = nix::sys::socket::getsockopt(&fd, nix::sys::socket::sockopt::PeerCredentials)?;
    Ok(PeerCred { pid: cred.pid(), uid: cred.uid(), gid: cred.gid() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn options_reach_the_socket() {
        let s = socket::stream(libc::AF_INET, libc::IPPROTO_TCP).unwrap();
        nodelay(s.as_fd(), true).unwrap();
        assert_eq!(get_int(s.as_fd(), libc::IPPROTO_TCP, libc::TCP_NODELAY).unwrap(), 1);
        user_timeout(s.as_fd(), 1500).unwrap();
        assert_eq!(get_int(s.as_fd(), libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT).unwrap(), 1500);
        linger0(s.as_fd()).unwrap();
        assert!(maxseg_get(s.as_fd()).unwrap() > 0);
    }

    #[test]
    fn only_a_socket_that_can_share_its_address_steers() {
        let s = socket::stream(libc::AF_INET, libc::IPPROTO_TCP).unwrap();
        assert_eq!(steer(s.as_fd(), 0).unwrap_err().raw_os_error(), Some(libc::EINVAL));
        reuseport(s.as_fd(), true).unwrap();
        steer(s.as_fd(), 1).unwrap();
        steer_no_more(s.as_fd()).unwrap();
        assert_eq!(steer_no_more(s.as_fd()).unwrap_err().raw_os_error(), Some(libc::ENOENT));
    }

    #[test]
    fn a_tcp_socket_is_not_mptcp_and_an_mptcp_socket_refuses_user_timeout() {
        let tcp = socket::stream(libc::AF_INET, libc::IPPROTO_TCP).unwrap();
        assert!(!is_mptcp(tcp.as_fd()));
        let Ok(mptcp) = socket::stream(libc::AF_INET, socket::IPPROTO_MPTCP) else {
            return eprintln!("SKIPPED: no MPTCP in this kernel");
        };
        assert_eq!(socket::protocol_of(mptcp.as_fd()).unwrap(), socket::IPPROTO_MPTCP);
        nodelay(mptcp.as_fd(), true).unwrap();
        if let Err(e) = user_timeout(mptcp.as_fd(), 1000) {
            assert!(matches!(e.raw_os_error(), Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP)));
        }
    }
}
