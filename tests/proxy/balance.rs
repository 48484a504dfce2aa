//! Load balancing: the same input goes to the same server as with the packaged haproxy.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType};

use crate::kit::proxy::{Proxy, Setup, haproxy, poll_until, subflow};
use crate::kit::sock::{self, Reserved};

const WAIT: Duration = Duration::from_secs(5);

/// Servers in every backend.
const SERVERS: usize = 7;

/// Keys sent to every hash.
pub(crate) const KEYS: usize = 1000;

/// Starts a server that handles each connection with `serve`, a thread each; returns its address.
fn server(name: String, serve: fn(&str, TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for conn in listener.incoming().map_while(Result::ok) {
            let name = name.clone();
            thread::spawn(move || serve(&name, conn));
        }
    });
    address
}

/// Answers every request with the server's name.
fn answer(name: &str, mut conn: TcpStream) {
    let mut lines = BufReader::new(conn.try_clone().expect("a second handle")).lines();
    loop {
        let mut body_len = 0;
        loop {
            let Some(Ok(line)) = lines.next() else { return };
            if let Some(len) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                body_len = len.parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        // A body here is one line.
        if body_len > 0 && lines.next().is_none() {
            return;
        }
        if conn.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}").as_bytes()).is_err() {
            return;
        }
    }
}

/// Says the server's name and stays until the other side goes.
fn greet(name: &str, mut conn: TcpStream) {
    let _ = conn.write_all(name.as_bytes());
    let _ = conn.read_to_end(&mut Vec::new());
}

/// A proxy with one `listen` for each of `cases`: a name and its lines.
pub(crate) struct Run {
    pub(crate) proxy: Proxy,
    fronts: BTreeMap<String, SocketAddr>,
    _refused: Reserved,
}

impl Run {
    fn start(program: &Path, mode: &str, cases: &[(&str, &str)]) -> Run {
        let mut setup = Setup::default();
        let refused = sock::reserve("127.0.0.1");
        setup.env("refused", refused.addr);
        let serve = if mode == "http" { answer } else { greet };
        let mut config = format!(
            "defaults\n mode {mode}\n timeout client 20s\n timeout server 20s\n timeout connect 5s\n timeout queue 10s\n"
        );
        for n in 1..=SERVERS {
            setup.env(&format!("s{n}"), server(n.to_string(), serve));
        }
        let mut fronts = BTreeMap::new();
        for (name, lines) in cases {
            fronts.insert((*name).to_owned(), setup.listener(name));
            config += &format!("listen {name}\n bind fd@${{{name}}}\n");
            for line in lines.split('|') {
                // A backend may say what stands behind each server's address.
                if let Some(options) = line.strip_prefix("server ") {
                    for (n, options) in (1..=SERVERS).zip(options.split(',')) {
                        config += &format!(" server s{n} ${{s{n}}} {options}\n");
                    }
                } else {
                    config += &format!(" {line}\n");
                }
            }
        }
        Run { proxy: setup.start(program, &config), fronts, _refused: refused }
    }

    pub(crate) fn connect(&self, name: &str) -> TcpStream {
        ready(TcpStream::connect(self.fronts[name]).expect("connect"))
    }

    /// Connects from an address of the loopback network.
    pub(crate) fn connect_from(&self, name: &str, source: [u8; 4]) -> TcpStream {
        let fd = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        rustix::net::bind(&fd, &SocketAddr::from((source, 0))).expect("bind");
        rustix::net::connect(&fd, &self.fronts[name]).expect("connect");
        ready(fd.into())
    }

    /// Which servers answer these requests, sent one after the other on one connection.
    pub(crate) fn servers_of(&self, name: &str, requests: impl Iterator<Item = String>) -> String {
        let mut conn = self.connect(name);
        let mut lines = BufReader::new(conn.try_clone().expect("a second handle"));
        let mut seen = String::new();
        for request in requests {
            // A body comes behind its head.
            let head_len = request.find("\r\n\r\n").map_or(request.len(), |at| at + 4);
            conn.write_all(&request.as_bytes()[..head_len]).expect("send");
            conn.write_all(&request.as_bytes()[head_len..]).expect("send");
            seen.push(next_server(&mut lines).unwrap_or_else(|| panic!("{name}: closed after {request}")));
        }
        seen
    }

