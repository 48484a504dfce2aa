use super::*;
use crate::net::inherit::{Inheritance, Inherited};
use crate::net::listener::{ListenSpec, listen};
use std::io::{Read, Write};
use std::path::Path;

const ANY_PORT: &str = "127.0.0.1:0";

fn can() -> Capabilities {
    Capabilities::probe()
}

fn spec(transport: Transport) -> ReceiverSpec {
    ReceiverSpec::at(SockAddr::Inet(ANY_PORT.parse().unwrap()), transport)
}

fn bind(spec: &ReceiverSpec) -> Result<(Receiver, Vec<Note>), BindError> {
    bind_receiver(spec, MptcpPolicy::Preferred, &can(), &mut Inheritance::default())
}

fn has_mptcp() -> bool {
    let has = can().mptcp.is_ok();
    if !has {
        eprintln!("SKIPPED: no MPTCP in this kernel");
    }
    has
}

/// Runs `test` on a thread with a network namespace of its own, where MPTCP is switched off.
fn without_mptcp(test: impl FnOnce() + Send + 'static) {
    use nix::sched::{CloneFlags, unshare};
    let done = std::thread::spawn(move || {
        if let Err(e) = unshare(CloneFlags::CLONE_NEWNET) {
            return eprintln!("SKIPPED: cannot make a network namespace: {e}");
        }
        if let Err(e) = std::fs::write("/proc/sys/net/mptcp/enabled", "0") {
            return eprintln!("SKIPPED: cannot switch MPTCP off: {e}");
        }
        test();
    });
    done.join().unwrap();
}

#[test]
fn each_kind_of_address_gets_the_protocol_it_names() {
    if !has_mptcp() {
        return;
    }
    for (transport, expected, row) in [
        (Transport::Plain, Protocol::Mptcp, "proto_tcpv4"),
        (Transport::Tcp, Protocol::Tcp, "proto_tcpv4"),
        (Transport::Mptcp, Protocol::Mptcp, "proto_mptcpv4"),
    ] {
        let (receiver, notes) = bind(&spec(transport)).unwrap();
        assert_eq!(receiver.protocol, expected);
        assert_eq!(Protocol::of(receiver.fd.as_fd()).unwrap(), expected);
        assert_eq!(receiver.row.name, row);
        assert_ne!(receiver.addr.port(), 0);
        assert_eq!(notes, []);
    }
    let mut none = Inheritance::default();
    let (receiver, _) =
        bind_receiver(&spec(Transport::Plain), MptcpPolicy::OnlyExplicit, &can(), &mut none).unwrap();
    assert_eq!(receiver.protocol, Protocol::Tcp);
}

#[test]
fn an_ipv6_wildcard_can_be_shared_or_kept_from_ipv4() {
    for only in [false, true] {
        let addr = SockAddr::Inet("[::]:0".parse().unwrap());
        let (receiver, _) =
            bind(&ReceiverSpec { v6only: Some(only), ..ReceiverSpec::at(addr, Transport::Plain) }).unwrap();
        let set = sockopt::get_int(receiver.fd.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_V6ONLY).unwrap();
        assert_eq!(set != 0, only);
    }
}

#[test]
fn a_plain_bind_falls_back_with_one_note_that_names_the_cause() {
    without_mptcp(|| {
        let any = SockAddr::Inet("0.0.0.0:0".parse().unwrap());
        let (receiver, notes) = bind(&ReceiverSpec::at(any, Transport::Plain)).unwrap();
        assert_eq!(receiver.protocol, Protocol::Tcp);
        let texts: Vec<_> = notes.iter().map(Note::to_string).collect();
        assert_eq!(texts, ["MPTCP is not available (sysctl net.mptcp.enabled is 0), using TCP instead"]);
    });
}

#[test]
fn an_explicit_mptcp_bind_refuses_with_the_cause() {
    without_mptcp(|| {
        let any = SockAddr::Inet("[::]:0".parse().unwrap());
        let error = bind(&ReceiverSpec::at(any, Transport::Mptcp)).unwrap_err().to_string();
        assert!(error.contains("net.mptcp.enabled is 0"), "{error}");
        assert!(error.starts_with("cannot create receiving socket (Protocol not available"), "{error}");
    });
}

