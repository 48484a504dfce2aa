//! haproxy-compat/ledger.tsv says of every keyword of the reference manual what subflow does with
//! it. Here it is compared with the keyword rows of the program: what is said to work has a row that
//! does it, and every row is in the ledger.
//!
//! `SUBFLOW_BLESS=1 cargo test --test ledger` writes the statuses anew from the rows. The reasons of
//! what is refused are written by hand and are kept.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use subflow::config::keyword::{Row, Sections, Status};
use subflow::config::reference_words as words;
use subflow::config::{bind_line, keywords, log_format, server_line};
use subflow::process::master_cli;
use subflow::service::cli::rows::COMMANDS;

/// Place and keyword.
type Name = (String, String);

/// What is done without a row of its own.
const WITHOUT_ROW: &[(&str, &str)] = &[
    ("section", "global"),
    ("section", "defaults"),
    ("section", "frontend"),
    ("section", "backend"),
    ("section", "listen"),
    ("section", "http-errors"),
    ("section http-errors", "errorfile"),
    ("declare", "capture"),
    ("balance", "first"),
    ("balance", "hdr"),
    ("balance", "leastconn"),
    ("balance", "random"),
    ("balance", "rdp-cookie"),
    ("balance", "roundrobin"),
    ("balance", "source"),
    ("balance", "static-rr"),
    ("balance", "uri"),
    ("balance", "url_param"),
    ("log tag", "%%"),
    ("log tag", "%o"),
];

const REFUSED_REASON: &str = "not there yet";

#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    place: String,
    keyword: String,
    status: String,
    reason: String,
}

impl Entry {
    fn name(&self) -> Name {
        (self.place.clone(), self.keyword.clone())
    }

    /// Its status as the rows have it; the reason of a refusal is that of the ledger.
    fn renewed(&self, rows: &BTreeMap<Name, Status>) -> Entry {
        let (status, reason) = match rows.get(&self.name()) {
            Some(Status::Works) => ("works", String::new()),
            Some(Status::NoOp(why)) => ("no-op", (*why).to_owned()),
            None if self.status == "refused" => ("refused", self.reason.clone()),
            None => ("refused", REFUSED_REASON.to_owned()),
        };
        Entry { status: status.to_owned(), reason, ..self.clone() }
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("haproxy-compat/ledger.tsv")
}

fn ledger() -> Vec<Entry> {
    let text = fs::read_to_string(path()).expect("haproxy-compat/ledger.tsv is there");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [place, keyword, status, reason] = fields[..] else { panic!("not four fields: {line}") };
            Entry {
                place: place.to_owned(),
                keyword: keyword.to_owned(),
                status: status.to_owned(),
                reason: reason.to_owned(),
            }
        })
        .collect()
}

/// Where the ledger has a row; a two-word row also makes its first word work.
fn names_of<H>(row: &Row<H>) -> Vec<Name> {
    let name = |place: &str, keyword: &str| (place.to_owned(), keyword.to_owned());
    let in_global = row.sections.contains(Sections::GLOBAL);
    let in_proxy = row.sections != Sections::GLOBAL;
    let (first, second) = row.name.split_once(' ').unwrap_or((row.name, ""));
    let mut names = Vec::new();
    for (there, place) in [(in_global, "global"), (in_proxy, "proxy")] {
        if !there {
            continue;
        }
        names.push(name(place, first));
        if !second.is_empty() {
            names.push(if place == "global" {
                (format!("global {first}"), second.to_owned())
            } else {
                name(first, second)
            });
        }
    }
    names
}

/// Commands for checks answer as the reference does for a server without any.
fn command_status(words: &[&str]) -> Status {
    match words {
        ["mcli-debug-mode"] => Status::NoOp("the supervisor serves nothing that could be debugged"),
        ["enable" | "disable", "health" | "agent"] => Status::NoOp("no server has checks yet"),
        _ => Status::Works,
    }
}

fn rows() -> BTreeMap<Name, Status> {
    let mut rows = BTreeMap::new();
    for (place, keyword) in WITHOUT_ROW {
        rows.insert(((*place).to_owned(), (*keyword).to_owned()), Status::Works);
    }
    for row in keywords::TABLES.iter().flat_map(|table| table.iter()) {
        for name in names_of(row) {
            // Several rows can share their first word: one that works is enough.
            let entry = rows.entry(name).or_insert(row.status);
            if row.status == Status::Works {
                *entry = Status::Works;
            }
        }
    }
    for (tag, _, _) in log_format::VARIABLES {
        rows.insert(("log tag".to_owned(), format!("%{tag}")), Status::Works);
    }
    for row in bind_line::ROWS {
        rows.insert(("bind".to_owned(), row.name.to_owned()), row.status);
    }
    for row in COMMANDS {
        rows.insert(("cli".to_owned(), row.words.join(" ")), command_status(row.words));
    }
    for row in master_cli::rows::COMMANDS {
        rows.insert(("cli".to_owned(), row.words.join(" ")), command_status(row.words));
    }
    for row in server_line::ROWS {
        rows.insert(("server".to_owned(), row.name.to_owned()), row.status);
    }
    rows
}

