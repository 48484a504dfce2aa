use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::BorrowedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

/// Takes over from a peer that does what `talk` does.
fn take(talk: impl FnOnce(UnixStream) + Send + 'static) -> Result<Vec<Inherited>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cli");
    let listener = UnixListener::bind(&path).unwrap();
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = vec![0; COMMAND.len()];
        stream.read_exact(&mut asked).unwrap();
        assert_eq!(asked, COMMAND);
        talk(stream);
    });
    let args = Args { takeover: Some(path.into()), ..Args::default() };
    let taken = inherit(&args).map_err(|e| e.to_string());
    peer.join().unwrap();
    taken
}

fn send(to: &UnixStream, bytes: &[u8], fds: &[BorrowedFd<'_>]) {
    assert_eq!(fd_passing::send(to.as_fd(), bytes, fds).unwrap(), bytes.len());
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn without_the_option_nothing_is_taken_over() {
    assert!(inherit(&Args::default()).unwrap().is_empty());
}

#[test]
fn sockets_of_several_messages_are_acknowledged_and_known() {
    let (first, second) = (listener(), listener());
    let addrs = [&first, &second].map(|l| SockAddr::Inet(l.local_addr().unwrap()));
    let taken = take(move |mut peer| {
        send(&peer, &3u32.to_ne_bytes(), &[]);
        let datagram = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        // The labels in two parts: the descriptors come with the first.
        send(&peer, &[0; 7], &[first.as_fd(), datagram.as_fd()]);
        send(&peer, &[0; 5], &[]);
        let mut word = [9; 4];
        peer.read_exact(&mut word).unwrap();
        assert_eq!(u32::from_ne_bytes(word), 0);
        send(&peer, &[0; 6], &[second.as_fd()]);
        peer.read_exact(&mut word).unwrap();
        assert_eq!(u32::from_ne_bytes(word), 2);
    });
    assert_eq!(taken.unwrap().into_iter().map(|one| one.addr).collect::<Vec<_>>(), addrs);
}

#[test]
fn no_sockets_is_an_answer() {
    assert!(take(|peer| send(&peer, &0u32.to_ne_bytes(), &[])).unwrap().is_empty());
}

#[test]
fn what_is_not_such_an_answer_is_refused() {
    let one = 1u32.to_ne_bytes();
    let refused = |words: &'static str, talk: Box<dyn FnOnce(UnixStream) + Send>| {
        let error = take(talk).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    refused("expose-fd listeners", Box::new(drop));
    refused("is cut off", Box::new(|peer| send(&peer, &[1], &[])));
    refused("is out of range", Box::new(|peer| send(&peer, b"HTTP/1.1 400 Bad", &[])));
    refused("closed after 0 of 1", Box::new(move |peer| send(&peer, &one, &[])));
    refused("before their number", Box::new(move |peer| send(&peer, &one, &[listener().as_fd()])));
    let said = move |bytes: &'static [u8], fds: usize| {
        move |mut peer: UnixStream| {
            peer.write_all(&one).unwrap();
            let sockets: Vec<TcpListener> = (0..fds).map(|_| listener()).collect();
            send(&peer, bytes, &sockets.iter().map(|s| s.as_fd()).collect::<Vec<_>>());
        }
    };
    refused("not as many", Box::new(said(&[0; 6], 0)));
    refused("not as many", Box::new(said(&[0; 6], 2)));
    refused("not text", Box::new(said(b"\x01\xff\0\0\0\0\0", 1)));
    refused("closed after 0 of 1", Box::new(said(b"\x09", 1)));
    refused("more behind", Box::new(said(&[0; 7], 1)));
}

#[test]
fn a_socket_that_is_not_there_or_too_long_is_named() {
    for path in ["/nonexistent/cli".to_owned(), format!("/{}", "x".repeat(200))] {
        let args = Args { takeover: Some(path.clone().into()), ..Args::default() };
        let error = inherit(&args).unwrap_err().to_string();
        assert!(error.contains(&path) && error.contains("cannot connect"), "{error}");
    }
}

#[test]
fn a_unix_socket_is_known_by_where_it_was_moved() {
    for (bound, known) in [
        ("/run/h.sock.123.tmp", "/run/h.sock"),
        ("/run/h.sock", "/run/h.sock"),
        ("/run/h.sock.12x.tmp", "/run/h.sock.12x.tmp"),
        ("/run/h.sock..tmp", "/run/h.sock..tmp"),
        (".1.tmp", ".1.tmp"),
        ("x.tmp", "x.tmp"),
    ] {
        assert_eq!(published(Path::new(bound)), Path::new(known));
    }
}

#[test]
fn nobody_is_asked_where_nobody_is_named() {
    assert!(!release(None)());
    assert!(!release(Some(&Predecessors::Finish(vec![])))());
    // Not a process, and not all processes.
    assert!(!release(Some(&Predecessors::Terminate(vec![i32::MAX, -1, 0])))());
}
