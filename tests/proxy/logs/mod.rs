//! Log lines against the packaged haproxy: formats, ids, captures, which lines are written, how they are framed and
//! where they go.

mod captures;
mod formats;
mod targets;
mod which;

use crate::kit::http::BodyRule;
use crate::kit::peer::WAIT;
use crate::kit::rig::{Rig, compare, config};
use crate::kit::sink::shape;

const GET: &str = "GET /p/a?q=1 HTTP/1.1\r\nHost: exa.mple\r\nConnection: close\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Runs a script with an HTTP frontend and backend; `extra` as for [`config`].
fn http(extra: &str, script: impl Fn(&mut Rig)) {
    compare(&config("http", extra), script);
}

/// The same in TCP mode.
fn tcp(extra: &str, script: impl Fn(&mut Rig)) {
    compare(&config("tcp", extra), script);
}

/// One request, answered and closed.
fn exchange(rig: &mut Rig, request: &str, answer: &str) {
    let mut client = rig.client();
    client.send(request);
    let mut server = rig.s1.accept();
    server.read_http(BodyRule::Request);
    server.send(answer);
    server.close();
    client.read_http_to_end();
    client.close();
}

/// One request that the proxy answers by itself.
fn refused(rig: &mut Rig, request: &str) {
    let mut client = rig.client();
    client.send(request);
    client.read_answer();
    client.close();
}

/// One short exchange of bytes; the server ends it.
fn bytes(rig: &mut Rig) {
    let mut client = rig.client();
    client.send("hi");
    let mut server = rig.s1.accept();
    server.expect("hi");
    server.send("hello");
    server.close();
    client.read_to_end();
    client.close();
}

/// The next line as it came; lines about the process itself are passed over.
fn raw_line(rig: &Rig) -> String {
    loop {
        let line = rig.sink.next_within(WAIT).expect("a log line");
        if !["Proxy ", "Server "].iter().any(|word| line.contains(word)) {
            return line;
        }
    }
}

/// Notes the next line with each number behind the priority as one `0`: dates, ports, pids and times differ.
fn expect_shape(rig: &Rig) {
    rig.note("log", shape(&raw_line(rig)));
}

/// Notes the next line's text, without the frame, as it is. A format that needs nothing of the end of an exchange is
/// written early, and twice, by the packaged reference: those compared here need some.
fn expect_exact(rig: &Rig) {
    let line = raw_line(rig);
    rig.note("log", line.split_once("]: ").map_or(line.as_str(), |(_, text)| text));
}