    /// Which servers answer these requests, none with a body, many of them sent at a time on one connection.
    pub(crate) fn servers_of_many(&self, name: &str, requests: &[String]) -> String {
        let mut conn = self.connect(name);
        let mut lines = BufReader::new(conn.try_clone().expect("a second handle"));
        let mut seen = String::new();
        for batch in requests.chunks(BATCH) {
            conn.write_all(batch.concat().as_bytes()).expect("send");
            for _ in batch {
                seen.push(next_server(&mut lines).unwrap_or_else(|| panic!("{name}: closed after {seen}")));
            }
        }
        seen
    }

    /// Waits until the proxy carries `count` connections in a backend.
    fn settle(&self, name: &str, count: usize) {
        let carried = || self.proxy.cli().stat(name, "BACKEND", "scur") == count.to_string();
        assert!(poll_until(WAIT, || carried().then_some(())).is_some(), "{name}: not {count} connections");
    }
}

/// Requests sent at a time; they fit a buffer.
const BATCH: usize = 100;

/// The server's name in the next answer; none if the connection ends first.
pub(crate) fn next_server(answers: &mut impl BufRead) -> Option<char> {
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if answers.read_line(&mut line).expect("an answer") == 0 {
            return None;
        }
    }
    let mut server = [0];
    answers.read_exact(&mut server).expect("a server's name");
    Some(server[0].into())
}

fn ready(conn: TcpStream) -> TcpStream {
    conn.set_read_timeout(Some(WAIT)).expect("a timeout");
    conn.set_nodelay(true).expect("TCP_NODELAY");
    conn
}

/// The name that a greeting server says.
pub(crate) fn name_of(conn: &mut TcpStream) -> char {
    let mut name = [0];
    conn.read_exact(&mut name).expect("a server's name");
    name[0].into()
}

/// Runs `script` with both proxies; what they saw must be equal.
pub(crate) fn compare(mode: &str, cases: &[(&str, &str)], script: impl Fn(&Run) -> Vec<String> + Sync) {
    let Some(reference) = haproxy() else { return };
    let run = |program: &Path| script(&Run::start(program, mode, cases));
    let (theirs, ours) = thread::scope(|scope| {
        let theirs = scope.spawn(|| run(&reference));
        let ours = run(&subflow());
        (theirs.join().expect("haproxy's run"), ours)
    });
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        let first = theirs.bytes().zip(ours.bytes()).position(|(a, b)| a != b);
        assert_eq!(theirs, ours, "the first difference is at {first:?}");
    }
}

const EQUAL: &str = "server ,,,,,,";
pub(crate) const WEIGHTED: &str =
    "server weight 3,weight 1,weight 7,weight 2 id 40,weight 5,weight 0,weight 11";

pub(crate) fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n{headers}\r\n")
}

/// Hosts whose dots stand at the ends or beside each other.
fn odd_domains() -> impl Iterator<Item = String> {
    const PARTS: &[&str] = &[".", "a", "1", "..", ".a", "a.", "a1", "...", ".a.", "a..", "a.1", "..a"];
    let hosts = PARTS.iter().flat_map(|one| PARTS.iter().map(move |other| format!("{one}x{other}")));
    let bare = PARTS.iter().map(|part| (*part).to_owned());
    bare.chain(hosts).map(|host| get("/", &format!("X-Key: {host}\r\n")))
}

