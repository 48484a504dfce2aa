//! A process that stands still, for the tests of commands.

use super::change::*;
use super::conn::CliSession;
use super::view::*;
use crate::base::clock::WallTime;
use crate::base::diag::Diags;
use crate::config::build::Build;
use crate::config::expand::Environment;
use crate::config::source::Source;
use crate::config::{Names, load};
use crate::metrics::{BackendCounters, Family, FrontendCounters, ListenerCounters, ProcessCounters};
use crate::settings::Settings;
use crate::settings::global::CliLevel;
use crate::sys::addr::SockAddr;
use crate::wire::http1::{HeadError, Wrong};
use std::cell::Cell;
use std::net::SocketAddr;

const CONFIG: &str = "
defaults
  timeout client 1s
  timeout server 1s
  timeout connect 1s
frontend fe
  mode http
  bind 127.0.0.1:8080
  option socket-stats
  default_backend be
backend be
  mode http
  server s1 127.0.0.1:1
  server s2 127.0.0.1:2 maxconn 5 maxqueue 4 weight 3 disabled
listen li
  mode tcp
  bind 127.0.0.1:8081
  server s1 127.0.0.1:1 backup
";

pub struct TestWorld {
    pub settings: Settings,
    pub process: ProcessCounters,
    pub fe: FrontendCounters,
    pub be: BackendCounters,
    pub listener: ListenerCounters,
    pub address: SockAddr,
    pub sessions: usize,
    pub changes: Vec<String>,
    /// What every proxy has of malformed messages.
    pub bad: Option<Vec<u8>>,
    /// Another one takes its place once it was looked at.
    pub bad_is_replaced: bool,
    pub bad_shown: Cell<u32>,
    pub client: SockAddr,
}

impl TestWorld {
    pub fn new() -> Self {
        let mut diags = Diags::new();
        let settings = load(
            vec![Source::text("t.cfg", CONFIG)],
            Build { version: "3.5-dev4", features: &[], switches: Vec::new(), tls_library: None },
            Names::default(),
            &mut Environment::default(),
            &mut diags,
        );
        TestWorld {
            settings: settings.unwrap_or_else(|_| panic!("{:?}", diags.iter().collect::<Vec<_>>())),
            process: ProcessCounters::default(),
            fe: FrontendCounters::default(),
            be: BackendCounters::default(),
            listener: ListenerCounters::default(),
            address: SockAddr::Inet("127.0.0.1:8080".parse().unwrap()),
            sessions: 2,
            changes: Vec::new(),
            bad: None,
            bad_is_replaced: false,
            bad_shown: Cell::new(0),
            client: SockAddr::Inet("127.0.0.1:60000".parse().unwrap()),
        }
    }
}

/// The whole answer to a line sent by an admin.
pub fn answer(world: &mut TestWorld, line: &str) -> String {
    let mut session = CliSession::new(CliLevel::Admin, None);
    session.handle_input(line.as_bytes());
    session.handle_input(b"\n");
    let mut all = Vec::new();
    while !session.is_done() {
        session.run(world);
        let page = session.output().to_vec();
        assert!(page.len() < 2 * super::rows::OUTPUT_PAGE_LEN, "a page is bounded");
        session.consume(page.len());
        all.extend(page);
    }
    String::from_utf8(all).unwrap()
}

