//! Reloads in a row under short connections without pause and long ones that stay.

use super::{SHAPES, Scene, Shape, long};
use crate::kit::load::Load;
use crate::kit::sock::Transport;

fn run(shape: Shape, transport: Transport) {
    let (reloads, clients, connections) = if long() { (20, 32, 200) } else { (5, 6, 40) };
    let scene = Scene::new(shape);
    let pid = scene.proxy.pid();
    let short = Load::requests(clients, transport, scene.http.addr);
    let stays = Load::long(connections, transport, scene.tcp.addr);
    for _ in 0..reloads {
        short.more(50);
        stays.more(connections as u64);
        scene.reload();
    }
    short.more(50);
    stays.more(connections as u64);
    assert!(scene.number("OldWorkers") >= 1, "the long connections are in old workers");
    assert_eq!(scene.proxy.pid(), pid);
    stays.stop().assert_whole("long connections");
    short.stop().assert_whole("short connections");
    if transport == Transport::Tcp {
        // That MPTCP clients have gone the proxy may hear much later: see the load.
        scene.until("OldWorkers", 0);
    }
}

#[test]
fn tcp_clients_notice_nothing() {
    SHAPES.into_iter().for_each(|shape| run(shape, Transport::Tcp));
}

#[test]
fn mptcp_clients_notice_nothing() {
    SHAPES.into_iter().for_each(|shape| run(shape, Transport::Mptcp));
}
