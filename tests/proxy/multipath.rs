//! Two namespaces, two paths, subflow in the middle: a download goes on when one path is cut.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use subflow::sys::tcpstate;

use crate::kit::netns::Netns;
use crate::kit::peer::{Listener, Peer, Transcript, WAIT, pattern};
use crate::kit::proxy::{Setup, poll_until, skip, subflow};
use crate::kit::sock::{self, Transport};

/// What is downloaded, and what is read before the path is cut.
const BYTES: usize = 64 << 20;
const BEFORE_THE_CUT: usize = 8 << 20;
/// The promise: no single read waits longer, whatever happens to one path.
const GAP_MAX: Duration = Duration::from_secs(1);
/// A length that no buffer on the way has, so that a lost or doubled buffer shifts the bytes.
const BLOCK: usize = 65_521;

/// A client's and a server's namespace joined by two links, with MPTCP told of both.
fn two_paths() -> Option<(Netns, Netns)> {
    let (client, server) = (Netns::new()?, Netns::new()?);
    client.link(("a0", "10.77.1.1/24"), &server, ("b0", "10.77.1.2/24"));
    client.link(("a1", "10.77.2.1/24"), &server, ("b1", "10.77.2.2/24"));
    for netns in [&client, &server] {
        netns.ip(&["mptcp", "limits", "set", "subflow", "2", "add_addr_accepted", "2"]);
        for device in ["all", "default"] {
            netns.sysctl(&format!("net/ipv4/conf/{device}/rp_filter"), "2");
        }
    }
    client.ip(&["mptcp", "endpoint", "add", "10.77.2.1", "dev", "a1", "subflow"]);
    server.ip(&["mptcp", "endpoint", "add", "10.77.2.2", "dev", "b1", "signal"]);
    Some((client, server))
}

/// A download through a proxy with this bind and mode, whose first path is cut on the way.
fn download(bind: &str, mode: &str) {
    let Some((outside, inside)) = two_paths() else { return };
    if inside.run(|| sock::bound(Transport::Mptcp, SocketAddr::from(([127, 0, 0, 1], 0)))).is_err() {
        return skip("no MPTCP in this kernel");
    }
    let transcript = Transcript::default();
    let mut servers = inside.run(|| Listener::new("s", Transport::Tcp, "127.0.0.1", &transcript));
    let config = format!(
        "defaults\n    mode {mode}\n    timeout connect 4s\n    timeout client 20s\n    timeout server 20s
listen l\n    bind {bind}\n    server s {}\n",
        servers.addr()
    );
    let _proxy = inside.run(|| Setup::default().start(&subflow(), &config));
    let front = SocketAddr::from(([10, 77, 1, 2], 8080));
    let fd = outside.run(|| sock::connect(Transport::Mptcp, front)).expect("connect");
    let mut client = Peer::new("client", fd, &transcript);
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut server = servers.accept();
    server.expect_head();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BYTES}\r\n\r\n");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            server.send(&head);
            let block = pattern(BLOCK, 5);
            let mut left = BYTES;
            while left > 0 {
                let piece = &block[..left.min(BLOCK)];
                server.send(piece);
                left -= piece.len();
            }
        });
        let mut got = client.take(1 << 20);
        let joined = poll_until(WAIT, || {
            let info = tcpstate::mptcp_info(std::os::fd::AsFd::as_fd(client.fd())).ok()?;
            (info.subflows_extra > 0).then_some(())
        });
        assert!(joined.is_some(), "no second path joined the connection");
        let mut gap_max = Duration::ZERO;
        let whole = head.len() + BYTES;
        let mut cut = false;
        while got.len() < whole {
            if !cut && got.len() >= BEFORE_THE_CUT {
                inside.ip(&["link", "set", "b0", "down"]);
                cut = true;
            }
            let before = Instant::now();
            got.extend(client.take((whole - got.len()).min(1 << 14)));
            gap_max = gap_max.max(before.elapsed());
        }
        assert!(gap_max < GAP_MAX, "the download paused for {gap_max:?}");
        check(&got, mode);
    });
}

/// Every byte of the body is the one that was sent.
fn check(got: &[u8], mode: &str) {
    let head_len = got.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
    let body = &got[head_len..];
    assert_eq!(body.len(), BYTES, "mode {mode}");
    let block = pattern(BLOCK, 5);
    for (at, piece) in body.chunks(BLOCK).enumerate() {
        assert!(piece == &block[..piece.len()], "mode {mode}: block {at} is not what was sent");
    }
}

#[test]
fn a_tcp_mode_download_survives_the_loss_of_a_path() {
    download(":8080", "tcp");
}

#[test]
fn an_http_download_survives_the_loss_of_a_path() {
    download("mptcp@:8080", "http");
}
