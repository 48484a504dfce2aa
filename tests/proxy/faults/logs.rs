//! Log targets that go and come back, that read nothing, that are full: the traffic goes on, what is lost is counted,
//! and lines flow again.

use std::fs::{self, File};
use std::io::Read;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;

use nix::fcntl::OFlag;
use nix::unistd::pipe2;

use super::{expect_memory, expect_rest, expect_settled};
use crate::endurance::held;
use crate::kit::http::BodyRule;
use crate::kit::peer::{Event, Peer, Transcript, WAIT};
use crate::kit::proxy::{Proxy, Setup, poll_until, subflow};
use crate::kit::sock::{self, Transport};

/// Requests while nobody takes their lines.
const UNHEARD: u64 = 50;
/// More lines than any target keeps without a reader.
const LINES_MAX: u64 = 3000;
/// Bytes of a line in a pipe: it and what waits for it are full after some.
const LONG_LINE: usize = 2000;

/// A frontend that answers each connection by itself and logs a line for it to `target`.
struct Bench {
    proxy: Proxy,
    front: SocketAddr,
    transcript: Transcript,
}

impl Bench {
    fn start(mut setup: Setup, target: &str, line: &str) -> Bench {
        let front = setup.listener("fe");
        let config = format!(
            "defaults\n    mode http\n    timeout client 6s\n    timeout connect 6s\n    timeout server 6s
frontend fe\n    bind fd@${{fe}}\n    log {target} format raw local0\n    log-format \"{line}\"\n"
        );
        Bench { proxy: setup.start(&subflow(), &config), front, transcript: Transcript::default() }
    }

    /// One request and its answer; the proxy has logged it when its connection ends.
    fn request(&self) {
        let fd = sock::connect(Transport::Tcp, self.front).expect("connect");
        let mut client = Peer::new("client", fd, &self.transcript);
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = client.read_http(BodyRule::Response);
        assert!(matches!(&answer, Event::Http(text) if text.starts_with("HTTP/1.1 503 ")), "{answer:?}");
        client.read_to_end();
        self.transcript.forget();
    }

    fn dropped(&self) -> u64 {
        self.proxy.cli().info_number("DroppedLogs")
    }

    /// Requests until lines are lost and some more; how many there were.
    fn fill(&self) -> u64 {
        let mut sent = 0;
        while self.dropped() == 0 {
            assert!(sent < LINES_MAX, "{sent} lines were kept");
            (0..10).for_each(|_| self.request());
            sent += 10;
        }
        let (before, rss_kb) = (held(&self.proxy), self.proxy.rss_kb());
        let lost = self.dropped();
        (0..UNHEARD).for_each(|_| self.request());
        assert_eq!(self.dropped(), lost + UNHEARD);
        expect_memory(&self.proxy, rss_kb);
        expect_settled(&self.proxy, &before);
        sent + UNHEARD
    }
}

fn bind(path: &std::path::Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(path).expect("bind");
    socket.set_read_timeout(Some(WAIT)).expect("SO_RCVTIMEO");
    socket
}

fn expect_line(received: std::io::Result<usize>, room: &[u8], line: &str) {
    assert_eq!(String::from_utf8_lossy(&room[..received.expect("a line")]), format!("{line}\n"));
}

#[test]
fn a_unix_target_goes_and_comes_back() {
    let bench = Bench::start(Setup::default(), "${dir}/log", "line %ST");
    let path = bench.proxy.dir().join("log");
    let mut room = [0; 100];
    let target = bind(&path);
    bench.request();
    let received = target.recv(&mut room);
    expect_line(received, &room, "line 503");
    let before = held(&bench.proxy);
    // First the reader ends and its path stays, then the path is removed.
    drop(target);
    (0..UNHEARD).for_each(|_| bench.request());
    assert_eq!(bench.dropped(), UNHEARD);
    fs::remove_file(&path).expect("remove");
    (0..UNHEARD).for_each(|_| bench.request());
    assert_eq!(bench.dropped(), 2 * UNHEARD);
    expect_settled(&bench.proxy, &before);
    let target = bind(&path);
    bench.request();
    let received = target.recv(&mut room);
    expect_line(received, &room, "line 503");
    assert_eq!(bench.dropped(), 2 * UNHEARD);
}

