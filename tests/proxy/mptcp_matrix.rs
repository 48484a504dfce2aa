//! Which protocol each side of the proxy speaks, asked of the sockets: bind x client x server x mode.

use std::net::SocketAddr;
use std::time::Duration;

use crate::kit::http::BodyRule;
use crate::kit::netns::Netns;
use crate::kit::peer::{Listener, Peer, Transcript};
use crate::kit::proxy::{Setup, skip, subflow};
use crate::kit::sock::{self, Reserved, Transport, is_mptcp, so_protocol};

const IPPROTO_MPTCP: u32 = 262;
const IPPROTO_TCP: u32 = 6;

/// One row of the matrix: how the bind is written and what clients may expect of it.
struct Bind {
    /// In front of the address.
    prefix: &'static str,
    /// The address in the configuration, and the one clients connect to.
    ip: &'static str,
    client_ip: &'static str,
    /// Lines for the global section.
    global: &'static str,
    speaks_mptcp: bool,
}

/// False, said aloud, where the kernel has no MPTCP.
fn kernel_has_mptcp() -> bool {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let made = sock::bound(Transport::Mptcp, any);
    if let Err(error) = &made {
        skip(&format!("no MPTCP in this kernel: {error}"));
    }
    made.is_ok()
}

/// The four frontends of one proxy: mode x kind of server, a port each.
fn frontends() -> impl Iterator<Item = (&'static str, &'static str)> {
    ["tcp", "http"].into_iter().flat_map(|mode| [(mode, ""), (mode, "mptcp@")])
}

fn configuration(bind: &Bind, ports: &[Reserved], server: SocketAddr) -> String {
    let mut text = format!("    {}\ndefaults\n", bind.global);
    text.push_str("    timeout connect 4s\n    timeout client 8s\n    timeout server 8s\n");
    for ((mode, server_prefix), port) in frontends().zip(ports) {
        let (prefix, ip, port) = (bind.prefix, bind.ip, port.addr.port());
        text.push_str(&format!("listen l{port}\n    mode {mode}\n    bind {prefix}{ip}:{port}\n"));
        text.push_str(&format!("    server s {server_prefix}{server}\n"));
    }
    text
}

/// One exchange in `mode`; the accepted connection of the server.
fn exchange(mode: &str, client: &mut Peer, servers: &mut Listener) -> Peer {
    if mode == "tcp" {
        client.send("question");
        let mut server = servers.accept();
        server.expect("question");
        server.send("answer");
        client.expect("answer");
        return server;
    }
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut server = servers.accept();
    server.read_http(BodyRule::Request);
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer");
    client.read_http(BodyRule::Response);
    server
}

fn row(bind: Bind) {
    if !kernel_has_mptcp() {
        return;
    }
    let transcript = Transcript::default();
    let mut servers = Listener::new("s", Transport::Mptcp, "127.0.0.1", &transcript);
    let ports: Vec<_> = frontends().map(|_| sock::reserve(bind.ip.trim_matches(['[', ']']))).collect();
    let _proxy = Setup::default().start(&subflow(), &configuration(&bind, &ports, servers.addr()));
    for ((mode, server_prefix), port) in frontends().zip(&ports) {
        for transport in [Transport::Tcp, Transport::Mptcp] {
            let case = format!("{}{} {mode} {transport:?} server {server_prefix:?}", bind.prefix, bind.ip);
            let addr = SocketAddr::new(bind.client_ip.parse().expect("an address"), port.addr.port());
            let fd = sock::connect(transport, addr).unwrap_or_else(|error| panic!("{case}: {error}"));
            let mut client = Peer::new("client", fd, &transcript);
            let server = exchange(mode, &mut client, &mut servers);
            let expected = bind.speaks_mptcp && transport == Transport::Mptcp;
            assert_eq!(is_mptcp(client.fd()), expected, "{case}: the client's side");
            let expected = server_prefix == "mptcp@";
            assert_eq!(is_mptcp(server.fd()), expected, "{case}: the server's side");
            let protocol = if expected { IPPROTO_MPTCP } else { IPPROTO_TCP };
            assert_eq!(so_protocol(server.fd()), protocol, "{case}: the server's accepted socket");
        }
    }
}