#[test]
fn a_taken_address_is_refused_in_the_references_words() {
    let (mut first, _) = bind(&ReceiverSpec { reuseport: false, ..spec(Transport::Tcp) }).unwrap();
    listen(&mut first, &ListenSpec { backlog: 5, ..Default::default() }, &can()).unwrap();
    let again = ReceiverSpec { place: Place::Addr(first.addr.clone()), ..spec(Transport::Plain) };
    assert_eq!(bind(&again).unwrap_err().to_string(), "cannot bind socket (Address already in use)");
}

#[test]
fn an_option_only_tcp_knows_turns_a_plain_bind_to_tcp_and_refuses_an_mptcp_one() {
    if !has_mptcp() {
        return;
    }
    let md5 = |transport| ReceiverSpec { tcp_only: Some(SocketOption::Md5sig), ..spec(transport) };
    let (receiver, notes) = bind(&md5(Transport::Plain)).unwrap();
    assert_eq!(receiver.protocol, Protocol::Tcp);
    assert_eq!(notes, [Note::MadeTcp(SocketOption::Md5sig)]);
    assert!(matches!(bind(&md5(Transport::Mptcp)), Err(BindError::NotOnMptcp(_))));
}

#[test]
fn an_interface_that_does_not_exist_is_a_warning() {
    let (_, notes) =
        bind(&ReceiverSpec { interface: Some("no-such-if".into()), ..spec(Transport::Tcp) }).unwrap();
    assert!(notes[0].is_warning());
    assert_eq!(notes[0].to_string(), "cannot bind receiver to device 'no-such-if' (No such device)");
}

#[test]
fn a_namespace_that_does_not_exist_is_an_error() {
    let missing = ReceiverSpec { namespace: Some("no-such-ns".into()), ..spec(Transport::Plain) };
    assert!(matches!(bind(&missing), Err(BindError::Namespace(..))));
}

#[test]
fn an_inherited_listener_is_taken_over_whatever_it_speaks() {
    use std::os::fd::AsRawFd;
    for transport in [Transport::Plain, Transport::Tcp] {
        let (mut parent, _) = bind(&spec(transport)).unwrap();
        listen(&mut parent, &ListenSpec { backlog: 5, mss: Some(1000), ..Default::default() }, &can())
            .unwrap();
        let number = parent.fd.as_raw_fd();
        assert_eq!(inherited_addr(number).unwrap(), parent.addr);
        let by_number = ReceiverSpec { place: Place::Fd(number), ..spec(Transport::Plain) };
        let (mut child, _) = bind(&by_number).unwrap();
        assert_eq!((child.protocol, &child.addr), (parent.protocol, &parent.addr));
        assert_eq!(child.origin, Origin::Descriptor);
        let default = can().maxseg.of(SockFamily::V4, child.protocol);
        if default >= 0 {
            assert_eq!(sockopt::maxseg_get(child.fd.as_fd()).unwrap(), default);
        }
        listen(&mut child, &ListenSpec { backlog: 9, ..Default::default() }, &can()).unwrap();
    }
}

