//! How this program was started, so that it can be started the same way again.

use crate::sys::child;
use std::ffi::{OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program's file, its words and its directory, as they were at the start.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The file: what is at this path is executed, whatever stands there by then.
    exe: PathBuf,
    /// The program's name as it was typed.
    name: OsString,
    args: Vec<OsString>,
    dir: Option<PathBuf>,
}

impl Invocation {
    /// Reads it from the process. Call it before the directory is changed.
    pub fn of_process() -> Invocation {
        let mut words = std::env::args_os();
        let name = words.next().unwrap_or_else(|| "subflow".into());
        let dir = std::env::current_dir().ok();
        let exe = typed_path(&name, dir.as_deref()).or_else(|| std::env::current_exe().ok());
        Invocation { exe: exe.unwrap_or_else(|| name.clone().into()), name, args: words.collect(), dir }
    }

    /// The words behind the program's name.
    pub fn args(&self) -> &[OsString] {
        &self.args
    }

    /// The file that is executed.
    pub fn exe(&self) -> &Path {
        &self.exe
    }

    /// The same invocation again, with the descriptors `keep` besides the standard three.
    pub fn command(&self, keep: &[BorrowedFd<'_>]) -> Command {
        let mut command = child::command(&self.exe, &self.name, &self.args, keep);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }
}

impl Invocation {
    /// Makes this process the same invocation, with the descriptors `keep` and one variable more. Comes back only
    /// with the reason why it could not be done.
    pub fn replace(&self, keep: &[BorrowedFd<'_>], variable: (&str, &str)) -> std::io::Error {
        let there = self.dir.as_deref().map_or(Ok(()), std::env::set_current_dir);
        match there {
            Ok(()) => child::replace(&self.exe, &self.name, &self.args, keep, variable),
            Err(error) => error,
        }
    }
}

/// The file that a shell would have executed for `name`. Links are kept: after an upgrade they lead elsewhere.
fn typed_path(name: &OsStr, dir: Option<&Path>) -> Option<PathBuf> {
    let typed = Path::new(name);
    if typed.components().count() > 1 || typed.is_absolute() {
        return executable(dir?.join(typed));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|place| executable(dir?.join(place).join(typed)))
}

fn executable(file: PathBuf) -> Option<PathBuf> {
    let data = file.metadata().ok()?;
    (data.is_file() && data.permissions().mode() & 0o111 != 0).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_shell_would() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("prog");
        std::fs::write(&file, "").unwrap();
        assert_eq!(typed_path("./prog".as_ref(), Some(dir.path())), None, "not executable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(
            typed_path("./prog".as_ref(), Some(dir.path())).unwrap().canonicalize().unwrap(),
            file.canonicalize().unwrap()
        );
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(typed_path(link.as_os_str(), Some(Path::new("/"))), Some(link));
        assert!(typed_path("sh".as_ref(), Some(Path::new("/"))).is_some());
        assert_eq!(typed_path("no-such-program-of-subflow".as_ref(), Some(Path::new("/"))), None);
    }
}
