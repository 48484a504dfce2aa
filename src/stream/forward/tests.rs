//! The pump over real sockets: what arrives, what is left for the next event, what is given back.

use super::*;
use crate::channel::{BufferPool, PipePool};
use crate::conn::Owner;
use crate::conn::mux::http1::BodyReader;
use crate::net::protocol;
use crate::sys::socket;
use crate::wire::http1;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

const BUFFER_LEN: usize = 1024;

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let near = listener.accept().unwrap().0;
    near.set_nonblocking(true).unwrap();
    (far, near)
}

fn connection(near: TcpStream) -> Connection {
    let row = protocol::ROWS[0];
    let mut conn = Connection::accepted(OwnedFd::from(near), row, Protocol::Tcp, Owner::Cli, 0);
    conn.ready = Readiness::READABLE | Readiness::WRITABLE;
    conn
}

/// Source and sink with their far ends, and a channel between them.
struct Bench {
    from: TcpStream,
    to: TcpStream,
    src: Connection,
    dst: Connection,
    ch: Channel,
    body: Body,
    pools: Pools,
}

impl Bench {
    fn new(body: Body) -> Bench {
        let ((from, src), (to, dst)) = (pair(), pair());
        let pools = Pools {
            buffers: BufferPool::new(BUFFER_LEN),
            pipes: PipePool::new(1 << 16, 2),
            exchanges: Vec::new(),
            splices_mptcp: false,
        };
        Bench { from, to, src: connection(src), dst: connection(dst), ch: Channel::default(), body, pools }
    }

    fn http(framing: http1::Body) -> Bench {
        let mut bench = Bench::new(Body::Tunnel);
        bench.body = Body::Http1(BodyReader::begin(framing, &mut bench.ch));
        bench
    }

    /// One pump, once the source has something to read.
    fn pump(&mut self, splice: Splice) -> Pumped {
        assert!(socket_is_readable(&self.src));
        self.pump_now(splice)
    }

    fn pump_now(&mut self, splice: Splice) -> Pumped {
        let Bench { src, dst, ch, body, pools, .. } = self;
        src.ready.insert(Readiness::READABLE);
        pump(ch, body, src, dst, pools, splice, 7)
    }

    /// Pumps until all is done, as often as data could need.
    fn pump_to_its_end(&mut self, splice: Splice) {
        for _ in 0..1000 {
            match self.pump(splice) {
                Pumped::Done => return,
                Pumped::Idle => {}
                end => panic!("{end:?}"),
            }
        }
        panic!("it stands still");
    }

    fn received(&mut self, len: usize) -> Vec<u8> {
        let mut got = vec![0; len];
        self.to.read_exact(&mut got).unwrap();
        got
    }

    fn holds_nothing(&self) -> bool {
        self.pools.buffers.used() == 0 && self.pools.pipes.used() == 0 && self.ch.waiting() == 0
    }
}

fn socket_is_readable(conn: &Connection) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(conn.fd(), PollFlags::POLLIN | PollFlags::POLLPRI)];
    poll(&mut fds, PollTimeout::from(5000u16)).unwrap() > 0
}

#[test]
fn a_short_transfer_leaves_nothing_behind() {
    let mut bench = Bench::new(Body::Tunnel);
    bench.from.write_all(b"hello").unwrap();
    assert!(matches!(bench.pump(Splice::Bulk), Pumped::Idle));
    assert_eq!(bench.received(5), b"hello");
    assert!(bench.holds_nothing());
    assert!(!bench.src.ready.contains(Readiness::READABLE));
    assert_eq!((bench.ch.delivered, bench.src.last_activity_ms, bench.dst.last_activity_ms), (5, 7, 7));
}

