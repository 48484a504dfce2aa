//! Scripted ends of a connection. A test drives them step by step from one thread, so what happened before
//! what is decided by the script; everything an end sees is kept, in order, as an [`Event`].

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, Shutdown, sockopt};

use super::http;
use super::sock::{self, Transport};

/// How long any end waits for what its script says comes next.
pub const WAIT: Duration = Duration::from_secs(8);

/// How long a connection that stays open is watched.
const STAYS: Duration = Duration::from_millis(120);

/// What one end of a connection saw.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes; what arrives in several reads of one step counts as one.
    Data(Vec<u8>),
    /// An HTTP message, normalised: names in lower case, chunks joined.
    Http(String),
    /// The other end will send no more.
    Fin,
    /// The connection was aborted.
    Rst,
    /// Something of interest that is neither: a refused connect, a connection accepted.
    Note(String),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Data(bytes) if bytes.len() > 4096 => {
                write!(f, "Data({} bytes, sum {:016x})", bytes.len(), checksum(bytes))
            }
            Event::Data(bytes) => write!(f, "Data({})", bytes.escape_ascii()),
            Event::Http(text) if text.len() > 4096 => {
                let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
                let sum = checksum(body.as_bytes());
                write!(f, "Http({}, {} bytes, sum {sum:016x})", head.escape_debug(), body.len())
            }
            Event::Http(text) => write!(f, "Http({})", text.escape_debug()),
            Event::Fin => f.write_str("Fin"),
            Event::Rst => f.write_str("Rst"),
            Event::Note(text) => write!(f, "{text}"),
        }
    }
}

