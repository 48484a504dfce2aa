//! Every `hash-type`: map and ring, each function, with and without avalanche, under every kind of key: a thousand keys
//! go to the same servers as with the packaged haproxy.

use std::io::{BufReader, Write};

use crate::balance::{KEYS, Run, WEIGHTED, compare, get, name_of, next_server};

/// Every `hash-type`, as its name in the configuration and its line.
fn hash_types() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for structure in ["map-based", "consistent"] {
        for function in ["sdbm", "djb2", "wt6", "crc32"] {
            for modifier in ["", " avalanche"] {
                let name = format!("{}_{function}{}", &structure[..3], modifier.trim());
                all.push((name, format!("hash-type {structure} {function}{modifier}")));
            }
        }
    }
    all
}

/// Asks one backend for each hash type; `balance` are the lines to choose from, in turn.
fn under_every_hash(mode: &str, balance: &[&str], ask: impl Fn(&Run, &str) -> String + Sync) {
    let reuse = if mode == "http" { "|http-reuse always" } else { "" };
    let lines = hash_types().into_iter().zip(balance.iter().cycle());
    let lines = lines.map(|((name, hash), balance)| (name, format!("{balance}|{hash}{reuse}|{WEIGHTED}")));
    let lines: Vec<(String, String)> = lines.collect();
    let cases: Vec<(&str, &str)> =
        lines.iter().map(|(name, lines)| (name.as_str(), lines.as_str())).collect();
    compare(mode, &cases, |run| cases.iter().map(|(name, _)| format!("{name} {}", ask(run, name))).collect());
}

fn requests(of: impl Fn(usize) -> String) -> Vec<String> {
    (0..KEYS).map(of).collect()
}

#[test]
fn uris_under_every_hash() {
    let options = [
        "balance uri",
        "balance uri whole",
        "balance uri len 9",
        "balance uri depth 2",
        "balance uri path-only",
        "balance uri len 12 depth 3 whole",
        "balance uri path-only depth 1",
    ];
    let uris = requests(|n| get(&format!("/{}/{}/x{n}?q={n}", n % 37, n * 7919 % 1009), ""));
    under_every_hash("http", &options, |run, name| run.servers_of_many(name, &uris));
}

#[test]
fn parameters_under_every_hash() {
    let options = ["balance url_param k", "balance url_param k check_post"];
    let uris = requests(|n| get(&format!("/?a=1&k=user{n}&z"), ""));
    under_every_hash("http", &options, |run, name| run.servers_of_many(name, &uris));
}

#[test]
fn headers_under_every_hash() {
    let options = ["balance hdr(x-key)", "balance hdr(X-Key) use_domain_only"];
    let keyed = requests(|n| get("/", &format!("X-Key: www.d{n}.org\r\n")));
    under_every_hash("http", &options, |run, name| run.servers_of_many(name, &keyed));
}

#[test]
fn addresses_under_every_hash() {
    let request = get("/", "Connection: close\r\n");
    under_every_hash("http", &["balance source"], |run, name| {
        let server = |n: usize| {
            let source = [127, (n % 7) as u8, (n * 31 % 251) as u8, (n % 253 + 1) as u8];
            let mut conn = run.connect_from(name, source);
            conn.write_all(request.as_bytes()).expect("send");
            next_server(&mut BufReader::new(conn)).expect("an answer")
        };
        (0..KEYS).map(server).collect()
    });
}

/// The first packet of an RDP client (MS-RDPBCGR 2.2.1.1): a TPKT head, an X.224 connection request, the cookie.
fn rdp_packet(user: &str) -> Vec<u8> {
    let cookie = format!("Cookie: mstshash={user}\r\n");
    let request_len = 6 + cookie.len() as u8;
    let mut packet = vec![3, 0, 0, 5 + request_len, request_len, 0xe0, 0, 0, 0, 0, 0];
    packet.extend_from_slice(cookie.as_bytes());
    packet
}

/// Connections that wait while the proxy is stopped; their packets are there when it chooses.
const CONNECTIONS: usize = 200;

#[test]
fn rdp_cookies_under_every_hash() {
    under_every_hash("tcp", &["balance rdp-cookie", "balance rdp-cookie(mstshash)"], |run, name| {
        let users: Vec<usize> = (0..KEYS).collect();
        let servers = users.chunks(CONNECTIONS).flat_map(|users| {
            let conns: Vec<_> = run.proxy.while_stopped(|| {
                let open = |n: &usize| {
                    let mut conn = run.connect(name);
                    conn.write_all(&rdp_packet(&format!("user{n}"))).expect("send");
                    conn
                };
                users.iter().map(open).collect()
            });
            conns.into_iter().map(|mut conn| name_of(&mut conn))
        });
        servers.collect()
    });
}
