//! A receiver: one bound socket, made from a row of the protocol table.
//!
//! A plain address tries MPTCP and falls back to TCP with one note; `mptcp@` gets MPTCP or an error
//! that names the cause; `tcp@` gets TCP. A receiver outlives the listeners that use it.

use super::address::{Address, Host, Transport};
use super::inherit::{Claim, Inheritance, Inherited};
use super::protocol::mptcp::Refusal;
use super::protocol::probe::{Capabilities, MaxsegDefaults, SocketOption};
use super::protocol::{self, MptcpPolicy, Protocol, Row, SockFamily, Wanted};
use super::resolve;
use super::switch::{self, Hindrance, Switch};
use super::unix_path::{self, Unpublished};
use crate::sys::addr::SockAddr;
use crate::sys::process::FileOwner;
use crate::sys::{namespace, socket, sockopt};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Where a receiver gets its socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// A new socket bound to this address.
    Addr(SockAddr),
    /// An inherited descriptor (`fd@N`), bound and perhaps listening already.
    Fd(i32),
}

impl Place {
    /// The sockets that one address of a `bind` line asks for: one for each port of its range. A name
    /// is looked up, which blocks; the first address found counts.
    ///
    /// # Errors
    /// The name has no address of the wanted family.
    pub fn all_of(address: &Address) -> io::Result<Vec<Place>> {
        if let Host::Fd(number) = address.host {
            return Ok(vec![Place::Fd(number)]);
        }
        let first = resolve::sock_addr(address, 0)?;
        Ok(match first.inet() {
            None => vec![Place::Addr(first)],
            Some(at) => {
                let ports = address.ports.iter();
                ports.map(|port| Place::Addr(SocketAddr::new(at.ip(), port).into())).collect()
            }
        })
    }
}

/// What a `bind` line says of one socket: plain data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiverSpec {
    /// Address or descriptor.
    pub place: Place,
    /// `tcp@`, `mptcp@` or neither.
    pub transport: Transport,
    /// `interface`: only this network interface.
    pub interface: Option<Box<str>>,
    /// `namespace`: the network namespace to make the socket in.
    pub namespace: Option<Box<str>>,
    /// `transparent`: the address need not be ours.
    pub transparent: bool,
    /// `v4v6` is `Some(false)`, `v6only` is `Some(true)`; `None` leaves the system's default.
    pub v6only: Option<bool>,
    /// Whether another process may bind the same address (`noreuseport` in `global`: no).
    pub reuseport: bool,
    /// `mode`, `user`, `uid`, `group`, `gid` of a unix socket's file.
    pub owner: FileOwner,
    /// Options on the line that only TCP sockets may take, and that are set before a connection is
    /// made (`tcp-md5sig`): under the default they turn the bind to TCP.
    pub tcp_only: Option<SocketOption>,
}

impl ReceiverSpec {
    /// A receiver at `addr` with nothing special asked for.
    pub fn at(addr: SockAddr, transport: Transport) -> ReceiverSpec {
        ReceiverSpec {
            place: Place::Addr(addr),
            transport,
            interface: None,
            namespace: None,
            transparent: false,
            v6only: None,
            reuseport: true,
            owner: FileOwner::default(),
            tcp_only: None,
        }
    }
}

/// Where a receiver's socket came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// It was made here.
    Made,
    /// It is a descriptor that the configuration names (`fd@N`). A queue that somebody set up before
    /// keeps its length.
    Descriptor,
    /// It came from the process that served this address before, with the options of then.
    HandedOver,
}

impl Origin {
    /// Whether the socket may have options that nobody here asked for.
    pub fn is_foreign(self) -> bool {
        self != Origin::Made
    }
}

