//! Other processes: starting one, becoming another program, hearing of their end.

use super::check;
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A command whose process starts with no signal blocked and keeps the descriptors `keep`, by their numbers,
/// besides the standard three. They have to be open until the command was run.
pub fn command(exe: &Path, name: &OsStr, args: &[OsString], keep: &[BorrowedFd<'_>]) -> Command {
    let keep: Vec<RawFd> = keep.iter().map(AsRawFd::as_raw_fd).collect();
    let mut command = Command::new(exe);
    command.arg0(name).args(args);
    let prepare = move || {
        for number in &keep {
            // SAFETY: F_SETFD takes an integer, and any number may be asked for.
            check(unsafe { libc::fcntl(*number, libc::F_SETFD, 0) })?;
        }
        SigSet::all().thread_unblock().map_err(io::Error::from)
    };
    // SAFETY: `prepare` only makes system calls that are async-signal-safe; it allocates nothing.
    unsafe { command.pre_exec(prepare) };
    command
}

/// Makes this process another program, with the environment of now and `variable` besides. Signals that are
/// blocked stay so: one that comes meanwhile waits for the new program instead of ending it. Comes back only with
/// the reason why it could not be done.
pub fn replace(
    exe: &Path,
    name: &OsStr,
    args: &[OsString],
    keep: &[BorrowedFd<'_>],
    variable: (&str, &str),
) -> io::Error {
    let c_string = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
    let words = std::iter::once(name).chain(args.iter().map(OsString::as_os_str));
    let others = std::env::vars_os().filter(|(key, _)| key != variable.0);
    let own = (OsString::from(variable.0), OsString::from(variable.1));
    let pair = |(mut key, value): (OsString, OsString)| {
        key.push("=");
        key.push(value);
        c_string(&key)
    };
    let texts = (|| {
        let words = words.map(c_string).collect::<io::Result<Vec<_>>>()?;
        let variables = others.chain([own]).map(pair).collect::<io::Result<Vec<_>>>()?;
        Ok((c_string(exe.as_os_str())?, words, variables))
    })();
    let (exe, words, variables) = match texts {
        Ok(texts) => texts,
        Err(error) => return error,
    };
    for fd in keep {
        // SAFETY: F_SETFD takes an integer.
        if let Err(error) = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, 0) }) {
            return error;
        }
    }
    match nix::unistd::execve(&exe, &words, &variables) {
        Ok(never) => match never {},
        Err(error) => error.into(),
    }
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// By itself, with this status.
    Exited(i32),
    /// By a signal.
    Signal(Signal),
}

impl Ended {
    /// As a shell has it: the status, or 128 and the signal's number.
    pub fn code(self) -> i32 {
        match self {
            Ended::Exited(status) => status,
            Ended::Signal(signal) => 128 + signal as i32,
        }
    }
}

/// As in `exited with code 137 (Killed)`.
impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {} ", self.code())?;
        match self {
            Ended::Exited(_) => f.write_str("(Exit)"),
            Ended::Signal(signal) => write!(f, "({})", describe(*signal)),
        }
    }
}

fn describe(signal: Signal) -> &'static str {
    match signal {
        Signal::SIGTERM => "Terminated",
        Signal::SIGKILL => "Killed",
        Signal::SIGINT => "Interrupt",
        Signal::SIGSEGV => "Segmentation fault",
        Signal::SIGABRT => "Aborted",
        other => other.as_str(),
    }
}

/// A child that ended since the last call, whichever; `None` when there is none.
pub fn reap_any() -> Option<(i32, Ended)> {
    reaped(waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)))
}

/// Whether this child has ended; asked once more afterwards, it is nobody's child.
pub fn reap(pid: i32) -> Option<Ended> {
    reaped(waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG))).map(|(_, ended)| ended)
}

fn reaped(answer: nix::Result<WaitStatus>) -> Option<(i32, Ended)> {
    match answer {
        Ok(WaitStatus::Exited(pid, status)) => Some((pid.as_raw(), Ended::Exited(status))),
        Ok(WaitStatus::Signaled(pid, signal, _)) => Some((pid.as_raw(), Ended::Signal(signal))),
        _ => None,
    }
}

/// Sends a signal; whether there was such a process and it may be signalled.
pub fn signal(pid: i32, signal: Signal) -> bool {
    // 0 and -1 are many processes.
    pid > 1 && nix::sys::signal::kill(Pid::from_raw(pid), signal).is_ok()
}

