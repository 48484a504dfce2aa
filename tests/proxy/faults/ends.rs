//! Clients and servers that misbehave in numbers: each connection ends, nothing of it stays.
//! Scaled down by default; `SUBFLOW_ENDURANCE=100000` is the full run.

use std::net::SocketAddr;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::endurance::{Held, expect_held_again, held};
use crate::kit::http::BodyRule;
use crate::kit::peer::{Event, Listener, Peer, Transcript, WAIT};
use crate::kit::proxy::{Proxy, Setup, poll_until, skip, subflow};
use crate::kit::rig::QUIET;
use crate::kit::sock::{self, Transport};

/// Half-open clients: 10,000 in the full run.
fn half_open() -> usize {
    if full() { full_half_open() } else { 500 }
}

/// 10,000, or what the limit of descriptors leaves room for: two for each in the proxy, one here.
fn full_half_open() -> usize {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("getrlimit");
    let wanted = hard.max(25_000);
    let now = if setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted).is_ok() { wanted } else { soft };
    let room = (now as usize).saturating_sub(2_000) / 2;
    if room < 10_000 {
        skip(&format!("{now} descriptors: {room} half-open clients instead of 10000"));
    }
    room.min(10_000)
}

/// Rounds of each fault.
fn rounds() -> usize {
    if full() { 2_000 } else { 100 }
}

fn full() -> bool {
    std::env::var("SUBFLOW_ENDURANCE").ok().and_then(|count| count.parse().ok()).unwrap_or(0) >= 100_000
}

struct Bench {
    proxy: Proxy,
    front: SocketAddr,
    servers: Listener,
    transcript: Transcript,
}

/// A proxy in `mode` whose one server is `servers`, or, with `server`, another address.
fn start(mode: &str, server: Option<SocketAddr>) -> Bench {
    start_for(500, mode, server)
}

/// As [`start`], with room for `clients` at once.
fn start_for(clients: usize, mode: &str, server: Option<SocketAddr>) -> Bench {
    let transcript = Transcript::default();
    let servers = Listener::new("s", Transport::Tcp, "127.0.0.1", &transcript);
    let mut setup = Setup::default();
    let front = setup.listener("fe");
    let config = format!(
        "    maxconn {}\ndefaults\n    mode {mode}\n    timeout connect 200\n    timeout client 2s
    timeout server 200\n    timeout http-request 700\n    retries 0\nlisten l\n    bind fd@${{fe}}\n    server s {}\n",
        clients + 500,
        server.unwrap_or(servers.addr())
    );
    let proxy = setup.start(&subflow(), &config);
    let bench = Bench { proxy, front, servers, transcript };
    // What is made once, at the first connection, belongs to `before`.
    let mut first = bench.client();
    first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    first.reset();
    bench
}

impl Bench {
    fn client(&self) -> Peer {
        Peer::new("client", sock::connect(Transport::Tcp, self.front).expect("connect"), &self.transcript)
    }

    /// What the proxy holds once its first connection is over.
    fn held_when_idle(&mut self) -> Held {
        if sock::readable_within(&self.servers, QUIET * 2) {
            self.servers.accept().close();
        }
        let idle = || (self.proxy.cli().info_number("CurrConns") == 0).then(|| held(&self.proxy));
        poll_until(WAIT, idle).expect("the first connection ends")
    }

    /// Runs `fault` so many times; afterwards the proxy holds what it held before.
    fn repeat(mut self, rounds: usize, fault: impl Fn(&mut Bench)) {
        let before = self.held_when_idle();
        for _ in 0..rounds {
            fault(&mut self);
            self.transcript.forget();
        }
        expect_held_again(&self.proxy, &before);
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn clients_that_never_finish_their_head_all_get_a_408() {
    let _alone = crate::kit::sock::many_descriptors();
    let count = half_open();
    let mut bench = start_for(count, "http", None);
    let before = bench.held_when_idle();
    let mut clients: Vec<_> = (0..count).map(|_| bench.client()).collect();
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHo");
    }
    for mut client in clients {
        client.read_http_to_end();
        let lines = bench.transcript.lines();
        assert!(lines.iter().any(|line| line.contains("HTTP/1.1 408 ")), "{lines:?}");
        bench.transcript.forget();
    }
    expect_held_again(&bench.proxy, &before);
}

#[test]
fn clients_that_say_nothing_are_let_go() {
    let _alone = crate::kit::sock::many_descriptors();
    let count = half_open();
    let mut bench = start_for(count, "http", None);
    let before = bench.held_when_idle();
    let mut clients: Vec<_> = (0..count).map(|_| bench.client()).collect();
    clients.iter_mut().for_each(|client| drop(client.read_http_to_end()));
    drop(clients);
    expect_held_again(&bench.proxy, &before);
}

#[test]
fn servers_that_refuse_leave_nothing_behind() {
    let refused = sock::reserve("127.0.0.1");
    for mode in ["tcp", "http"] {
        start(mode, Some(refused.addr)).repeat(rounds(), |bench| {
            let mut client = bench.client();
            client.send(GET);
            client.read_http(BodyRule::Response);
        });
    }
}

#[test]
fn servers_that_reset_leave_nothing_behind() {
    for mode in ["tcp", "http"] {
        start(mode, None).repeat(rounds(), |bench| {
            let mut client = bench.client();
            client.send(GET);
            let mut server = bench.servers.accept();
            server.expect_head();
            server.reset();
            client.read_http(BodyRule::Response);
        });
    }
}

#[test]
fn servers_that_close_early_leave_nothing_behind() {
    for mode in ["tcp", "http"] {
        start(mode, None).repeat(rounds(), |bench| {
            let mut client = bench.client();
            client.send(GET);
            let mut server = bench.servers.accept();
            server.expect_head();
            server.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
            server.close();
            let end = client.read_to_end();
            assert_eq!(end, Event::Fin);
        });
    }
}

#[test]
fn servers_that_stall_leave_nothing_behind() {
    for mode in ["tcp", "http"] {
        let bench = start(mode, None);
        bench.repeat(rounds() / 20, |bench| {
            let mut pairs = Vec::new();
            for _ in 0..10 {
                let mut client = bench.client();
                client.send(GET);
                pairs.push((client, bench.servers.accept()));
            }
            for (mut client, _server) in pairs {
                client.read_http(BodyRule::Response);
            }
        });
    }
}

#[test]
fn clients_that_vanish_leave_nothing_behind() {
    for mode in ["tcp", "http"] {
        // In HTTP mode it is the silent server's timeout that ends each round, as in the reference.
        let rounds = if mode == "http" { rounds().min(50) } else { rounds() };
        start(mode, None).repeat(rounds, |bench| {
            let mut client = bench.client();
            client.send(GET);
            let mut server = bench.servers.accept();
            server.expect_head();
            server.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            client.take(10);
            client.reset();
            server.read_to_end();
        });
    }
}
