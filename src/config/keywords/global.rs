//! `global`: limits and switches of the traffic side.

use crate::config::cx::{Cx, Prefix};
use crate::config::default_path::DefaultPath;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::settings::global::StrictLimits;

const GLOBAL: Sections = Sections::GLOBAL;
const INTEGER: Arity = Arity::one("expects an integer argument.");

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row("maxconn", GLOBAL, INTEGER, "<n>: concurrent connections of the process", maxconn),
    row("maxconnrate", GLOBAL, INTEGER, "<n>: accepted connections per second", maxconnrate),
    row("maxsessrate", GLOBAL, INTEGER, "<n>: accepted sessions per second", maxsessrate),
    row("maxpipes", GLOBAL, INTEGER, "<n>: pipes for splicing", maxpipes),
    row("ulimit-n", GLOBAL, INTEGER, "<n>: file descriptors of the process", ulimit_n),
    row("fd-hard-limit", GLOBAL, INTEGER, "<n>: file descriptors never exceeded", fd_hard_limit),
    row("no-mptcp", GLOBAL, Arity::NONE, "plain addresses listen with TCP, not MPTCP", no_mptcp),
    row(
        "h1-accept-payload-with-any-method",
        GLOBAL,
        Arity::NONE,
        "takes HTTP/1.0 requests of GET, HEAD and DELETE with a body, for which not every server looks; they get a 413 otherwise",
        payload_with_any_method,
    ),
    row("nosplice", GLOBAL, Arity::NONE, "never splice", nosplice),
    row("noreuseport", GLOBAL, Arity::NONE, "listeners do not set SO_REUSEPORT", noreuseport),
    row(
        "strict-limits",
        GLOBAL,
        Arity::NONE,
        "refuse to start when a limit cannot be had (default)",
        strict_limits,
    ),
    row(
        "default-path",
        GLOBAL,
        Arity::ANY,
        "current|config|parent|origin <dir>: where names of files in this configuration begin",
        default_path,
    ),
];

fn once(cx: &mut Cx<'_>, name: &'static str) -> Option<u32> {
    if !cx.first_time(name) {
        return None;
    }
    cx.number(0)
}

fn maxconn(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "maxconn") {
        cx.draft.global.maxconn = (n > 0).then_some(n);
    }
}

fn maxconnrate(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "maxconnrate") {
        cx.draft.global.maxconnrate = (n > 0).then_some(n);
    }
}

fn maxsessrate(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "maxsessrate") {
        cx.draft.global.maxsessrate = (n > 0).then_some(n);
    }
}

fn maxpipes(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "maxpipes") {
        cx.draft.global.maxpipes = (n > 0).then_some(n);
    }
}

fn ulimit_n(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "ulimit-n") {
        cx.draft.global.ulimit_n = (n > 0).then_some(u64::from(n));
    }
}

fn fd_hard_limit(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "fd-hard-limit") {
        cx.draft.global.fd_hard_limit = (n > 0).then_some(u64::from(n));
    }
}

fn no_mptcp(cx: &mut Cx<'_>) {
    cx.draft.global.no_mptcp = true;
}

fn payload_with_any_method(cx: &mut Cx<'_>) {
    cx.draft.global.h1_payload_with_any_method = true;
}

fn nosplice(cx: &mut Cx<'_>) {
    cx.draft.global.nosplice = true;
}

fn noreuseport(cx: &mut Cx<'_>) {
    cx.draft.global.noreuseport = true;
}

fn strict_limits(cx: &mut Cx<'_>) {
    cx.draft.global.strict_limits = StrictLimits(cx.prefix != Prefix::No);
}

fn default_path(cx: &mut Cx<'_>) {
    const MODES: &str = "supported modes include 'current', 'config', 'parent', and 'origin'.";
    let path = match (cx.arg(0), cx.arg(1)) {
        ("current", _) => DefaultPath::Current,
        ("config", _) => DefaultPath::Config,
        ("parent", _) => DefaultPath::Parent,
        ("origin", "") => {
            return cx.alert("'default-path origin' expects a directory as an argument.");
        }
        ("origin", directory) => DefaultPath::Origin(directory.into()),
        ("", _) => return cx.alert(format!("missing default-path mode '' for 'default-path', {MODES}")),
        (other, _) => {
            return cx.alert(format!("unsupported default-path mode '{other}' for 'default-path', {MODES}"));
        }
    };
    let words = if matches!(path, DefaultPath::Origin(_)) { 2 } else { 1 };
    if cx.no_more_than(words) {
        cx.draft.default_path = path;
    }
}
