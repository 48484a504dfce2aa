//! Making, naming and closing sockets.

use super::addr::{RawAddr, SockAddr};
use super::{again, check, sockopt};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// `IPPROTO_MPTCP`; written out because a libc may be older than the kernel.
pub const IPPROTO_MPTCP: i32 = 262;

/// Which half of a connection to shut down (man 2 shutdown).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// No more reading.
    Read,
    /// No more writing: the peer sees the end of the data.
    Write,
    /// Both.
    Both,
}

fn open(family: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    // SAFETY: socket takes no pointers.
    let fd =
        check(unsafe { libc::socket(family, kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC, protocol) })?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A stream socket of `family` (`AF_*`) and `protocol` (`IPPROTO_*`, 0 for unix).
pub fn stream(family: i32, protocol: i32) -> io::Result<OwnedFd> {
    open(family, libc::SOCK_STREAM, protocol)
}

/// A datagram socket of `family` (`AF_*`) with its default protocol.
pub fn datagram(family: i32) -> io::Result<OwnedFd> {
    open(family, libc::SOCK_DGRAM, 0)
}

/// Takes over the descriptor with this number, inherited from the parent: a duplicate of it, made
/// close-on-exec and non-blocking. The number itself stays open, for
/// the next process to adopt.
///
/// # Errors
/// `EBADF` when no such descriptor is open.
pub fn adopt(number: i32) -> io::Result<OwnedFd> {
    // SAFETY: fcntl on a number takes no pointers; a number that is not open gives EBADF.
    let fd = check(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) })?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    set_nonblocking(fd.as_fd())?;
    Ok(fd)
}

/// Sets `O_NONBLOCK`, for descriptors made elsewhere.
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    let raw = fd.as_raw_fd();
    // SAFETY: F_GETFL takes no argument.
    let flags = check(unsafe { libc::fcntl(raw, libc::F_GETFL) })?;
    // SAFETY: F_SETFL takes an integer.
    check(unsafe { libc::fcntl(raw, libc::F_SETFL, flags | libc::O_NONBLOCK) }).map(drop)
}

/// Sets `FD_CLOEXEC`, for descriptors made elsewhere.
pub fn set_cloexec(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: F_SETFD takes an integer.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) }).map(drop)
}

/// Names a socket (man 2 bind).
pub fn bind(fd: BorrowedFd<'_>, addr: &SockAddr) -> io::Result<()> {
    let raw = RawAddr::encode(addr);
    // SAFETY: pointer and length describe `raw`, which outlives the call.
    check(unsafe { libc::bind(fd.as_raw_fd(), raw.as_ptr(), raw.len()) }).map(drop)
}

/// Starts or changes listening (man 2 listen); `backlog` below 0 counts as 0.
pub fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::listen(fd.as_raw_fd(), backlog.max(0)) }).map(drop)
}

/// Takes one connection from the queue: its descriptor, and the client's address (man 2 accept4).
///
/// # Errors
/// Whatever the kernel says, `EINTR` and `EAGAIN` included.
pub fn accept(fd: BorrowedFd<'_>) -> io::Result<(OwnedFd, SockAddr)> {
    let mut raw = RawAddr::room();
    let (addr, len) = raw.slots();
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: `addr` and `len` point into `raw`, which outlives the call and has the size in `len`.
    let new = check(unsafe { libc::accept4(fd.as_raw_fd(), addr, len, flags) })?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok((unsafe { OwnedFd::from_raw_fd(new) }, raw.decode()))
}

