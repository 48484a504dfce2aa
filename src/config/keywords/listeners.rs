//! `bind`.

use crate::config::address;
use crate::config::bind_line::{self, BindDraft, OptionError};
use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::unknown;
use crate::net::address::Address;
use crate::settings::Bind;

/// Rows of this file.
pub const ROWS: &[Directive] = &[row(
    "bind",
    Sections::FRONT_NAMED,
    Arity::ANY,
    "<address>[,...] [<option>...]: where clients connect",
    bind,
)];

fn bind(cx: &mut Cx<'_>) {
    let typed = cx.arg(0);
    let expanded = cx.address(0);
    if typed.is_empty() {
        return cx.alert("'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.");
    }
    let mut addresses = match address::of_listeners(&expanded, cx.names) {
        Ok(addresses) => addresses,
        Err(reason) => return cx.alert(format!("'bind' : {reason}")),
    };
    let section = cx.section.names().next().unwrap_or_default();
    let intro = format!("'bind {typed}' in section '{section}'");
    let defaults = BindDraft::with_unix(&cx.draft.unix_bind);
    let options = match bind_line::parse(&cx.args()[1..], defaults) {
        Ok(draft) => draft.options,
        Err(OptionError::Unknown(word, near)) => {
            let hint = unknown::hint_or_dot(near);
            return cx.alert(format!("{intro}: unknown keyword '{word}'{hint}"));
        }
        Err(OptionError::Wrong(reason)) => return cx.alert(format!("{intro} : {reason}")),
    };
    let place = cx.place.clone();
    let sockets: usize = addresses.iter().map(socket_count).sum();
    if options.id.is_some() && sockets > 1 {
        return cx.alert(format!("{intro} : 'id' can only be used with a single socket"));
    }
    if cx.lacks_frontend() {
        return; // warned about by the section check
    }
    let Some(proxy) = cx.proxy() else { return };
    let binds = &mut proxy.settings.binds;
    let twin = options.id.and_then(|id| binds.iter().find(|other| other.options.id == Some(id)));
    if let (Some(id), Some(other)) = (options.id, twin) {
        let text = format!(
            "{intro} : 'id' : custom id {id} already used at {}:{} ('bind {}')",
            other.place.file, other.place.line, other.typed
        );
        return cx.alert(text);
    }
    for one in &mut addresses {
        address::put_prefix(one, options.unix.prefix.as_deref());
    }
    binds.push(Bind { place, typed: typed.to_owned(), addresses, options });
}

fn socket_count(address: &Address) -> usize {
    address.ports.iter().count().max(1)
}
