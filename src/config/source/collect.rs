//! From the names of the command line to the files that are read.

use super::{Source, reason};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Why the files of the configuration are not known.
#[derive(Debug)]
pub enum CollectError {
    /// A name given with `-f` leads nowhere.
    Open(PathBuf, io::Error),
    /// A directory given with `-f` cannot be listed.
    List(PathBuf, io::Error),
}

impl fmt::Display for CollectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CollectError::Open(path, error) => {
                write!(f, "Cannot open configuration file/directory {} : {}", path.display(), reason(error))
            }
            CollectError::List(path, error) => {
                write!(f, "Cannot open configuration directory {} : {}", path.display(), reason(error))
            }
        }
    }
}

/// Puts the files in order: a file as itself, a directory as its `*.cfg` files that are not hidden, by name.
///
/// The list may be empty: a directory without such files is no error by itself.
///
/// # Errors
/// The first name that does not exist or cannot be listed.
///
/// # Source
/// management.txt 3, `-f`.
pub fn collect(names: &[OsString]) -> Result<Vec<Source>, CollectError> {
    let mut sources = Vec::new();
    for name in names {
        let path = Path::new(name);
        let kind = fs::metadata(path).map_err(|e| CollectError::Open(path.to_owned(), e))?;
        if kind.is_dir() {
            let files = list(path).map_err(|e| CollectError::List(path.to_owned(), e))?;
            sources.extend(files.into_iter().map(Source::file));
        } else {
            sources.push(Source::file(path.to_owned()));
        }
    }
    Ok(sources)
}

fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        if is_configuration(&name) && fs::metadata(directory.join(&name)).is_ok_and(|m| m.is_file()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

fn is_configuration(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.len() > 4 && name.ends_with(b".cfg") && !name.starts_with(b".")
}

/// All names, separated by `;`: the value of `HAPROXY_CFGFILES`.
pub fn names(sources: &[Source]) -> String {
    sources.iter().map(Source::name).collect::<Vec<_>>().join(";")
}
