//! Descriptors over a unix socket (`SCM_RIGHTS`, man 7 unix).

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// The most descriptors one message carries (`SCM_MAX_FD`).
pub const FDS_PER_MESSAGE_MAX: usize = 253;

/// Sends `bytes` (at least one) and with them copies of `fds`; returns how many bytes went.
///
/// # Errors
/// `EINVAL` for more than [`FDS_PER_MESSAGE_MAX`] descriptors; what sendmsg says.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let numbers: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let rights = if numbers.is_empty() { &rights[..0] } else { &rights[..] };
    let flags = MsgFlags::MSG_NOSIGNAL;
    Ok(sendmsg::<UnixAddr>(socket.as_raw_fd(), &[IoSlice::new(bytes)], rights, flags, None)?)
}

/// Receives up to `room.len()` bytes and the descriptors that came with them, close-on-exec. No bytes
/// is the end.
///
/// # Errors
/// `EMSGSIZE` when descriptors were lost because too many came or none were left here; what recvmsg
/// says.
pub fn receive(socket: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut control = nix::cmsg_space!([RawFd; FDS_PER_MESSAGE_MAX]);
    let mut parts = [IoSliceMut::new(room)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
    let mut fds = Vec::new();
    for one in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = one {
            // SAFETY: the kernel made these descriptors for us with this call; nobody else owns them.
            fds.extend(numbers.into_iter().map(|n| unsafe { OwnedFd::from_raw_fd(n) }));
        }
    }
    if message.flags.contains(MsgFlags::MSG_CTRUNC) {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    Ok((message.bytes, fds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::socket as sock;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_listener_passed_on_is_the_same_socket() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (a, b) = UnixStream::pair().unwrap();
        send(a.as_fd(), b"one", &[listener.as_fd(), a.as_fd()]).unwrap();
        let mut room = [0; 8];
        let (len, fds) = receive(b.as_fd(), &mut room).unwrap();
        assert_eq!((&room[..len], fds.len()), (&b"one"[..], 2));
        assert_eq!(sock::local_addr(fds[0].as_fd()).unwrap(), sock::local_addr(listener.as_fd()).unwrap());
    }

    #[test]
    fn bytes_without_descriptors_and_the_end_are_received() {
        let (a, b) = UnixStream::pair().unwrap();
        send(a.as_fd(), b"x", &[]).unwrap();
        drop(a);
        let mut room = [0; 8];
        assert_eq!(receive(b.as_fd(), &mut room).unwrap().0, 1);
        assert_eq!(receive(b.as_fd(), &mut room).unwrap().0, 0);
    }
}