/// Every keyword of the tables that the ledger must have.
fn reference() -> Vec<Name> {
    let mut names = Vec::new();
    let mut add = |place: &str, table: &[&str]| {
        names.extend(table.iter().map(|word| (place.to_owned(), (*word).to_owned())));
    };
    add("section", words::SECTIONS);
    add("global", words::GLOBAL);
    add("balance", words::BALANCE);
    add("bind", words::BIND);
    add("server", words::SERVER);
    add("global stats", words::GLOBAL_STATS);
    for (place, table) in [
        ("tcp-request connection", words::TCP_REQUEST_CONNECTION),
        ("tcp-request session", words::TCP_REQUEST_SESSION),
        ("tcp-request content", words::TCP_REQUEST_CONTENT),
        ("tcp-response content", words::TCP_RESPONSE_CONTENT),
        ("http-request", words::HTTP_REQUEST),
        ("http-response", words::HTTP_RESPONSE),
        ("http-after-response", words::HTTP_AFTER_RESPONSE),
        ("stats", words::STATS),
        ("http-check", words::HTTP_CHECK),
        ("tcp-check", words::TCP_CHECK),
        ("stick", words::STICK),
        ("compression", words::COMPRESSION),
    ] {
        add(place, table);
    }
    for section in words::SECTIONS {
        if let Some(table) = words::of_other_section(section) {
            add(&format!("section {section}"), table);
        }
    }
    for (place, table) in [("proxy", words::PROXY), ("option", words::OPTIONS), ("timeout", words::TIMEOUTS)]
    {
        let table: Vec<&str> = table.iter().map(|row| row.0).collect();
        add(place, &table);
    }
    names
}

/// Writes the ledger with what it lacks; the places keep their order, keywords are sorted.
fn bless(mut entries: Vec<Entry>, rows: &BTreeMap<Name, Status>) {
    let mut places: Vec<String> = Vec::new();
    for (place, keyword) in rows.keys().cloned().chain(reference()) {
        if !entries.iter().any(|e| e.place == place && e.keyword == keyword) {
            let blank = Entry { place, keyword, status: String::new(), reason: String::new() };
            entries.push(blank.renewed(rows));
        }
    }
    for entry in &entries {
        if !places.contains(&entry.place) {
            places.push(entry.place.clone());
        }
    }
    entries.sort_by_key(|e| (places.iter().position(|p| *p == e.place), e.keyword.clone()));
    let mut text = String::from("# place\tkeyword\tstatus\treason\n");
    for entry in &entries {
        let _ = writeln!(text, "{}\t{}\t{}\t{}", entry.place, entry.keyword, entry.status, entry.reason);
    }
    fs::write(path(), text).expect("the ledger can be written");
}

#[test]
fn the_ledger_says_what_the_rows_do() {
    let rows = rows();
    let ledger = ledger();
    let renewed: Vec<Entry> = ledger.iter().map(|entry| entry.renewed(&rows)).collect();
    if std::env::var_os("SUBFLOW_BLESS").is_some() {
        bless(renewed, &rows);
        return;
    }
    let wrong: Vec<String> = ledger
        .iter()
        .zip(&renewed)
        .filter(|(is, should)| is != should)
        .map(|(is, should)| format!("{is:?} should be {should:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} entries\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_row_and_every_reference_keyword_is_in_the_ledger_once() {
    let mut seen = BTreeMap::new();
    for entry in ledger() {
        *seen.entry(entry.name()).or_insert(0) += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let missing: Vec<Name> =
        rows().into_keys().chain(reference()).filter(|name| !seen.contains_key(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_entry_has_a_status_and_what_does_nothing_has_a_reason() {
    for entry in ledger() {
        let known = ["works", "no-op", "refused"].contains(&entry.status.as_str());
        assert!(known, "{entry:?}");
        assert_eq!(entry.reason.is_empty(), entry.status == "works", "{entry:?}");
    }
}
