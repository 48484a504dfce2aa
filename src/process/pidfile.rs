//! The file that tells scripts which process to signal.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::process::StartError;

/// A pid file that is open and empty: made while the process still may, filled when the pid is known.
#[derive(Debug)]
pub struct PidFile {
    file: File,
    path: PathBuf,
}

impl PidFile {
    /// Makes the file anew, mode 0644 within the umask. A file that was there is replaced, a link
    /// is not followed. Do it before a chroot and before the rights are given up.
    ///
    /// # Errors
    /// `Cannot create pidfile PATH`, and why.
    pub fn create(path: &Path) -> Result<PidFile, StartError> {
        let failed = |error| StartError::because(format!("Cannot create pidfile {}", path.display()), &error);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::IsADirectory => return Err(failed(error)),
            // What stays (a file in a directory that we may not change) is overwritten.
            _ => {}
        }
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
        let file = options.open(path).map_err(failed)?;
        Ok(PidFile { file, path: path.to_owned() })
    }

    /// Writes one pid and a line feed.
    ///
    /// # Errors
    /// `Cannot write pidfile PATH`, and why: a full disk.
    pub fn write(mut self, pid: u32) -> Result<(), StartError> {
        let text = format!("Cannot write pidfile {}", self.path.display());
        self.file.write_all(format!("{pid}\n").as_bytes()).map_err(|error| StartError::because(text, &error))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn replaces_what_was_there_with_one_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        std::fs::write(&path, "12345678\n9\n").unwrap();
        PidFile::create(&path).unwrap().write(42).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "42\n");
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, path) = (dir.path().join("target"), dir.path().join("pid"));
        std::fs::write(&target, "precious").unwrap();
        symlink(&target, &path).unwrap();
        PidFile::create(&path).unwrap().write(7).unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "7\n");
    }

    #[test]
    fn says_which_file_and_why() {
        let error = PidFile::create(Path::new("/nonexistent/pid")).unwrap_err().to_string();
        assert!(
            error.starts_with("[haproxy.main()] Cannot create pidfile /nonexistent/pid (No such file"),
            "{error}"
        );
        assert!(PidFile::create(std::env::temp_dir().as_path()).is_err());
    }
}
