//! Where lines go: datagrams are sent or dropped at once, descriptors get them at the end of the
//! loop turn. Nothing here waits, and what waits in memory is bounded.

use crate::settings::LogSink;
use crate::sys::socket;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Stderr, Stdout, stderr, stdout};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Bytes that may wait for one descriptor. A line that finds no room is dropped and counted.
pub const FD_PENDING_LEN_MAX: usize = 64 * 1024;

/// Bytes written at once: a pipe that poll(2) calls writable takes this many without blocking
/// (man 7 pipe, `PIPE_BUF`).
const WRITE_LEN_MAX: usize = libc::PIPE_BUF;

/// Writes made to one descriptor in one turn of the loop.
const WRITES_PER_FLUSH_MAX: usize = 32;

/// The open ends of all targets. One UDP socket serves each address family, one socket all unix
/// targets: they are not connected, so a log daemon may come and go. Only a chroot makes it different.
#[derive(Debug, Default)]
pub struct Sinks {
    udp_v4: Option<UdpSocket>,
    udp_v6: Option<UdpSocket>,
    unix: Option<UnixDatagram>,
    /// Unix targets connected before a chroot that hides their paths.
    connected: Vec<(PathBuf, UnixDatagram)>,
    fds: Vec<FdSink>,
}

impl Sinks {
    /// Nothing open.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends `line` (a whole datagram) or queues it for its descriptor.
    ///
    /// # Errors
    /// Whatever the kernel said, `WouldBlock` when there is no room: the line is lost.
    pub fn send(&mut self, sink: &LogSink, line: &[u8]) -> io::Result<()> {
        let sent = match sink {
            LogSink::Udp(to) => self.udp(to)?.send_to(line, to)?,
            LogSink::UnixDatagram(path) => self.send_unix(line, path)?,
            LogSink::Fd(number) => return self.fd(*number)?.push(line),
        };
        if sent == line.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
    }

    /// Writes what waits for descriptors, as far as they take it now; returns how many lines were
    /// lost because a descriptor is broken. Costs nothing when nothing waits.
    pub fn flush(&mut self) -> u64 {
        self.fds.iter_mut().map(FdSink::flush).sum()
    }

    /// Whether lines wait for a descriptor that was not ready: the owner flushes again soon.
    pub fn is_pending(&self) -> bool {
        self.fds.iter().any(|sink| !sink.pending.is_empty())
    }

    /// Opens what lines to `sink` go through, so that a process that has run out of descriptors can still say so. What
    /// cannot be opened now is tried at each line, and its error told there.
    pub fn open(&mut self, sink: &LogSink) {
        let _ = match sink {
            LogSink::Udp(to) => self.udp(to).map(|_| ()),
            LogSink::UnixDatagram(_) => self.unix().map(|_| ()),
            LogSink::Fd(number) => self.fd(*number).map(|_| ()),
        };
    }

    /// Connects to a unix target now, because a chroot will hide its path. One that is not there yet is
    /// looked for at each line, inside of the chroot.
    pub fn connect(&mut self, sink: &LogSink) {
        let LogSink::UnixDatagram(path) = sink else { return };
        if self.connected.iter().any(|(known, _)| known == path) {
            return;
        }
        if let Ok(socket) = socket::datagram(libc::AF_UNIX).map(UnixDatagram::from)
            && socket.connect(path).is_ok()
        {
            self.connected.push((path.clone(), socket));
        }
    }

    fn send_unix(&mut self, line: &[u8], path: &Path) -> io::Result<usize> {
        if let Some((_, socket)) = self.connected.iter().find(|(known, _)| known == path) {
            match socket.send(line) {
                // The daemon behind it was started anew: it may have a socket inside of the chroot.
                Err(e) if e.kind() != io::ErrorKind::WouldBlock => {}
                sent => return sent,
            }
        }
        self.unix()?.send_to(line, path)
    }

