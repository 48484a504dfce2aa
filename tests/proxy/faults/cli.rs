//! Operators, and what goes for them, that flood the command line socket, never read, or come in numbers.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::{expect_memory, expect_rest, expect_settled};
use crate::endurance::held;
use crate::kit::http::BodyRule;
use crate::kit::peer::{Event, Peer, Transcript, WAIT, pattern};
use crate::kit::proxy::{Proxy, Setup, haproxy, poll_until, subflow};
use crate::kit::sock::{self, Transport};

/// Bytes of a flood, far more than anything may keep of it.
const FLOOD_LEN: usize = 4 << 20;
/// What may lie between two ends that do not read: two socket buffers and one page.
const ON_THE_WAY_MAX: usize = 2 << 20;
/// Connections that `small.sock` has room for.
const ROOM: usize = 3;
/// Clients that never read, and the memory that one may hold: its line, a page of output, what it is made of.
const UNREADING: usize = 100;
const UNREADING_KB: u64 = 160;

/// A frontend that answers by itself, and a second socket for operators, with little room.
struct Bench {
    proxy: Proxy,
    front: SocketAddr,
    transcript: Transcript,
}

impl Bench {
    fn start() -> Bench {
        let mut setup = Setup::default();
        let front = setup.listener("fe");
        let config = format!(
            "    stats maxconn 1100\n    stats timeout 1m\n    stats socket \"${{dir}}/small.sock\" level admin maxconn {ROOM}
defaults\n    mode http\n    timeout client 6s\n    timeout connect 6s\n    timeout server 6s
frontend fe\n    bind fd@${{fe}}\n"
        );
        let proxy = setup.start(&subflow(), &config);
        let bench = Bench { proxy, front, transcript: Transcript::default() };
        bench.goes_on();
        bench
    }

    fn connect(&self, socket: &str) -> UnixStream {
        let stream = UnixStream::connect(self.proxy.dir().join(socket)).expect("connect");
        stream.set_read_timeout(Some(WAIT)).expect("a timeout");
        stream.set_write_timeout(Some(WAIT)).expect("a timeout");
        stream
    }

    /// Traffic and other operators are served.
    fn goes_on(&self) {
        let fd = sock::connect(Transport::Tcp, self.front).expect("connect");
        let mut client = Peer::new("client", fd, &self.transcript);
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = client.read_http(BodyRule::Response);
        assert!(matches!(&answer, Event::Http(text) if text.starts_with("HTTP/1.1 503 ")), "{answer:?}");
        assert_eq!(self.proxy.cli().command("show cli level"), "admin\n\n");
    }
}

/// Writes `part` again and again, as long as the other end takes it, for [`FLOOD_LEN`] at most; how much went out.
fn flood(bench: &Bench, stream: &mut UnixStream, part: &[u8]) -> usize {
    let mut sent = 0;
    while sent < FLOOD_LEN {
        match stream.write(&part[sent % part.len()..]) {
            Ok(count) => sent += count,
            Err(error) if [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&error.kind()) => {
                break;
            }
            Err(error) => panic!("{error} after {sent} bytes"),
        }
        if sent % (1 << 20) < 4096 {
            bench.goes_on();
        }
    }
    sent
}

#[test]
fn bytes_without_a_line_end_are_cut_off() {
    for first in ["", "prompt\n"] {
        let bench = Bench::start();
        let (before, rss_kb) = (held(&bench.proxy), bench.proxy.rss_kb());
        let mut stream = bench.connect("cli.sock");
        stream.write_all(first.as_bytes()).expect("write");
        let sent = flood(&bench, &mut stream, &[b'x'; 1 << 16]);
        assert!(sent < ON_THE_WAY_MAX, "{sent} bytes were taken");
        let mut answer = Vec::new();
        // The end may be a reset: there are bytes that nobody read.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.ends_with(b"Line too long.\n\n"), "{}", answer.escape_ascii());
        drop(stream);
        expect_memory(&bench.proxy, rss_kb);
        expect_settled(&bench.proxy, &before);
        bench.goes_on();
    }
}