impl World for TestWorld {
    fn info(&self) -> InfoView<'_> {
        InfoView {
            version: "9.9",
            release_date: "2026/11/21",
            pid: 4321,
            now_ms: 100_000,
            wall: WallTime { secs: 1_795_223_369, micros: 872_000 },
            start_micros: 1_795_133_308_000_000,
            uptime_micros: 90_061_250_000,
            ulimit_n: 1000,
            maxsock: 900,
            maxconn: 400,
            maxconn_hard: 400,
            conn_rate_limit: 0,
            sess_rate_limit: 0,
            conns: 3,
            maxpipes: 10,
            global: &self.settings.global,
            node: "vm",
            counters: &self.process,
            tasks: 0,
            run_queue: 0,
            idle_pct: 100,
            stopping: false,
            jobs: 1,
            listeners: 2,
            pool_bytes: 0,
            pool_used_bytes: 0,
            log_dropped: 5,
            held: HeldView { conns: 2, ..HeldView::default() },
            family: Family { reloads: 3, ..Family::default() },
        }
    }

    fn proxy(&self, at: usize) -> Option<ProxyView<'_>> {
        Some(ProxyView {
            settings: self.settings.proxies.get(at)?,
            state: FrontState::Open,
            maxconn: 400,
            fe: &self.fe,
            be: &self.be,
            fullconn: 40,
            last_change_secs: 7,
            down_secs: 0,
        })
    }

    fn listener(&self, proxy: usize, at: usize) -> Option<ListenerView<'_>> {
        self.settings.proxies.get(proxy)?.binds.get(at)?;
        Some(ListenerView {
            name: "sock-1",
            id: 1,
            address: &self.address,
            state: FrontState::Open,
            maxconn: 0,
            fd: Some(5),
            counters: &self.listener,
        })
    }

    fn server(&self, proxy: usize, at: usize) -> Option<ServerView<'_>> {
        let settings = self.settings.server(*self.settings.proxies.get(proxy)?.servers.get(at)?);
        Some(ServerView {
            settings,
            state: if settings.disabled { ServerState::Maint } else { ServerState::NoCheck },
            address: settings.resolved.as_ref(),
            cookie: settings.cookie.as_deref(),
            weight: settings.weight,
            sixteenths: 16,
            starts_slowly: false,
            maxconn: settings.maxconn.into(),
            counters: &self.be,
            idle: 0,
            idle_safe: 0,
            used: 0,
            was_set_aside: false,
            needed: 0,
            last_change_secs: 7,
            down_secs: 0,
        })
    }

    fn session_from(&self, from: usize) -> Option<SessionView<'_>> {
        (from < self.sessions).then(|| SessionView {
            slot: from,
            id: 0x1000 + from as u64,
            proto: "mptcpv4",
            client: SockAddr::Inet("127.0.0.1:60000".parse().unwrap()),
            local: self.address.clone(),
            listener_id: 1,
            accept: WallTime { secs: 1_795_223_360, micros: 558_121 },
            age_ms: 9_300,
            listener: None,
            frontend: &self.settings.proxies[0],
            backend: Some(&self.settings.proxies[1]),
            server: None,
            server_address: None,
            source: None,
            phase: "connect",
            client_fd: Some(9),
            server_fd: None,
            request_held: 12,
            response_held: 0,
            bytes_in: 12,
            bytes_out: 0,
            expires_ms: Some(1_500),
            retries: 1,
        })
    }

    fn connection_from(&self, from: usize) -> Option<ConnectionView> {
        let view = |fd| ConnectionView { slot: from, fd, end: "client", proto: "tcpv4", quiet_ms: 2500 };
        i32::try_from(from).ok().filter(|_| from < self.sessions).map(|slot| view(10 + slot))
    }

    fn bad_message(&self, proxy: usize, direction: Direction) -> Option<BadMessageView<'_>> {
        let own = self.settings.proxies.get(proxy)?;
        let own = (own.name.as_str(), own.id);
        let is_request = direction == Direction::Request;
        self.bad_shown.set(self.bad_shown.get() + 1);
        let replaced = self.bad_is_replaced && self.bad_shown.get() > 1;
        Some(BadMessageView {
            when: WallTime { secs: 1_795_223_360, micros: 558_121 },
            event: if replaced { 9 } else { 7 },
            frontend: if is_request { own } else { ("fe", 2) },
            backend: (!is_request).then_some(own),
            server: (!is_request).then_some(("s1", 1)),
            client: &self.client,
            listener_id: 1,
            error: HeadError::new(Wrong::NameByte, 20),
            bytes: self.bad.as_deref()?,
            capacity: 16384,
        })
    }

    fn cli_socket(&self, at: usize) -> Option<CliSocketView<'_>> {
        (at == 0).then_some(CliSocketView { address: "unix@/run/x.sock", level: CliLevel::Admin })
    }
}

impl TestWorld {
    fn note(&mut self, change: String) -> FrontendChange {
        self.changes.push(change);
        FrontendChange::Made
    }
}

fn place(at: ServerAt) -> String {
    format!("{}/{}", at.proxy, at.nth)
}

impl Change for TestWorld {
    fn clear_counters(&mut self, all: bool) {
        self.note(format!("clear_counters {all}"));
    }

    fn set_weight(&mut self, at: ServerAt, weight: u32) {
        self.note(format!("set_weight {} {weight}", place(at)));
    }

    fn set_admin(&mut self, at: ServerAt, admin: Admin) {
        self.note(format!("set_admin {} {admin:?}", place(at)));
    }

    fn set_address(&mut self, at: ServerAt, address: SocketAddr) {
        self.note(format!("set_address {} {address}", place(at)));
    }

    fn set_dynamic_cookies(&mut self, proxy: usize, on: bool) {
        self.note(format!("set_dynamic_cookies {proxy} {on}"));
    }

    fn set_cookie_key(&mut self, proxy: usize, key: &str) {
        self.note(format!("set_cookie_key {proxy} {key}"));
    }

    fn set_server_maxconn(&mut self, at: ServerAt, maxconn: u32) {
        self.note(format!("set_server_maxconn {} {maxconn}", place(at)));
    }

    fn set_frontend_maxconn(&mut self, proxy: usize, maxconn: u32) {
        self.note(format!("set_frontend_maxconn {proxy} {maxconn}"));
    }

    fn set_process_maxconn(&mut self, maxconn: u32) {
        self.note(format!("set_process_maxconn {maxconn}"));
    }

    fn set_rate(&mut self, rate: Rate, per_second: u32) {
        self.note(format!("set_rate {rate:?} {per_second}"));
    }

    fn pause_frontend(&mut self, proxy: usize) -> FrontendChange {
        self.note(format!("pause_frontend {proxy}"))
    }

    fn resume_frontend(&mut self, proxy: usize) -> FrontendChange {
        self.note(format!("resume_frontend {proxy}"))
    }

    fn stop_frontend(&mut self, proxy: usize) -> FrontendChange {
        self.note(format!("stop_frontend {proxy}"))
    }

    fn kill_session(&mut self, id: u64) -> bool {
        let known = (0x1000..0x1000 + self.sessions as u64).contains(&id);
        if known {
            self.note(format!("kill_session {id:#x}"));
        }
        known
    }

    fn kill_server_sessions(&mut self, at: ServerAt) {
        self.note(format!("kill_server_sessions {}", place(at)));
    }
}

/// Sends each line to one world, expects its answer, and says what they have changed.
pub fn expect_answers(lines: &[(&str, &str)]) -> Vec<String> {
    let mut world = TestWorld::new();
    for (line, expected) in lines {
        assert_eq!(answer(&mut world, line), *expected, "{line}");
    }
    world.changes
}
