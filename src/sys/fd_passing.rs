//! Descriptors over a unix socket (`SCM_RIGHTS`, man 7 unix).

use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// The most descriptors one message carries (`SCM_MAX_FD`).
pub const FDS_PER_MESSAGE_MAX: usize = 253;

/// Bytes of the control buffer for them.
// SAFETY: CMSG_SPACE only computes.
const CONTROL_LEN: usize =
    unsafe { libc::CMSG_SPACE((FDS_PER_MESSAGE_MAX * size_of::<RawFd>()) as u32) } as usize;
/// The error of a message whose descriptors were lost.
pub const LOST: i32 = libc::EMSGSIZE;

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
/// [`LOST`] when descriptors were lost because too many came or none were left here; what recvmsg
/// says.
pub fn receive(socket: BorrowedFd<'_>, room: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    // In words, for the alignment of `cmsghdr`.
    let mut control = [0u64; CONTROL_LEN.div_ceil(size_of::<u64>())];
    let mut part = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
    // SAFETY: all zero is a valid `msghdr`: null pointers and lengths of nothing.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
    (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), CONTROL_LEN as _);
    // SAFETY: `message` names `room` and `control`, which live on, with their lengths.
    let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    // Those that came although others were lost have to be closed: nix would leave them open.
    let fds = taken(&message);
    if message.msg_flags & libc::MSG_CTRUNC != 0 {
        return Err(io::Error::from_raw_os_error(LOST));
    }
    Ok((len, fds))
}

/// The descriptors that came with a message which recvmsg(2) has just filled in. Call it once for each message.
fn taken(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut fds = Vec::new();
    // SAFETY: the kernel has filled the control buffer in, and its length says how far; the macros stay inside. The
    // descriptors of a message of rights are new ones, and nobody else owns them.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while let Some(one) = header.as_ref() {
            if (one.cmsg_level, one.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
                let bytes = one.cmsg_len.saturating_sub(libc::CMSG_LEN(0) as usize);
                let numbers = libc::CMSG_DATA(header).cast::<RawFd>();
                let all = (0..bytes / size_of::<RawFd>()).map(|at| numbers.add(at).read_unaligned());
                fds.extend(all.map(|number| OwnedFd::from_raw_fd(number)));
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
    fds
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
