//! The connections of the master CLI: sockets around sessions, and a socket to a worker while it answers.

use super::overview::Overview;
use super::rows::Reload;
use super::session::{Next, Question, Session};
use crate::base::arena::Arena;
use crate::base::buffer::Buffer;
use crate::base::ids::Id;
use crate::conn::transport::raw::{self, Read, Write};
use crate::conn::{Connection, Owner};
use crate::event::poller::Poller;
use crate::event::readiness::Readiness;
use crate::event::token::{Kind, Token};
use crate::net::accept::{Accept, accept_one};
use crate::net::protocol::{PROTO_UNIX, Protocol};
use crate::net::receiver::Receiver;
use crate::service::cli::Rights;
use crate::settings::StatsSocket;
use crate::worker::cli::CLI_CONNS_DEFAULT;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// How long a connection may be idle, in ms. The reference has no limit, and ten forgotten connections shut it.
const IDLE_MAX_MS: u64 = 600_000;
/// Pause after the kernel could not give a socket, in ms.
const ACCEPT_PAUSE_MS: u64 = 1000;
/// Bytes read at once.
const READ_LEN: usize = 4096;
/// Reads of one connection in a turn, from each side.
const READS_PER_TURN: u32 = 8;

/// How a reload ended.
#[derive(Clone, Debug)]
pub struct ReloadEnd {
    /// Which one: they count up.
    pub number: u64,
    /// The new worker accepts.
    pub success: bool,
}

/// What the connections need of the supervisor.
pub trait Master {
    /// All processes, now.
    fn overview(&self) -> Overview<'_>;
    /// Gives a worker a client.
    fn hand(&mut self, pid: i32, socket: OwnedFd, rights: Rights);
    /// Begins a reload, or notes that one more is wanted; which one. `None` when the end has begun.
    fn reload(&mut self, reload: Reload) -> Option<u64>;
    /// The reload that ended last.
    fn ended(&self) -> Option<ReloadEnd>;
    /// Where descriptors are watched.
    fn poller(&self) -> &Poller;
    /// The loop's clock.
    fn now_ms(&self) -> u64;
}

/// A worker's answer on its way.
#[derive(Debug)]
struct Relay {
    conn: Connection,
    question: Vec<u8>,
    asked: usize,
}

/// One client.
#[derive(Debug)]
struct Client {
    conn: Connection,
    session: Session,
    relay: Option<Relay>,
    /// The reload that it waits for.
    reload: Option<u64>,
    queued: bool,
}

/// The sockets of `-S` and their clients.
#[derive(Debug)]
pub struct MasterCli {
    receivers: Vec<Receiver>,
    /// Receivers that may have a client waiting.
    pending: Vec<usize>,
    rights: Rights,
    conns_max: usize,
    clients: Arena<Client>,
    ready: Vec<Id<Client>>,
    /// Nobody is accepted before this.
    paused_until_ms: u64,
    buffer: Buffer,
}

impl MasterCli {
    pub(super) fn new(receivers: Vec<Receiver>, socket: &StatsSocket) -> MasterCli {
        MasterCli {
            // Who came before the sockets are watched makes no event of its own.
            pending: (0..receivers.len()).collect(),
            receivers,
            rights: Rights::from(socket),
            conns_max: socket.maxconn.unwrap_or(CLI_CONNS_DEFAULT) as usize,
            clients: Arena::new(),
            ready: Vec::new(),
            paused_until_ms: 0,
            buffer: Buffer::with_capacity(READ_LEN),
        }
    }

    /// Lets the loop know of its sockets.
    ///
    /// # Errors
    /// What epoll_ctl(2) says.
    pub fn watch(&self, poller: &Poller) -> io::Result<()> {
        for (at, receiver) in self.receivers.iter().enumerate() {
            let token = Token::pack(Kind::Listener, Id::<Receiver>::new(at as u32, 0));
            poller.register_readable(receiver.fd.as_fd(), token)?;
        }
        Ok(())
    }

    /// Notes what the kernel said about a socket, a client ([`Kind::Cli`]) or a worker's answer ([`Kind::Conn`]).
    pub fn mark(&mut self, kind: Kind, index: u32, generation: u32, readiness: Readiness) {
        if kind == Kind::Listener {
            let at = index as usize;
            if at < self.receivers.len() && !self.pending.contains(&at) {
                self.pending.push(at);
            }
            return;
        }
        let id = Id::new(index, generation);
        let Some(client) = self.clients.get_mut(id) else { return };
        match (kind, &mut client.relay) {
            (Kind::Conn, Some(relay)) => relay.conn.ready.insert(readiness),
            (Kind::Conn, None) => return,
            _ => client.conn.ready.insert(readiness),
        }
        self.enqueue(id);
    }

