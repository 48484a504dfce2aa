//! A listener: a receiver that listens, with a limit of connections and a state.

use super::protocol::Protocol;
use super::protocol::probe::{Capabilities, SocketOption};
use super::receiver::{BindError, Note, Origin, Receiver};
use crate::sys::{md5sig, sockopt};
use std::os::fd::{AsFd, BorrowedFd};

/// When a silent connection is probed; `None` leaves the system's value.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Keepalive {
    /// Seconds of silence before the first probe.
    pub idle_s: Option<i32>,
    /// Seconds between probes.
    pub interval_s: Option<i32>,
    /// Probes before the connection counts as dead.
    pub count: Option<i32>,
}

impl Keepalive {
    /// Sets what is given. Kernels that refuse a value on this kind of socket keep their own.
    pub(super) fn apply(&self, fd: BorrowedFd<'_>) {
        let _ = sockopt::keepalive(fd, true);
        for (value, set) in [
            (self.idle_s, sockopt::keepidle as fn(BorrowedFd<'_>, i32) -> std::io::Result<()>),
            (self.interval_s, sockopt::keepintvl),
            (self.count, sockopt::keepcnt),
        ] {
            if let Some(value) = value {
                let _ = set(fd, value);
            }
        }
    }
}

/// What a `bind` line says of listening. Accepted sockets inherit what is set on the listener, so
/// these cost nothing per connection.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ListenSpec {
    /// `backlog`: connections that wait to be accepted; the kernel cuts it at `net.core.somaxconn`.
    pub backlog: i32,
    /// `defer-accept`: seconds to wait for data before the connection is shown.
    pub defer_accept_s: Option<i32>,
    /// `tfo`: TCP fast open.
    pub tfo: bool,
    /// `mss`: the segment size to announce, in bytes; below 0, by how much to lower the size of
    /// what is sent to each client.
    pub mss: Option<i32>,
    /// `tcp-ut`: how long sent data may stay unacknowledged.
    pub tcp_ut_ms: Option<i32>,
    /// `tcp-md5sig`: what clients must sign with.
    pub md5sig: Option<md5sig::Key>,
    /// Send short segments at once.
    pub nodelay: bool,
    /// `option clitcpka`.
    pub keepalive: Option<Keepalive>,
    /// Socket buffers in bytes; accepted sockets inherit them.
    pub buffers: SocketBuffers,
}

/// Sizes of a socket's buffers in bytes; `None` leaves them to the kernel, which sizes them as they are needed.
/// Source: man 7 socket, `SO_RCVBUF` and `SO_SNDBUF`: the kernel doubles the figure and bounds it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct SocketBuffers {
    /// `tune.rcvbuf.*`
    pub receive: Option<i32>,
    /// `tune.sndbuf.*`
    pub send: Option<i32>,
}

impl SocketBuffers {
    pub(super) fn apply(&self, fd: BorrowedFd<'_>) {
        if let Some(bytes) = self.receive {
            let _ = sockopt::rcvbuf(fd, bytes);
        }
        if let Some(bytes) = self.send {
            let _ = sockopt::sndbuf(fd, bytes);
        }
    }
}

/// What is to be set on each accepted socket because it cannot be set on the listener.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct AfterAccept {
    /// `tcp-ut` for the clients of an MPTCP listener that speak plain TCP.
    pub tcp_ut_ms: Option<i32>,
    /// `mss` below 0: bytes to take off the client's segment size.
    pub mss_less: Option<i32>,
}

impl AfterAccept {
    /// Whether there is anything to set.
    pub fn is_empty(&self) -> bool {
        *self == AfterAccept::default()
    }

    /// Sets it; a socket that refuses something keeps its own value.
    pub fn apply(&self, fd: BorrowedFd<'_>) {
        if let Some(less) = self.mss_less
            && let Ok(mss) = sockopt::maxseg_get(fd)
        {
            let _ = sockopt::maxseg_set(fd, mss.saturating_sub(less));
        }
        if let Some(timeout_ms) = self.tcp_ut_ms {
            let _ = sockopt::user_timeout(fd, timeout_ms);
        }
    }
}

