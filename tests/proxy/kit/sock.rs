//! Sockets of a chosen protocol: plain TCP, Multipath TCP, Unix; and what a socket says of itself.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use nix::libc;
use nix::{getsockopt_impl, sockopt_impl};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{AddressFamily, Protocol, SocketAddrUnix, SocketFlags, SocketType, ipproto, sockopt};

/// `getsockopt(SOL_TCP, ...)`: 1 while a connection speaks MPTCP, 0 for TCP and after a fallback. Linux 6.10.
const TCP_IS_MPTCP: libc::c_int = 43;

sockopt_impl!(IsMptcp, GetOnly, libc::IPPROTO_TCP, TCP_IS_MPTCP, bool);

/// Which protocol a scripted client or server asks the kernel for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    Mptcp,
}

impl Transport {
    fn protocol(self) -> Protocol {
        match self {
            Transport::Tcp => ipproto::TCP,
            Transport::Mptcp => ipproto::MPTCP,
        }
    }
}

fn family(addr: &SocketAddr) -> AddressFamily {
    if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 }
}

/// A listening socket of `transport` on `addr`; SO_REUSEADDR set, closed on exec.
pub fn listen(transport: Transport, addr: SocketAddr, backlog: i32) -> io::Result<OwnedFd> {
    let fd = bound(transport, addr)?;
    rustix::net::listen(&fd, backlog)?;
    Ok(fd)
}

/// A socket bound to `addr` and not listening: connections to it are refused, and nobody else gets the port
/// unless both sides set SO_REUSEADDR (a proxy does), so it also serves as a reservation.
pub fn bound(transport: Transport, addr: SocketAddr) -> io::Result<OwnedFd> {
    let fd = rustix::net::socket_with(
        family(&addr),
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        Some(transport.protocol()),
    )?;
    sockopt::set_socket_reuseaddr(&fd, true)?;
    rustix::net::bind(&fd, &addr)?;
    Ok(fd)
}

/// A connected socket of `transport`; loopback, so it blocks at most as long as a full backlog makes it.
pub fn connect(transport: Transport, addr: SocketAddr) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let fd = rustix::net::socket_with(family(&addr), SocketType::STREAM, flags, Some(transport.protocol()))?;
    rustix::net::connect(&fd, &addr)?;
    Ok(fd)
}

/// A Unix stream socket bound to `addr` and listening.
pub fn listen_unix(addr: &SocketAddrUnix) -> io::Result<OwnedFd> {
    let fd = unix_socket()?;
    rustix::net::bind(&fd, addr)?;
    rustix::net::listen(&fd, 100)?;
    Ok(fd)
}

/// A connected Unix stream socket.
pub fn connect_unix(addr: &SocketAddrUnix) -> io::Result<OwnedFd> {
    let fd = unix_socket()?;
    rustix::net::connect(&fd, addr)?;
    Ok(fd)
}

fn unix_socket() -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

/// The address a socket is bound to.
pub fn local_addr(fd: &impl AsFd) -> SocketAddr {
    let any = rustix::net::getsockname(fd).expect("getsockname");
    SocketAddr::try_from(any).expect("an IP socket")
}

/// The address of the other end.
pub fn peer_addr(fd: &impl AsFd) -> SocketAddr {
    let any = rustix::net::getpeername(fd).expect("getpeername");
    SocketAddr::try_from(any.expect("a named peer")).expect("an IP socket")
}

/// Whether the connection speaks MPTCP now. Asks the kernel, not the socket's own protocol number.
pub fn is_mptcp(fd: &impl AsFd) -> bool {
    nix::sys::socket::getsockopt(fd, IsMptcp).unwrap_or(false)
}

/// SO_PROTOCOL: 6 for TCP, 262 for a socket that was made or accepted as MPTCP.
pub fn so_protocol(fd: &impl AsFd) -> u32 {
    sockopt::socket_protocol(fd).ok().flatten().map_or(0, |protocol| protocol.as_raw().get())
}

/// True once `fd` is readable (data, an end, a connection to accept), false after `limit`.
pub fn readable_within(fd: &impl AsFd, limit: Duration) -> bool {
    event_within(fd, PollFlags::IN | PollFlags::RDHUP, limit)
}

/// True once `fd` takes bytes, false after `limit`.
pub fn writable_within(fd: &impl AsFd, limit: Duration) -> bool {
    event_within(fd, PollFlags::OUT, limit)
}

/// True once both directions of `fd` are over, false after `limit`.
pub fn hung_up_within(fd: &impl AsFd, limit: Duration) -> bool {
    event_within(fd, PollFlags::empty(), limit)
}

/// True once one of `fds` is readable, false after `limit`.
pub fn any_readable(fds: &[BorrowedFd<'_>], limit: Duration) -> bool {
    any_event_within(fds, PollFlags::IN | PollFlags::RDHUP, limit)
}

fn event_within(fd: &impl AsFd, events: PollFlags, limit: Duration) -> bool {
    any_event_within(&[fd.as_fd()], events, limit)
}

fn any_event_within(fds: &[BorrowedFd<'_>], events: PollFlags, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    let mut fds: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(fd, events)).collect();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let spec = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos() as _ };
        match rustix::event::poll(&mut fds, Some(&spec)) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
    }
}

/// Held by tests that open many descriptors, and by those whose oracle, for a small `maxconn`, takes only an inherited
/// descriptor with a small number.
pub fn many_descriptors() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A port of 127.0.0.1 (or of every address, for `[::]`) that is nobody's until this is dropped.
pub struct Reserved {
    pub addr: SocketAddr,
    _socket: OwnedFd,
}

/// Reserves a free port on `ip`: bound with SO_REUSEADDR and not listening, so a proxy can bind it too.
pub fn reserve(ip: &str) -> Reserved {
    reserve_at(SocketAddr::new(ip.parse().expect("an address"), 0)).expect("bind")
}

/// Reserves `count` ports in a row, below the range that the kernel gives to clients: there the other tests'
/// connections leave too few gaps.
pub fn reserve_range(ip: &str, count: u16) -> Vec<Reserved> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let ip = ip.parse().expect("an address");
    for _ in 0..1000 {
        let step =
            NEXT.fetch_add(count, Ordering::Relaxed).wrapping_add(std::process::id() as u16 % 97 * 211);
        let first = 10_000 + step % 20_000;
        let ports = first..first + count;
        let reserved: io::Result<Vec<_>> = ports.map(|port| reserve_at(SocketAddr::new(ip, port))).collect();
        if let Ok(reserved) = reserved {
            return reserved;
        }
    }
    panic!("no {count} free ports in a row");
}

fn reserve_at(addr: SocketAddr) -> io::Result<Reserved> {
    let socket = bound(Transport::Tcp, addr)?;
    Ok(Reserved { addr: local_addr(&socket), _socket: socket })
}
