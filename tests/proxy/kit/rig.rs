//! The differential runner: one script, one configuration, run against the oracle and against subflow; what
//! the ends saw and what was logged must be equal.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Duration;

use super::peer::{Event, Listener, Peer, Transcript};
use super::proxy::{self, Proxy, Setup};
use super::sink::Sink;
use super::sock::{self, Reserved, Transport};

/// How long something that must not happen is waited for.
pub const QUIET: Duration = Duration::from_millis(60);

/// Everything around one proxy of one run. The configuration names it by variables:
/// `fd@${fe}` and `fd@${fe2}` listen; `${s1}`, `${s2}` are scripted servers; `${refused}` refuses, `${dark}`
/// never answers a SYN; `${port1}`, `${port2}` and the ports `${range}` are
/// free for binds; `${log}` is the syslog sink; `${dir}` the proxy's directory.
pub struct Rig {
    pub proxy: Proxy,
    pub s1: Listener,
    pub s2: Listener,
    pub sink: Sink,
    pub transcript: Transcript,
    pub fe: SocketAddr,
    pub fe2: SocketAddr,
    pub port1: SocketAddr,
    pub port2: SocketAddr,
    /// Part of abstract socket names, unique to the run.
    pub token: String,
    /// Three ports of 127.0.0.1 in a row, free for a bind.
    pub range: RangeInclusive<u16>,
    clients: usize,
    _held: (Reserved, Reserved, Reserved, Vec<Reserved>, Dark),
}

/// A listening socket with a full backlog: SYNs to it are dropped.
pub struct Dark {
    pub addr: SocketAddr,
    _fds: Vec<OwnedFd>,
}

impl Dark {
    /// A new one on a free port of 127.0.0.1.
    pub fn new() -> Dark {
        let any = "127.0.0.1:0".parse().expect("an address");
        let listener = sock::listen(Transport::Tcp, any, 0).expect("listen");
        let addr = sock::local_addr(&listener);
        let filler = sock::connect(Transport::Tcp, addr).expect("connect");
        Dark { addr, _fds: vec![listener, filler] }
    }
}

impl Rig {
    fn start(program: &Path, config: &str, transcript: &Transcript) -> Rig {
        let mut setup = Setup::default();
        let (fe, fe2) = (setup.listener("fe"), setup.listener("fe2"));
        let s1 = Listener::new("s1", Transport::Tcp, "127.0.0.1", transcript);
        let s2 = Listener::new("s2", Transport::Tcp, "127.0.0.1", transcript);
        let sink = Sink::new();
        let reserve = || sock::reserve("127.0.0.1");
        let held = (reserve(), reserve(), reserve(), sock::reserve_range("127.0.0.1", 3), Dark::new());
        let (port1, port2) = (held.1.addr, held.2.addr);
        setup.env("s1", s1.addr()).env("s2", s2.addr()).env("log", sink.addr());
        setup.env("refused", held.0.addr).env("dark", held.4.addr);
        setup.env("port1", port1).env("port2", port2);
        let range = held.3[0].addr.port()..=held.3[2].addr.port();
        setup.env("range", format!("{}-{}", range.start(), range.end()));
        setup.env("offset", format!("{:+}", i32::from(s1.addr().port()) - i32::from(port1.port())));
        let token = port1.port().to_string();
        setup.env("token", &token);
        let proxy = setup.start(program, config);
        let transcript = transcript.clone();
        Rig { proxy, s1, s2, sink, transcript, fe, fe2, port1, port2, token, range, clients: 0, _held: held }
    }

    /// A new client of the first frontend.
    pub fn client(&mut self) -> Peer {
        self.client_of(self.fe)
    }

    /// A new client of any address.
    pub fn client_of(&mut self, addr: SocketAddr) -> Peer {
        let fd = sock::connect(Transport::Tcp, addr).expect("connect to the proxy");
        self.adopt(fd)
    }

    /// A connected socket as the next client.
    pub fn adopt(&mut self, fd: OwnedFd) -> Peer {
        self.clients += 1;
        Peer::new(&format!("client#{}", self.clients), fd, &self.transcript)
    }

    /// A listening socket as the scripted server `who`.
    pub fn listener(&self, who: &str, fd: OwnedFd) -> Listener {
        Listener::on(who, fd, &self.transcript)
    }

    /// Adds something the script saw by itself.
    pub fn note(&self, who: &str, what: impl ToString) {
        self.transcript.add(who, Event::Note(what.to_string()));
    }

    /// Waits for a traffic line and adds it.
    pub fn expect_log(&self) {
        self.note("log", self.sink.next_traffic_line());
    }

