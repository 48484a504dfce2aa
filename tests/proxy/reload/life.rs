//! How the processes end: by the operator's signals, by accident, by the limits on old workers.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{SHAPES, Scene, Shape, WAIT};
use crate::kit::load::Load;
use crate::kit::proxy::{poll_until, subflow};
use crate::kit::sock::Transport;

/// Gone, or dead and waiting for whoever inherited it.
fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

fn assert_ends(pid: Pid) {
    assert!(poll_until(WAIT, || has_ended(pid).then_some(())).is_some(), "{pid} does not end");
}

#[test]
fn signals_end_both_shapes_as_the_reference_does() {
    for (shape, signal, code) in [
        (Shape::Supervised, Signal::SIGINT, Some(130)),
        (Shape::Supervised, Signal::SIGTERM, Some(0)),
        (Shape::Supervised, Signal::SIGUSR1, Some(0)),
        (Shape::Single, Signal::SIGINT, None),
        (Shape::Single, Signal::SIGTERM, None),
        (Shape::Single, Signal::SIGUSR1, Some(0)),
    ] {
        let mut scene = Scene::new(shape);
        scene.reload();
        let worker = scene.worker();
        scene.proxy.signal(signal);
        let status = scene.proxy.wait(WAIT).expect("it ends");
        assert_eq!(status.code(), code, "{shape:?}, {signal}");
        if code.is_none() {
            assert_eq!(status.signal(), Some(signal as i32), "{shape:?}");
        }
        assert_ends(worker);
    }
}

#[test]
fn a_worker_that_is_killed_ends_the_supervisor_with_its_status() {
    for shape in SHAPES {
        let mut scene = Scene::new(shape);
        let stays = Load::long(1, Transport::Tcp, scene.tcp.addr);
        scene.reload();
        scene.until("OldWorkers", 1);
        let worker = scene.worker();
        stays.stop().assert_whole("a long connection");
        kill(worker, Signal::SIGKILL).expect("kill");
        let status = scene.proxy.wait(WAIT).expect("it ends");
        assert_eq!(status.code(), Some(137), "{shape:?}");
        let said = scene.proxy.stderr();
        assert!(said.contains("exited with code 137 (Killed)"), "{shape:?}: {said}");
    }
}

#[test]
fn no_worker_outlives_a_supervisor_that_is_killed() {
    for shape in SHAPES {
        let mut scene = Scene::new(shape);
        let old = scene.worker();
        let stays = Load::long(1, Transport::Tcp, scene.tcp.addr);
        scene.reload();
        let new = scene.worker();
        // In the single shape the process that was the worker has become the supervisor.
        let old = if shape == Shape::Single { new } else { old };
        scene.until("OldWorkers", 1);
        scene.proxy.signal(Signal::SIGKILL);
        scene.proxy.wait(WAIT).expect("it ends");
        assert_ends(new);
        assert_ends(old);
        drop(stays);
    }
}

#[test]
fn pausing_and_resuming_reach_the_worker() {
    let scene = Scene::new(Shape::Supervised);
    scene.proxy.signal(Signal::SIGTTOU);
    let state = |scene: &Scene| scene.proxy.cli().stat("http", "FRONTEND", "status");
    assert!(poll_until(WAIT, || (state(&scene) == "PAUSED").then_some(())).is_some());
    scene.proxy.signal(Signal::SIGTTIN);
    assert!(poll_until(WAIT, || (state(&scene) == "OPEN").then_some(())).is_some());
}

#[test]
fn old_workers_are_stopped_by_hard_stop_after_and_by_mworker_max_reloads() {
    for (global, reloads) in [("hard-stop-after 100ms", 1), ("mworker-max-reloads 2", 3)] {
        let scene = Scene::with(Shape::Supervised, &subflow(), global);
        let stays = Load::long(2, Transport::Tcp, scene.tcp.addr);
        stays.more(4);
        let old = scene.worker();
        for _ in 0..reloads {
            assert!(!has_ended(old), "{global}");
            scene.reload();
        }
        assert_ends(old);
        stays.more(4);
        let tally = stays.stop();
        assert!(tally.failed > 0, "{global}: its connections ended with it");
    }
}

/// The words behind `Uid:` in `/proc/PID/status`.
fn uid_of(pid: Pid) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:")).expect("a uid");
    line.split_whitespace().next().expect("a number").to_owned()
}

/// A port that only root may bind, and that nobody has.
fn privileged_port() -> std::net::SocketAddr {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = (600..1000).find(free).expect("a free port below 1000");
    (std::net::Ipv4Addr::LOCALHOST, port).into()
}

