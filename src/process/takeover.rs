//! Taking over from an older process: its listening sockets (`-x`), and its end (`-sf`, `-st`).
//!
//! The exchange is the reference's, so that either may follow the other: docs/RELOAD.md.
//!
//! # Source
//! management.txt 3 `-sf`, `-st`, `-x`, 4 (SIGTTOU, SIGTTIN); configuration.txt 5.1 `expose-fd`.

use super::StartError;
use super::args::{Args, Predecessors};
use crate::net::inherit::Inherited;
use crate::net::takeover::{COMMAND, COUNT_LEN, Label};
use crate::sys::addr::SockAddr;
use crate::sys::fd_passing;
use crate::sys::{child, io as sys_io, socket};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// How long the other process may take for each of its messages, in ms. It serves traffic meanwhile.
const ANSWER_MAX_MS: u16 = 5000;
/// How long it is tried to reach a socket whose queue is full.
const CONNECT_TRIES: u32 = 100;
/// Sockets that are taken over at most. More are the sign of something else than a proxy.
const SOCKETS_MAX: u32 = 65_536;
/// Bytes of one read. A message of the reference with the longest labels is larger, and comes in parts.
const READ_LEN: usize = 64 * 1024;

/// How often an address in use is asked for: 2 s in all.
const RELEASE_TRIES: u32 = 200;
/// How long a process may take to let its addresses go, and to take a connection off a full queue.
const PAUSE: Duration = Duration::from_millis(10);

/// Why the sockets did not come.
#[derive(Debug)]
enum Failure {
    /// No connection to the socket.
    Connect(io::Error),
    /// The connection broke, or nothing came for a while.
    Talk(io::Error),
    /// It was closed before the first word.
    Refused,
    /// It was closed in the middle.
    Short { got: usize, of: u32 },
    /// What came is not what such a process says.
    Garbage(&'static str),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Connect(e) => write!(f, "cannot connect: {e}"),
            Failure::Talk(e) if e.kind() == ErrorKind::TimedOut => {
                write!(f, "no answer within {} s", ANSWER_MAX_MS / 1000)
            }
            Failure::Talk(e) if e.raw_os_error() == Some(libc::EMSGSIZE) => {
                f.write_str("descriptors were lost on the way: too few may be open, see 'ulimit-n'")
            }
            Failure::Talk(e) => write!(f, "the connection broke: {e}"),
            Failure::Refused => f.write_str(
                "it was closed without an answer, is 'expose-fd listeners' on its 'stats socket' line?",
            ),
            Failure::Short { got, of } => write!(f, "it was closed after {got} of {of} sockets"),
            Failure::Garbage(what) => write!(f, "it does not answer as a proxy: {what}"),
        }
    }
}

/// The listening sockets of the process behind the socket that `-x` names; none without `-x`. Sockets that are of no
/// use here, of datagrams for example, are closed.
///
/// Blocks while the other process answers, each time at most `ANSWER_MAX_MS`.
///
/// # Errors
/// Not all of the sockets came: the start must be given up, for clients would be refused by either process.
pub fn inherit(args: &Args) -> Result<Vec<Inherited>, StartError> {
    let Some(path) = &args.takeover else { return Ok(Vec::new()) };
    let sockets = fetch(Path::new(path)).map_err(|failure| {
        let path = path.to_string_lossy();
        StartError::new(format!("Failed to get the sockets from the old process! ('{path}': {failure})"))
    })?;
    Ok(sockets.into_iter().filter_map(|(fd, label)| known(fd, label)).collect())
}

/// Sends the older processes of `-sf` and `-st` away. Call it when this process is about to accept.
pub fn dismiss(predecessors: Option<&Predecessors>) {
    match predecessors {
        Some(Predecessors::Finish(_)) => tell(predecessors, Signal::SIGUSR1),
        Some(Predecessors::Terminate(_)) => tell(predecessors, Signal::SIGTERM),
        None => 0,
    };
}

/// Asks the older processes to stop listening for a moment, so that an address can be bound; false when there
/// are none, or it has been tried `RELEASE_TRIES` times.
pub fn release(predecessors: Option<&Predecessors>) -> Box<dyn FnMut() -> bool> {
    let predecessors = predecessors.cloned();
    let mut tries = 0;
    Box::new(move || {
        let told = tries < RELEASE_TRIES && tell(predecessors.as_ref(), Signal::SIGTTOU) > 0;
        if told {
            tries += 1;
            std::thread::sleep(PAUSE);
        }
        told
    })
}

/// This process does not start after all: the older ones go on.
pub fn reinstate(predecessors: Option<&Predecessors>) {
    tell(predecessors, Signal::SIGTTIN);
}

/// How many of the processes got the signal.
fn tell(predecessors: Option<&Predecessors>, signal: Signal) -> usize {
    let pids = match predecessors {
        Some(Predecessors::Finish(pids) | Predecessors::Terminate(pids)) => &pids[..],
        None => &[],
    };
    pids.iter().filter(|pid| child::signal(**pid, signal)).count()
}

