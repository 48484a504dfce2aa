//! The verdicts and texts of these tables are those of the packaged reference (`-c`) for every form
//! it knows; the rows of `mptcp@` and `abnsz@` are newer than it.

use super::*;
use proptest::prelude::*;

fn bind(text: &str) -> Result<Vec<Address>, String> {
    Address::parse_list(text, &Grammar::BIND).map_err(|e| e.to_string())
}

fn server(text: &str) -> Result<Address, String> {
    Address::parse(text, &Grammar::SERVER).map_err(|e| e.to_string())
}

/// Host and ports in one short text.
fn brief(a: &Address) -> String {
    let host = match &a.host {
        Host::Any => "any".to_string(),
        Host::Ip(ip) => ip.to_string(),
        Host::Name(name) => format!("name {name}"),
        Host::Path(path) => format!("path {}", path.display()),
        Host::Abstract { name, padded } => format!("abns {name} {padded}"),
        Host::Fd(n) => format!("fd {n}"),
    };
    let ports = match a.ports {
        Ports::None => String::new(),
        Ports::Fixed(p) => format!(" {p}"),
        Ports::Range(low, high) => format!(" {low}-{high}"),
        Ports::Offset(n) => format!(" {n:+}"),
    };
    format!("{:?} {:?} {host}{ports}", a.family, a.transport)
}