#[test]
fn a_worker_without_rights_is_followed_by_one_that_binds_a_privileged_port() {
    if !nix::unistd::Uid::effective().is_root() {
        return crate::kit::proxy::skip("only root can give rights up");
    }
    for supervisor in [&["-W", "-db"][..], &[]] {
        let dir = tempfile::TempDir::new().expect("a temporary directory");
        let (socket, jail) = (dir.path().join("cli.sock"), dir.path().join("jail"));
        fs::create_dir(&jail).expect("a directory");
        let port = privileged_port();
        let config = |more: &str| {
            let front = dir.path().join("front.sock");
            let (front, socket, jail) = (front.display(), socket.display(), jail.display());
            format!(
                "global\n    chroot {jail}\n    user nobody\n    stats socket {socket} level admin\n\
                 defaults\n    timeout client 5s\n    timeout server 5s\n    timeout connect 5s\n\
                 listen l\n    bind unix@{front}\n    {more}\n    server s 127.0.0.1:1\n"
            )
        };
        fs::write(dir.path().join("cfg"), config("")).expect("write");
        let mut command = std::process::Command::new(subflow());
        command.args(supervisor).arg("-f").arg(dir.path().join("cfg"));
        command.stderr(fs::File::create(dir.path().join("stderr")).expect("create"));
        let mut child = crate::kit::proxy::spawn(&mut command, &[]);
        let top = Pid::from_raw(child.id() as i32);
        let cli = crate::kit::cli::Cli::new(&socket);
        let said = || fs::read_to_string(dir.path().join("stderr")).unwrap_or_default();
        let info = |key: &str| -> Option<i32> {
            let answer = cli.try_command("show info").ok()?;
            answer.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")?.parse().ok())
        };
        let first = poll_until(WAIT, || info("Pid")).unwrap_or_else(|| panic!("no start: {}", said()));
        assert_ne!(first, top.as_raw(), "{supervisor:?}: a supervisor stands above");
        assert_eq!((uid_of(top), uid_of(Pid::from_raw(first)) == "0"), ("0".to_owned(), false));
        fs::write(dir.path().join("cfg"), config(&format!("bind {port}"))).expect("write");
        kill(top, Signal::SIGUSR2).expect("kill");
        let done = poll_until(WAIT, || (info("Reloads") == Some(1)).then_some(()));
        assert!(done.is_some(), "{supervisor:?}: {}", said());
        std::net::TcpStream::connect(port).expect("the new port is served");
        assert_ne!(uid_of(Pid::from_raw(info("Pid").expect("a pid"))), "0");
        kill(top, Signal::SIGTERM).expect("kill");
        assert!(poll_until(WAIT, || child.try_wait().expect("wait")).is_some());
    }
}

/// A client with one exchange behind it, and its connection still open.
fn idle_client(scene: &Scene) -> TcpStream {
    let mut stream = TcpStream::connect(scene.http.addr).expect("connect");
    stream.set_read_timeout(Some(WAIT)).expect("a timeout");
    assert!(!exchange(&mut stream).contains("connection: close"));
    stream
}

fn exchange(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").expect("write");
    let (mut text, mut room) = (String::new(), [0; 512]);
    while !text.ends_with("hello") {
        let len = stream.read(&mut room).expect("read");
        assert!(len > 0, "the end after {text:?}");
        text.push_str(&String::from_utf8_lossy(&room[..len]));
    }
    text
}

fn stops_listening(scene: &Scene) {
    let refused = poll_until(WAIT, || TcpStream::connect(scene.http.addr).is_err().then_some(()));
    assert!(refused.is_some(), "it still listens");
}

#[test]
fn grace_lets_a_soft_stop_accept_for_a_while() {
    for shape in SHAPES {
        let mut scene = Scene::with(shape, &subflow(), "grace 1s");
        scene.proxy.signal(Signal::SIGUSR1);
        // Without it there is nobody to answer the second of these.
        for _ in 0..20 {
            assert!(exchange(&mut TcpStream::connect(scene.http.addr).expect("connect")).contains(" 200 "));
        }
        let status = scene.proxy.wait(WAIT).expect("it ends");
        assert_eq!(status.code(), Some(0), "{shape:?}");
    }
}

#[test]
fn close_spread_time_says_when_idle_clients_are_closed() {
    // Closed within the time, long before any timeout.
    let mut scene = Scene::with(Shape::Single, &subflow(), "close-spread-time 200ms");
    let mut clients: Vec<TcpStream> = (0..5).map(|_| idle_client(&scene)).collect();
    scene.proxy.signal(Signal::SIGUSR1);
    for client in &mut clients {
        assert_eq!(client.read(&mut [0; 16]).expect("the end"), 0);
    }
    assert_eq!(scene.proxy.wait(WAIT).expect("it ends").code(), Some(0));

    // Never: they go on as if nothing had been.
    let mut scene = Scene::with(Shape::Single, &subflow(), "close-spread-time infinite");
    let mut client = idle_client(&scene);
    scene.proxy.signal(Signal::SIGUSR1);
    stops_listening(&scene);
    for _ in 0..3 {
        assert!(!exchange(&mut client).contains("connection: close"));
    }
    drop(client);
    assert_eq!(scene.proxy.wait(WAIT).expect("it ends").code(), Some(0));
}
