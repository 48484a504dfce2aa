//! Where a frontend listens and how a server is addressed: fd@, ports, Unix and abstract sockets, and the
//! socket options that must be accepted.

use rustix::net::SocketAddrUnix;

use super::tcp;
use crate::kit::rig::{Rig, compare};
use crate::kit::sock;

/// One exchange through whatever `connect` gave.
fn exchange(rig: &mut Rig, mut client: crate::kit::peer::Peer) {
    client.send("hi");
    let mut server = rig.s1.accept();
    server.expect("hi");
    server.send("hello");
    server.close();
    client.read_to_end();
    client.close();
}

/// One exchange over the frontend's handed-over socket, with its log line.
fn plain(extra: &str) {
    tcp(extra, |rig| {
        let client = rig.client();
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn tcp_smart_accept_and_connect_are_accepted() {
    plain("frontend option tcp-smart-accept\nbackend option tcp-smart-connect");
}

#[test]
fn keepalive_options_are_accepted() {
    plain("defaults option tcpka\nfrontend option clitcpka\nbackend option srvtcpka");
}

#[test]
fn keepalive_intervals_are_accepted() {
    plain(
        "frontend option clitcpka\nfrontend clitcpka-idle 10s\nfrontend clitcpka-intvl 5s\nfrontend clitcpka-cnt 3
         backend option srvtcpka\nbackend srvtcpka-idle 10s\nbackend srvtcpka-intvl 5s\nbackend srvtcpka-cnt 3",
    );
}

#[test]
fn the_proxy_sees_both_its_binds() {
    tcp("frontend bind fd@${fe2}\nfrontend bind ${port1}", |rig| {
        for addr in [rig.fe, rig.fe2, rig.port1] {
            let client = rig.client_of(addr);
            exchange(rig, client);
            rig.expect_log();
        }
    });
}

#[test]
fn one_bind_line_may_name_several_addresses() {
    tcp("frontend bind ${port1},${port2}", |rig| {
        for addr in [rig.port1, rig.port2] {
            let client = rig.client_of(addr);
            exchange(rig, client);
            rig.expect_log();
        }
    });
}

#[test]
fn defer_accept_waits_for_data() {
    tcp("frontend bind ${port1} defer-accept", |rig| {
        let client = rig.client_of(rig.port1);
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn bind_options_of_tcp_are_accepted() {
    tcp("frontend bind ${port1} backlog 20 tfo name web id 7 nice -10 tcp-ut 5s", |rig| {
        let client = rig.client_of(rig.port1);
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn an_mss_is_accepted() {
    tcp("frontend bind ${port1} mss 1200", |rig| {
        let client = rig.client_of(rig.port1);
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn server_options_of_tcp_are_accepted() {
    plain("backend server s1 ${s1} tcp-ut 5s tfo weight 10");
}

#[test]
fn a_listen_section_forwards() {
    let config = "global
    log \"${log}\" local0
listen both
    mode tcp
    log global
    option tcplog
    timeout connect 4s
    timeout client 6s
    timeout server 6s
    bind fd@${fe}
    server s1 ${s1}
";
    compare(config, |rig| {
        let client = rig.client();
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn use_backend_without_a_condition_wins_over_the_default() {
    let config = "global
    log \"${log}\" local0
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 4s
    timeout client 6s
    timeout server 6s
frontend fe
    bind fd@${fe}
    use_backend chosen
    default_backend other
backend other
    server s2 ${s2}
backend chosen
    server s1 ${s1}
";
    compare(config, |rig| {
        let client = rig.client();
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn a_unix_socket_bind_takes_clients() {
    tcp("frontend bind ${dir}/fe.sock mode 600", |rig| {
        let path = rig.proxy.dir().join("fe.sock");
        let addr = SocketAddrUnix::new(path).expect("a short path");
        let client = rig.adopt(sock::connect_unix(&addr).expect("connect"));
        exchange(rig, client);
        rig.expect_log_of_unix_client();
    });
}

#[test]
fn an_abstract_socket_bind_takes_clients() {
    tcp("frontend bind abns@subflow-test-${token}", |rig| {
        // haproxy fills the whole of sun_path with zeroes behind an abstract name.
        let mut name = format!("subflow-test-{}", rig.token).into_bytes();
        name.resize(107, 0);
        let addr = SocketAddrUnix::new_abstract_name(&name).expect("a short name");
        let client = rig.adopt(sock::connect_unix(&addr).expect("connect"));
        exchange(rig, client);
        rig.expect_log_of_unix_client();
    });
}

#[test]
fn a_server_may_be_a_unix_socket() {
    tcp("backend server s1 ${dir}/s1.sock", |rig| {
        let addr = SocketAddrUnix::new(rig.proxy.dir().join("s1.sock")).expect("a short path");
        rig.s1 = rig.listener("s1", sock::listen_unix(&addr).expect("listen"));
        let client = rig.client();
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn a_server_may_be_an_abstract_socket() {
    tcp("backend server s1 abns@subflow-test-s-${token}", |rig| {
        let mut name = format!("subflow-test-s-{}", rig.token).into_bytes();
        name.resize(107, 0);
        let addr = SocketAddrUnix::new_abstract_name(&name).expect("a short name");
        rig.s1 = rig.listener("s1", sock::listen_unix(&addr).expect("listen"));
        let client = rig.client();
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn half_closes_pass_between_unix_and_tcp() {
    tcp("frontend bind ${dir}/fe.sock", |rig| {
        let addr = SocketAddrUnix::new(rig.proxy.dir().join("fe.sock")).expect("a short path");
        let mut client = rig.adopt(sock::connect_unix(&addr).expect("connect"));
        client.send("question");
        client.half_close();
        let mut server = rig.s1.accept();
        server.read_to_end();
        server.send("answer");
        server.close();
        client.read_to_end();
        rig.expect_log_of_unix_client();
    });
}

#[test]
fn the_server_port_may_be_an_offset_of_the_clients() {
    // The offset is chosen so that the port the client used leads to the server's port.
    tcp("frontend bind ${port1}\nbackend server s1 127.0.0.1:${offset}", |rig| {
        let client = rig.client_of(rig.port1);
        exchange(rig, client);
        rig.expect_log();
    });
}

#[test]
fn a_port_range_listens_on_each_port() {
    tcp("frontend bind 127.0.0.1:${range}", |rig| {
        for port in rig.range.clone() {
            let client = rig.client_of(([127, 0, 0, 1], port).into());
            exchange(rig, client);
            rig.expect_log();
        }
    });
}

/// One process on both ends, for the packaged haproxy does not know the option.
#[test]
fn only_who_signs_with_the_password_gets_through() {
    let config = "global
    log ${log} local0
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 4s
    timeout client 6s
    timeout server 6s
listen outer
    bind fd@${fe}
    server inner ${port1} tcp-md5sig secret
listen unsigned
    bind fd@${fe2}
    timeout connect 300
    retries 0
    server inner ${port1}
listen inner
    bind ${port1} tcp-md5sig secret
    server s1 ${s1}
";
    crate::kit::rig::alone(config, |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        client.send("signed");
        server.expect("signed");
        server.send("well");
        client.expect("well");
        client.close();
        server.read_to_end();
        server.close();
        let mut unsigned = rig.client_of(rig.fe2);
        unsigned.read_to_end();
        let flags = (0..3).map(|_| rig.sink.next_traffic_line()).find(|line| line.contains(" unsigned "));
        assert!(flags.is_some_and(|line| line.contains(" sC ")), "a SYN without a signature is not answered");
    });
}
