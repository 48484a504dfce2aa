//! The command line socket: what its commands change, and what it takes from clients that mean no good.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::endurance::{expect_held_again, held};
use crate::kit::cli::Cli;
use crate::kit::peer::{Listener, Peer, Transcript, WAIT};
use crate::kit::proxy::{Proxy, Setup, haproxy, poll_until, subflow};
use crate::kit::sock::{self, Reserved, Transport};

/// A TCP frontend before a backend of two servers, one and two.
struct Bench {
    proxy: Proxy,
    front: Reserved,
    one: Listener,
    two: Listener,
    transcript: Transcript,
}

impl Bench {
    fn start(program: &Path) -> Bench {
        let transcript = Transcript::default();
        let one = Listener::new("one", Transport::Tcp, "127.0.0.1", &transcript);
        let two = Listener::new("two", Transport::Tcp, "127.0.0.1", &transcript);
        let front = sock::reserve("127.0.0.1");
        let config = format!(
            "    setenv SUBFLOW_TEST_SET \"a  b=c\"\n    setenv SUBFLOW_TEST_GONE 1\n    unsetenv SUBFLOW_TEST_GONE\n    stats maxconn 1100\n    maxconn 1500\n    stats socket \"${{dir}}/operator.sock\" level operator
    stats socket \"${{dir}}/user.sock\" level user
defaults\n    mode tcp\n    timeout connect 9s\n    timeout client 30s\n    timeout server 30s
frontend fe\n    bind {}\n    maxconn 100\n    default_backend be
backend be\n    server s1 {} weight 10\n    server s2 {} disabled\n    server s3 127.0.0.1:9 disabled\n",
            front.addr,
            one.addr(),
            two.addr()
        );
        let proxy = Setup::default().start(program, &config);
        Bench { proxy, front, one, two, transcript }
    }

    fn say(&self, line: &str) -> String {
        self.proxy.cli().command(line)
    }

    /// A command that answers nothing when it is done.
    fn done(&self, line: &str) {
        assert_eq!(self.say(line), "\n", "{line}");
    }

    fn client(&self) -> Peer {
        Peer::new(
            "client",
            sock::connect(Transport::Tcp, self.front.addr).expect("connect"),
            &self.transcript,
        )
    }

    /// A client and its connection at the server where it must arrive.
    fn pair(&mut self, at_two: bool) -> (Peer, Peer) {
        let mut client = self.client();
        client.send("hello");
        let mut server = if at_two { self.two.accept() } else { self.one.accept() };
        server.expect("hello");
        (client, server)
    }
}

fn refused(addr: SocketAddr) -> bool {
    sock::connect(Transport::Tcp, addr).is_err()
}

