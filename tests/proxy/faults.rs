//! Clients and servers that misbehave in numbers: each connection ends, nothing of it stays.
//! Scaled down by default; `SUBFLOW_ENDURANCE=100000` is the full run.

use std::net::SocketAddr;

use crate::endurance::{expect_held_again, held};
use crate::kit::peer::{Event, Listener, Peer, Transcript};
use crate::kit::proxy::{Proxy, Setup, subflow};
use crate::kit::sock::{self, Transport};

/// Half-open clients: 10,000 in the full run.
fn half_open() -> usize {
    if full() { 10_000 } else { 500 }
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
    let transcript = Transcript::default();
    let servers = Listener::new("s", Transport::Tcp, "127.0.0.1", &transcript);
    let mut setup = Setup::default();
    let front = setup.listener("fe");
    let config = format!(
        "    maxconn 11000\ndefaults\n    mode {mode}\n    timeout connect 200\n    timeout client 2s
    timeout server 200\n    timeout http-request 700\n    retries 0\nlisten l\n    bind fd@${{fe}}\n    server s {}\n",
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

    /// Runs `fault` many times; afterwards the proxy holds what it held before.
    fn repeat(mut self, fault: impl Fn(&mut Bench)) {
        if crate::kit::sock::readable_within(&self.servers, std::time::Duration::from_millis(100)) {
            self.servers.accept().close();
        }
        let idle = crate::kit::proxy::poll_until(crate::kit::peer::WAIT, || {
            (self.proxy.cli().info_number("CurrConns") == 0).then_some(())
        });
        assert!(idle.is_some(), "the first connection does not end");
        let before = held(&self.proxy);
        for _ in 0..rounds() {
            fault(&mut self);
            self.transcript.forget();
        }
        expect_held_again(&self.proxy, &before);
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn clients_that_never_finish_their_head_all_get_a_408() {
    let bench = start("http", None);
    let before = held(&bench.proxy);
    let mut clients: Vec<_> = (0..half_open()).map(|_| bench.client()).collect();
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHo");
    }
    for mut client in clients {
        client.read_http_to_end();
        let lines = bench.transcript.lines();
        assert!(lines.iter().any(|line| line.contains("HTTP/1.1 408 ")), "{lines:?}");
        bench.transcript.forget();
    }
    let mut settled = before;
    settled.counts.iter_mut().filter(|(key, _)| key == "CurrConns").for_each(|(_, count)| *count = 0);
    let held_after = held(&bench.proxy);
    assert_eq!(held_after.fds, settled.fds.min(held_after.fds), "descriptors are left");
}

#[test]
fn clients_that_say_nothing_are_let_go() {
    let bench = start("http", None);
    let mut clients: Vec<_> = (0..half_open()).map(|_| bench.client()).collect();
    clients.iter_mut().for_each(|client| drop(client.read_http_to_end()));
    assert_eq!(bench.proxy.cli().info_number("CurrConns"), 0);
}

#[test]
fn servers_that_refuse_leave_nothing_behind() {
    let refused = sock::reserve("127.0.0.1");
    for mode in ["tcp", "http"] {
        start(mode, Some(refused.addr)).repeat(|bench| {
            let mut client = bench.client();
            client.send(GET);
            client.read_answer();
        });
    }
}

#[test]
fn servers_that_reset_leave_nothing_behind() {
    for mode in ["tcp", "http"] {
        start(mode, None).repeat(|bench| {
            let mut client = bench.client();
            client.send(GET);
            let mut server = bench.servers.accept();
            server.expect_head();
            server.reset();
            client.read_answer();
        });
    }
}

#[test]
fn servers_that_close_early_leave_nothing_behind() {
    for mode in ["tcp", "http"] {
        start(mode, None).repeat(|bench| {
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
        bench.repeat(|bench| {
            let mut pairs = Vec::new();
            for _ in 0..10 {
                let mut client = bench.client();
                client.send(GET);
                pairs.push((client, bench.servers.accept()));
            }
            for (mut client, _server) in pairs {
                client.read_answer();
            }
        });
    }
}

#[test]
fn clients_that_vanish_leave_nothing_behind() {
    for mode in ["tcp", "http"] {
        start(mode, None).repeat(|bench| {
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
