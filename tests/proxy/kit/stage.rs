//! Plays tables of scenes: one proxy process for a whole table, one frontend, one backend, two scripted servers and one
//! syslog sink for each row, many rows at the same time, with the packaged haproxy and with subflow.

use std::any::Any;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cli::Cli;
use super::counters;
use super::http::BodyRule;
use super::peer::{Event, Listener, Peer, Transcript, WAIT};
use super::proxy::{self, Setup, poll_until};
use super::rig::{Dark, proxies};
use super::scene::{LogForm, Scene, Step};
use super::sink::{self, Sink};
use super::sock::{self, Transport};

/// How long something that must not happen is waited for once the proxy has had its turns.
const QUIET: Duration = Duration::from_millis(25);

/// Commands that the proxy answers before what it has not done by then counts as not done.
const TURNS: usize = 3;

/// Rows that are played at the same time: most of them wait most of the time.
const PLAYED_AT_ONCE: usize = 32;

/// What stopped a script begins so in its record.
const STOPPED: &str = "the script stopped: ";

/// Files of the directory `${files}`, for `errorfile`.
pub const FILES: [(&str, &str); 5] = [
    ("own503", "HTTP/1.1 503 Sorry\r\nX-Own: yes\r\nContent-Length: 3\r\n\r\nown"),
    ("own502", "HTTP/1.1 502 Bad\r\nX-Own: yes\r\nContent-Length: 3\r\n\r\nown"),
    ("own504", "HTTP/1.0 504 Late\r\nX-Own: yes\r\nConnection: close\r\n\r\nlate\n"),
    ("empty", ""),
    ("format", "a  %%  {%b}\t\"%s\"\n\n%ci\\n\n"),
];

/// The sockets of one row with one proxy.
struct Place {
    fe: SocketAddr,
    servers: [Listener; 2],
    sink: Sink,
    transcript: Transcript,
}

/// The configuration of a whole table, the same text for both programs.
fn config(scenes: &[Scene]) -> String {
    let mut text = "global\n    nbthread 1\n".to_owned();
    for scene in scenes {
        let name = scene.name;
        assert!(!scene.config.iter().any(|line| line.starts_with("global")), "{name}: all share one process");
        let mut part = proxies("http", &format!("_{name}"), "log ${log} local0", &scene.config.join("\n"));
        for own in ["fe", "s1", "s2", "log"] {
            part = part.replace(&format!("${{{own}}}"), &format!("${{{name}_{own}}}"));
        }
        text.push_str(&part);
    }
    text
}

/// Plays all `scenes` with `program`; the record of each.
fn record(program: &Path, scenes: &[Scene]) -> Vec<Vec<String>> {
    let mut setup = Setup::default();
    let (refused, dark) = (sock::reserve("127.0.0.1"), Dark::new());
    let files = TempDir::new().expect("a directory");
    for (name, text) in FILES {
        std::fs::write(files.path().join(name), text).expect("a file");
    }
    setup.env("refused", refused.addr).env("dark", dark.addr).env("files", files.path().display());
    let mut places: Vec<Place> = scenes
        .iter()
        .map(|scene| {
            let transcript = Transcript::default();
            let fe = setup.listener(&format!("{}_fe", scene.name));
            let servers =
                ["s1", "s2"].map(|who| Listener::new(who, Transport::Tcp, "127.0.0.1", &transcript));
            let sink = Sink::new();
            setup.env(&format!("{}_s1", scene.name), servers[0].addr());
            setup.env(&format!("{}_s2", scene.name), servers[1].addr());
            setup.env(&format!("{}_log", scene.name), sink.addr());
            Place { fe, servers, sink, transcript }
        })
        .collect();
    let proxy = setup.start(program, &config(scenes));
    let cli = proxy.cli();
    let waiting = Mutex::new(scenes.iter().zip(&mut places));
    thread::scope(|scope| {
        for _ in 0..PLAYED_AT_ONCE {
            scope.spawn(|| {
                while let Some((scene, place)) = next(&waiting) {
                    play(scene, place, &cli);
                }
            });
        }
    });
    settle(&cli);
    let stat = cli.command("show stat");
    for (scene, place) in scenes.iter().zip(&places) {
        while let Some(line) = place.sink.next_within(Duration::from_millis(1)) {
            place.note_log(scene.log, &line);
        }
        for (who, what) in counters::of_scene(&stat, scene) {
            place.transcript.add(&who, Event::Note(what));
        }
    }
    places.iter().map(|place| place.transcript.lines()).collect()
}

