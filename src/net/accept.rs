//! Taking clients off a listener's queue, one at a time: the caller has the budget.

use crate::sys::addr::SockAddr;
use crate::sys::socket;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// What the kernel has too little of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scarcity {
    /// `EMFILE`: this process has no descriptors left (`ulimit -n`).
    ProcessFds,
    /// `ENFILE`: the system has none left.
    SystemFds,
    /// `ENOMEM`, `ENOBUFS`
    Memory,
}

impl Scarcity {
    /// Whether an error number tells of one.
    pub fn of(errno: i32) -> Option<Scarcity> {
        match errno {
            libc::EMFILE => Some(Scarcity::ProcessFds),
            libc::ENFILE => Some(Scarcity::SystemFds),
            libc::ENOMEM | libc::ENOBUFS => Some(Scarcity::Memory),
            _ => None,
        }
    }
}

/// What came of one accept.
#[derive(Debug)]
pub enum Accept {
    /// A client.
    Accepted {
        /// Its socket: non-blocking, close-on-exec.
        fd: OwnedFd,
        /// Its address.
        peer: SockAddr,
    },
    /// Nobody waits; the next event will tell.
    Drained,
    /// This one was lost on the way (it went away, or a signal came): try the next.
    Retry,
    /// No socket can be made now: pause the listener.
    Pause(Scarcity),
    /// The listener is of no use any more.
    Broken(io::Error),
}

/// Takes one client. Source: man 2 accept, "Error handling".
pub fn accept_one(listener: BorrowedFd<'_>) -> Accept {
    match socket::accept(listener) {
        Ok((fd, peer)) => Accept::Accepted { fd, peer },
        Err(e) => verdict(e),
    }
}

fn verdict(e: io::Error) -> Accept {
    let errno = e.raw_os_error().unwrap_or(0);
    if let Some(scarcity) = Scarcity::of(errno) {
        return Accept::Pause(scarcity);
    }
    match errno {
        libc::EAGAIN => Accept::Drained,
        // Errors of the connection that was to be accepted: Linux passes them on through accept().
        libc::EINTR
        | libc::ECONNABORTED
        | libc::EPROTO
        | libc::ENETDOWN
        | libc::ENOPROTOOPT
        | libc::EHOSTDOWN
        | libc::ENONET
        | libc::EHOSTUNREACH
        | libc::ENETUNREACH
        | libc::EOPNOTSUPP
        | libc::ETIMEDOUT
        | libc::EPERM => Accept::Retry,
        _ => Accept::Broken(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_verdict() {
        let of = |errno| verdict(io::Error::from_raw_os_error(errno));
        assert!(matches!(of(libc::EAGAIN), Accept::Drained));
        assert!(matches!(of(libc::ECONNABORTED), Accept::Retry));
        assert!(matches!(of(libc::EMFILE), Accept::Pause(Scarcity::ProcessFds)));
        assert!(matches!(of(libc::ENFILE), Accept::Pause(Scarcity::SystemFds)));
        assert!(matches!(of(libc::ENOBUFS), Accept::Pause(Scarcity::Memory)));
        assert!(matches!(of(libc::EBADF), Accept::Broken(_)));
    }
}
