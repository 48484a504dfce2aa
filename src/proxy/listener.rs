//! A live listener: a receiver with its gate and counters.

use crate::base::ids::{Id, ProxyId};
use crate::metrics::ListenerCounters;
use crate::net::accept::{Accept, accept_one};
use crate::net::listener::{AfterAccept, Gate, State};
use crate::net::protocol::{Protocol, Row};
use crate::net::receiver::{Note, Receiver};
use crate::net::switch::{Leaving, Switch};
use crate::sys::addr::SockAddr;
use std::os::fd::AsFd;

/// Id of a listener in its arena.
pub type ListenerId = Id<Listener>;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Clients of a proxy.
    Proxy(ProxyId),
    /// The CLI; the number is the `stats socket` line's position in the settings.
    Cli(u32),
}

/// One listening socket.
#[derive(Debug)]
pub struct Listener {
    /// The bound socket; `None` once closed.
    pub receiver: Option<Receiver>,
    /// Where it listens.
    pub address: SockAddr,
    /// What for.
    pub purpose: Purpose,
    /// Name in statistics: `name`, else `sock-` and the socket id.
    pub name: String,
    /// Socket id in its proxy.
    pub socket_id: u32,
    /// Whether it accepts, and why not.
    pub gate: Gate,
    /// Its own limit; 0 = none.
    pub maxconn: u32,
    /// Clients its queue holds, as it was asked to listen.
    pub backlog: i32,
    /// Paused by the operator in a way that the kernel refuses clients.
    pub deaf: bool,
    /// Clients may be waiting: an edge was seen and the queue was not emptied since.
    pub pending: bool,
    /// Clients in its queue waited behind a limit: some may have gone.
    pub queue_waits: bool,
    /// Options for accepted sockets that turn out to be plain TCP.
    pub after_accept: AfterAccept,
    /// Another process was given its socket (`expose-fd listeners`), and accepts too, or will.
    pub shared: bool,
    /// An accept error was logged during this pause.
    pub pause_logged: bool,
    /// Counters.
    pub counters: ListenerCounters,
    /// A change of its protocol that is yet to be made.
    pub change: Option<Change>,
    /// Its address is given up: it closes when nobody waits in its queue.
    pub removed: bool,
    /// Sockets that it had before, whose last clients are still coming.
    pub leaving: Vec<Leaving>,
}

/// A change between TCP and MPTCP that was prepared.
#[derive(Debug)]
pub struct Change {
    /// The new socket.
    pub switch: Box<Switch>,
    /// The beginning of messages about it.
    pub binding: String,
    /// Their end.
    pub at_address: String,
    /// Until when it waits for others to leave the address, in ms of the loop's clock.
    pub waits_until_ms: u64,
}

impl Change {
    /// A message about it.
    pub fn message(&self, note: &Note) -> String {
        format!("{}: {note} {}", self.binding, self.at_address)
    }
}

/// Which of a listener's sockets a client came through, and what that means for the client's.
#[derive(Clone, Copy, Debug)]
pub struct Through {
    /// The row of the socket.
    pub row: &'static Row,
    /// What it speaks.
    pub protocol: Protocol,
    /// Options for a client that turns out to be plain TCP.
    pub after_accept: AfterAccept,
}

impl Listener {
    /// Whether it takes clients. One that is closed for good lets those in who come through a socket that leaves.
    pub fn takes_clients(&self) -> bool {
        self.gate.is_ready() || (self.gate.state() == State::Closed && !self.leaving.is_empty())
    }

    /// Takes one client: through a socket that leaves if there is one, since nobody may be left behind there.
    pub fn accept(&mut self, now_ms: u64) -> (Accept, Option<Through>) {
        for old in &mut self.leaving {
            match accept_one(old.receiver.fd.as_fd()) {
                // One that is of no use any more has nobody to bring.
                Accept::Drained | Accept::Broken(_) => {}
                taken => {
                    old.came(now_ms);
                    return (taken, Some(Through::of(&old.receiver, old.after_accept)));
                }
            }
        }
        match &self.receiver {
            Some(receiver) => {
                (accept_one(receiver.fd.as_fd()), Some(Through::of(receiver, self.after_accept)))
            }
            None => (Accept::Drained, None),
        }
    }
}

impl Through {
    fn of(receiver: &Receiver, after_accept: AfterAccept) -> Through {
        Through { row: receiver.row, protocol: receiver.protocol, after_accept }
    }
}
