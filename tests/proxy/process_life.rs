//! Start, background, limits, privileges, end: the process as its operator sees it.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User, getsid};
use tempfile::TempDir;

use crate::kit::proxy::{poll_until, run, skip, spawn, subflow};

const WAIT: Duration = Duration::from_secs(10);

/// A frontend that answers each request with 503, for it has no server.
const FRONTEND: &str = "
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
frontend f
    bind unix@${dir}/front.sock mode 666
    default_backend b
backend b
    server gone 127.0.0.1:1 disabled
";

/// A directory with a configuration in it.
struct Place(TempDir);

impl Place {
    fn new(global: &str, rest: &str) -> Place {
        let dir = TempDir::new().expect("a temporary directory");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        fs::write(dir.path().join("cfg"), format!("global\n{global}\n{rest}")).expect("write");
        Place(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `program` in this directory; the configuration is the last argument.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .arg("-f")
            .arg(self.path("cfg"))
            .env("dir", self.0.path())
            .current_dir(self.0.path());
        command
    }

    /// Whether something answers requests here.
    fn serves(&self) -> bool {
        let Ok(mut client) = UnixStream::connect(self.path("front.sock")) else { return false };
        client.set_read_timeout(Some(WAIT)).expect("a timeout");
        let mut answer = String::new();
        let asked =
            client.write_all(b"GET / HTTP/1.0\r\n\r\n").and_then(|()| client.read_to_string(&mut answer));
        asked.is_ok() && answer.contains(" 503 ")
    }
}

/// A foreground process, killed when dropped.
struct Foreground(Child);

impl Foreground {
    fn start(place: &Place, command: &mut Command) -> Foreground {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(fs::File::create(place.path("stderr")).expect("create"));
        let started = Foreground(spawn(command, &[]));
        let served = poll_until(WAIT, || place.serves().then_some(()));
        assert!(
            served.is_some(),
            "not serving: {}",
            fs::read_to_string(place.path("stderr")).unwrap_or_default()
        );
        started
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id() as i32)
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The words behind `key:` in `/proc/PID/status`.
fn status_of(pid: Pid, key: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).expect("the key");
    line.split_whitespace().map(str::to_owned).collect()
}

/// Gone, or dead and waiting for whoever inherited it.
fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

#[test]
fn a_daemon_serves_and_its_pid_is_in_the_file_when_the_command_returns() {
    let place = Place::new("    daemon", FRONTEND);
    let (status, _, err) = run(&mut place.command(subflow(), &["-p", "pid"]));
    assert!(status.success(), "{status}: {err}");
    let text = fs::read_to_string(place.path("pid")).expect("the pid file");
    let pid = Pid::from_raw(text.strip_suffix('\n').and_then(|n| n.parse().ok()).expect("one number"));
    assert!(place.serves());
    assert_eq!(getsid(Some(pid)), Ok(pid), "it leads a session of its own");
    for fd in 0..=2 {
        assert_eq!(fs::read_link(format!("/proc/{pid}/fd/{fd}")).expect("a link"), Path::new("/dev/null"));
    }
    kill(pid, Signal::SIGTERM).expect("kill");
    assert!(poll_until(WAIT, || has_ended(pid).then_some(())).is_some());
}

#[test]
fn a_daemon_that_cannot_start_says_so_to_the_caller() {
    let place = Place::new("", &FRONTEND.replace("/front.sock", "/nowhere/front.sock"));
    // Of the daemon that runs already.
    fs::write(place.path("pid"), "1234\n").expect("write");
    let (status, _, err) = run(&mut place.command(subflow(), &["-D", "-p", "pid"]));
    assert_eq!(status.code(), Some(1), "{err}");
    assert!(err.contains("[ALERT]") && err.contains("/nowhere/front.sock"), "{err}");
    assert_eq!(fs::read_to_string(place.path("pid")).expect("it stays"), "1234\n");
}

#[test]
fn a_foreground_process_writes_no_pid_file() {
    let place = Place::new("", FRONTEND);
    let _running = Foreground::start(&place, &mut place.command(subflow(), &["-db", "-p", "pid"]));
    assert!(!place.path("pid").exists());
}

#[test]
fn a_pid_file_that_cannot_be_made_stops_the_start() {
    let place = Place::new("", FRONTEND);
    let (status, _, err) = run(&mut place.command(subflow(), &["-D", "-p", "/nonexistent/pid"]));
    assert_eq!(status.code(), Some(1));
    assert!(err.contains("[haproxy.main()] Cannot create pidfile /nonexistent/pid"), "{err}");
}

#[test]
fn root_is_given_up_for_good() {
    if !Uid::effective().is_root() {
        return skip("changing user, group and root needs root");
    }
    let place = Place::new("    chroot \"${dir}/jail\"\n    uid 65534\n    gid 65533", FRONTEND);
    fs::create_dir(place.path("jail")).expect("mkdir");
    let running = Foreground::start(&place, &mut place.command(subflow(), &["-db"]));
    assert_eq!(status_of(running.pid(), "Uid"), ["65534"; 4]);
    assert_eq!(status_of(running.pid(), "Gid"), ["65533"; 4]);
    assert_eq!(status_of(running.pid(), "Groups"), [""; 0]);
    assert_eq!(status_of(running.pid(), "CapEff"), ["0000000000000000"]);
    let root = fs::read_link(format!("/proc/{}/root", running.pid())).expect("a link");
    assert_eq!(root, fs::canonicalize(place.path("jail")).expect("the jail"));
}

#[test]
fn a_chroot_that_is_not_there_stops_the_start() {
    let place = Place::new("    chroot /nonexistent/jail", FRONTEND);
    let (status, _, err) = run(&mut place.command(subflow(), &["-db"]));
    assert_eq!(status.code(), Some(1));
    assert!(err.contains("[haproxy.main()] Cannot chroot(/nonexistent/jail)."), "{err}");
}

/// A shell that lowers the limit of descriptors, then becomes the proxy.
fn with_few_descriptors(place: &Place) -> Command {
    let mut command = Command::new("sh");
    let script = "ulimit -n 200; exec \"$0\" -db -n 5000 -f \"$1\"";
    command.args(["-c", script]).arg(subflow()).arg(place.path("cfg")).env("dir", place.0.path());
    command
}

#[test]
fn too_few_descriptors_for_maxconn_stop_a_strict_start() {
    let place = Place::new("", FRONTEND);
    let (status, _, err) = run(&mut with_few_descriptors(&place));
    if status.code() != Some(1) && Uid::effective().is_root() {
        return skip("this user may raise the hard limit");
    }
    assert_eq!(status.code(), Some(1));
    assert!(err.contains("[haproxy.main()] Cannot raise FD limit to 10014, limit is 200."), "{err}");
}

#[test]
fn without_strict_limits_it_warns_and_serves() {
    let place = Place::new("    no strict-limits", FRONTEND);
    let _running = Foreground::start(&place, &mut with_few_descriptors(&place));
    let err = fs::read_to_string(place.path("stderr")).expect("stderr");
    if err.is_empty() && Uid::effective().is_root() {
        return skip("this user may raise the hard limit");
    }
    assert!(
        err.contains("[WARNING]") && err.contains("Cannot raise FD limit to 10014, limit is 200."),
        "{err}"
    );
    assert!(err.contains("FD limit (200) too low for maxconn=5000/maxsock=10014."), "{err}");
}

/// Reads datagrams of a log until one has `words` in it.
fn expect_logged(log: &UnixDatagram, words: &str) {
    log.set_read_timeout(Some(WAIT)).expect("a timeout");
    let mut room = [0; 4096];
    loop {
        let len = log.recv(&mut room).unwrap_or_else(|e| panic!("no line with {words}: {e}"));
        if String::from_utf8_lossy(&room[..len]).contains(words) {
            return;
        }
    }
}

#[test]
fn a_log_outside_of_the_chroot_is_reached() {
    if !Uid::effective().is_root() {
        return skip("changing root needs root");
    }
    let traffic = FRONTEND.replace("mode http", "mode http\n    log global\n    option httplog");
    let global = "    log \"${dir}/log\" local0\n    chroot \"${dir}/jail\"\n    uid 65534\n    gid 65533";
    let place = Place::new(global, &traffic);
    fs::create_dir(place.path("jail")).expect("mkdir");
    let log = UnixDatagram::bind(place.path("log")).expect("bind");
    let _running = Foreground::start(&place, &mut place.command(subflow(), &["-db"]));
    expect_logged(&log, "\"GET / HTTP/1.0\"");
}

#[test]
fn a_stats_socket_has_its_mode_and_owner_and_outlives_the_process() {
    let owner = if Uid::effective().is_root() { " uid 65534 gid 65533" } else { "" };
    let global = format!("    stats socket \"${{dir}}/cli.sock\" mode 620{owner}");
    let place = Place::new(&global, FRONTEND);
    for _ in 0..2 {
        // The second finds what the first left behind.
        let _running = Foreground::start(&place, &mut place.command(subflow(), &["-db"]));
        let about = fs::metadata(place.path("cli.sock")).expect("the socket");
        assert_eq!(about.permissions().mode() & 0o777, 0o620);
        if !owner.is_empty() {
            assert_eq!((about.uid(), about.gid()), (65534, 65533));
        }
        assert!(UnixStream::connect(place.path("cli.sock")).is_ok());
    }
    assert!(place.path("cli.sock").exists() && UnixStream::connect(place.path("cli.sock")).is_err());
}

/// The configuration that Debian installs with a site added, in a mount namespace where /run is empty and
/// /dev/log is ours.
#[test]
fn debians_configuration_runs_as_it_is() {
    const PACKAGED: &str = "/etc/haproxy/haproxy.cfg";
    let (Ok(packaged), true) = (fs::read_to_string(PACKAGED), Path::new("/var/lib/haproxy").is_dir()) else {
        return skip("the haproxy package is not installed");
    };
    let place = Place::new("", "");
    let site = &FRONTEND[FRONTEND.find("frontend f").expect("a frontend")..];
    fs::write(place.path("cfg"), format!("{packaged}\n{site}")).expect("write");
    let log = UnixDatagram::bind(place.path("log")).expect("bind");
    let world = "mount -t tmpfs none /run && mkdir /run/haproxy && mount -t tmpfs none /dev \
                 && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && ln -s \"$dir/log\" /dev/log";
    let unshared = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", script]).env("dir", place.0.path()).current_dir(place.0.path());
        command.arg(subflow()).arg(place.path("cfg"));
        command
    };
    if !Uid::effective().is_root() || !run(&mut unshared(world)).0.success() {
        return skip("no mount namespace can be made");
    }
    let mut command = unshared(&format!("{world} && exec \"$0\" -db -f \"$1\""));
    let running = Foreground::start(&place, &mut command);
    let haproxy = User::from_name("haproxy").expect("a user data base").expect("the packaged user");
    assert_eq!(status_of(running.pid(), "Uid"), vec![haproxy.uid.to_string(); 4]);
    assert_eq!(status_of(running.pid(), "Gid"), vec![haproxy.gid.to_string(); 4]);
    let root = fs::read_link(format!("/proc/{}/root", running.pid())).expect("a link");
    assert_eq!(root, Path::new("/var/lib/haproxy"));
    expect_logged(&log, "\"GET / HTTP/1.0\"");
    drop(running);

