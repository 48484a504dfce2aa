//! CLI connections: sockets around the sans-IO sessions of `service::cli`.

use super::expose::{self, Exposure};
use crate::base::arena::Arena;
use crate::base::buffer::Buffer;
use crate::base::ids::Id;
use crate::base::wheel::TimerKey;
use crate::conn::transport::raw::{self, Read, Write};
use crate::conn::{Connection, Owner};
use crate::event::readiness::Readiness;
use crate::event::token::{Kind, Token};
use crate::live::Live;
use crate::net::accept::Accept;
use crate::net::protocol::{PROTO_UNIX, Protocol};
use crate::proxy::ListenerId;
use crate::proxy::listener::{Purpose, Through};
use crate::service::cli::{CliSession, Rights};
use crate::stream::{Alarm, Env};
use std::os::fd::OwnedFd;

/// CLI connections accepted in a turn.
const ACCEPTS_PER_TURN: u32 = 16;
/// `stats maxconn` when the configuration has none (configuration.txt 3.1).
pub const CLI_CONNS_DEFAULT: u32 = 10;
/// Bytes read at once from a CLI connection.
const READ_LEN: usize = 4096;

/// One CLI connection.
#[derive(Debug)]
pub struct CliConn {
    conn: Connection,
    session: CliSession,
    /// Where it came from; none for one that the supervisor handed over.
    listener: Option<ListenerId>,
    timer: Option<TimerKey>,
    queued: bool,
    /// The client is another process that takes the listening sockets over.
    exposure: Option<Exposure>,
}

/// All CLI connections.
#[derive(Debug)]
pub struct CliConns {
    conns: Arena<CliConn>,
    /// Those that came over the stats sockets, which share a limit.
    accepted: u32,
    ready: Vec<Id<CliConn>>,
    buffer: Buffer,
}

impl CliConn {
    fn new(conn: Connection, session: CliSession, listener: Option<ListenerId>) -> CliConn {
        CliConn { conn, session, listener, timer: None, queued: false, exposure: None }
    }

    /// Hands the listening sockets to the client, as far as it takes them.
    fn expose(&mut self, env: &mut Env) -> Step {
        self.conn.last_activity_ms = env.clock.now_ms();
        let exposure = self.exposure.get_or_insert_with(|| Exposure::new(&env.listeners));
        match exposure.run(self.conn.fd(), &env.listeners) {
            expose::Step::Wait => Step::Wait,
            expose::Step::Done => {
                for id in exposure.listeners() {
                    if let Some(listener) = env.listeners.get_mut(*id) {
                        listener.shared = true;
                    }
                }
                Step::Close
            }
            expose::Step::Failed => Step::Close,
        }
    }
}

impl Default for CliConns {
    fn default() -> Self {
        CliConns {
            conns: Arena::new(),
            accepted: 0,
            ready: Vec::new(),
            buffer: Buffer::with_capacity(READ_LEN),
        }
    }
}

