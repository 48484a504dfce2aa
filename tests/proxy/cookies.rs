//! Cookie persistence against the packaged haproxy: what servers and clients see, and what the log tells of it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::kit::http::{BodyRule, normalise};
use crate::kit::peer::WAIT;
use crate::kit::proxy::poll_until;
use crate::kit::rig::{Rig, compare, config};
use crate::kit::sock::{self, Transport};

/// Who answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    S1,
    S2,
    /// The proxy itself.
    Nobody,
}
use Who::{Nobody, S1, S2};

/// One request: header lines of the client, who answers, header lines of the answer; `|` stands for a line end.
type Step<'a> = (&'a str, Who, &'a str);

const TWO: &str = "backend server a ${s1} cookie A\nbackend server b ${s2} cookie B\n";
const LOG: &str = "frontend log-format \"%s %tsc %CC %CS %rc %ST\"\n";

/// Runs the steps, a connection each, in a backend with these lines.
fn scene(extra: &str, steps: &[Step<'_>]) {
    with_method("GET", extra, steps);
}

fn with_method(method: &str, extra: &str, steps: &[Step<'_>]) {
    let servers = if extra.contains("backend server ") { "" } else { TWO };
    compare(&config("http", &format!("{LOG}{servers}{extra}")), |rig| {
        for step in steps {
            ask(rig, method, *step);
            note_log(rig);
        }
    });
}

/// Header lines written with `|` between them.
fn lines(text: &str) -> String {
    text.split('|').filter(|line| !line.is_empty()).map(|line| format!("{line}\r\n")).collect()
}

fn ask(rig: &mut Rig, method: &str, (request, who, answer): Step<'_>) {
    let mut client = TcpStream::connect(rig.fe).expect("connect");
    client.set_read_timeout(Some(WAIT)).expect("a timeout");
    let request = lines(request);
    let body = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    let text = format!("{method} / HTTP/1.1\r\nHost: h\r\n{request}{body}Connection: close\r\n\r\n");
    client.write_all(text.as_bytes()).expect("send");
    let server = match who {
        S1 => Some(rig.s1.accept()),
        S2 => Some(rig.s2.accept()),
        Nobody => None,
    };
    if let Some(mut server) = server {
        server.read_http(BodyRule::Request);
        server.send(format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", lines(answer)));
        server.close();
    }
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an answer");
    rig.note("client", without_dates(&normalise(&got)));
}

/// Notes the next line; those about the process itself are passed over.
fn note_log(rig: &Rig) {
    let line = std::iter::repeat_with(|| rig.sink.next_within(WAIT).expect("a log line"))
        .find(|line| !["Proxy ", "Server ", "backend "].iter().any(|word| line.contains(word)))
        .unwrap_or_default();
    rig.note("log", line.split_once("]: ").map_or(line.as_str(), |(_, text)| text));
}

/// Dates in cookie values differ from run to run.
fn without_dates(text: &str) -> String {
    let mut parts = text.split('|');
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |out, part| {
        let is_date = part.bytes().take(5).all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
        out + "|" + if is_date { "DATE" } else { "" } + part.get(if is_date { 5 } else { 0 }..).unwrap_or("")
    })
}

/// A date `ago` seconds before now, as it stands in a cookie.
fn date(ago: i64) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() as i64;
    let units = (now - ago) >> 2;
    (0..5).rev().map(|digit| char::from(DIGITS[((units >> (6 * digit)) & 63) as usize])).collect()
}

const OWN: &str = "Set-Cookie: S=x; path=/";

#[test]
fn insert_leads_back_to_the_server() {
    scene(
        "backend cookie S insert",
        &[
            ("", S1, ""),
            ("Cookie: S=A", S1, ""),
            ("Cookie: S=B", S2, ""),
            ("Cookie: a=1; S=B; b=2", S2, OWN),
            ("Cookie: S=Z; S=B", S2, ""),
            ("Cookie: S=B|Cookie: S=A", S2, ""),
        ],
    );
}

#[test]
fn insert_replaces_what_names_nobody() {
    scene(
        "backend cookie S insert",
        &[
            ("Cookie: S=Z", S1, ""),
            ("Cookie: S=", S2, OWN),
            ("Cookie: s=B", S1, ""),
            ("Cookie: S", S2, ""),
            ("Cookie: S=\"B\"", S1, ""),
            ("Cookie: XS=A; SX=A", S2, ""),
        ],
    );
}

#[test]
fn indirect_hides_the_cookie_from_servers() {
    scene(
        "backend cookie S insert indirect",
        &[
            ("Cookie: S=A", S1, ""),
            ("Cookie: a=1;S=B;b=2", S2, ""),
            ("Cookie: a=1 ;  S = B ; b=2", S2, ""),
            ("Cookie: S=B; b=2", S2, ""),
            ("Cookie: a=1; S=B", S2, ""),
            ("Cookie: a=1|Cookie: S=B|Cookie: c=2", S2, ""),
            ("Cookie: S=Z; a=1; S=B", S2, ""),
        ],
    );
}

#[test]
fn indirect_cuts_odd_lines_as_the_reference_does() {
    scene(
        "backend cookie S insert indirect",
        &[
            ("Cookie: $Version=1; S=B; $Path=/; c=1", S2, ""),
            ("Cookie: $Version=1; S=B", S2, ""),
            ("Cookie: a=1 ; S=A , b=2", S1, ""),
            ("Cookie: a=1;;S=A;;b", S1, ""),
            ("Cookie: S=A;S=A;;S=A;b", S1, ""),
            ("Cookie: a=1; S=B;; S=A; d", S2, ""),
            ("Cookie: ;S=A;b", S1, ""),
            ("Cookie: b=\"x\\\"; S=A\"; S=B", S2, ""),
            ("Cookie: a = ; S=A; b", S1, ""),
        ],
    );
}

#[test]
fn an_invalid_cookie_is_hidden_too() {
    scene(
        "backend cookie S insert indirect",
        &[("Cookie: S=Z", S1, ""), ("Cookie: q=1; S=Z; S=Y", S2, OWN), ("Cookie: S=\"A; b=1", S1, "")],
    );
}

#[test]
fn a_servers_own_cookie_goes_with_insert() {
    let many = "Set-Cookie: a=1|Set-Cookie: S=x; path=/|Set-Cookie: b=1";
    scene(
        "backend cookie S insert indirect",
        &[
            ("", S1, OWN),
            ("Cookie: S=A", S1, OWN),
            ("Cookie: S=A", S1, many),
            ("Cookie: S=B", S2, "Set-Cookie: S; x|Set-Cookie: k = v"),
            ("Cookie: S=A", S1, "Set-Cookie2: S=x"),
        ],
    );
}

#[test]
fn preserve_lets_the_servers_cookie_through() {
    let steps = [("", S1, OWN), ("Cookie: S=A", S1, OWN), ("Cookie: S=A", S1, ""), ("Cookie: S=Z", S2, "")];
    scene("backend cookie S insert preserve", &steps);
    scene("backend cookie S insert indirect preserve", &steps);
}

#[test]
fn postonly_waits_for_a_post() {
    let steps = [("", S1, ""), ("", S2, OWN), ("Cookie: S=A", S1, OWN), ("Cookie: S=Z", S1, "")];
    with_method("GET", "backend cookie S insert postonly indirect", &steps);
    with_method("POST", "backend cookie S insert postonly indirect", &steps);
}

#[test]
fn nocache_marks_cacheable_answers() {
    scene(
        "backend cookie S insert indirect nocache",
        &[
            ("", S1, "Cache-Control: max-age=3"),
            ("", S2, "ETag: x"),
            ("", S1, ""),
            ("", S2, "Cache-Control: public"),
            ("", S1, "ETag: x|Cache-Control: no-cache"),
            ("", S2, "ETag: x|Pragma: no-cache"),
            ("", S1, "Cache-Control: max-age=3|Cache-Control: private"),
            ("Cookie: S=A", S1, "Cache-Control: max-age=3"),
        ],
    );
}

#[test]
fn nocache_leaves_answers_to_unsafe_methods() {
    with_method(
        "POST",
        "backend cookie S insert nocache",
        &[("", S1, "ETag: x"), ("", S2, "Cache-Control: max-age=3")],
    );
}

#[test]
fn attributes_of_an_inserted_cookie() {
    scene(
        "backend cookie S insert attr SameSite=Lax secure domain .a.com httponly domain b.com attr x",
        &[("", S1, ""), ("Cookie: S=A", S1, "")],
    );
}

#[test]
fn rewrite_changes_the_servers_cookie() {
    scene(
        "backend cookie S rewrite",
        &[
            ("", S1, ""),
            ("", S2, OWN),
            ("Cookie: S=A", S1, "Set-Cookie: S = x ; path=/"),
            ("Cookie: S=Z", S1, "Set-Cookie: S=\"q;x\"; a|Set-Cookie: S=y"),
            ("", S2, "Set-Cookie: a=1; S=x|Set-Cookie: S=x, b=3"),
        ],
    );
}

#[test]
fn prefix_is_put_on_and_taken_off() {
    scene(
        "backend cookie S prefix",
        &[
            ("", S1, OWN),
            ("Cookie: a=1; S=A~val; b=2", S1, OWN),
            ("Cookie: S=B", S2, ""),
            ("Cookie: S=Z~val", S2, "Set-Cookie: S="),
            ("Cookie: S=~val", S1, ""),
            ("Cookie: S=B~x; S=A~y", S2, ""),
            ("Cookie: S=\"A~x\"", S2, ""),
        ],
    );
}

#[test]
fn prefix_with_indirect_keeps_the_clients_cookie() {
    scene(
        "backend cookie S prefix indirect",
        &[("", S1, OWN), ("Cookie: S=A~v", S1, OWN), ("Cookie: S=Z~v", S2, OWN)],
    );
}

#[test]
fn a_name_without_a_mode() {
    let steps = [("Cookie: S=B", S2, OWN), ("Cookie: S=Z", S1, OWN), ("Cookie: S = A", S1, "")];
    scene("backend cookie S", &steps);
    scene("backend cookie S indirect", &steps);
    scene("backend cookie S nocache maxidle 1h secure", &steps);
}

#[test]
fn a_server_without_a_cookie_ends_persistence() {
    let servers = "backend server a ${s1}\nbackend server b ${s2} cookie B\n";
    let steps = [("", S1, ""), ("Cookie: S=B", S2, ""), ("Cookie: S=Z", S2, ""), ("Cookie: S=Z", S1, OWN)];
    scene(&format!("{servers}backend cookie S insert indirect domain .x.com"), &steps);
    scene(&format!("{servers}backend cookie S rewrite"), &[("", S1, OWN), ("", S2, OWN)]);
    scene(&format!("{servers}backend cookie S prefix"), &[("", S1, OWN), ("", S2, OWN)]);
}

#[test]
fn a_server_without_weight_keeps_its_clients() {
    scene(
        "backend server a ${s1} cookie A weight 0\nbackend server b ${s2} cookie B\nbackend cookie S insert indirect",
        &[("", S2, ""), ("Cookie: S=A", S1, ""), ("", S2, ""), ("Cookie: S=Z", S2, "")],
    );
}

#[test]
fn a_disabled_server_loses_its_clients() {
    let servers = "backend server a ${s1} cookie A disabled\nbackend server b ${s2} cookie B\n";
    let steps = [("Cookie: S=A", S2, ""), ("Cookie: S=A; S=Z", S2, OWN), ("Cookie: S=A; S=B", S2, "")];
    for mode in ["insert indirect", "insert preserve", "rewrite", "prefix"] {
        scene(&format!("{servers}backend cookie S {mode}"), &steps);
    }
}

#[test]
fn persist_uses_a_server_that_is_down() {
    let servers = "backend server a ${s1} cookie A disabled\nbackend server b ${s2} cookie B\n";
    scene(
        &format!("{servers}backend cookie S insert indirect\nbackend option persist"),
        &[("Cookie: S=A", S1, ""), ("Cookie: S=A", S1, OWN), ("", S2, ""), ("Cookie: S=B", S2, "")],
    );
}

#[test]
fn a_server_that_refuses_is_left_with_redispatch() {
    let servers = "backend server a ${refused} cookie A\nbackend server b ${s2} cookie B\n";
    let lines = "backend cookie S insert indirect\nbackend option redispatch 1\nbackend retries 1\n";
    scene(&format!("{servers}{lines}"), &[("Cookie: S=A", S2, ""), ("Cookie: S=B", S2, "")]);
    let down = "backend server a ${refused} cookie A disabled\nbackend server b ${s2} cookie B\nbackend option persist\n";
    scene(&format!("{down}{lines}"), &[("Cookie: S=A", S2, ""), ("Cookie: S=A; S=B", S2, "")]);
}

#[test]
fn a_server_that_refuses_fails_without_redispatch() {
    let servers = "backend server a ${refused} cookie A\nbackend server b ${s2} cookie B\n";
    scene(
        &format!("{servers}backend cookie S insert indirect\nbackend retries 0"),
        &[("Cookie: S=A", Nobody, ""), ("Cookie: S=B", S2, "")],
    );
}

#[test]
fn nobody_serves() {
    let servers = "backend server a ${s1} cookie A disabled\nbackend server b ${s2} cookie B disabled\n";
    scene(
        &format!("{servers}backend cookie S insert indirect"),
        &[("", Nobody, ""), ("Cookie: S=A", Nobody, ""), ("Cookie: S=Z", Nobody, "")],
    );
}

#[test]
fn a_backup_serves_those_whose_cookie_names_it() {
    scene(
        "backend server a ${s1} cookie A\nbackend server b ${s2} cookie B backup\nbackend cookie S insert indirect",
        &[("Cookie: S=B", S2, ""), ("", S1, ""), ("Cookie: S=A", S1, "")],
    );
}

#[test]
fn servers_may_share_a_cookie() {
    scene(
        "backend server a ${s1} cookie A\nbackend server b ${s2} cookie A\nbackend cookie S insert indirect",
        &[("Cookie: S=A", S1, ""), ("Cookie: S=A", S1, "")],
    );
    scene(
        "backend server a ${refused} cookie A disabled\nbackend server b ${s2} cookie A backup\n\
         backend server c ${s1} cookie C\nbackend cookie S insert indirect",
        &[("Cookie: S=A", S2, ""), ("", S1, "")],
    );
}

#[test]
fn a_cookie_goes_before_the_algorithm() {
    scene(
        "backend server a ${s1} cookie A\nbackend server b ${s2} cookie B\nbackend balance first\n\
         backend cookie S insert indirect",
        &[("", S1, ""), ("Cookie: S=B", S2, ""), ("Cookie: S=Z", S1, "")],
    );
}

#[test]
fn maxidle_lets_old_dates_expire() {
    let dated = |ago: i64| format!("Cookie: S=A|{}", date(ago));
    idle_scene("backend cookie S insert indirect maxidle 1h", &|rig| {
        for (cookie, who) in [
            (dated(1000), S1),
            (dated(4000), S1),
            (dated(-3600), S1),
            (dated(-90_000), S2),
            ("Cookie: S=A".into(), S1),
            ("Cookie: S=A|xx".into(), S1),
            (format!("{}; S=B", dated(4000)), S2),
            ("Cookie: S=Z".into(), S1),
        ] {
            dated_ask(rig, &cookie, who);
        }
    });
}

#[test]
fn maxlife_keeps_the_first_date() {
    let dated = |last: i64, first: i64| format!("Cookie: S=A|{}|{}", date(last), date(first));
    idle_scene("backend cookie S insert indirect maxlife 1h", &|rig| {
        for (cookie, who) in [
            (dated(100, 1000), S1),
            (dated(100, 4000), S1),
            (dated(-100, 100), S1),
            (format!("Cookie: S=A|{}", date(10)), S1),
            (format!("Cookie: S=A||{}", date(10)), S1),
            (format!("Cookie: S=Z|{0}|{0}", date(10)), S2),
        ] {
            dated_ask(rig, &cookie, who);
        }
    });
}

#[test]
fn maxidle_and_maxlife_together() {
    let dated = |last: i64, first: i64| format!("Cookie: S=A|{}|{}", date(last), date(first));
    idle_scene("backend cookie S insert indirect maxidle 1h maxlife 2h httponly", &|rig| {
        for (cookie, who) in [
            (dated(100, 1000), S1),
            (dated(4000, 5000), S1),
            (dated(4000, 9000), S2),
            (dated(100, 9000), S1),
            (format!("Cookie: S=A|{}", date(4000)), S2),
        ] {
            dated_ask(rig, &cookie, who);
        }
    });
}

#[test]
fn a_date_is_renewed_without_limits_too() {
    idle_scene("backend cookie S insert indirect", &|rig| {
        dated_ask(rig, &format!("Cookie: S=A|{}", date(100)), S1);
        dated_ask(rig, &format!("Cookie: S=A|{}", date(-100)), S1);
    });
}

fn idle_scene(extra: &str, script: &dyn Fn(&mut Rig)) {
    compare(&config("http", &format!("{LOG}{TWO}{extra}")), script);
}

/// A request whose cookie holds dates: they stand behind `|`, so its lines are not written with it.
fn dated_ask(rig: &mut Rig, cookie: &str, who: Who) {
    let mut client = TcpStream::connect(rig.fe).expect("connect");
    client.set_read_timeout(Some(WAIT)).expect("a timeout");
    let text = format!("GET / HTTP/1.1\r\nHost: h\r\n{cookie}\r\nConnection: close\r\n\r\n");
    client.write_all(text.as_bytes()).expect("send");
    let mut server = if who == S1 { rig.s1.accept() } else { rig.s2.accept() };
    server.read_http(BodyRule::Request);
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    server.close();
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an answer");
    rig.note("client", without_dates(&normalise(&got)));
    note_log(rig);
}

#[test]
fn captures_show_what_the_ends_sent() {
    let both = "Set-Cookie: S=x|Set-Cookie: app=3";
    scene(
        "frontend capture cookie S len 20\nbackend cookie S insert indirect",
        &[("", S1, both), ("Cookie: a=1; S=B", S2, ""), ("Cookie: S=Z", S2, OWN)],
    );
    scene(
        "frontend capture cookie app len 20\nbackend cookie app prefix",
        &[("", S1, both), ("Cookie: b=2; app=B~1", S2, both), ("Cookie: app=Z~7", S2, "")],
    );
}

#[test]
fn captures_alone_tighten_cookies() {
    scene(
        "frontend capture cookie S len 20",
        &[("Cookie: a = 1; S = B; $v = 2", S1, "Set-Cookie: a = 1"), ("Cookie: b", S2, "")],
    );
}

#[test]
fn httpclose_and_server_close_change_nothing() {
    for option in ["httpclose", "http-server-close"] {
        scene(
            &format!("backend cookie S insert indirect\nbackend option {option}"),
            &[("", S1, OWN), ("Cookie: S=B", S2, "")],
        );
    }
}

#[test]
fn a_persistent_connection_follows_each_request() {
    compare(&config("http", &format!("{LOG}{TWO}backend cookie S insert indirect")), |rig| {
        let mut client = rig.client();
        for (cookie, who) in [("S=B", S2), ("S=A", S1), ("S=B; x=1", S2)] {
            client.send(format!("GET / HTTP/1.1\r\nHost: h\r\nCookie: {cookie}\r\n\r\n"));
            let mut server = if who == S1 { rig.s1.accept() } else { rig.s2.accept() };
            server.read_http(BodyRule::Request);
            server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            client.read_http(BodyRule::Response);
            server.close();
            note_log(rig);
        }
        client.close();
    });
}

#[test]
fn a_full_server_is_waited_for() {
    let servers = "backend server a ${s1} cookie A maxconn 1\nbackend server b ${s2} cookie B\n";
    compare(&config("http", &format!("{LOG}{servers}backend cookie S insert indirect")), |rig| {
        const ASK_A: &str = "GET / HTTP/1.1\r\nHost: h\r\nCookie: S=A\r\nConnection: close\r\n\r\n";
        const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let mut first = rig.client();
        first.send(ASK_A);
        let mut busy = rig.s1.accept();
        busy.read_http(BodyRule::Request);
        let mut second = rig.client();
        second.send(ASK_A);
        rig.note("s2", rig.s2.is_quiet_for(crate::kit::rig::QUIET));
        busy.send(OK);
        busy.close();
        first.read_http_to_end();
        note_log(rig);
        let mut free = rig.s1.accept();
        free.read_http(BodyRule::Request);
        free.send(OK);
        free.close();
        second.read_http_to_end();
        note_log(rig);
    });
}

#[test]
fn dynamic_cookies_are_made_of_address_and_key() {
    // The same addresses in both runs: nobody is asked there.
    let servers = "backend server a 127.0.0.1:9\nbackend server b 127.0.0.2:9\nbackend server c [::1]:9\n\
                   backend server d 127.0.0.1:9 cookie own\nbackend server e unix@/nowhere\n";
    let lines = "backend cookie S insert dynamic\n\
                 backend dynamic-cookie-key secret\n";
    compare(&config("http", &format!("{LOG}{servers}{lines}")), |rig| {
        for command in [
            "show stat",
            "set dynamic-cookie-key backend be other",
            "show stat",
            "disable dynamic-cookie backend be",
            "show stat",
            "set server be/a addr 127.0.0.3 port 10",
            "enable dynamic-cookie backend be",
            "show stat",
            "set dynamic-cookie-key backend",
            "set dynamic-cookie-key backend be",
            "set dynamic-cookie-key backend nobody x",
            "enable dynamic-cookie backend",
            "disable dynamic-cookie backend nobody",
        ] {
            let cli = rig.proxy.cli();
            let shown = match command {
                "show stat" => {
                    ["a", "b", "c", "d", "e", "BACKEND"].map(|of| cli.stat("be", of, "cookie")).join(" ")
                }
                _ => cli.command(command),
            };
            rig.note("cli", format!("{command}: {shown}"));
        }
    });
}

#[test]
fn a_server_reached_by_its_cookie_does_not_count_as_balanced() {
    compare(&config("http", &format!("{LOG}{TWO}backend cookie S insert indirect")), |rig| {
        for step in [("", S1, ""), ("Cookie: S=B", S2, ""), ("Cookie: S=B", S2, "")] {
            ask(rig, "GET", step);
            note_log(rig);
        }
        let counts = ["a", "b", "BACKEND"].map(|of| rig.proxy.cli().stat("be", of, "lbtot"));
        rig.note("lbtot", counts.join(" "));
    });
}

#[test]
fn redispatch_needs_another_server_in_rotation() {
    let lines = "backend cookie S insert indirect\nbackend option redispatch 1\nbackend retries 1\n\
                 backend server b ${s2} cookie B";
    for (options, other, who) in [("weight 0", "", S2), ("backup", "", S2), ("", "disabled", Nobody)] {
        let server = format!("backend server a ${{refused}} cookie A {options}\n");
        scene(&format!("{server}{lines} {other}"), &[("Cookie: S=A", who, "")]);
    }
}

/// The RDP cookie that names a server (\[MS-RDPBCGR\] 3.2.5.3.1), in a connection request.
fn rdp_packet(server: std::net::SocketAddr) -> Vec<u8> {
    let std::net::IpAddr::V4(ip) = server.ip() else { panic!("servers here have IPv4 addresses") };
    let (ip, port) = (u32::from_le_bytes(ip.octets()), server.port().swap_bytes());
    let mut packet = b"\x03\0\0\x2a\x25\xe0\0\0\0\0\0".to_vec();
    packet.extend_from_slice(format!("Cookie: msts={ip}.{port}.0000\r\n").as_bytes());
    packet
}

#[test]
fn an_rdp_cookie_names_the_server() {
    let servers = "backend server a ${s1}\nbackend server b ${s2} weight 0\n";
    for lines in ["backend persist rdp-cookie", "backend persist rdp-cookie(foo)", ""] {
        compare(&config("tcp", &format!("{servers}{lines}")), |rig| {
            let packet = rdp_packet(rig.s2.addr());
            // Nobody accepts before the packet is there.
            let fd = rig.proxy.while_stopped(|| {
                let fd = sock::connect(Transport::Tcp, rig.fe).expect("connect");
                rustix::net::send(&fd, &packet, rustix::net::SendFlags::empty()).expect("send");
                fd
            });
            let mut client = rig.adopt(fd);
            let named = lines.ends_with("rdp-cookie");
            let mut server = if named { rig.s2.accept() } else { rig.s1.accept() };
            server.take(packet.len());
            server.close();
            client.read_to_end();
            client.close();
            rig.expect_log();
        });
    }
}

#[test]
fn a_queue_that_is_full_is_left_with_redispatch() {
    let servers = "backend server a ${s1} cookie A maxconn 1 maxqueue 1\nbackend server b ${s2} cookie B\n";
    const ASK_A: &str = "GET / HTTP/1.1\r\nHost: h\r\nCookie: S=A\r\nConnection: close\r\n\r\n";
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for option in ["", "backend option redispatch"] {
        compare(
            &config("http", &format!("{LOG}{servers}backend cookie S insert indirect\n{option}")),
            |rig| {
                let mut first = rig.client();
                first.send(ASK_A);
                let mut busy = rig.s1.accept();
                busy.read_http(BodyRule::Request);
                let mut second = rig.client();
                second.send(ASK_A);
                let queued = || (rig.proxy.cli().stat("be", "a", "qcur") == "1").then_some(());
                assert!(poll_until(WAIT, queued).is_some(), "the second request waits");
                let mut third = rig.client();
                third.send(ASK_A);
                if !option.is_empty() {
                    let mut other = rig.s2.accept();
                    other.read_http(BodyRule::Request);
                    other.send(OK);
                    other.close();
                }
                third.read_http_to_end();
                note_log(rig);
                busy.send(OK);
                busy.close();
                first.read_http_to_end();
                note_log(rig);
                let mut free = rig.s1.accept();
                free.read_http(BodyRule::Request);
                free.send(OK);
                free.close();
                second.read_http_to_end();
                note_log(rig);
            },
        );
    }
}
