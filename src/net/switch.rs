//! The change of an address from TCP to MPTCP, or back, without losing a client.
//!
//! A socket cannot change its protocol, and closing one that listens resets whoever waits in its queue. So the
//! two sockets share the address for a while (`SO_REUSEPORT`):
//!
//! ```text
//!   prepare: the new socket is bound; it gets no clients
//!   make:    it listens, and a program on the group gives it every new connection
//!   Leaving: the old one is accepted from until its clients have all come through
//!   settle:  the old one is closed
//! ```
//!
//! The kernel's group of sockets at one address has a position for each. Who joins takes the next one; when one leaves, the last moves
//! into its place; a program that names no position lets the kernel spread the clients. docs/MPTCP.md has what
//! follows from that.

use super::listener::AfterAccept;
use super::protocol::Protocol;
use super::receiver::{BindError, Receiver, ReceiverSpec};
use crate::sys::child::socket_number;
use crate::sys::sock_diag::{Listening, SockDiag};
use crate::sys::{socket, sockopt};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// How long nobody must have come through the old socket before it is closed, in ms: longer than a client takes to
/// repeat a lost SYN or a lost last ACK (1 s, then 2 s more; RFC 6298).
pub const QUIET_MS: u64 = 3_000;
/// How long the old socket stays at most when clients go on coming through it, in ms.
pub const LEAVING_MS_MAX: u64 = 10_000;

/// How long a change waits at most for others to leave the address, in ms: longer than a socket takes to leave in an
/// older process whose change is not over yet.
pub const PATIENCE_MS: u64 = LEAVING_MS_MAX + 2_000;
/// How often a change that waits, or a socket that leaves, is looked at, in ms.
pub const LOOK_MS: u64 = 1_000;

/// Why an address cannot change its protocol now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hindrance {
    /// The socket in service does not take `SO_REUSEPORT`.
    Share(i32),
    /// There is no socket of the new protocol, or it cannot be bound: the text of the error.
    Bind(Box<str>),
    /// The kernel takes no program that steers connections.
    Steer(i32),
    /// The kernel does not tell which sockets listen (sock_diag).
    List(i32),
    /// The socket in service is not among those that listen.
    Unlisted,
    /// The new socket cannot listen.
    Listen(i32),
    /// Another process joined or left the address at that moment.
    Disturbed,
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let os = |errno: &i32| nix::errno::Errno::from_raw(*errno).desc();
        match self {
            Hindrance::Share(errno) => {
                write!(f, "the socket in service takes no SO_REUSEPORT: {}", os(errno))
            }
            Hindrance::Bind(text) => f.write_str(text),
            Hindrance::Steer(errno) => {
                write!(f, "the kernel takes no SO_ATTACH_REUSEPORT_CBPF: {}", os(errno))
            }
            Hindrance::List(errno) => write!(f, "the kernel does not list its listeners: {}", os(errno)),
            Hindrance::Unlisted => f.write_str("the kernel does not list the socket in service"),
            Hindrance::Listen(errno) => write!(f, "the new socket cannot listen: {}", os(errno)),
            Hindrance::Disturbed => f.write_str("another process joined or left the address at that moment"),
        }
    }
}

fn errno(e: &io::Error) -> i32 {
    e.raw_os_error().unwrap_or(0)
}

/// A socket that is bound beside the one in service and is to follow it; when it has, the one that it followed.
#[derive(Debug)]
pub struct Switch {
    /// The new socket: bound, not listening. After the change: the old one.
    pub receiver: Receiver,
    /// Options for the sockets that it accepts.
    pub after_accept: AfterAccept,
    /// Clients its queue will hold.
    pub backlog: i32,
    group: Group,
}

/// What came of an attempt to change over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Made {
    /// The new socket is in service and has every new connection; the old one is to leave.
    Done,
    /// Others have sockets at the address, and one of them may be about to leave: try again later.
    Crowded,
    /// The old socket stays in service.
    Kept(Hindrance),
    /// The old socket stays in service. The new one listened already, so clients come through both.
    Both(Hindrance),
}

/// Lets `bind` make a socket beside `old`, after trying what [`Switch::make`] will need, so that what can fail fails
/// here.
///
/// # Errors
/// What stands in the way; nothing is left behind but `SO_REUSEPORT` on the old socket.
pub(super) fn prepare(
    old: BorrowedFd<'_>,
    spec: &ReceiverSpec,
    bind: impl FnOnce(&ReceiverSpec) -> Result<Receiver, BindError>,
) -> Result<Switch, Hindrance> {
    sockopt::reuseport(old, true).map_err(|e| Hindrance::Share(errno(&e)))?;
    try_steering(old).map_err(|e| Hindrance::Steer(errno(&e)))?;
    let diag = SockDiag::open(spec.namespace.as_deref()).map_err(|e| Hindrance::List(errno(&e)))?;
    let group = Group { diag, members: Vec::new() };
    group.around(old)?;
    let shared = ReceiverSpec { reuseport: true, ..spec.clone() };
    let receiver = bind(&shared).map_err(|e| Hindrance::Bind(e.to_string().into()))?;
    Ok(Switch { receiver, after_accept: AfterAccept::default(), backlog: 0, group })
}

/// Whether the kernel takes a program at all, asked of a socket that is nowhere.
fn try_steering(like: BorrowedFd<'_>) -> io::Result<()> {
    let scratch = socket::stream(socket::family_of(like)?, Protocol::Tcp.number())?;
    sockopt::reuseport(scratch.as_fd(), true)?;
    sockopt::steer(scratch.as_fd(), 0)
}

