//! Going to the background (`-D`, `daemon`).

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use crate::process::StartError;
use crate::process::pidfile::PidFile;
use crate::sys::process::{Forked, fork, leave_session, open_null, silence};

/// What the child writes when it serves.
const READY: u8 = 1;

/// Which process goes on.
#[derive(Debug)]
pub enum Side {
    /// The one that the operator started: the child has come up or died, and it leaves with this
    /// exit status.
    Parent(i32),
    /// The daemon. It can still write to the operator's terminal until it reports.
    Child(Report),
}

/// The daemon's word to its parent that it serves. Dropped without a word (an error, a crash), the
/// parent leaves with status 1.
#[derive(Debug)]
pub struct Report {
    parent: UnixStream,
    /// Opened at the start, for a chroot has none.
    null: File,
}

impl Report {
    /// Puts the standard descriptors on /dev/null and lets the parent go. Call it when the process is about to
    /// accept.
    ///
    /// # Errors
    /// None that Linux would give.
    pub fn ready(mut self) -> io::Result<()> {
        silence(&self.null)?;
        // A parent that was killed meanwhile does not wait any more.
        let _ = self.parent.write_all(&[READY]);
        Ok(())
    }
}

/// Splits off the daemon. The parent waits until the daemon serves, then writes its pid to
/// `pidfile`: whoever started `-D` finds a proxy that accepts and a file that names it.
///
/// Call it before anything is made that must not be in two processes, the epoll descriptor above all.
/// What fails in the daemon afterwards is still seen by the caller: its words go to the same
/// terminal, and the parent's exit status is 1.
///
/// # Errors
/// There can be no other process, or (in the parent, the daemon runs) the pid cannot be written.
pub fn split(pidfile: Option<PidFile>) -> Result<Side, StartError> {
    let failed = |error| StartError::because("Cannot fork.", &error);
    let (mut parent, child) = UnixStream::pair().map_err(failed)?;
    match fork().map_err(failed)? {
        Forked::Child => {
            // Children of the daemon are to be in its session too.
            leave_session().map_err(|error| StartError::because("Cannot leave the terminal.", &error))?;
            let null = open_null().map_err(|error| StartError::because("Cannot open /dev/null.", &error))?;
            Ok(Side::Child(Report { parent: child, null }))
        }
        Forked::Parent(pid) => {
            drop(child);
            let mut word = [0; 1];
            if !matches!(parent.read_exact(&mut word), Ok(()) if word == [READY]) {
                return Ok(Side::Parent(1));
            }
            if let Some(pidfile) = pidfile {
                pidfile.write(pid.unsigned_abs())?;
            }
            Ok(Side::Parent(0))
        }
    }
}