/// The next row that nobody plays yet.
fn next<T>(waiting: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    waiting.lock().expect("no poison").next()
}

/// Waits until no frontend has a session: every log line is written then.
fn settle(cli: &Cli) {
    let is_idle = || {
        let stat = cli.command("show stat");
        let scur = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            if cells.get(1) == Some(&"FRONTEND") { cells[4].parse().unwrap_or(0) } else { 0 }
        };
        (stat.lines().map(scur).sum::<u32>() == 0).then_some(())
    };
    assert!(poll_until(WAIT, is_idle).is_some(), "sessions are left:\n{}", cli.command("show sess"));
    cli.command("show info");
}

/// How many requests stand in the queues of the lines of `show stat`.
fn queued(stat: &str) -> usize {
    stat.lines().filter_map(|line| line.split(',').nth(2)?.parse::<usize>().ok()).sum()
}

fn play(scene: &Scene, place: &mut Place, cli: &Cli) {
    let transcript = place.transcript.clone();
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut stage =
            Stage { scene, place, cli, clients: Vec::new(), client: 0, conns: Vec::new(), conn: None };
        scene.steps.iter().for_each(|step| stage.step(*step));
        stage.finish();
    }));
    if let Err(panic) = played {
        transcript.add("stage", Event::Note(format!("{STOPPED}{}", message(panic.as_ref()))));
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

impl Place {
    /// Adds a log line unless it is about the process itself.
    fn note_log(&self, form: LogForm, line: &str) {
        if line.contains("]: Proxy ") || line.contains("]: Server ") {
            return;
        }
        let text = match form {
            LogForm::Http => {
                sink::normalise(line).map(|line| blank_http(&line)).unwrap_or_else(|| line.to_owned())
            }
            LogForm::Exact => exact(line, &self.ports()),
            LogForm::Shape => sink::shape(line),
        };
        self.transcript.add("log", Event::Note(text));
    }

    fn ports(&self) -> [(u16, &'static str); 3] {
        [(self.fe.port(), "FE"), (self.servers[0].addr().port(), "S1"), (self.servers[1].addr().port(), "S2")]
    }
}

/// A normalised httplog line without its byte count and the process's connections, which other rows have part in.
fn blank_http(line: &str) -> String {
    let words = line.split(' ').enumerate().map(|(at, word)| match (at, word.split_once('/')) {
        (6, _) => "BYTES".to_owned(),
        (10, Some((_, rest))) => format!("AC/{rest}"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The text of a line with the numbers that are known to differ named: ports of the scene, those behind `ms:`.
fn exact(line: &str, ports: &[(u16, &str)]) -> String {
    let text = line.split_once("]: ").map_or(line, |(_, text)| text).trim_end_matches('\n');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        let end = rest[at..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |len| at + len);
        let digits = &rest[at..end];
        let known = ports.iter().find(|(port, _)| port.to_string() == digits);
        match known {
            Some((_, name)) => out.push_str(name),
            None if out.ends_with("ms:") => out.push('T'),
            None => out.push_str(digits),
        }
        rest = &rest[end..];
    }
    out + rest
}

/// One connection of a server.
struct Conn {
    peer: Peer,
    /// The proxy has ended it, and nobody has read that yet.
    is_over: bool,
}

struct Stage<'a> {
    scene: &'a Scene,
    place: &'a mut Place,
    cli: &'a Cli,
    clients: Vec<Option<Peer>>,
    client: usize,
    conns: Vec<Option<Conn>>,
    conn: Option<usize>,
}

impl Stage<'_> {
    fn note(&self, who: &str, what: impl ToString) {
        self.place.transcript.add(who, Event::Note(what.to_string()));
    }

    /// The present client, connected.
    fn client(&mut self) -> &mut Peer {
        if self.clients.len() <= self.client {
            self.clients.resize_with(self.client + 1, || None);
        }
        let (fe, transcript) = (self.place.fe, &self.place.transcript);
        let who = format!("client#{}", self.client + 1);
        self.clients[self.client].get_or_insert_with(|| {
            Peer::new(&who, sock::connect(Transport::Tcp, fe).expect("connect to the proxy"), transcript)
        })
    }

    /// The present connection of a server, if any.
    fn server(&mut self) -> Option<&mut Peer> {
        self.conns[self.conn?].as_mut().map(|conn| &mut conn.peer)
    }

    fn drop_server(&mut self) -> Option<Peer> {
        Some(self.conns[self.conn.take()?].take()?.peer)
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Open => drop(self.client()),
            Step::Client(n) => self.client = n - 1,
            Step::C(text) => self.client().send(text),
            Step::CFill(byte, len) => self.client().send(vec![byte; len]),
            Step::CFin => self.client().half_close(),
            Step::CClose => self.client().close(),
            Step::CRst => self.client().reset(),
            Step::Answer => drop(self.client().read_http(BodyRule::Response)),
            Step::AnswerHead => drop(self.client().read_http(BodyRule::HeadOnly)),
            Step::Part(len) => {
                let got = self.client().take(len);
                self.note("client", got.escape_ascii());
            }
            Step::End => drop(self.client().read_http_to_end()),
            Step::Stays => self.stays(),
            Step::Accept => drop(self.await_request()),
            Step::Req | Step::ReqHead | Step::ReqPart(_) | Step::ReqChunks => self.read_request(step),
            Step::S(_) | Step::SFill(..) | Step::SFin | Step::SClose | Step::SRst | Step::SEnd => {
                self.serve(step)
            }
            Step::Conn(n) => self.conn = Some(n - 1),
            Step::Quiet => {
                self.pass_turns();
                let is_quiet = !sock::any_readable(&self.server_ends(), QUIET);
                self.note("servers", if is_quiet { "quiet" } else { "hear something" });
            }
            Step::Log => {
                let line = self.place.sink.next_within(WAIT).expect("a log line");
                self.place.note_log(self.scene.log, &line);
            }
            Step::Queued(count) => {
                let backend = format!("be_{}", self.scene.name);
                // A backend and its servers.
                let command = format!("show stat {backend} 6 -1");
                let is_so = || queued(&self.cli.command(&command)) == count;
                assert!(poll_until(WAIT, || is_so().then_some(())).is_some(), "not {count} in the queue");
            }
            Step::Ask(request, answer) => {
                [Step::C(request), Step::Req, Step::S(answer), Step::Answer]
                    .into_iter()
                    .for_each(|step| self.step(step));
            }
            Step::Feed(bytes) => self.feed(bytes),
        }
    }

    /// Lets the proxy do what it has to do: it has one thread, which answers commands too.
    fn pass_turns(&self) {
        (0..TURNS).for_each(|_| drop(self.cli.command("show info")));
    }

    fn stays(&mut self) {
        self.client();
        self.pass_turns();
        let client = self.client();
        if client.is_quiet_for(QUIET) {
            let who = format!("client#{}", self.client + 1);
            self.note(&who, "stays open");
        } else {
            client.read_http_to_end();
        }
    }

    fn serve(&mut self, step: Step) {
        let Some(server) = self.server() else { return };
        match step {
            Step::S(text) => server.send(text),
            Step::SFill(byte, len) => server.send(vec![byte; len]),
            Step::SFin => server.half_close(),
            Step::SEnd => {
                server.read_to_end();
                self.drop_server();
            }
            Step::SRst => self.drop_server().expect("present").reset(),
            _ => drop(self.drop_server()),
        }
    }

    /// Everything of the servers that may become readable.
    fn server_ends(&self) -> Vec<std::os::fd::BorrowedFd<'_>> {
        let open =
            self.conns.iter().flatten().filter(|conn| !conn.is_over).map(|conn| conn.peer.fd().as_fd());
        self.place.servers.iter().map(Listener::as_fd).chain(open).collect()
    }

    /// Accepts what waits; then the connection that has bytes to read, if one has.
    fn busy_conn(&mut self) -> Option<usize> {
        for server in &mut self.place.servers {
            while !server.is_quiet_for(Duration::ZERO) {
                self.conns.push(Some(Conn { peer: server.accept(), is_over: false }));
            }
        }
        for (at, slot) in self.conns.iter_mut().enumerate() {
            let Some(conn) = slot.as_mut().filter(|conn| !conn.is_over) else { continue };
            match conn.peer.has_bytes() {
                Some(true) => return Some(at),
                Some(false) => {}
                None => conn.is_over = true,
            }
        }
        None
    }

    /// Waits for a request on any connection; false if the client hears something first.
    fn await_request(&mut self) -> bool {
        let deadline = Instant::now() + WAIT;
        loop {
            self.conn = self.busy_conn();
            if self.conn.is_some() {
                return true;
            }
            let client = self.clients.get(self.client).and_then(Option::as_ref).filter(|peer| peer.is_open());
            if client.is_some_and(|peer| !peer.is_quiet_for(Duration::ZERO)) {
                return false;
            }
            let mut ends = self.server_ends();
            ends.extend(client.map(|peer| peer.fd().as_fd()));
            sock::any_readable(&ends, deadline.saturating_duration_since(Instant::now()));
            assert!(Instant::now() < deadline, "no server got a request for {WAIT:?}");
        }
    }

    fn read_request(&mut self, step: Step) {
        if let Step::ReqPart(len) = step {
            let Some(got) = self.server().map(|server| server.take(len)) else { return };
            return self.note("server", got.escape_ascii());
        }
        if let Step::ReqChunks = step {
            return self.server().map_or((), Peer::expect_chunks);
        }
        if !self.await_request() {
            return self.note("servers", "no request");
        }
        let server = self.server().expect("just found");
        match step {
            Step::ReqHead => server.expect_head(),
            _ => drop(server.read_http(BodyRule::Request)),
        }
    }

    /// See [`Step::Feed`]. Connections are not told apart: which request went where is not what hostile bytes test.
    fn feed(&mut self, bytes: &[u8]) {
        const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        self.client().send(bytes);
        let deadline = Instant::now() + WAIT;
        let mut got: Vec<Vec<u8>> = Vec::new();
        loop {
            if let Some(at) = self.busy_conn() {
                got.resize_with(self.conns.len(), Vec::new);
                let peer = &mut self.conns[at].as_mut().expect("open").peer;
                got[at].extend(peer.read_now());
                while let Some(request) = super::http::cut_request(&mut got[at]) {
                    self.place.transcript.add("server", Event::Http(super::http::normalise(&request)));
                    let peer = &mut self.conns[at].as_mut().expect("open").peer;
                    peer.send(OK);
                }
                continue;
            }
            if self.client().poll_end() {
                break;
            }
            let mut ends = self.server_ends();
            let client = self.clients[self.client].as_ref().expect("connected");
            ends.push(client.fd().as_fd());
            sock::any_readable(&ends, deadline.saturating_duration_since(Instant::now()));
            assert!(Instant::now() < deadline, "the client's connection does not end");
        }
        self.client().read_answers();
        for rest in got.iter().filter(|rest| !rest.is_empty()) {
            self.note("server", format!("then only {}", super::http::normalise(rest).escape_debug()));
        }
    }

    /// The clients go; what becomes of the servers' connections is noted.
    fn finish(mut self) {
        self.clients.clear();
        self.pass_turns();
        let deadline = Instant::now() + QUIET;
        for conn in self.conns.iter_mut().flatten() {
            conn.peer.read_what_comes_until(deadline);
        }
        for server in &mut self.place.servers {
            if !server.is_quiet_for(Duration::ZERO) {
                server.accept();
            }
        }
    }
}

/// Plays a table with both programs; every row must have the same record, or what its divergence says.
pub fn compare(scenes: &[Scene]) {
    let Some(haproxy) = proxy::haproxy() else { return };
    let subflow = proxy::subflow();
    let (theirs, ours) = thread::scope(|scope| {
        let theirs = scope.spawn(|| record(&haproxy, scenes));
        let ours = record(&subflow, scenes);
        (theirs.join().expect("haproxy's run"), ours)
    });
    let mut bad = 0;
    for ((scene, theirs), ours) in scenes.iter().zip(&theirs).zip(&ours) {
        let verdict = judge(scene, theirs, ours);
        if verdict.is_some() || std::env::var_os("SUBFLOW_TEST_SHOW").is_some() {
            let text = |lines: &[String]| format!("    {}", lines.join("\n    "));
            let said = verdict.as_deref().unwrap_or("as expected");
            eprintln!("{}: {said}\n  haproxy:\n{}\n  subflow:\n{}", scene.name, text(theirs), text(ours));
        }
        bad += usize::from(verdict.is_some());
    }
    assert_eq!(bad, 0, "of {} scenes so many are not as the oracle's", scenes.len());
}

/// What is wrong with a row's records, if anything.
fn judge(scene: &Scene, theirs: &[String], ours: &[String]) -> Option<String> {
    if [theirs, ours].concat().iter().any(|line| line.contains(STOPPED)) {
        return Some("the script does not fit".to_owned());
    }
    let Some(differs) = scene.differs else {
        return (theirs != ours).then(|| "not as the oracle".to_owned());
    };
    if theirs == ours {
        return Some(format!("no longer differs; {} does not apply", differs.entry));
    }
    let mut lines = ours.iter();
    let missing = differs.subflow.iter().find(|part| !lines.any(|line| line.contains(**part)));
    missing.map(|part| format!("{}: no line (here) has {part:?}", differs.entry))
}