/// Starts connecting; `Ok(true)` when the connection is made already, `Ok(false)` when it is under
/// way and writability will tell (man 2 connect, `EINPROGRESS`).
///
/// # Errors
/// Any other error; `EAGAIN` on a unix socket means that the listener's queue is full.
pub fn connect(fd: BorrowedFd<'_>, addr: &SockAddr) -> io::Result<bool> {
    let raw = RawAddr::encode(addr);
    // SAFETY: pointer and length describe `raw`, which outlives the call.
    match check(unsafe { libc::connect(fd.as_raw_fd(), raw.as_ptr(), raw.len()) }) {
        Ok(_) => Ok(true),
        Err(e) if matches!(e.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Shuts down one direction or both.
pub fn shutdown(fd: BorrowedFd<'_>, how: How) -> io::Result<()> {
    let how = match how {
        How::Read => libc::SHUT_RD,
        How::Write => libc::SHUT_WR,
        How::Both => libc::SHUT_RDWR,
    };
    // SAFETY: no pointers.
    check(unsafe { libc::shutdown(fd.as_raw_fd(), how) }).map(drop)
}

/// The error a socket has stored, and clears it (`SO_ERROR`); `Ok(None)` when there is none.
pub fn take_error(fd: BorrowedFd<'_>) -> io::Result<Option<io::Error>> {
    let code = sockopt::get_int(fd, libc::SOL_SOCKET, libc::SO_ERROR)?;
    Ok((code != 0).then(|| io::Error::from_raw_os_error(code)))
}

/// The socket's own address (man 2 getsockname).
pub fn local_addr(fd: BorrowedFd<'_>) -> io::Result<SockAddr> {
    let mut raw = RawAddr::room();
    let (addr, len) = raw.slots();
    // SAFETY: `addr` and `len` point into `raw`, which outlives the call and has the size in `len`.
    again(|| check(unsafe { libc::getsockname(fd.as_raw_fd(), addr, len) }))?;
    Ok(raw.decode())
}

/// The other end's address (man 2 getpeername).
pub fn peer_addr(fd: BorrowedFd<'_>) -> io::Result<SockAddr> {
    let mut raw = RawAddr::room();
    let (addr, len) = raw.slots();
    // SAFETY: `addr` and `len` point into `raw`, which outlives the call and has the size in `len`.
    again(|| check(unsafe { libc::getpeername(fd.as_raw_fd(), addr, len) }))?;
    Ok(raw.decode())
}

/// The protocol the socket was made with (`SO_PROTOCOL`): 6 TCP, 262 MPTCP, 0 unix.
pub fn protocol_of(fd: BorrowedFd<'_>) -> io::Result<i32> {
    sockopt::get_int(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL)
}

/// The address family (`SO_DOMAIN`).
pub fn family_of(fd: BorrowedFd<'_>) -> io::Result<i32> {
    sockopt::get_int(fd, libc::SOL_SOCKET, libc::SO_DOMAIN)
}

/// `SOCK_STREAM`, `SOCK_DGRAM`, ... (`SO_TYPE`).
pub fn socket_type(fd: BorrowedFd<'_>) -> io::Result<i32> {
    sockopt::get_int(fd, libc::SOL_SOCKET, libc::SO_TYPE)
}

/// Whether the socket listens (`SO_ACCEPTCONN`).
pub fn is_listening(fd: BorrowedFd<'_>) -> io::Result<bool> {
    sockopt::get_int(fd, libc::SOL_SOCKET, libc::SO_ACCEPTCONN).map(|v| v != 0)
}

/// Whether clients wait in the queue of a socket that listens (man 2 poll).
pub fn has_clients(fd: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1))
        && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_knows_both_its_ends() {
        let listener = stream(libc::AF_INET, libc::IPPROTO_TCP).unwrap();
        bind(listener.as_fd(), &SockAddr::Inet("127.0.0.1:0".parse().unwrap())).unwrap();
        assert!(!is_listening(listener.as_fd()).unwrap());
        listen(listener.as_fd(), 5).unwrap();
        assert!(is_listening(listener.as_fd()).unwrap());
        let to = local_addr(listener.as_fd()).unwrap();
        let client = stream(libc::AF_INET, libc::IPPROTO_TCP).unwrap();
        connect(client.as_fd(), &to).unwrap();
        assert!(has_clients(listener.as_fd()));
        let (server, peer) = accept(listener.as_fd()).unwrap();
        assert!(!has_clients(listener.as_fd()));
        assert_eq!(peer, local_addr(client.as_fd()).unwrap());
        assert_eq!(peer_addr(client.as_fd()).unwrap(), local_addr(server.as_fd()).unwrap());
        assert_eq!(protocol_of(server.as_fd()).unwrap(), libc::IPPROTO_TCP);
        assert_eq!(accept(listener.as_fd()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn adopting_a_number_that_is_not_open_says_so() {
        assert_eq!(adopt(1_000_000).unwrap_err().raw_os_error(), Some(libc::EBADF));
    }
}
