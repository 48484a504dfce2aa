use super::*;
use crate::net::address::Transport;
use crate::net::inherit::{Fate, Inheritance, Inherited};
use crate::net::listener::{ListenSpec, listen};
use crate::net::protocol::MptcpPolicy;
use crate::net::protocol::probe::Capabilities;
use crate::net::receiver::{Note, bind_receiver};
use crate::sys::addr::SockAddr;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

const BACKLOG: i32 = 64;

fn has_mptcp() -> bool {
    let has = Capabilities::probe().mptcp.is_ok();
    if !has {
        eprintln!("SKIPPED: no MPTCP in this kernel");
    }
    has
}

fn spec(at: SocketAddr, transport: Transport) -> ReceiverSpec {
    ReceiverSpec::at(at.into(), transport)
}

/// What a process has of one bind.
struct Process {
    receiver: Receiver,
    after_accept: AfterAccept,
    leaving: Vec<Leaving>,
    fates: Vec<Fate>,
    notes: Vec<Note>,
}

impl Process {
    fn start(spec: &ReceiverSpec, sockets: Vec<Inherited>) -> Result<Process, BindError> {
        let can = Capabilities::probe();
        let mut inheritance = Inheritance::new(sockets);
        let (mut receiver, notes) = bind_receiver(spec, MptcpPolicy::Preferred, &can, &mut inheritance)?;
        let (after_accept, more) = listen(&mut receiver, &listen_spec(), &can)?;
        assert_eq!(more, []);
        Ok(Process { receiver, after_accept, leaving: Vec::new(), fates: inheritance.fates(), notes })
    }

    fn hand_over(&self) -> Vec<Inherited> {
        vec![Inherited::of(self.receiver.fd.try_clone().unwrap(), None, None).unwrap()]
    }

    /// The next process with the socket of this one, and the change to what `transport` asks for made.
    fn reload(&self, transport: Transport) -> Process {
        let spec = ReceiverSpec { transport, ..spec(self.at(), transport) };
        let mut next = Process::start(&spec, self.hand_over()).unwrap();
        assert_eq!(next.change_over(false), Made::Done);
        next
    }

    fn change_over(&mut self, can_wait: bool) -> Made {
        let mut switch = self.receiver.successor.take().expect("there is a change to make");
        let ours = [socket_number(self.receiver.fd.as_fd()).unwrap()];
        let made = switch.make(&mut self.receiver, &mut self.after_accept, &ours, can_wait);
        match &made {
            Made::Done | Made::Both(_) => self.leaving.push(switch.leave(0)),
            Made::Crowded => self.receiver.successor = Some(switch),
            Made::Kept(_) => {}
        }
        made
    }

    fn at(&self) -> SocketAddr {
        self.receiver.addr.inet().unwrap()
    }

    fn close_left(&mut self) {
        for old in self.leaving.drain(..) {
            old.close(Some(&self.receiver), true);
        }
    }
}

fn listen_spec() -> ListenSpec {
    ListenSpec { backlog: BACKLOG, ..ListenSpec::default() }
}

fn client(to: SocketAddr, protocol: Protocol) -> OwnedFd {
    try_client(to, protocol).unwrap()
}

fn try_client(to: SocketAddr, protocol: Protocol) -> io::Result<OwnedFd> {
    let family = if to.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let to = match to.ip().is_unspecified() {
        true if to.is_ipv4() => SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), to.port()),
        true => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), to.port()),
        false => to,
    };
    let stream = TcpStream::from(socket::stream(family, protocol.number())?);
    stream.set_nonblocking(false)?;
    socket::connect(stream.as_fd(), &SockAddr::Inet(to))?;
    Ok(stream.into())
}

/// Lets `n` clients of each protocol connect; all of them, as long as they are held.
fn clients(n: usize, to: SocketAddr) -> Vec<OwnedFd> {
    let protocols = [Protocol::Tcp, Protocol::Mptcp];
    protocols.into_iter().flat_map(|p| (0..n).map(move |_| client(to, p))).collect()
}

/// Accepts all that wait.
fn take(receiver: &Receiver) -> usize {
    std::iter::from_fn(|| socket::accept(receiver.fd.as_fd()).ok()).count()
}

/// A socket of another process at this address.
fn stranger(at: SocketAddr, protocol: Transport) -> Process {
    Process::start(&spec(at, protocol), Vec::new()).unwrap()
}

fn both_directions() -> [(Transport, Transport, Protocol); 4] {
    [
        (Transport::Tcp, Transport::Plain, Protocol::Mptcp),
        (Transport::Plain, Transport::Tcp, Protocol::Tcp),
        (Transport::Tcp, Transport::Mptcp, Protocol::Mptcp),
        (Transport::Mptcp, Transport::Tcp, Protocol::Tcp),
    ]
}