/// Sets the options and starts listening. An inherited receiver that listens already takes the new
/// backlog and options; a successor takes the options and does not listen yet.
///
/// # Errors
/// Listening failed, or an explicit `mptcp@` bind asks for what MPTCP sockets refuse.
pub fn listen(
    receiver: &mut Receiver,
    spec: &ListenSpec,
    can: &Capabilities,
) -> Result<(AfterAccept, Vec<Note>), BindError> {
    let mut notes = Vec::new();
    let mut after = AfterAccept::default();
    if receiver.protocol != Protocol::Unix {
        after = set_options(receiver, spec, can, &mut notes)?;
    }
    receiver.start(spec.backlog)?;
    if let Some(successor) = &mut receiver.successor {
        // What the one that leaves refuses is soon of no interest.
        notes.clear();
        successor.backlog = spec.backlog;
        successor.after_accept = set_options(&successor.receiver, spec, can, &mut notes)?;
    }
    Ok((after, notes))
}

/// Who must sign is not let in without: a listener that cannot ask for it is none.
fn sign(receiver: &Receiver, spec: &ListenSpec) -> Result<(), BindError> {
    let Some(own) = receiver.addr.inet() else { return Ok(()) };
    match (&spec.md5sig, receiver.origin) {
        (None, Origin::Made) => Ok(()),
        // Whoever set up the socket may have asked for it.
        (None, Origin::Descriptor | Origin::HandedOver) => {
            let _ = md5sig::with_anybody(receiver.fd.as_fd(), own, None);
            Ok(())
        }
        (Some(key), _) => md5sig::with_anybody(receiver.fd.as_fd(), own, Some(key))
            .map_err(|e| BindError::Option(SocketOption::Md5sig.keyword(), e)),
    }
}

fn set_options(
    receiver: &Receiver,
    spec: &ListenSpec,
    can: &Capabilities,
    notes: &mut Vec<Note>,
) -> Result<AfterAccept, BindError> {
    let fd = receiver.fd.as_fd();
    let takes = |option| can.takes(receiver.protocol, option);
    let mut after = AfterAccept::default();
    // A failure here costs the option, never the listener.
    let mut set = |option, done: std::io::Result<()>| {
        if done.is_err() {
            notes.push(Note::Ignored(option, receiver.protocol));
        }
    };
    if let Some(bytes) = spec.mss.filter(|bytes| *bytes < 0) {
        after.mss_less = Some(bytes.saturating_neg());
    } else if let Some(bytes) = spec.mss {
        set(SocketOption::Mss, sockopt::maxseg_set(fd, bytes));
    }
    if spec.defer_accept_s.is_some() || receiver.origin.is_foreign() {
        let done = sockopt::defer_accept(fd, spec.defer_accept_s.unwrap_or(0));
        if spec.defer_accept_s.is_some() {
            set(SocketOption::DeferAccept, done);
        }
    }
    if spec.tfo {
        set(SocketOption::Tfo, sockopt::fastopen(fd, spec.backlog));
    } else if receiver.origin == Origin::HandedOver {
        let _ = sockopt::fastopen(fd, 0);
    }
    match spec.tcp_ut_ms {
        Some(timeout_ms) if takes(SocketOption::UserTimeout) => {
            set(SocketOption::UserTimeout, sockopt::user_timeout(fd, timeout_ms));
        }
        Some(_) if receiver.row.sock_prot_fb.is_none() => {
            return Err(BindError::NotOnMptcp(SocketOption::UserTimeout));
        }
        Some(timeout_ms) => {
            after.tcp_ut_ms = Some(timeout_ms);
            notes.push(Note::AfterAccept(SocketOption::UserTimeout));
        }
        None if receiver.origin.is_foreign() => drop(sockopt::user_timeout(fd, 0)),
        None => {}
    }
    sign(receiver, spec)?;
    spec.buffers.apply(fd);
    if spec.nodelay {
        let _ = sockopt::nodelay(fd, true);
    }
    if let Some(keepalive) = &spec.keepalive {
        keepalive.apply(fd);
    } else if receiver.origin == Origin::HandedOver {
        let _ = sockopt::keepalive(fd, false);
    }
    Ok(after)
}

