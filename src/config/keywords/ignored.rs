//! Keywords that are accepted and cannot matter here, each with its reason.
//!
//! A keyword belongs here only if a file that has it behaves as its author expects without it.

use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Row, Sections, Status, ignore, no_op};
use crate::config::{number, suggest};

const GLOBAL: Sections = Sections::GLOBAL;
const THREADS: &str = "all traffic is served by one thread";
const POLLER: &str = "there is one poller, epoll";
const SCHEDULER: &str = "it tunes a scheduler that does not exist here";
const TLS: &str = "it only matters to TLS, which no bind or server can use yet";
const MEMORY: &str = "it tunes an allocator that does not exist here";
const H2: &str = "it only matters to HTTP/2, which no bind or server can use yet";
/// Most threads the reference can have.
const THREADS_MAX: u32 = 4096;
/// The largest number of the reference's integers.
const INTEGER_MAX: u32 = i32::MAX as u32;
const CHECKS: &str = "it only matters to health checks, which no server can use yet";

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    one("nbthread", THREADS, thread_count),
    one("thread-groups", THREADS, ranged),
    any("thread-group", THREADS, any_number),
    integer("thread-hard-limit", THREADS),
    any("cpu-map", THREADS, cpu_map),
    any("cpu-policy", THREADS, ignore),
    any("cpu-set", THREADS, ignore),
    no_op("numa-cpu-mapping", GLOBAL, Arity::ANY, THREADS, ignore as fn(&mut Cx<'_>)),
    switch("busy-polling", "waiting in the kernel costs less than it saves on one thread"),
    switch("noepoll", POLLER),
    switch("nopoll", POLLER),
    switch("nokqueue", POLLER),
    switch("noevports", POLLER),
    switch("nogetaddrinfo", "host names are resolved by the system's resolver"),
    switch("no-memory-trimming", MEMORY),
    switch("insecure-fork-wanted", "no program is started"),
    switch("insecure-setuid-wanted", "no program is started, so none can gain rights"),
    switch("prealloc-fd", "descriptors are made when they are needed"),
    switch("limited-quic", "there is no QUIC"),
    switch("no-quic", "there is no QUIC"),
    one("profiling.tasks", SCHEDULER, on_auto_off),
    one("profiling.memory", MEMORY, on_off),
    one("tune.sched.low-latency", SCHEDULER, on_off),
    one("tune.fd.edge-triggered", "descriptors are always edge-triggered", on_off),
    one("tune.listener.multi-queue", THREADS, choice),
    one("tune.listener.default-shards", THREADS, choice),
    one("tune.takeover-other-tg-connections", THREADS, choice),
    one("tune.idle-pool.shared", THREADS, on_off),
    one("tune.epoll.mask-events", POLLER, ignore),
    integer("tune.runqueue-depth", SCHEDULER),
    integer("tune.buffers.limit", MEMORY),
    integer("tune.buffers.reserve", MEMORY),
    one("tune.recv_enough", "reads go on while there is room", ignore),
    one("tune.fail-alloc", MEMORY, ranged),
    one("tune.memory.hot-size", MEMORY, ignore),
    one("tune.max-checks-per-thread", CHECKS, ignore),
    one("tune.peers.max-updates-at-once", "there are no peers yet", ranged),
    one("tune.pattern.cache-size", "there are no patterns yet", ranged),
    one("tune.zlib.memlevel", "there is no compression yet", ranged),
    one("tune.zlib.windowsize", "there is no compression yet", ranged),
    one("tune.comp.maxlevel", "there is no compression yet", ranged),
    one("tune.h2.header-table-size", H2, ranged),
    one("tune.h2.initial-window-size", H2, ranged),
    one("tune.h2.max-concurrent-streams", H2, ranged),
    one("tune.h2.max-frame-size", H2, ranged),
    one("tune.ssl.cachesize", TLS, ranged),
    one("tune.ssl.capture-buffer-size", TLS, ranged),
    one("tune.ssl.capture-cipherlist-size", TLS, ranged),
    one("tune.ssl.default-dh-param", TLS, ranged),
    switch("tune.ssl.force-private-cache", TLS),
    one("tune.ssl.hard-maxrecord", TLS, ranged),
    one("tune.ssl.keylog", TLS, on_off),
    one("tune.ssl.lifetime", TLS, duration),
    one("tune.ssl.maxrecord", TLS, ranged),
    one("tune.ssl.ssl-ctx-cache-size", TLS, ranged),
    one("tune.vars.global-max-size", "there are no variables yet", memory_size),
    one("tune.vars.proc-max-size", "there are no variables yet", memory_size),
    one("tune.vars.reqres-max-size", "there are no variables yet", memory_size),
    one("tune.vars.sess-max-size", "there are no variables yet", memory_size),
    one("tune.vars.txn-max-size", "there are no variables yet", memory_size),
    one("tune.vars.check-max-size", "there are no variables yet", memory_size),
    one("ssl-default-bind-ciphers", TLS, ignore),
    one("ssl-default-bind-ciphersuites", TLS, ignore),
    one("ssl-default-bind-curves", TLS, ignore),
    any("ssl-default-bind-options", TLS, ignore),
    one("ssl-default-bind-sigalgs", TLS, ignore),
    one("ssl-default-bind-client-sigalgs", TLS, ignore),
    one("ssl-default-server-ciphers", TLS, ignore),
    one("ssl-default-server-ciphersuites", TLS, ignore),
    any("ssl-default-server-options", TLS, ignore),
    one("ssl-default-server-sigalgs", TLS, ignore),
    one("ssl-default-server-client-sigalgs", TLS, ignore),
    one("ssl-dh-param-file", TLS, ignore),
    any("ssl-load-extra-files", TLS, ignore),
    any("ssl-load-extra-del-ext", TLS, ignore),
    any("ssl-mode-async", TLS, ignore),
    one("ssl-propquery", TLS, ignore),
    one("ssl-provider", TLS, ignore),
    one("ssl-provider-path", TLS, ignore),
    one("ssl-security-level", TLS, ignore),
    one("ssl-server-verify", TLS, choice),
    any("ssl-skip-self-issued-ca", TLS, ignore),
    one("issuers-chain-path", TLS, ignore),
    Row {
        name: "ca-base",
        sections: GLOBAL,
        arity: Arity::one("expects a directory path as an argument."),
        help: "",
        status: Status::NoOp(TLS),
        handler: once,
        warns_itself: false,
    },
    Row {
        name: "crt-base",
        sections: GLOBAL,
        arity: Arity::one("expects a directory path as an argument."),
        help: "",
        status: Status::NoOp(TLS),
        handler: once,
        warns_itself: false,
    },
    one("key-base", TLS, ignore),
    integer("maxsslconn", TLS),
    integer("maxsslrate", TLS),
    integer("maxcompcpuusage", "there is no compression yet"),
    integer("maxcomprate", "there is no compression yet"),
    integer("maxzlibmem", "there is no compression yet"),
    Row {
        name: "spread-checks",
        sections: GLOBAL,
        arity: Arity::ANY,
        help: "",
        status: Status::NoOp(CHECKS),
        handler: spread_checks,
        warns_itself: false,
    },
    one("max-spread-checks", CHECKS, duration),
    switch("expose-deprecated-directives", "nothing is hidden"),
    switch("expose-experimental-directives", "nothing is hidden"),
];

/// What numbers may be, where the reference looks: from, to.
const RANGES: &[(&str, u32, u32)] = &[
    ("thread-groups", 1, 16),
    ("tune.fail-alloc", 0, 100),
    ("tune.peers.max-updates-at-once", 1, INTEGER_MAX),
    ("tune.pattern.cache-size", 0, INTEGER_MAX),
    ("tune.zlib.memlevel", 1, 9),
    ("tune.zlib.windowsize", 8, 15),
    ("tune.comp.maxlevel", 1, 9),
    ("tune.h2.header-table-size", 4096, 65536),
    ("tune.h2.initial-window-size", 0, INTEGER_MAX),
    ("tune.h2.max-concurrent-streams", 0, INTEGER_MAX),
    ("tune.h2.max-frame-size", 16384, 16777215),
    ("tune.ssl.cachesize", 0, INTEGER_MAX),
    ("tune.ssl.capture-buffer-size", 0, INTEGER_MAX),
    ("tune.ssl.capture-cipherlist-size", 0, INTEGER_MAX),
    ("tune.ssl.default-dh-param", 1024, INTEGER_MAX),
    ("tune.ssl.hard-maxrecord", 0, INTEGER_MAX),
    ("tune.ssl.maxrecord", 0, INTEGER_MAX),
    ("tune.ssl.ssl-ctx-cache-size", 0, INTEGER_MAX),
];

/// Words of which one is wanted.
const CHOICES: &[(&str, &[&str])] = &[
    ("tune.listener.multi-queue", &["on", "fair", "off"]),
    ("tune.listener.default-shards", &["by-process", "by-group", "by-thread"]),
    ("tune.takeover-other-tg-connections", &["none", "restricted", "full"]),
    ("ssl-server-verify", &["none", "required"]),
];

const fn integer(name: &'static str, why: &'static str) -> Directive {
    no_op(name, GLOBAL, Arity::one("expects an integer argument."), why, any_number as fn(&mut Cx<'_>))
}

const fn switch(name: &'static str, why: &'static str) -> Directive {
    no_op(name, GLOBAL, Arity::NONE, why, ignore as fn(&mut Cx<'_>))
}

const fn one(name: &'static str, why: &'static str, handler: fn(&mut Cx<'_>)) -> Directive {
    no_op(name, GLOBAL, Arity::one("expects an argument."), why, handler)
}

const fn any(name: &'static str, why: &'static str, handler: fn(&mut Cx<'_>)) -> Directive {
    no_op(name, GLOBAL, Arity::some("expects an argument."), why, handler)
}

fn any_number(cx: &mut Cx<'_>) {
    let _ = cx.number(0);
}

fn ranged(cx: &mut Cx<'_>) {
    let keyword = cx.keyword();
    let Some(&(_, low, high)) = RANGES.iter().find(|(name, ..)| *name == keyword) else { return };
    if let Some(number) = cx.number(0).filter(|number| !(low..=high).contains(number)) {
        let expected =
            if high == INTEGER_MAX { format!("at least {low}") } else { format!("{low} to {high}") };
        cx.alert(format!("'{keyword}' expects an integer of {expected} (got {number})."));
    }
}

fn choice(cx: &mut Cx<'_>) {
    let (text, keyword) = (cx.arg(0).to_owned(), cx.keyword());
    let Some((_, words)) = CHOICES.iter().find(|(name, _)| *name == keyword) else { return };
    if !words.contains(&text.as_str()) {
        let hint = suggest::hint(&text, words.iter().copied());
        cx.alert(format!("'{keyword}' expects one of '{}' but got '{text}'{hint}", words.join("', '")));
    }
}

/// A number of bytes, with or without a unit.
fn memory_size(cx: &mut Cx<'_>) {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    if number::size(text).is_err() {
        cx.alert(format!("'{keyword}' expects a size, '{text}' is not one."));
    }
}

fn duration(cx: &mut Cx<'_>) {
    let _ = cx.time_ms(0);
}

fn once(cx: &mut Cx<'_>) {
    let name = if cx.keyword() == "ca-base" { "ca-base" } else { "crt-base" };
    if cx.draft.seen.contains(&name) {
        return cx.alert(format!("'{name}' already specified."));
    }
    cx.draft.seen.push(name);
}

fn on_off(cx: &mut Cx<'_>) {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    if !matches!(text, "on" | "off") {
        cx.alert(format!("'{keyword}' expects either 'on' or 'off' but got '{text}'."));
    }
}

fn on_auto_off(cx: &mut Cx<'_>) {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    if !matches!(text, "on" | "auto" | "off") {
        cx.alert(format!("'{keyword}' expects either 'on', 'auto', or 'off' but got '{text}'."));
    }
}

fn thread_count(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    match text.parse::<u32>() {
        Ok(1..=THREADS_MAX) => {}
        Ok(n) => cx.alert(format!("'nbthread' value must be between 1 and {THREADS_MAX} (was {n})")),
        Err(_) => cx.alert(format!("'nbthread' passed a missing or unparsable integer value in '{text}'")),
    }
}

/// `cpu-map [auto:]<threads> <cpus>...`: words and number ranges.
fn cpu_map(cx: &mut Cx<'_>) {
    let threads = cx.arg(0);
    let sets = threads.strip_prefix("auto:").unwrap_or(threads).split('/');
    let is_word = |text: &str| matches!(text, "all" | "odd" | "even");
    let is_range =
        |text: &str| !text.is_empty() && text.splitn(2, '-').all(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let mut cpus = cx.args().iter().skip(1).flat_map(|word| word.split(','));
    let bad_set = { sets }.find(|set| !is_word(set) && !is_range(set));
    if let Some(bad) = bad_set.or_else(|| cpus.find(|cpu| !is_range(cpu))) {
        cx.alert(format!("cpu-map : '{bad}' is not a valid number/range."));
    } else if cx.args().len() < 2 {
        cx.alert("'cpu-map' expects a list of CPU ranges behind the threads.");
    }
}

fn spread_checks(cx: &mut Cx<'_>) {
    match cx.arg(0) {
        "" => cx.alert_tight("'spread-checks' expects an integer argument (0..50)."),
        text => {
            if !matches!(text.parse(), Ok(0..=50)) {
                cx.alert_tight("'spread-checks' needs a positive value in range 0..50.");
            }
        }
    }
}
