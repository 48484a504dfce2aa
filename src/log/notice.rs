//! Texts of the messages that the process itself logs, in the reference's words.

use std::fmt::Write as _;

/// `Proxy x stopped ...`, sent with level warning to the proxy's own targets.
pub fn proxy_stopped(out: &mut String, proxy: &str, frontend_conns: u64, backend_conns: u64) {
    // Writing to a String cannot fail.
    let _ =
        write!(out, "Proxy {proxy} stopped (cumulated conns: FE: {frontend_conns}, BE: {backend_conns}).");
}

/// The backend lost its last server; sent with level emerg.
pub fn no_server_available(out: &mut String, backend: &str) {
    let _ = write!(out, "backend {backend} has no server available!");
}

/// A listener stopped accepting because the process is out of something.
pub fn accept_paused(out: &mut String, frontend: &str, reason: &str) {
    let _ = write!(out, "Proxy {frontend} stops accepting for a while: {reason}.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_that_operators_filter_on() {
        let mut out = String::new();
        proxy_stopped(&mut out, "www", 3, 0);
        assert_eq!(out, "Proxy www stopped (cumulated conns: FE: 3, BE: 0).");
        out.clear();
        no_server_available(&mut out, "app");
        assert_eq!(out, "backend app has no server available!");
    }
}
