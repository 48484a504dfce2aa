//! `global`: identity, files and life of the process.

use crate::config::cx::{Cx, Prefix};
use crate::config::identity;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::number::{self, Unit};
use crate::settings::bind::UnixOptions;
use crate::settings::global::CloseSpread;
use std::path::PathBuf;

const GLOBAL: Sections = Sections::GLOBAL;

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row("user", GLOBAL, Arity::up_to(1), "<name>: user the process runs as", user),
    row("uid", GLOBAL, Arity::one("expects an integer argument."), "<n>: user id the process runs as", uid),
    row("group", GLOBAL, Arity::up_to(1), "<name>: group the process runs as", group),
    row("gid", GLOBAL, Arity::one("expects an integer argument."), "<n>: group id the process runs as", gid),
    row(
        "chroot",
        GLOBAL,
        Arity::one("expects a directory as an argument."),
        "<dir>: directory the process confines itself to",
        chroot,
    ),
    row(
        "pidfile",
        GLOBAL,
        Arity::one("expects a file name as an argument."),
        "<file>: the process id is written there",
        pidfile,
    ),
    row("daemon", GLOBAL, Arity::NONE, "run in the background", daemon),
    row("master-worker", GLOBAL, Arity::ANY, "run under a supervisor, as -W", master_worker),
    row("quiet", GLOBAL, Arity::NONE, "no messages at start", quiet),
    row("zero-warning", GLOBAL, Arity::NONE, "warnings are fatal, as -dW", zero_warning),
    row("set-dumpable", GLOBAL, Arity::NONE, "allow core dumps", set_dumpable),
    row("hard-stop-after", GLOBAL, Arity::ANY, "<time>: longest soft stop", hard_stop_after),
    row("grace", GLOBAL, Arity::ANY, "<time>: a soft stop accepts for so long", grace),
    row(
        "close-spread-time",
        GLOBAL,
        Arity::ANY,
        "<time>|infinite: over how long a soft stop closes its clients' connections",
        close_spread_time,
    ),
    row(
        "mworker-max-reloads",
        GLOBAL,
        Arity::one("expects an integer argument."),
        "<n>: reloads after which an old worker is stopped",
        mworker_max_reloads,
    ),
    row(
        "unix-bind",
        GLOBAL,
        Arity::ANY,
        "[prefix <path>] [mode <octal>] [user|uid <u>] [group|gid <g>]: of Unix sockets in 'bind'",
        unix_bind,
    ),
    row("node", GLOBAL, Arity::up_to(1), "<name>: name of this instance", node),
    row("description", GLOBAL, Arity::ANY, "<text>: description of this instance", description),
    row(
        "localpeer",
        GLOBAL,
        Arity::one("expects a name as an argument."),
        "<name>: name of the local peer, as -L",
        localpeer,
    ),
];

fn user(cx: &mut Cx<'_>) {
    let name = cx.arg(0);
    let Some(uid) = identity::uid_of(name) else {
        return cx.alert(format!("cannot find user id for '{name}'"));
    };
    set_uid(cx, uid);
}

fn group(cx: &mut Cx<'_>) {
    let name = cx.arg(0);
    let Some(gid) = identity::gid_of(name) else {
        return cx.alert(format!("cannot find group id for '{name}'"));
    };
    set_gid(cx, gid);
}

fn uid(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    match text.parse() {
        Ok(uid) => set_uid(cx, uid),
        Err(_) => cx.warning(format!(
            " uid: string '{text}' is not a number.\n   | You might want to use the 'user' parameter to use a system user name.\n"
        )),
    }
}

fn gid(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    match text.parse() {
        Ok(gid) => set_gid(cx, gid),
        Err(_) => cx.warning(format!(
            " gid: string '{text}' is not a number.\n   | You might want to use the 'group' parameter to use a system group name.\n"
        )),
    }
}

fn set_uid(cx: &mut Cx<'_>, uid: u32) {
    if cx.draft.global.uid.is_some_and(|old| old != 0) {
        return cx.diags.tolerated(cx.place, "user/uid already specified. Continuing.");
    }
    cx.draft.global.uid = Some(uid);
}

fn set_gid(cx: &mut Cx<'_>, gid: u32) {
    if cx.draft.global.gid.is_some_and(|old| old != 0) {
        let text = match cx.keyword().as_str() {
            "gid" => "group/gid already specified. Continuing.",
            _ => "gid/group was already specified. Continuing.",
        };
        return cx.diags.tolerated(cx.place, text);
    }
    cx.draft.global.gid = Some(gid);
}

fn chroot(cx: &mut Cx<'_>) {
    if cx.first_time("chroot") {
        cx.draft.global.chroot = Some(PathBuf::from(cx.arg(0)));
    }
}

fn pidfile(cx: &mut Cx<'_>) {
    if cx.first_time("pidfile") {
        cx.draft.global.pidfile = Some(PathBuf::from(cx.arg(0)));
    }
}

