use super::*;
use crate::net::inherit::Inheritance;
use crate::net::protocol::{MptcpPolicy, probe::Capabilities};
use crate::net::receiver::{Receiver, ReceiverSpec, bind_receiver};
use crate::net::{accept, listener};

fn listening(transport: Transport) -> Receiver {
    let can = Capabilities::probe();
    let spec = ReceiverSpec::at(SockAddr::Inet("127.0.0.1:0".parse().unwrap()), transport);
    let (mut receiver, _) =
        bind_receiver(&spec, MptcpPolicy::Preferred, &can, &mut Inheritance::default()).unwrap();
    let listen = listener::ListenSpec { backlog: 16, ..Default::default() };
    listener::listen(&mut receiver, &listen, &can).unwrap();
    receiver
}

/// Waits for a connection under way, at most 5 seconds.
fn settle(made: &Connecting) -> Option<io::Error> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    if !made.done {
        let mut fds = [PollFd::new(made.fd.as_fd(), PollFlags::POLLOUT)];
        assert_eq!(poll(&mut fds, PollTimeout::from(5000u16)).unwrap(), 1, "no answer to connect()");
    }
    socket::take_error(made.fd.as_fd()).unwrap()
}

fn accepted(receiver: &Receiver) -> (OwnedFd, SockAddr) {
    match accept::accept_one(receiver.fd.as_fd()) {
        accept::Accept::Accepted { fd, peer } => (fd, peer),
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_hops_negotiate_what_the_two_sides_ask_for() {
    if Capabilities::probe().mptcp.is_err() {
        return eprintln!("SKIPPED: no MPTCP in this kernel");
    }
    for (bind, server, mptcp) in [
        (Transport::Plain, Transport::Plain, false),
        (Transport::Plain, Transport::Mptcp, true),
        (Transport::Tcp, Transport::Mptcp, false),
        (Transport::Mptcp, Transport::Mptcp, true),
        (Transport::Mptcp, Transport::Tcp, false),
    ] {
        let receiver = listening(bind);
        let made = connect(&ConnectSpec::new(server), &receiver.addr, Source::Any).unwrap();
        assert!(settle(&made).is_none());
        let (fd, _) = accepted(&receiver);
        assert_eq!(sockopt::is_mptcp(made.fd.as_fd()), mptcp, "{bind:?} {server:?} client");
        assert_eq!(sockopt::is_mptcp(fd.as_fd()), mptcp, "{bind:?} {server:?} server");
        assert_eq!(made.protocol == Protocol::Mptcp, server == Transport::Mptcp);
    }
}

#[test]
fn a_refused_connection_is_the_servers_fault() {
    let receiver = listening(Transport::Tcp);
    let addr = receiver.addr.clone();
    drop(receiver);
    let error = match connect(&ConnectSpec::new(Transport::Plain), &addr, Source::Any) {
        Ok(made) => {
            let error = settle(&made).unwrap();
            ConnectError { step: Step::Connect, protocol: made.protocol, error }
        }
        Err(e) => e,
    };
    assert_eq!(error.error.raw_os_error(), Some(libc::ECONNREFUSED));
    assert_eq!(error.blame(), Blame::Server);
}

#[test]
fn the_source_address_and_a_port_of_the_range_are_used() {
    let receiver = listening(Transport::Tcp);
    let spec = ConnectSpec::new(Transport::Plain);
    let from = Source::Addr("127.0.0.9:0".parse().unwrap());
    let made = connect(&spec, &receiver.addr, from).unwrap();
    assert!(settle(&made).is_none());
    assert_eq!(accepted(&receiver).1.ip(), Some("127.0.0.9".parse().unwrap()));

    // A range of one port that was free just now.
    let free = std::net::TcpListener::bind("127.0.0.8:0").unwrap().local_addr().unwrap().port();
    let mut ports = SourcePorts::new(free, free);
    let from = Source::Ports("127.0.0.8".parse().unwrap(), &mut ports);
    let made = connect(&spec, &receiver.addr, from).unwrap();
    assert!(settle(&made).is_none());
    assert_eq!(accepted(&receiver).1.port(), free);
}

#[test]
fn a_range_without_a_free_port_is_a_lack_of_resources() {
    let receiver = listening(Transport::Tcp);
    let taken = std::net::TcpListener::bind("127.0.0.7:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut ports = SourcePorts::new(port, port);
    let from = Source::Ports("127.0.0.7".parse().unwrap(), &mut ports);
    let error = connect(&ConnectSpec::new(Transport::Plain), &receiver.addr, from).unwrap_err();
    assert_eq!((error.step, error.blame()), (Step::Bind, Blame::Resources));
}

#[test]
fn ports_are_taken_in_turn_and_start_again() {
    let mut ports = SourcePorts::new(65534, 65535);
    assert_eq!([ports.take(), ports.take(), ports.take()], [65534, 65535, 65534]);
    assert_eq!(SourcePorts::new(9, 7).len(), 3);
    assert_eq!(SourcePorts::new(0, 65535).len(), 65536);
}

#[test]
fn an_mptcp_server_ignores_what_its_socket_refuses() {
    let receiver = listening(Transport::Plain);
    let transport = if Capabilities::probe().mptcp.is_ok() { Transport::Mptcp } else { Transport::Plain };
    let spec = ConnectSpec {
        tcp_ut_ms: Some(5000),
        mss: Some(1200),
        keepalive: Some(Keepalive { idle_s: Some(9), ..Default::default() }),
        ..ConnectSpec::new(transport)
    };
    let made = connect(&spec, &receiver.addr, Source::Any).unwrap();
    assert!(settle(&made).is_none());
}

#[test]
fn a_missing_namespace_or_interface_is_a_local_fault() {
    let receiver = listening(Transport::Tcp);
    let spec = ConnectSpec { namespace: Some("no-such-ns".into()), ..ConnectSpec::new(Transport::Plain) };
    let error = connect(&spec, &receiver.addr, Source::Any).unwrap_err();
    assert_eq!((error.step, error.blame()), (Step::Namespace, Blame::Local));
    let spec = ConnectSpec { interface: Some("no-such-if".into()), ..ConnectSpec::new(Transport::Plain) };
    let error = connect(&spec, &receiver.addr, Source::Any).unwrap_err();
    assert_eq!((error.step, error.blame()), (Step::Option, Blame::Local));
}

#[test]
fn a_unix_server_is_connected_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let _server = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let dest = SockAddr::Unix(path.as_path().into());
    let made = connect(&ConnectSpec::new(Transport::Plain), &dest, Source::Any).unwrap();
    assert!(made.done);
}
