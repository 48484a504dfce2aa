//! Going out to a server: socket() and connect(), and an option call only for what was asked for.

use super::listener::{Keepalive, SocketBuffers};
use super::protocol::mptcp::Refusal;
use super::protocol::{self, Protocol, Row, SockFamily};
use super::{accept::Scarcity, address::Transport};
use crate::sys::addr::SockAddr;
use crate::sys::{md5sig, namespace, socket, sockopt};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What a `server` line says of its connections: plain data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectSpec {
    /// `mptcp@` is MPTCP, everything else TCP.
    pub transport: Transport,
    /// `interface` of `source`: leave by this one.
    pub interface: Option<Box<str>>,
    /// `namespace`: the network namespace to connect from.
    pub namespace: Option<Box<str>>,
    /// `usesrc`: the source address need not be ours.
    pub transparent: bool,
    /// `tcp-ut`: how long sent data may stay unacknowledged.
    pub tcp_ut_ms: Option<i32>,
    /// `tcp-md5sig`: what segments are signed with.
    pub md5sig: Option<md5sig::Key>,
    /// `tfo`: connect together with the first data.
    pub tfo: bool,
    /// `set-mark`: netfilter mark.
    pub mark: Option<u32>,
    /// Traffic class byte.
    pub tos: Option<u8>,
    /// `option srvtcpka`.
    pub keepalive: Option<Keepalive>,
    /// Segment size in bytes.
    pub mss: Option<i32>,
    /// Socket buffers.
    pub buffers: SocketBuffers,
}

impl ConnectSpec {
    /// Nothing special asked for.
    pub fn new(transport: Transport) -> ConnectSpec {
        ConnectSpec {
            transport,
            interface: None,
            namespace: None,
            transparent: false,
            tcp_ut_ms: None,
            md5sig: None,
            tfo: false,
            mark: None,
            tos: None,
            keepalive: None,
            mss: None,
            buffers: SocketBuffers::default(),
        }
    }

    /// The protocol that connections to `dest` are made with.
    pub fn protocol(&self, dest: &SockAddr) -> Protocol {
        self.row(dest).for_connection()
    }

    /// The row of the protocol table that connections to `dest` are made from.
    pub fn row(&self, dest: &SockAddr) -> &'static Row {
        protocol::stream_row(SockFamily::of(dest), self.transport)
    }
}

/// The source ports of a server (`source 10.0.0.1:2000-2100`), taken in turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourcePorts {
    low: u16,
    high: u16,
    next: u16,
}

impl SourcePorts {
    /// The ports from `low` to `high`, both included; an inverted pair is taken the other way round.
    pub fn new(low: u16, high: u16) -> SourcePorts {
        let (low, high) = (low.min(high), low.max(high));
        SourcePorts { low, high, next: low }
    }

    fn len(&self) -> u32 {
        u32::from(self.high - self.low) + 1
    }

    fn take(&mut self) -> u16 {
        let port = self.next;
        self.next = if port == self.high { self.low } else { port + 1 };
        port
    }
}

/// Where a connection comes from.
#[derive(Debug)]
pub enum Source<'a> {
    /// Wherever the kernel says.
    Any,
    /// This address; with port 0 the kernel chooses the port, for each destination anew.
    Addr(SocketAddr),
    /// This address and one of these ports.
    Ports(IpAddr, &'a mut SourcePorts),
}

/// A connection that is made or under way.
#[derive(Debug)]
pub struct Connecting {
    /// The socket.
    pub fd: OwnedFd,
    /// Whether it is connected already; else writability will tell, with
    /// [`take_error`](crate::sys::socket::take_error).
    pub done: bool,
    /// What the socket was made with.
    pub protocol: Protocol,
    /// Whether the row's first choice could not be had.
    pub fell_back: bool,
}

/// Which step of a connection failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Making the socket.
    Socket,
    /// Entering the namespace.
    Namespace,
    /// Setting an option that the connection must not go without.
    Option,
    /// Binding the source address.
    Bind,
    /// connect() itself.
    Connect,
}

/// Whose fault a failed connection is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Blame {
    /// The server or the way to it: retry, perhaps elsewhere.
    Server,
    /// Descriptors, memory or source ports have run out here: the same will happen elsewhere.
    Resources,
    /// The configuration or a permission: no retry helps.
    Local,
}

/// A connection that could not be started.
#[derive(Debug)]
pub struct ConnectError {
    /// Where it failed.
    pub step: Step,
    /// The protocol of the socket.
    pub protocol: Protocol,
    /// What the kernel said.
    pub error: io::Error,
}