#[test]
fn a_payload_without_end_is_not_kept() {
    let bench = Bench::start();
    let (before, rss_kb) = (held(&bench.proxy), bench.proxy.rss_kb());
    let mut stream = bench.connect("cli.sock");
    stream.write_all(b"show version <<end\n").expect("write");
    let sent = flood(&bench, &mut stream, "a line of it\n".repeat(1 << 12).as_bytes());
    assert!(sent >= FLOOD_LEN, "closed after {sent} bytes");
    expect_memory(&bench.proxy, rss_kb);
    drop(stream);
    expect_settled(&bench.proxy, &before);
}

#[test]
fn commands_whose_answers_are_not_read_wait_with_their_sender() {
    let bench = Bench::start();
    let (before, rss_kb) = (held(&bench.proxy), bench.proxy.rss_kb());
    let mut stream = bench.connect("cli.sock");
    stream.write_all(b"prompt\n").expect("write");
    stream.set_nonblocking(true).expect("nonblocking");
    // A million commands, as far as they are taken: the last poll of a full socket comes long after.
    let commands = b"get weight a/b\n".repeat(1_000_000);
    let mut sent = 0;
    while sent < commands.len() {
        match stream.write(&commands[sent..]) {
            Ok(count) => sent += count,
            Err(_) if takes_more(&stream) => {}
            Err(_) => break,
        }
    }
    assert!(sent < ON_THE_WAY_MAX, "{sent} bytes were taken");
    bench.goes_on();
    expect_memory(&bench.proxy, rss_kb);
    expect_rest(&bench.proxy);
    // Whoever reads gets an answer to each command that is whole.
    stream.set_nonblocking(false).expect("blocking");
    stream.set_read_timeout(Some(WAIT)).expect("a timeout");
    let mut answers = BufReader::new(stream);
    let (mut line, mut found) = (String::new(), 0);
    while found < sent / 15 {
        line.clear();
        assert!(answers.read_line(&mut line).expect("an answer") > 0, "ended after {found} answers");
        found += usize::from(line.ends_with("No such backend.\n"));
    }
    drop(answers);
    expect_settled(&bench.proxy, &before);
}

/// Whether a full socket takes more after a moment.
fn takes_more(stream: &UnixStream) -> bool {
    sock::writable_within(stream, Duration::from_millis(200))
}

/// A line of the longest kind is thousands of commands.
#[test]
fn lines_of_many_commands_cost_no_more_than_lines() {
    let bench = Bench::start();
    let (before, rss_kb) = (held(&bench.proxy), bench.proxy.rss_kb());
    let line = format!("prompt\n{}\n", "help;a b;".repeat(16_000 / 9));
    let streams: Vec<UnixStream> = (0..UNREADING)
        .map(|_| {
            let mut stream = bench.connect("cli.sock");
            stream.write_all(line.as_bytes()).expect("write");
            stream
        })
        .collect();
    expect_rest(&bench.proxy);
    bench.goes_on();
    let now_kb = bench.proxy.rss_kb();
    assert!(
        now_kb <= rss_kb + UNREADING as u64 * UNREADING_KB,
        "RSS grew from {rss_kb} to {now_kb} kB for {UNREADING} clients that do not read"
    );
    drop(streams);
    expect_settled(&bench.proxy, &before);
}

#[test]
fn who_finds_no_room_waits_until_somebody_leaves() {
    let bench = Bench::start();
    let before = held(&bench.proxy);
    let mut inside: Vec<UnixStream> = (0..ROOM).map(|_| bench.connect("small.sock")).collect();
    for stream in &mut inside {
        stream.write_all(b"prompt\n").expect("write");
        stream.read_exact(&mut [0; 3]).expect("a prompt");
    }
    let mut waiting: Vec<UnixStream> = (0..ROOM * 4).map(|_| bench.connect("small.sock")).collect();
    for stream in &mut waiting {
        stream.write_all(b"show cli level\n").expect("write");
    }
    expect_rest(&bench.proxy);
    bench.goes_on();
    assert!(
        waiting.iter().all(|stream| !sock::readable_within(stream, Duration::ZERO)),
        "answered too early"
    );
    drop(inside.pop());
    for stream in &mut waiting {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert_eq!(answer, "admin\n\n");
    }
    drop((inside, waiting));
    expect_settled(&bench.proxy, &before);
}