/// One bound socket.
#[derive(Debug)]
pub struct Receiver {
    /// The socket.
    pub fd: OwnedFd,
    /// Its address: as configured, or with the port the kernel chose for port 0.
    pub addr: SockAddr,
    /// The row it was made from: the protocol as configured.
    pub row: &'static Row,
    /// What the socket really speaks (`SO_PROTOCOL`).
    pub protocol: Protocol,
    /// Where the socket came from.
    pub origin: Origin,
    /// The network namespace that it was made in, by name.
    pub namespace: Option<Box<str>>,
    /// A socket of another protocol that is to follow this one: see [`super::switch`].
    pub successor: Option<Box<Switch>>,
    unpublished: Option<Unpublished>,
}

/// Something the operator should know of a receiver that works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// The first protocol could not be had, so the second is used.
    FellBack {
        /// Tried first.
        from: Protocol,
        /// Used now.
        to: Protocol,
        /// Why.
        cause: Refusal,
    },
    /// An option that MPTCP sockets refuse turned this bind to TCP.
    MadeTcp(SocketOption),
    /// An option was given up: the kernel refuses it on this kind of socket.
    Ignored(SocketOption, Protocol),
    /// An option is set on the accepted sockets that are plain TCP, not on the listener.
    AfterAccept(SocketOption),
    /// The interface could not be bound to; all interfaces are listened on.
    Interface(Box<str>, i32),
    /// The address goes on with the protocol that it has: changing it would lose connections.
    Kept {
        /// What the socket in service speaks.
        has: Protocol,
        /// What the line asks for.
        wanted: Protocol,
        /// What stands in the way.
        cause: Hindrance,
    },
    /// The protocol changes a little later: another process has a socket at the address.
    Later(Protocol),
}

impl Note {
    /// Whether the operator did not get something asked for: a warning, else a notice.
    pub fn is_warning(&self) -> bool {
        matches!(self, Note::Ignored(..) | Note::Interface(..) | Note::Kept { .. })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::FellBack { from, to, cause } => {
                write!(f, "{from} is not available ({cause}), using {to} instead")
            }
            Note::MadeTcp(option) => {
                write!(f, "'{}' does not work on MPTCP sockets, using TCP instead", option.keyword())
            }
            Note::Ignored(option, protocol) => {
                write!(f, "'{}' ignored: this kernel refuses it on {protocol} sockets", option.keyword())
            }
            Note::AfterAccept(option) => write!(
                f,
                "'{}' does not work on MPTCP sockets, it applies to the clients that speak plain TCP",
                option.keyword()
            ),
            Note::Interface(name, errno) => {
                write!(f, "cannot bind receiver to device '{name}' ({})", describe(*errno))
            }
            Note::Kept { has, wanted, cause } => {
                write!(
                    f,
                    "cannot change to {wanted} without losing connections ({cause}), staying with {has}"
                )
            }
            Note::Later(wanted) => write!(
                f,
                "another process has a socket there, changing to {wanted} when it has left, or {} s from now",
                switch::PATIENCE_MS / 1000
            ),
        }
    }
}

