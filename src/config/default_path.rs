//! `default-path`: where file names of the configuration that are not absolute begin.

use crate::base::diag::Place;
use std::path::{Path, PathBuf};

/// The choice made by `default-path` (configuration.txt 3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DefaultPath {
    /// The directory the process was started in.
    #[default]
    Current,
    /// The directory of the file that has the name.
    Config,
    /// The parent of that directory.
    Parent,
    /// One directory for all.
    Origin(PathBuf),
}

impl DefaultPath {
    /// What `name`, found at `place`, stands for.
    pub fn of(&self, place: &Place, name: &str) -> PathBuf {
        let config = || Path::new(&*place.file).parent().unwrap_or(Path::new("")).to_owned();
        match self {
            DefaultPath::Current => PathBuf::from(name),
            DefaultPath::Config => config().join(name),
            DefaultPath::Parent => config().join("..").join(name),
            DefaultPath::Origin(directory) => directory.join(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_where_the_configuration_says() {
        let place = Place { file: "etc/a.cfg".into(), line: 1 };
        let of = |path: DefaultPath, name: &str| path.of(&place, name);
        assert_eq!(of(DefaultPath::Current, "x"), Path::new("x"));
        assert_eq!(of(DefaultPath::Config, "x"), Path::new("etc/x"));
        assert_eq!(of(DefaultPath::Parent, "x"), Path::new("etc/../x"));
        assert_eq!(of(DefaultPath::Origin("/o".into()), "x"), Path::new("/o/x"));
        assert_eq!(of(DefaultPath::Config, "/x"), Path::new("/x"));
    }
}
