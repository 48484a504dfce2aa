//! What this program is, for the conditions of a configuration.

/// Facts that predicates ask for. `process` fills it in; nothing here is read from elsewhere.
#[derive(Clone, Debug)]
pub struct Build {
    /// The haproxy version whose language is understood, such as `3.5-dev4`.
    pub version: &'static str,
    /// `feature(NAME)`: what was compiled in. A name that is missing is false.
    pub features: &'static [(&'static str, bool)],
    /// `enabled(NAME)`: what can be switched off at start (`-dS`, `-dF`, ...). A name that is missing is false.
    pub switches: Vec<(&'static str, bool)>,
    /// Name and version of the TLS library, where there is one.
    pub tls_library: Option<(&'static str, &'static str)>,
}

impl Build {
    /// Whether `name` was compiled in.
    pub fn has_feature(&self, name: &[u8]) -> bool {
        self.features.iter().any(|(known, on)| known.as_bytes() == name && *on)
    }

    /// Whether `name` is switched on in this run.
    pub fn is_enabled(&self, name: &[u8]) -> bool {
        self.switches.iter().any(|(known, on)| known.as_bytes() == name && *on)
    }
}
