//! One proxy takes over from another: the listening sockets (`-x`), and the end of the older one (`-sf`, `-st`).

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::kit::load::{self, Load};
use crate::kit::proxy::{Proxy, Setup, haproxy, poll_until, run, skip, subflow};
use crate::kit::sock::{self, Reserved, Transport, reserve};

const WAIT: Duration = Duration::from_secs(20);
/// Exchanges that are to be made before, between and after the changes.
const MORE: u64 = 100;

/// One place with addresses that proxies serve one after the other.
struct Scene {
    dir: TempDir,
    http: Reserved,
    tcp: Reserved,
    origin: SocketAddr,
    echo: SocketAddr,
}

impl Scene {
    fn new() -> Scene {
        let (http, tcp) = (reserve("127.0.0.1"), reserve("127.0.0.1"));
        Scene {
            dir: TempDir::new().expect("a directory"),
            http,
            tcp,
            origin: load::origin(),
            echo: load::echo(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Name of an abstract socket that no other test has.
    fn abstract_name(&self) -> String {
        format!("takeover-{}", self.http.addr.port())
    }

    fn abstract_addr(&self) -> UnixAddr {
        let mut name = self.abstract_name().into_bytes();
        // The name fills its field, as both proxies bind it.
        name.resize(107, 0);
        UnixAddr::from_abstract_name(name).expect("an address")
    }

    /// The configuration of either proxy. Its CLI socket is known by the name `expose`.
    fn config(&self, expose: &str, global: &str) -> String {
        format!(
            "    stats socket {} level user {expose}
    {global}
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen web
    bind {http}
    bind unix@{front}
    bind abns@{name}
    server origin {origin}
listen long
    mode tcp
    bind {tcp}
    server echo {echo}
",
            self.path("expose.sock").display(),
            http = self.http.addr,
            front = self.path("front.sock").display(),
            name = self.abstract_name(),
            tcp = self.tcp.addr,
            origin = self.origin,
            echo = self.echo,
        )
    }

    /// Starts `program` here; with `older` it takes over from that.
    fn start(&self, program: &Path, older: Option<(&Proxy, &str)>) -> Proxy {
        let mut setup = Setup::default();
        if let Some((proxy, signal)) = older {
            setup.arg("-x").arg(&self.path("expose.sock").to_string_lossy());
            setup.arg(signal).arg(&proxy.pid().to_string());
        }
        setup.start(program, &self.config("expose-fd listeners", self.global(program)))
    }

    /// The oracle knows no MPTCP: subflow is to keep to what it takes over.
    fn global(&self, program: &Path) -> &'static str {
        if program == subflow() { "no-mptcp" } else { "" }
    }

    /// A request over each kind of socket.
    fn ask_all(&self) {
        let tcp = TcpStream::connect(self.http.addr).expect("connect");
        let path = UnixStream::connect(self.path("front.sock")).expect("connect");
        let name = UnixStream::connect_addr(&self.abstract_addr()).expect("connect");
        assert!(ask(tcp).contains(" 200 "), "over TCP");
        assert!(ask(path).contains(" 200 "), "over a path");
        assert!(ask(name).contains(" 200 "), "over a name");
    }
}

fn ask(mut stream: impl Read + Write) -> String {
    let mut answer = String::new();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("write");
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Proxies follow one another while clients come without pause and others stay; nobody notices.
fn succeed(programs: &[PathBuf]) {
    let scene = Scene::new();
    let mut proxy = scene.start(&programs[0], None);
    scene.ask_all();
    let short = Load::requests(4, Transport::Tcp, scene.http.addr);
    let mut older = Vec::new();
    let mut long = Vec::new();
    for program in &programs[1..] {
        let stays = Load::long(8, Transport::Tcp, scene.tcp.addr);
        stays.more(MORE);
        long.push(stays);
        let next = scene.start(program, Some((&proxy, "-sf")));
        older.push(std::mem::replace(&mut proxy, next));
        short.more(MORE);
        scene.ask_all();
    }
    long.iter().for_each(|stays| stays.more(MORE));
    short.stop().assert_whole("short connections");
    for stays in long {
        stays.stop().assert_whole("connections that stay");
    }
    for mut proxy in older {
        let ended = proxy.wait(WAIT);
        assert!(ended.is_some_and(|status| status.success()), "{ended:?}: {}", proxy.output());
    }
    scene.ask_all();
}

#[test]
fn haproxy_subflow_and_haproxy_follow_one_another_under_load() {
    let Some(haproxy) = haproxy() else { return };
    succeed(&[haproxy.clone(), subflow(), haproxy]);
}

/// A plain address of haproxy's is TCP; with subflow it becomes MPTCP, and nobody notices.
#[test]
fn addresses_of_haproxy_become_mptcp() {
    let Some(haproxy) = haproxy() else { return };
    let scene = Scene::new();
    let mut older = scene.start(&haproxy, None);
    if sock::bound(Transport::Mptcp, reserve("127.0.0.1").addr).is_err() {
        return skip("no MPTCP in this kernel");
    }
    let short = Load::requests(4, Transport::Tcp, scene.http.addr);
    short.more(MORE);
    let mut setup = Setup::default();
    setup.arg("-x").arg(&scene.path("expose.sock").to_string_lossy());
    setup.arg("-sf").arg(&older.pid().to_string());
    let newer = setup.start(&subflow(), &scene.config("expose-fd listeners", ""));
    assert!(older.wait(WAIT).is_some_and(|status| status.success()));
    let changed = poll_until(WAIT, || {
        let client = sock::connect(Transport::Mptcp, scene.http.addr).expect("connect");
        sock::is_mptcp(&client).then_some(())
    });
    assert!(changed.is_some(), "{}", newer.output());
    short.more(MORE);
    short.stop().assert_whole("short connections");
}

#[test]
fn subflow_follows_itself_under_load() {
    succeed(&[subflow(), subflow(), subflow()]);
}

#[test]
fn st_stops_the_older_process_at_once() {
    let scene = Scene::new();
    let mut older = scene.start(&subflow(), None);
    let stays = TcpStream::connect(scene.tcp.addr).expect("connect");
    let _newer = scene.start(&subflow(), Some((&older, "-st")));
    let ended = older.wait(WAIT).expect("an end");
    assert_eq!(ended.signal(), Some(Signal::SIGTERM as i32));
    scene.ask_all();
    drop(stays);
}

#[test]
fn a_supervisor_takes_over_for_its_first_worker() {
    let scene = Scene::new();
    let mut older = scene.start(&subflow(), None);
    let mut setup = Setup::default();
    setup.arg("-W").arg("-x").arg(&scene.path("expose.sock").to_string_lossy());
    setup.arg("-sf").arg(&older.pid().to_string());
    let short = Load::requests(2, Transport::Tcp, scene.http.addr);
    short.more(MORE);
    let newer = setup.start(&subflow(), &scene.config("expose-fd listeners", "no-mptcp"));
    assert!(older.wait(WAIT).is_some_and(|status| status.success()));
    short.more(MORE);
    // The next worker has its sockets from the supervisor, and sends nobody away.
    let before = newer.cli().info_number("Reloads");
    newer.signal(Signal::SIGUSR2);
    let reloaded = poll_until(WAIT, || (newer.cli().info_number("Reloads") > before).then_some(()));
    assert!(reloaded.is_some(), "{}", newer.output());
    short.more(MORE);
    short.stop().assert_whole("short connections");
    scene.ask_all();
}

/// More sockets than one message carries, from either program to either.
#[test]
fn many_sockets_go_in_several_messages() {
    let programs: Vec<PathBuf> = [Some(subflow()), haproxy()].into_iter().flatten().collect();
    for older in &programs {
        for newer in &programs {
            hand_over_many(older, newer);
        }
    }
}

fn hand_over_many(older: &Path, newer: &Path) {
    const COUNT: u16 = 600;
    let _alone = sock::many_descriptors();
    let scene = Scene::new();
    let ports = sock::reserve_range("127.0.0.1", COUNT);
    let last = ports[ports.len() - 1].addr;
    let binds = format!("127.0.0.1:{}-{} interface lo", ports[0].addr.port(), last.port());
    let config = |program: &Path| {
        let text = scene.config("expose-fd listeners", scene.global(program));
        format!("{text}listen many\n    bind {binds}\n    server origin {}\n", scene.origin)
    };
    let mut first = Setup::default().start(older, &config(older));
    let inode = |proxy: &Proxy| socket_inode(proxy, last);
    let before = inode(&first);
    let mut setup = Setup::default();
    setup.arg("-x").arg(&scene.path("expose.sock").to_string_lossy());
    setup.arg("-sf").arg(&first.pid().to_string());
    let second = setup.start(newer, &config(newer));
    assert!(first.wait(WAIT).is_some_and(|status| status.success()), "{}", first.output());
    assert_eq!(inode(&second), before, "{older:?} to {newer:?}: not the same socket");
    assert!(ask(TcpStream::connect(last).expect("connect")).contains(" 200 "));
}

/// The number of the socket of `proxy` that listens at `addr`.
fn socket_inode(proxy: &Proxy, addr: SocketAddr) -> String {
    let hex = format!("0100007F:{:04X}", addr.port());
    let table = fs::read_to_string(format!("/proc/{}/net/tcp", proxy.pid())).expect("the table");
    let is_it = |words: &Vec<&str>| words.get(1) == Some(&&*hex) && words.get(3) == Some(&"0A");
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening = lines.find(is_it).map(|words| words[9].to_owned()).expect("a listening socket");
    let links = fs::read_dir(format!("/proc/{}/fd", proxy.pid())).expect("descriptors");
    let target = format!("socket:[{listening}]");
    let holds =
        links.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|to| to == Path::new(&target)));
    assert!(holds, "socket {listening} is another process's");
    listening
}

#[test]
fn without_expose_fd_nothing_is_given_and_the_start_is_refused() {
    let programs: Vec<PathBuf> = [Some(subflow()), haproxy()].into_iter().flatten().collect();
    for older in &programs {
        let scene = Scene::new();
        let config = scene.config("", scene.global(older));
        let proxy = Setup::default().start(older, &config);
        let mut stream = UnixStream::connect(scene.path("expose.sock")).expect("connect");
        stream.write_all(b"_getsocks\n").expect("write");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an end");
        assert_eq!(answer, b"", "{older:?}");
        let (code, err) = refused(&scene, &scene.path("expose.sock"), &proxy);
        assert_eq!(code, Some(1));
        assert!(err.contains("expose-fd listeners"), "{err}");
        scene.ask_all();
    }
}

/// Starts subflow where it cannot take over: its exit code and what it said.
fn refused(scene: &Scene, socket: &Path, older: &Proxy) -> (Option<i32>, String) {
    let cfg = scene.path("cfg");
    fs::write(&cfg, format!("global\n{}", scene.config("", "no-mptcp"))).expect("write");
    let mut command = std::process::Command::new(subflow());
    command.args(["-db", "-x"]).arg(socket).arg("-sf").arg(older.pid().to_string()).arg("-f").arg(&cfg);
    let (status, _, err) = run(&mut command);
    (status.code(), err)
}

#[test]
fn a_peer_that_talks_nonsense_does_not_end_the_older_process() {
    let scene = Scene::new();
    let older = scene.start(&subflow(), None);
    for (nonsense, words) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "out of range"),
        (b"\x01\0\0\0", "closed after 0 of 1"),
        (b"\x01\0\0\0\0\0\0\0\0\0", "not as many"),
        (b"\x01\0", "cut off"),
        (b"", "expose-fd listeners"),
    ] {
        let path = scene.path(&format!("fake{}", nonsense.len()));
        let listener = UnixListener::bind(&path).expect("bind");
        let peer = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("accept");
            let mut asked = [0; 10];
            stream.read_exact(&mut asked).expect("the command");
            stream.write_all(nonsense).expect("write");
        });
        let (code, err) = refused(&scene, &path, &older);
        peer.join().expect("the peer");
        assert_eq!(code, Some(1));
        assert!(
            err.contains("Failed to get the sockets from the old process!") && err.contains(words),
            "{err}"
        );
    }
    let (code, err) = refused(&scene, &scene.path("nowhere"), &older);
    assert!(code == Some(1) && err.contains("cannot connect"), "{err}");
    scene.ask_all();
}