/// Why there is no receiver. The texts follow the reference's, which puts `Binding [file:line] for
/// proxy NAME: ` before and ` for [address]` behind them.
#[derive(Debug)]
pub enum BindError {
    /// The socket could not be made.
    Socket {
        /// Of which protocol.
        protocol: Protocol,
        /// What the kernel said.
        error: io::Error,
    },
    /// The network namespace cannot be entered.
    Namespace(Box<str>, io::Error),
    /// An explicit `mptcp@` with an option that MPTCP sockets refuse.
    NotOnMptcp(SocketOption),
    /// An option that the socket cannot do without.
    Option(&'static str, io::Error),
    /// The address is taken, foreign or forbidden.
    Bind(io::Error),
    /// The same for a unix socket.
    BindUnix(io::Error),
    /// An explicit `mptcp@` whose address is in service with TCP and cannot change.
    Switch(Protocol, Hindrance),
    /// An inherited descriptor that is no stream socket with an address.
    Fd(i32, io::Error),
    /// Listening failed.
    Listen(io::Error),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let os = |e: &io::Error| describe(e.raw_os_error().unwrap_or(0));
        match self {
            BindError::Socket { protocol: Protocol::Mptcp, error } => {
                write!(f, "cannot create receiving socket ({}: {})", os(error), Refusal::of(error))
            }
            BindError::Socket { error, .. } => write!(f, "cannot create receiving socket ({})", os(error)),
            BindError::Namespace(name, error) => write!(f, "cannot enter namespace '{name}' ({})", os(error)),
            BindError::NotOnMptcp(option) => write!(
                f,
                "'{}' does not work on MPTCP sockets: use 'tcp@' or a plain address",
                option.keyword()
            ),
            BindError::Option(what, error) => write!(f, "cannot set '{what}' ({})", os(error)),
            BindError::Bind(error) => write!(f, "cannot bind socket ({})", os(error)),
            BindError::BindUnix(error) => write!(f, "cannot bind UNIX socket ({})", os(error)),
            // Where there is no such socket at all, that is the whole of it.
            BindError::Switch(_, Hindrance::Bind(text)) => f.write_str(text),
            BindError::Switch(wanted, cause) => {
                write!(f, "cannot change to {wanted} without losing connections ({cause})")
            }
            BindError::Fd(number, error) => {
                write!(f, "cannot use file descriptor '{number}' : {}.", os(error))
            }
            BindError::Listen(error) => write!(f, "cannot listen to socket ({})", os(error)),
        }
    }
}

impl std::error::Error for BindError {}

fn describe(errno: i32) -> &'static str {
    nix::errno::Errno::from_raw(errno).desc()
}

/// Makes the receiver that `spec` asks for, of a socket from `inheritance` if there is one, and tells what
/// the operator should know of it.
///
/// # Errors
/// The first thing that failed; nothing is left behind.
pub fn bind_receiver(
    spec: &ReceiverSpec,
    policy: MptcpPolicy,
    can: &Capabilities,
    inheritance: &mut Inheritance,
) -> Result<(Receiver, Vec<Note>), BindError> {
    let mut notes = Vec::new();
    let addr = match &spec.place {
        Place::Fd(number) => {
            let receiver = adopt(*number, &can.maxseg).map_err(|e| BindError::Fd(*number, e))?;
            return Ok((receiver, notes));
        }
        Place::Addr(addr) => addr,
    };
    let row = protocol::stream_row(SockFamily::of(addr), spec.transport);
    let wanted = wanted(spec, row, policy, can, &mut notes)?;
    let will_do = |has: Protocol| has == wanted.first || (can.mptcp.is_err() && Some(has) == wanted.fallback);
    match inheritance.claim(addr, spec, will_do) {
        Claim::Same(inherited) => return Ok((hand_over(inherited, row, spec, &can.maxseg), notes)),
        Claim::Other(number) => {
            if let Some(receiver) =
                change_over(spec, row, wanted.first, inheritance, number, can, &mut notes)?
            {
                return Ok((receiver, notes));
            }
        }
        Claim::Nothing => {}
    }
    let receiver = make(spec, addr, row, wanted, &mut notes)?;
    Ok((receiver, notes))
}

/// Goes on with a socket of another protocol, and with one beside it of the protocol that is wanted, which is to follow
/// it; where there can be none, with the first alone.
fn change_over(
    spec: &ReceiverSpec,
    row: &'static Row,
    wanted: Protocol,
    inheritance: &mut Inheritance,
    number: usize,
    can: &Capabilities,
    notes: &mut Vec<Note>,
) -> Result<Option<Receiver>, BindError> {
    let Some(old) = inheritance.get(number) else { return Ok(None) };
    let (has, addr) = (old.protocol, old.addr.clone());
    let exactly = Wanted { first: wanted, fallback: None };
    let bound = switch::prepare(old.fd.as_fd(), spec, |spec| make(spec, &addr, row, exactly, notes));
    let (old, successor) = match bound {
        Ok(switch) => (inheritance.replace(number), Some(Box::new(switch))),
        Err(cause) if row.sock_prot_fb.is_none() => return Err(BindError::Switch(wanted, cause)),
        Err(cause) => {
            notes.push(Note::Kept { has, wanted, cause });
            (inheritance.adopt(number), None)
        }
    };
    Ok(old.map(|old| Receiver { successor, ..hand_over(old, row, spec, &can.maxseg) }))
}

