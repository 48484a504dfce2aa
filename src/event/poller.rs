//! Waiting for descriptors: edge-triggered epoll through mio.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll};

use crate::event::readiness::Readiness;
use crate::event::token::{Kind, Token};

/// One event: kind, index and generation of its token, and what the kernel said.
pub type Event = (Kind, u32, u32, Readiness);

/// The one epoll descriptor of the process.
///
/// A descriptor is registered once, for everything, and never modified: whoever is not interested
/// keeps the readiness for later. Closing a descriptor ends its registration, as long as no copy
/// of it is open elsewhere (a fork, a `dup`): [`deregister`](Poller::deregister) is for those.
#[derive(Debug)]
pub struct Poller {
    poll: Poll,
    events: Events,
}

impl Poller {
    /// Opens the epoll descriptor; `events_per_turn` is at least 1.
    ///
    /// # Errors
    /// What epoll_create1(2) says: EMFILE, ENFILE, ENOMEM.
    pub fn new(events_per_turn: usize) -> io::Result<Self> {
        Ok(Poller { poll: Poll::new()?, events: Events::with_capacity(events_per_turn.max(1)) })
    }

    /// Watches a connection for reading, writing and urgent data.
    ///
    /// # Errors
    /// What epoll_ctl(2) says: ENOSPC and ENOMEM at the limits, EEXIST for a descriptor that is
    /// watched already, EPERM for a regular file.
    #[inline]
    pub fn register(&self, fd: BorrowedFd<'_>, token: Token) -> io::Result<()> {
        self.add(fd, token, Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY)
    }

    /// Watches a listener or another descriptor that is only read.
    ///
    /// # Errors
    /// As [`register`](Poller::register).
    pub fn register_readable(&self, fd: BorrowedFd<'_>, token: Token) -> io::Result<()> {
        self.add(fd, token, Interest::READABLE)
    }

    /// Ends the watch on a descriptor that stays open: a paused listener, one handed to another
    /// process.
    ///
    /// # Errors
    /// ENOENT when it was not watched.
    pub fn deregister(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        self.poll.registry().deregister(&mut SourceFd(&fd.as_raw_fd()))
    }

    /// Waits up to `timeout_ms` (`None`: for ever; `Some(0)`: not at all) and replaces what `out`
    /// holds by the events of this turn. A signal that interrupts the wait makes a turn without
    /// events. Nothing is allocated once `out` has grown to the events of a turn.
    ///
    /// # Errors
    /// What epoll_wait(2) says other than EINTR: a broken program.
    pub fn wait(&mut self, timeout_ms: Option<u64>, out: &mut Vec<Event>) -> io::Result<()> {
        out.clear();
        match self.poll.poll(&mut self.events, timeout_ms.map(Duration::from_millis)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        out.extend(self.events.iter().map(|event| {
            let (kind, index, generation) = Token::unpack(event.token());
            (kind, index, generation, Readiness::from(event))
        }));
        Ok(())
    }

    #[inline]
    fn add(&self, fd: BorrowedFd<'_>, token: Token, interest: Interest) -> io::Result<()> {
        self.poll.registry().register(&mut SourceFd(&fd.as_raw_fd()), token.mio(), interest)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::base::ids::Id;

    const LONG_MS: Option<u64> = Some(5000);

    fn token(index: u32) -> Token {
        Token::pack(Kind::Conn, Id::<()>::new(index, 9))
    }

    #[test]
    fn an_edge_is_told_once() {
        let mut poller = Poller::new(8).unwrap();
        let (mut near, mut far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        poller.register(near.as_fd(), token(3)).unwrap();
        let mut out = Vec::new();
        poller.wait(LONG_MS, &mut out).unwrap();
        assert_eq!(out, [(Kind::Conn, 3, 9, Readiness::WRITABLE)]);
        poller.wait(Some(0), &mut out).unwrap();
        assert_eq!(out, []);
        far.write_all(b"x").unwrap();
        poller.wait(LONG_MS, &mut out).unwrap();
        assert!(out[0].3.contains(Readiness::READABLE));
        poller.wait(Some(0), &mut out).unwrap();
        assert_eq!(out, [], "the byte was not read, and yet it is not told again");
        assert_eq!(near.read(&mut [0; 8]).unwrap(), 1);
    }

    #[test]
    fn tells_half_close_from_full_close() {
        let mut poller = Poller::new(8).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (near, _) = listener.accept().unwrap();
        poller.register(near.as_fd(), token(0)).unwrap();
        let mut out = Vec::new();
        poller.wait(LONG_MS, &mut out).unwrap();
        far.shutdown(std::net::Shutdown::Write).unwrap();
        poller.wait(LONG_MS, &mut out).unwrap();
        assert!(out[0].3.contains(Readiness::READ_CLOSED));
        assert!(!out[0].3.intersects(Readiness::HUP | Readiness::ERROR));
        near.shutdown(std::net::Shutdown::Write).unwrap();
        poller.wait(LONG_MS, &mut out).unwrap();
        assert!(out[0].3.contains(Readiness::HUP), "{out:?}");
    }

    #[test]
    fn closing_a_descriptor_ends_its_registration() {
        let mut poller = Poller::new(8).unwrap();
        let (near, mut far) = UnixStream::pair().unwrap();
        poller.register_readable(near.as_fd(), token(0)).unwrap();
        drop(near);
        let _ = far.write_all(b"x");
        let mut out = Vec::new();
        poller.wait(Some(0), &mut out).unwrap();
        assert_eq!(out, []);
    }

    #[test]
    fn what_does_not_fit_in_a_turn_comes_in_the_next() {
        let mut poller = Poller::new(2).unwrap();
        let pairs: Vec<_> = (0..5).map(|_| UnixStream::pair().unwrap()).collect();
        for (index, (near, _)) in pairs.iter().enumerate() {
            poller.register(near.as_fd(), token(index as u32)).unwrap();
        }
        let mut seen = Vec::new();
        let mut out = Vec::new();
        while seen.len() < 5 {
            poller.wait(LONG_MS, &mut out).unwrap();
            assert!(!out.is_empty() && out.len() <= 2);
            seen.extend(out.iter().map(|event| event.1));
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn deregistering_silences_a_descriptor_that_stays_open() {
        let mut poller = Poller::new(8).unwrap();
        let (near, mut far) = UnixStream::pair().unwrap();
        poller.register_readable(near.as_fd(), token(0)).unwrap();
        poller.deregister(near.as_fd()).unwrap();
        assert!(poller.deregister(near.as_fd()).is_err());
        far.write_all(b"x").unwrap();
        let mut out = Vec::new();
        poller.wait(Some(0), &mut out).unwrap();
        assert_eq!(out, []);
    }
}
