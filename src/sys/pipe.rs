//! Pipes, and splice(2) between them and sockets.
//!
//! splice cannot say why it would wait: `EAGAIN` may mean that the source has nothing or that the
//! destination has no room. The functions here answer only what is certain.

use super::check;
use nix::fcntl::{OFlag, SpliceFFlags};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// A pipe that lends its room to one direction of one connection.
#[derive(Debug)]
pub struct Pipe {
    /// The end that bytes come out of.
    pub read: OwnedFd,
    /// The end that bytes go into.
    pub write: OwnedFd,
    /// Room in bytes, as the kernel granted it; small pieces may fill the pipe before.
    pub capacity: usize,
}

impl Pipe {
    /// A pipe of `size_wanted` bytes, or of what the kernel grants (`/proc/sys/fs/pipe-max-size`,
    /// `pipe-user-pages-soft`).
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`: no descriptors left.
    pub fn new(size_wanted: usize) -> io::Result<Pipe> {
        let (read, write) = nix::unistd::pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        let wanted = i32::try_from(size_wanted).unwrap_or(i32::MAX);
        // SAFETY: F_SETPIPE_SZ takes an integer.
        let set = check(unsafe { libc::fcntl(write.as_raw_fd(), libc::F_SETPIPE_SZ, wanted) });
        // SAFETY: F_GETPIPE_SZ takes no argument.
        let got = set.or_else(|_| check(unsafe { libc::fcntl(write.as_raw_fd(), libc::F_GETPIPE_SZ) }))?;
        Ok(Pipe { read, write, capacity: usize::try_from(got).unwrap_or(0) })
    }
}

/// What came of moving bytes from a socket into a pipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spliced {
    /// So many bytes moved.
    Moved(usize),
    /// The socket has nothing to read now; its next readiness event will tell.
    SourceEmpty,
    /// The pipe held bytes and took no more: it is full, or the socket is empty. Drain the pipe,
    /// then ask again: an empty pipe gives a certain answer.
    PipeFull,
    /// The socket's data has ended.
    Eof,
}

/// What came of moving bytes from a pipe into a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drained {
    /// So many bytes moved.
    Moved(usize),
    /// The socket takes nothing now.
    SinkFull,
}

/// Why splice failed.
#[derive(Debug)]
pub enum SpliceError {
    /// This kind of socket does not splice (`EINVAL`, `ENOSYS`, `EBADF`, `EOPNOTSUPP`): copy instead.
    /// Nothing was moved.
    Refused,
    /// The connection failed.
    Io(io::Error),
}

fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, len: usize, more: bool) -> Result<usize, nix::Error> {
    let mut flags = SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK;
    flags.set(SpliceFFlags::SPLICE_F_MORE, more);
    loop {
        match nix::fcntl::splice(from, None, to, None, len, flags) {
            Err(nix::Error::EINTR) => {}
            other => return other,
        }
    }
}

fn failure(e: nix::Error) -> SpliceError {
    match e {
        nix::Error::EINVAL | nix::Error::ENOSYS | nix::Error::EBADF | nix::Error::EOPNOTSUPP => {
            SpliceError::Refused
        }
        e => SpliceError::Io(e.into()),
    }
}

/// Moves up to `len` bytes (more than 0) from a socket into a pipe. `pipe_has_bytes`: whether the
/// pipe holds any now, which only the caller counts; it decides what `EAGAIN` can mean.
pub fn splice_in(
    socket: BorrowedFd<'_>,
    pipe_write: BorrowedFd<'_>,
    len: usize,
    pipe_has_bytes: bool,
) -> Result<Spliced, SpliceError> {
    match splice(socket, pipe_write, len, false) {
        Ok(0) => Ok(Spliced::Eof),
        Ok(n) => Ok(Spliced::Moved(n)),
        Err(nix::Error::EAGAIN) if pipe_has_bytes => Ok(Spliced::PipeFull),
        Err(nix::Error::EAGAIN) => Ok(Spliced::SourceEmpty),
        Err(e) => Err(failure(e)),
    }
}

/// Moves up to `len` bytes from a pipe that holds at least one into a socket; `more` as in
/// [`send`](super::io::send). `SIGPIPE` must be ignored by the process: splice has no flag for it.
pub fn splice_out(
    pipe_read: BorrowedFd<'_>,
    socket: BorrowedFd<'_>,
    len: usize,
    more: bool,
) -> Result<Drained, SpliceError> {
    match splice(pipe_read, socket, len, more) {
        Ok(n) => Ok(Drained::Moved(n)),
        Err(nix::Error::EAGAIN) => Ok(Drained::SinkFull),
        Err(e) => Err(failure(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap().0;
        server.set_nonblocking(true).unwrap();
        (client, server)
    }

    #[test]
    fn an_empty_source_and_a_full_pipe_are_told_apart() {
        let (mut a, b) = pair();
        let pipe = Pipe::new(4096).unwrap();
        let take = |has| splice_in(b.as_fd(), pipe.write.as_fd(), 1 << 20, has).unwrap();
        assert_eq!(take(false), Spliced::SourceEmpty);
        a.write_all(&vec![b'x'; 4 * pipe.capacity]).unwrap();
        let mut held = 0;
        let last = loop {
            match take(held > 0) {
                Spliced::Moved(n) => held += n,
                other => break other,
            }
        };
        assert!(held > 0);
        assert_eq!(last, Spliced::PipeFull);
    }

    #[test]
    fn bytes_pass_through_a_pipe_and_the_end_is_seen() {
        let (mut a, b) = pair();
        let (c, mut d) = pair();
        let pipe = Pipe::new(65536).unwrap();
        a.write_all(b"through").unwrap();
        drop(a);
        assert_eq!(splice_in(b.as_fd(), pipe.write.as_fd(), 99, false).unwrap(), Spliced::Moved(7));
        assert_eq!(splice_out(pipe.read.as_fd(), c.as_fd(), 7, false).unwrap(), Drained::Moved(7));
        assert_eq!(splice_in(b.as_fd(), pipe.write.as_fd(), 99, false).unwrap(), Spliced::Eof);
        d.set_nonblocking(false).unwrap();
        let mut got = [0; 7];
        d.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"through");
    }

    #[test]
    fn a_descriptor_that_cannot_splice_is_refused_not_broken() {
        let pipe = Pipe::new(4096).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let dir = std::fs::File::open("/").unwrap();
        assert!(matches!(splice_in(dir.as_fd(), pipe.write.as_fd(), 1, false), Err(SpliceError::Refused)));
        drop(listener);
    }

    #[test]
    fn an_impossible_size_falls_back_to_what_the_kernel_gives() {
        assert!(Pipe::new(usize::MAX).unwrap().capacity >= 4096);
    }
}
