//! HTTP/1 against the packaged haproxy: what the server gets, what the client gets, how both connections go
//! on or end, and the httplog line with its termination flags. Names are compared in lower case.

mod bodies;
mod byte_counts;
mod errors;
mod keepalive;
mod tunnels;

use crate::kit::http::BodyRule;
use crate::kit::peer::Peer;
use crate::kit::rig::{Rig, compare, config};

/// Runs a script with an HTTP frontend and backend; `extra` as for [`config`].
fn http(extra: &str, script: impl Fn(&mut Rig)) {
    compare(&config("http", extra), script);
}

/// One request and one answer that leave both connections open; the two ends.
fn round(rig: &mut Rig, request: &str, answer: &str) -> (Peer, Peer) {
    let mut client = rig.client();
    client.send(request);
    let mut server = rig.s1.accept();
    server.read_http(BodyRule::Request);
    server.send(answer);
    client.read_http(BodyRule::Response);
    (client, server)
}

/// One request whose answer is the whole conversation: the client reads to the end when the server has
/// answered and closed.
fn once(extra: &str, request: &str, answer: &str) {
    http(extra, |rig| {
        let mut client = rig.client();
        client.send(request);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(answer);
        server.close();
        client.read_http_to_end();
        client.close();
        rig.expect_http_log();
    });
}

/// One request that the proxy answers by itself.
fn refused(extra: &str, request: &str) {
    http(extra, |rig| {
        let mut client = rig.client();
        client.send(request);
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}
