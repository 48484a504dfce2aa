//! `server`, `server-template` and `default-server`.

use crate::config::address;
use crate::config::bind_line::OptionError;
use crate::config::cx::{Cx, Outside};
use crate::config::draft::ServerDraft;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::server_line;
use crate::config::unknown;
use crate::net::address::{Grammar, Host};

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row("server", Sections::BACK_NAMED, Arity::ANY, "<name> <address>[:<port>] [<option>...]", server),
    row(
        "server-template",
        Sections::BACK_NAMED,
        Arity::ANY,
        "<prefix> <n>|<low>-<high> <address>[:<port>] [<option>...]: that many servers, numbered",
        template,
    ),
    row(
        "dispatch",
        Sections::BACK_NAMED,
        Arity::one("expects <addr>:<port> as argument."),
        "<address>:<port>: who gets what does not stay at a server; the servers are then not balanced",
        dispatch,
    ),
    row("default-server", Sections::BACK, Arity::ANY, "<option>...: of the servers below", default_server),
];

/// Servers that one `server-template` makes at most.
const TEMPLATE_SERVERS_MAX: u32 = 65_536;

fn server(cx: &mut Cx<'_>) {
    if cx.lacks_backend() {
        let title = cx.title();
        return cx.alert(format!("'server' not allowed because {title} has no backend capability."));
    }
    let (name, typed) = (cx.arg(0), cx.arg(1));
    if name.is_empty() || typed.is_empty() {
        return cx.alert_bare("'server' expects <name> and <addr>[:<port>] as arguments.");
    }
    if let Some(bad) = name.chars().find(|c| !is_name_char(*c)) {
        return cx.alert_bare(format!("character '{bad}' is not permitted in server name '{name}'."));
    }
    if let Some(server) = read(cx, name, 1)
        && let Some(proxy) = cx.proxy()
    {
        proxy.servers.push(server);
    }
}

fn template(cx: &mut Cx<'_>) {
    if cx.lacks_backend() {
        let title = cx.title();
        return cx.alert(format!("'server-template' not allowed because {title} has no backend capability."));
    }
    let (prefix, range, typed) = (cx.arg(0), cx.arg(1), cx.arg(2));
    if prefix.is_empty() || range.is_empty() || typed.is_empty() {
        return cx
            .alert_bare("'server-template' expects <prefix> <nb | range> <addr>[:<port>] as arguments.");
    }
    if let Some(bad) = prefix.chars().find(|c| !is_name_char(*c)) {
        return cx
            .alert_bare(format!("character '{bad}' is not permitted in server-template prefix '{prefix}'."));
    }
    let Some((low, high)) = numbers(range) else {
        return cx.alert_bare(format!("Wrong server-template number or range arg '{range}'."));
    };
    if high - low >= TEMPLATE_SERVERS_MAX {
        return cx.alert_bare(format!(
            "Wrong server-template number or range arg '{range}': more than {TEMPLATE_SERVERS_MAX} servers."
        ));
    }
    let Some(first) = read(cx, prefix, 2) else { return };
    let Some(proxy) = cx.proxy() else { return };
    for number in low..=high {
        let mut server = ServerDraft { name: format!("{prefix}{number}"), ..first.clone() };
        // An id can be of one server only: the others are counted, as in the reference.
        server.options.id = server.options.id.filter(|_| number == low);
        proxy.servers.push(server);
    }
}

fn dispatch(cx: &mut Cx<'_>) {
    if cx.lacks_backend() {
        return;
    }
    let text = cx.address(0);
    let mut address = match address::one(&text, &Grammar::DISPATCH) {
        Ok(address) => address,
        Err(reason) => return cx.alert(format!("'dispatch' : {reason}")),
    };
    if let Host::Name(name) = &address.host {
        match cx.names.ip(&address.host, address.family) {
            Some(ip) => address.host = Host::Ip(ip),
            None => {
                let text = format!("'dispatch' : invalid address: '{name}' in '{text}'");
                return cx.alert(text);
            }
        }
    }
    let place = cx.place.clone();
    if let Some(proxy) = cx.proxy() {
        proxy.dispatch = Some((place, address));
    }
}

