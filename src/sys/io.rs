//! Bytes to and from sockets. No signal is raised when the other end is gone: `EPIPE` says it.

use super::{again, check, check_len};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Reads into room that need not be initialised; returns how many bytes at its front now are.
///
/// 0 is the end of the data (or an empty `room`). Flags are those of man 2 recv.
fn recv_flags(fd: BorrowedFd<'_>, room: &mut [MaybeUninit<u8>], flags: i32) -> io::Result<usize> {
    // SAFETY: pointer and length describe `room`, exclusively borrowed; the kernel only writes.
    again(|| check_len(unsafe { libc::recv(fd.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), flags) }))
}

/// Reads into `room`, which need not be initialised. 0 is the end of the data.
pub fn recv_uninit(fd: BorrowedFd<'_>, room: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    recv_flags(fd, room, 0)
}

/// Reads into `room`. 0 is the end of the data.
pub fn recv(fd: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<usize> {
    recv_flags(fd, as_uninit(room), 0)
}

/// Reads into the spare capacity of `bytes` and lengthens it; never allocates. 0 is the end of the
/// data, or no spare capacity.
pub fn recv_spare(fd: BorrowedFd<'_>, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let n = recv_flags(fd, bytes.spare_capacity_mut(), 0)?;
    // SAFETY: the kernel initialised `n` bytes at the front of the spare capacity.
    unsafe { bytes.set_len(bytes.len() + n) };
    Ok(n)
}

/// As [`recv`], and leaves the bytes where they are (`MSG_PEEK`).
pub fn recv_peek(fd: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<usize> {
    recv_flags(fd, as_uninit(room), libc::MSG_PEEK)
}

fn as_uninit(room: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: same layout; recv_flags lets the kernel write only initialised bytes into it.
    unsafe { &mut *(std::ptr::from_mut(room) as *mut [MaybeUninit<u8>]) }
}

/// Writes from `bytes`; `more` says that more follows at once, so a short segment may wait for it.
pub fn send(fd: BorrowedFd<'_>, bytes: &[u8], more: bool) -> io::Result<usize> {
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT | if more { libc::MSG_MORE } else { 0 };
    // SAFETY: pointer and length describe `bytes`; the kernel only reads.
    again(|| check_len(unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) }))
}

/// Drops up to `len` received bytes without copying them (`MSG_TRUNC`: TCP and MPTCP only).
/// 0 is the end of the data.
pub fn discard(fd: BorrowedFd<'_>, len: usize) -> io::Result<usize> {
    let flags = libc::MSG_TRUNC | libc::MSG_DONTWAIT;
    // SAFETY: with MSG_TRUNC the stream protocols write nothing, so the null pointer is not used.
    again(|| check_len(unsafe { libc::recv(fd.as_raw_fd(), std::ptr::null_mut(), len, flags) }))
}

/// How many received bytes wait in the socket (`SIOCINQ`).
pub fn unread_len(fd: BorrowedFd<'_>) -> io::Result<usize> {
    let mut len: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, which `len` is.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut len) })?;
    Ok(usize::try_from(len).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn peek_leaves_and_discard_drops() {
        let (a, b) = pair();
        assert_eq!(send(a.as_fd(), b"hello", false).unwrap(), 5);
        let mut room = [0; 8];
        assert_eq!(recv_peek(b.as_fd(), &mut room[..1]).unwrap(), 1);
        assert_eq!(unread_len(b.as_fd()).unwrap(), 5);
        assert_eq!(discard(b.as_fd(), 2).unwrap(), 2);
        let mut rest = Vec::with_capacity(16);
        assert_eq!(recv_spare(b.as_fd(), &mut rest).unwrap(), 3);
        assert_eq!(rest, b"llo");
        drop(a);
        assert_eq!(recv(b.as_fd(), &mut room).unwrap(), 0);
    }

    #[test]
    fn sending_to_a_closed_socket_is_an_error_not_a_signal() {
        let (a, b) = pair();
        crate::sys::socket::shutdown(a.as_fd(), crate::sys::socket::How::Write).unwrap();
        assert_eq!(send(a.as_fd(), b"x", false).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        drop(b);
    }
}