/// What both programs are told, line by line; their answers must be the same bytes.
const SCRIPT: &str = "get weight
get weight be/s1
get weight be
get weight x/s1
get weight be/x
get weight fe/s1
set weight be/s1
set weight be/s1 5
get weight be/s1
set weight be/s1 50%
get weight be/s1
set weight be/s1 257
set weight be/s1 9999%
get weight be/s1
set weight be/s1 -1
set weight be/s1 -1%
set weight be/s1 abc
set weight be/s1 5x
set weight be/s1 %
set weight be/s1 100%
set weight x/s1 5
set server
set server be/s1
set server be/x state ready
set server be/s1 foo
set server be/s1 weight
set server be/s1 weight 7
get weight be/s1
set server be/s1 state
set server be/s1 state foo
set server be/s1 state drain
set server be/s1 state maint
set server be/s1 state ready
set server be/s1 health foo
set server be/s1 agent up
set server be/s1 agent-send x
set server be/s1 agent-addr 127.0.0.1
set server be/s1 check-port 80
set server be/s1 addr
set server be/s3 addr 127.0.0.2
set server be/s3 addr 127.0.0.2
set server be/s3 addr 127.0.0.3 port 17
set server be/s3 addr 127.0.0.3 port 17
set server be/s3 addr 127.0.0.3 port
set server be/s3 addr 127.0.0.3 port abc
set server be/s3 addr 127.0.0.3 port +1
set server be/s3 addr ::1
set server be/s3 addr ::1 port 18
set server be/s3 addr localhost
set server be/s3 addr 127.0.0.3:80
set server be/s3 addr ::1 prt 1
set server be/s1 fqdn
set server be/s1 fqdn a.b
set server be/s1 ssl on
enable server
disable server be/s1
disable server be/s1
enable server be/s1
enable server be
enable health be/s1
disable health be/s1
enable agent be/s1
disable agent be/s1
set maxconn global
set maxconn global 200
set maxconn global 9999999
set maxconn global 0
set maxconn frontend
set maxconn frontend fe
set maxconn frontend fe 50
set maxconn frontend fe -1
set maxconn frontend be 50
set maxconn server
set maxconn server be/s1
set maxconn server be/s1 10
set maxconn server be/s1 abc
set maxconn server be/s1 3x
set maxconn server be/x 10
set maxconn server be/s1 0
set rate-limit connections global
set rate-limit connections global 1000
set rate-limit connections global -1
set rate-limit sessions global 0
set rate-limit connections global 0
set timeout
set timeout cli
set timeout cli abc
set timeout cli 5s
set severity-output
set severity-output number; set weight be/s1 300
set severity-output string; set weight x/s1 3
set severity-output number; get weight be/s1
set severity-output string; set server be/s3 addr 127.0.0.9
set severity-output string; set server be/s1 check-port 80
set severity-output string; set timeout cli abc
set severity-output string; show env no_such_variable_here
show env SUBFLOW_TEST_SET
show env SUBFLOW_TEST_GONE
show env HAPROXY_CFGFILES_OTHER
set severity-output number; disable frontend x
set severity-output string; show servers state foo
disable frontend
disable frontend be
disable frontend fe
disable frontend fe
enable frontend fe
enable frontend fe
enable frontend
shutdown frontend x
shutdown session
shutdown session xyz
shutdown session 0x1
shutdown sessions server
shutdown sessions server be/x
shutdown sessions server be/s1
show servers state foo
shutdown frontend fe
shutdown frontend fe
enable frontend fe
disable frontend fe";

#[test]
fn answers_are_those_of_the_oracle() {
    let Some(haproxy) = haproxy() else { return };
    let (ours, theirs) = (Bench::start(&subflow()), Bench::start(&haproxy));
    for line in SCRIPT.lines() {
        assert_eq!(ours.say(line), theirs.say(line), "{line}");
    }
}

/// The lines of `show sess all` about frontend, backend and server; not that of the port a connection came from.
fn places(bench: &Bench) -> Vec<String> {
    let text = bench.say("show sess all");
    let names = [
        ("frontend=fe ", bench.front.addr, "front"),
        ("backend=be ", bench.one.addr(), ""),
        ("server=s1 ", bench.one.addr(), "one"),
    ];
    let line = |(name, addr, called): &(&str, SocketAddr, &str)| {
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name}in {text}")).replace(&addr.to_string(), called);
        match called.is_empty() {
            true => line[..line.rfind(':').unwrap_or(line.len())].to_owned(),
            false => line,
        }
    };
    names.iter().map(line).collect()
}

#[test]
fn a_session_in_detail_is_where_the_oracle_says() {
    let Some(haproxy) = haproxy() else { return };
    let (mut ours, mut theirs) = (Bench::start(&subflow()), Bench::start(&haproxy));
    let _pairs = (ours.pair(false), theirs.pair(false));
    assert_eq!(places(&ours), places(&theirs));
}

#[test]
fn who_may_not_change_things_is_told_so() {
    let bench = Bench::start(&subflow());
    for socket in ["operator.sock", "user.sock"] {
        let cli = Cli::new(&bench.proxy.dir().join(socket));
        for line in [
            "set weight be/s1 5",
            "set server be/s1 state maint",
            "disable server be/s1",
            "enable server be/s1",
            "disable frontend fe",
            "enable frontend fe",
            "shutdown frontend fe",
            "shutdown session 0x0",
            "shutdown sessions server be/s1",
            "set maxconn global 5",
            "set maxconn frontend fe 5",
            "set maxconn server be/s1 5",
            "set rate-limit connections global 5",
            "clear counters all",
        ] {
            assert_eq!(cli.command(line), "Permission denied\n\n", "{line}");
        }
        assert_eq!(cli.command("get weight be/s1"), "10 (initial 10)\n\n");
    }
    assert_eq!(bench.proxy.cli().stat("be", "s1", "status"), "no check");
}

