//! Proxies by name, so that files with thousands of them are read in linear time.

use crate::settings::Kind;
use std::collections::HashMap;

/// The first proxy of each name that has clients, and the first that has servers. A listen is both.
#[derive(Debug, Default)]
pub struct Directory {
    frontends: HashMap<String, usize>,
    backends: HashMap<String, usize>,
}

impl Directory {
    /// Enters a proxy. Of several with a name the first stays.
    pub fn enter(&mut self, kind: Kind, name: &str, at: usize) {
        if kind.is_frontend() {
            self.frontends.entry(name.to_owned()).or_insert(at);
        }
        if kind.is_backend() {
            self.backends.entry(name.to_owned()).or_insert(at);
        }
    }

    /// Where the first proxy with servers is that has this name.
    pub fn backend(&self, name: &str) -> Option<usize> {
        self.backends.get(name).copied()
    }

    /// A proxy that must not have this name beside one of `kind`: one more frontend for what has clients, one
    /// more backend for a backend. A backend and a later listen may share a name, as in the reference.
    pub fn twin(&self, kind: Kind, name: &str) -> Option<usize> {
        let side = if kind.is_frontend() { &self.frontends } else { &self.backends };
        side.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_has_its_own_names() {
        let mut names = Directory::default();
        for (at, kind) in [Kind::Frontend, Kind::Backend, Kind::Listen, Kind::Backend].into_iter().enumerate()
        {
            names.enter(kind, "web", at);
        }
        names.enter(Kind::Listen, "both", 4);
        assert_eq!(
            (names.backend("web"), names.backend("both"), names.backend("none")),
            (Some(1), Some(4), None)
        );
        assert_eq!(names.twin(Kind::Frontend, "web"), Some(0));
        assert_eq!(names.twin(Kind::Listen, "web"), Some(0));
        assert_eq!(names.twin(Kind::Backend, "web"), Some(1));
        assert_eq!(names.twin(Kind::Backend, "none"), None);
    }
}