    // As it is means in the background too, with a supervisor that keeps the rights for the next worker.
    let (status, _, err) = run(&mut unshared(&format!("{world} && exec \"$0\" -p \"$dir/pid\" -f \"$1\"")));
    assert!(status.success(), "{status}: {err}");
    let text = fs::read_to_string(place.path("pid")).expect("the pid file");
    let top = Pid::from_raw(text.trim().parse().expect("a number"));
    let socket = PathBuf::from(format!("/proc/{top}/root/run/haproxy/admin.sock"));
    let info = |key: &str| -> Option<i32> {
        let answer = crate::kit::cli::Cli::new(&socket).try_command("show info").ok()?;
        answer.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")?.parse().ok())
    };
    for reloads in 0..2 {
        let worker = poll_until(WAIT, || (info("Reloads") == Some(reloads)).then(|| info("Pid")).flatten());
        let worker = Pid::from_raw(worker.expect("a worker that has seen the reload"));
        assert!(place.serves());
        assert_eq!(status_of(top, "Uid"), vec!["0"; 4]);
        assert_eq!(status_of(worker, "Uid"), vec![haproxy.uid.to_string(); 4]);
        expect_logged(&log, "\"GET / HTTP/1.0\"");
        kill(top, Signal::SIGUSR2).expect("kill");
    }
    kill(top, Signal::SIGTERM).expect("kill");
    assert!(poll_until(WAIT, || has_ended(top).then_some(())).is_some());
}
