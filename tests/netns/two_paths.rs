//! Two namespaces, a server's and a client's, joined by two veth pairs, each a path of its own.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The server's address on the first path: what clients connect to.
pub const SERVER: &str = "10.9.1.1";

/// The two namespaces; dropped, they are gone with everything in them.
pub struct TwoPaths {
    /// Name of the server's namespace, for `namespace` and `ip netns exec`.
    pub server: String,
    /// Name of the client's namespace.
    pub client: String,
}

impl TwoPaths {
    /// Makes the namespaces and both paths, and tells the client's kernel to join over the second.
    ///
    /// # Errors
    /// Why it cannot be done here, for the message of a skip.
    pub fn new() -> Result<TwoPaths, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let paths = TwoPaths { server: format!("subflow-s-{unique}"), client: format!("subflow-c-{unique}") };
        let (s, c) = (paths.server.as_str(), paths.client.as_str());
        ip(&format!("netns add {s}"))?;
        ip(&format!("netns add {c}"))?;
        for path in [1, 2] {
            ip(&format!("-n {s} link add path{path} type veth peer name path{path} netns {c}"))?;
            ip(&format!("-n {s} addr add 10.9.{path}.1/24 dev path{path}"))?;
            ip(&format!("-n {c} addr add 10.9.{path}.2/24 dev path{path}"))?;
            ip(&format!("-n {s} link set path{path} up"))?;
            ip(&format!("-n {c} link set path{path} up"))?;
        }
        // What the client sends from its second address leaves by the second path.
        ip(&format!("-n {c} rule add from 10.9.2.2 table 2"))?;
        ip(&format!("-n {c} route add default via 10.9.2.1 dev path2 table 2"))?;
        ip(&format!("-n {s} mptcp limits set subflows 2"))?;
        ip(&format!("-n {c} mptcp limits set subflows 2"))?;
        ip(&format!("-n {c} mptcp endpoint add 10.9.2.2 dev path2 subflow"))?;
        Ok(paths)
    }

    /// Cuts a path (1 or 2) at the client's end.
    pub fn cut(&self, path: u32) {
        ip(&format!("-n {} link set path{path} down", self.client)).unwrap();
    }
}

impl Drop for TwoPaths {
    fn drop(&mut self) {
        let _ = ip(&format!("netns delete {}", self.server));
        let _ = ip(&format!("netns delete {}", self.client));
    }
}

fn ip(arguments: &str) -> Result<(), String> {
    let out = Command::new("ip").args(arguments.split(' ')).output().map_err(|e| format!("ip: {e}"))?;
    if out.status.success() {
        return Ok(());
    }
    Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&out.stderr).trim()))
}
