//! A proxy under test: its own directory, its listening sockets, its life and death, what it says.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::cli::Cli;
use super::sock::{self, Transport};

/// How long a proxy may take to answer on its CLI socket, and to end after a signal.
const START_WAIT: Duration = Duration::from_secs(10);
const STOP_WAIT: Duration = Duration::from_secs(5);
/// The step of a bounded poll on something that has no descriptor to wait on.
const POLL_STEP: Duration = Duration::from_millis(2);

/// While descriptors are made inheritable for one child no other child may be started.
static SPAWN: Mutex<()> = Mutex::new(());

/// The program under test: `SUBFLOW_TEST_PROGRAM`, else the binary that cargo built.
pub fn subflow() -> PathBuf {
    std::env::var_os("SUBFLOW_TEST_PROGRAM")
        .map_or_else(|| env!("CARGO_BIN_EXE_subflow").into(), PathBuf::from)
}

/// The packaged haproxy, the oracle of the differential tests; says aloud when there is none.
pub fn haproxy() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("haproxy")).find(|file| file.is_file());
    if found.is_none() {
        skip("no haproxy in PATH");
    }
    found
}

/// Says why a test, or a part of one, did not run. The fixed prefix lets a wrapper count them.
pub fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    // Not eprintln: the harness hides what a passing test prints.
    let _ = writeln!(std::io::stderr(), "SKIP: {why} ({test})");
}

/// What is needed to start one: sockets to hand over and variables; then [`Setup::start`].
#[derive(Default)]
pub struct Setup {
    listeners: Vec<(String, OwnedFd)>,
    env: BTreeMap<String, String>,
    args: Vec<String>,
    stdout: Option<OwnedFd>,
}

impl Setup {
    /// Makes a TCP listening socket on 127.0.0.1 that the configuration takes over as `fd@${name}`; returns
    /// the address for the clients. Connections wait in its backlog, so nothing is lost before the start.
    pub fn listener(&mut self, name: &str) -> SocketAddr {
        let any = "127.0.0.1:0".parse().expect("an address");
        let fd = sock::listen(Transport::Tcp, any, 1000).expect("listen");
        let addr = sock::local_addr(&fd);
        self.listeners.push((name.to_owned(), fd));
        addr
    }

    /// Leaves `fd` open for the proxy; `fd@${name}` is its number. This process closes it at the start.
    pub fn inherit(&mut self, name: &str, fd: OwnedFd) {
        self.listeners.push((name.to_owned(), fd));
    }

    /// Makes `fd` the proxy's standard output, instead of a file.
    pub fn stdout(&mut self, fd: OwnedFd) {
        self.stdout = Some(fd);
    }

    /// Sets an environment variable, which the configuration may expand.
    pub fn env(&mut self, name: &str, value: impl ToString) -> &mut Setup {
        self.env.insert(name.to_owned(), value.to_string());
        self
    }

    /// Puts an option before `-f`.
    pub fn arg(&mut self, option: &str) -> &mut Setup {
        self.args.push(option.to_owned());
        self
    }

    /// Starts `program -db -f cfg` in a directory of its own, with a first `global` section that gives it a
    /// CLI socket, and waits until that answers: all binds are done then. Panics with its output if it ends.
    pub fn start(self, program: &Path, config: &str) -> Proxy {
        let mut proxy = self.launch(program, config);
        proxy.wait_ready();
        proxy
    }

    /// As [`Setup::start`] without waiting for readiness.
    pub fn launch(self, program: &Path, config: &str) -> Proxy {
        let dir = TempDir::new().expect("a temporary directory");
        write_config(dir.path(), config);
        let file = |name: &str| fs::File::create(dir.path().join(name)).expect("create an output file");
        let mut command = Command::new(program);
        command.arg("-db").args(&self.args).arg("-f").arg(dir.path().join("cfg"));
        command.current_dir(dir.path()).env("dir", dir.path()).envs(&self.env);
        let stdout = self.stdout.map_or_else(|| Stdio::from(file("stdout")), Stdio::from);
        command.stdin(Stdio::null()).stdout(stdout).stderr(file("stderr"));
        let child = spawn(&mut command, &self.listeners);
        Proxy { child, dir, status: None }
    }
}

fn write_config(dir: &Path, config: &str) {
    let text = format!("global\n    stats socket \"${{dir}}/cli.sock\" level admin mode 600\n{config}");
    fs::write(dir.join("cfg"), text).expect("write the configuration");
}

/// Starts `command` with `inherited` descriptors left open, each named by an environment variable.
pub fn spawn(command: &mut Command, inherited: &[(String, OwnedFd)]) -> Child {
    let _alone = SPAWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (name, fd) in inherited {
        command.env(name, fd.as_raw_fd().to_string());
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty())).expect("F_SETFD");
    }
    let child = command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
    for (_, fd) in inherited {
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("F_SETFD");
    }
    child
}

