//! Any bytes from a CLI client: no panic, bounded output a turn, and the same answer however the
//! bytes arrive.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use subflow::base::clock::WallTime;
use subflow::metrics::{Family, ProcessCounters};
use subflow::service::cli::change::{Admin, Change, FrontendChange, Rate, ServerAt};
use subflow::service::cli::rows::OUTPUT_PAGE_LEN;
use subflow::service::cli::view::{
    BadMessageView, CliSocketView, ConnectionView, Direction, HeldView, InfoView, ListenerView, ProxyView,
    ServerView, SessionView,
};
use subflow::service::cli::{CliSession, World};
use subflow::settings::Global;
use subflow::settings::global::CliLevel;

/// A process that serves nothing.
#[derive(Default)]
struct Idle {
    global: Global,
    counters: ProcessCounters,
}

impl World for Idle {
    fn info(&self) -> InfoView<'_> {
        InfoView {
            version: "0",
            release_date: "2026/01/01",
            pid: 1,
            now_ms: 0,
            wall: WallTime::default(),
            start_micros: 0,
            uptime_micros: 0,
            ulimit_n: 0,
            maxsock: 0,
            maxconn: 0,
            maxconn_hard: 0,
            conn_rate_limit: 0,
            sess_rate_limit: 0,
            conns: 0,
            maxpipes: 0,
            global: &self.global,
            node: "n",
            counters: &self.counters,
            tasks: 0,
            run_queue: 0,
            idle_pct: 0,
            stopping: false,
            jobs: 0,
            listeners: 0,
            pool_bytes: 0,
            pool_used_bytes: 0,
            log_dropped: 0,
            held: HeldView::default(),
            family: Family::default(),
        }
    }
    fn proxy(&self, _: usize) -> Option<ProxyView<'_>> {
        None
    }
    fn listener(&self, _: usize, _: usize) -> Option<ListenerView<'_>> {
        None
    }
    fn server(&self, _: usize, _: usize) -> Option<ServerView<'_>> {
        None
    }
    fn session_from(&self, _: usize) -> Option<SessionView<'_>> {
        None
    }
    fn connection_from(&self, _: usize) -> Option<ConnectionView> {
        None
    }
    fn bad_message(&self, _: usize, _: Direction) -> Option<BadMessageView<'_>> {
        None
    }
    fn cli_socket(&self, _: usize) -> Option<CliSocketView<'_>> {
        None
    }
}

impl Change for Idle {
    fn clear_counters(&mut self, _: bool) {}
    fn set_weight(&mut self, _: ServerAt, _: u32) {}
    fn set_admin(&mut self, _: ServerAt, _: Admin) {}
    fn set_address(&mut self, _: ServerAt, _: SocketAddr) {}
    fn set_dynamic_cookies(&mut self, _: usize, _: bool) {}
    fn set_cookie_key(&mut self, _: usize, _: &str) {}
    fn set_server_maxconn(&mut self, _: ServerAt, _: u32) {}
    fn set_frontend_maxconn(&mut self, _: usize, _: u32) {}
    fn set_process_maxconn(&mut self, _: u32) {}
    fn set_rate(&mut self, _: Rate, _: u32) {}
    fn pause_frontend(&mut self, _: usize) -> FrontendChange {
        FrontendChange::Made
    }
    fn resume_frontend(&mut self, _: usize) -> FrontendChange {
        FrontendChange::Made
    }
    fn stop_frontend(&mut self, _: usize) -> FrontendChange {
        FrontendChange::Made
    }
    fn kill_session(&mut self, _: u64) -> bool {
        false
    }
    fn kill_server_sessions(&mut self, _: ServerAt) {}
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece_len, bytes) = input;
    let whole = answer(bytes, bytes.len().max(1));
    assert_eq!(whole, answer(bytes, usize::from(piece_len).max(1)));
});

fn answer(bytes: &[u8], piece_len: usize) -> Vec<u8> {
    let mut world = Idle::default();
    let mut session = CliSession::new(CliLevel::Admin, None);
    let mut all = Vec::new();
    for piece in bytes.chunks(piece_len) {
        session.handle_input(piece);
        drain(&mut session, &mut world, &mut all);
    }
    session.handle_eof();
    drain(&mut session, &mut world, &mut all);
    assert!(session.is_done());
    all
}

fn drain(session: &mut CliSession, world: &mut Idle, all: &mut Vec<u8>) {
    loop {
        session.run(world);
        let page = session.output().to_vec();
        // The environment is one page whatever its size; nothing else passes a page by much.
        assert!(page.len() < 2 * OUTPUT_PAGE_LEN + (1 << 20));
        if page.is_empty() {
            return;
        }
        session.consume(page.len());
        all.extend(page);
    }
}
