//! A unix socket's place in the file system: bound under a temporary name beside it, and moved
//! there when it listens. So a client never finds the path missing or refusing, a stale socket is
//! replaced, and a start that fails leaves the old one where it was.

use crate::sys::process::{self, FileOwner};
use crate::sys::{addr::SockAddr, socket};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

/// A bound socket that is not at its path yet. Dropped, it removes the temporary name.
#[derive(Debug)]
pub(super) struct Unpublished {
    temporary: PathBuf,
    path: PathBuf,
}

/// Binds `fd` to a temporary name beside `path` and gives it its owner and mode.
pub(super) fn bind(fd: BorrowedFd<'_>, path: &Path, owner: &FileOwner) -> io::Result<Unpublished> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", process::pid()));
    let unpublished = Unpublished { temporary: temporary.into(), path: path.to_owned() };
    match std::fs::remove_file(&unpublished.temporary) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    socket::bind(fd, &SockAddr::Unix(unpublished.temporary.as_path().into()))?;
    process::set_file_owner(&unpublished.temporary, owner)?;
    Ok(unpublished)
}

impl Unpublished {
    /// Moves the socket to its path, over whatever is there.
    pub(super) fn publish(mut self) -> io::Result<()> {
        std::fs::rename(&self.temporary, &self.path)?;
        self.temporary = PathBuf::new();
        Ok(())
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        if !self.temporary.as_os_str().is_empty() {
            // The name may be gone already; there is nobody to tell.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}
