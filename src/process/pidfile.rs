//! The file that tells scripts which process to signal.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::process::StartError;

/// A pid file that can be written: made while the process still may, filled when the pid is known. What another
/// process wrote there stays until then, because a start that fails changes nothing.
#[derive(Debug)]
pub struct PidFile {
    file: File,
    path: PathBuf,
    /// What takes the name when it is written.
    beside: Option<Beside>,
}

/// A file that goes when its maker does, unless it was renamed.
#[derive(Debug)]
struct Beside {
    path: PathBuf,
    /// A child that was split off has a copy of this.
    maker: u32,
}

impl Drop for Beside {
    fn drop(&mut self) {
        if self.maker == std::process::id() {
            // It was renamed, as a rule.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl PidFile {
    /// Makes a file beside `path`, mode 0644 within the umask, that replaces what is there when it is written; a link
    /// is not followed. Do it before a chroot and before the rights are given up.
    ///
    /// # Errors
    /// `Cannot create pidfile PATH`, and why.
    pub fn create(path: &Path) -> Result<PidFile, StartError> {
        let failed = |error| StartError::because(format!("Cannot create pidfile {}", path.display()), &error);
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
            return Err(failed(ErrorKind::IsADirectory.into()));
        }
        let maker = std::process::id();
        let mut name = OsString::from(path);
        name.push(format!(".{maker}"));
        let beside = Beside { path: name.into(), maker };
        match open(&beside.path) {
            Ok(file) => Ok(PidFile { file, path: path.to_owned(), beside: Some(beside) }),
            // The file may be ours where its directory is not.
            Err(_) => {
                let file = open(path).map_err(failed)?;
                Ok(PidFile { file, path: path.to_owned(), beside: None })
            }
        }
    }

    /// Writes one pid and a line feed.
    ///
    /// # Errors
    /// `Cannot write pidfile PATH`, and why: a full disk.
    pub fn write(mut self, pid: u32) -> Result<(), StartError> {
        let text = format!("Cannot write pidfile {}", self.path.display());
        self.replace(pid).map_err(|error| StartError::because(text, &error))
    }

    fn replace(&mut self, pid: u32) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all(format!("{pid}\n").as_bytes())?;
        match &self.beside {
            Some(beside) => fs::rename(&beside.path, &self.path),
            None => Ok(()),
        }
    }
}

/// Opens for writing what is there, or a new file.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o644);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC).open(path)
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
    fn a_start_that_fails_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        drop(PidFile::create(&path).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
        std::fs::write(&path, "12\n").unwrap();
        drop(PidFile::create(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "12\n");
        PidFile::create(&path).unwrap().write(7).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
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