#[test]
fn a_server_serves_as_the_operator_says() {
    let mut bench = Bench::start(&subflow());
    let (mut old, mut at_one) = bench.pair(false);
    bench.done("set server be/s2 state ready");
    bench.done("disable server be/s1");
    assert_eq!(bench.proxy.cli().stat("be", "s1", "status"), "MAINT");
    drop(bench.pair(true));
    drop(bench.pair(true));
    // Who is connected stays connected.
    old.send("still");
    at_one.expect("still");
    bench.done("set server be/s1 state drain");
    assert_eq!(bench.proxy.cli().stat("be", "s1", "status"), "DRAIN");
    drop(bench.pair(true));
    bench.done("set server be/s1 state ready");
    bench.done("set weight be/s2 0");
    drop(bench.pair(false));
    drop(bench.pair(false));
}

#[test]
fn a_backend_without_a_server_that_takes_clients_refuses_at_once() {
    let mut bench = Bench::start(&subflow());
    for line in ["disable server be/s1", "set server be/s1 state drain", "set weight be/s1 0"] {
        bench.done(line);
        let mut client = bench.client();
        client.send("hello");
        client.read_to_end();
        bench.done("set server be/s1 state ready");
    }
    bench.done("set weight be/s1 100%");
    drop(bench.pair(false));
}

#[test]
fn a_server_that_comes_back_takes_those_who_wait() {
    let mut bench = Bench::start(&subflow());
    bench.done("set maxconn server be/s1 1");
    let (_first, _at_one) = bench.pair(false);
    let mut waiting = bench.client();
    waiting.send("hello");
    assert!(
        poll_until(WAIT, || (bench.proxy.cli().stat("be", "BACKEND", "qcur") == "1").then_some(())).is_some()
    );
    bench.done("enable server be/s2");
    bench.two.accept().expect("hello");
    let mut another = bench.client();
    another.send("again");
    bench.two.accept().expect("again");
    bench.done("set maxconn server be/s2 1");
    let mut last = bench.client();
    last.send("last");
    assert!(
        poll_until(WAIT, || (bench.proxy.cli().stat("be", "BACKEND", "qcur") == "1").then_some(())).is_some()
    );
    bench.done("set maxconn server be/s1 2");
    bench.one.accept().expect("last");
}

#[test]
fn a_server_moves_to_another_address() {
    let mut bench = Bench::start(&subflow());
    let port = bench.two.addr().port();
    let answer = bench.say(&format!("set server be/s1 addr 127.0.0.1 port {port}"));
    assert!(answer.contains(&format!("to '{port}' by 'stats socket command'")), "{answer}");
    drop(bench.pair(true));
}

#[test]
fn a_paused_frontend_refuses_and_comes_back() {
    let mut bench = Bench::start(&subflow());
    let (mut old, mut at_one) = bench.pair(false);
    bench.done("disable frontend fe");
    assert_eq!(bench.proxy.cli().stat("fe", "FRONTEND", "status"), "PAUSED");
    assert!(refused(bench.front.addr));
    old.send("still");
    at_one.expect("still");
    bench.done("enable frontend fe");
    drop(bench.pair(false));
    bench.done("shutdown frontend fe");
    assert_eq!(bench.proxy.cli().stat("fe", "FRONTEND", "status"), "STOP");
    assert!(refused(bench.front.addr));
    old.send("to the end");
    at_one.expect("to the end");
}