#[test]
fn the_end_of_a_tunnel_is_done_and_inside_a_length_it_is_truncated() {
    let mut tunnel = Bench::new(Body::Tunnel);
    tunnel.from.write_all(b"x").unwrap();
    tunnel.from.shutdown(Shutdown::Write).unwrap();
    tunnel.pump_to_its_end(Splice::Never);
    assert!(tunnel.ch.source_ended && tunnel.holds_nothing());
    let mut length = Bench::http(http1::Body::Length(10));
    length.from.write_all(b"123").unwrap();
    length.from.shutdown(Shutdown::Write).unwrap();
    let end = loop {
        match length.pump(Splice::Never) {
            Pumped::Idle => {}
            end => break end,
        }
    };
    assert!(matches!(end, Pumped::Truncated), "{end:?}");
    assert_eq!(length.received(3), b"123");
}

#[test]
fn what_follows_a_body_is_left_for_the_next_reader() {
    let mut bench = Bench::http(http1::Body::Length(4));
    bench.from.write_all(b"bodynext").unwrap();
    assert!(matches!(bench.pump(Splice::Always), Pumped::Done));
    assert_eq!(bench.received(4), b"body");
    assert!(bench.ch.buffer.is_none());
    let mut next = [0; 8];
    assert_eq!(crate::sys::io::recv(bench.src.fd(), &mut next).unwrap(), 4);
    assert_eq!(&next[..4], b"next");
    assert_eq!((bench.ch.budget, bench.ch.delivered), (0, 4));
}

/// Moves `len` bytes with a reader beside the pump; how the last pump ended.
fn transfer(bench: &mut Bench, len: usize, splice: Splice) -> Vec<u8> {
    let sent: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
    let (mut from, mut to) = (bench.from.try_clone().unwrap(), bench.to.try_clone().unwrap());
    let expected = sent.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || from.write_all(&sent).unwrap());
        let reader = scope.spawn(move || {
            let mut got = vec![0; len];
            to.read_exact(&mut got).unwrap();
            got
        });
        for _ in 0..1_000_000 {
            bench.dst.ready.insert(Readiness::WRITABLE);
            match bench.pump_now(splice) {
                Pumped::Done => break,
                Pumped::Idle | Pumped::Again if bench.ch.delivered == len as u64 => break,
                Pumped::Idle | Pumped::Again => std::thread::yield_now(),
                end => panic!("{end:?}"),
            }
        }
        assert_eq!(bench.ch.delivered, len as u64);
        let got = reader.join().unwrap();
        assert!(got == expected, "not the bytes that were sent");
        got
    })
}

#[test]
fn bulk_turns_to_splice_and_delivers_every_byte() {
    for splice in [Splice::Never, Splice::Bulk, Splice::Always] {
        let mut bench = Bench::new(Body::Tunnel);
        transfer(&mut bench, 3 << 20, splice);
        assert!(bench.holds_nothing());
        assert_eq!(bench.pools.pipes.used_max() > 0, splice != Splice::Never, "{splice:?}");
    }
}

#[test]
fn a_long_body_splices_to_its_last_byte_and_no_further() {
    let mut bench = Bench::http(http1::Body::Length(1 << 20));
    bench.from.set_nodelay(true).unwrap();
    transfer(&mut bench, 1 << 20, Splice::Always);
    assert_eq!(bench.ch.budget, 0);
    bench.from.write_all(b"next").unwrap();
    assert!(socket_is_readable(&bench.src));
    assert!(matches!(bench.pump_now(Splice::Always), Pumped::Done), "the next message is not touched");
    assert!(bench.holds_nothing() && bench.pools.pipes.used_max() == 1);
}

#[test]
fn without_a_pipe_the_bytes_are_copied() {
    let mut bench = Bench::new(Body::Tunnel);
    bench.pools.pipes = PipePool::new(1 << 16, 0);
    transfer(&mut bench, 1 << 18, Splice::Always);
    assert!(bench.pools.pipes.refused > 0 && bench.holds_nothing());
}