impl ConnectError {
    /// What the kernel has too little of, if that is the cause.
    pub fn scarcity(&self) -> Option<Scarcity> {
        self.error.raw_os_error().and_then(Scarcity::of)
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        let errno = self.error.raw_os_error().unwrap_or(0);
        match (self.step, errno) {
            _ if self.scarcity().is_some() => Blame::Resources,
            // No port left for this destination.
            (Step::Bind | Step::Connect, libc::EADDRINUSE) | (Step::Connect, libc::EADDRNOTAVAIL) => {
                Blame::Resources
            }
            (Step::Connect, libc::EACCES | libc::EPERM) => Blame::Local,
            (Step::Connect, _) => Blame::Server,
            _ => Blame::Local,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.step {
            Step::Socket => "cannot create socket",
            Step::Namespace => "cannot enter the namespace",
            Step::Option => "cannot set a socket option",
            Step::Bind => "cannot bind to the source address",
            Step::Connect => "cannot connect",
        };
        let os = nix::errno::Errno::from_raw(self.error.raw_os_error().unwrap_or(0)).desc();
        match (self.step, self.protocol) {
            (Step::Socket, Protocol::Mptcp) => write!(f, "{what} ({os}: {})", Refusal::of(&self.error)),
            _ => write!(f, "{what} ({os})"),
        }
    }
}

impl std::error::Error for ConnectError {}

/// Starts a connection to `dest`. `TCP_NODELAY` is left to the caller, who knows whether there will be
/// a second short write.
///
/// # Errors
/// See [`ConnectError::blame`]. A connection that fails later does so through its socket.
pub fn connect(spec: &ConnectSpec, dest: &SockAddr, source: Source<'_>) -> Result<Connecting, ConnectError> {
    let row = spec.row(dest);
    let protocol = row.for_connection();
    let at = |step| move |error| ConnectError { step, protocol, error };
    let (fd, protocol, fell_back) = open(spec, row)?;
    if protocol != Protocol::Unix {
        set_options(spec, fd.as_fd(), dest).map_err(at(Step::Option))?;
        bind_source(fd.as_fd(), source).map_err(at(Step::Bind))?;
    }
    let done = socket::connect(fd.as_fd(), dest).map_err(at(Step::Connect))?;
    Ok(Connecting { fd, done, protocol, fell_back })
}

/// Makes the socket; a row with something else to fall back to than what it connects with does so.
fn open(spec: &ConnectSpec, row: &'static Row) -> Result<(OwnedFd, Protocol, bool), ConnectError> {
    let protocol = row.for_connection();
    let make = |protocol| match &spec.namespace {
        None => row.open(protocol).map_err(|error| (Step::Socket, error)),
        // The inner result keeps an error of the socket apart from one of the namespace.
        Some(name) => match namespace::within(name, || Ok(row.open(protocol))) {
            Ok(made) => made.map_err(|error| (Step::Socket, error)),
            Err(error) => Err((Step::Namespace, error)),
        },
    };
    match (make(protocol), row.sock_prot_fb) {
        (Ok(fd), _) => Ok((fd, protocol, false)),
        (Err((Step::Socket, _)), Some(fallback)) if fallback != protocol => match make(fallback) {
            Ok(fd) => Ok((fd, fallback, true)),
            Err((step, error)) => Err(ConnectError { step, protocol: fallback, error }),
        },
        (Err((step, error)), _) => Err(ConnectError { step, protocol, error }),
    }
}

/// Sets what was asked for. What decides where packets go must succeed; the rest is done as far as
/// this kind of socket takes it.
fn set_options(spec: &ConnectSpec, fd: BorrowedFd<'_>, dest: &SockAddr) -> io::Result<()> {
    let v6 = SockFamily::of(dest) == SockFamily::V6;
    if let Some(name) = &spec.interface {
        sockopt::bindtodevice(fd, name)?;
    }
    if spec.transparent {
        if v6 { sockopt::transparent_v6(fd, true) } else { sockopt::transparent_v4(fd, true) }?;
    }
    if let (Some(key), Some(peer)) = (&spec.md5sig, dest.inet()) {
        md5sig::with_peer(fd, peer, key)?;
    }
    if let Some(mark) = spec.mark {
        sockopt::mark(fd, mark)?;
    }
    if let Some(tos) = spec.tos {
        let _ = if v6 { sockopt::tos_v6(fd, tos) } else { sockopt::tos_v4(fd, tos) };
    }
    spec.buffers.apply(fd);
    if let Some(keepalive) = &spec.keepalive {
        keepalive.apply(fd);
    }
    if let Some(timeout_ms) = spec.tcp_ut_ms {
        let _ = sockopt::user_timeout(fd, timeout_ms);
    }
    if let Some(bytes) = spec.mss {
        let _ = sockopt::maxseg_set(fd, bytes);
    }
    if spec.tfo {
        let _ = sockopt::fastopen_connect(fd, true);
    }
    Ok(())
}

fn bind_source(fd: BorrowedFd<'_>, source: Source<'_>) -> io::Result<()> {
    match source {
        Source::Any => Ok(()),
        Source::Addr(addr) => {
            if addr.port() == 0 {
                // Without it the kernel takes a port that is free for every destination, and runs out
                // of them; kernels that do not know it still bind.
                let _ = sockopt::bind_address_no_port(fd, true);
            } else {
                sockopt::reuseaddr(fd, true)?;
            }
            socket::bind(fd, &SockAddr::Inet(addr))
        }
        Source::Ports(ip, ports) => {
            sockopt::reuseaddr(fd, true)?;
            for _ in 0..ports.len() {
                match socket::bind(fd, &SockAddr::Inet(SocketAddr::new(ip, ports.take()))) {
                    Err(e) if e.raw_os_error() == Some(libc::EADDRINUSE) => {}
                    other => return other,
                }
            }
            Err(io::Error::from_raw_os_error(libc::EADDRINUSE))
        }
    }
}

#[cfg(test)]
mod tests;