    /// When something has to be done without an event: `now_ms` if there is work left.
    pub fn next_ms(&self, now_ms: u64) -> Option<u64> {
        let accept = (!self.pending.is_empty() && self.has_room()).then_some(self.paused_until_ms);
        let idle = self.clients.iter().filter(|(_, client)| client.reload.is_none());
        let idle = idle.map(|(_, client)| client.conn.last_activity_ms + IDLE_MAX_MS);
        let ready = (!self.ready.is_empty()).then_some(now_ms);
        idle.chain(accept).chain(ready).min()
    }

    /// Accepts, answers, and closes.
    pub fn run(&mut self, master: &mut impl Master) {
        self.expire(master.now_ms());
        self.tell_reloads(master);
        self.accept(master);
        for id in std::mem::take(&mut self.ready) {
            if let Some(client) = self.clients.get_mut(id) {
                client.queued = false;
            }
            match self.step(id, master) {
                Step::Wait => {}
                Step::Again => self.enqueue(id),
                Step::Close => drop(self.clients.remove(id)),
            }
        }
    }

    fn has_room(&self) -> bool {
        self.clients.len() < self.conns_max
    }

    fn enqueue(&mut self, id: Id<Client>) {
        if let Some(client) = self.clients.get_mut(id)
            && !std::mem::replace(&mut client.queued, true)
        {
            self.ready.push(id);
        }
    }

    fn expire(&mut self, now_ms: u64) {
        let is_over =
            |client: &Client| client.reload.is_none() && client.conn.last_activity_ms + IDLE_MAX_MS <= now_ms;
        let over: Vec<_> = self.clients.iter().filter(|(_, c)| is_over(c)).map(|(id, _)| id).collect();
        over.into_iter().for_each(|id| drop(self.clients.remove(id)));
    }

    fn tell_reloads(&mut self, master: &impl Master) {
        let Some(end) = master.ended() else { return };
        let mut told = Vec::new();
        for (id, client) in self.clients.iter_mut() {
            if client.reload.is_some_and(|number| number <= end.number) {
                client.reload = None;
                client.conn.last_activity_ms = master.now_ms();
                client.session.handle_reloaded(end.success, master.overview().startup_logs);
                told.push(id);
            }
        }
        told.into_iter().for_each(|id| self.enqueue(id));
    }

    fn accept(&mut self, master: &impl Master) {
        let now_ms = master.now_ms();
        while let Some(&at) = self.pending.last()
            && self.has_room()
            && self.paused_until_ms <= now_ms
        {
            let receiver = &self.receivers[at];
            match accept_one(receiver.fd.as_fd()) {
                Accept::Accepted { fd, .. } => {
                    let conn = Connection::accepted(fd, receiver.row, receiver.protocol, Owner::Cli, now_ms);
                    let session = Session::new(self.rights);
                    let client = Client { conn, session, relay: None, reload: None, queued: false };
                    self.open(client, master.poller());
                }
                Accept::Retry => {}
                Accept::Drained => drop(self.pending.pop()),
                Accept::Pause(_) | Accept::Broken(_) => self.paused_until_ms = now_ms + ACCEPT_PAUSE_MS,
            }
        }
    }

    fn open(&mut self, mut client: Client, poller: &Poller) {
        client.conn.ready.insert(Readiness::WRITABLE);
        let id = self.clients.insert(client);
        let Some(client) = self.clients.get(id) else { return };
        match poller.register(client.conn.fd(), Token::pack(Kind::Cli, id)) {
            Ok(()) => self.enqueue(id),
            Err(_) => drop(self.clients.remove(id)),
        }
    }

    fn step(&mut self, id: Id<Client>, master: &mut impl Master) -> Step {
        let Some(client) = self.clients.get_mut(id) else { return Step::Wait };
        let now_ms = master.now_ms();
        if client.is_gone() || !client.read(&mut self.buffer, now_ms) {
            return Step::Close;
        }
        client.relay(&mut self.buffer, now_ms);
        match client.session.run(&master.overview()) {
            Next::Nothing => {}
            Next::Ask(question) => client.ask(question, id, master),
            Next::Reload(reload) => match master.reload(reload) {
                Some(number) => client.reload = Some(number),
                None => client.session.handle_reloaded(false, master.overview().startup_logs),
            },
        }
        if !client.write(now_ms) {
            return Step::Close;
        }
        match client.session.is_done() {
            true => Step::Close,
            false if client.can_go_on() => Step::Again,
            false => Step::Wait,
        }
    }
}

