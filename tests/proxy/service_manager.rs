//! What a service manager sees and gives: `-Ws` with `NOTIFY_SOCKET`, and sockets in `LISTEN_FDS`.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::kit::proxy::{poll_until, skip, spawn, subflow};
use crate::kit::sock::{self, Transport, reserve};

const WAIT: Duration = Duration::from_secs(20);

/// A service in its directory, under a manager that hears it.
struct Service {
    child: Child,
    dir: TempDir,
    manager: UnixDatagram,
}

impl Service {
    /// Starts subflow with `options` and `sockets` as its descriptors from 3 on.
    fn start(options: &str, config: &str, sockets: Vec<OwnedFd>) -> Service {
        let dir = TempDir::new().expect("a directory");
        let manager = UnixDatagram::bind(dir.path().join("notify")).expect("bind");
        manager.set_read_timeout(Some(WAIT)).expect("a timeout");
        fs::write(dir.path().join("cfg"), config).expect("write");
        let mut script = String::new();
        let count = sockets.len();
        let named: Vec<(String, OwnedFd)> =
            sockets.into_iter().enumerate().map(|(at, fd)| (format!("socket{at}"), fd)).collect();
        // First away from the numbers that are wanted, then to them.
        for at in 0..count {
            script += &format!("exec {}<&$socket{at}; eval \"exec $socket{at}<&-\"; ", 200 + at);
        }
        for at in 0..count {
            script += &format!("exec {}<&{}; exec {}<&-; ", 3 + at, 200 + at, 200 + at);
        }
        script += &format!(
            "export LISTEN_PID=$$ LISTEN_FDS={count} LISTEN_FDNAMES=a:b; exec \"$0\" {options} -f cfg"
        );
        let mut command = Command::new("bash");
        command.args(["-c", &script]).arg(subflow()).current_dir(dir.path());
        command.env("NOTIFY_SOCKET", dir.path().join("notify"));
        let stderr = fs::File::create(dir.path().join("stderr")).expect("create");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let child = spawn(&mut command, &named);
        Service { child, dir, manager }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("kill");
    }

    fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default()
    }

    /// The next thing that the manager is told.
    fn heard(&self) -> String {
        let mut room = [0; 4096];
        let len =
            self.manager.recv(&mut room).unwrap_or_else(|e| panic!("nothing heard ({e}): {}", self.said()));
        String::from_utf8_lossy(&room[..len]).into_owned()
    }

    fn ready(&self) -> String {
        format!("READY=1\nMAINPID={}\nSTATUS=", self.child.id())
    }

    /// The processes that it started.
    fn workers(&self) -> Vec<PathBuf> {
        let id = self.child.id();
        let list = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("the children");
        list.split_whitespace().map(|pid| Path::new("/proc").join(pid)).collect()
    }

    /// Waits until a client is answered at `addr`.
    fn serves(&self, addr: SocketAddr) {
        let answered = poll_until(WAIT, || {
            let mut stream = TcpStream::connect(addr).ok()?;
            stream.set_read_timeout(Some(WAIT)).ok()?;
            stream.write_all(b"GET /alive HTTP/1.0\r\n\r\n").ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok().filter(|_| answer.contains(" 200 "))
        });
        assert!(answered.is_some(), "{}", self.said());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        if poll_until(WAIT, || self.child.try_wait().expect("wait")).is_none() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn config(binds: &str) -> String {
    format!(
        "defaults\n    mode http\n    timeout client 5s\n    timeout server 5s\n    timeout connect 5s
frontend f\n    {binds}\n    monitor-uri /alive\n"
    )
}

#[test]
fn the_manager_hears_of_start_reload_failure_and_end() {
    let addr = reserve("127.0.0.1").addr;
    let mut service = Service::start("-Ws", &config(&format!("bind {addr}")), Vec::new());
    assert_eq!(service.heard(), service.ready() + "Ready.");
    service.serves(addr);
    service.signal(Signal::SIGUSR2);
    assert!(service.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(service.heard(), service.ready() + "Ready.");
    fs::write(service.dir.path().join("cfg"), "nonsense\n").expect("write");
    service.signal(Signal::SIGUSR2);
    assert!(service.heard().starts_with("RELOADING=1\n"));
    let failed = service.heard();
    assert!(failed.starts_with(&(service.ready() + "Reload failed")), "{failed}");
    service.serves(addr);
    service.signal(Signal::SIGTERM);
    assert!(service.heard().starts_with("STOPPING=1\n"));
    let ended = poll_until(WAIT, || service.child.try_wait().expect("wait"));
    assert!(ended.is_some(), "{}", service.said());
}

#[test]
fn without_ws_the_manager_hears_nothing() {
    let addr = reserve("127.0.0.1").addr;
    let service = Service::start("-W", &config(&format!("bind {addr}")), Vec::new());
    service.serves(addr);
    service.manager.set_nonblocking(true).expect("non-blocking");
    assert!(service.manager.recv(&mut [0; 1]).is_err());
}

#[test]
fn sockets_of_the_manager_are_served_and_the_others_closed() {
    for options in ["-db", "-W", "-Ws"] {
        let listen = || {
            let any = "127.0.0.1:0".parse().expect("an address");
            sock::listen(Transport::Tcp, any, 100).expect("listen")
        };
        let (web, named, unused) = (listen(), listen(), listen());
        let addrs = [&web, &named, &unused].map(sock::local_addr);
        let datagram = OwnedFd::from(std::net::UdpSocket::bind("127.0.0.1:0").expect("bind"));
        let text = config(&format!("bind tcp@{}\n    bind fd@4", addrs[0]));
        let service = Service::start(options, &text, vec![web, named, unused, datagram]);
        service.serves(addrs[0]);
        service.serves(addrs[1]);
        // Only this test's own copies were open besides: they went with the start.
        let refused = poll_until(WAIT, || TcpStream::connect(addrs[2]).is_err().then_some(()));
        assert!(refused.is_some(), "{options}: a socket that nobody asked for still listens");
        assert!(service.said().contains("descriptor 6 of the service manager is no bound stream socket"));
        for worker in service.workers() {
            let environment = fs::read(worker.join("environ")).expect("the environment");
            let leaks = ["LISTEN_", "NOTIFY_SOCKET="]
                .map(|name| environment.split(|byte| *byte == 0).any(|one| one.starts_with(name.as_bytes())));
            assert_eq!(leaks, [false, false], "{options}");
        }
        service.signal(Signal::SIGUSR2);
        service.serves(addrs[0]);
        service.serves(addrs[1]);
    }
}

#[test]
fn an_mptcp_socket_of_the_manager_stays_one() {
    let any = "127.0.0.1:0".parse().expect("an address");
    let Ok(web) = sock::listen(Transport::Mptcp, any, 100) else { return skip("no MPTCP in this kernel") };
    let addr = sock::local_addr(&web);
    let service = Service::start("-db", &config(&format!("bind {addr}")), vec![web]);
    service.serves(addr);
    let client = sock::connect(Transport::Mptcp, addr).expect("connect");
    assert!(sock::is_mptcp(&client), "{}", service.said());
    assert_eq!(service.said(), "");
}
