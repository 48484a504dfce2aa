//! `stats socket|timeout|maxconn` of the global section: the CLI.

use crate::base::diag::Place;
use crate::config::Names;
use crate::config::address;
use crate::config::bind_line::{self, BindDraft, OptionError};
use crate::config::cx::{Cx, Outside};
use crate::config::expand::Environment;
use crate::config::keyword::{Arity, Directive, Sections, ignore, no_op, row};
use crate::config::lines::Word;
use crate::config::number::{self, NumberError, Unit};
use crate::config::unknown;
use crate::net::address::Address;
use crate::settings::StatsSocket;
use crate::settings::global::CliLevel;

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
    if cx.arg(0).is_empty() {
        return cx.alert("'stats socket' in global section expects an address or a path to a UNIX socket");
    }
    let addresses = match address::of_listeners(&cx.address(0), cx.names) {
        Ok(addresses) => addresses,
        Err(reason) => return cx.alert(format!("'stats socket' : {reason}")),
    };
    match bind_line::parse(&cx.args()[1..], BindDraft::default()) {
        Ok(draft) => cx.draft.global.stats_sockets.extend(sockets(cx.place, addresses, &draft)),
        Err(error) => cx.alert(format!("'stats socket' : {}", wrong_option(error))),
    }
}

/// A CLI socket at each of the addresses.
fn sockets<'a>(
    place: &'a Place,
    addresses: Vec<Address>,
    draft: &'a BindDraft,
) -> impl Iterator<Item = StatsSocket> + 'a {
    addresses.into_iter().map(|address| StatsSocket {
        place: place.clone(),
        address,
        level: draft.level.unwrap_or_default(),
        unix: draft.options.unix.clone(),
        expose_fd_listeners: draft.expose_fd_listeners,
        maxconn: draft.options.maxconn,
        backlog: draft.options.backlog,
        name: draft.options.name.clone(),
        severity_output: draft.severity_output,
    })
}

fn wrong_option(error: OptionError) -> String {
    match error {
        OptionError::Unknown(word, near) => {
            let hint = near.map(|near| format!(". Did you mean '{near}' maybe ?")).unwrap_or_default();
            format!("unknown keyword '{word}'{hint}")
        }
        OptionError::Wrong(reason) => format!("'{reason}'"),
    }
}

/// The supervisor's CLI socket, as `-S <address>[,<option>]*` gives it: the words of a `bind` line with commas
/// between. Without a `level` its clients may do everything.
///
/// # Errors
/// What is wrong, in words.
pub fn of_argument(text: &str, env: &Environment, names: Names) -> Result<StatsSocket, String> {
    let words: Vec<Word> = text.split(',').filter(|word| !word.is_empty()).map(Word::from).collect();
    let Some((typed, options)) = words.split_first() else {
        return Err("option '-S' expects an address or a path to a UNIX socket".into());
    };
    let address = Outside { env, names }.expanded(typed);
    let addresses = address::of_listeners(&address, names)?;
    let draft = bind_line::parse(options, BindDraft { level: Some(CliLevel::Admin), ..BindDraft::default() })
        .map_err(|error| format!("'{}' : {}", text.replace(',', " "), wrong_option(error)))?;
    let place = Place { file: "master-socket".into(), line: 0 };
    let mut sockets = sockets(&place, addresses, &draft);
    sockets.next().ok_or_else(|| format!("no address in '{text}'"))
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