enum Step {
    Wait,
    Again,
    Close,
}

impl Client {
    /// Nobody would read the answer.
    fn is_gone(&self) -> bool {
        self.conn.broken() || (self.session.is_waiting() && self.conn.ready.contains(Readiness::HUP))
    }

    /// Whether there is something to do without an event.
    fn can_go_on(&self) -> bool {
        if !self.session.output().is_empty() {
            return self.conn.ready.contains(Readiness::WRITABLE);
        }
        if let Some(relay) = &self.relay {
            let asks = relay.asked < relay.question.len() && relay.conn.ready.contains(Readiness::WRITABLE);
            return asks || relay.conn.at_end || relay.conn.may_read();
        }
        let reads = self.session.wants_input() && (self.conn.at_end || self.conn.may_read());
        self.session.is_busy() || reads
    }

    /// Takes what the client sent; `false` when the connection broke.
    fn read(&mut self, buffer: &mut Buffer, now_ms: u64) -> bool {
        for _ in 0..READS_PER_TURN {
            if !self.session.wants_input() {
                break;
            }
            buffer.clear();
            match raw::read(&mut self.conn, buffer, READ_LEN) {
                Read::Bytes(_) => {
                    self.conn.last_activity_ms = now_ms;
                    self.session.handle_input(buffer.data());
                }
                Read::Blocked => break,
                Read::End => {
                    self.session.handle_eof();
                    break;
                }
                Read::Failed(_) => return false,
            }
        }
        true
    }

    /// Sends what there is; `false` when the connection broke.
    fn write(&mut self, now_ms: u64) -> bool {
        while !self.session.output().is_empty() {
            match raw::write(&mut self.conn, self.session.output(), false) {
                Write::Bytes(n) => {
                    self.conn.last_activity_ms = now_ms;
                    self.session.consume(n);
                }
                Write::Blocked => break,
                Write::Failed(_) => return false,
            }
        }
        true
    }

    /// Asks a worker. Where that cannot be done, its answer ends before it has begun.
    fn ask(&mut self, question: Question, id: Id<Client>, master: &mut impl Master) {
        let pair = UnixStream::pair().and_then(|(near, far)| {
            near.set_nonblocking(true)?;
            far.set_nonblocking(true)?;
            master.poller().register(near.as_fd(), Token::pack(Kind::Conn, id))?;
            Ok((near, far))
        });
        let Ok((near, far)) = pair else { return self.session.handle_answer_end() };
        let Question { pid, rights, text } = question;
        let conn =
            Connection::accepted(near.into(), &PROTO_UNIX, Protocol::Unix, Owner::Cli, master.now_ms());
        self.relay = Some(Relay { conn, question: text, asked: 0 });
        master.hand(pid, far.into(), rights);
    }

    /// Moves the question to the worker and its answer from it, as far as both take it.
    fn relay(&mut self, buffer: &mut Buffer, now_ms: u64) {
        let Some(relay) = &mut self.relay else { return };
        let before = relay.asked;
        let asked = relay.ask();
        if relay.asked > before {
            self.conn.last_activity_ms = now_ms;
        }
        for _ in 0..READS_PER_TURN {
            if !self.session.wants_answer() {
                return;
            }
            buffer.clear();
            match raw::read(&mut relay.conn, buffer, READ_LEN) {
                Read::Bytes(_) => {
                    self.conn.last_activity_ms = now_ms;
                    self.session.handle_answer(buffer.data());
                }
                // One that hears nothing any more may still have an answer to give.
                Read::Blocked if asked => return,
                Read::Blocked | Read::End | Read::Failed(_) => {
                    self.relay = None;
                    return self.session.handle_answer_end();
                }
            }
        }
    }
}

impl Relay {
    /// Sends what is left of the question, then its end; `false` when the worker is gone.
    fn ask(&mut self) -> bool {
        while self.asked < self.question.len() {
            match raw::write(&mut self.conn, &self.question[self.asked..], false) {
                Write::Bytes(n) => self.asked += n,
                Write::Blocked => return true,
                Write::Failed(_) => return false,
            }
        }
        self.conn.shut_write();
        true
    }
}