fn daemon(cx: &mut Cx<'_>) {
    cx.draft.global.daemon = true;
}

fn master_worker(cx: &mut Cx<'_>) {
    match cx.arg(0) {
        "" => cx.draft.global.master_worker = true,
        "no-exit-on-failure" => {
            cx.draft.global.master_worker = true;
            cx.draft.global.survives_failure = true;
        }
        _ => cx.alert("'master-worker' only supports 'no-exit-on-failure' option."),
    }
}

fn quiet(cx: &mut Cx<'_>) {
    cx.draft.global.quiet = true;
}

fn zero_warning(cx: &mut Cx<'_>) {
    cx.draft.global.zero_warning = true;
}

fn set_dumpable(cx: &mut Cx<'_>) {
    cx.draft.global.set_dumpable = cx.prefix != Prefix::No;
}

fn hard_stop_after(cx: &mut Cx<'_>) {
    if let Some(ms) = delay_ms(cx) {
        cx.draft.global.hard_stop_after_ms = Some(ms);
    }
}

fn grace(cx: &mut Cx<'_>) {
    if let Some(ms) = delay_ms(cx) {
        cx.draft.global.grace_ms = Some(ms);
    }
}

fn close_spread_time(cx: &mut Cx<'_>) {
    if cx.arg(0) == "infinite" {
        cx.draft.global.close_spread = CloseSpread::Never;
    } else if let Some(ms) = delay_ms(cx) {
        cx.draft.global.close_spread = CloseSpread::Over(ms);
    }
}

fn mworker_max_reloads(cx: &mut Cx<'_>) {
    if let Some(reloads) = cx.number(0) {
        cx.draft.global.mworker_max_reloads = Some(reloads);
    }
}

fn delay_ms(cx: &mut Cx<'_>) -> Option<u64> {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    if text.is_empty() {
        cx.alert(format!("'{keyword}' expects <time> as argument."));
        return None;
    }
    match number::time(text, Unit::Ms) {
        Ok(ms) => Some(ms),
        Err(error) => {
            cx.alert(number::delay_error(error, text, &keyword));
            None
        }
    }
}

fn node(cx: &mut Cx<'_>) {
    let name = cx.arg(0);
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || !name.chars().all(legal) {
        return cx.alert_tight(
            "'node' requires valid node name - non-empty string with digits(0-9), letters(A-Z, a-z), dot(.), hyphen(-) or underscode(_).",
        );
    }
    cx.draft.global.node = Some(name.to_owned());
}

fn description(cx: &mut Cx<'_>) {
    match cx.text() {
        Some(text) => cx.draft.global.description = Some(text),
        None => cx.alert_tight("'description' expects a string argument."),
    }
}

fn localpeer(cx: &mut Cx<'_>) {
    let name = cx.arg(0);
    // the variable follows, as in the reference; its name is a fixed legal one
    let _ = cx.env.set(b"HAPROXY_LOCALPEER", name.as_bytes());
    cx.draft.global.localpeer = Some(name.to_owned());
}

fn unix_bind(cx: &mut Cx<'_>) {
    let mut unix = cx.draft.unix_bind.clone();
    for pair in cx.args().chunks(2) {
        let word = &*pair[0];
        let value = pair.get(1).map_or("", |w| &**w);
        if let Err(reason) = unix_option(&mut unix, word, value) {
            return cx.alert(reason);
        }
    }
    cx.draft.unix_bind = unix;
}

fn unix_option(unix: &mut UnixOptions, word: &str, value: &str) -> Result<(), String> {
    let number =
        || value.parse().map_err(|_| format!("'unix-bind' : '{word}' expects a number, not '{value}'."));
    match word {
        "prefix" if value.is_empty() => {
            return Err("unix_bind 'prefix' expects a path as an argument.".into());
        }
        "prefix" => unix.prefix = Some(value.to_owned()),
        "mode" => match u32::from_str_radix(value, 8) {
            Ok(mode) => unix.mode = Some(mode),
            Err(_) => return Err(format!("'unix-bind' : 'mode' expects an octal integer, not '{value}'.")),
        },
        "uid" => unix.uid = Some(number()?),
        "gid" => unix.gid = Some(number()?),
        "user" => {
            let uid = identity::uid_of(value);
            unix.uid = Some(uid.ok_or_else(|| format!("'unix-bind' : '{value}' unknown user."))?);
        }
        "group" => {
            let gid = identity::gid_of(value);
            unix.gid = Some(gid.ok_or_else(|| format!("'unix-bind' : '{value}' unknown group."))?);
        }
        _ => {
            return Err(
                "'unix-bind' only supports the 'prefix', 'mode', 'uid', 'gid', 'user' and 'group' options."
                    .into(),
            );
        }
    }
    Ok(())
}
