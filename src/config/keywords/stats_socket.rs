//! `stats socket|timeout|maxconn` of the global section: the CLI.

use crate::config::address;
use crate::config::bind_line::{self, BindDraft, OptionError};
use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, ignore, no_op, row};
use crate::config::number::{self, NumberError, Unit};
use crate::config::unknown;
use crate::settings::StatsSocket;

const GLOBAL: Sections = Sections::GLOBAL;

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row("stats socket", GLOBAL, Arity::ANY, "<address> [<option>...]: where the CLI listens", socket),
    row("stats timeout", GLOBAL, Arity::ANY, "<time>: longest silence of a CLI connection", timeout),
    row("stats maxconn", GLOBAL, Arity::ANY, "<n>: concurrent CLI connections", maxconn),
    no_op("stats bind-process", GLOBAL, Arity::ANY, "there is one process", ignore as fn(&mut Cx<'_>)),
    row("stats", GLOBAL, Arity::ANY, "one of the words above must follow", other),
];

fn socket(cx: &mut Cx<'_>) {
    let typed = cx.arg(0);
    if typed.is_empty() {
        return cx.alert("'stats socket' in global section expects an address or a path to a UNIX socket");
    }
    let addresses = match address::of_listeners(&cx.address(0), cx.names) {
        Ok(addresses) => addresses,
        Err(reason) => return cx.alert(format!("'stats socket' : {reason}")),
    };
    let draft = match bind_line::parse(&cx.args()[1..], BindDraft::default()) {
        Ok(draft) => draft,
        Err(OptionError::Unknown(word, near)) => {
            let hint = near.map(|near| format!(". Did you mean '{near}' maybe ?")).unwrap_or_default();
            return cx.alert(format!("'stats socket' : unknown keyword '{word}'{hint}"));
        }
        Err(OptionError::Wrong(reason)) => return cx.alert(format!("'stats socket' : '{reason}'")),
    };
    for address in addresses {
        cx.draft.global.stats_sockets.push(StatsSocket {
            place: cx.place.clone(),
            address,
            level: draft.level.unwrap_or_default(),
            unix: draft.options.unix.clone(),
            expose_fd_listeners: draft.expose_fd_listeners,
            maxconn: draft.options.maxconn,
            backlog: draft.options.backlog,
            name: draft.options.name.clone(),
            severity_output: draft.severity_output,
        });
    }
}

fn timeout(cx: &mut Cx<'_>) {
    match number::time(cx.arg(0), Unit::Ms) {
        Ok(0) => cx.alert("'stats timeout' expects a positive value"),
        Ok(ms) => cx.draft.global.stats_timeout_ms = Some(ms),
        Err(NumberError::Unexpected(Some(bad))) => {
            cx.alert(format!("'stats timeout' : unexpected character '{bad}'"));
        }
        Err(NumberError::Unexpected(None)) => cx.alert("'stats timeout' expects a positive value"),
        Err(NumberError::Overflow) => {
            let text = number::time_error(NumberError::Overflow, cx.arg(0), "stats timeout");
            cx.alert(text);
        }
    }
}

fn maxconn(cx: &mut Cx<'_>) {
    match cx.arg(0).parse::<u32>() {
        Ok(n) if n > 0 => cx.draft.global.stats_maxconn = Some(n),
        _ => cx.alert("'stats maxconn' expects a positive value"),
    }
}

fn other(cx: &mut Cx<'_>) {
    let got = cx.arg(0);
    let text =
        format!("'stats' only supports 'socket', 'maxconn', 'bind-process' and 'timeout' (got '{got}')");
    if got.is_empty() {
        return cx.alert(text);
    }
    let near = unknown::nearest(got, ["socket", "maxconn", "timeout"]);
    cx.alert(text + &unknown::hint(near));
}