/// A client that asks and does not read is no burden: the proxy serves others, and lives on when it goes.
#[test]
fn a_taker_that_stops_half_way_harms_nobody() {
    let scene = Scene::new();
    let proxy = scene.start(&subflow(), None);
    let before = proxy.fd_count();
    for cut in 0..3 {
        let mut stream = UnixStream::connect(scene.path("expose.sock")).expect("connect");
        stream.write_all(b"_getsocks\n").expect("write");
        let mut count = [0; 4];
        if cut > 0 {
            stream.read_exact(&mut count).expect("the number");
            assert!(u32::from_ne_bytes(count) >= 5);
        }
        if cut > 1 {
            stream.write_all(&[7; 100]).or_else(|e| gone(&e)).expect("write");
        }
        scene.ask_all();
    }
    let closed = poll_until(WAIT, || (proxy.fd_count() <= before).then_some(()));
    assert!(closed.is_some(), "descriptors are left: {} of {before}", proxy.fd_count());
}

fn gone(error: &std::io::Error) -> std::io::Result<()> {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::ConnectionReset => Ok(()),
        kind => Err(kind.into()),
    }
}

/// Where addresses cannot be shared, the older process lets them go for a moment.
#[test]
fn an_address_in_use_is_asked_for() {
    let programs: Vec<PathBuf> = [Some(subflow()), haproxy()].into_iter().flatten().collect();
    for older in &programs {
        for newer in &programs {
            let scene = Scene::new();
            let config = |program: &Path| {
                let text = scene.config("", &format!("noreuseport\n    {}", scene.global(program)));
                // The oracle crashes when it is to pause an abstract socket.
                text.replace(&format!("    bind abns@{}\n", scene.abstract_name()), "")
            };
            let mut first = Setup::default().start(older, &config(older));
            let mut setup = Setup::default();
            setup.arg("-sf").arg(&first.pid().to_string());
            let _second = setup.start(newer, &config(newer));
            let ended = first.wait(WAIT);
            assert!(
                ended.is_some_and(|status| status.success()),
                "{older:?} to {newer:?}: {}",
                first.output()
            );
            assert!(ask(TcpStream::connect(scene.http.addr).expect("connect")).contains(" 200 "));
        }
    }
}

