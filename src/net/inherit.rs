//! Listening sockets that another process bound: handed over at a reload, taken from a running proxy,
//! or given by a service manager.
//!
//! Who is about to bind an address asks here first. An address alone does not say whose socket it is:
//! the kind of address, the interface, the namespace and the options that cannot be changed after
//! `bind(2)` must be the same, and what the socket speaks is asked of the socket (`SO_PROTOCOL`).

use super::protocol::Protocol;
use super::receiver::ReceiverSpec;
use crate::sys::addr::SockAddr;
use crate::sys::{socket, sockopt};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// One socket that is bound, and in all likelihood listening.
#[derive(Debug)]
pub struct Inherited {
    /// The socket: non-blocking, close-on-exec.
    pub fd: OwnedFd,
    /// Where it is bound. A unix socket is known by its place in the file system, which may differ
    /// from the name that it was bound to.
    pub addr: SockAddr,
    /// What it speaks.
    pub protocol: Protocol,
    /// The network interface it is bound to.
    pub interface: Option<Box<str>>,
    /// The network namespace it was made in, by name; `None` is the process's own.
    pub namespace: Option<Box<str>>,
    transparent: bool,
    v6only: bool,
}

impl Inherited {
    /// Reads from the socket what there is to know. `name` is the address when the socket's own does
    /// not tell: that of a unix socket is the temporary one of its start.
    ///
    /// # Errors
    /// `EINVAL` when it is not a bound stream socket, `EPROTONOSUPPORT` when no row of the protocol
    /// table speaks its protocol; what fcntl and getsockopt say.
    pub fn of(fd: OwnedFd, name: Option<SockAddr>, namespace: Option<Box<str>>) -> io::Result<Inherited> {
        let at = fd.as_fd();
        if socket::socket_type(at)? != libc::SOCK_STREAM {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let own = socket::local_addr(at)?;
        if own == SockAddr::Unnamed {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        socket::set_nonblocking(at)?;
        socket::set_cloexec(at)?;
        let protocol = Protocol::of(at)?;
        // What a socket of this family does not have reads as off.
        let is_on = |level, option| sockopt::get_int(at, level, option).is_ok_and(|value| value != 0);
        let (transparent, v6only) = match own.inet() {
            Some(inet) if inet.is_ipv6() => {
                (is_on(libc::SOL_IPV6, libc::IPV6_TRANSPARENT), is_on(libc::IPPROTO_IPV6, libc::IPV6_V6ONLY))
            }
            Some(_) => (is_on(libc::SOL_IP, libc::IP_TRANSPARENT), false),
            None => (false, false),
        };
        let interface = sockopt::bound_device(at);
        let addr = name.unwrap_or(own);
        Ok(Inherited { fd, addr, protocol, interface, namespace, transparent, v6only })
    }

    /// Whether this socket is bound as `spec` says for `addr`, whatever it speaks.
    fn is_at(&self, addr: &SockAddr, spec: &ReceiverSpec, v6only_default: bool) -> bool {
        let wildcard_v6 = addr.inet().is_some_and(|inet| inet.is_ipv6() && inet.ip().is_unspecified());
        self.addr == *addr
            && addr.inet().is_none_or(|inet| inet.port() != 0)
            && self.interface == spec.interface
            && self.namespace == spec.namespace
            && self.transparent == spec.transparent
            && (!wildcard_v6 || self.v6only == spec.v6only.unwrap_or(v6only_default))
    }
}

/// What became of an inherited socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Nobody asked for its address: the configuration does not have it.
    Unclaimed,
    /// A receiver goes on with it.
    Adopted,
    /// Its address goes on with a socket that speaks another protocol.
    Replaced,
}

/// What there is for an address.
#[derive(Debug)]
pub enum Claim {
    /// A socket of a protocol that will do; it is the claimer's now.
    Same(Inherited),
    /// A socket at this address that speaks something else. It is still here, under this number.
    Other(usize),
    /// Nothing.
    Nothing,
}

/// All inherited sockets, and what became of each. Their numbers are the order they came in.
#[derive(Debug, Default)]
pub struct Inheritance {
    sockets: Vec<(Option<Inherited>, Fate)>,
    v6only_default: bool,
    holders: Option<Holders>,
}

/// Asks the processes that may have an address to let it go, and gives them the time; false: it is no use.
struct Holders(Box<dyn FnMut() -> bool>);

impl fmt::Debug for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holders")
    }
}

impl Inheritance {
    /// An inheritance of these sockets.
    pub fn new(sockets: Vec<Inherited>) -> Inheritance {
        let v6only_default =
            std::fs::read_to_string("/proc/sys/net/ipv6/bindv6only").is_ok_and(|text| text.trim() == "1");
        let sockets = sockets.into_iter().map(|socket| (Some(socket), Fate::Unclaimed)).collect();
        Inheritance { sockets, v6only_default, holders: None }
    }

    /// The same, with a way to ask for an address that is in use and whose socket did not come. `ask` may
    /// be called again and again, until it says that it is no use.
    pub fn asking(mut self, ask: Box<dyn FnMut() -> bool>) -> Inheritance {
        self.holders = Some(Holders(ask));
        self
    }

    /// An address is in use: asks who may have it to let it go. Whether a new try makes sense.
    pub fn ask_to_release(&mut self) -> bool {
        self.holders.as_mut().is_some_and(|Holders(ask)| ask())
    }