/// Makes a new socket and binds it.
fn make(
    spec: &ReceiverSpec,
    addr: &SockAddr,
    row: &'static Row,
    wanted: Wanted,
    notes: &mut Vec<Note>,
) -> Result<Receiver, BindError> {
    let (fd, protocol) = open(spec, row, wanted, notes)?;
    let mut receiver = Receiver {
        fd,
        addr: addr.clone(),
        row,
        protocol,
        origin: Origin::Made,
        namespace: spec.namespace.clone(),
        successor: None,
        unpublished: None,
    };
    match addr {
        SockAddr::Inet(_) => bind_inet(spec, &mut receiver, notes)?,
        SockAddr::Unix(path) => {
            let bound = unix_path::bind(receiver.fd.as_fd(), path, &spec.owner);
            receiver.unpublished = Some(bound.map_err(BindError::BindUnix)?);
        }
        SockAddr::Abstract(_) | SockAddr::Unnamed => {
            socket::bind(receiver.fd.as_fd(), addr).map_err(BindError::BindUnix)?;
        }
    }
    Ok(receiver)
}

/// The protocols to try: those of the row, less what the options of the line rule out.
fn wanted(
    spec: &ReceiverSpec,
    row: &'static Row,
    policy: MptcpPolicy,
    can: &Capabilities,
    notes: &mut Vec<Note>,
) -> Result<Wanted, BindError> {
    let mut wanted = row.for_receiver(spec.transport, policy);
    let needed = [spec.tcp_only, spec.transparent.then_some(SocketOption::Transparent)];
    if let Some(option) = needed.into_iter().flatten().find(|o| !can.takes(wanted.first, *o))
        && wanted.first == Protocol::Mptcp
    {
        match wanted.fallback.take() {
            Some(fallback) => wanted.first = fallback,
            None => return Err(BindError::NotOnMptcp(option)),
        }
        notes.push(Note::MadeTcp(option));
    }
    Ok(wanted)
}

/// Makes the socket: the wanted protocol, or the one to fall back to.
fn open(
    spec: &ReceiverSpec,
    row: &'static Row,
    wanted: Wanted,
    notes: &mut Vec<Note>,
) -> Result<(OwnedFd, Protocol), BindError> {
    let make = |protocol| {
        let made = match &spec.namespace {
            None => row.open(protocol),
            // The inner result keeps an error of the socket apart from one of the namespace.
            Some(name) => match namespace::within(name, || Ok(row.open(protocol))) {
                Ok(made) => made,
                Err(e) => return Err(BindError::Namespace(name.clone(), e)),
            },
        };
        made.map_err(|error| BindError::Socket { protocol, error })
    };
    match (make(wanted.first), wanted.fallback) {
        (Ok(fd), _) => Ok((fd, wanted.first)),
        (Err(BindError::Socket { protocol, error }), Some(to)) => {
            let fd = make(to)?;
            notes.push(Note::FellBack { from: protocol, to, cause: Refusal::of(&error) });
            Ok((fd, to))
        }
        (Err(e), _) => Err(e),
    }
}

fn bind_inet(spec: &ReceiverSpec, receiver: &mut Receiver, notes: &mut Vec<Note>) -> Result<(), BindError> {
    let fd = receiver.fd.as_fd();
    let v6 = receiver.row.family == SockFamily::V6;
    sockopt::reuseaddr(fd, true).map_err(|e| BindError::Option("reuseaddr", e))?;
    if spec.reuseport {
        // Only a help for a process that takes over; a kernel without it still binds.
        let _ = sockopt::reuseport(fd, true);
    }
    if spec.transparent {
        let set = if v6 { sockopt::transparent_v6(fd, true) } else { sockopt::transparent_v4(fd, true) };
        set.map_err(|e| BindError::Option("transparent", e))?;
    }
    if let Some(name) = &spec.interface
        && let Err(e) = sockopt::bindtodevice(fd, name)
    {
        notes.push(Note::Interface(name.clone(), e.raw_os_error().unwrap_or(0)));
    }
    if v6 && let Some(only) = spec.v6only {
        sockopt::v6only(fd, only).map_err(|e| BindError::Option("v6only", e))?;
    }
    socket::bind(fd, &receiver.addr).map_err(BindError::Bind)?;
    if receiver.addr.port() == 0 {
        receiver.addr = socket::local_addr(fd).map_err(BindError::Bind)?;
    }
    Ok(())
}