#[test]
fn a_thousand_keys_of_each_hash_go_to_the_same_servers() {
    let cases = [
        ("uri", format!("balance uri|{EQUAL}")),
        ("whole", format!("balance uri whole|hash-type map-based djb2|{WEIGHTED}")),
        ("part", format!("balance uri len 9 depth 2|hash-type map-based crc32 avalanche|{WEIGHTED}")),
        ("path", format!("balance uri path-only|hash-type consistent|{WEIGHTED}")),
        ("param", format!("balance url_param k|hash-type consistent wt6|{EQUAL}")),
        ("form", format!("balance url_param k check_post|hash-type map-based wt6|{WEIGHTED}")),
        ("form_too", format!("balance url_param k|{WEIGHTED}")),
        ("header", format!("balance hdr(X-Key)|hash-type consistent crc32|{WEIGHTED}")),
        ("domain", format!("balance hdr(x-key) use_domain_only|hash-type consistent sdbm|{WEIGHTED}")),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("http", &cases, |run| {
        let keys = || 0..KEYS;
        let uri = |n: usize| format!("/{}/{}/x{n}?q={n}", n % 37, n * 7919 % 1009);
        let body = |n: usize| {
            let body = format!("a=b&k=v{n}\r\n");
            format!("POST /{n} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        vec![
            run.servers_of("uri", keys().map(|n| get(&uri(n), ""))),
            run.servers_of("whole", keys().map(|n| get(&uri(n), ""))),
            run.servers_of("part", keys().map(|n| get(&uri(n), ""))),
            run.servers_of("path", keys().map(|n| get(&format!("http://h{}", uri(n)), ""))),
            run.servers_of("param", keys().map(|n| get(&format!("/?a=1&k=user{n}&z"), ""))),
            run.servers_of("form", keys().map(body)),
            run.servers_of("form_too", keys().map(body)),
            run.servers_of("header", keys().map(|n| get("/", &format!("X-Key: k{n}\r\n")))),
            run.servers_of("domain", keys().map(|n| get("/", &format!("X-Key: www.d{n}.org, b\r\n")))),
            run.servers_of("domain", odd_domains()),
        ]
    });
}

#[test]
fn requests_without_a_key_take_turns_as_in_the_reference() {
    let cases = [
        ("map", format!("balance hdr(x-key)|hash-type map-based crc32|{WEIGHTED}")),
        ("ring", format!("balance hdr(x-key)|hash-type consistent|{WEIGHTED}")),
        ("param", format!("balance url_param k|{EQUAL}")),
        ("path", format!("balance uri path-only|hash-type map-based djb2|{EQUAL}")),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("http", &cases, |run| {
        let some = |n: usize| if n.is_multiple_of(3) { format!("X-Key: {n}\r\n") } else { String::new() };
        let odd = [
            "",
            "X-Key:\r\n",
            "X-Key: ,b\r\n",
            "X-Key: \"a,b\"\r\n",
            "X-Key: a\r\nX-Key: b\r\n",
            "X-Key: \"a\\\",b\",c\r\n",
        ];
        let forms =
            ["/", "/?k=", "/?k", "/?k=&k=b", "/p?q?k=1", "/?xk=1", "/?k=a;b", "/?k=%41", "/;k=1", "/k=1"];
        let thrice =
            |list: &[&'static str]| -> Vec<&'static str> { list.iter().flat_map(|one| [*one; 3]).collect() };
        vec![
            run.servers_of("map", (0..100).map(|n| get("/", &some(n)))),
            run.servers_of("ring", (0..100).map(|n| get("/", &some(n)))),
            run.servers_of("map", odd.iter().flat_map(|one| [get("/", one), get("/", one)])),
            run.servers_of("param", thrice(&forms).into_iter().map(|target| get(target, ""))),
            run.servers_of(
                "path",
                thrice(&["http://h", "http://h/", "/", "http://h/a?b"]).into_iter().map(|t| get(t, "")),
            ),
        ]
    });
}

#[test]
fn turns_are_those_of_the_reference() {
    let cases = [
        ("srr", format!("balance static-rr|{WEIGHTED}")),
        ("lc", format!("balance leastconn|{WEIGHTED}")),
        ("backups", "balance static-rr|option allbackups|server disabled,backup,backup weight 2,disabled,backup,disabled,disabled".to_owned()),
        ("backup", "balance uri|server disabled,backup,backup weight 2,disabled,backup,disabled,disabled".to_owned()),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("http", &cases, |run| {
        let turns = |name| {
            run.servers_of(name, (0..150).map(|n| get(&format!("/{n}"), "Connection: keep-alive\r\n")))
        };
        ["srr", "lc", "backups", "backup"].into_iter().map(turns).collect()
    });
}

#[test]
fn a_thousand_addresses_go_to_the_same_servers() {
    let cases = [
        ("map", format!("balance source|{WEIGHTED}")),
        ("ring", format!("balance source|hash-type consistent|{WEIGHTED}")),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("tcp", &cases, |run| {
        let ask = |name| {
            let source = |n: usize| [127, (n % 7) as u8, (n * 31 % 251) as u8, (n % 253 + 1) as u8];
            (0..KEYS).map(|n| name_of(&mut run.connect_from(name, source(n)))).collect()
        };
        vec![ask("map"), ask("ring")]
    });
}

#[test]
fn connections_that_stay_are_spread_as_in_the_reference() {
    let full = "server maxconn 2,maxconn 2,maxconn 2,maxconn 2,maxconn 2,maxconn 2,maxconn 2";
    let ids = "server maxconn 2 id 9,maxconn 2 id 8,maxconn 2 id 7,maxconn 2 id 6,maxconn 2 id 5,maxconn 2 id 4,maxconn 2 id 3";
    let cases = [
        ("lc", format!("balance leastconn|{WEIGHTED}")),
        ("lcfull", format!("balance leastconn|{full}")),
        ("srrfull", format!("balance static-rr|{full}")),
        ("first", format!("balance first|{full}")),
        ("firstids", format!("balance first|{ids}")),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("tcp", &cases, |run| {
        let hold = |name: &'static str| {
            let mut held: Vec<TcpStream> = Vec::new();
            let mut seen = String::new();
            for n in 0usize..40 {
                if n % 5 == 4 || held.len() == 13 {
                    held.remove(n * 7 % held.len());
                    run.settle(name, held.len());
                } else {
                    let mut conn = run.connect(name);
                    seen.push(name_of(&mut conn));
                    held.push(conn);
                }
            }
            drop(held);
            run.settle(name, 0);
            seen
        };
        ["lc", "lcfull", "srrfull", "first", "firstids"].into_iter().map(hold).collect()
    });
}

#[test]
fn bounded_loads_overflow_to_the_same_servers() {
    let bounded = |pct| format!("balance source|hash-type consistent|hash-balance-factor {pct}");
    let cases = [
        ("tight", format!("{}|{EQUAL}", bounded(101))),
        ("usual", format!("{}|{EQUAL}", bounded(150))),
        ("weighted", format!("{}|{WEIGHTED}", bounded(125))),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("tcp", &cases, |run| {
        let hold = |name: &'static str| {
            let mut held = Vec::new();
            let source = |n: usize| [127, 0, (n * n % 11) as u8, 9];
            let open = |n| {
                let mut conn = run.connect_from(name, source(n));
                let server = name_of(&mut conn);
                held.push(conn);
                server
            };
            (0..60).map(open).collect()
        };
        ["tight", "usual", "weighted"].into_iter().map(hold).collect()
    });
}

#[test]
fn keys_of_a_full_server_wait_for_it_and_nobody_else_does() {
    let cases = [
        (
            "hash",
            "balance source|server maxconn 1,maxconn 1,maxconn 1,maxconn 1,maxconn 1,maxconn 1,maxconn 1",
        ),
        (
            "short",
            "balance source|server maxconn 1 maxqueue 1,maxconn 1 maxqueue 1,maxconn 1 maxqueue 1,maxconn 1 maxqueue 1,maxconn 1 maxqueue 1,maxconn 1 maxqueue 1,maxconn 1 maxqueue 1",
        ),
    ];
    compare("tcp", &cases, |run| {
        let source = |n| [127, 0, 0, n];
        let wait = |name, backend_len| {
            // Addresses seven apart have the same server.
            let mut first = run.connect_from(name, source(1));
            let mut seen = String::from(name_of(&mut first));
            let waiting = run.connect_from(name, source(8));
            run.settle(name, backend_len);
            let mut other = run.connect_from(name, source(2));
            seen.push(name_of(&mut other));
            (first, waiting, other, seen)
        };
        let (first, mut waiting, _other, mut seen) = wait("hash", 2);
        drop(first);
        seen.push(name_of(&mut waiting));
        let (first, mut waiting, _other, mut short) = wait("short", 2);
        let mut refused = Vec::new();
        let ended = run.connect_from("short", source(15)).read_to_end(&mut refused);
        short += if ended.is_ok() && refused.is_empty() { " refused " } else { " taken " };
        drop(first);
        short.push(name_of(&mut waiting));
        vec![seen, short]
    });
}

#[test]
fn a_redispatch_follows_the_key_as_in_the_reference() {
    // A blank in front: these lines are taken as they are.
    let servers = "option redispatch 1| server d1 ${refused}| server d2 ${refused}| server s3 ${s3}| server s4 ${s4}| server s5 ${s5}";
    let cases = [
        ("map", format!("balance source|{servers}")),
        ("ring", format!("balance source|hash-type consistent|{servers}")),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, lines)| (*name, lines.as_str())).collect();
    compare("tcp", &cases, |run| {
        let ask = |name| {
            let server = |n| {
                let mut conn = run.connect_from(name, [127, 0, 0, n]);
                let mut server = [b'-'];
                // An end or a reset: nobody served.
                let _ = conn.read(&mut server);
                char::from(server[0])
            };
            (1..=60).map(server).collect()
        };
        vec![ask("map"), ask("ring")]
    });
}