#[test]
fn a_thousand_clients_that_say_half_a_command_hold_up_nobody() {
    let _alone = sock::many_descriptors();
    let bench = Bench::start();
    let before = held(&bench.proxy);
    let mut streams: Vec<UnixStream> = (0..1000).map(|_| bench.connect("cli.sock")).collect();
    for stream in &mut streams {
        stream.write_all(b"show cli le").expect("write");
    }
    let all_in = || (bench.proxy.fd_count() >= before.fds + streams.len()).then_some(());
    assert!(poll_until(WAIT, all_in).is_some(), "{} are in", bench.proxy.fd_count());
    expect_rest(&bench.proxy);
    bench.goes_on();
    for (at, mut stream) in streams.into_iter().enumerate() {
        // Half of them leave in the middle of it.
        if at % 2 == 0 {
            continue;
        }
        stream.write_all(b"vel\n").expect("write");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert_eq!(answer, "admin\n\n");
    }
    expect_settled(&bench.proxy, &before);
}

/// Sends `lines` and reads the answers at the same time, up to the end; how many there were that begin with `begin`.
fn answers_to(bench: &Bench, lines: Vec<u8>, begin: &str) -> usize {
    let stream = bench.connect("cli.sock");
    let mut sender = stream.try_clone().expect("clone");
    std::thread::scope(|scope| {
        scope
            .spawn(move || sender.write_all(&[&b"prompt\n"[..], &lines, b"quit\n"].concat()).expect("write"));
        let lines = BufReader::new(stream).split(b'\n').map(|line| line.expect("an answer"));
        let text = |line: &[u8]| line.strip_prefix(b"> ").unwrap_or(line).starts_with(begin.as_bytes());
        lines.filter(|line| text(line)).count()
    })
}

/// Each is answered with the list of all commands, as in the reference, which is thousands of times what was sent.
#[test]
fn empty_commands_are_answered_without_keeping_the_answers() {
    let bench = Bench::start();
    let (before, rss_kb) = (held(&bench.proxy), bench.proxy.rss_kb());
    let begin = "Unknown command. Please enter";
    assert_eq!(answers_to(&bench, vec![b'\n'; 5000], begin), 5000);
    assert_eq!(answers_to(&bench, [&[b';'; 999][..], b"\n"].concat().repeat(5), begin), 5000);
    assert_eq!(answers_to(&bench, b" \t;\r\n".repeat(1000), begin), 2000);
    expect_memory(&bench.proxy, rss_kb);
    expect_settled(&bench.proxy, &before);
    bench.goes_on();
}

#[test]
fn bytes_that_are_no_text_are_answered_as_unknown_commands() {
    let bench = Bench::start();
    let (before, rss_kb) = (held(&bench.proxy), bench.proxy.rss_kb());
    for seed in 0..4 {
        // Not longer than a line may be, not a payload's beginning, and nothing that a payload would end.
        let mut bytes = pattern(200_000, seed);
        bytes.iter_mut().filter(|byte| **byte == b'<').for_each(|byte| *byte = 0);
        bytes.extend_from_slice(b"\nget weight a/b\n");
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert!(lines > 100, "{lines}");
        assert!(answers_to(&bench, bytes.clone(), "Unknown command") > lines / 2);
        assert_eq!(answers_to(&bench, bytes, "No such backend."), 1);
    }
    expect_memory(&bench.proxy, rss_kb);
    expect_settled(&bench.proxy, &before);
}

