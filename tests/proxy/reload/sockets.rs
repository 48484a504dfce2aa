//! Which sockets go on, which are new and which end.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixStream};

use super::{SHAPES, Scene, Shape, WAIT};
use crate::kit::proxy::{poll_until, subflow};
use crate::kit::sock::{self, Transport, reserve};

fn answered(stream: &mut (impl Read + Write)) -> bool {
    let mut answer = String::new();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200 ")
}

#[test]
fn a_new_bind_opens_and_a_removed_one_closes() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let more = reserve("127.0.0.1");
        let with = format!(
            "{}listen more\n    mode http\n    bind {}\n    server s {}\n",
            scene.config("", ""),
            more.addr,
            scene.origin
        );
        assert!(sock::connect(Transport::Tcp, more.addr).is_err());
        scene.proxy.reconfigure(&with);
        scene.reload();
        assert!(answered(&mut TcpStream::connect(more.addr).expect("connect")), "{shape:?}");
        scene.proxy.reconfigure(&scene.config("", ""));
        scene.reload();
        let closed = poll_until(WAIT, || sock::connect(Transport::Tcp, more.addr).is_err().then_some(()));
        assert!(closed.is_some(), "{shape:?}: a removed bind still accepts");
        assert!(answered(&mut TcpStream::connect(scene.http.addr).expect("connect")), "{shape:?}");
    }
}

#[test]
fn who_waits_at_a_removed_bind_is_served() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let more = reserve("127.0.0.1");
        let with = format!(
            "{}listen more\n    mode http\n    maxconn 1\n    backlog 100\n    bind {}\n    server s {}\n",
            scene.config("", ""),
            more.addr,
            scene.origin
        );
        scene.proxy.reconfigure(&with);
        scene.reload();
        // One is in and says nothing yet; the others wait in the queue.
        let mut all: Vec<TcpStream> =
            (0..5).map(|_| TcpStream::connect(more.addr).expect("connect")).collect();
        let in_it = || (scene.proxy.cli().stat("more", "FRONTEND", "scur") == "1").then_some(());
        assert!(poll_until(WAIT, in_it).is_some());
        scene.proxy.reconfigure(&scene.config("", ""));
        scene.reload();
        for (at, client) in all.iter_mut().enumerate() {
            assert!(answered(client), "{shape:?}: client {at}");
        }
        drop(all);
        let closed = poll_until(WAIT, || sock::connect(Transport::Tcp, more.addr).is_err().then_some(()));
        assert!(closed.is_some(), "{shape:?}: a removed bind still accepts");
        scene.until("OldWorkers", 0);
    }
}

#[test]
fn unix_and_abstract_sockets_go_on() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let name = format!("subflow-reload-{}", scene.proxy.pid());
        let abstract_addr = UnixAddr::from_abstract_name(&name).expect("a name");
        let path = scene.proxy.dir().join("front.sock");
        let config = format!(
            "{}listen more\n    mode http\n    bind {} mode 600\n    bind abnsz@{name}\n    server s {}\n",
            scene.config("", ""),
            path.display(),
            scene.origin
        );
        scene.proxy.reconfigure(&config);
        scene.reload();
        let number = std::os::unix::fs::MetadataExt::ino(&path.metadata().expect("a socket"));
        for _ in 0..3 {
            // Connected before the reload, served after it: by whoever accepts it.
            let mut waiting = UnixStream::connect(&path).expect("connect");
            let mut waiting_abstract = UnixStream::connect_addr(&abstract_addr).expect("connect");
            scene.reload();
            assert!(answered(&mut waiting) && answered(&mut waiting_abstract), "{shape:?}");
            assert!(answered(&mut UnixStream::connect(&path).expect("connect")), "{shape:?}");
        }
        let same = std::os::unix::fs::MetadataExt::ino(&path.metadata().expect("a socket"));
        assert_eq!(same, number, "{shape:?}: the file was not made anew");
    }
}

#[test]
fn clients_between_two_requests_are_told_with_their_next_response() {
    let scene = Scene::with(Shape::Supervised, &subflow(), "");
    let mut stream = TcpStream::connect(scene.http.addr).expect("connect");
    stream.set_read_timeout(Some(WAIT)).expect("a timeout");
    let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut answer = [0; 512];
    stream.write_all(request).expect("write");
    let mut text = String::new();
    while !text.ends_with("hello") {
        let len = stream.read(&mut answer).expect("read");
        text.push_str(&String::from_utf8_lossy(&answer[..len]));
    }
    assert!(!text.contains("connection: close"), "{text}");
    scene.reload();
    scene.until("OldWorkers", 1);
    stream.write_all(request).expect("write");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the answer, then the end");
    assert!(text.contains("connection: close") && text.ends_with("hello"), "{text}");
    scene.until("OldWorkers", 0);
}

/// The supervisor has every socket twice during a reload, whatever the soft limit is that it was started with.
#[test]
fn a_low_soft_limit_of_descriptors_is_no_limit_for_the_supervisor() {
    const SOFT: usize = 256;
    let dir = tempfile::TempDir::new().expect("a temporary directory");
    let program = dir.path().join("limited");
    let script = format!("#!/bin/sh\nulimit -Sn {SOFT}\nexec {} \"$@\"\n", subflow().display());
    fs::write(&program, script).expect("write");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("chmod");
    let scene = Scene::with(Shape::Supervised, &program, "");
    let mut config = scene.config("", "") + "listen many\n    mode tcp\n    server s 127.0.0.1:1\n";
    for at in 0..SOFT + 50 {
        config += &format!("    bind unix@{}\n", dir.path().join(at.to_string()).display());
    }
    scene.proxy.reconfigure(&config);
    scene.reload();
    scene.reload();
}

/// More lines of messages than the channel to the supervisor keeps.
#[test]
fn a_configuration_with_thousands_of_warnings_is_taken() {
    let scene = Scene::new(Shape::Supervised);
    let mut config = scene.config("", "") + "defaults\n    mode http\n";
    (0..5000).for_each(|at| config += &format!("backend b{at}\n    server s 127.0.0.1:1\n"));
    scene.proxy.reconfigure(&config);
    scene.reload();
}
