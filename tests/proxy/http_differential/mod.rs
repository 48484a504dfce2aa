//! HTTP mode against the packaged haproxy, a table a theme, a row a scene: what the client got, what the servers got,
//! how the connections went on or ended, and the log lines. Compared after this normalisation: header names in lower
//! case, blanks around values dropped, chunks joined (three listed divergences); dates, ports, process ids, timers and
//! the byte count of log lines blanked.

/// A row of hostile bytes, sent at once; what is left open ends by its timeouts.
macro_rules! hostile {
    ($name:literal, $bytes:expr) => {
        crate::kit::scene::scene($name, super::HOSTILE, &[Feed($bytes)])
    };
}

mod plain;
mod keepalive;
mod bodies;
mod errors;
mod judged;
mod timeouts;
mod queues;
mod retries;
mod ends;
mod answers;
mod caches;
mod options;
mod names;
mod lines;
mod redirects;
mod dispatch;
mod hostile_framing;
mod hostile_chunks;
mod hostile_heads;

use crate::kit::scene::Scene;
use crate::kit::stage::compare;

/// The fewest rows that the tables have, the hostile ones together and all others together.
const HOSTILE_MIN: usize = 100;
const SCENES_MIN: usize = 150;

/// Every table.
const TABLES: &[(&str, &[Scene])] = &[
    ("plain", plain::SCENES),
    ("keepalive", keepalive::SCENES),
    ("bodies", bodies::SCENES),
    ("errors", errors::SCENES),
    ("judged", judged::SCENES),
    ("timeouts", timeouts::SCENES),
    ("queues", queues::SCENES),
    ("retry-on words", retries::WORDS),
    ("retry-on statuses", retries::STATUSES),
    ("retries", retries::SCENES),
    ("clients' ends", ends::CLIENTS),
    ("servers' ends", ends::SERVERS),
    ("nobody serves", ends::NOBODY),
    ("awaited bodies", ends::BUFFERED),
    ("ends in TCP mode", ends::TCP_ENDS),
    ("options", options::SCENES),
    ("answers", answers::SCENES),
    ("caches", caches::SCENES),
    ("restricted names", names::RESTRICTED),
    ("told names", names::TOLD),
    ("lines", lines::SCENES),
    ("dispatch", dispatch::SCENES),
    ("redirections by servers", redirects::SCENES),
    ("hostile framing", hostile_framing::SCENES),
    ("hostile chunks", hostile_chunks::SCENES),
    ("hostile heads", hostile_heads::SCENES),
];

const GET: &str = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const GET10: &str = "GET /a HTTP/1.0\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The configuration of hostile scenes: nothing waits for long.
const HOSTILE: &[&str] = &[
    "frontend timeout http-request 400",
    "frontend timeout http-keep-alive 400",
    "frontend timeout client 600",
    "backend timeout server 1s",
];

/// One entry of haproxy-compat/divergences.md: it stands there, bold, at the start of an item.
fn is_listed(entry: &str) -> bool {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/haproxy-compat/divergences.md");
    let text = std::fs::read_to_string(path).expect("the list of divergences");
    text.lines().any(|line| line.starts_with(&format!("- **{entry}")))
}

#[test]
fn what_hangs_on_several_parts() {
    compare(judged::SCENES);
}

#[test]
fn plain_exchanges() {
    compare(plain::SCENES);
}

#[test]
fn connections_kept_and_closed() {
    compare(keepalive::SCENES);
}

#[test]
fn bodies_of_both_directions() {
    compare(bodies::SCENES);
}

#[test]
fn errors_and_their_answers() {
    compare(errors::SCENES);
}

#[test]
fn dispatch_to_one_address() {
    compare(dispatch::SCENES);
}

#[test]
fn servers_that_send_elsewhere() {
    compare(redirects::SCENES);
}

#[test]
fn timeouts_and_what_comes_of_them() {
    compare(timeouts::SCENES);
}

#[test]
fn queues_retries_and_other_servers() {
    compare(queues::SCENES);
}

#[test]
fn words_of_retry_on() {
    compare(retries::WORDS);
}

#[test]
fn statuses_of_retry_on() {
    compare(retries::STATUSES);
}

#[test]
fn attempts_after_the_first() {
    compare(retries::SCENES);
}

#[test]
fn clients_that_leave_in_each_phase() {
    compare(ends::CLIENTS);
}

#[test]
fn servers_that_leave_in_each_phase() {
    compare(ends::SERVERS);
}

#[test]
fn requests_that_nobody_serves() {
    compare(ends::NOBODY);
}

#[test]
fn bodies_that_are_awaited() {
    compare(ends::BUFFERED);
}

#[test]
fn ends_in_tcp_mode() {
    compare(ends::TCP_ENDS);
}

#[test]
fn options_and_reuse() {
    compare(options::SCENES);
}

#[test]
fn answers_of_the_operators_own() {
    compare(answers::SCENES);
}

#[test]
fn cookies_that_caches_could_keep() {
    compare(caches::SCENES);
}

#[test]
fn request_headers_with_unusual_names() {
    compare(names::RESTRICTED);
}

#[test]
fn servers_that_are_told_their_name() {
    compare(names::TOLD);
}

#[test]
fn log_lines() {
    compare(lines::SCENES);
}

#[test]
fn bodies_that_end_in_two_places() {
    compare(hostile_framing::SCENES);
}

#[test]
fn chunks_that_read_two_ways() {
    compare(hostile_chunks::SCENES);
}

#[test]
fn heads_that_break_the_rules() {
    compare(hostile_heads::SCENES);
}

#[test]
fn the_tables_are_large_and_name_what_differs() {
    let mut names = std::collections::BTreeSet::new();
    for (table, scenes) in TABLES {
        println!("{table}: {} scenes", scenes.len());
        for scene in *scenes {
            assert!(names.insert(scene.name), "{} twice", scene.name);
            let differs = scene.differs.map_or("", |differs| differs.entry);
            assert!(
                scene.differs.is_none() || is_listed(differs),
                "{}: {differs:?} is not listed",
                scene.name
            );
        }
    }
    let hostile = TABLES.iter().filter(|(table, _)| table.starts_with("hostile"));
    let hostile: usize = hostile.map(|(_, scenes)| scenes.len()).sum();
    println!("{} scenes, {hostile} of them hostile", names.len());
    assert!(hostile >= HOSTILE_MIN && names.len() - hostile >= SCENES_MIN, "too few scenes");
}