/// Has the kernel send `signal` when the parent ends. A change of user clears it, so call this after.
///
/// # Errors
/// `ESRCH` when the parent, `expected`, is gone already.
pub fn end_with_parent(expected: i32, signal: Signal) -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(signal)?;
    match nix::unistd::getppid().as_raw() == expected {
        true => Ok(()),
        false => Err(Errno::ESRCH.into()),
    }
}

/// A file in memory without a name, for what is handed to another process.
pub fn memory_file(name: &'static std::ffi::CStr) -> io::Result<File> {
    // SAFETY: `name` ends with a NUL.
    let number = check(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) })?;
    // SAFETY: the call returned a new descriptor that nobody else owns.
    Ok(unsafe { File::from_raw_fd(number) })
}

/// The descriptor with this number, which the process was started with and which is nobody else's.
///
/// # Errors
/// `EBADF` when no such descriptor is open.
pub fn take(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_SETFD takes an integer; a number that is not open gives EBADF.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    // SAFETY: it is open, and the caller names a descriptor that was handed to this process for it to own.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Closes every descriptor but the standard three and `keep`. What owned one of them must not be used any
/// more, nor dropped.
pub fn close_all_but(keep: &[BorrowedFd<'_>]) -> io::Result<()> {
    let entries = std::fs::read_dir("/proc/self/fd")?;
    let numbers: Vec<RawFd> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for number in numbers {
        if number > 2 && keep.iter().all(|kept| kept.as_raw_fd() != number) {
            // SAFETY: no pointers; the caller gives up whatever owned the descriptor.
            unsafe { libc::close(number) };
        }
    }
    Ok(())
}

/// Removes a variable from the environment, and returns its value. For the start of the program only.
pub fn take_variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name)?;
    // SAFETY: called at the start, when there is one thread and nobody reads the environment.
    unsafe { std::env::remove_var(name) };
    Some(value)
}

/// Number of a socket in the kernel: two descriptors with the same one are the same socket.
pub fn socket_number(fd: BorrowedFd<'_>) -> io::Result<u64> {
    Ok(nix::sys::stat::fstat(fd.as_fd())?.st_ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::time::{Duration, Instant};

    fn wait_for(pid: i32) -> Ended {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            match reap(pid) {
                Some(ended) => return ended,
                None => assert!(Instant::now() < until, "the child does not end"),
            }
        }
    }

    fn shell(script: &str, keep: &[BorrowedFd<'_>]) -> Ended {
        let args = ["-c".into(), script.into()];
        let mut child = command(Path::new("/bin/sh"), "sh".as_ref(), &args, keep).spawn().unwrap();
        let ended = wait_for(child.id() as i32);
        assert!(child.wait().is_err(), "it was waited for");
        ended
    }

    #[test]
    fn the_end_of_a_child_is_heard_with_its_cause() {
        assert_eq!(shell("exit 3", &[]), Ended::Exited(3));
        let killed = shell("kill -9 $$", &[]);
        assert_eq!((killed, killed.code()), (Ended::Signal(Signal::SIGKILL), 137));
        assert_eq!(killed.to_string(), "code 137 (Killed)");
        assert_eq!(Ended::Exited(1).to_string(), "code 1 (Exit)");
    }

    #[test]
    fn only_descriptors_that_are_kept_reach_the_child() {
        let (kept, other) = (memory_file(c"kept").unwrap(), memory_file(c"other").unwrap());
        let script =
            format!("test -e /proc/self/fd/{} -a ! -e /proc/self/fd/{}", kept.as_raw_fd(), other.as_raw_fd());
        assert_eq!(shell(&script, &[kept.as_fd()]), Ended::Exited(0));
    }

    #[test]
    fn a_memory_file_keeps_what_is_written() {
        let mut file = memory_file(c"test").unwrap();
        file.write_all(b"abc").unwrap();
        assert_eq!(std::fs::read(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap(), b"abc");
        let copy = file.try_clone().unwrap();
        assert_eq!(socket_number(file.as_fd()).unwrap(), socket_number(copy.as_fd()).unwrap());
    }

    #[test]
    fn what_is_not_open_cannot_be_taken_and_nobody_is_not_signalled() {
        assert_eq!(take(1_000_000).unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert!(!signal(0, Signal::SIGCONT) && !signal(-1, Signal::SIGCONT));
    }
}
