//! Server state files.

use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::suggest;
use crate::settings::proxy::LoadState;
use std::path::PathBuf;

const GLOBAL: Sections = Sections::GLOBAL;

const WORDS: [(&str, LoadState); 3] =
    [("global", LoadState::Global), ("local", LoadState::Local), ("none", LoadState::None)];

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row(
        "server-state-base",
        GLOBAL,
        Arity::ANY,
        "<dir>: where relative names of server state files begin",
        base as fn(&mut Cx<'_>),
    ),
    row("server-state-file", GLOBAL, Arity::ANY, "<file>: states of servers of all backends", file),
    row(
        "load-server-state-from-file",
        Sections::BACK,
        Arity::ANY,
        "global|local|none: where servers begin as a state file says",
        load,
    ),
    row(
        "server-state-file-name",
        Sections::BACK,
        Arity::ANY,
        "[use-backend-name|<file>]: with 'local', the file; the backend's name when absent",
        file_name,
    ),
];

fn base(cx: &mut Cx<'_>) {
    let set = cx.draft.global.server_state_base.is_some();
    if let Some(path) = path(cx, set, "expects one argument: a directory path.") {
        cx.draft.global.server_state_base = Some(path);
    }
}

fn file(cx: &mut Cx<'_>) {
    let set = cx.draft.global.server_state_file.is_some();
    if let Some(path) = path(cx, set, "expect one argument: a file path.") {
        cx.draft.global.server_state_file = Some(path);
    }
}

/// The path that a line gives; the first of its kind counts.
fn path(cx: &mut Cx<'_>, is_set: bool, missing: &str) -> Option<PathBuf> {
    let keyword = cx.keyword();
    if is_set {
        cx.diags.tolerated(cx.place, format!("'{keyword}' already specified. Continuing."));
        return None;
    }
    if cx.arg(0).is_empty() {
        cx.alert(format!("'{keyword}' {missing}"));
        return None;
    }
    Some(PathBuf::from(cx.arg(0)))
}

fn load(cx: &mut Cx<'_>) {
    let typed = cx.arg(0);
    let Some((_, load_state)) = WORDS.into_iter().find(|(word, _)| *word == typed) else {
        let hint = suggest::hint(typed, WORDS.map(|(word, _)| word));
        return cx.alert(format!(
            "'load-server-state-from-file' expects 'global', 'local' or 'none'. Got '{typed}'{hint}"
        ));
    };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.load_state = load_state;
    }
}

fn file_name(cx: &mut Cx<'_>) {
    if !cx.arg(1).is_empty() {
        return cx
            .alert(format!("'server-state-file-name' cannot handle unexpected argument '{}'.", cx.arg(1)));
    }
    let name = Some(cx.arg(0)).filter(|name| !matches!(*name, "" | "use-backend-name")).map(PathBuf::from);
    if let Some(proxy) = cx.proxy() {
        proxy.settings.server_state_file_name = name;
    }
}