/// What the socket is, unless it is of no use.
fn known(fd: OwnedFd, label: Label) -> Option<Inherited> {
    let name = match socket::local_addr(fd.as_fd()).ok()? {
        SockAddr::Unix(path) => Some(SockAddr::Unix(published(&path).into())),
        _ => None,
    };
    Inherited::of(fd, name, label.namespace).ok()
}

/// Where a unix socket is that was bound to `path`, and then moved: both proxies bind to `PATH.PID.tmp`.
fn published(path: &Path) -> &Path {
    let name = || {
        let name = path.as_os_str().as_bytes().strip_suffix(b".tmp")?;
        let dot = name.iter().rposition(|byte| *byte == b'.')?;
        let (name, pid) = (&name[..dot], &name[dot + 1..]);
        let is_pid = !pid.is_empty() && pid.iter().all(u8::is_ascii_digit);
        (is_pid && !name.is_empty()).then(|| Path::new(OsStr::from_bytes(name)))
    };
    name().unwrap_or(path)
}

/// Has the sockets sent, each with its label.
fn fetch(path: &Path) -> Result<Vec<(OwnedFd, Label)>, Failure> {
    let peer = connect(path).map_err(Failure::Connect)?;
    sys_io::send(peer.as_fd(), COMMAND, false).map_err(Failure::Talk)?;
    let of = count(&peer)?;
    let (mut fds, mut labels, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    let mut before = 0u32;
    while labels.len() < of as usize || fds.len() < of as usize {
        let mut room = vec![0; READ_LEN];
        let (len, came) = receive(&peer, &mut room)?;
        if len == 0 {
            return Err(Failure::Short { got: fds.len().min(labels.len()), of });
        }
        fds.extend(came);
        unread.extend_from_slice(&room[..len]);
        let mut rest = &unread[..];
        while labels.len() < of as usize
            && let Some(label) =
                Label::decode(&mut rest).map_err(|_| Failure::Garbage("a name is not text"))?
        {
            labels.push(label);
        }
        unread = rest.to_vec();
        if labels.len() > fds.len() || fds.len() > of as usize {
            return Err(Failure::Garbage("the sockets are not as many as it says"));
        }
        if labels.len() == fds.len() && unread.is_empty() {
            // The last one need not arrive: it may have closed.
            let acknowledged = sys_io::send(peer.as_fd(), &before.to_ne_bytes(), false);
            if labels.len() < of as usize {
                acknowledged.map_err(Failure::Talk)?;
            }
            before = labels.len() as u32;
        }
    }
    match unread.is_empty() {
        true => Ok(fds.into_iter().zip(labels).collect()),
        false => Err(Failure::Garbage("there is more behind the last socket")),
    }
}

/// Connects, and waits a while for room in the other's queue.
fn connect(path: &Path) -> io::Result<OwnedFd> {
    let fd = socket::stream(libc::AF_UNIX, 0)?;
    if path.as_os_str().len() >= crate::sys::addr::SUN_PATH_LEN {
        return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
    }
    let to = SockAddr::Unix(path.into());
    for _ in 0..CONNECT_TRIES {
        match socket::connect(fd.as_fd(), &to) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            done => return done.map(|_| fd),
        }
    }
    Err(ErrorKind::TimedOut.into())
}

/// The first word: how many sockets follow.
fn count(peer: &OwnedFd) -> Result<u32, Failure> {
    let (mut word, mut len) = ([0; COUNT_LEN], 0);
    while len < COUNT_LEN {
        // No further: what follows has descriptors, and they would be lost.
        match receive(peer, &mut word[len..])? {
            (0, _) if len == 0 => return Err(Failure::Refused),
            (0, _) => return Err(Failure::Garbage("the number of sockets is cut off")),
            (more, fds) if fds.is_empty() => len += more,
            _ => return Err(Failure::Garbage("a socket comes before their number")),
        }
    }
    match u32::from_ne_bytes(word) {
        count if count <= SOCKETS_MAX => Ok(count),
        _ => Err(Failure::Garbage("the number of sockets is out of range")),
    }
}

/// Waits for bytes and what comes with them. No bytes is the end.
fn receive(peer: &OwnedFd, room: &mut [u8]) -> Result<(usize, Vec<OwnedFd>), Failure> {
    let mut fds = [PollFd::new(peer.as_fd(), PollFlags::POLLIN)];
    let came = poll(&mut fds, PollTimeout::from(ANSWER_MAX_MS)).map_err(|e| Failure::Talk(e.into()))?;
    if came == 0 {
        return Err(Failure::Talk(ErrorKind::TimedOut.into()));
    }
    fd_passing::receive(peer.as_fd(), room).map_err(Failure::Talk)
}

#[cfg(test)]
mod tests;