/// The address of an inherited descriptor, for a check that takes nothing over.
///
/// # Errors
/// `EBADF`, `ENOTSOCK`, or `EINVAL` for a socket that is not a bound stream socket.
pub fn inherited_addr(number: i32) -> io::Result<SockAddr> {
    let fd = socket::adopt(number)?;
    stream_addr(fd.as_fd())
}

fn stream_addr(fd: BorrowedFd<'_>) -> io::Result<SockAddr> {
    if socket::socket_type(fd)? != libc::SOCK_STREAM {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    socket::local_addr(fd)
}

/// Takes over an inherited descriptor, whatever stream protocol it was made with.
fn adopt(number: i32, maxseg: &MaxsegDefaults) -> io::Result<Receiver> {
    let fd = socket::adopt(number)?;
    from_listener(fd, maxseg)
}

/// Makes a receiver of a socket that the configuration names by its descriptor.
///
/// # Errors
/// `EINVAL` when it is not a stream socket, `EPROTONOSUPPORT` when its protocol has no row.
pub fn from_listener(fd: OwnedFd, maxseg: &MaxsegDefaults) -> io::Result<Receiver> {
    let addr = stream_addr(fd.as_fd())?;
    let protocol = Protocol::of(fd.as_fd())?;
    let row = protocol::stream_row(SockFamily::of(&addr), Transport::Plain);
    reset_maxseg(fd.as_fd(), row, protocol, maxseg);
    Ok(Receiver {
        fd,
        addr,
        row,
        protocol,
        origin: Origin::Descriptor,
        namespace: None,
        successor: None,
        unpublished: None,
    })
}

/// Takes the former owner's segment size back; one that cannot be undone does no harm.
fn reset_maxseg(fd: BorrowedFd<'_>, row: &Row, protocol: Protocol, defaults: &MaxsegDefaults) {
    let default = defaults.of(row.family, protocol);
    if default >= 0 && sockopt::maxseg_get(fd).is_ok_and(|now| now != default) {
        let _ = sockopt::maxseg_set(fd, 0);
    }
}

/// Goes on with a socket that was handed over.
fn hand_over(
    inherited: Inherited,
    row: &'static Row,
    spec: &ReceiverSpec,
    maxseg: &MaxsegDefaults,
) -> Receiver {
    let Inherited { fd, addr, protocol, namespace, .. } = inherited;
    reset_maxseg(fd.as_fd(), row, protocol, maxseg);
    if let SockAddr::Unix(path) = &addr {
        // Where the file is out of reach (a chroot, another owner) it keeps what it has.
        let _ = crate::sys::process::set_file_owner(path, &spec.owner);
    }
    Receiver {
        fd,
        addr,
        row,
        protocol,
        origin: Origin::HandedOver,
        namespace,
        successor: None,
        unpublished: None,
    }
}

impl Receiver {
    /// Starts listening with a queue of `backlog`, and puts a unix socket at its path.
    pub(super) fn start(&mut self, backlog: i32) -> Result<(), BindError> {
        // A queue that somebody set up before keeps its length.
        if !(self.origin == Origin::Descriptor && socket::is_listening(self.fd.as_fd()).unwrap_or(false)) {
            socket::listen(self.fd.as_fd(), backlog).map_err(BindError::Listen)?;
        }
        match self.unpublished.take() {
            Some(unpublished) => unpublished.publish().map_err(BindError::BindUnix),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
