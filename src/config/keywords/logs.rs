//! `log`, `log-tag`, `log-send-hostname`: in the global section and in proxies.

use crate::config::cx::{Cx, Prefix};
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::log_line;
use crate::settings::{Facility, LogTarget};

const TAG: Arity = Arity { min: 1, max: usize::MAX, missing: "expects a tag for use in syslog." };

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row(
        "log",
        Sections::GLOBAL,
        Arity::ANY,
        "<target> [len <n>] [format <f>] [sample <r>] <facility> [<level> [<min level>]]",
        log,
    ),
    row("log", Sections::PROXY, Arity::ANY, "global, or a target as in 'global'; 'no log' forgets all", log),
    row(
        "log-tag",
        Sections::GLOBAL,
        Arity::one("expects a tag for use in syslog."),
        "<text>: program name in log lines",
        log_tag,
    ),
    row("log-tag", Sections::PROXY, TAG, "<text>: program name in log lines", log_tag),
    row("log-send-hostname", Sections::GLOBAL, Arity::ANY, "[<name>]: host name in log lines", send_hostname),
];

fn log(cx: &mut Cx<'_>) {
    let in_global = cx.section == Sections::GLOBAL;
    if cx.prefix == Prefix::No {
        return forget(cx, in_global);
    }
    if cx.arg(0) == "global" {
        return inherit(cx, in_global);
    }
    if cx.args().len() < 2 {
        let or_global = if in_global { " " } else { " or global" };
        return cx.alert(format!("log : expects <address> and <facility>{or_global} as arguments"));
    }
    match log_line::parse(cx.args(), cx.place, cx.outside()) {
        Ok(target) => store(cx, target),
        Err(reason) => cx.alert(format!("log : {reason}")),
    }
}

fn forget(cx: &mut Cx<'_>, in_global: bool) {
    if !cx.args().is_empty() {
        return cx.alert("log : 'no log' does not expect arguments");
    }
    if in_global {
        cx.draft.global.logs.clear();
    } else if let Some(proxy) = cx.proxy() {
        proxy.settings.logs.clear();
    }
}

/// `log global` copies the targets known so far; an optional facility and levels are checked only.
fn inherit(cx: &mut Cx<'_>, in_global: bool) {
    if in_global {
        return cx.alert("log : 'global' is not supported for a global syslog server");
    }
    if let Some(word) = cx.args().get(1) {
        if !Facility::WORDS.contains(&&**word) {
            return cx.alert(format!("log : unknown log facility '{}'", &**word));
        }
        return cx.alert("log : 'global' cannot handle unexpected arguments");
    }
    cx.log_global();
}

fn store(cx: &mut Cx<'_>, target: LogTarget) {
    if cx.section == Sections::GLOBAL {
        cx.draft.global.logs.push(target);
    } else if let Some(proxy) = cx.proxy() {
        proxy.settings.logs.push(target);
    }
}

fn log_tag(cx: &mut Cx<'_>) {
    let tag = cx.arg(0).to_owned();
    if cx.section == Sections::GLOBAL {
        cx.draft.global.log_tag = Some(tag);
    } else if let Some(proxy) = cx.proxy() {
        proxy.settings.log_tag = Some(tag);
    }
}

fn send_hostname(cx: &mut Cx<'_>) {
    let name = match cx.arg(0) {
        "" => nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()),
        name => Some(name.to_owned()),
    };
    cx.draft.global.log_send_hostname = name;
}