/// Whether and why a listener accepts.
///
/// ```text
///              opened: own limit reached             shut_out: frontend or process full
///        +------------------------------- Ready ------------------------------+
///        v        closed: below it again   ^  |  ^     let_in                 v
///      Full -------------------------------+  |  +------------------------ Limited
///                                             |
///                starve: no descriptors,      v      tick: the time is over
///                memory                     Paused{until} ------------------> Ready or Full
///
///   any state -- suspend (SIGTTOU) --> Suspended -- resume (SIGTTIN) --> Ready or Full
///   any state -- close --> Closed, for good
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Accepts.
    Ready,
    /// Has as many connections as its own `maxconn` allows.
    Full,
    /// Waits for its frontend or the process to have room.
    Limited,
    /// The kernel has no descriptors or memory left: waits for a while.
    Paused {
        /// When to try again, on the caller's clock.
        until_ms: u64,
    },
    /// The operator paused it.
    Suspended,
    /// Accepts no more.
    Closed,
}

/// The state of one listener and the connections that count for it.
///
/// Readiness is edge-triggered, so connections may wait without an event: whenever a method answers
/// true, the caller accepts again now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gate {
    state: State,
    conns: u32,
    conns_max: u32,
}

impl Gate {
    /// A gate that lets `conns_max` connections in at a time; 0 is no limit.
    pub fn new(conns_max: u32) -> Gate {
        Gate { state: State::Ready, conns: 0, conns_max }
    }

    /// The state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Open connections.
    pub fn conns(&self) -> u32 {
        self.conns
    }

    /// Whether to accept.
    pub fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether the operator paused it.
    pub fn is_suspended(&self) -> bool {
        self.state == State::Suspended
    }

    fn has_room(&self) -> bool {
        self.conns_max == 0 || self.conns < self.conns_max
    }

    fn open(&mut self) -> bool {
        self.state = if self.has_room() { State::Ready } else { State::Full };
        self.is_ready()
    }

    /// A connection was accepted.
    pub fn opened(&mut self) {
        self.conns += 1;
        if self.state == State::Ready && !self.has_room() {
            self.state = State::Full;
        }
    }

    /// A connection ended. True: accept again.
    pub fn closed(&mut self) -> bool {
        debug_assert!(self.conns > 0, "a connection ended that never began");
        self.conns = self.conns.saturating_sub(1);
        self.state == State::Full && self.open()
    }

    /// The operator changed the limit; 0 is none. True: accept again.
    pub fn set_conns_max(&mut self, conns_max: u32) -> bool {
        self.conns_max = conns_max;
        match self.state {
            State::Full => self.open(),
            State::Ready => {
                self.open();
                false
            }
            _ => false,
        }
    }

    /// The frontend or the process is full.
    pub fn shut_out(&mut self) {
        if matches!(self.state, State::Ready | State::Full) {
            self.state = State::Limited;
        }
    }

    /// The frontend or the process has room again. True: accept again.
    pub fn let_in(&mut self) -> bool {
        self.state == State::Limited && self.open()
    }

    /// The kernel cannot make more sockets now.
    pub fn starve(&mut self, until_ms: u64) {
        if !matches!(self.state, State::Suspended | State::Closed) {
            self.state = State::Paused { until_ms };
        }
    }

    /// Time has come to `now_ms`. True: accept again.
    pub fn tick(&mut self, now_ms: u64) -> bool {
        matches!(self.state, State::Paused { until_ms } if until_ms <= now_ms) && self.open()
    }

    /// The operator pauses listening.
    pub fn suspend(&mut self) {
        if self.state != State::Closed {
            self.state = State::Suspended;
        }
    }

    /// The operator resumes it. True: accept again.
    pub fn resume(&mut self) -> bool {
        self.state == State::Suspended && self.open()
    }

    /// No more connections, for good; those that are open go on.
    pub fn close(&mut self) {
        self.state = State::Closed;
    }
}

#[cfg(test)]
mod tests;