/// Runs `command` to its end; its status, stdout and stderr. Killed after ten seconds.
pub fn run(command: &mut Command) -> (ExitStatus, String, String) {
    let dir = TempDir::new().expect("a temporary directory");
    let file = |name: &str| fs::File::create(dir.path().join(name)).expect("create an output file");
    command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
    let mut child = spawn(command, &[]);
    let status = wait(&mut child, START_WAIT).unwrap_or_else(|| {
        let _ = child.kill();
        let _ = child.wait();
        panic!("{command:?} did not end in {START_WAIT:?}");
    });
    let text =
        |name: &str| String::from_utf8_lossy(&fs::read(dir.path().join(name)).expect("read")).into_owned();
    (status, text("out"), text("err"))
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    poll_until(limit, || child.try_wait().expect("wait"))
}

/// Asks `probe` until it has an answer, for at most `limit`.
pub fn poll_until<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(POLL_STEP);
    }
}

/// A running proxy; stopped when dropped.
pub struct Proxy {
    child: Child,
    dir: TempDir,
    status: Option<ExitStatus>,
}

impl Proxy {
    fn wait_ready(&mut self) {
        let path = self.dir.path().join("cli.sock");
        let ready = poll_until(START_WAIT, || {
            if self.child.try_wait().expect("wait").is_some() {
                return Some(false);
            }
            Cli::new(&path).try_command("show info").ok().filter(|answer| !answer.is_empty()).map(|_| true)
        });
        assert_eq!(ready, Some(true), "the proxy did not become ready; it said:\n{}", self.output());
    }

    /// Writes another configuration, for the next reload.
    pub fn reconfigure(&self, config: &str) {
        write_config(self.dir.path(), config);
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Its directory, `${dir}` in the configuration.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its command line socket.
    pub fn cli(&self) -> Cli {
        Cli::new(&self.dir.path().join("cli.sock"))
    }

    /// What it wrote so far, stdout then stderr.
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout(), self.stderr())
    }

    /// What it wrote to stdout so far.
    pub fn stdout(&self) -> String {
        fs::read_to_string(self.dir.path().join("stdout")).unwrap_or_default()
    }

    /// What it wrote to stderr so far.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("kill");
    }

    /// Runs `work` while the process is stopped: what it does to the proxy's sockets is found there all at once.
    pub fn while_stopped<T>(&self, work: impl FnOnce() -> T) -> T {
        self.signal(Signal::SIGSTOP);
        let is_stopped = || self.state() == 'T';
        assert!(poll_until(STOP_WAIT, || is_stopped().then_some(())).is_some(), "the proxy does not stop");
        let done = work();
        self.signal(Signal::SIGCONT);
        done
    }

    /// Its state, a letter of `/proc/<pid>/stat`.
    fn state(&self) -> char {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or("");
        after_name.trim_start().chars().next().unwrap_or('?')
    }

    /// Waits for its end; none if it is still there after `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = wait(&mut self.child, limit);
        }
        self.status
    }

    /// SIGINT, then SIGKILL if it does not end; how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        if self.status.is_none() && self.child.try_wait().expect("wait").is_none() {
            let _ = kill(self.pid(), Signal::SIGINT);
        }
        if let Some(status) = self.wait(STOP_WAIT) {
            return status;
        }
        let _ = self.child.kill();
        self.status.insert(self.child.wait().expect("wait")).to_owned()
    }

    /// Lowers its limit of descriptors so that it can open `spare` more than it has open now; says what the limit was.
    pub fn leave_descriptors(&self, spare: usize) -> u64 {
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.pid())).expect("read its limits");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("a limit");
        let before = line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
        let open = fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("list its descriptors");
        let open: Vec<u64> =
            open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
        let limit = (0..before).filter(|number| !open.contains(number)).nth(spare).expect("some are free");
        self.limit_descriptors(limit);
        before
    }

    /// Sets its soft limit of descriptors, with prlimit(1) of util-linux.
    pub fn limit_descriptors(&self, limit: u64) {
        let mut command = Command::new("prlimit");
        command.arg("--pid").arg(self.pid().to_string()).arg(format!("--nofile={limit}:"));
        let (status, _, err) = run(&mut command);
        assert!(status.success(), "{command:?}: {err}");
    }

    /// Descriptors open now, from `/proc/<pid>/fd`.
    pub fn fd_count(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).map_or(0, Iterator::count)
    }

    /// Resident set in kB, VmRSS of `/proc/<pid>/status`.
    pub fn rss_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
        line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// User and system time used so far, in clock ticks of 10 ms.
    pub fn cpu_ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or("");
        // After the name come state and then the fields numbered from 4; utime is 14, stime 15.
        after_name.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if self.status.is_some() {
            // The test has seen how it ended.
            return;
        }
        let status = self.stop();
        // 130: a supervisor that SIGINT ended.
        let fine = status.success()
            || status.code() == Some(130)
            || status.signal().is_some_and(|s| s != libc::SIGKILL && s != libc::SIGSEGV);
        if !fine && !std::thread::panicking() && status.code() != Some(1) {
            panic!("the proxy ended with {status}; it said:\n{}", self.output());
        }
    }
}
