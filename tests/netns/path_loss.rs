//! A connection made by the network room goes on when one of its paths is cut.

use crate::two_paths::{SERVER, TwoPaths};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};
use subflow::net::accept::{Accept, accept_one};
use subflow::net::address::Transport;
use subflow::net::connect::{ConnectSpec, Source, connect};
use subflow::net::inherit::Inheritance;
use subflow::net::listener::{ListenSpec, listen};
use subflow::net::protocol::{MptcpPolicy, probe::Capabilities};
use subflow::net::receiver::{ReceiverSpec, bind_receiver};
use subflow::sys::addr::SockAddr;
use subflow::sys::{socket, tcpstate};

const BYTES: usize = 24 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_download_goes_on_when_a_path_is_cut() {
    let can = Capabilities::probe();
    if let Err(why) = can.mptcp {
        return eprintln!("SKIPPED: no MPTCP: {why}");
    }
    let paths = match TwoPaths::new() {
        Ok(paths) => paths,
        Err(why) => return eprintln!("SKIPPED: {why}"),
    };
    let any_port = SockAddr::Inet(format!("{SERVER}:0").parse().unwrap());
    let namespace = Some(paths.server.as_str().into());
    let spec = ReceiverSpec { namespace, ..ReceiverSpec::at(any_port, Transport::Plain) };
    let (mut receiver, _) =
        bind_receiver(&spec, MptcpPolicy::Preferred, &can, &mut Inheritance::default()).unwrap();
    listen(&mut receiver, &ListenSpec { backlog: 5, ..Default::default() }, &can).unwrap();

    let namespace = Some(paths.client.as_str().into());
    let spec = ConnectSpec { namespace, ..ConnectSpec::new(Transport::Mptcp) };
    let made = connect(&spec, &receiver.addr, Source::Any).unwrap();
    wait_for(made.fd.as_fd(), nix::poll::PollFlags::POLLOUT);
    assert!(socket::take_error(made.fd.as_fd()).unwrap().is_none());
    wait_for(receiver.fd.as_fd(), nix::poll::PollFlags::POLLIN);
    let Accept::Accepted { fd: served, .. } = accept_one(receiver.fd.as_fd()) else {
        panic!("no connection was accepted");
    };
    let sender = std::thread::spawn(move || {
        let mut out = blocking(served);
        for piece in (0..BYTES).map(pattern).collect::<Vec<_>>().chunks(1 << 16) {
            out.write_all(piece).unwrap();
        }
    });

    let mut input = blocking(made.fd);
    let mut got = vec![0; 1 << 20];
    input.read_exact(&mut got).unwrap();
    // The sender cannot finish while nothing is read, so the second path joins a busy connection.
    let deadline = Instant::now() + PATIENCE;
    while tcpstate::mptcp_info(input.as_fd()).unwrap().subflows_extra == 0 {
        assert!(Instant::now() < deadline, "no second subflow");
        std::thread::yield_now();
    }
    paths.cut(1);
    let mut gap_longest = Duration::ZERO;
    let mut room = vec![0; 1 << 16];
    loop {
        let before = Instant::now();
        let len = input.read(&mut room).unwrap();
        gap_longest = gap_longest.max(before.elapsed());
        if len == 0 {
            break;
        }
        got.extend_from_slice(&room[..len]);
    }
    eprintln!("longest wait for data after the cut: {} ms", gap_longest.as_millis());
    sender.join().unwrap();
    assert_eq!(got.len(), BYTES);
    assert!(got.iter().enumerate().all(|(at, byte)| *byte == pattern(at)));
}

/// A byte that depends on its place, with a period that no buffer size shares.
fn pattern(at: usize) -> u8 {
    (at % 251) as u8
}

fn wait_for(fd: BorrowedFd<'_>, what: nix::poll::PollFlags) {
    let mut fds = [nix::poll::PollFd::new(fd, what)];
    let ready = nix::poll::poll(&mut fds, nix::poll::PollTimeout::from(10_000u16)).unwrap();
    assert_eq!(ready, 1, "nothing happened in 10 s");
}

fn blocking(fd: OwnedFd) -> TcpStream {
    let stream = TcpStream::from(fd);
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}