#[test]
fn what_is_no_bound_stream_socket_is_not_taken_over() {
    use std::os::fd::AsRawFd;
    let udp = std::net::UdpSocket::bind(ANY_PORT).unwrap();
    assert_eq!(inherited_addr(udp.as_raw_fd()).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    let file = tempfile::tempfile().unwrap();
    let error = bind(&ReceiverSpec { place: Place::Fd(file.as_raw_fd()), ..spec(Transport::Plain) });
    assert!(error.unwrap_err().to_string().ends_with("Socket operation on non-socket."));
}

fn unix_spec(path: &Path) -> ReceiverSpec {
    ReceiverSpec::at(SockAddr::Unix(path.into()), Transport::Plain)
}

#[test]
fn a_unix_socket_replaces_a_stale_one_when_it_listens() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(std::os::unix::net::UnixStream::connect(&path).is_err());
    let owner = FileOwner { mode: Some(0o600), ..Default::default() };
    let (mut receiver, _) = bind(&ReceiverSpec { owner, ..unix_spec(&path) }).unwrap();
    listen(&mut receiver, &ListenSpec { backlog: 5, ..Default::default() }, &can()).unwrap();
    let mut client = std::os::unix::net::UnixStream::connect(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let (fd, peer) = socket::accept(receiver.fd.as_fd()).unwrap();
    assert_eq!(peer, SockAddr::Unnamed);
    client.write_all(b"x").unwrap();
    let mut server = std::os::unix::net::UnixStream::from(fd);
    server.set_nonblocking(false).unwrap();
    server.read_exact(&mut [0]).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_unix_bind_that_goes_no_further_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    drop(bind(&unix_spec(&dir.path().join("a.sock"))).unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let error = bind(&unix_spec(&dir.path().join("none/a.sock"))).unwrap_err();
    assert_eq!(error.to_string(), "cannot bind UNIX socket (No such file or directory)");
}

#[test]
fn padded_and_exact_abstract_names_are_different_addresses() {
    let name = format!("subflow-test-{}", std::process::id());
    let at = |addr| bind(&ReceiverSpec::at(addr, Transport::Plain));
    let _padded = at(SockAddr::abstract_padded(name.as_bytes())).unwrap();
    let _exact = at(SockAddr::abstract_exact(name.as_bytes())).unwrap();
    assert!(at(SockAddr::abstract_exact(name.as_bytes())).is_err());
}

#[test]
fn a_port_range_is_a_socket_for_each_port() {
    use crate::net::address::Grammar;
    let places = |text| Place::all_of(&Address::parse(text, &Grammar::BIND).unwrap()).unwrap();
    let at = |text: &str| Place::Addr(SockAddr::Inet(text.parse().unwrap()));
    assert_eq!(places("mptcp@[::1]:80-82"), [at("[::1]:80"), at("[::1]:81"), at("[::1]:82")]);
    assert_eq!(places(":80"), [at("0.0.0.0:80")]);
    assert_eq!(places("fd@7"), [Place::Fd(7)]);
    assert_eq!(places("abnsz@x"), [Place::Addr(SockAddr::abstract_exact(b"x"))]);
    assert_eq!(places("/run/x"), [Place::Addr(SockAddr::Unix(Path::new("/run/x").into()))]);
}

#[test]
fn a_socket_of_a_named_namespace_is_made_there_and_we_stay_here() {
    let name = format!("subflow-test-{}", std::process::id());
    let ip = |args: &[&str]| std::process::Command::new("ip").arg("netns").args(args).status();
    if !ip(&["add", &name]).is_ok_and(|s| s.success()) {
        return eprintln!("SKIPPED: cannot make a network namespace");
    }
    let link = || std::fs::read_link("/proc/thread-self/ns/net").unwrap();
    let before = link();
    // An address that is taken here is free there.
    let taken = std::net::TcpListener::bind(ANY_PORT).unwrap();
    let place = Place::Addr(SockAddr::Inet(taken.local_addr().unwrap()));
    let there = ReceiverSpec { place, namespace: Some(name.as_str().into()), ..spec(Transport::Plain) };
    let bound = bind(&there);
    assert_eq!(link(), before);
    assert!(ip(&["delete", &name]).unwrap().success());
    bound.unwrap();
    assert!(matches!(bind(&ReceiverSpec { namespace: None, ..there }), Err(BindError::Bind(_))));
}

#[test]
fn a_bind_goes_on_with_the_socket_that_was_handed_over() {
    let (mut before, _) = bind(&spec(Transport::Tcp)).unwrap();
    listen(&mut before, &ListenSpec { backlog: 5, ..Default::default() }, &can()).unwrap();
    let addr = before.addr.clone();
    let mut client = std::net::TcpStream::connect(addr.inet().unwrap()).unwrap();
    client.write_all(b"early").unwrap();
    let handed = Inherited::of(before.fd, None, None).unwrap();
    let mut inheritance = Inheritance::new(vec![handed]);
    let again = ReceiverSpec::at(addr.clone(), Transport::Tcp);
    let (mut after, notes) = bind_receiver(&again, MptcpPolicy::Preferred, &can(), &mut inheritance).unwrap();
    assert_eq!((after.origin, &after.addr, notes.len()), (Origin::HandedOver, &addr, 0));
    listen(&mut after, &ListenSpec { backlog: 9, ..Default::default() }, &can()).unwrap();
    let (waited, _) = socket::accept(after.fd.as_fd()).unwrap();
    let mut room = [0; 5];
    std::net::TcpStream::from(waited).read_exact(&mut room).unwrap();
    assert_eq!(&room, b"early");
}
