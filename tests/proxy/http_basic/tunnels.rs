//! Upgrades and CONNECT: where HTTP ends and bytes begin.

use super::{http, round};
use crate::kit::http::BodyRule;
use crate::kit::peer::Peer;
use crate::kit::rig::Rig;

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const CONNECT: &str = "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n";

/// A tunnel over which both sides have spoken.
fn tunnel(rig: &mut Rig, request: &str, answer: &str) -> (Peer, Peer) {
    let mut client = rig.client();
    client.send(request);
    let mut server = rig.s1.accept();
    server.read_http(BodyRule::Request);
    server.send(answer);
    client.read_http(BodyRule::HeadOnly);
    client.send("\x00\x01GET / HTTP/9.9\r\n\r\n");
    server.expect("\x00\x01GET / HTTP/9.9\r\n\r\n");
    server.send("anything\x7f");
    client.expect("anything\x7f");
    (client, server)
}

#[test]
fn an_upgrade_becomes_a_tunnel_the_server_closes() {
    http("", |rig| {
        let (mut client, mut server) = tunnel(rig, UPGRADE, SWITCH);
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn an_upgrade_becomes_a_tunnel_the_client_closes() {
    http("", |rig| {
        let (mut client, mut server) = tunnel(rig, UPGRADE, SWITCH);
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_http_log();
    });
}

#[test]
fn bytes_right_behind_the_switch_reach_the_client() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(UPGRADE);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(format!("{SWITCH}first frame"));
        client.read_http(BodyRule::HeadOnly);
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_tunnel_keeps_the_half_open_direction() {
    http("", |rig| {
        let (mut client, mut server) = tunnel(rig, UPGRADE, SWITCH);
        client.half_close();
        server.read_to_end();
        server.send("late");
        client.expect("late");
        server.close();
        client.read_to_end();
        rig.expect_http_log();
    });
}

#[test]
fn timeout_tunnel_ends_a_silent_tunnel() {
    http("backend timeout tunnel 200", |rig| {
        let (mut client, mut server) = tunnel(rig, UPGRADE, SWITCH);
        server.read_to_end();
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_refused_upgrade_goes_on_as_http() {
    http("", |rig| {
        let mut client = rig.client();
        client.send(UPGRADE);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        client.read_http(BodyRule::Response);
        rig.expect_http_log();
        client.close();
    });
}

#[test]
fn a_connect_that_is_granted_becomes_a_tunnel() {
    http("", |rig| {
        let (mut client, mut server) = tunnel(rig, CONNECT, "HTTP/1.1 200 Connected\r\n\r\n");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_connect_that_is_refused_stays_http() {
    http("", |rig| {
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
        let (mut client, _server) = round(rig, CONNECT, answer);
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_reset_passes_through_a_tunnel() {
    http("", |rig| {
        let (mut client, mut server) = tunnel(rig, UPGRADE, SWITCH);
        server.reset();
        client.read_to_end();
        client.close();
        rig.expect_http_log();
    });
}
