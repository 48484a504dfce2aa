//! Reaching a server: refusals, silence, retries, redispatch, no server at all; who speaks first.

use super::tcp;
use crate::kit::rig::{QUIET, compare};

/// One client that says hello to a proxy that cannot reach its server, and the log line.
fn unreachable(extra: &str) {
    tcp(extra, |rig| {
        let mut client = rig.client();
        client.send("hello");
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn refused_without_retries() {
    unreachable("backend server s1 ${refused}\nbackend retries 0");
}

#[test]
fn refused_with_one_retry() {
    unreachable("backend server s1 ${refused}\nbackend retries 1\ndefaults timeout connect 100");
}

#[test]
fn refused_with_three_retries() {
    unreachable("backend server s1 ${refused}\nbackend retries 3\ndefaults timeout connect 100");
}

#[test]
fn refused_for_a_client_that_says_nothing() {
    tcp("backend server s1 ${refused}\nbackend retries 0", |rig| {
        let mut client = rig.client();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn refused_for_a_client_that_half_closed() {
    tcp("backend server s1 ${refused}\nbackend retries 0", |rig| {
        let mut client = rig.client();
        client.send("hello");
        client.half_close();
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn redispatches_to_the_second_server_when_the_first_refuses() {
    let extra = "backend server bad ${refused}
                 backend server good ${s1}
                 backend retries 1
                 backend option redispatch
                 defaults timeout connect 100";
    tcp(extra, |rig| {
        let mut client = rig.client();
        client.send("hello");
        let mut server = rig.s1.accept();
        server.expect("hello");
        server.send("found you");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn redispatches_at_every_retry_when_told_so() {
    let extra = "backend server bad ${refused}
                 backend server good ${s1}
                 backend retries 3
                 backend option redispatch 1";
    tcp(extra, |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.send("found you");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn stays_with_a_refusing_server_without_redispatch() {
    let extra = "backend server bad ${refused}
                 backend server good ${s1}
                 backend retries 2
                 backend no option redispatch
                 defaults timeout connect 100";
    unreachable(extra);
}

#[test]
fn gives_up_when_both_servers_refuse() {
    let extra = "backend server bad ${refused}
                 backend server worse ${refused}
                 backend retries 2
                 backend option redispatch
                 defaults timeout connect 100";
    unreachable(extra);
}

#[test]
fn a_silent_network_ends_in_a_connect_timeout() {
    unreachable("backend server s1 ${dark}\nbackend retries 0\ndefaults timeout connect 150");
}

#[test]
fn a_silent_network_is_tried_again() {
    unreachable("backend server s1 ${dark}\nbackend retries 2\ndefaults timeout connect 100");
}

#[test]
fn redispatches_from_a_silent_network() {
    let extra = "backend server bad ${dark}
                 backend server good ${s1}
                 backend retries 1
                 backend option redispatch
                 defaults timeout connect 150";
    tcp(extra, |rig| {
        let mut client = rig.client();
        client.send("hello");
        let mut server = rig.s1.accept();
        server.expect("hello");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn an_address_without_a_route_ends_the_connection() {
    unreachable("backend server s1 [2001:db8::1]:80\nbackend retries 0\ndefaults timeout connect 300");
}

#[test]
fn a_backend_without_servers_ends_the_connection() {
    let extra = "frontend use_backend empty
                 backend server unused ${s1}
                 backend backend empty";
    unreachable(extra);
}

#[test]
fn a_disabled_server_is_not_used() {
    unreachable("backend server s1 ${s1} disabled");
}

#[test]
fn the_next_server_takes_over_from_a_disabled_one() {
    tcp("backend server s1 ${s1} disabled\nbackend server s2 ${s2}", |rig| {
        let mut client = rig.client();
        let mut server = rig.s2.accept();
        server.send("second");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn a_frontend_without_a_backend_ends_the_connection() {
    let config = "global
    log \"${log}\" local0
frontend fe
    mode tcp
    log global
    option tcplog
    timeout client 6s
    bind fd@${fe}
";
    compare(config, |rig| {
        let mut client = rig.client();
        client.send("hello");
        client.read_to_end();
        rig.expect_log();
    });
}

#[test]
fn the_server_speaks_first() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.send("220 ready\r\n");
        client.expect("220 ready\r\n");
        client.send("QUIT\r\n");
        server.expect("QUIT\r\n");
        server.send("221 bye\r\n");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn the_server_speaks_and_closes_before_the_client_says_anything() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        server.send("busy\r\n");
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn what_the_client_sends_before_the_server_accepts_arrives() {
    tcp("", |rig| {
        let mut client = rig.client();
        client.send("early");
        client.send(" and often");
        let mut server = rig.s1.accept();
        server.expect("early and often");
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn connections_alternate_between_two_servers() {
    tcp("backend balance roundrobin\nbackend server s1 ${s1}\nbackend server s2 ${s2}", |rig| {
        for round in 0..4 {
            let mut client = rig.client();
            let mut server = if round % 2 == 0 { rig.s1.accept() } else { rig.s2.accept() };
            server.send("here");
            server.close();
            client.read_to_end();
            client.close();
            rig.expect_log();
        }
        assert!(rig.s1.is_quiet_for(QUIET));
    });
}

#[test]
fn source_binds_the_local_address_towards_the_server() {
    tcp("backend source 127.0.0.77", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        rig.note("server", crate::kit::sock::peer_addr(server.fd()).ip());
        server.send("banner");
        client.expect("banner");
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn a_server_may_have_a_source_of_its_own() {
    tcp("backend source 127.0.0.77\nbackend server s1 ${s1} source 127.0.0.78", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        rig.note("server", crate::kit::sock::peer_addr(server.fd()).ip());
        server.send("banner");
        client.expect("banner");
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}
