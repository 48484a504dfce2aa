//! `source` of a backend.

use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::source_address;

/// Rows of this file.
pub const ROWS: &[Directive] = &[row(
    "source",
    Sections::BACK,
    Arity::ANY,
    "<addr>[:<port>] [usesrc <addr>|client|clientip] [interface <name>]: local address towards servers",
    source,
)];

fn source(cx: &mut Cx<'_>) {
    if cx.arg(0).is_empty() {
        return cx.alert(
            "'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' <name>.",
        );
    }
    match source_address::parse(cx.args(), false, cx.outside()) {
        Ok((source, _)) => {
            if let Some(proxy) = cx.proxy() {
                proxy.settings.source = Some(source);
            }
        }
        Err(reason) => cx.alert(reason),
    }
}