    /// Claims the socket for one address of a `bind` line; one that speaks what `will_do` accepts comes
    /// before others. Each is given once.
    pub fn claim(
        &mut self,
        addr: &SockAddr,
        spec: &ReceiverSpec,
        will_do: impl Fn(Protocol) -> bool,
    ) -> Claim {
        let default = self.v6only_default;
        let fits = |slot: &(Option<Inherited>, Fate)| {
            slot.1 == Fate::Unclaimed && slot.0.as_ref().is_some_and(|s| s.is_at(addr, spec, default))
        };
        let same = |slot: &(Option<Inherited>, Fate)| {
            fits(slot) && slot.0.as_ref().is_some_and(|s| will_do(s.protocol))
        };
        if let Some(slot) = self.sockets.iter_mut().find(|slot| same(slot))
            && let Some(socket) = slot.0.take()
        {
            slot.1 = Fate::Adopted;
            return Claim::Same(socket);
        }
        self.sockets.iter().position(fits).map_or(Claim::Nothing, Claim::Other)
    }

    /// The socket with this number, unless it was adopted or taken out.
    pub fn get(&self, number: usize) -> Option<&Inherited> {
        self.sockets.get(number)?.0.as_ref()
    }

    /// Takes a socket out whose address goes on with another one: the caller serves who still waits
    /// in its queue.
    pub fn replace(&mut self, number: usize) -> Option<Inherited> {
        let (socket, fate) = self.sockets.get_mut(number)?;
        *fate = Fate::Replaced;
        socket.take()
    }

    /// Gives a socket out to go on as it is, although it speaks something else than was asked for.
    pub fn adopt(&mut self, number: usize) -> Option<Inherited> {
        let (socket, fate) = self.sockets.get_mut(number)?;
        *fate = Fate::Adopted;
        socket.take()
    }

    /// What became of each, in the order they came in.
    pub fn fates(&self) -> Vec<Fate> {
        self.sockets.iter().map(|(_, fate)| *fate).collect()
    }

    /// Sockets of unix addresses and all others that nobody claimed: closing them is the caller's choice.
    pub fn unclaimed(&self) -> impl Iterator<Item = &Inherited> {
        let left = self.sockets.iter().filter(|(_, fate)| *fate == Fate::Unclaimed);
        left.filter_map(|(socket, _)| socket.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::address::Transport;
    use std::net::TcpListener;

    fn inherited(at: &str) -> Inherited {
        let listener = TcpListener::bind(at).unwrap();
        Inherited::of(listener.into(), None, None).unwrap()
    }

    fn spec_of(socket: &Inherited) -> ReceiverSpec {
        ReceiverSpec::at(socket.addr.clone(), Transport::Plain)
    }

    #[test]
    fn a_socket_is_given_once_to_who_names_its_address() {
        let socket = inherited("127.0.0.1:0");
        let (addr, spec) = (socket.addr.clone(), spec_of(&socket));
        let mut all = Inheritance::new(vec![socket]);
        let elsewhere = SockAddr::Inet("127.0.0.2:9".parse().unwrap());
        assert!(matches!(all.claim(&elsewhere, &spec, |_| true), Claim::Nothing));
        assert!(matches!(all.claim(&addr, &spec, |_| false), Claim::Other(0)));
        assert_eq!(all.fates(), [Fate::Unclaimed]);
        assert!(matches!(all.claim(&addr, &spec, |p| p == Protocol::Tcp), Claim::Same(_)));
        assert!(matches!(all.claim(&addr, &spec, |_| true), Claim::Nothing));
        assert_eq!(all.fates(), [Fate::Adopted]);
        assert_eq!(all.unclaimed().count(), 0);
    }

    #[test]
    fn what_cannot_be_changed_after_bind_must_be_the_same() {
        let socket = inherited("[::]:0");
        let (addr, spec) = (socket.addr.clone(), spec_of(&socket));
        let v6only = socket.v6only;
        let mut all = Inheritance::new(vec![socket]);
        for other in [
            ReceiverSpec { interface: Some("lo".into()), ..spec.clone() },
            ReceiverSpec { namespace: Some("blue".into()), ..spec.clone() },
            ReceiverSpec { transparent: true, ..spec.clone() },
            ReceiverSpec { v6only: Some(!v6only), ..spec.clone() },
        ] {
            assert!(matches!(all.claim(&addr, &other, |_| true), Claim::Nothing), "{other:?}");
        }
        let same = ReceiverSpec { v6only: Some(v6only), ..spec };
        assert!(matches!(all.claim(&addr, &same, |_| true), Claim::Same(_)));
    }

    #[test]
    fn a_replaced_socket_is_handed_out_and_remembered() {
        let socket = inherited("127.0.0.1:0");
        let (addr, spec) = (socket.addr.clone(), spec_of(&socket));
        let mut all = Inheritance::new(vec![socket]);
        assert!(matches!(all.claim(&addr, &spec, |p| p == Protocol::Mptcp), Claim::Other(0)));
        assert_eq!(all.get(0).map(|s| s.protocol), Some(Protocol::Tcp));
        assert!(all.replace(0).is_some());
        assert_eq!(all.fates(), [Fate::Replaced]);
        assert!(all.adopt(0).is_none() && all.adopt(1).is_none());
        assert!(matches!(all.claim(&addr, &spec, |_| true), Claim::Nothing));
    }

    #[test]
    fn what_is_no_bound_stream_socket_is_refused() {
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(Inherited::of(udp.into(), None, None).is_err());
        let (unnamed, _) = std::os::unix::net::UnixStream::pair().unwrap();
        assert!(Inherited::of(unnamed.into(), None, None).is_err());
    }
}