/// A page of it is made when the one before is sent.
#[test]
fn a_long_answer_that_nobody_reads_is_not_made() {
    let mut config = "    stats timeout 1m\ndefaults\n    mode http\n    timeout client 6s\n    timeout connect 6s\n    timeout server 6s\n".to_owned();
    (0..2000).for_each(|at| config += &format!("backend b{at}\n    server s 127.0.0.1:1\n"));
    let mut setup = Setup::default();
    let front = setup.listener("fe");
    let proxy = setup.start(&subflow(), &(config + "frontend fe\n    bind fd@${fe}\n"));
    let bench = Bench { proxy, front, transcript: Transcript::default() };
    bench.goes_on();
    let (before, rss_kb) = (held(&bench.proxy), bench.proxy.rss_kb());
    let mut streams: Vec<UnixStream> = (0..8).map(|_| bench.connect("cli.sock")).collect();
    for stream in &mut streams {
        stream.write_all(b"show stat; show stat; show stat\n").expect("write");
    }
    expect_rest(&bench.proxy);
    bench.goes_on();
    expect_memory(&bench.proxy, rss_kb);
    let mut last = streams.pop().expect("a stream");
    let mut answer = String::new();
    last.read_to_string(&mut answer).expect("the whole answer");
    assert_eq!(answer.lines().filter(|line| line.starts_with("b1999,BACKEND,")).count(), 3);
    assert!(answer.len() > 1 << 20, "{}", answer.len());
    drop((streams, last));
    expect_settled(&bench.proxy, &before);
}

/// Both programs let idle operators go after `stats timeout`, and those that stopped reading.
#[test]
fn the_timeout_ends_who_is_idle_and_who_does_not_read() {
    for program in std::iter::once(subflow()).chain(haproxy()) {
        let mut setup = Setup::default();
        setup.listener("fe");
        let config =
            "    nbthread 1\n    stats timeout 300\ndefaults\n    mode tcp\n    timeout client 6s\n    timeout connect 6s
    timeout server 6s\nlisten l\n    bind fd@${fe}\n    server s 127.0.0.1:1\n";
        let proxy = setup.start(&program, config);
        let connect = || {
            let stream = UnixStream::connect(proxy.dir().join("cli.sock")).expect("connect");
            stream.set_read_timeout(Some(WAIT)).expect("a timeout");
            stream
        };
        let fds = proxy.fd_count();
        // haproxy 2.6 waits for the rest of a line for ever, and at times at a prompt.
        let more = ["prompt\n", "show ver", "prompt\nshow info\nshow ver", "show version <<x\n"];
        let more = if program == subflow() { &more[..] } else { &[] };
        for first in [""].iter().chain(more) {
            let mut stream = connect();
            stream.write_all(first.as_bytes()).expect("write");
            let end = stream.read_to_end(&mut Vec::new());
            assert!(end.is_ok(), "{program:?} {first:?}: {end:?}");
        }
        let mut unreading = connect();
        unreading.write_all(format!("{}\n", "help;".repeat(1000)).as_bytes()).expect("write");
        let gone = || (proxy.fd_count() <= fds).then_some(());
        assert!(poll_until(WAIT, gone).is_some(), "{program:?}: {} descriptors", proxy.fd_count());
        drop(unreading);
    }
}

/// `stats maxconn` counts the clients of all sockets together.
#[test]
fn the_limit_of_clients_makes_more_of_them_wait() {
    for program in std::iter::once(subflow()).chain(haproxy()) {
        let mut setup = Setup::default();
        setup.listener("fe");
        let config = "    nbthread 1\n    stats socket \"${dir}/other.sock\"\n    stats timeout 1m\n    stats maxconn 2\ndefaults\n    mode tcp\n    timeout client 6s\n    timeout connect 6s
    timeout server 6s\nlisten l\n    bind fd@${fe}\n    server s 127.0.0.1:1\n";
        let proxy = setup.start(&program, config);
        let connect = |socket: &str| {
            let mut stream = UnixStream::connect(proxy.dir().join(socket)).expect("connect");
            stream.set_read_timeout(Some(WAIT)).expect("a timeout");
            stream.write_all(b"prompt\n").expect("write");
            stream
        };
        let mut inside = [connect("cli.sock"), connect("other.sock")];
        inside.iter_mut().for_each(|stream| stream.read_exact(&mut [0; 3]).expect("a prompt"));
        let mut more = [connect("cli.sock"), connect("other.sock")];
        let is_quiet = |stream: &UnixStream| !sock::readable_within(stream, Duration::from_millis(150));
        assert!(more.iter().all(is_quiet), "{program:?} answers a third");
        drop(inside);
        for stream in &mut more {
            let answered = stream.read_exact(&mut [0; 3]);
            assert!(answered.is_ok(), "{program:?} lets nobody in: {answered:?}");
        }
    }
}