/// A start that fails gives the addresses back: where it cannot bind, and where it fails after that.
#[test]
fn the_older_process_goes_on_when_the_newer_one_cannot_start() {
    let taken = sock::listen(Transport::Tcp, reserve("127.0.0.1").addr, 1).expect("listen");
    let other = format!("listen taken\n    bind {}\n", sock::local_addr(&taken));
    for (mode, global, more, says) in [
        ("-db", "", &other[..], "cannot bind socket (Address already in use)"),
        ("-db", "\n    chroot /nonexistent", "", "Cannot chroot(/nonexistent)"),
        ("-W", "\n    chroot /nonexistent", "", "Cannot chroot(/nonexistent)"),
    ] {
        let scene = Scene::new();
        let config = |global: &str, more: &str| {
            let text = scene.config("", &format!("noreuseport\n    no-mptcp{global}"));
            text.replace(&format!("    bind abns@{}\n", scene.abstract_name()), "") + more
        };
        let older = Setup::default().start(&subflow(), &config("", ""));
        let cfg = scene.path("cfg");
        fs::write(&cfg, format!("global\n{}", config(global, more))).expect("write");
        let mut command = std::process::Command::new(subflow());
        command.args([mode, "-sf"]).arg(older.pid().to_string()).arg("-f").arg(&cfg);
        let (status, _, err) = run(&mut command);
        assert_eq!(status.code(), Some(1));
        assert!(err.contains(says), "{err}");
        let resumed = poll_until(WAIT, || {
            let stream = TcpStream::connect(scene.http.addr).ok();
            stream.filter(|_| older.output().contains("Resumed frontend web."))
        });
        assert!(ask(resumed.unwrap_or_else(|| panic!("{}", older.output()))).contains(" 200 "));
    }
}
