//! The process itself: identity, limits, signals, going to the background.

use super::check;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{self, ForkResult, Gid, Uid};
use std::fs::File;
use std::io;
use std::path::Path;

/// Soft and hard limit of open descriptors.
pub fn nofile_limit() -> io::Result<(u64, u64)> {
    Ok(getrlimit(Resource::RLIMIT_NOFILE)?)
}

/// Sets both limits of open descriptors; raising the hard one needs CAP_SYS_RESOURCE.
pub fn set_nofile_limit(soft: u64, hard: u64) -> io::Result<()> {
    Ok(setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?)
}

/// Raises the soft limit of open descriptors as far as the hard one allows.
pub fn raise_nofile_limit() -> io::Result<()> {
    let (_, hard) = nofile_limit()?;
    set_nofile_limit(hard, hard)
}

/// Limits the address space to so many bytes (`-m`).
pub fn set_address_space_limit(bytes: u64) -> io::Result<()> {
    Ok(setrlimit(Resource::RLIMIT_AS, bytes, bytes)?)
}

/// The process id.
pub fn pid() -> u32 {
    std::process::id()
}

/// Blocks `signals` for this thread and returns a non-blocking descriptor that reads them.
pub fn signal_fd(signals: &[Signal]) -> io::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in signals {
        set.add(*signal);
    }
    set.thread_block()?;
    Ok(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?)
}

/// Ignores a signal, for example `SIGPIPE`, which splice would raise.
pub fn ignore_signal(signal: Signal) -> io::Result<()> {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler function is installed.
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

/// Gives a signal its default effect back, lets it through and sends it to this process: the parent
/// then sees that the signal ended us.
pub fn die_of(signal: Signal) -> io::Result<()> {
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler function is installed.
    unsafe { sigaction(signal, &action) }?;
    let mut set = SigSet::empty();
    set.add(signal);
    set.thread_unblock()?;
    Ok(nix::sys::signal::raise(signal)?)
}

/// How many supplementary groups the process has.
pub fn supplementary_groups() -> io::Result<usize> {
    Ok(unistd::getgroups()?.len())
}

/// Leaves all supplementary groups; needs CAP_SETGID.
pub fn drop_supplementary_groups() -> io::Result<()> {
    Ok(unistd::setgroups(&[])?)
}

/// Takes another group for good; call [`drop_supplementary_groups`] before.
pub fn set_group(gid: u32) -> io::Result<()> {
    Ok(unistd::setgid(Gid::from_raw(gid))?)
}

/// Takes another user for good; call [`set_group`] before.
pub fn set_user(uid: u32) -> io::Result<()> {
    Ok(unistd::setuid(Uid::from_raw(uid))?)
}

/// Makes `dir` the root of the file system and goes there.
pub fn change_root(dir: &Path) -> io::Result<()> {
    unistd::chroot(dir)?;
    Ok(unistd::chdir("/")?)
}

/// Whether the effective user is root.
pub fn is_root() -> bool {
    unistd::geteuid().is_root()
}

/// The id of a user by name.
pub fn user_id(name: &str) -> Option<u32> {
    unistd::User::from_name(name).ok().flatten().map(|u| u.uid.as_raw())
}

/// The id of a group by name.
pub fn group_id(name: &str) -> Option<u32> {
    unistd::Group::from_name(name).ok().flatten().map(|g| g.gid.as_raw())
}

/// Keeps the process traceable and able to dump core after it changed its identity
/// (`set-dumpable`).
pub fn set_dumpable() -> io::Result<()> {
    Ok(nix::sys::prctl::set_dumpable(true)?)
}

/// Lifts the limits of core and file sizes, as far as the hard limits let it.
pub fn lift_core_limits() -> io::Result<()> {
    for resource in [Resource::RLIMIT_CORE, Resource::RLIMIT_FSIZE] {
        let (_, hard) = getrlimit(resource)?;
        setrlimit(resource, hard, hard)?;
    }
    Ok(())
}

/// Which side of a fork this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forked {
    /// The old process, with the child's id.
    Parent(i32),
    /// The new process.
    Child,
}

/// Splits the process in two (man 2 fork). The program has one thread, so the child is whole.
pub fn fork() -> io::Result<Forked> {
    // SAFETY: the program runs one thread when it forks, so no lock is held by a thread that the
    // child does not have.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Forked::Parent(child.as_raw())),
        ForkResult::Child => Ok(Forked::Child),
    }
}

/// Leaves the terminal's session for a new one.
pub fn leave_session() -> io::Result<()> {
    Ok(unistd::setsid().map(drop)?)
}

/// `/dev/null`, open for reading and writing. A chroot may not have it: open it before.
pub fn open_null() -> io::Result<File> {
    std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")
}

/// Puts standard input, output and error on `null`.
pub fn silence(null: &File) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    for number in 0..=2 {
        // SAFETY: no pointers; the standard descriptors are never held as `OwnedFd`.
        check(unsafe { libc::dup2(null.as_raw_fd(), number) })?;
    }
    Ok(())
}

/// Whom a unix socket file belongs to and who may use it; `None` leaves as it is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FileOwner {
    /// Permission bits.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
}

/// Applies owner, group and mode to a file.
pub fn set_file_owner(path: &Path, owner: &FileOwner) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, chown};
    if owner.uid.is_some() || owner.gid.is_some() {
        chown(path, owner.uid, owner.gid)?;
    }
    match owner.mode {
        Some(mode) => std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_can_be_read_and_set_to_what_they_are() {
        let (soft, hard) = nofile_limit().unwrap();
        assert!(soft <= hard);
        set_nofile_limit(soft, hard).unwrap();
    }

    #[test]
    fn a_blocked_signal_is_read_from_its_descriptor() {
        let fd = signal_fd(&[Signal::SIGUSR1]).unwrap();
        assert!(fd.read_signal().unwrap().is_none());
        nix::sys::signal::raise(Signal::SIGUSR1).unwrap();
        assert_eq!(fd.read_signal().unwrap().unwrap().ssi_signo, Signal::SIGUSR1 as u32);
    }

    #[test]
    fn modes_reach_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        set_file_owner(file.path(), &FileOwner { mode: Some(0o640), ..Default::default() }).unwrap();
        assert_eq!(file.as_file().metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }
}
