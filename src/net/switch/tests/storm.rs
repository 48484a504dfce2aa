//! Many changes in a row while clients connect all the time.

use super::*;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Changes, alternating between the protocols.
const CHANGES: u64 = 12;
/// Clients that must have been answered between two steps of a change.
const BETWEEN: u64 = 50;
/// How long the whole may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Tally {
    stop: AtomicBool,
    answered: AtomicU64,
    lost: AtomicU64,
}

/// Connects, asks and reads the answer, over and over.
fn connect_on(to: SocketAddr, protocol: Protocol, tally: &Tally) {
    while !tally.stop.load(Ordering::Relaxed) {
        let count = if ask(to, protocol).is_ok() { &tally.answered } else { &tally.lost };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn ask(to: SocketAddr, protocol: Protocol) -> io::Result<()> {
    let mut stream = TcpStream::from(try_client(to, protocol)?);
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"hi")?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer)?;
    assert_eq!(&answer, b"hi");
    Ok(())
}

/// Answers those who wait at a socket.
fn answer(receiver: &Receiver) -> usize {
    let waiting = std::iter::from_fn(|| socket::accept(receiver.fd.as_fd()).ok());
    let answer = |(fd, _)| {
        let mut stream = TcpStream::from(fd);
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut question = [0; 2];
        let _ = stream.read_exact(&mut question).and_then(|()| stream.write_all(&question));
    };
    waiting.map(answer).count()
}

/// Serves with `process` until `BETWEEN` more clients were answered; how many came through sockets that leave.
fn serve(process: &Process, tally: &Tally, until: Instant) -> usize {
    let enough = tally.answered.load(Ordering::Relaxed) + BETWEEN;
    let mut late = 0;
    while tally.answered.load(Ordering::Relaxed) < enough {
        assert!(Instant::now() < until, "clients are not answered any more");
        late += process.leaving.iter().map(|old| answer(&old.receiver)).sum::<usize>();
        answer(&process.receiver);
    }
    late
}

fn storm(at: &str) {
    let until = Instant::now() + PATIENCE;
    let mut process = Process::start(&spec(at.parse().unwrap(), Transport::Tcp), Vec::new()).unwrap();
    let to = process.at();
    let tally = Arc::new(Tally::default());
    let threads = [Protocol::Tcp, Protocol::Tcp, Protocol::Mptcp].map(|protocol| {
        let tally = tally.clone();
        std::thread::spawn(move || connect_on(to, protocol, &tally))
    });
    for change in 0..CHANGES {
        serve(&process, &tally, until);
        let (transport, speaks) = match change % 2 {
            0 => (Transport::Plain, Protocol::Mptcp),
            _ => (Transport::Tcp, Protocol::Tcp),
        };
        // The old process ends: its copy of the socket is not the last.
        process = process.reload(transport);
        assert_eq!(process.receiver.protocol, speaks);
        // Those who came before the change are here soon; nobody comes behind them.
        serve(&process, &tally, until);
        assert_eq!(serve(&process, &tally, until), 0, "steered to the old socket in change {change}");
        process.close_left();
    }
    serve(&process, &tally, until);
    tally.stop.store(true, Ordering::Relaxed);
    while threads.iter().any(|thread| !thread.is_finished()) {
        assert!(Instant::now() < until, "clients wait for an answer");
        answer(&process.receiver);
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(tally.lost.load(Ordering::Relaxed), 0);
    assert!(tally.answered.load(Ordering::Relaxed) > CHANGES * 3 * BETWEEN);
}

#[test]
fn no_client_is_lost_in_twelve_changes() {
    if !has_mptcp() {
        return;
    }
    for at in ["127.0.0.1:0", "[::]:0"] {
        storm(at);
    }
}

#[test]
fn no_client_is_lost_whether_the_kernel_migrates_requests_or_not() {
    if !has_mptcp() {
        return;
    }
    in_namespace(&[("ipv4/tcp_migrate_req", "0")], || storm("0.0.0.0:0"));
    in_namespace(&[("ipv4/tcp_migrate_req", "1")], || storm("[::1]:0"));
}