    fn udp(&mut self, to: &SocketAddr) -> io::Result<&UdpSocket> {
        let (slot, family) = match to {
            SocketAddr::V4(_) => (&mut self.udp_v4, libc::AF_INET),
            SocketAddr::V6(_) => (&mut self.udp_v6, libc::AF_INET6),
        };
        if slot.is_none() {
            *slot = Some(socket::datagram(family)?.into());
        }
        slot.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn unix(&mut self) -> io::Result<&UnixDatagram> {
        if self.unix.is_none() {
            self.unix = Some(socket::datagram(libc::AF_UNIX)?.into());
        }
        self.unix.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn fd(&mut self, number: i32) -> io::Result<&mut FdSink> {
        let at = match self.fds.iter().position(|sink| sink.number == number) {
            Some(at) => at,
            None => {
                self.fds.push(FdSink::open(number)?);
                self.fds.len() - 1
            }
        };
        self.fds.get_mut(at).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A descriptor that gets lines as a stream: a file, a pipe, a terminal, a socket.
#[derive(Debug)]
struct FdSink {
    number: i32,
    fd: End,
    /// Whole lines, except that the first may have lost its front to the descriptor already.
    pending: Vec<u8>,
}

/// What is written to. Standard output and error are shared with other processes, and may become others when the
/// process goes to the background: no copy is made of them.
#[derive(Debug)]
enum End {
    Stdout(Stdout),
    Stderr(Stderr),
    Own(OwnedFd),
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            End::Stdout(stdout) => stdout.as_fd(),
            End::Stderr(stderr) => stderr.as_fd(),
            End::Own(fd) => fd.as_fd(),
        }
    }
}

impl FdSink {
    /// Standard output and error are left blocking; they are only written to when poll(2) says that they take it.
    fn open(number: i32) -> io::Result<FdSink> {
        let fd = match number {
            libc::STDOUT_FILENO => End::Stdout(stdout()),
            libc::STDERR_FILENO => End::Stderr(stderr()),
            _ => End::Own(socket::adopt(number)?),
        };
        Ok(FdSink { number, fd, pending: Vec::with_capacity(FD_PENDING_LEN_MAX) })
    }

    fn push(&mut self, line: &[u8]) -> io::Result<()> {
        if self.pending.len() + line.len() > FD_PENDING_LEN_MAX {
            self.flush();
        }
        if self.pending.len() + line.len() > FD_PENDING_LEN_MAX {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.pending.extend_from_slice(line);
        Ok(())
    }

    fn flush(&mut self) -> u64 {
        let mut written = 0;
        let mut lost = 0;
        for _ in 0..WRITES_PER_FLUSH_MAX {
            let rest = &self.pending[written..];
            if rest.is_empty() || !is_writable(self.fd.as_fd()) {
                break;
            }
            match nix::unistd::write(&self.fd, &rest[..rest.len().min(WRITE_LEN_MAX)]) {
                Ok(count) => written += count,
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::EAGAIN) => break,
                Err(_) => {
                    lost = memchr::memchr_iter(b'\n', rest).count() as u64;
                    written = self.pending.len();
                }
            }
        }
        self.pending.drain(..written);
        lost
    }
}

fn is_writable(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::new(fd, PollFlags::POLLOUT)];
    // An error or a hang-up is for write(2) to tell.
    matches!(poll(&mut polled, PollTimeout::ZERO), Ok(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsRawFd;

    #[test]
    fn datagrams_reach_udp_and_unix_targets_whole() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let unix = UnixDatagram::bind(&path).unwrap();
        let mut sinks = Sinks::new();
        sinks.send(&LogSink::Udp(udp.local_addr().unwrap()), b"<6>one\n").unwrap();
        sinks.send(&LogSink::UnixDatagram(path), b"<6>two\n").unwrap();
        let mut room = [0; 100];
        let count = udp.recv(&mut room).unwrap();
        assert_eq!(&room[..count], b"<6>one\n");
        let count = unix.recv(&mut room).unwrap();
        assert_eq!(&room[..count], b"<6>two\n");
    }

    #[test]
    fn a_unix_target_may_go_away_and_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let sink = LogSink::UnixDatagram(path.clone());
        let mut sinks = Sinks::new();
        assert!(sinks.send(&sink, b"a\n").is_err());
        let unix = UnixDatagram::bind(&path).unwrap();
        sinks.send(&sink, b"b\n").unwrap();
        drop(unix);
        assert!(sinks.send(&sink, b"c\n").is_err());
        std::fs::remove_file(&path).unwrap();
        let unix = UnixDatagram::bind(&path).unwrap();
        sinks.send(&sink, b"d\n").unwrap();
        assert_eq!(unix.recv(&mut [0; 9]).unwrap(), 2);
    }

    #[test]
    fn a_target_connected_before_its_path_was_hidden_is_reached_and_left_for_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let (path, hidden) = (dir.path().join("log"), dir.path().join("hidden"));
        let unix = UnixDatagram::bind(&path).unwrap();
        let sink = LogSink::UnixDatagram(path.clone());
        let mut sinks = Sinks::new();
        sinks.connect(&sink);
        std::fs::rename(&path, &hidden).unwrap();
        sinks.send(&sink, b"a\n").unwrap();
        assert_eq!(unix.recv(&mut [0; 9]).unwrap(), 2);
        drop(unix);
        assert!(sinks.send(&sink, b"b\n").is_err());
        let unix = UnixDatagram::bind(&path).unwrap();
        sinks.send(&sink, b"c\n").unwrap();
        assert_eq!(unix.recv(&mut [0; 9]).unwrap(), 2);
    }

    #[test]
    fn a_full_datagram_target_says_so_instead_of_blocking() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let _unix = UnixDatagram::bind(&path).unwrap();
        let sink = LogSink::UnixDatagram(path);
        let mut sinks = Sinks::new();
        let refused = (0..100_000).find_map(|_| sinks.send(&sink, b"x\n").err());
        assert_eq!(refused.unwrap().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_slow_pipe_keeps_whole_lines_up_to_the_bound_and_loses_the_rest() {
        let (mut reader, writer) = io::pipe().unwrap();
        let sink = LogSink::Fd(writer.as_raw_fd());
        let mut sinks = Sinks::new();
        let line = [&[b'a'; 999][..], b"\n"].concat();
        let mut taken = 0;
        while sinks.send(&sink, &line).is_ok() {
            taken += 1;
            assert!(taken < 1000, "grows without end");
        }
        assert!(sinks.fds[0].pending.capacity() == FD_PENDING_LEN_MAX && sinks.is_pending());
        drop(writer);
        let mut read = 0;
        let mut room = vec![0; 1 << 16];
        while sinks.is_pending() {
            read += reader.read(&mut room).unwrap();
            assert_eq!(sinks.flush(), 0);
        }
        drop(sinks);
        loop {
            let count = reader.read(&mut room).unwrap();
            read += count;
            if count == 0 {
                break;
            }
        }
        assert_eq!(read, taken * line.len());
    }

    #[test]
    fn a_broken_pipe_loses_its_lines_and_counts_them() {
        let (reader, writer) = io::pipe().unwrap();
        let sink = LogSink::Fd(writer.as_raw_fd());
        let mut sinks = Sinks::new();
        drop(reader);
        sinks.send(&sink, b"a\n").unwrap();
        sinks.send(&sink, b"b\n").unwrap();
        assert_eq!(sinks.flush(), 2);
        assert!(!sinks.is_pending());
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        assert!(Sinks::new().send(&LogSink::Fd(9999), b"a\n").is_err());
    }
}