/// The first and the last number of a template's servers: `<low>-<high>`, or as many as said from 1 on.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.parse::<i32>().ok()?.try_into().ok();
    let (low, high): (u32, u32) = match text.split_once('-') {
        Some((low, high)) => (number(low)?, number(high)?),
        None => (1, number(text)?),
    };
    (low <= high).then_some((low, high))
}

/// Reads a server from the words of the line: its address is argument `at`, its options follow. What is wrong is told.
fn read(cx: &mut Cx<'_>, name: &str, at: usize) -> Option<ServerDraft> {
    let expanded = cx.address(at);
    let keyword = &*cx.words[0];
    let proxy = cx.proxy()?;
    let intro = format!("'{keyword} {}/{name}'", proxy.settings.name);
    let mut options = proxy.default_server.clone();
    let address = match address::one(&expanded, &Grammar::SERVER) {
        Ok(address) => address,
        Err(reason) => {
            cx.alert_bare(format!("{intro} : {reason}"));
            return None;
        }
    };
    match server_line::parse(&mut options, &cx.args()[at + 1..], cx.outside()) {
        Ok(()) => {}
        Err(OptionError::Unknown(word, near)) => {
            let hint = unknown::hint_or_dot(near);
            cx.alert_bare(format!("{intro} : unknown keyword '{word}'{hint}"));
            return None;
        }
        Err(OptionError::Wrong(reason)) => {
            cx.alert_bare(format!("{intro} : {}.", reason.trim_end_matches('.')));
            return None;
        }
    }
    let place = cx.place.clone();
    let proxy = cx.proxy()?;
    let twin = options.id.and_then(|id| proxy.servers.iter().find(|other| other.options.id == Some(id)));
    if let (Some(id), Some(other)) = (options.id, twin) {
        let text = format!(
            "{intro} : 'id' : custom id {id} already used at {}:{} ('server {}').",
            other.place.file, other.place.line, other.name
        );
        cx.alert_bare(text);
        return None;
    }
    Some(ServerDraft { place, name: name.to_owned(), address, options })
}

fn default_server(cx: &mut Cx<'_>) {
    if cx.lacks_backend() {
        let title = cx.title();
        return cx.alert(format!("'default-server' not allowed because {title} has no backend capability."));
    }
    let words = cx.args();
    if words.iter().any(|w| &**w == "id") {
        return cx.alert_bare("'id' option is not accepted in default-server sections");
    }
    let Some(proxy) = cx.draft.proxy() else { return };
    let outside = Outside { env: cx.env, names: cx.names };
    let mut options = proxy.default_server.clone();
    match server_line::parse(&mut options, words, outside) {
        Ok(()) => {
            options.rise.get_or_insert(server_line::RISE_DEFAULT);
            proxy.default_server = options;
        }
        Err(OptionError::Unknown(word, near)) => {
            let hint = unknown::hint_or_dot(near);
            cx.alert_bare(format!(
                "unknown keyword '{word}'{hint} Hint: no address was expected for this server."
            ));
        }
        Err(OptionError::Wrong(reason)) => cx.alert_bare(format!("'default-server' : {reason}")),
    }
}

/// Characters of proxy and server names.
pub fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_counts_from_one_or_over_a_range() {
        let table = [
            ("3", Some((1, 3))),
            ("0-2", Some((0, 2))),
            ("7-7", Some((7, 7))),
            ("2147483647-2147483647", Some((2147483647, 2147483647))),
            ("0", None),
            ("3-1", None),
            ("3-", None),
            ("-3", None),
            ("--3", None),
            ("1-2-3", None),
            ("a", None),
            ("2147483648", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(numbers(text), expected, "{text}");
        }
    }
}
