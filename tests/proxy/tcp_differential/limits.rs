//! maxconn wherever it stands: one more connection waits until an earlier one ends.

use super::tcp;
use crate::kit::rig::{QUIET, Rig};

/// Two clients where there is room for one: the second reaches a server only when the first has ended.
fn second_waits(rig: &mut Rig) {
    let mut first = rig.client();
    let mut one = rig.s1.accept();
    first.send("first");
    one.expect("first");
    let mut second = rig.client();
    second.send("second");
    assert!(rig.s1.is_quiet_for(QUIET), "the second connection did not wait");
    assert!(second.is_quiet_for(QUIET / 4));
    one.send("done");
    one.close();
    first.read_to_end();
    first.close();
    rig.expect_log();
    let mut two = rig.s1.accept();
    two.expect("second");
    two.close();
    second.read_to_end();
    second.close();
    rig.expect_log();
}

#[test]
fn maxconn_of_a_frontend_makes_the_second_wait() {
    tcp("frontend maxconn 1", second_waits);
}

#[test]
fn maxconn_of_a_bind_makes_the_second_wait() {
    tcp("frontend bind fd@${fe2} maxconn 1", |rig| {
        rig.fe = rig.fe2;
        second_waits(rig);
    });
}

#[test]
fn maxconn_of_the_process_makes_the_second_wait() {
    // haproxy sizes its table of descriptors by maxconn, and takes no inherited one of a larger number; pipes add to
    // that size.
    tcp("global maxconn 1\nglobal maxpipes 2000", second_waits);
}

#[test]
fn maxconn_of_a_server_makes_the_second_wait() {
    tcp("backend server s1 ${s1} maxconn 1", second_waits);
}

#[test]
fn a_waiting_client_that_gives_up_is_not_forwarded() {
    tcp("frontend maxconn 1", |rig| {
        let mut first = rig.client();
        let mut one = rig.s1.accept();
        let mut second = rig.client();
        second.reset();
        one.close();
        first.read_to_end();
        first.close();
        rig.expect_log();
        let mut third = rig.client();
        third.send("third");
        // What becomes of a connection that was reset in the backlog is chance; the third is served anyway.
        let mut server = rig.s1.accept();
        if server.read_some_is_end() {
            server = rig.s1.accept();
        }
        rig.transcript.forget();
        server.send("served");
        third.expect("served");
    });
}

#[test]
fn a_bind_limit_leaves_other_binds_alone() {
    tcp("frontend bind fd@${fe2} maxconn 1", |rig| {
        let mut limited = rig.client_of(rig.fe2);
        let mut one = rig.s1.accept();
        let mut free = rig.client();
        let mut two = rig.s1.accept();
        two.send("free");
        free.expect("free");
        one.send("limited");
        limited.expect("limited");
        one.close();
        limited.read_to_end();
        limited.close();
        rig.expect_log();
        two.close();
        free.read_to_end();
        free.close();
        rig.expect_log();
    });
}

#[test]
fn more_connections_than_the_limit_all_get_their_turn() {
    tcp("frontend maxconn 3", |rig| {
        let mut clients: Vec<_> = (0..12).map(|_| rig.client()).collect();
        for client in &mut clients {
            client.send("x");
            client.half_close();
        }
        for _ in 0..clients.len() {
            let mut server = rig.s1.accept();
            server.read_to_end();
            server.send("y");
            server.close();
        }
        for client in &mut clients {
            client.read_to_end();
        }
    });
}