#[test]
fn a_blocked_sink_keeps_what_it_did_not_take() {
    for splice in [Splice::Never, Splice::Always] {
        let mut bench = Bench::new(Body::Tunnel);
        bench.from.set_nonblocking(true).unwrap();
        let block = [b'b'; 1 << 16];
        let mut sent = 0;
        while bench.dst.ready.contains(Readiness::WRITABLE) {
            sent += bench.from.write(&block).unwrap_or(0);
            assert!(matches!(bench.pump_now(splice), Pumped::Idle | Pumped::Again));
        }
        let held = bench.ch.waiting();
        assert!(held > 0 && !bench.holds_nothing());
        assert!(matches!(bench.pump_now(splice), Pumped::Idle));
        assert_eq!(bench.ch.waiting(), held, "nothing is read while nothing can leave");
        bench.from.shutdown(Shutdown::Write).unwrap();
        let mut to = bench.to.try_clone().unwrap();
        std::thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut got = vec![0; sent];
                to.read_exact(&mut got).unwrap();
            });
            loop {
                bench.dst.ready.insert(Readiness::WRITABLE);
                match bench.pump_now(splice) {
                    Pumped::Done => break,
                    Pumped::Idle | Pumped::Again => std::thread::yield_now(),
                    end => panic!("{end:?}"),
                }
            }
            reader.join().unwrap();
        });
        assert!(bench.holds_nothing() && bench.ch.delivered == sent as u64);
    }
}

#[test]
fn a_size_line_cut_by_the_end_of_the_buffer_is_completed() {
    let mut bench = Bench::http(http1::Body::Chunked);
    let body = "7\r\nabcdefg\r\n".repeat(900) + "0\r\n\r\n";
    bench.from.write_all(body.as_bytes()).unwrap();
    bench.from.shutdown(Shutdown::Write).unwrap();
    bench.pump_to_its_end(Splice::Bulk);
    assert!(bench.received(body.len()) == body.as_bytes());
    assert!(bench.holds_nothing());
}

#[test]
fn a_line_that_fills_the_buffer_is_malformed() {
    let mut bench = Bench::http(http1::Body::Chunked);
    bench.from.write_all(format!("7;{}", "e".repeat(2 * BUFFER_LEN)).as_bytes()).unwrap();
    assert!(matches!(bench.pump(Splice::Bulk), Pumped::Malformed(_)));
}

#[test]
fn an_urgent_byte_does_not_stop_a_spliced_transfer() {
    let mut bench = Bench::new(Body::Tunnel);
    let flags = nix::sys::socket::MsgFlags::MSG_OOB;
    use std::os::fd::AsRawFd;
    bench.from.write_all(b"before").unwrap();
    nix::sys::socket::send(bench.from.as_raw_fd(), b"!", flags).unwrap();
    bench.from.write_all(b"behind").unwrap();
    bench.from.shutdown(Shutdown::Write).unwrap();
    // As the poller tells it.
    bench.src.ready.insert(Readiness::PRIORITY);
    bench.pump_to_its_end(Splice::Always);
    assert_eq!(bench.received(12), b"beforebehind");
}

#[test]
fn a_closed_sink_and_a_reset_source_are_told_apart() {
    let mut bench = Bench::new(Body::Tunnel);
    socket::shutdown(bench.dst.fd(), socket::How::Write).unwrap();
    bench.from.write_all(b"x").unwrap();
    assert!(matches!(bench.pump(Splice::Bulk), Pumped::SinkFailed(_)));
    let mut bench = Bench::new(Body::Tunnel);
    nix::sys::socket::setsockopt(
        &bench.from,
        nix::sys::socket::sockopt::Linger,
        &nix::libc::linger { l_onoff: 1, l_linger: 0 },
    )
    .unwrap();
    let (spare, _) = pair();
    drop(std::mem::replace(&mut bench.from, spare));
    assert!(matches!(bench.pump(Splice::Bulk), Pumped::SourceFailed(_)));
    assert!(bench.holds_nothing());
}
