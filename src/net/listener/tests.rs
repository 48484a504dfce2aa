use super::*;
use crate::net::address::Transport;
use crate::net::inherit::Inheritance;
use crate::net::protocol::MptcpPolicy;
use crate::net::receiver::{ReceiverSpec, bind_receiver};
use crate::sys::addr::SockAddr;

fn receiver(transport: Transport) -> (Receiver, Capabilities) {
    let can = Capabilities::probe();
    let spec = ReceiverSpec::at(SockAddr::Inet("127.0.0.1:0".parse().unwrap()), transport);
    (bind_receiver(&spec, MptcpPolicy::Preferred, &can, &mut Inheritance::default()).unwrap().0, can)
}

#[test]
fn accepted_sockets_inherit_what_the_listener_was_told() {
    let (mut receiver, can) = receiver(Transport::Plain);
    let spec = ListenSpec { backlog: 5, nodelay: true, mss: Some(1000), ..Default::default() };
    listen(&mut receiver, &spec, &can).unwrap();
    let to = receiver.addr.inet().unwrap();
    let _client = std::net::TcpStream::connect(to).unwrap();
    let (fd, _) = crate::sys::socket::accept(receiver.fd.as_fd()).unwrap();
    assert_eq!(sockopt::get_int(fd.as_fd(), libc::IPPROTO_TCP, libc::TCP_NODELAY).unwrap(), 1);
    assert!(sockopt::maxseg_get(fd.as_fd()).unwrap() <= 1000);
}

#[test]
fn a_user_timeout_reaches_the_tcp_clients_of_an_mptcp_listener() {
    let (mut receiver, can) = receiver(Transport::Plain);
    let spec = ListenSpec { backlog: 5, tcp_ut_ms: Some(1234), ..Default::default() };
    let (after, notes) = listen(&mut receiver, &spec, &can).unwrap();
    if receiver.protocol == Protocol::Mptcp {
        assert_eq!(notes, [Note::AfterAccept(SocketOption::UserTimeout)]);
    }
    let _client = std::net::TcpStream::connect(receiver.addr.inet().unwrap()).unwrap();
    let (fd, _) = crate::sys::socket::accept(receiver.fd.as_fd()).unwrap();
    after.apply(fd.as_fd());
    assert_eq!(sockopt::get_int(fd.as_fd(), libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT).unwrap(), 1234);
}

#[test]
fn an_explicit_mptcp_bind_refuses_a_user_timeout() {
    if Capabilities::probe().mptcp.is_err() {
        return eprintln!("SKIPPED: no MPTCP in this kernel");
    }
    let (mut receiver, can) = receiver(Transport::Mptcp);
    if can.takes(Protocol::Mptcp, SocketOption::UserTimeout) {
        return eprintln!("SKIPPED: this kernel takes tcp-ut on MPTCP sockets");
    }
    let spec = ListenSpec { backlog: 5, tcp_ut_ms: Some(1234), ..Default::default() };
    assert!(matches!(listen(&mut receiver, &spec, &can), Err(BindError::NotOnMptcp(_))));
}

#[test]
fn an_option_the_kernel_refuses_is_told_and_the_listener_works() {
    let (mut receiver, can) = receiver(Transport::Tcp);
    let spec = ListenSpec { backlog: 5, mss: Some(1), ..Default::default() };
    let (_, notes) = listen(&mut receiver, &spec, &can).unwrap();
    assert_eq!(notes, [Note::Ignored(SocketOption::Mss, Protocol::Tcp)]);
    std::net::TcpStream::connect(receiver.addr.inet().unwrap()).unwrap();
}

#[test]
fn refuses_more_when_full_and_asks_for_a_new_try_when_one_ends() {
    let mut gate = Gate::new(2);
    gate.opened();
    assert!(gate.is_ready());
    gate.opened();
    assert_eq!(gate.state(), State::Full);
    assert!(gate.closed());
    assert!(gate.is_ready());
    assert!(!gate.closed());
    assert_eq!(gate.conns(), 0);
}

#[test]
fn a_starved_listener_waits_for_its_time_even_if_connections_end() {
    let mut gate = Gate::new(1);
    gate.opened();
    gate.starve(100);
    assert!(!gate.closed());
    assert!(!gate.tick(99));
    assert!(gate.tick(100));
    assert!(!gate.tick(101));
}

#[test]
fn a_listener_let_in_while_full_stays_full() {
    let mut gate = Gate::new(1);
    gate.opened();
    gate.shut_out();
    assert_eq!(gate.state(), State::Limited);
    assert!(!gate.let_in());
    assert_eq!(gate.state(), State::Full);
    assert!(gate.set_conns_max(2));
}

#[test]
fn a_lowered_limit_closes_the_gate_and_no_limit_never_does() {
    let mut gate = Gate::new(0);
    (0..1000).for_each(|_| gate.opened());
    assert!(gate.is_ready());
    assert!(!gate.set_conns_max(10));
    assert_eq!(gate.state(), State::Full);
}

#[test]
fn nothing_but_the_operator_wakes_a_suspended_listener_and_nothing_a_closed_one() {
    let mut gate = Gate::new(1);
    gate.suspend();
    gate.starve(5);
    gate.shut_out();
    assert!(!gate.tick(10) && !gate.let_in());
    assert_eq!(gate.state(), State::Suspended);
    assert!(gate.resume());
    gate.close();
    gate.suspend();
    assert!(!gate.resume());
    assert_eq!(gate.state(), State::Closed);
}