#[test]
fn a_limit_that_is_lifted_lets_clients_in_that_wait() {
    for limit in ["frontend fe", "global"] {
        let mut bench = Bench::start(&subflow());
        bench.done(&format!("set maxconn {limit} 1"));
        let _first = bench.pair(false);
        let mut waiting = bench.client();
        waiting.send("hello");
        assert!(bench.one.is_quiet_for(Duration::from_millis(50)));
        bench.done(&format!("set maxconn {limit} 2"));
        bench.one.accept().expect("hello");
    }
}

#[test]
fn a_session_that_is_killed_ends_on_both_sides() {
    let mut bench = Bench::start(&subflow());
    let before = held(&bench.proxy);
    let (mut client, mut server) = bench.pair(false);
    let list = bench.say("show sess");
    let id = list.split(':').next().expect("an id");
    bench.done(&format!("shutdown session {id}"));
    client.read_to_end();
    server.read_to_end();
    let (mut client, mut server) = bench.pair(false);
    let (mut another, mut its_server) = bench.pair(false);
    bench.done("shutdown sessions server be/s1");
    for end in [&mut client, &mut server, &mut another, &mut its_server] {
        end.read_to_end();
    }
    drop((client, server, another, its_server));
    expect_held_again(&bench.proxy, &before);
}

fn connect(bench: &Bench) -> UnixStream {
    let stream = UnixStream::connect(bench.proxy.dir().join("cli.sock")).expect("connect");
    stream.set_read_timeout(Some(WAIT)).expect("a timeout");
    stream.set_write_timeout(Some(WAIT)).expect("a timeout");
    stream
}

#[test]
fn a_thousand_clients_are_answered() {
    let mut bench = Bench::start(&subflow());
    let before = held(&bench.proxy);
    let mut clients: Vec<UnixStream> = (0..1000).map(|_| connect(&bench)).collect();
    for client in &mut clients {
        client.write_all(b"show version;show cli level\n").expect("write");
    }
    drop(bench.pair(false));
    for client in &mut clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(answer.ends_with("\n\nadmin\n\n"), "{answer}");
    }
    drop(clients);
    expect_held_again(&bench.proxy, &before);
}

#[test]
fn a_client_that_floods_and_does_not_read_holds_up_nobody() {
    let mut bench = Bench::start(&subflow());
    let before = held(&bench.proxy);
    let rss_before_kb = bench.proxy.rss_kb();
    let mut flood = connect(&bench);
    flood.write_all(b"prompt\n").expect("write");
    flood.set_nonblocking(true).expect("nonblocking");
    let command = b"show info;show stat;show stat json\n".repeat(1000);
    let mut sent = 0;
    for _ in 0..200 {
        match flood.write(&command) {
            Ok(count) => sent += count,
            // Full: it takes no more before its answers are read.
            Err(_) => drop(bench.pair(false)),
        }
    }
    assert!(sent < 4 << 20, "{sent} bytes were taken");
    assert!(bench.proxy.rss_kb() < rss_before_kb + 4096, "held for one client that does not read");
    drop(flood);
    expect_held_again(&bench.proxy, &before);
}

#[test]
fn a_command_cut_in_the_middle_does_nothing_until_it_is_whole() {
    let bench = Bench::start(&subflow());
    let before = held(&bench.proxy);
    let mut cut = connect(&bench);
    cut.write_all(b"disable server be/s1").expect("write");
    cut.shutdown(Shutdown::Write).expect("shutdown");
    let mut answer = String::new();
    cut.read_to_string(&mut answer).expect("the end");
    assert_eq!(answer, "");
    assert_eq!(bench.proxy.cli().stat("be", "s1", "status"), "no check");
    let mut slow = connect(&bench);
    for part in ["set wei", "ght be/s", "1 7;get", " weight be/s1\n"] {
        slow.write_all(part.as_bytes()).expect("write");
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert_eq!(answer, "\n7 (initial 10)\n\n");
    let mut long = connect(&bench);
    let _ = long.write_all(&[b'x'; 20_000]);
    let mut answer = Vec::new();
    let _ = long.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"Line too long."));
    drop((cut, slow, long));
    expect_held_again(&bench.proxy, &before);
}