#[test]
fn bind_takes_what_the_reference_takes() {
    for (text, expected) in [
        (":80", "Any Plain any 80"),
        ("*:80", "Any Plain any 80"),
        ("1.2.3.4:80", "Any Plain 1.2.3.4 80"),
        ("0.0.0.0:80", "Any Plain 0.0.0.0 80"),
        ("[::]:80", "Any Plain :: 80"),
        (":::80", "Any Plain :: 80"),
        ("::1:80", "Any Plain ::1 80"),
        ("[::1]:80", "Any Plain ::1 80"),
        ("2001:db8::1:8080", "Any Plain 2001:db8::1 8080"),
        ("::ffff:1.2.3.4:80", "Any Plain ::ffff:1.2.3.4 80"),
        ("[1.2.3.4]:80", "Any Plain 1.2.3.4 80"),
        ("[localhost]:80", "Any Plain name localhost 80"),
        ("localhost:80", "Any Plain name localhost 80"),
        ("1.2.3:80", "Any Plain name 1.2.3 80"),
        (":80-90", "Any Plain any 80-90"),
        (":80-80", "Any Plain any 80"),
        (":80-81-82", "Any Plain any 80-81"),
        (":80x", "Any Plain any 80"),
        (":00080", "Any Plain any 80"),
        ("ip@1.2.3.4:80", "Any Plain 1.2.3.4 80"),
        ("ipv4@:80", "V4 Plain any 80"),
        ("ipv6@:80", "V6 Plain any 80"),
        ("ipv6@*:80", "V6 Plain any 80"),
        ("ipv6@[::]:80", "V6 Plain :: 80"),
        ("ipv6@:::80", "V6 Plain :: 80"),
        ("ipv4@localhost:80", "V4 Plain name localhost 80"),
        ("tcp@:80", "Any Tcp any 80"),
        ("tcp4@:80", "V4 Tcp any 80"),
        ("tcp6@:80", "V6 Tcp any 80"),
        ("mptcp@:80", "Any Mptcp any 80"),
        ("mptcp4@1.2.3.4:80-82", "V4 Mptcp 1.2.3.4 80-82"),
        ("mptcp6@:80", "V6 Mptcp any 80"),
        ("mptcp@[::]:5000", "Any Mptcp :: 5000"),
        ("stream+:80", "Any Plain any 80"),
        ("stream+ipv4@:80", "V4 Plain any 80"),
        ("stream+tcp@:80", "Any Tcp any 80"),
        ("stream+fd@3", "Fd Plain fd 3"),
        ("fd@3", "Fd Plain fd 3"),
        ("unix@/tmp/a", "Unix Plain path /tmp/a"),
        ("unix@a", "Unix Plain path a"),
        ("/tmp/a:80", "Unix Plain path /tmp/a:80"),
        ("stream+unix@/tmp/a", "Unix Plain path /tmp/a"),
        ("abns@x", "Abns Plain abns x true"),
        ("abnsz@x", "Abns Plain abns x false"),
    ] {
        let list = bind(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(list.iter().map(brief).collect::<Vec<_>>(), [expected], "{text}");
    }
}

#[test]
fn bind_refuses_what_the_reference_refuses_with_its_words() {
    for (text, expected) in [
        ("::", "missing port specification in '::'"),
        ("::80", "invalid address: ':' in '::80'"),
        ("127.0.0.1", "missing port specification in '127.0.0.1'"),
        (":", "missing port specification in ':'"),
        (",", "'' resolves to an empty address (environment variable missing?)"),
        (":80,,:81", "'' resolves to an empty address (environment variable missing?)"),
        (":90-80", "invalid port range '90-80'"),
        (":0", "invalid port '0'"),
        (":0-5", "invalid port '0'"),
        (":65536", "invalid port '65536'"),
        (":99999999999", "invalid port '99999999999'"),
        (":1-65536", "invalid port '65536'"),
        (":80-", "invalid port ''"),
        (":-80", "port offset not permitted here in ':-80'"),
        (":+80", "port offset not permitted here in ':+80'"),
        ("1.2.3.4:+0", "port offset not permitted here in '1.2.3.4:+0'"),
        (":abc", "invalid character 'a' in port number 'abc' in ':abc'"),
        (":80,81", "missing port specification in '81'"),
        ("a,b:80", "missing port specification in 'a'"),
        ("ipv4@[::1]:80", "invalid address: '[::1]' in 'ipv4@[::1]:80'"),
        ("ipv4@::1:80", "invalid address: '::1' in 'ipv4@::1:80'"),
        ("ipv6@1.2.3.4:80", "invalid address: '1.2.3.4' in 'ipv6@1.2.3.4:80'"),
        ("tcp6@1.2.3.4:80", "invalid address: '1.2.3.4' in 'tcp6@1.2.3.4:80'"),
        ("mptcp6@1.2.3.4:80", "invalid address: '1.2.3.4' in 'mptcp6@1.2.3.4:80'"),
        ("tcp@/tmp/x", "missing port specification in 'tcp@/tmp/x'"),
        ("foo@:80", "invalid address: 'foo@' in 'foo@:80'"),
        ("IPV4@:80", "invalid address: 'IPV4@' in 'IPV4@:80'"),
        ("@:80", "invalid address: '@' in '@:80'"),
        ("tcp@tcp@:80", "invalid address: 'tcp@' in 'tcp@tcp@:80'"),
        ("stream+stream+:80", "invalid address: 'stream+' in 'stream+stream+:80'"),
        ("1.2.3.4:80:90", "invalid address: '1.2.3.4:80' in '1.2.3.4:80:90'"),
        ("fe80::1%lo:80", "invalid address: 'fe80::1%lo' in 'fe80::1%lo:80'"),
        ("[fe80::1%lo]:80", "invalid address: '[fe80::1%lo]' in '[fe80::1%lo]:80'"),
        ("[::1", "invalid address: '[:' in '[::1'"),
        ("[::1]", "missing port specification in '[::1]'"),
        ("[::1]80", "missing port specification in '[::1]80'"),
        ("[::1]:", "missing port specification in '[::1]:'"),
        ("[]:80", "invalid address: '[]' in '[]:80'"),
        ("[*]:80", "invalid address: '[*]' in '[*]:80'"),
        ("]:80", "invalid address: ']' in ']:80'"),
        ("dgram+:80", "dgram-type address not acceptable in 'dgram+:80'"),
        ("udp@:80", "dgram-type address not acceptable in 'udp@:80'"),
        ("dgram+unix@/tmp/a", "dgram-type address not acceptable in 'dgram+unix@/tmp/a'"),
        ("fd@", "file descriptor '' is not a valid integer in 'fd@'"),
        ("fd@x", "file descriptor 'x' is not a valid integer in 'fd@x'"),
        ("fd@-1", "file descriptor '-1' is not a valid integer in 'fd@-1'"),
        ("fd@3:80", "file descriptor '3:80' is not a valid integer in 'fd@3:80'"),
        ("fd@2147483648", "file descriptor '2147483648' is not a valid integer in 'fd@2147483648'"),
        ("sockpair@3", "'sockpair@' addresses are not supported yet in 'sockpair@3'"),
        ("quic4@:443", "'quic4@' addresses are not supported yet in 'quic4@:443'"),
        ("rhttp@srv", "'rhttp@' addresses are not supported yet in 'rhttp@srv'"),
    ] {
        assert_eq!(bind(text).map_err(|e| e.to_string()), Err(expected.to_string()), "{text}");
    }
}

#[test]
fn a_bind_takes_several_addresses_of_several_kinds() {
    let list = bind("127.0.0.1:80,[::1]:81-83,unix@/a,/b,abns@c,").unwrap();
    assert_eq!(list.len(), 5);
    assert_eq!(list[1].ports.iter().collect::<Vec<_>>(), [81, 82, 83]);
}

#[test]
fn a_server_may_leave_the_port_out_or_offset_it() {
    for (text, expected) in [
        ("", "Any Plain any"),
        (":", "Any Plain any"),
        ("*", "Any Plain any"),
        ("1.2.3.4", "Any Plain 1.2.3.4"),
        ("1.2.3.4:", "Any Plain 1.2.3.4"),
        ("1.2.3.4:0", "Any Plain 1.2.3.4 0"),
        ("1.2.3.4:80", "Any Plain 1.2.3.4 80"),
        ("1.2.3.4:1e3", "Any Plain 1.2.3.4 1"),
        ("1.2.3.4:+80", "Any Plain 1.2.3.4 +80"),
        ("1.2.3.4:-80", "Any Plain 1.2.3.4 -80"),
        ("1.2.3.4:+", "Any Plain 1.2.3.4 +0"),
        ("1.2.3.4:+80-90", "Any Plain 1.2.3.4 +80"),
        ("1.2.3.4:-65536", "Any Plain 1.2.3.4 -65536"),
        ("mptcp@[::]:4331", "Any Mptcp :: 4331"),
        ("mptcp4@web:+1", "V4 Mptcp name web +1"),
        ("[::1]", "Any Plain ::1"),
        ("[localhost]:80", "Any Plain name localhost 80"),
        ("-x:80", "Any Plain name -x 80"),
        ("a_b:80", "Any Plain name a_b 80"),
        ("unix@x", "Unix Plain path x"),
        ("abns@x", "Abns Plain abns x true"),
    ] {
        assert_eq!(server(text).as_ref().map(brief), Ok(expected.to_string()), "{text}");
    }
    for (text, expected) in [
        ("::", "invalid address: ':' in '::'"),
        ("1.2.3.4:80-90", "port range not permitted here in '1.2.3.4:80-90'"),
        ("1.2.3.4:65536", "invalid port '65536'"),
        ("1.2.3.4:x", "invalid character 'x' in port number 'x' in '1.2.3.4:x'"),
        ("1.2.3.4:80,1.2.3.5:80", "invalid address: '1.2.3.4:80,1.2.3.5' in '1.2.3.4:80,1.2.3.5:80'"),
        ("fd@3", "a file descriptor is not acceptable here in 'fd@3'"),
        ("udp@1.2.3.4:80", "dgram-type address not acceptable in 'udp@1.2.3.4:80'"),
        ("[::1]x:80", "invalid address: '[::1]x' in '[::1]x:80'"),
    ] {
        assert_eq!(server(text), Err(expected.to_string()), "{text}");
    }
}

#[test]
fn a_servers_port_follows_the_clients_when_it_is_an_offset_or_missing() {
    assert_eq!(Ports::Fixed(80).for_client(5000), 80);
    assert_eq!(Ports::None.for_client(5000), 5000);
    assert_eq!(Ports::Offset(-1).for_client(5000), 4999);
    assert_eq!(Ports::Offset(1).for_client(65535), 0);
    assert_eq!(Ports::Offset(i32::MIN / 2).for_client(0), 0);
}

#[test]
fn source_and_log_have_their_own_rules() {
    assert!(Address::parse("1.2.3.4:80-90", &Grammar::SOURCE).is_err());
    assert!(Address::parse("1.2.3.4:80-90", &Grammar::SERVER_SOURCE).is_ok());
    assert!(Address::parse("1.2.3.4:0-5", &Grammar::SERVER_SOURCE).is_ok());
    assert!(Address::parse("1.2.3.4:+3", &Grammar::SERVER_SOURCE).is_err());
    let log = |text| Address::parse(text, &Grammar::LOG);
    assert_eq!(log("127.0.0.1").unwrap().kind, Kind::Datagram);
    assert_eq!(log("tcp@1.2.3.4:514").unwrap().kind, Kind::Stream);
    assert_eq!(log("/dev/log").unwrap().kind, Kind::Datagram);
    assert_eq!(log("fd@1").unwrap().host, Host::Fd(1));
    assert!(log("1.2.3.4:514-515").is_err());
}

#[test]
fn names_that_do_not_fit_a_unix_address_are_refused() {
    let long = "x".repeat(200);
    assert!(bind(&format!("/{long}")).unwrap_err().ends_with("too long (max 97)"));
    assert!(bind(&format!("abns@{long}")).unwrap_err().ends_with("too long (max 107)"));
    assert!(bind(&format!("abns@{}", &long[..107])).is_ok());
}

#[test]
fn no_prefix_hides_another() {
    for (at, prefix) in PREFIXES.iter().enumerate() {
        assert!(!PREFIXES[..at].iter().any(|p| prefix.name.starts_with(p.name)), "{}", prefix.name);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC*") {
        let _ = bind(&text);
        let _ = server(&text);
    }

    #[test]
    fn a_written_socket_address_reads_back(ip: IpAddr, port in 1u16..) {
        let addr = std::net::SocketAddr::new(ip, port);
        let read = bind(&addr.to_string()).unwrap();
        prop_assert_eq!(read[0].host.ip(Family::Any), Some(ip));
        prop_assert_eq!(read[0].ports, Ports::Fixed(port));
    }
}
