//! Texts of the messages that the process itself logs, in the reference's words.

use crate::settings::Kind;
use std::fmt::{Display, Write as _};

/// `Proxy x stopped ...`, sent with level warning to the proxy's own targets.
pub fn proxy_stopped(out: &mut String, proxy: &str, frontend_conns: u64, backend_conns: u64) {
    // Writing to a String cannot fail.
    let _ =
        write!(out, "Proxy {proxy} stopped (cumulated conns: FE: {frontend_conns}, BE: {backend_conns}).");
}

/// The backend lost its last server; sent with level emerg. A `listen` is called a proxy.
pub fn no_server_available(out: &mut String, kind: Kind, backend: &str) {
    let called = if kind == Kind::Listen { "proxy" } else { "backend" };
    let _ = write!(out, "{called} {backend} has no server available!");
}

/// A proxy can neither accept nor connect (`EMFILE`); sent with level emerg.
pub fn no_descriptor_left(out: &mut String, proxy: &str, maxsock: u64) {
    let _ = write!(
        out,
        "Proxy {proxy} reached process FD limit (maxsock={maxsock}). Please check 'ulimit-n' and restart."
    );
}

/// The source address of the connections to servers is not there, or its port is in use; sent with level emerg.
pub fn cannot_bind_source(out: &mut String, backend: &str) {
    let _ = write!(out, "Cannot bind to source address before connect() for backend {backend}.");
}

/// `option checkcache` kept a response from a client.
pub fn cookie_blocked(out: &mut String, backend: &str, server: &str) {
    let _ = write!(out, "Blocking cacheable cookie in response from instance {backend}, server {server}.");
}

/// Accepting rests for another reason; not in the reference's words.
pub fn accept_paused(out: &mut String, frontend: &str, listener: &str, reason: &dyn Display) {
    let _ = write!(out, "Proxy {frontend} cannot accept on {listener}: {reason}; accepting is paused.");
}

/// No connection to a server can be made, for another reason; not in the reference's words.
pub fn cannot_connect(out: &mut String, backend: &str, reason: &dyn Display) {
    let _ = write!(out, "Proxy {backend} cannot connect to its servers: {reason}.");
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
        no_server_available(&mut out, Kind::Backend, "app");
        assert_eq!(out, "backend app has no server available!");
        out.clear();
        no_server_available(&mut out, Kind::Listen, "app");
        assert_eq!(out, "proxy app has no server available!");
        out.clear();
        no_descriptor_left(&mut out, "www", 99);
        assert_eq!(
            out,
            "Proxy www reached process FD limit (maxsock=99). Please check 'ulimit-n' and restart."
        );
        out.clear();
        cookie_blocked(&mut out, "app", "s1");
        assert_eq!(out, "Blocking cacheable cookie in response from instance app, server s1.");
        out.clear();
        cannot_bind_source(&mut out, "app");
        assert_eq!(out, "Cannot bind to source address before connect() for backend app.");
    }
}