/// FNV-1a, enough to tell a lost, doubled or moved byte.
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// `len` bytes that repeat at no small distance, so that a moved block shows.
pub fn pattern(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut bytes = Vec::with_capacity(len + 4);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// The common record of a test's ends: `(who, what)` in the order in which the script saw it.
#[derive(Clone, Default)]
pub struct Transcript(Arc<Mutex<Vec<(String, Event)>>>);

impl Transcript {
    /// Adds one observation.
    pub fn add(&self, who: &str, event: Event) {
        self.0.lock().expect("no poison").push((who.to_owned(), event));
    }

    /// Drops what was noted so far, for scripts that repeat thousands of times.
    pub fn forget(&self) {
        self.0.lock().expect("no poison").clear();
    }

    /// One line an observation.
    pub fn lines(&self) -> Vec<String> {
        let events = self.0.lock().expect("no poison");
        events.iter().map(|(who, event)| format!("{who}: {event:?}")).collect()
    }
}

/// One scripted end of a connection, client or server alike.
pub struct Peer {
    who: String,
    fd: Option<OwnedFd>,
    transcript: Transcript,
    /// Bytes read behind the end of an HTTP message.
    rest: Vec<u8>,
    /// A look at the socket has found a reset, which the kernel will not tell again.
    is_reset: bool,
}

impl Peer {
    /// Takes a connected socket over; what it sees is noted under the name `who`.
    pub fn new(who: &str, fd: OwnedFd, transcript: &Transcript) -> Peer {
        sockopt::set_socket_timeout(&fd, sockopt::Timeout::Recv, Some(WAIT)).expect("SO_RCVTIMEO");
        sockopt::set_socket_timeout(&fd, sockopt::Timeout::Send, Some(WAIT)).expect("SO_SNDTIMEO");
        Peer {
            who: who.to_owned(),
            fd: Some(fd),
            transcript: transcript.clone(),
            rest: Vec::new(),
            is_reset: false,
        }
    }

    /// The socket; a script that closed it does not ask.
    pub fn fd(&self) -> &OwnedFd {
        self.fd.as_ref().expect("this end is still open")
    }

    /// Sends all of `bytes`. A reset seen while sending is noted as one.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let mut left = bytes.as_ref();
        while !left.is_empty() {
            match rustix::io::write(self.fd(), left) {
                Ok(n) => left = &left[n..],
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return self.note(Event::Rst),
                Err(error) => panic!("{}: send: {error}; {} bytes left", self.who, left.len()),
            }
        }
    }

    /// Reads exactly `expected`; anything else, an end included, is the test's failure.
    pub fn expect(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let mut got = Vec::new();
        while got.len() < expected.len() {
            match self.read_some(expected.len() - got.len()) {
                Event::Data(bytes) => got.extend_from_slice(&bytes),
                end => {
                    self.note(Event::Data(got));
                    self.note(end.clone());
                    panic!("{}: {end:?} while expecting {:?}", self.who, Event::Data(expected.to_vec()));
                }
            }
        }
        self.note(Event::Data(got.clone()));
        assert!(got == expected, "{}: not the bytes that were sent", self.who);
    }

    /// Reads exactly `len` bytes without looking at what they are.
    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let mut got = std::mem::take(&mut self.rest);
        self.rest = got.split_off(len.min(got.len()));
        while got.len() < len {
            match self.read_some(len - got.len()) {
                Event::Data(bytes) => got.extend_from_slice(&bytes),
                end => panic!("{}: {end:?} after {} of {len} bytes", self.who, got.len()),
            }
        }
        got
    }

    /// Reads until the other end ends, whichever way, and notes bytes and end.
    pub fn read_to_end(&mut self) -> Event {
        let mut got = std::mem::take(&mut self.rest);
        loop {
            match self.read_some(1 << 16) {
                Event::Data(bytes) => got.extend_from_slice(&bytes),
                end => {
                    if !got.is_empty() {
                        self.note(Event::Data(got));
                    }
                    self.note(end.clone());
                    return end;
                }
            }
        }
    }

    /// Reads one HTTP message, normalises it and notes it; `Fin` or `Rst` if none came.
    pub fn read_http(&mut self, rule: http::BodyRule) -> Event {
        let mut got = std::mem::take(&mut self.rest);
        let event = loop {
            if let Some(len) = http::message_len(&got, rule) {
                self.rest = got.split_off(len);
                break Event::Http(http::normalise(&got));
            }
            match self.read_some(1 << 16) {
                Event::Data(bytes) => got.extend_from_slice(&bytes),
                end if got.is_empty() => break end,
                end => {
                    self.note(Event::Http(http::normalise(&got)));
                    break end;
                }
            }
        };
        self.note(event.clone());
        event
    }

    /// Reads the head of an HTTP message and notes it, whatever its body; the body stays to be read.
    pub fn expect_head(&mut self) {
        assert_eq!(self.rest.len(), 0, "{}: bytes left of an earlier message", self.who);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.take(1));
        }
        self.note(Event::Http(http::normalise(&head)));
    }

    /// Reads a chunked body to its last chunk and notes it without the way it was cut.
    pub fn expect_chunks(&mut self) {
        let mut got = Vec::new();
        while http::chunks(&got).is_none() {
            got.extend(self.take(1));
        }
        self.note(Event::Note(http::chunks(&got).expect("just seen")));
    }

    /// Reads to the end and notes what came as one normalised HTTP message, then the end.
    pub fn read_http_to_end(&mut self) -> Event {
        let mut got = std::mem::take(&mut self.rest);
        loop {
            match self.read_some(1 << 16) {
                Event::Data(bytes) => got.extend_from_slice(&bytes),
                end => {
                    if !got.is_empty() {
                        self.note(Event::Http(http::normalise(&got)));
                    }
                    self.note(end.clone());
                    return end;
                }
            }
        }
    }

    /// Reads one answer, then notes whether the connection stays open behind it.
    pub fn read_answer(&mut self) {
        if matches!(self.read_http(http::BodyRule::Response), Event::Fin | Event::Rst) {
            return;
        }
        if self.is_quiet_for(STAYS) {
            self.note(Event::Note("stays open".to_owned()));
        } else {
            self.read_http_to_end();
        }
    }

    /// True when nothing (data, end or reset) arrives for `limit`.
    pub fn is_quiet_for(&self, limit: Duration) -> bool {
        !sock::readable_within(self.fd(), limit)
    }

    /// True when both directions are over (by a reset, or by ends on both sides) within `limit`, told without
    /// reading.
    pub fn is_hung_up_within(&self, limit: Duration) -> bool {
        sock::hung_up_within(self.fd(), limit)
    }

    /// Sends until the buffers on the way are full and have stayed so for a moment; how much went out.
    pub fn send_until_blocked(&mut self) -> usize {
        let moment = Duration::from_millis(100);
        sockopt::set_socket_timeout(self.fd(), sockopt::Timeout::Send, Some(moment)).expect("SO_SNDTIMEO");
        let block = pattern(1 << 16, 7);
        let mut sent = 0;
        loop {
            match rustix::io::write(self.fd(), &block[sent % block.len()..]) {
                Ok(n) => sent += n,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(Errno::PIPE | Errno::CONNRESET) => return sent,
                Err(error) => panic!("{}: send: {error} after {sent} bytes", self.who),
            }
        }
        sockopt::set_socket_timeout(self.fd(), sockopt::Timeout::Send, Some(WAIT)).expect("SO_SNDTIMEO");
        sent
    }

    /// One read, waiting at most [`WAIT`].
    fn read_some(&mut self, len_max: usize) -> Event {
        let mut buffer = vec![0; len_max.min(1 << 16)];
        if self.is_reset {
            return Event::Rst;
        }
        loop {
            match rustix::io::read(self.fd(), &mut buffer[..]) {
                Ok(0) => return Event::Fin,
                Ok(n) => {
                    buffer.truncate(n);
                    return Event::Data(buffer);
                }
                Err(Errno::INTR) => {}
                Err(Errno::CONNRESET | Errno::PIPE) => return Event::Rst,
                Err(Errno::AGAIN) => panic!("{}: nothing came for {WAIT:?}", self.who),
                Err(error) => panic!("{}: read: {error}", self.who),
            }
        }
    }

    /// Whether this end has not been closed by its script.
    pub fn is_open(&self) -> bool {
        self.fd.is_some()
    }

    /// Whether bytes are here to be read; none at the connection's end.
    pub fn has_bytes(&mut self) -> Option<bool> {
        if self.rest.is_empty() { self.peek() } else { Some(true) }
    }

    /// The same of the socket alone.
    fn peek(&mut self) -> Option<bool> {
        match rustix::net::recv(self.fd(), &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Ok((0, _)) => None,
            Ok(_) => Some(true),
            Err(Errno::AGAIN | Errno::INTR) => Some(false),
            Err(_) => {
                // The kernel tells of it once.
                self.is_reset = true;
                None
            }
        }
    }

    /// What is here already, nothing noted.
    pub fn read_now(&mut self) -> Vec<u8> {
        let mut got = std::mem::take(&mut self.rest);
        while self.peek() == Some(true) {
            if let Event::Data(bytes) = self.read_some(1 << 16) {
                got.extend_from_slice(&bytes);
            }
        }
        got
    }

    /// Keeps what has arrived for a later step; true at the connection's end.
    pub fn poll_end(&mut self) -> bool {
        self.rest = self.read_now();
        self.peek().is_none()
    }

    /// Reads answers to the end of the connection and notes each and the end.
    pub fn read_answers(&mut self) {
        while !matches!(self.read_http(http::BodyRule::Response), Event::Fin | Event::Rst) {}
    }

    /// Reads until `deadline` or the end and notes what came and whether a FIN came. A connection that may be idle is
    /// kept or reset as its proxy's load of late has it.
    pub fn read_what_comes_until(&mut self, deadline: Instant) {
        let mut got = self.read_now();
        while self.peek().is_some() {
            if self.is_quiet_for(deadline.saturating_duration_since(Instant::now())) {
                break;
            }
            got.extend(self.read_now());
        }
        if !got.is_empty() {
            self.note(Event::Http(http::normalise(&got)));
        }
        match self.peek().is_none() && self.read_some(1) == Event::Fin {
            true => self.note(Event::Fin),
            false => self.note(Event::Note("is kept or reset".to_owned())),
        }
    }

    /// Ends the sending direction.
    pub fn half_close(&mut self) {
        if let Err(error) = rustix::net::shutdown(self.fd(), Shutdown::Write) {
            assert_eq!(error, Errno::NOTCONN, "{}: shutdown", self.who);
        }
    }

    /// Closes; unread bytes make the kernel send a reset instead of a FIN.
    pub fn close(&mut self) {
        self.fd = None;
    }

    /// Aborts: closes with a linger of zero, which sends a reset.
    pub fn reset(&mut self) {
        sockopt::set_socket_linger(self.fd(), Some(Duration::ZERO)).expect("SO_LINGER");
        self.fd = None;
    }

    /// Sends `out`, half-closes, and meanwhile reads to the end; what was read, nothing noted.
    pub fn exchange_silently(&mut self, out: &[u8]) -> Vec<u8> {
        let fd = Some(self.fd().try_clone().expect("dup"));
        let quiet = Transcript::default();
        let mut sender =
            Peer { who: self.who.clone(), fd, transcript: quiet, rest: Vec::new(), is_reset: false };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                sender.send(out);
                sender.half_close();
            });
            let mut got = Vec::new();
            while let Event::Data(bytes) = self.read_some(1 << 16) {
                got.extend_from_slice(&bytes);
            }
            got
        })
    }

    /// True when the next thing read is an end.
    pub fn read_some_is_end(&mut self) -> bool {
        !matches!(self.read_some(1 << 16), Event::Data(_))
    }

    fn note(&self, event: Event) {
        self.transcript.add(&self.who, event);
    }
}

