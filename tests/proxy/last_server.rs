//! Where the next request of a client goes: `option prefer-last-server`, `max-keep-alive-queue`, authenticated
//! connections; and what a soft stop does with clients that may be about to send it.

use crate::kit::http::BodyRule;
use crate::kit::peer::{Peer, WAIT};
use crate::kit::proxy::poll_until;
use crate::kit::rig::{QUIET, Rig, compare, config};
use nix::sys::signal::Signal;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NTLM: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 2\r\n\r\nno";
const BASIC: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno";
const PREFER: &str = "backend option prefer-last-server\nbackend http-reuse never";

fn two_servers(extra: &str, options: &str) -> String {
    let servers = format!("backend server s1 ${{s1}} {options}\nbackend server s2 ${{s2}} {options}");
    config("http", &format!("{servers}\n{extra}"))
}

/// A request of `client` that comes to `server`, and its answer.
fn exchange(client: &mut Peer, server: &mut Peer, answer: &str) {
    client.send(GET);
    server.read_http(BodyRule::Request);
    server.send(answer);
    client.read_http(BodyRule::Response);
}

/// The first request of a client, which comes to the first server.
fn begin(rig: &mut Rig, answer: &str) -> (Peer, Peer) {
    let mut client = rig.client();
    client.send(GET);
    let mut server = rig.s1.accept();
    server.read_http(BodyRule::Request);
    server.send(answer);
    client.read_http(BodyRule::Response);
    (client, server)
}

fn note_balanced(rig: &Rig) {
    for service in ["s1", "s2", "BACKEND"] {
        let cell = |column: &str| rig.proxy.cli().stat("be", service, column);
        rig.note(service, format!("stot={} lbtot={}", cell("stot"), cell("lbtot")));
    }
}

#[test]
fn clients_stay_where_they_have_a_connection_of_their_own() {
    for (extra, answer) in [(PREFER, OK), ("", NTLM), ("backend http-reuse always", NTLM)] {
        compare(&two_servers(extra, ""), |rig| {
            let (mut client, mut server) = begin(rig, answer);
            for _ in 0..3 {
                exchange(&mut client, &mut server, OK);
            }
            note_balanced(rig);
        });
    }
}

/// Without a connection of their own they are balanced, whatever the option and the status.
#[test]
fn other_clients_are_balanced() {
    for (extra, answer) in
        [("backend option prefer-last-server", OK), ("backend http-reuse never", BASIC), ("", BASIC)]
    {
        compare(&two_servers(extra, ""), |rig| {
            let (mut client, _server) = begin(rig, answer);
            client.send(GET);
            let mut other = rig.s2.accept();
            other.read_http(BodyRule::Request);
            other.send(OK);
            client.read_http(BodyRule::Response);
            note_balanced(rig);
        });
    }
}

#[test]
fn a_server_out_of_rotation_is_left() {
    for state in ["maint", "drain"] {
        compare(&two_servers(PREFER, ""), |rig| {
            let (mut client, mut server) = begin(rig, OK);
            exchange(&mut client, &mut server, OK);
            rig.proxy.cli().command(&format!("set server be/s1 state {state}"));
            client.send(GET);
            let mut other = rig.s2.accept();
            other.read_http(BodyRule::Request);
            other.send(OK);
            client.read_http(BodyRule::Response);
            exchange(&mut client, &mut other, OK);
            note_balanced(rig);
        });
    }
}

/// A connection that the server closed draws nobody.
#[test]
fn a_connection_that_is_gone_draws_nobody() {
    compare(&two_servers(PREFER, ""), |rig| {
        let (mut client, mut server) = begin(rig, OK);
        server.close();
        let idle = || (rig.proxy.cli().stat("be", "s1", "scur") == "0").then_some(());
        assert!(poll_until(WAIT, idle).is_some());
        assert!(client.is_quiet_for(QUIET));
        client.send(GET);
        let mut other = rig.s2.accept();
        other.read_http(BodyRule::Request);
        other.send(OK);
        client.read_http(BodyRule::Response);
    });
}