#[test]
fn new_clients_come_to_the_new_socket_and_the_queue_of_the_old_one_is_kept() {
    if !has_mptcp() {
        return;
    }
    for at in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
        for (from, to, speaks) in both_directions() {
            let before = Process::start(&spec(at.parse().unwrap(), from), Vec::new()).unwrap();
            let _early = clients(5, before.at());
            let mut after = before.reload(to);
            assert_eq!((after.receiver.protocol, &after.notes[..]), (speaks, &[][..]));
            assert_eq!(after.fates, [Fate::Replaced]);
            drop(before);
            let _late = clients(10, after.at());
            assert_eq!((take(&after.leaving[0].receiver), take(&after.receiver)), (10, 20), "{at} {to:?}");
            after.close_left();
            let _last = clients(10, after.at());
            assert_eq!(take(&after.receiver), 20, "{at} {to:?}");
        }
    }
}

#[test]
fn a_socket_that_did_not_share_its_address_begins_to() {
    if !has_mptcp() {
        return;
    }
    for (from, to, speaks) in both_directions() {
        let alone = ReceiverSpec { reuseport: false, ..spec("127.0.0.1:0".parse().unwrap(), from) };
        let before = Process::start(&alone, Vec::new()).unwrap();
        let after = before.reload(to);
        assert_eq!(after.receiver.protocol, speaks);
        let _late = clients(10, after.at());
        assert_eq!((take(&after.leaving[0].receiver), take(&after.receiver)), (0, 20));
    }
}

#[test]
fn the_position_is_right_among_sockets_of_others() {
    if !has_mptcp() {
        return;
    }
    for at in ["127.0.0.1:0", "[::]:0"] {
        for (from, to, _) in both_directions() {
            for others in 1..=3 {
                let before = Process::start(&spec(at.parse().unwrap(), from), Vec::new()).unwrap();
                let others: Vec<Process> =
                    (0..others).map(|_| stranger(before.at(), Transport::Plain)).collect();
                let after = before.reload(to);
                let _late = clients(15, after.at());
                assert_eq!(take(&after.receiver), 30, "{at} {to:?} beside {}", others.len());
            }
        }
    }
}

#[test]
fn with_others_at_the_address_a_change_can_wait_until_they_have_left() {
    if !has_mptcp() {
        return;
    }
    let before = Process::start(&spec("127.0.0.1:0".parse().unwrap(), Transport::Tcp), Vec::new()).unwrap();
    let other = stranger(before.at(), Transport::Tcp);
    let mut after = Process::start(&spec(before.at(), Transport::Plain), before.hand_over()).unwrap();
    assert_eq!(after.change_over(true), Made::Crowded);
    assert_eq!(after.receiver.protocol, Protocol::Tcp);
    drop(other);
    assert_eq!(after.change_over(true), Made::Done);
    assert_eq!(after.receiver.protocol, Protocol::Mptcp);
}

#[test]
fn the_old_socket_stays_while_clients_come_and_beyond_the_bound_when_the_positions_moved() {
    if !has_mptcp() {
        return;
    }
    let before = Process::start(&spec("127.0.0.1:0".parse().unwrap(), Transport::Tcp), Vec::new()).unwrap();
    let other = stranger(before.at(), Transport::Tcp);
    let mut after = before.reload(Transport::Plain);
    let old = &mut after.leaving[0];
    assert!(!old.may_close(QUIET_MS - 1) && old.may_close(QUIET_MS));
    old.came(LEAVING_MS_MAX - 1);
    assert!(!old.may_close(LEAVING_MS_MAX - 1) && old.may_close(LEAVING_MS_MAX));
    drop(other);
    assert!(!old.may_close(LEAVING_MS_MAX));
    assert!(old.may_close(LEAVING_MS_MAX + QUIET_MS));
}

#[test]
fn who_joins_when_a_tcp_socket_took_over_gets_a_share() {
    if !has_mptcp() {
        return;
    }
    let before = Process::start(&spec("127.0.0.1:0".parse().unwrap(), Transport::Plain), Vec::new()).unwrap();
    let mut after = before.reload(Transport::Tcp);
    drop(before);
    after.close_left();
    let other = stranger(after.at(), Transport::Tcp);
    // Each takes half of them: that one gets none of 60 has a chance of one in 2^59.
    let _late = clients(30, after.at());
    let shares = (take(&after.receiver), take(&other.receiver));
    assert!(shares.0 > 0 && shares.1 > 0 && shares.0 + shares.1 == 60, "{shares:?}");
}

