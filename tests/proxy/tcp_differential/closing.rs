//! Ends of a connection: half-closes, closes and resets, from either side, in each phase.

use super::tcp;
use crate::kit::rig::{QUIET, Rig};

/// A client and a server joined by the proxy, one message each way behind them.
fn joined(rig: &mut Rig) -> (crate::kit::peer::Peer, crate::kit::peer::Peer) {
    let mut client = rig.client();
    let mut server = rig.s1.accept();
    client.send("ping");
    server.expect("ping");
    server.send("pong");
    client.expect("pong");
    (client, server)
}

#[test]
fn data_flows_back_after_the_client_half_closed() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        client.half_close();
        server.read_to_end();
        server.send("late answer");
        client.expect("late answer");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn data_flows_on_after_the_server_half_closed() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        server.half_close();
        client.read_to_end();
        client.send("late question");
        server.expect("late question");
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn both_sides_half_close_the_server_first() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        server.send("tail");
        server.half_close();
        client.read_to_end();
        client.half_close();
        server.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn data_sent_together_with_the_half_close_arrives_before_it() {
    tcp("", |rig| {
        let mut client = rig.client();
        client.send("all in one");
        client.half_close();
        let mut server = rig.s1.accept();
        server.read_to_end();
        server.send("answer");
        server.close();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn data_and_half_close_that_come_together_both_pass() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        assert!(client.is_quiet_for(QUIET), "time for the proxy to see its connect done");
        client.send("question");
        client.half_close();
        server.read_to_end();
        server.send("answer");
        server.half_close();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn data_and_half_close_of_many_connections_all_pass() {
    tcp("", |rig| {
        let mut clients: Vec<_> = (0..10).map(|_| rig.client()).collect();
        let mut servers: Vec<_> = (0..10).map(|_| rig.s1.accept()).collect();
        for client in &mut clients {
            client.send("question");
            client.half_close();
        }
        for server in &mut servers {
            server.read_to_end();
            server.send("answer");
            server.close();
        }
        clients.iter_mut().for_each(|client| drop(client.read_to_end()));
    });
}

#[test]
fn client_closes_after_an_exchange() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn server_closes_after_an_exchange() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn client_resets_after_connecting() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        assert!(client.is_quiet_for(QUIET));
        client.reset();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn client_resets_after_an_exchange() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        client.reset();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn client_resets_after_its_half_close() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        client.half_close();
        server.read_to_end();
        client.reset();
        let reset = server.is_hung_up_within(QUIET);
        rig.note("server", format!("hung up: {reset}"));
        server.close();
        rig.expect_log();
    });
}

#[test]
fn client_resets_while_the_server_sends_a_lot() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        server.send_until_blocked();
        client.take(1000);
        client.reset();
        server.read_to_end();
        rig.expect_log_without_bytes();
    });
}

#[test]
fn client_resets_during_the_connect() {
    tcp("backend server s1 ${dark}", |rig| {
        let mut client = rig.client();
        client.send("x");
        assert!(client.is_quiet_for(QUIET));
        client.reset();
        rig.expect_log();
    });
}

#[test]
fn client_closes_during_the_connect() {
    tcp("backend server s1 ${dark}\ndefaults timeout connect 300", |rig| {
        let mut client = rig.client();
        assert!(client.is_quiet_for(QUIET));
        client.close();
        rig.expect_log();
    });
}

#[test]
fn server_resets_after_accepting() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        assert!(client.is_quiet_for(QUIET), "time for the proxy to see its connect done");
        server.reset();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn server_resets_after_an_exchange() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        server.reset();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn server_resets_after_its_half_close() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        server.half_close();
        client.read_to_end();
        server.reset();
        let reset = client.is_hung_up_within(QUIET);
        rig.note("client", format!("hung up: {reset}"));
        client.close();
        rig.expect_log();
    });
}

#[test]
fn server_resets_after_the_clients_half_close() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        client.half_close();
        server.read_to_end();
        server.reset();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn server_resets_with_data_of_the_client_unread() {
    tcp("", |rig| {
        let (mut client, mut server) = joined(rig);
        client.send("never read");
        assert!(!server.is_quiet_for(crate::kit::peer::WAIT));
        server.close();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn server_closes_at_once() {
    tcp("", |rig| {
        let mut client = rig.client();
        rig.s1.accept().close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn an_empty_connection_reaches_the_server() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        assert!(client.is_quiet_for(QUIET), "time for the proxy to see its connect done");
        client.half_close();
        server.read_to_end();
        server.close();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn nolinger_on_the_frontend_resets_the_client() {
    tcp("frontend option nolinger", |rig| {
        let (mut client, mut server) = joined(rig);
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn nolinger_on_the_backend_resets_the_server() {
    tcp("backend option nolinger", |rig| {
        let (mut client, mut server) = joined(rig);
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn nolinger_on_the_backend_keeps_a_half_closed_exchange_whole() {
    tcp("backend option nolinger", |rig| {
        let (mut client, mut server) = joined(rig);
        server.send("answer");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn nolinger_lets_a_refused_client_have_its_end() {
    tcp("frontend option nolinger\nbackend server s1 ${s1} disabled", |rig| {
        let mut client = rig.client();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}