/// Both servers are busy when the client's next request comes; the second one is free first.
fn busy(rig: &mut Rig, free_server_serves: bool) {
    let (mut client, mut server) = begin(rig, OK);
    let mut others = [rig.client(), rig.client()];
    others[0].send(GET);
    let mut second = rig.s2.accept();
    second.read_http(BodyRule::Request);
    others[1].send(GET);
    let mut first = rig.s1.accept();
    first.read_http(BodyRule::Request);
    client.send(GET);
    let queued = || {
        let stat = |service: &str| rig.proxy.cli().stat("be", service, "qcur");
        (stat("s1") == "1" || stat("BACKEND") == "1").then_some(())
    };
    assert!(poll_until(WAIT, queued).is_some(), "the request never waited");
    rig.note("waits for s1", rig.proxy.cli().stat("be", "s1", "qcur"));
    second.send(OK);
    others[0].read_http(BodyRule::Response);
    if free_server_serves {
        let mut another = rig.s2.accept();
        another.read_http(BodyRule::Request);
        another.send(OK);
    } else {
        assert!(client.is_quiet_for(QUIET));
        first.send(OK);
        others[1].read_http(BodyRule::Response);
        server.read_http(BodyRule::Request);
        server.send(OK);
    }
    client.read_http(BodyRule::Response);
    note_balanced(rig);
}

#[test]
fn a_busy_server_is_waited_for_up_to_max_keep_alive_queue() {
    for (extra, free_server_serves) in
        [("", false), ("backend max-keep-alive-queue 1", false), ("backend max-keep-alive-queue 0", true)]
    {
        compare(&two_servers(&format!("{PREFER}\n{extra}"), "maxconn 1"), |rig| {
            busy(rig, free_server_serves)
        });
    }
}

/// With `option idle-close-on-response` a client that is idle at a soft stop is served once more, and told.
#[test]
fn idle_clients_are_told_with_their_next_response() {
    compare(&config("http", "frontend option idle-close-on-response"), |rig| {
        let (mut client, mut server) = begin(rig, OK);
        rig.proxy.signal(Signal::SIGUSR1);
        assert!(client.is_quiet_for(QUIET));
        client.send(GET);
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_http(BodyRule::Response);
        client.read_to_end();
    });
    compare(&config("http", ""), |rig| {
        let (mut client, _server) = begin(rig, OK);
        rig.proxy.signal(Signal::SIGUSR1);
        client.read_to_end();
    });
}

/// Names that no header can have pass where an option says so, and are kept for `show errors`.
#[test]
fn violations_pass_where_they_are_accepted() {
    let options = "frontend option accept-invalid-http-request\nbackend option accept-invalid-http-response";
    compare(&config("http", options), |rig| {
        for name in ["b d", "b@d", "bd ", "b\x01d"] {
            let mut client = rig.client();
            client.send(format!("GET / HTTP/1.1\r\nhost: a\r\n{name}: x\r\n\r\n"));
            let mut server = rig.s1.accept();
            server.expect(format!("GET / HTTP/1.1\r\nhost: a\r\n{name}: x\r\n\r\n"));
            server.send(format!(
                "HTTP/1.1 200 OK\r\n{name}: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            ));
            client.expect(format!("HTTP/1.1 200 OK\r\n{name}: x\r\ncontent-length: 0\r\n\r\n"));
            client.close();
        }
        let shown = rig.proxy.cli().command("show errors");
        let kept = ["invalid request", "invalid response", "b\\x01d: x\\r\\n"]
            .map(|text| shown.matches(text).count());
        rig.note("show errors", format!("{kept:?}"));
    });
    let refused = "frontend option accept-invalid-http-request\nbackend option accept-invalid-http-response";
    compare(&config("http", refused), |rig| {
        for line in ["bad", ": x"] {
            let mut client = rig.client();
            client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n"));
            client.read_http_to_end();
        }
    });
}