impl CliConns {
    /// Whether something is left to do without waiting for an event.
    pub fn busy(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether there are clients that came for one answer and do not have it. Those at a prompt are not counted: they
    /// would keep the process for ever.
    pub fn owes_answers(&self) -> bool {
        self.conns.iter().any(|(_, cli)| !cli.session.is_interactive())
    }

    /// Notes what the kernel said about a connection.
    pub fn mark(&mut self, index: u32, generation: u32, readiness: Readiness) {
        let id = Id::new(index, generation);
        if let Some(cli) = self.conns.get_mut(id) {
            cli.conn.ready.insert(readiness);
            self.enqueue(id);
        }
    }

    fn enqueue(&mut self, id: Id<CliConn>) {
        if let Some(cli) = self.conns.get_mut(id)
            && !std::mem::replace(&mut cli.queued, true)
        {
            self.ready.push(id);
        }
    }

    /// Accepts and answers.
    pub fn run(&mut self, live: &mut Live) {
        for listener in std::mem::take(&mut live.env.cli_listeners) {
            self.accept(listener, &mut live.env);
        }
        for id in std::mem::take(&mut self.ready) {
            if let Some(cli) = self.conns.get_mut(id) {
                cli.queued = false;
            }
            match self.step(id, live) {
                Step::Wait => {}
                Step::Again => self.enqueue(id),
                Step::Close => self.close(id, &mut live.env),
            }
        }
    }

    fn accept(&mut self, id: ListenerId, env: &mut Env) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = env.listeners.get_mut(id) else { return };
            let (Purpose::Cli(at), true) = (listener.purpose, listener.takes_clients()) else { return };
            if self.accepted >= env.settings.global.stats_maxconn.unwrap_or(CLI_CONNS_DEFAULT) {
                listener.gate.shut_out();
                env.held_back = true;
                return;
            }
            let (accepted, through) = listener.accept(env.clock.now_ms());
            match accepted {
                Accept::Accepted { fd, .. } => {
                    let Some(Through { row, protocol, .. }) = through else { return };
                    self.accepted += 1;
                    listener.pause_logged = false;
                    listener.gate.opened();
                    listener.counters.conn.enter();
                    // The CLI's clients are connections and requests of the process, not of its load.
                    env.counters.conn.tot += 1;
                    env.counters.requests += 1;
                    let now = env.clock.now_ms();
                    let global = &env.settings.global;
                    let socket = global.stats_sockets.get(at as usize);
                    let rights = socket.map(Rights::from).unwrap_or_default();
                    // Only unix sockets carry descriptors.
                    let exposes = protocol == Protocol::Unix && socket.is_some_and(|s| s.expose_fd_listeners);
                    let session =
                        CliSession::with_rights(rights, global.stats_timeout_ms).with_exposure(exposes);
                    let conn = Connection::accepted(fd, row, protocol, Owner::Cli, now);
                    self.open(CliConn::new(conn, session, Some(id)), env);
                }
                Accept::Retry => {}
                Accept::Drained => {
                    listener.pending = false;
                    return;
                }
                Accept::Pause(_) | Accept::Broken(_) => {
                    super::accept::pause(env, id, &accepted);
                    return;
                }
            }
        }
        env.ready_listeners.push(id);
    }

    /// Serves a client that came to the supervisor, which says what it may do.
    pub fn open_handed(&mut self, socket: OwnedFd, rights: Rights, env: &mut Env) {
        let (now, timeout_ms) = (env.clock.now_ms(), env.settings.global.stats_timeout_ms);
        let conn = Connection::accepted(socket, &PROTO_UNIX, Protocol::Unix, Owner::Cli, now);
        let session = CliSession::with_rights(rights, timeout_ms);
        self.open(CliConn::new(conn, session, None), env);
    }

    fn open(&mut self, cli: CliConn, env: &mut Env) {
        let timeout = cli.session.timeout_ms();
        let id = self.conns.insert(cli);
        let Some(cli) = self.conns.get_mut(id) else { return };
        cli.conn.ready.insert(Readiness::WRITABLE);
        cli.timer = Some(env.wheel.insert(env.clock.now_ms() + timeout, Alarm::Cli(id.index, id.generation)));
        let registered = env.poller.register(cli.conn.fd(), Token::pack(Kind::Cli, id));
        match registered {
            Ok(()) => self.enqueue(id),
            Err(_) => self.close(id, env),
        }
    }

    fn step(&mut self, id: Id<CliConn>, live: &mut Live) -> Step {
        let Some(cli) = self.conns.get_mut(id) else { return Step::Wait };
        let now = live.env.clock.now_ms();
        if cli.exposure.is_some() {
            return cli.expose(&mut live.env);
        }
        while cli.session.wants_input() {
            self.buffer.clear();
            match raw::read(&mut cli.conn, &mut self.buffer, READ_LEN) {
                Read::Bytes(_) => {
                    cli.conn.last_activity_ms = now;
                    cli.session.handle_input(self.buffer.data());
                }
                Read::Blocked => break,
                Read::End => {
                    cli.session.handle_eof();
                    break;
                }
                Read::Failed(_) => return Step::Close,
            }
        }
        cli.session.run(live);
        while !cli.session.output().is_empty() {
            match raw::write(&mut cli.conn, cli.session.output(), false) {
                Write::Bytes(n) => {
                    cli.conn.last_activity_ms = now;
                    cli.session.consume(n);
                }
                Write::Blocked => return Step::Wait,
                Write::Failed(_) => return Step::Close,
            }
        }
        if cli.session.is_done() {
            return if cli.session.hands_over() { cli.expose(&mut live.env) } else { Step::Close };
        }
        // A page is sent: make the next one, or take the input that was left meanwhile.
        let more =
            cli.session.is_busy() || (cli.session.wants_input() && (cli.conn.at_end || cli.conn.may_read()));
        if more { Step::Again } else { Step::Wait }
    }

    /// A connection's time may be over.
    pub fn alarm(&mut self, index: u32, generation: u32, live: &mut Live) {
        let id = Id::new(index, generation);
        let Some(cli) = self.conns.get_mut(id) else { return };
        let env = &mut live.env;
        let at = cli.conn.last_activity_ms + cli.session.timeout_ms();
        if at <= env.clock.now_ms() {
            cli.timer = None;
            self.close(id, env);
        } else {
            cli.timer = Some(env.wheel.insert(at, Alarm::Cli(index, generation)));
        }
    }

    fn close(&mut self, id: Id<CliConn>, env: &mut Env) {
        let Some(cli) = self.conns.remove(id) else { return };
        if let Some(key) = cli.timer {
            env.wheel.remove(key);
        }
        if cli.listener.is_some() {
            self.accepted = self.accepted.saturating_sub(1);
            env.session_ended = true;
        }
        if let Some(id) = cli.listener
            && let Some(listener) = env.listeners.get_mut(id)
        {
            listener.counters.conn.leave();
            if listener.gate.closed() && listener.pending {
                env.ready_listeners.push(id);
            }
        }
        env.closing.push(cli.conn);
    }
}

enum Step {
    Wait,
    Again,
    Close,
}