impl Switch {
    /// Lets the new socket listen, gives it every new connection, and exchanges it with the one `in_service`. `ours` says
    /// which of the sockets at the address are not about to leave; with any other beside them it is `Crowded` if
    /// `can_wait`.
    pub fn make(
        &mut self,
        in_service: &mut Receiver,
        after_accept: &mut AfterAccept,
        ours: &[u64],
        can_wait: bool,
    ) -> Made {
        let before = match self.group.around(in_service.fd.as_fd()) {
            Ok(before) => before,
            Err(hindrance) => return Made::Kept(hindrance),
        };
        if can_wait && before.iter().any(|number| !ours.contains(number)) {
            return Made::Crowded;
        }
        if let Err(e) = socket::listen(self.receiver.fd.as_fd(), self.backlog) {
            return Made::Kept(Hindrance::Listen(errno(&e)));
        }
        if let Err(hindrance) = self.group.steer_to(&self.receiver, in_service, &before) {
            self.group.members.clear();
            return Made::Both(hindrance);
        }
        std::mem::swap(&mut self.receiver, in_service);
        std::mem::swap(&mut self.after_accept, after_accept);
        // Who waits there for a client's first bytes comes through without them, at the next repeated SYN/ACK.
        let _ = sockopt::defer_accept(self.receiver.fd.as_fd(), 0);
        Made::Done
    }

    /// The socket that is not in service, as one that leaves when its clients have come through.
    pub fn leave(self, now_ms: u64) -> Leaving {
        let Switch { receiver, after_accept, group, .. } = self;
        Leaving { receiver, after_accept, group, last_ms: now_ms, until_ms: now_ms + LEAVING_MS_MAX }
    }
}

/// The sockets that share an address.
#[derive(Debug)]
struct Group {
    diag: SockDiag,
    /// Who was in it when the new socket had joined.
    members: Vec<u64>,
}

impl Group {
    /// The numbers of all that share the kernel's group with `fd`, which listens: its address, interface and version
    /// of IP. An IPv6 wildcard that takes IPv4 clients is no member of the IPv4 wildcard's group, nor of one that takes none.
    fn around(&self, fd: BorrowedFd<'_>) -> Result<Vec<u64>, Hindrance> {
        let list = |e: io::Error| Hindrance::List(errno(&e));
        let own = socket_number(fd).map_err(list)?;
        let family = socket::family_of(fd).map_err(list)?;
        let port = socket::local_addr(fd).map_err(list)?.port();
        let all = self.diag.listening(family, port).map_err(list)?;
        let key = |l: &Listening| (l.addr, l.interface, l.v6only);
        let this = all.iter().find(|l| l.number == own).map(key).ok_or(Hindrance::Unlisted)?;
        Ok(all.iter().filter(|l| key(l) == this).map(|l| l.number).collect())
    }

    /// Steers to `new`, which has just joined those of `before`.
    fn steer_to(&mut self, new: &Receiver, old: &Receiver, before: &[u64]) -> Result<(), Hindrance> {
        let own = socket_number(new.fd.as_fd()).map_err(|e| Hindrance::List(errno(&e)))?;
        self.members = self.around(old.fd.as_fd())?;
        // Joined last, so behind all others, if nobody came or went meanwhile.
        let is_last = self.members.len() == before.len() + 1
            && self.members.iter().all(|number| *number == own || before.contains(number));
        if !is_last {
            return Err(Hindrance::Disturbed);
        }
        // MPTCP sockets refuse the option; the program is the group's, whoever brings it.
        let tcp = if new.protocol == Protocol::Tcp { new } else { old };
        sockopt::steer(tcp.fd.as_fd(), before.len() as u32).map_err(|e| Hindrance::Steer(errno(&e)))
    }

    /// Whether nobody has left since, which would move the last into the place of who left.
    fn is_intact(&self, old: BorrowedFd<'_>) -> bool {
        self.around(old).is_ok_and(|now| {
            !self.members.is_empty() && self.members.iter().all(|number| now.contains(number))
        })
    }
}

/// A socket that gets no new connections and whose last clients are still coming: those in its queue, and those
/// in the middle of their handshake, who would be reset if it were closed.
#[derive(Debug)]
pub struct Leaving {
    /// The socket.
    pub receiver: Receiver,
    /// Options for the sockets that it accepts.
    pub after_accept: AfterAccept,
    group: Group,
    last_ms: u64,
    until_ms: u64,
}

impl Leaving {
    /// A client came through at `now_ms`.
    pub fn came(&mut self, now_ms: u64) {
        self.last_ms = now_ms;
    }

    /// Whether it may be closed if its queue is empty now: nobody came for a while, or the time is up. The
    /// time is never up when new connections may still come here, because somebody left the group.
    pub fn may_close(&self, now_ms: u64) -> bool {
        let is_quiet = self.last_ms + QUIET_MS <= now_ms;
        is_quiet || (self.until_ms <= now_ms && self.group.is_intact(self.receiver.fd.as_fd()))
    }

    /// Closes it. The program that steered to its successor ends where it can, which is in a TCP socket: then
    /// whoever joins the address later gets a share as usual. `ends_steering` is false for a process that is leaving itself:
    /// its successor may steer already.
    pub fn close(self, in_service: Option<&Receiver>, ends_steering: bool) {
        drop(self.receiver);
        if let Some(tcp) = in_service.filter(|r| ends_steering && r.protocol == Protocol::Tcp) {
            let _ = sockopt::steer_no_more(tcp.fd.as_fd());
        }
    }
}

#[cfg(test)]
mod tests;