    /// Waits for an httplog line and adds it without its byte count: the packaged reference counts its inner form
    /// of a message. Our counts have tests of their own.
    pub fn expect_http_log(&self) {
        let line = self.sink.next_traffic_line();
        let blank = |(at, word): (usize, &'_ str)| if at == 6 { "BYTES" } else { word }.to_owned();
        self.note("log", line.split(' ').enumerate().map(blank).collect::<Vec<_>>().join(" "));
    }

    /// Waits for one traffic line and adds it without its byte count, for ends whose moment is chance.
    pub fn expect_log_without_bytes(&self) {
        let line = self.sink.next_traffic_line();
        let words = line.split(' ').enumerate().map(|(at, word)| if at == 5 { "BYTES" } else { word });
        self.note("log", words.collect::<Vec<_>>().join(" "));
    }

    /// As [`Rig::expect_log`] of one line whose client is a Unix socket: `unix:N` stands for the address.
    pub fn expect_log_of_unix_client(&self) {
        let line = loop {
            let line = self.sink.next_within(super::peer::WAIT).expect("a log line");
            if line.contains("]: unix:") {
                break line;
            }
        };
        let text = line.split_once("]: unix:").expect("checked").1;
        let line = super::sink::normalise(&format!("<134>x[0]: unix:{text}"));
        self.note("log", line.expect("a tcplog line"));
    }

    /// Notes that nothing was logged (or what was).
    pub fn expect_no_log(&self) {
        let line = self.sink.traffic_line_within(QUIET * 2);
        self.note("log", line.unwrap_or_else(|| "nothing".to_owned()));
    }
}

/// Runs `script` once with `program`; what was seen, one line an event.
fn record(
    program: &Path,
    config: &str,
    script: &impl Fn(&mut Rig),
    oracle: Option<&[String]>,
) -> Vec<String> {
    let transcript = Transcript::default();
    let mut output = String::new();
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let mut rig = Rig::start(program, config, &transcript);
        let ended = catch_unwind(AssertUnwindSafe(|| script(&mut rig)));
        output = rig.proxy.output();
        ended.unwrap_or_else(|panic| resume_unwind(panic));
    }));
    if let Err(panic) = ended {
        eprintln!("\nwith {} the script stopped after:", program.display());
        transcript.lines().iter().for_each(|line| eprintln!("    {line}"));
        eprintln!("  it said:\n{output}");
        if let Some(oracle) = oracle {
            eprintln!("  the oracle's run was:");
            oracle.iter().for_each(|line| eprintln!("    {line}"));
        }
        resume_unwind(panic);
    }
    transcript.lines()
}

/// Runs `script` against the packaged haproxy and against subflow and compares what both sides saw and what
/// was logged. Without a haproxy the script, with its own expectations, still runs against subflow.
pub fn compare(config: &str, script: impl Fn(&mut Rig)) {
    let oracle = proxy::haproxy().map(|program| record(&program, config, &script, None));
    let ours = record(&proxy::subflow(), config, &script, oracle.as_deref());
    let Some(oracle) = oracle else { return };
    if std::env::var_os("SUBFLOW_TEST_SHOW").is_some() {
        eprintln!("both saw:\n    {}", ours.join("\n    "));
    }
    if ours != oracle {
        let text = |lines: &[String]| format!("    {}", lines.join("\n    "));
        panic!("not as the oracle\n  haproxy:\n{}\n  subflow:\n{}", text(&oracle), text(&ours));
    }
}

/// Runs `script`, which asserts by itself, against subflow only: for what the packaged haproxy cannot do.
pub fn alone(config: &str, script: impl Fn(&mut Rig)) {
    record(&proxy::subflow(), config, &script, None);
}

/// A configuration with one frontend and one backend in `mode`. `extra` are lines for the end of each section,
/// led by the section's word: `global ...`, `defaults ...`, `frontend ...`, `backend ...`, one a line. Without
/// any `backend server` line there is the one server `${s1}`.
pub fn config(mode: &str, extra: &str) -> String {
    let global = lines_of("global", extra);
    let proxies = proxies(mode, "", "log global", extra);
    format!("global\n    nbthread 1\n    log \"${{log}}\" local0\n{global}{proxies}")
}

/// The lines of `extra` that are led by `section`.
fn lines_of(section: &str, extra: &str) -> String {
    let known = |line: &str| {
        let section = line.split(' ').next().unwrap_or_default();
        ["global", "defaults", "frontend", "backend"].contains(&section)
    };
    if let Some(stray) = extra.lines().map(str::trim).find(|line| !line.is_empty() && !known(line)) {
        panic!("'{stray}' belongs to no section");
    }
    let lines = extra.lines().filter_map(|line| line.trim().strip_prefix(section)?.strip_prefix(' '));
    lines.map(|line| format!("    {line}\n")).collect()
}

/// The same without the `global` section; the proxies' names end in `suffix`, their log line is `log`.
pub fn proxies(mode: &str, suffix: &str, log: &str, extra: &str) -> String {
    let mut backend = lines_of("backend", extra);
    if !backend.lines().any(|line| line.trim().starts_with("server ")) {
        backend.push_str("    server s1 ${s1}\n");
    }
    format!(
        "defaults
    mode {mode}
    {log}
    option {mode}log
    timeout connect 4s
    timeout client 6s
    timeout server 6s
{}
frontend fe{suffix}
    bind fd@${{fe}}
    default_backend be{suffix}
{}
backend be{suffix}
{backend}
",
        lines_of("defaults", extra),
        lines_of("frontend", extra),
    )
}