#[test]
fn sockets_of_the_other_version_of_ip_are_not_counted() {
    if !has_mptcp() {
        return;
    }
    let before = Process::start(&spec("[::]:0".parse().unwrap(), Transport::Tcp), Vec::new()).unwrap();
    let v4 = stranger(SocketAddr::new([0, 0, 0, 0].into(), before.at().port()), Transport::Plain);
    let only = ReceiverSpec { v6only: Some(true), ..spec(before.at(), Transport::Tcp) };
    let only = Process::start(&only, Vec::new()).unwrap();
    let mut after = Process::start(&spec(before.at(), Transport::Plain), before.hand_over()).unwrap();
    assert_eq!(after.change_over(true), Made::Done);
    drop(only);
    let _v6 = clients(10, after.at());
    let _v4 = clients(10, v4.at());
    assert_eq!((take(&after.receiver), take(&v4.receiver)), (20, 20));
}

#[test]
fn a_handshake_that_began_with_the_old_socket_ends_there() {
    use std::io::Write;
    if !has_mptcp() {
        return;
    }
    for (from, to, _) in both_directions() {
        let before = Process::start(&spec("127.0.0.1:0".parse().unwrap(), from), Vec::new()).unwrap();
        // With this the kernel leaves the handshake open until the client sends.
        sockopt::defer_accept(before.receiver.fd.as_fd(), 30).unwrap();
        let mut half_open = TcpStream::from(client(before.at(), Protocol::Tcp));
        let after = before.reload(to);
        assert!(!socket::has_clients(after.leaving[0].receiver.fd.as_fd()));
        half_open.write_all(b"x").unwrap();
        assert_eq!((take(&after.leaving[0].receiver), take(&after.receiver)), (1, 0));
    }
}

/// Runs `test` on a thread with a network namespace of its own, set up by these writes below /proc/sys/net.
fn in_namespace(sysctls: &'static [(&str, &str)], test: impl FnOnce() + Send + 'static) {
    use nix::sched::{CloneFlags, unshare};
    let done = std::thread::spawn(move || {
        if let Err(e) = unshare(CloneFlags::CLONE_NEWNET) {
            return eprintln!("SKIPPED: cannot make a network namespace: {e}");
        }
        let up = std::process::Command::new("ip").args(["link", "set", "lo", "up"]).status();
        if !up.is_ok_and(|status| status.success()) {
            return eprintln!("SKIPPED: cannot set the loopback interface up");
        }
        for (name, value) in sysctls {
            if let Err(e) = std::fs::write(format!("/proc/sys/net/{name}"), value) {
                return eprintln!("SKIPPED: cannot write {name}: {e}");
            }
        }
        test();
    });
    done.join().unwrap();
}

#[test]
fn where_the_kernel_refuses_the_socket_in_service_stays() {
    if !has_mptcp() {
        return;
    }
    let can = Capabilities::probe();
    in_namespace(&[("mptcp/enabled", "0")], move || {
        let before =
            Process::start(&spec("127.0.0.1:0".parse().unwrap(), Transport::Tcp), Vec::new()).unwrap();
        let bind = |transport, inheritance: &mut Inheritance| {
            bind_receiver(&spec(before.at(), transport), MptcpPolicy::Preferred, &can, inheritance)
        };
        let mut inheritance = Inheritance::new(before.hand_over());
        let (receiver, notes) = bind(Transport::Plain, &mut inheritance).unwrap();
        assert!(receiver.successor.is_none());
        assert_eq!((receiver.protocol, inheritance.fates()), (Protocol::Tcp, vec![Fate::Adopted]));
        assert!(notes[0].is_warning());
        assert_eq!(
            notes[0].to_string(),
            "cannot change to MPTCP without losing connections (cannot create receiving socket (Protocol not \
             available: sysctl net.mptcp.enabled is 0)), staying with TCP"
        );
        let mut inheritance = Inheritance::new(before.hand_over());
        let refused = bind(Transport::Mptcp, &mut inheritance).unwrap_err().to_string();
        assert!(refused.starts_with("cannot create receiving socket (Protocol not available"), "{refused}");
        assert_eq!(inheritance.fates(), [Fate::Unclaimed]);
    });
}

#[test]
fn a_socket_that_does_not_listen_is_no_reason_to_change() {
    if !has_mptcp() {
        return;
    }
    let before = Process::start(&spec("127.0.0.1:0".parse().unwrap(), Transport::Tcp), Vec::new()).unwrap();
    let mut after = Process::start(&spec(before.at(), Transport::Plain), before.hand_over()).unwrap();
    socket::shutdown(before.receiver.fd.as_fd(), socket::How::Read).unwrap();
    assert_eq!(after.change_over(true), Made::Kept(Hindrance::Unlisted));
    assert_eq!(after.receiver.protocol, Protocol::Tcp);
}

mod storm;