#[test]
fn a_udp_target_goes_and_comes_back() {
    let target = UdpSocket::bind("127.0.0.1:0").expect("bind");
    let addr = target.local_addr().expect("bound");
    let bench = Bench::start(Setup::default(), &addr.to_string(), "line %ST");
    let mut room = [0; 100];
    target.set_read_timeout(Some(WAIT)).expect("SO_RCVTIMEO");
    bench.request();
    let received = target.recv(&mut room);
    expect_line(received, &room, "line 503");
    let before = held(&bench.proxy);
    drop(target);
    (0..UNHEARD).for_each(|_| bench.request());
    expect_settled(&bench.proxy, &before);
    let target = UdpSocket::bind(addr).expect("bind the same port");
    target.set_read_timeout(Some(WAIT)).expect("SO_RCVTIMEO");
    bench.request();
    let received = target.recv(&mut room);
    expect_line(received, &room, "line 503");
}

#[test]
fn a_unix_target_that_did_not_read_gets_lines_again() {
    let bench = Bench::start(Setup::default(), "${dir}/log", "line %ST");
    let target = bind(&bench.proxy.dir().join("log"));
    let kept = bench.fill() - bench.dropped();
    let mut room = [0; 100];
    for _ in 0..kept {
        let received = target.recv(&mut room);
        expect_line(received, &room, "line 503");
    }
    bench.request();
    let received = target.recv(&mut room);
    expect_line(received, &room, "line 503");
}

/// Fills the pipe behind a target, then reads it: whole lines, as many as were not counted as lost.
fn fill_and_read(bench: &Bench, mut reader: File) {
    let sent = bench.fill();
    let kept = sent - bench.dropped();
    let mut read = |lines: u64| {
        let mut text = vec![0; lines as usize * (LONG_LINE + 1)];
        reader.read_exact(&mut text).expect("the lines that were kept");
        let whole = text
            .chunks(LONG_LINE + 1)
            .all(|line| line.last() == Some(&b'\n') && line[..LONG_LINE].iter().all(|byte| *byte == b'x'));
        assert!(whole, "lines were cut");
    };
    read(kept);
    bench.request();
    read(1);
    assert_eq!(bench.dropped(), sent - kept);
    expect_rest(&bench.proxy);
}

#[test]
fn a_pipe_that_nobody_reads_costs_its_lines_and_nothing_else() {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).expect("pipe");
    let mut setup = Setup::default();
    setup.inherit("pipe", writer);
    let bench = Bench::start(setup, "fd@${pipe} len 4000", &"x".repeat(LONG_LINE));
    fill_and_read(&bench, File::from(reader));
}

#[test]
fn a_standard_output_that_nobody_reads_costs_its_lines_and_nothing_else() {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).expect("pipe");
    let mut setup = Setup::default();
    setup.stdout(writer);
    let bench = Bench::start(setup, "stdout len 4000", &"x".repeat(LONG_LINE));
    fill_and_read(&bench, File::from(reader));
}

#[test]
fn a_pipe_whose_reader_is_gone_costs_its_lines_and_nothing_else() {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).expect("pipe");
    let mut reader = File::from(reader);
    let mut setup = Setup::default();
    setup.inherit("pipe", writer);
    let bench = Bench::start(setup, "fd@${pipe}", "line %ST");
    bench.request();
    let mut line = [0; 9];
    reader.read_exact(&mut line).expect("a line");
    assert_eq!(&line, b"line 503\n");
    let before = held(&bench.proxy);
    drop(reader);
    (0..UNHEARD).for_each(|_| bench.request());
    // What waits is written at the end of the turn.
    assert!(poll_until(WAIT, || (bench.dropped() == UNHEARD).then_some(())).is_some(), "{}", bench.dropped());
    expect_settled(&bench.proxy, &before);
}
