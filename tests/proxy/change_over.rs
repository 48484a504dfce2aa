//! A bind changes between TCP and MPTCP over reloads, and no client notices.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use subflow::sys::sock_diag::SockDiag;

use crate::kit::netns::Netns;
use crate::kit::peer::{Peer, Transcript};
use crate::kit::proxy::{Proxy, Setup, poll_until, skip, subflow};
use crate::kit::sock::{self, Transport};

/// Reloads, each with the other protocol.
const CHANGES: usize = 4;
/// How long a change may take: the socket of the change before may have to leave first.
const CHANGE_WAIT: Duration = Duration::from_secs(30);
/// How long a client waits for its answer.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

fn config(bind: &str) -> String {
    format!(
        "defaults\n    mode http\n    timeout connect 4s\n    timeout client 20s\n    timeout server 20s
frontend f\n    bind {bind}\n    monitor-uri /alive\n"
    )
}

/// The proxy reads its file again, with this bind in it, for the `nth` time; whether it has.
fn reload(proxy: &Proxy, bind: &str, nth: usize) -> bool {
    let text =
        format!("global\n    stats socket \"${{dir}}/cli.sock\" level admin mode 600\n{}", config(bind));
    fs::write(proxy.dir().join("cfg"), text).expect("write the configuration");
    proxy.signal(Signal::SIGUSR2);
    let loaded = || (proxy.stderr().matches("Loading success.").count() == nth).then_some(());
    poll_until(CHANGE_WAIT, loaded).is_some()
}

fn ask(transport: Transport, to: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::from(sock::connect(transport, to)?);
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(ANSWER_WAIT))?;
    stream.write_all(b"GET /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"</html>\n") {
        let mut room = [0; 1024];
        match stream.read(&mut room)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => answer.extend_from_slice(&room[..n]),
        }
    }
    match answer.starts_with(b"HTTP/1.1 200 ") {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&answer))),
    }
}

/// Whether who connects now gets MPTCP.
fn speaks_mptcp(to: SocketAddr) -> Option<bool> {
    sock::connect(Transport::Mptcp, to).ok().map(|fd| sock::is_mptcp(&fd))
}

/// Sockets that listen on this port.
fn listening(at: SocketAddr) -> usize {
    let family = if at.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let diag = SockDiag::open(None).expect("sock_diag");
    diag.listening(family, at.port()).expect("a list of sockets").len()
}

#[derive(Default)]
struct Tally {
    stop: AtomicBool,
    answered: AtomicU64,
}

impl Tally {
    /// Asks over and over; what went wrong first.
    fn ask_on(&self, transport: Transport, to: SocketAddr) -> io::Result<()> {
        while !self.stop.load(Ordering::Relaxed) {
            ask(transport, to)?;
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Reloads back and forth between two binds while clients ask all the time.
fn back_and_forth(binds: [&str; 2], to: SocketAddr) {
    let Some(netns) = Netns::new() else { return };
    if netns.run(|| sock::bound(Transport::Mptcp, SocketAddr::from(([127, 0, 0, 1], 0)))).is_err() {
        return skip("no MPTCP in this kernel");
    }
    let proxy = netns.run(|| Setup::default().start(&subflow(), &config(binds[0])));
    let tally = Tally::default();
    let ended = netns.run(|| {
        std::thread::scope(|scope| {
            let transports = [Transport::Tcp, Transport::Tcp, Transport::Mptcp];
            let clients = transports.map(|transport| {
                let tally = &tally;
                scope.spawn(move || tally.ask_on(transport, to))
            });
            let mut changed = Vec::new();
            for change in 1..=CHANGES {
                let loaded = reload(&proxy, binds[change % 2], change);
                let wanted = change % 2 == 1;
                let done = poll_until(CHANGE_WAIT, || (speaks_mptcp(to)? == wanted).then_some(()));
                changed.push(loaded && done.is_some());
            }
            // Whoever has a copy of a socket that was replaced has closed it.
            changed.push(poll_until(CHANGE_WAIT, || (listening(to) == 1).then_some(())).is_some());
            tally.stop.store(true, Ordering::Relaxed);
            (changed, clients.map(|client| client.join().expect("a client")))
        })
    });
    let (changed, clients) = ended;
    assert_eq!(changed, [true; CHANGES + 1], "{}", proxy.output());
    for client in clients {
        assert!(client.is_ok(), "after {:?} answers: {client:?}\n{}", tally.answered, proxy.output());
    }
    assert!(tally.answered.load(Ordering::Relaxed) > 0);
}

#[test]
fn a_plain_bind_and_a_tcp_bind_follow_each_other_without_a_client_lost() {
    back_and_forth(["tcp@127.0.0.1:8080", "127.0.0.1:8080"], SocketAddr::from(([127, 0, 0, 1], 8080)));
}

#[test]
fn an_explicit_mptcp_bind_on_the_wildcard_follows_too() {
    let to = "[::1]:8080".parse().expect("an address");
    back_and_forth(["tcp@[::]:8080", "mptcp@[::]:8080"], to);
}

#[test]
fn a_handshake_with_the_first_socket_outlives_two_reloads() {
    let Some(netns) = Netns::new() else { return };
    if netns.run(|| sock::bound(Transport::Mptcp, SocketAddr::from(([127, 0, 0, 1], 0)))).is_err() {
        return skip("no MPTCP in this kernel");
    }
    let to = SocketAddr::from(([127, 0, 0, 1], 8080));
    // With this the kernel ends a handshake when the client sends, or after some time.
    let proxy = netns.run(|| Setup::default().start(&subflow(), &config("tcp@127.0.0.1:8080 defer-accept")));
    let transcript = Transcript::default();
    let early = netns.run(|| sock::connect(Transport::Tcp, to)).expect("connect");
    let mut early = Peer::new("early", early, &transcript);
    for nth in 1..=2 {
        assert!(reload(&proxy, "127.0.0.1:8080 defer-accept", nth), "{}", proxy.output());
    }
    assert_eq!(netns.run(|| speaks_mptcp(to)), Some(true));
    early.send("GET /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    early.read_to_end();
    let lines = transcript.lines();
    assert!(lines.iter().any(|line| line.contains("200 OK")), "{lines:?}\n{}", proxy.output());
}