/// A scripted server: a listening socket whose connections the script accepts one by one.
pub struct Listener {
    who: String,
    fd: OwnedFd,
    transcript: Transcript,
    accepted: usize,
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Listener {
    /// Listens on `ip`, any port, under the name `who`.
    pub fn new(who: &str, transport: Transport, ip: &str, transcript: &Transcript) -> Listener {
        let addr = SocketAddr::new(ip.parse().expect("an address"), 0);
        Listener::on(who, sock::listen(transport, addr, 128).expect("listen"), transcript)
    }

    /// Takes a listening socket over.
    pub fn on(who: &str, fd: OwnedFd, transcript: &Transcript) -> Listener {
        Listener { who: who.to_owned(), fd, transcript: transcript.clone(), accepted: 0 }
    }

    /// Its address.
    pub fn addr(&self) -> SocketAddr {
        sock::local_addr(&self.fd)
    }

    /// The next connection; waits at most [`WAIT`].
    pub fn accept(&mut self) -> Peer {
        assert!(sock::readable_within(&self.fd, WAIT), "{}: no connection for {WAIT:?}", self.who);
        let fd = rustix::net::accept_with(&self.fd, rustix::net::SocketFlags::CLOEXEC).expect("accept");
        self.accepted += 1;
        let who = format!("{}#{}", self.who, self.accepted);
        self.transcript.add(&who, Event::Note("accepted".to_owned()));
        Peer::new(&who, fd, &self.transcript)
    }

    /// True when no connection arrives for `limit`.
    pub fn is_quiet_for(&self, limit: Duration) -> bool {
        !sock::readable_within(&self.fd, limit)
    }
}
