//! Whole configurations: what the settings say, and what is complained about.

use super::*;
use crate::base::diag::Severity;
use crate::base::ids::ProxyId;
use crate::net::address::{Host, Ports, Transport};
use crate::settings::proxy::{HttpMode, HttpReuse};
use crate::settings::{LogLine, LogSink, Mode};

fn build() -> Build {
    Build { version: "3.5-dev4", features: &[], switches: Vec::new(), tls_library: None }
}

fn read(text: &str) -> (Result<Settings, Refused>, Vec<(Severity, String)>) {
    let mut diags = Diags::new();
    let mut env = Environment::empty();
    let sources = vec![Source::text("t.cfg", text.as_bytes())];
    let settings = load(sources, build(), Names::default(), &mut env, &mut diags);
    let said = diags.iter().map(|diag| (diag.severity, diag.text.clone())).collect();
    (settings, said)
}

fn good(text: &str) -> Settings {
    let (settings, said) = read(text);
    assert_eq!(said, [], "{text}");
    settings.unwrap()
}

/// The first alert of a refused text.
fn alert(text: &str) -> String {
    let (settings, said) = read(text);
    assert!(settings.is_err(), "{text}");
    said.into_iter().find(|(severity, _)| *severity == Severity::Alert).unwrap().1
}

/// Timeouts, so that nothing is warned about.
const TIMEOUTS: &str = "timeout client 1s\ntimeout server 2s\ntimeout connect 3s\n";

#[test]
fn the_example_of_the_manual_page_for_mptcp() {
    let settings = good(
        "global\n strict-limits\ndefaults\n mode http\n balance roundrobin\n timeout client 60s\n timeout server 60s\n timeout connect 1s\nfrontend f\n bind mptcp@[::]:5000\n default_backend b\nbackend b\n server s mptcp@[::]:4331\n",
    );
    let front = &settings.proxies[0];
    assert_eq!((front.mode, front.backend), (Mode::Http, Some(ProxyId(1))));
    let address = &front.binds[0].addresses[0];
    assert_eq!((address.transport, address.ports), (Transport::Mptcp, Ports::Fixed(5000)));
    let server = settings.server(settings.proxies[1].servers[0]);
    assert_eq!(server.address.transport, Transport::Mptcp);
    assert_eq!(server.resolved.as_ref().unwrap().port(), 4331);
}

#[test]
fn defaults_are_the_latest_or_the_named_ones() {
    let settings = good(&format!(
        "defaults one\n {TIMEOUTS} retries 1\ndefaults two from one\n retries 2\ndefaults\n {TIMEOUTS} mode http\nfrontend a\n bind :1\nfrontend b from two\n bind :2\n"
    ));
    let [a, b] = &settings.proxies[..] else { panic!("two proxies") };
    assert_eq!((a.mode, a.retries, a.timeouts.client_ms), (Mode::Http, 3, Some(1000)));
    assert_eq!((b.mode, b.retries, b.timeouts.client_ms), (Mode::Tcp, 2, Some(1000)));
    assert_eq!((b.timeouts.server_ms, b.timeouts.connect_ms), (None, None));
}

#[test]
fn ids_count_from_two_and_skip_those_that_are_taken() {
    let settings =
        good("backend a\nbackend b\n id 1\nbackend c\n id 2\nbackend d\nbackend e\n id 4\nbackend f\n");
    let ids: Vec<u32> = settings.proxies.iter().map(|proxy| proxy.id).collect();
    assert_eq!(ids, [3, 1, 2, 5, 4, 6]);
}

#[test]
fn server_ids_count_on_over_those_that_are_taken() {
    // Seen with haproxy 2.6.12.
    for (given, expected) in [
        (&["", "2", ""][..], &[1, 2, 3][..]),
        (&["2", "", ""], &[2, 3, 4]),
        (&["", "1", ""], &[2, 1, 4]),
        (&["", "40", ""], &[1, 40, 3]),
        (&["4", "3", "", ""], &[4, 3, 5, 6]),
        (&["3", "", "", ""], &[3, 2, 4, 5]),
    ] {
        let mut config = "backend b\n timeout server 1s\n timeout connect 1s\n".to_owned();
        for (at, id) in given.iter().enumerate() {
            let id = if id.is_empty() { String::new() } else { format!(" id {id}") };
            config += &format!(" server s{at} 127.0.0.1:1{id}\n");
        }
        let ids: Vec<u32> = good(&config).servers.iter().map(|server| server.id).collect();
        assert_eq!(ids, expected, "{given:?}");
    }
}

#[test]
fn use_backend_comes_before_default_backend_and_a_listen_serves_itself() {
    let settings = good(&format!(
        "defaults\n {TIMEOUTS}\nfrontend f\n bind :1\n default_backend x\n use_backend y\nlisten l\n bind :2\nfrontend none\n bind :3\nbackend x\nbackend y\n"
    ));
    let targets: Vec<_> = settings.proxies.iter().map(|proxy| proxy.backend).collect();
    assert_eq!(targets, [Some(ProxyId(4)), Some(ProxyId(1)), None, None, None]);
}

