//! `server` and `default-server`.

use crate::config::address;
use crate::config::bind_line::OptionError;
use crate::config::cx::{Cx, Outside};
use crate::config::draft::ServerDraft;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::server_line;
use crate::config::unknown;
use crate::net::address::Grammar;

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row("server", Sections::BACK_NAMED, Arity::ANY, "<name> <address>[:<port>] [<option>...]", server),
    row("default-server", Sections::BACK, Arity::ANY, "<option>...: of the servers below", default_server),
];

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
    let expanded = cx.address(1);
    let Some(proxy) = cx.proxy() else { return };
    let intro = format!("'server {}/{name}'", proxy.settings.name);
    let mut options = proxy.default_server.clone();
    let address = match address::one(&expanded, &Grammar::SERVER) {
        Ok(address) => address,
        Err(reason) => return cx.alert_bare(format!("{intro} : {reason}")),
    };
    match server_line::parse(&mut options, &cx.args()[2..], cx.outside()) {
        Ok(()) => {}
        Err(OptionError::Unknown(word, near)) => {
            let hint = unknown::hint_or_dot(near);
            return cx.alert_bare(format!("{intro} : unknown keyword '{word}'{hint}"));
        }
        Err(OptionError::Wrong(reason)) => {
            return cx.alert_bare(format!("{intro} : {}.", reason.trim_end_matches('.')));
        }
    }
    let place = cx.place.clone();
    let Some(proxy) = cx.proxy() else { return };
    let twin = options.id.and_then(|id| proxy.servers.iter().find(|other| other.options.id == Some(id)));
    if let (Some(id), Some(other)) = (options.id, twin) {
        let text = format!(
            "{intro} : 'id' : custom id {id} already used at {}:{} ('server {}').",
            other.place.file, other.place.line, other.name
        );
        return cx.alert_bare(text);
    }
    proxy.servers.push(ServerDraft { place, name: name.to_owned(), address, options });
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