#[test]
fn a_plain_bind_speaks_mptcp_with_clients_that_do() {
    row(Bind { prefix: "", ip: "127.0.0.1", client_ip: "127.0.0.1", global: "", speaks_mptcp: true });
}

#[test]
fn a_plain_bind_under_no_mptcp_speaks_tcp() {
    let global = "no-mptcp";
    row(Bind { prefix: "", ip: "127.0.0.1", client_ip: "127.0.0.1", global, speaks_mptcp: false });
}

#[test]
fn a_tcp_bind_speaks_tcp() {
    row(Bind { prefix: "tcp@", ip: "127.0.0.1", client_ip: "127.0.0.1", global: "", speaks_mptcp: false });
}

#[test]
fn an_mptcp_bind_speaks_mptcp_with_clients_that_do() {
    row(Bind { prefix: "mptcp@", ip: "127.0.0.1", client_ip: "127.0.0.1", global: "", speaks_mptcp: true });
}

#[test]
fn an_mptcp_bind_speaks_mptcp_under_no_mptcp() {
    let global = "no-mptcp";
    row(Bind { prefix: "mptcp@", ip: "127.0.0.1", client_ip: "127.0.0.1", global, speaks_mptcp: true });
}

#[test]
fn an_mptcp4_bind_speaks_mptcp_with_clients_that_do() {
    row(Bind { prefix: "mptcp4@", ip: "127.0.0.1", client_ip: "127.0.0.1", global: "", speaks_mptcp: true });
}

#[test]
fn an_mptcp6_bind_speaks_mptcp_with_clients_that_do() {
    row(Bind { prefix: "mptcp6@", ip: "[::1]", client_ip: "::1", global: "", speaks_mptcp: true });
}

#[test]
fn an_mptcp_bind_to_every_address_serves_ipv6_and_ipv4() {
    row(Bind { prefix: "mptcp@", ip: "[::]", client_ip: "::1", global: "", speaks_mptcp: true });
    row(Bind { prefix: "mptcp@", ip: "[::]", client_ip: "127.0.0.1", global: "", speaks_mptcp: true });
}

#[test]
fn every_port_of_a_range_speaks_mptcp() {
    if !kernel_has_mptcp() {
        return;
    }
    let transcript = Transcript::default();
    let mut servers = Listener::new("s", Transport::Mptcp, "127.0.0.1", &transcript);
    let ports = sock::reserve_range("127.0.0.1", 4);
    let (first, last) = (ports[0].addr.port(), ports[3].addr.port());
    let config = format!(
        "defaults\n    timeout connect 4s\n    timeout client 8s\n    timeout server 8s
listen l\n    bind mptcp@127.0.0.1:{first}-{last}\n    server s mptcp@{}\n",
        servers.addr()
    );
    let _proxy = Setup::default().start(&subflow(), &config);
    for port in &ports {
        let fd = sock::connect(Transport::Mptcp, port.addr).expect("connect");
        let mut client = Peer::new("client", fd, &transcript);
        let server = exchange("tcp", &mut client, &mut servers);
        assert!(is_mptcp(client.fd()), "port {}", port.addr);
        assert!(is_mptcp(server.fd()), "port {}", port.addr);
    }
}

#[test]
fn an_offset_of_an_mptcp_server_is_added_to_the_clients_port() {
    if !kernel_has_mptcp() {
        return;
    }
    let transcript = Transcript::default();
    let mut servers = Listener::new("s", Transport::Mptcp, "127.0.0.1", &transcript);
    let port = sock::reserve("127.0.0.1");
    let offset = i32::from(servers.addr().port()) - i32::from(port.addr.port());
    let config = format!(
        "defaults\n    timeout connect 4s\n    timeout client 8s\n    timeout server 8s
listen l\n    bind mptcp@{}\n    server s mptcp@127.0.0.1:{offset:+}\n",
        port.addr
    );
    let _proxy = Setup::default().start(&subflow(), &config);
    let fd = sock::connect(Transport::Mptcp, port.addr).expect("connect");
    let mut client = Peer::new("client", fd, &transcript);
    let server = exchange("tcp", &mut client, &mut servers);
    assert!(is_mptcp(client.fd()));
    assert!(is_mptcp(server.fd()));
}