#[test]
fn options_of_servers_start_from_default_server() {
    let settings = good(&format!(
        "listen l\n {TIMEOUTS} bind :1\n default-server weight 7 maxconn 3\n server a 127.0.0.1:+10 weight 9\n default-server backup\n server b 127.0.0.1:-10\n server c /tmp/s\n"
    ));
    let [a, b, c] = &settings.servers[..] else { panic!("three servers") };
    assert_eq!((a.weight, a.maxconn, a.backup, a.address.ports), (9, 3, false, Ports::Offset(10)));
    assert_eq!((b.weight, b.maxconn, b.backup, b.address.ports), (7, 3, true, Ports::Offset(-10)));
    assert!(matches!(c.address.host, Host::Path(_)));
    assert_eq!(a.resolved.as_ref().unwrap().port(), 0);
}

#[test]
fn log_global_copies_the_targets_known_so_far() {
    let settings = good(&format!(
        "global\n log stdout local0\ndefaults\n {TIMEOUTS} log global\n log stderr local1\n option tcplog\nfrontend a\n bind :1\nfrontend b\n bind :2\n no log\n log global\n"
    ));
    let sinks = |at: usize| settings.proxies[at].logs.iter().map(|log| log.sink.clone()).collect::<Vec<_>>();
    assert_eq!(sinks(0), [LogSink::Fd(1), LogSink::Fd(2)]);
    assert_eq!(sinks(1), [LogSink::Fd(1)]);
    assert_eq!(settings.proxies[0].log_line, LogLine::Tcp);
}

#[test]
fn options_are_set_negated_and_defaulted() {
    let settings = good(&format!(
        "defaults\n {TIMEOUTS} mode http\n option dontlognull\n option httpclose\n option redispatch 2\nlisten a\n bind :1\n no option dontlognull\n option tcpka\n http-reuse always\nlisten b\n bind :2\n no option httpclose\n no option redispatch\n"
    ));
    let [a, b] = &settings.proxies[..] else { panic!("two proxies") };
    assert!(!a.options.dontlognull && b.options.dontlognull);
    assert!(a.options.clitcpka && a.options.srvtcpka && !b.options.clitcpka);
    assert_eq!((a.options.http_mode, b.options.http_mode), (HttpMode::Close, HttpMode::KeepAlive));
    assert_eq!((a.options.redispatch, b.options.redispatch), (Some(2), None));
    assert_eq!((a.http_reuse, b.http_reuse), (HttpReuse::Always, HttpReuse::Safe));
}

#[test]
fn the_environment_changes_while_the_file_is_read() {
    let settings = good(&format!(
        "global\n setenv PORT 8000\n presetenv PORT 9000\ndefaults\n {TIMEOUTS}\nfrontend a\n bind 127.0.0.1:$PORT\n"
    ));
    assert_eq!(settings.proxies[0].binds[0].addresses[0].ports, Ports::Fixed(8000));
}

#[test]
fn unix_bind_prefixes_paths_of_binds_below_it() {
    let settings = good(&format!(
        "global\n unix-bind prefix /run/x mode 600\n stats socket /run/cli mode 660 level admin\ndefaults\n {TIMEOUTS}\nfrontend a\n bind /web\n"
    ));
    let bind = &settings.proxies[0].binds[0];
    assert_eq!(bind.addresses[0].host, Host::Path(std::path::Path::new("/run/x/web").into()));
    assert_eq!(bind.options.unix.mode, Some(0o600));
    assert_eq!(settings.global.stats_sockets[0].unix.mode, Some(0o660));
}

#[test]
fn a_keyword_that_may_stand_once_keeps_its_first_value() {
    let (settings, said) = read("global\n maxconn 10\n maxconn 20\n");
    assert_eq!(settings.unwrap().global.maxconn, Some(10));
    let expected = "parsing [t.cfg:3] : 'maxconn' already specified. Continuing.";
    assert_eq!(said, [(Severity::Alert, expected.to_owned())]);
}

#[test]
fn all_errors_of_all_lines_are_told() {
    let (settings, said) = read("frontend a\n foo\n bind :80 maxcon 3\nnosuch\n option dontlognul\n");
    assert_eq!(settings.err(), Some(Refused { quiet: false }));
    assert_eq!(said.iter().filter(|(severity, _)| *severity == Severity::Alert).count(), 6);
}

#[test]
fn what_lines_cannot_know_is_checked() {
    let table: &[(&str, &str)] = &[
        (
            "frontend a\n bind :1\n default_backend b\n",
            "Proxy 'a': unable to find required default_backend: 'b'.",
        ),
        ("listen a\n bind :1\n default_backend a\n", "Proxy 'a': loop detected for default_backend: 'a'."),
        (
            "frontend a\n mode http\n bind :1\n default_backend b\nbackend b\n",
            "http frontend 'a' (t.cfg:1) tries to use incompatible tcp backend 'b' (t.cfg:5) as its default backend (see 'mode').",
        ),
        (
            "backend b\n server x 127.0.0.1:1\n server x 127.0.0.1:2\n",
            "parsing [t.cfg:3] : backend 'b', another server named 'x' was already defined at line 2, please use distinct names.",
        ),
        (
            "frontend a\n bind mptcp@:1 tcp-ut 3s\n",
            "parsing [t.cfg:2] : 'bind mptcp@:1' in section 'frontend' : 'tcp-ut' cannot be used with 'mptcp@': MPTCP sockets refuse TCP_USER_TIMEOUT",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(alert(text), *expected, "{text}");
    }
}

#[test]
fn a_disabled_proxy_is_not_checked() {
    let settings = good("frontend a\n disabled\n default_backend nowhere\n");
    assert!(settings.proxies[0].disabled);
}
