//! The channel between a worker and the process that started it: whole messages of text, each with the
//! descriptors that it speaks of.
//!
//! ```text
//!   supervisor                         worker
//!        |  starts it; sockets, by number  |
//!        |---------------------------------|  reads the configuration, binds
//!        |  <---- log, bound..., bound-all |
//!        |  export ----> (the old worker)  |
//!        |  <---- state                    |
//!        |  go (state) ------------------> |  goes on where the old one is
//!        |  <----------------------- ready |  accepts
//!        |  keep..., drain --> (the old)   |
//!        |  <--- draining..., rest         |  finishes, and ends
//! ```
//!
//! The two ends may be of different versions: a message that the other does not know is left out.

mod act;
mod order;
mod report;

pub use act::{Control, next_report, replaced, report_rest, report_state, run, tell_replaced};
pub use order::{NUMBERS_PER_MESSAGE, Order};
pub use report::{BoundSocket, Report, describe, understand};

use crate::sys::fd_passing::{self, FDS_PER_MESSAGE_MAX};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Bytes of one message at most.
pub const MESSAGE_LEN_MAX: usize = 32 * 1024;
/// Sockets that one message carries at most.
pub const SOCKETS_PER_MESSAGE: usize = 64;
/// Messages that wait for the other end at most: one that does not read is as good as gone.
const WAITING_MAX: usize = 4096;
/// Bytes of a state at most.
pub const STATE_LEN_MAX: usize = 256 << 20;

const _: () = assert!(SOCKETS_PER_MESSAGE <= FDS_PER_MESSAGE_MAX);

/// Text and the descriptors that go with it.
pub type Message = (String, Vec<OwnedFd>);

/// What came of looking for a message.
#[derive(Debug)]
pub enum Received {
    /// One.
    Message(Message),
    /// One whose descriptors were lost: this process has no room for them.
    Crippled,
    /// None yet.
    Blocked,
    /// The other end is gone.
    End,
}

/// One end of the channel; never blocks.
#[derive(Debug)]
pub struct Channel {
    socket: OwnedFd,
    waiting: VecDeque<Message>,
    broken: bool,
    overflowed: bool,
}

impl Channel {
    /// Makes both ends. The second is close-on-exec like the first, until it is handed to a child.
    ///
    /// # Errors
    /// What socketpair(2) says.
    pub fn pair() -> io::Result<(Channel, OwnedFd)> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (near, far) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        Ok((Channel::from(near), far))
    }

    /// Sends a message, or keeps it until the other end has room.
    pub fn send(&mut self, message: Message) {
        debug_assert!(message.0.len() <= MESSAGE_LEN_MAX && !message.0.is_empty());
        if !self.broken && self.waiting.len() >= WAITING_MAX {
            (self.broken, self.overflowed) = (true, true);
        }
        if !self.broken {
            self.waiting.push_back(message);
            self.flush();
        }
    }

    /// Sends what waits, as far as the other end has room.
    pub fn flush(&mut self) {
        while let Some((text, fds)) = self.waiting.front() {
            let fds: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
            match fd_passing::send(self.socket.as_fd(), text.as_bytes(), &fds) {
                Ok(_) => drop(self.waiting.pop_front()),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock) => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The other end is gone: reading will say so.
                Err(_) => {
                    self.broken = true;
                    self.waiting.clear();
                }
            }
        }
    }

    /// Whether messages were lost since the last time, because the other end does not read.
    pub fn take_overflow(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }

    /// Whether messages wait for room.
    pub fn is_pending(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next message.
    pub fn receive(&mut self) -> Received {
        let mut room = vec![0; MESSAGE_LEN_MAX];
        loop {
            match fd_passing::receive(self.socket.as_fd(), &mut room) {
                Ok((0, _)) => return Received::End,
                Ok((len, fds)) => {
                    return Received::Message((String::from_utf8_lossy(&room[..len]).into_owned(), fds));
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.raw_os_error() == Some(fd_passing::LOST) => return Received::Crippled,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock && !self.broken => return Received::Blocked,
                Err(_) => return Received::End,
            }
        }
    }
}

impl From<Channel> for OwnedFd {
    fn from(channel: Channel) -> Self {
        channel.socket
    }
}

impl From<OwnedFd> for Channel {
    fn from(socket: OwnedFd) -> Self {
        Channel { socket, waiting: VecDeque::new(), broken: false, overflowed: false }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Puts a state into a file in memory, for the other end to read.
///
/// # Errors
/// What memfd_create(2) and write(2) say.
pub fn state_file(state: &[u8]) -> io::Result<OwnedFd> {
    let mut file = crate::sys::child::memory_file(c"subflow-state")?;
    file.write_all(state)?;
    Ok(file.into())
}

/// Reads such a file.
///
/// # Errors
/// `FileTooLarge` beyond [`STATE_LEN_MAX`]; what read(2) says.
pub fn read_state(file: OwnedFd) -> io::Result<Vec<u8>> {
    let mut file = std::fs::File::from(file);
    file.seek(SeekFrom::Start(0))?;
    let mut state = Vec::new();
    file.take(STATE_LEN_MAX as u64 + 1).read_to_end(&mut state)?;
    match state.len() <= STATE_LEN_MAX {
        true => Ok(state),
        false => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// The beginning of a text that would not fit into a message.
fn cut(text: &str, len_max: usize) -> &str {
    let mut end = text.len().min(len_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Channel, Channel) {
        let (near, far) = Channel::pair().unwrap();
        (near, Channel::from(far))
    }

    #[test]
    fn messages_keep_their_bounds_and_their_descriptors() {
        let (mut near, mut far) = pair();
        assert!(matches!(far.receive(), Received::Blocked));
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        near.send(("one".into(), vec![socket.try_clone().unwrap().into()]));
        near.send(("two".into(), Vec::new()));
        let Received::Message((text, fds)) = far.receive() else { panic!("no message") };
        assert_eq!((text.as_str(), fds.len()), ("one", 1));
        let number = crate::sys::child::socket_number;
        assert_eq!(number(fds[0].as_fd()).unwrap(), number(socket.as_fd()).unwrap());
        assert!(matches!(far.receive(), Received::Message((text, _)) if text == "two"));
        drop(near);
        assert!(matches!(far.receive(), Received::End));
    }

    #[test]
    fn a_full_channel_keeps_messages_until_there_is_room() {
        let (mut near, mut far) = pair();
        let long = "x".repeat(MESSAGE_LEN_MAX);
        let mut sent = 0;
        while !near.is_pending() {
            near.send((long.clone(), Vec::new()));
            sent += 1;
        }
        let mut came = 0;
        while came < sent {
            match far.receive() {
                Received::Message((text, _)) => came += usize::from(text.len() == long.len()),
                Received::Blocked => near.flush(),
                Received::Crippled | Received::End => panic!("ended"),
            }
        }
        assert!(!near.is_pending());
    }

    #[test]
    fn an_end_that_does_not_read_is_given_up() {
        let (mut near, _far) = pair();
        for _ in 0..2 * WAITING_MAX {
            near.send(("x".repeat(64), Vec::new()));
        }
        assert!(near.broken && matches!(near.receive(), Received::End));
        assert!(near.take_overflow() && !near.take_overflow(), "told once");
    }

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let file = state_file(b"counters").unwrap();
        assert_eq!(read_state(file).unwrap(), b"counters");
    }
}