#[test]
fn show_stat_counts_clients_over_mptcp_and_servers_that_fall_back() {
    if !kernel_has_mptcp() {
        return;
    }
    let transcript = Transcript::default();
    let mut with = Listener::new("with", Transport::Mptcp, "127.0.0.1", &transcript);
    let mut without = Listener::new("without", Transport::Tcp, "127.0.0.1", &transcript);
    let ports = [sock::reserve("127.0.0.1"), sock::reserve("127.0.0.1")];
    let config = format!(
        "defaults\n    mode tcp\n    timeout connect 4s\n    timeout client 9s\n    timeout server 9s
listen one\n    bind mptcp@{}\n    server s mptcp@{}\nlisten two\n    bind tcp@{}\n    server s mptcp@{}\n",
        ports[0].addr,
        with.addr(),
        ports[1].addr,
        without.addr()
    );
    let proxy = Setup::default().start(&subflow(), &config);
    let pass = |transport, port: SocketAddr, servers: &mut Listener| {
        let mut client = Peer::new("client", sock::connect(transport, port).expect("connect"), &transcript);
        client.send("hello");
        servers.accept().expect("hello");
    };
    pass(Transport::Mptcp, ports[0].addr, &mut with);
    pass(Transport::Tcp, ports[0].addr, &mut with);
    pass(Transport::Tcp, ports[1].addr, &mut without);
    for (proxy_name, service, column, count) in [
        ("one", "FRONTEND", "mptcp_conn", "1"),
        ("two", "FRONTEND", "mptcp_conn", "0"),
        ("one", "s", "mptcp_conn", "2"),
        ("one", "s", "mptcp_fallback", "0"),
        ("one", "BACKEND", "mptcp_conn", "2"),
        ("two", "s", "mptcp_conn", "1"),
        ("two", "s", "mptcp_fallback", "1"),
        ("two", "BACKEND", "mptcp_fallback", "1"),
    ] {
        let counted = proxy.cli().stat(proxy_name, service, column);
        assert_eq!(counted, count, "{proxy_name}/{service} {column}");
    }
}

/// A namespace in which `net.mptcp.enabled` is 0.
fn namespace_without_mptcp() -> Option<Netns> {
    if !kernel_has_mptcp() {
        return None;
    }
    let netns = Netns::new()?;
    netns.sysctl("net/mptcp/enabled", "0");
    Some(netns)
}

#[test]
fn where_mptcp_is_disabled_a_plain_bind_falls_back_and_says_why() {
    let Some(netns) = namespace_without_mptcp() else { return };
    let transcript = Transcript::default();
    let mut servers = netns.run(|| Listener::new("s", Transport::Tcp, "127.0.0.1", &transcript));
    let config = format!(
        "defaults\n    timeout connect 4s\n    timeout client 8s\n    timeout server 8s
listen l\n    bind 127.0.0.1:8080\n    bind 127.0.0.1:8081\n    server s {}\n",
        servers.addr()
    );
    let proxy = netns.run(|| Setup::default().start(&subflow(), &config));
    let fd = netns.run(|| sock::connect(Transport::Tcp, SocketAddr::from(([127, 0, 0, 1], 8080))));
    let mut client = Peer::new("client", fd.expect("connect"), &transcript);
    exchange("tcp", &mut client, &mut servers);
    let said = proxy.stderr();
    let notices: Vec<_> = said.lines().filter(|line| line.contains("net.mptcp.enabled")).collect();
    assert_eq!(notices.len(), 1, "one notice that names the cause; it said:\n{said}");
    assert!(notices[0].starts_with("[NOTICE]"), "{}", notices[0]);
}

#[test]
fn where_mptcp_is_disabled_an_mptcp_bind_refuses_to_start_and_says_why() {
    let Some(netns) = namespace_without_mptcp() else { return };
    let config = "defaults\n    timeout connect 4s\n    timeout client 8s\n    timeout server 8s
listen l\n    bind mptcp@127.0.0.1:8080\n    server s 127.0.0.1:9\n";
    let mut proxy = netns.run(|| Setup::default().launch(&subflow(), config));
    let status = proxy.wait(Duration::from_secs(5)).expect("it ends");
    assert_eq!(status.code(), Some(1), "it said:\n{}", proxy.output());
    let said = proxy.stderr();
    assert!(said.contains("[ALERT]") && said.contains("net.mptcp.enabled"), "it said:\n{said}");
}
