//! Many connections, one after the other and at once: what the proxy holds afterwards is what it held before.
//! Scaled down by default; `SUBFLOW_ENDURANCE=100000` is the full run.

use std::net::SocketAddr;
use std::path::Path;

use crate::kit::peer::{Listener, Peer, Transcript, WAIT};
use crate::kit::proxy::{Proxy, Setup, poll_until, subflow};
use crate::kit::sock::{self, Transport};

/// What RSS may differ by after the same work was done once more: the allocator's and kernel's rounding.
const RSS_SLACK_KB: u64 = 1024;
/// What a first peak may leave behind for each connection of the peak (slots, kept for the next one).
const PEAK_BYTES_PER_CONNECTION: u64 = 1500;

/// How many connections in a row.
fn in_a_row() -> usize {
    std::env::var("SUBFLOW_ENDURANCE").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000)
}

/// How many at once: a twentieth of [`in_a_row`] in the full run, 500 by default.
fn at_once() -> usize {
    (in_a_row() / 20).max(500)
}

/// What must come back to where it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Held {
    pub fds: usize,
    pub counts: Vec<(String, u64)>,
}

/// What the proxy holds now: its descriptors and every gauge of `show info` that counts live things.
pub fn held(proxy: &Proxy) -> Held {
    // The asking connection is in the timers each time.
    let gauge = |key: &str| ["CurrConns", "Tasks", "Jobs"].contains(&key) || key.starts_with("Arena");
    let counts = proxy.cli().info().into_iter().filter(|(key, _)| gauge(key));
    let counts = counts.filter_map(|(key, value)| Some((key, value.parse().ok()?))).collect();
    Held { fds: proxy.fd_count(), counts }
}

/// Waits until the proxy holds what it held `before`.
pub fn expect_held_again(proxy: &Proxy, before: &Held) {
    let mut now = None;
    let same = poll_until(WAIT, || (*now.insert(held(proxy)) == *before).then_some(()));
    assert!(same.is_some(), "before: {before:?}\nafter: {:?}", now.expect("asked at least once"));
}

struct Bench {
    proxy: Proxy,
    front: SocketAddr,
    servers: Listener,
    transcript: Transcript,
}

impl Bench {
    fn start(program: &Path, mode: &str) -> Bench {
        let transcript = Transcript::default();
        let servers = Listener::new("s", Transport::Tcp, "127.0.0.1", &transcript);
        let mut setup = Setup::default();
        let front = setup.listener("fe");
        let config = format!(
            "    maxconn 8000\ndefaults\n    mode {mode}\n    timeout connect 9s\n    timeout client 30s
    timeout server 30s\nlisten l\n    bind fd@${{fe}}\n    server s {}\n",
            servers.addr()
        );
        let proxy = setup.start(program, &config);
        Bench { proxy, front, servers, transcript }
    }

    fn client(&self) -> Peer {
        Peer::new("client", sock::connect(Transport::Tcp, self.front).expect("connect"), &self.transcript)
    }

    /// One connection from start to end; who closes first alternates.
    fn one(&mut self, round: usize) {
        let mut client = self.client();
        client.send("question");
        let mut server = self.servers.accept();
        server.expect("question");
        server.send("answer");
        client.expect("answer");
        let (first, second) =
            if round % 2 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
        first.close();
        second.read_to_end();
        self.transcript.forget();
    }

    /// `count` connections open together, all used, then all closed.
    fn burst(&mut self, count: usize) {
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            let mut client = self.client();
            client.send("question");
            let mut server = self.servers.accept();
            server.expect("question");
            server.send("answer");
            pairs.push((client, server));
        }
        for (client, _) in &mut pairs {
            client.expect("answer");
        }
        for (client, server) in &mut pairs {
            client.close();
            server.read_to_end();
        }
        self.transcript.forget();
    }
}

#[test]
fn connections_in_a_row_leave_nothing_behind() {
    let mut bench = Bench::start(&subflow(), "tcp");
    (0..300).for_each(|round| bench.one(round));
    let before = held(&bench.proxy);
    let rss_before_kb = bench.proxy.rss_kb();
    let stat = |bench: &Bench, service: &str| -> usize {
        bench.proxy.cli().stat("l", service, "stot").parse().expect("a number")
    };
    let (front, back) = (stat(&bench, "FRONTEND"), stat(&bench, "s"));
    (0..in_a_row()).for_each(|round| bench.one(round));
    assert_eq!(stat(&bench, "FRONTEND") - front, in_a_row(), "sessions that the frontend counted");
    assert_eq!(stat(&bench, "s") - back, in_a_row(), "sessions that the server counted");
    expect_held_again(&bench.proxy, &before);
    let rss_kb = bench.proxy.rss_kb();
    assert!(rss_kb <= rss_before_kb + RSS_SLACK_KB, "RSS grew from {rss_before_kb} to {rss_kb} kB");
}

#[test]
fn connections_at_once_leave_nothing_behind() {
    let _alone = crate::kit::sock::many_descriptors();
    let count = at_once();
    let mut bench = Bench::start(&subflow(), "tcp");
    (0..50).for_each(|round| bench.one(round));
    let before = held(&bench.proxy);
    let rss_before_kb = bench.proxy.rss_kb();
    bench.burst(count);
    expect_held_again(&bench.proxy, &before);
    let rss_peak_kb = bench.proxy.rss_kb();
    let allowed_kb = rss_before_kb + RSS_SLACK_KB + count as u64 * PEAK_BYTES_PER_CONNECTION / 1024;
    assert!(
        rss_peak_kb <= allowed_kb,
        "RSS was {rss_before_kb} and is {rss_peak_kb} kB after {count} at once"
    );
    bench.burst(count);
    bench.burst(count);
    expect_held_again(&bench.proxy, &before);
    let rss_kb = bench.proxy.rss_kb();
    assert!(rss_kb <= rss_peak_kb + RSS_SLACK_KB, "RSS grew from {rss_peak_kb} to {rss_kb} kB by repetition");
}

#[test]
fn an_idle_proxy_uses_no_processor() {
    let mut bench = Bench::start(&subflow(), "tcp");
    bench.one(0);
    let (client, server) = (bench.client(), bench.servers.accept());
    let before = bench.proxy.cpu_ticks();
    assert!(client.is_quiet_for(std::time::Duration::from_millis(700)));
    let used = bench.proxy.cpu_ticks() - before;
    assert!(used <= 5, "{used} ticks of 10 ms while nothing happened for 700 ms");
    drop((client, server));
}
