//! Traffic that goes on while something is done to the proxy: short connections without pause, long ones that
//! stay, and the origins behind it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::proxy::poll_until;
use super::sock::{self, Transport};

/// How long one answer may take.
const WAIT: Duration = Duration::from_secs(30);
/// What the origin answers with.
const BODY: &str = "hello";
/// Failures whose texts are kept.
const TEXTS_MAX: usize = 5;

/// What came of a load.
#[derive(Debug, Default)]
pub struct Tally {
    /// Exchanges that were whole.
    pub done: u64,
    /// Those that were not, and the first few reasons.
    pub failed: u64,
    pub reasons: Vec<String>,
}

impl Tally {
    fn add(&mut self, outcome: std::io::Result<()>) {
        match outcome {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                if self.reasons.len() < TEXTS_MAX {
                    self.reasons.push(error.to_string());
                }
            }
        }
    }

    /// Nothing failed, and something was done.
    pub fn assert_whole(&self, what: &str) {
        assert!(self.failed == 0 && self.done > 0, "{what}: {self:?}");
    }
}

/// Something that runs beside the test until it is stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    threads: Vec<JoinHandle<Tally>>,
}

impl Load {
    fn run(threads: usize, work: impl Fn() -> std::io::Result<()> + Clone + Send + 'static) -> Load {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let start = |_| {
            let (stop, done, work) = (Arc::clone(&stop), Arc::clone(&done), work.clone());
            std::thread::spawn(move || {
                let mut tally = Tally::default();
                while !stop.load(Ordering::Relaxed) {
                    tally.add(work());
                    done.fetch_add(1, Ordering::Relaxed);
                }
                tally
            })
        };
        let threads = (0..threads).map(start).collect();
        Load { stop, done, threads }
    }

    /// So many clients at once, each making one request on each of its connections.
    pub fn requests(clients: usize, transport: Transport, to: SocketAddr) -> Load {
        Load::run(clients, move || one_request(transport, to))
    }

    /// So many connections that stay open and are used in turn, to an [`echo`].
    pub fn long(connections: usize, transport: Transport, to: SocketAddr) -> Load {
        let open = |_| TcpStream::from(sock::connect(transport, to).expect("connect"));
        let streams: Vec<TcpStream> = (0..connections).map(open).collect();
        streams.iter().for_each(|stream| stream.set_read_timeout(Some(WAIT)).expect("a timeout"));
        let streams = Arc::new(streams);
        let at = Arc::new(AtomicU64::new(0));
        Load::run(1, move || {
            let n = at.fetch_add(1, Ordering::Relaxed);
            ping(&streams[n as usize % streams.len()], n)
        })
    }

    /// Waits until some more exchanges were made.
    pub fn more(&self, exchanges: u64) {
        let until = self.done.load(Ordering::Relaxed) + exchanges;
        let came = poll_until(WAIT, || (self.done.load(Ordering::Relaxed) >= until).then_some(()));
        assert!(came.is_some(), "the load of {} threads stands still", self.threads.len());
    }

    /// Ends it.
    pub fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for thread in self.threads {
            let one = thread.join().expect("a client");
            all.done += one.done;
            all.failed += one.failed;
            all.reasons.extend(one.reasons);
        }
        all
    }
}

fn one_request(transport: Transport, to: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::from(sock::connect(transport, to)?);
    stream.set_read_timeout(Some(WAIT))?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    match transport {
        Transport::Tcp => drop(stream.read_to_end(&mut answer)?),
        // As a client does that knows the length: the end of an MPTCP connection is told by a worker of the kernel,
        // which on a busy machine was seen to wait for a minute (`BUG: workqueue lockup ... mptcp_worker`).
        Transport::Mptcp => read_answer(&mut stream, &mut answer)?,
    }
    match answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(BODY.as_bytes()) {
        true => Ok(()),
        false => Err(std::io::Error::other(format!("answer {}", answer.escape_ascii()))),
    }
}

fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> std::io::Result<()> {
    let mut room = [0; 1024];
    while !answer.ends_with(BODY.as_bytes()) {
        match stream.read(&mut room)? {
            0 => return Ok(()),
            n => answer.extend_from_slice(&room[..n]),
        }
    }
    Ok(())
}

fn ping(mut stream: &TcpStream, n: u64) -> std::io::Result<()> {
    let sent = [n.to_le_bytes(); 64].concat();
    stream.write_all(&sent)?;
    let mut came = vec![0; sent.len()];
    stream.read_exact(&mut came)?;
    match came == sent {
        true => Ok(()),
        false => Err(std::io::Error::other("other bytes came back")),
    }
}

/// An HTTP server that answers every request with 200 and closes; serves until the test's process ends.
pub fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let addr = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who goes away in the middle is no concern of the origin's.
            let _ = answer(stream);
        }
    });
    addr
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(WAIT))?;
    let mut head = Vec::new();
    let mut room = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut room)? {
            0 => return Ok(()),
            n => head.extend_from_slice(&room[..n]),
        }
    }
    let len = BODY.len();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{BODY}")
}

/// A server that sends back what comes, on any number of connections; serves until the test's process ends.
pub fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let addr = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut streams: Vec<TcpStream> = Vec::new();
        loop {
            let all = std::iter::once(listener.as_fd()).chain(streams.iter().map(AsFd::as_fd));
            let mut fds: Vec<_> = all.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
            let hour = Timespec { tv_sec: 3600, tv_nsec: 0 };
            if poll(&mut fds, Some(&hour)).is_err() {
                continue;
            }
            let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
            let mut at = ready[1..].iter();
            streams.retain_mut(|stream| !*at.next().unwrap_or(&false) || echo_once(stream));
            if ready[0]
                && let Ok((stream, _)) = listener.accept()
            {
                streams.push(stream);
            }
        }
    });
    addr
}

fn echo_once(stream: &mut TcpStream) -> bool {
    let mut room = [0; 4096];
    matches!(stream.read(&mut room), Ok(n) if n > 0 && stream.write_all(&room[..n]).is_ok())
}
