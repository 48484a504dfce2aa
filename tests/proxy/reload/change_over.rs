//! A bind that changes between TCP and MPTCP at each reload: no client is lost, and those that come after the
//! reload get what the configuration says.

use super::{SHAPES, Scene, Shape, WAIT, long};
use crate::kit::load::Load;
use crate::kit::proxy::poll_until;
use crate::kit::sock::{self, Transport};

fn run(shape: Shape, transport: Transport) {
    let (switches, clients, connections) = if long() { (12, 16, 100) } else { (4, 4, 10) };
    let scene = Scene::new(shape);
    let short = Load::requests(clients, transport, scene.http.addr);
    let stays = Load::long(connections, transport, scene.tcp.addr);
    for at in 0..switches {
        let is_mptcp = at % 2 == 1;
        let config = match is_mptcp {
            true => scene.config("", "mptcp@"),
            false => scene.config("no-mptcp", ""),
        };
        scene.proxy.reconfigure(&config);
        short.more(30);
        scene.reload();
        short.more(30);
        stays.more(connections as u64);
        if transport == Transport::Mptcp {
            // Until the old socket's queue is served, one of its clients may still be the next.
            let speaks = || sock::is_mptcp(&sock::connect(transport, scene.http.addr).expect("connect"));
            let seen = poll_until(WAIT, || (speaks() == is_mptcp).then_some(()));
            assert!(seen.is_some(), "{shape:?}: after switch {at} clients do not speak MPTCP: {is_mptcp}");
        }
    }
    short.stop().assert_whole("short connections");
    stays.stop().assert_whole("long connections");
}

#[test]
fn tcp_clients_notice_nothing() {
    SHAPES.into_iter().for_each(|shape| run(shape, Transport::Tcp));
}

#[test]
fn mptcp_clients_notice_nothing() {
    SHAPES.into_iter().for_each(|shape| run(shape, Transport::Mptcp));
}
