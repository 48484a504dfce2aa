//! Hands copies of the listening sockets to a CLI client that asked with `_getsocks` on a socket with `expose-fd
//! listeners`.
//!
//! ```text
//!   Sending(count) --> Sending(message) --> Awaiting --acknowledged--> Sending(message) ... --> over
//! ```
//! Nothing here waits: what the client has no room for goes when it has, and the idle timeout of the CLI
//! ends a client that does not go on.

use crate::base::arena::Arena;
use crate::net::receiver::{Origin, Receiver};
use crate::net::takeover::{COUNT_LEN, Label, SOCKETS_PER_MESSAGE};
use crate::proxy::listener::{Listener, ListenerId};
use crate::sys::{fd_passing, io as sys_io, sockopt};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

/// The sockets on their way to one client.
#[derive(Debug)]
pub struct Exposure {
    listeners: Vec<ListenerId>,
    /// How many have been sent for good.
    passed: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// `bytes[sent..]` is to go; the sockets `with` go with the first byte.
    Sending { bytes: Vec<u8>, sent: usize, with: Range<usize> },
    /// So many bytes of the client's acknowledgement have come.
    Awaiting(usize),
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The client must read or write first.
    Wait,
    /// All was sent.
    Done,
    /// The client has gone, or a socket that it was told of was closed meanwhile.
    Failed,
}

/// The socket that is handed over for a listener. Who was given a descriptor by number is given it again.
fn receiver(listener: &Listener) -> Option<&Receiver> {
    listener.receiver.as_ref().filter(|receiver| receiver.origin != Origin::Descriptor)
}

impl Exposure {
    /// Of all sockets that are open now.
    pub fn new(listeners: &Arena<Listener>) -> Exposure {
        let listeners: Vec<ListenerId> =
            listeners.iter().filter(|(_, listener)| receiver(listener).is_some()).map(|(id, _)| id).collect();
        let count = u32::try_from(listeners.len()).unwrap_or(u32::MAX);
        let state = State::Sending { bytes: count.to_ne_bytes().to_vec(), sent: 0, with: 0..0 };
        Exposure { listeners, passed: 0, state }
    }

    /// Goes on as far as the client lets it.
    pub fn run(&mut self, client: BorrowedFd<'_>, listeners: &Arena<Listener>) -> Step {
        loop {
            let went_on = match &mut self.state {
                State::Sending { bytes, sent, with } if *sent == bytes.len() => {
                    let is_count = *with == (0..0);
                    self.passed = with.end;
                    match self.passed == self.listeners.len() {
                        true => return Step::Done,
                        false if is_count => self.begin_message(listeners),
                        false => {
                            self.state = State::Awaiting(0);
                            Ok(())
                        }
                    }
                }
                State::Sending { bytes, sent, with } => {
                    let ids = if *sent == 0 { self.listeners.get(with.clone()) } else { None };
                    send(client, &bytes[*sent..], ids.unwrap_or_default(), listeners).map(|n| *sent += n)
                }
                State::Awaiting(len) if *len == COUNT_LEN => self.begin_message(listeners),
                State::Awaiting(len) => acknowledgement(client, len),
            };
            match went_on {
                Ok(()) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Step::Wait,
                Err(_) => return Step::Failed,
            }
        }
    }

    /// The listeners whose sockets these are.
    pub fn listeners(&self) -> &[ListenerId] {
        &self.listeners
    }

    /// Makes the next message. An error when one of its sockets was closed: the client was told another number.
    fn begin_message(&mut self, listeners: &Arena<Listener>) -> io::Result<()> {
        let with = self.passed..self.listeners.len().min(self.passed + SOCKETS_PER_MESSAGE);
        let mut bytes = Vec::new();
        for id in self.listeners.get(with.clone()).unwrap_or_default() {
            let receiver = listeners.get(*id).and_then(receiver).ok_or(ErrorKind::NotFound)?;
            let interface = sockopt::bound_device(receiver.fd.as_fd());
            Label { namespace: receiver.namespace.clone(), interface }.encode(&mut bytes);
        }
        self.state = State::Sending { bytes, sent: 0, with };
        Ok(())
    }
}

fn send(
    client: BorrowedFd<'_>,
    bytes: &[u8],
    ids: &[ListenerId],
    listeners: &Arena<Listener>,
) -> io::Result<usize> {
    let open = |id: &ListenerId| Some(receiver(listeners.get(*id)?)?.fd.as_fd());
    let fds: Option<Vec<BorrowedFd<'_>>> = ids.iter().map(open).collect();
    fd_passing::send(client, bytes, &fds.ok_or(ErrorKind::NotFound)?)
}

/// What it says does not matter: it says that the client has taken what was sent.
fn acknowledgement(client: BorrowedFd<'_>, len: &mut usize) -> io::Result<()> {
    let mut room = [0; COUNT_LEN];
    match sys_io::recv(client, &mut room[*len..])? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        n => {
            *len += n;
            Ok(())
        }
    }
}
