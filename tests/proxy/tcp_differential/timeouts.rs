//! Timeouts: which one ends a connection, how the two ends see it, what is logged. No times are asserted.

use super::tcp;

#[test]
fn timeout_client_ends_a_silent_client() {
    tcp("frontend timeout client 150", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.read_to_end();
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn timeout_server_ends_a_silent_server() {
    tcp("backend timeout server 150", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        client.send("anyone?");
        server.expect("anyone?");
        client.read_to_end();
        client.close();
        server.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn timeout_client_counts_only_while_nothing_moves() {
    tcp("frontend timeout client 300", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        for _ in 0..6 {
            client.send("tick");
            server.expect("tick");
            assert!(client.is_quiet_for(std::time::Duration::from_millis(80)));
        }
        server.read_to_end();
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn timeout_connect_ends_an_unanswered_connect() {
    tcp("backend server s1 ${dark}\nbackend timeout connect 120\nbackend retries 1", |rig| {
        let mut client = rig.client();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn timeout_tunnel_replaces_both_once_data_has_flowed() {
    let extra = "backend timeout tunnel 250\nfrontend timeout client 6s\nbackend timeout server 6s";
    tcp(extra, |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        client.send("a");
        server.expect("a");
        server.send("b");
        client.expect("b");
        client.read_to_end();
        server.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn timeout_tunnel_lengthens_short_timeouts() {
    let extra = "backend timeout tunnel 6s\nfrontend timeout client 150\nbackend timeout server 150";
    tcp(extra, |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        client.send("a");
        server.expect("a");
        server.send("b");
        client.expect("b");
        assert!(client.is_quiet_for(std::time::Duration::from_millis(500)));
        client.send("c");
        server.expect("c");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn timeout_client_fin_is_not_for_a_server_that_may_still_answer() {
    tcp("frontend timeout client-fin 150\nbackend timeout server 800", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.send("banner");
        client.expect("banner");
        client.half_close();
        server.read_to_end();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn timeout_server_fin_is_not_for_a_client_that_may_still_speak() {
    tcp("backend timeout server-fin 150\nfrontend timeout client 800", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.send("last words");
        server.half_close();
        client.read_to_end();
        server.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn timeout_server_fin_applies_after_the_clients_half_close_too() {
    tcp("backend timeout server-fin 150", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.send("banner");
        client.expect("banner");
        client.send("last words");
        client.half_close();
        server.read_to_end();
        client.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn timeout_client_fin_applies_after_the_servers_half_close_too() {
    tcp("frontend timeout client-fin 150", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.half_close();
        client.read_to_end();
        server.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn timeout_server_ends_a_server_that_does_not_read() {
    tcp("backend timeout server 200\nfrontend timeout client 6s", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        client.send_until_blocked();
        client.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn timeout_client_ends_a_client_that_does_not_read() {
    tcp("frontend timeout client 200\nbackend timeout server 6s", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.send_until_blocked();
        server.read_to_end();
        client.close();
        rig.expect_log_without_bytes();
    });
}

#[test]
fn timeout_client_ends_a_client_that_says_nothing_while_the_connect_goes_on() {
    tcp(
        "frontend timeout client 250\nbackend server s1 ${dark}\nbackend timeout connect 500\nbackend retries 1",
        |rig| {
            let mut client = rig.client();
            client.read_to_end();
            rig.expect_log();
        },
    );
}

#[test]
fn timeout_client_ends_a_client_that_says_nothing_between_two_connects() {
    tcp("frontend timeout client 300\nbackend server s1 ${refused}\nbackend retries 5", |rig| {
        let mut client = rig.client();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn timeout_client_spares_a_client_that_spoke_while_the_connect_goes_on() {
    tcp(
        "frontend timeout client 100\nbackend server s1 ${dark}\nbackend timeout connect 400\nbackend retries 0",
        |rig| {
            let mut client = rig.client();
            client.send("anyone?");
            client.read_to_end();
            rig.expect_log();
        },
    );
}

#[test]
fn timeout_client_ends_a_client_that_says_nothing_in_the_queue() {
    tcp(
        "frontend timeout client 400\nbackend server s1 ${s1} maxconn 1\nbackend timeout queue 5s\nbackend timeout tunnel 9s",
        |rig| {
            let mut first = rig.client();
            let mut server = rig.s1.accept();
            first.send("a");
            server.expect("a");
            let mut second = rig.client();
            second.read_to_end();
            rig.expect_log();
            first.send("b");
            server.expect("b");
        },
    );
}
