//! The master CLI: `-W -S`, beside the packaged haproxy where that has the command.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::kit::proxy::{haproxy, poll_until, run, spawn, subflow};
use crate::kit::sock::{self, Transport};

const WAIT: Duration = Duration::from_secs(10);

const CONFIG: &str = "
global
    stats socket \"${dir}/stats.sock\" level admin
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
frontend f
    bind unix@${dir}/front.sock
";

/// A supervisor with a master CLI at `master.sock`.
struct Family {
    child: std::process::Child,
    dir: TempDir,
}

impl Family {
    fn start(program: &Path, options: &str) -> Family {
        let dir = TempDir::new().expect("a temporary directory");
        let socket = format!("{}{options}", dir.path().join("master.sock").display());
        let family = Family { child: launch(program, &dir, &["-W", "-S", &socket], &[]), dir };
        let ready = poll_until(WAIT, || family.worker().map(drop));
        assert!(ready.is_some(), "no worker: {}", family.stderr());
        family
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.path("master.sock")).expect("connect");
        stream.set_read_timeout(Some(WAIT)).expect("a timeout");
        stream
    }

    /// Sends `input`, then the end, and takes all that comes.
    fn try_ask(&self, input: &[u8]) -> io::Result<String> {
        let mut stream = UnixStream::connect(self.path("master.sock"))?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.write_all(input)?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn ask(&self, input: &str) -> String {
        self.try_ask(input.as_bytes()).unwrap_or_else(|error| panic!("{input:?}: {error}"))
    }

    /// The current worker.
    fn worker(&self) -> Option<Pid> {
        let table = self.try_ask(b"show proc\n").ok()?;
        let (_, workers) = table.split_once("# workers\n")?;
        workers.split_whitespace().next()?.parse().ok().map(Pid::from_raw)
    }

    fn workers_left(&self) -> usize {
        self.ask("show proc\n").matches(" worker ").count()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

fn launch(
    program: &Path,
    dir: &TempDir,
    args: &[&str],
    inherited: &[(String, std::os::fd::OwnedFd)],
) -> std::process::Child {
    fs::write(dir.path().join("cfg"), CONFIG).expect("write");
    let mut command = Command::new(program);
    command.args(args).arg("-f").arg(dir.path().join("cfg"));
    command.env("dir", dir.path()).current_dir(dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(fs::File::create(dir.path().join("stderr")).expect("create"));
    spawn(&mut command, inherited)
}

/// Without what differs from run to run, and from program to program.
fn normalised(answer: &str) -> String {
    let mut out = String::new();
    for line in answer.lines() {
        // Both have their own commands and words for them.
        if line.starts_with("  ") && line.get(40..).is_some_and(|rest| rest.contains(": ")) {
            continue;
        }
        let line = line
            .split_once("Unknown command")
            .map_or(line.to_owned(), |(before, _)| format!("{before}Unknown"));
        out.extend(line.split(' ').filter(|word| !word.is_empty()).map(|word| plain(word) + " "));
        out.push('\n');
    }
    out
}

fn plain(word: &str) -> String {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = word.split_at(digits);
    match (number.len(), rest.as_bytes().first()) {
        (2.., None | Some(b'>' | b'(')) => format!("PID{rest}"),
        (1.., Some(b'.')) => "VERSION".to_owned(),
        (1.., Some(b'd')) => "UPTIME".to_owned(),
        _ => word.to_owned(),
    }
}

#[test]
fn answers_are_those_of_haproxy() {
    let Some(haproxy) = haproxy() else { return };
    let (ours, theirs) = (Family::start(&subflow(), ""), Family::start(&haproxy, ""));
    for input in [
        "show proc\n",
        "show version\n",
        "show version\nshow proc\n",
        "@1 show version; show proc\n",
        "@1; show version; show cli level\nshow cli level\n",
        "@1; show proc\n",
        "@1;@;show proc\n",
        "@master show proc\n",
        "@ show proc\n",
        "@0 show proc\n",
        "@+1 show cli level\n",
        "  @1   show   cli\tlevel ;  show cli level\n",
        "@2 show version;show version\n",
        "prompt\n@2\nshow version\n",
        "@!1 show version\n",
        "@foo\n",
        "@1 @2 show version\n",
        "@1\n",
        "@\n",
        "\n",
        "foo\n",
        ";;\n",
        "help\n",
        "@1 help\n",
        "show cli sockets;show version\n",
        "show vers",
        "user; show cli level; @1 show cli level; reload\n",
        "operator; @1 show cli level\n",
        "@1 user; show cli level\n",
        "@1; operator; show cli level; clear counters all\n",
        "prompt\n@1\nshow cli level\n@\nshow proc\n",
        "prompt\nexpert-mode on\nexperimental-mode on\nmcli-debug-mode on\n@1\n@master\nexpert-mode off\nexpert-mode\n",
        "expert-mode on; @1 expert-mode; @1 experimental-mode\n",
        "@1 expert-mode\n",
        "prompt\n@1 quit\nquit\nshow version\n",
        "@1 quit;show version\n",
        "@1 prompt;show version\n",
        "prompt\nprompt\nshow version\n",
        "@1;prompt;show version\n",
        "quit;show version\n",
        "@1 show cli level <<\nshow proc\nhelp\n\nshow version\n",
        "@1 show cli\\;level\n",
        "@1 show\\ cli level;show version\n",
        "show proc\r\n",
    ] {
        assert_eq!(normalised(&ours.ask(input)), normalised(&theirs.ask(input)), "{input:?}");
    }
}

#[test]
fn a_failed_reload_shows_as_in_haproxy() {
    let Some(haproxy) = haproxy() else { return };
    let mut answers = Vec::new();
    for program in [subflow(), haproxy] {
        let family = Family::start(&program, "");
        fs::write(family.path("cfg"), format!("{CONFIG}    nonsense\n")).expect("write");
        family.ask("reload\n");
        // haproxy 2.6 answers nothing, and is not there for a moment.
        let failed = || family.try_ask(b"show proc\n").ok().filter(|table| table.contains("[failed: 1]"));
        let table = poll_until(WAIT, failed).expect("the failure is counted");
        let prompt = family.ask("prompt\n@1 show cli level\nexpert-mode on\n");
        fs::write(family.path("cfg"), CONFIG).expect("write");
        family.ask("reload\n");
        let again = || family.try_ask(b"show proc\n").ok().filter(|table| table.contains("2 [failed: 0]"));
        poll_until(WAIT, again).expect("the failure is forgotten");
        answers.push(normalised(&(table + &prompt + &family.ask("prompt\n"))));
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_reload_says_what_came_of_it() {
    let family = Family::start(&subflow(), "");
    let before = family.worker().expect("a worker");
    let mut open = family.connect();
    open.write_all(b"prompt\n").expect("write");
    let answer = family.ask("reload\n");
    assert!(answer.starts_with("Success=1\n--\n") && answer.contains("Loading success."), "{answer}");
    let after = family.worker().expect("a worker");
    assert_ne!(before, after);
    fs::write(family.path("cfg"), format!("{CONFIG}    nonsense\n")).expect("write");
    let answer = family.ask("reload;show version\n");
    assert!(answer.starts_with("Success=0\n--\n"), "{answer}");
    assert!(answer.contains("unknown keyword 'nonsense'") && answer.ends_with('\n'), "{answer}");
    assert!(family.ask("show startup-logs\n").contains("unknown keyword 'nonsense'"));
    assert_eq!(family.worker(), Some(after));
    // Open over both reloads.
    open.write_all(b"@1\nshow info\nquit\n").expect("write");
    let mut rest = String::new();
    open.read_to_string(&mut rest).expect("read");
    assert!(rest.contains(&format!("{after}> Name: ")), "{rest}");
}

#[test]
fn reloads_that_are_asked_for_together_are_all_answered() {
    let family = Family::start(&subflow(), "");
    let mut clients: Vec<UnixStream> = (0..8).map(|_| family.connect()).collect();
    for client in &mut clients {
        client.write_all(b"reload\n").expect("write");
    }
    for mut client in clients {
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("read");
        assert!(answer.starts_with("Success=1\n--\n"), "{answer}");
    }
    // The first one, and one for all that were asked for meanwhile.
    let table = family.ask("show proc\n");
    assert!((2..=8).any(|n| table.contains(&format!("master          {n} [failed: 0]"))), "{table}");
}

#[test]
fn old_workers_are_listed_and_asked_until_hard_reload_ends_them() {
    let family = Family::start(&subflow(), "");
    let old = family.worker().expect("a worker");
    let mut busy = UnixStream::connect(family.path("front.sock")).expect("connect");
    busy.write_all(b"GET / HTT").expect("write");
    let taken = || family.ask("@1 show info\n").contains("CurrConns: 1\n").then_some(());
    poll_until(WAIT, taken).expect("the client is the worker's");
    assert!(family.ask("reload\n").starts_with("Success=1\n"));
    let table = family.ask("show proc\n");
    let (_, olds) = table.split_once("# old workers\n").unwrap_or_else(|| panic!("{table}"));
    assert!(olds.starts_with(&old.to_string()) && olds.contains("worker          1 "), "{table}");
    assert!(family.ask(&format!("@!{old} show info\n")).contains(&format!("Pid: {old}\n")));
    assert!(family.ask("hard-reload\n").starts_with("Success=1\n"));
    poll_until(WAIT, || (family.workers_left() == 1).then_some(())).expect("the old ones end");
    assert!(family.ask(&format!("@!{old} show info\n")).starts_with("Can't find the target PID"));
}

#[test]
fn a_worker_that_dies_while_it_answers_costs_one_command() {
    let family = Family::start(&subflow(), "");
    let old = family.worker().expect("a worker");
    let mut busy = UnixStream::connect(family.path("front.sock")).expect("connect");
    busy.write_all(b"GET / HTT").expect("write");
    let taken = || family.ask("@1 show info\n").contains("CurrConns: 1\n").then_some(());
    poll_until(WAIT, taken).expect("the client is the worker's");
    assert!(family.ask("reload\n").starts_with("Success=1\n"));
    kill(old, Signal::SIGSTOP).expect("stop");
    let mut client = family.connect();
    client
        .write_all(format!("@!{old} show info;@1 show cli level;show cli level\n").as_bytes())
        .expect("write");
    // The supervisor and the other worker are not held up by the one that is stopped.
    assert_eq!(family.ask("show cli level;@1 show cli level\n"), "admin\n\nadmin\n\n");
    kill(old, Signal::SIGKILL).expect("kill");
    client.shutdown(Shutdown::Write).expect("shutdown");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("read");
    assert_eq!(
        answer,
        format!("The worker ({old}) is gone, its answer is not complete.\n\nadmin\n\nadmin\n\n")
    );
}

#[test]
fn payloads_and_long_answers_pass_whole() {
    let family = Family::start(&subflow(), "");
    let lines = "0123456789abcdef\n".repeat(4096);
    let input = format!("@1 show cli level <<END\n{lines}END\n{}show version\n", "@1 help\n".repeat(99));
    let answer = family.ask(&input);
    assert!(answer.starts_with("admin\n\nThe following") && answer.len() > 100_000, "{}", answer.len());
    assert_eq!(answer.matches(": close this connection\n\n").count(), 99);
}

#[test]
fn two_hundred_clients_and_bad_ones_do_not_hold_it_up() {
    let family = Family::start(&subflow(), "");
    // Half a line, a flood that is never read, and one that asks and reads nothing.
    let mut half = family.connect();
    half.write_all(b"show pr").expect("write");
    let mut deaf = family.connect();
    deaf.set_write_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let flood = "@1 show stat;help\n".repeat(20_000);
    assert!(deaf.write_all(flood.as_bytes()).is_err(), "it is not read from for ever");
    let garbage: Vec<u8> = (0..=255u8).cycle().take(100_000).collect();
    let _ = family.try_ask(&garbage);
    std::thread::scope(|scope| {
        for n in 0..200 {
            let family = &family;
            scope.spawn(move || {
                let (input, expected) = match n % 2 {
                    0 => ("show cli level\n", "admin\n\n"),
                    _ => ("@1 show cli level;show cli level\n", "admin\n\nadmin\n\n"),
                };
                assert_eq!(family.ask(input), expected);
            });
        }
    });
    half.write_all(b"oc\nquit\n").expect("write");
    let mut answer = String::new();
    half.read_to_string(&mut answer).expect("read");
    assert!(answer.starts_with("#<PID>"), "{answer}");
    assert_eq!(family.ask(&"x".repeat(20_000)), "Line too long.\n\n");
}

#[test]
fn options_of_the_socket_are_those_of_a_bind_line() {
    let family = Family::start(&subflow(), ",level,operator,mode,600,severity-output,number");
    assert_eq!(family.ask("show cli level;@1 show cli level\n"), "[6]: operator\n\n[6]: operator\n\n");
    assert_eq!(family.ask("@1 clear counters all\n"), "[3]: Permission denied\n\n");
    let mode = fs::metadata(family.path("master.sock")).expect("the socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_inherited_socket_is_the_supervisors_alone() {
    let dir = TempDir::new().expect("a temporary directory");
    let fd = sock::listen(Transport::Tcp, "127.0.0.1:0".parse().expect("an address"), 100).expect("listen");
    let addr = sock::local_addr(&fd);
    let number = std::os::fd::AsRawFd::as_raw_fd(&fd);
    let child = launch(&subflow(), &dir, &["-W", "-S", &format!("fd@{number}")], &[("unused".into(), fd)]);
    let family = Family { child, dir };
    let ask = |input: &str| -> io::Result<String> {
        let mut stream = TcpStream::connect(addr)?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.write_all(input.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    let served = || ask("@1 show cli level\n").ok().filter(|answer| answer == "admin\n\n");
    poll_until(WAIT, served).unwrap_or_else(|| panic!("{}", family.stderr()));
    assert!(ask("reload\n").expect("an answer").starts_with("Success=1\n"));
    let table = ask("show proc\n").expect("an answer");
    let worker = table.split_once("# workers\n").and_then(|(_, rest)| rest.split_whitespace().next());
    let listening = |pid: &str| {
        let fds = fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors");
        let links = fds.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
        let inodes: Vec<String> = links.map(|link| link.display().to_string()).collect();
        let tcp = fs::read_to_string("/proc/net/tcp").expect("the sockets");
        let port = format!(":{:04X} ", addr.port());
        let row = tcp.lines().find(|line| line.contains(&port) && line.contains(" 0A ")).expect("it listens");
        let inode = row.split_whitespace().nth(9).expect("an inode");
        inodes.contains(&format!("socket:[{inode}]"))
    };
    assert!(listening(&family.child.id().to_string()));
    assert!(!listening(worker.expect("a worker")));
}

#[test]
fn a_socket_that_cannot_be_had_stops_the_start() {
    let dir = TempDir::new().expect("a temporary directory");
    fs::write(dir.path().join("cfg"), CONFIG).expect("write");
    let start = |args: &[&str]| {
        let mut command = Command::new(subflow());
        command.args(args).arg("-f").arg(dir.path().join("cfg")).env("dir", dir.path());
        let (status, _, err) = run(&mut command);
        (status.code(), err)
    };
    for (socket, expected) in [
        (
            "/nonexistent/m",
            "[master-socket:0] for proxy MASTER: cannot bind UNIX socket (No such file or directory)",
        ),
        ("foo", "missing port specification in 'foo'"),
        ("127.0.0.1:99999", "invalid port '99999'"),
        ("/tmp/m,foo", "'/tmp/m foo' : unknown keyword 'foo'"),
        ("/tmp/m,level,foo", "'level' only supports 'user', 'operator', and 'admin' (got 'foo')"),
        ("udp@127.0.0.1:1", "not acceptable in 'udp@127.0.0.1:1'"),
        ("fd@999", "cannot use file descriptor '999' : Bad file descriptor"),
        ("", "'-S' expects an address"),
    ] {
        let (code, err) = start(&["-W", "-S", socket]);
        assert_eq!(code, Some(1), "{socket}: {err}");
        assert!(err.contains("[ALERT]") && err.contains(expected), "{socket}: {err}");
    }
    let (code, err) = start(&["-c", "-dW", "-S", "/tmp/m"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("a master CLI socket was defined, but master-worker mode (-W) is not enabled."),
        "{err}"
    );
    assert_eq!(start(&["-c", "-S", "/tmp/m"]).0, Some(0));
}

/// A worker that has no descriptor left cannot be asked, and goes on serving.
#[test]
fn a_worker_without_a_free_descriptor_is_not_ended_by_a_question() {
    let family = Family::start(&subflow(), "");
    let worker = poll_until(WAIT, || family.worker()).expect("a worker");
    assert!(family.ask("@1 show info\n").contains("Pid:"));
    let none = ["--nofile=3:3".to_owned(), "-p".to_owned(), worker.to_string()];
    assert!(std::process::Command::new("prlimit").args(none).status().expect("prlimit").success());
    let _ = family.ask("@1 show info\n");
    let told = poll_until(WAIT, || family.stderr().contains("No descriptor is left").then_some(()));
    assert!(told.is_some(), "{}", family.stderr());
    assert_eq!(family.worker(), Some(worker), "{}", family.stderr());
}
