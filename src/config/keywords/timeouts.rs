//! `timeout <word> <time>`.

use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Row, Sections, Status, row};
use crate::config::number::{self, Unit};
use crate::config::reference_words;
use crate::config::unknown;
use crate::settings::Timeouts;

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    timeout("timeout client", Sections::FRONT, "longest silence of a client"),
    timeout("timeout server", Sections::BACK, "longest silence of a server"),
    timeout("timeout connect", Sections::BACK, "longest wait for a connection to a server"),
    no_op("timeout check", Sections::BACK, "it only matters to health checks, which no server can use yet"),
    timeout(
        "timeout queue",
        Sections::BACK,
        "longest wait for a free connection; that of 'connect' if absent",
    ),
    timeout("timeout http-keep-alive", Sections::PROXY, "longest wait for the next request"),
    timeout("timeout http-request", Sections::PROXY, "longest wait for a complete request head"),
    timeout("timeout tunnel", Sections::BACK, "longest silence of both sides once data has flowed both ways"),
    no_op("timeout tarpit", Sections::PROXY, "there are no rules yet that hold a client back"),
    timeout("timeout client-fin", Sections::FRONT, "longest silence of a half-closed client"),
    timeout("timeout server-fin", Sections::BACK, "longest silence of a half-closed server"),
    no_op("timeout client-hs", Sections::FRONT, "it only matters to TLS, which no bind can use yet"),
    row("timeout", Sections::PROXY, Arity::ANY, "one of the words above must follow", unknown_word),
];

const fn timeout(name: &'static str, sections: Sections, help: &'static str) -> Directive {
    row(name, sections, Arity::ANY, help, set as fn(&mut Cx<'_>)).warning_itself()
}

const fn no_op(name: &'static str, sections: Sections, why: &'static str) -> Directive {
    Row {
        name,
        sections,
        arity: Arity::ANY,
        help: "",
        status: Status::NoOp(why),
        handler: set,
        warns_itself: true,
    }
}

fn unknown_word(cx: &mut Cx<'_>) {
    let got = cx.arg(0);
    let near = unknown::nearest(got, reference_words::TIMEOUTS.iter().map(|(word, _)| *word));
    let hint = unknown::hint(near);
    cx.alert(format!(
        "'timeout' supports 'client', 'server', 'connect', 'check', 'queue', 'http-keep-alive', 'http-request', 'tunnel', 'tarpit', 'client-fin' and 'server-fin' (got '{got}'){hint}"
    ));
}

/// Which side must exist for the timeout to be used.
enum Side {
    Frontend,
    Backend,
    Any,
}

fn set(cx: &mut Cx<'_>) {
    let (keyword, text) = (cx.keyword(), cx.arg(0));
    if text.is_empty() {
        return cx.alert(format!("'{keyword}' expects an integer value (in milliseconds)"));
    }
    let ms = match number::time(text, Unit::Ms) {
        Ok(ms) => ms,
        Err(error) => return cx.alert(number::time_error(error, text, &keyword)),
    };
    if !cx.arg(1).is_empty() {
        let extra = cx.arg(1);
        return cx.alert(format!("'{keyword}' : unexpected extra argument '{extra}' after value '{text}'."));
    }
    let word = keyword.strip_prefix("timeout ").unwrap_or_default();
    let (lacks_frontend, lacks_backend, title) = (cx.lacks_frontend(), cx.lacks_backend(), cx.title());
    let Some(proxy) = cx.proxy() else { return };
    let Some((name, side, field)) = field(word, &mut proxy.settings.timeouts) else { return };
    // zero is "not given", as in the reference
    *field = (ms > 0).then_some(ms);
    let again = proxy.timeouts_seen.contains(&name);
    if !again {
        proxy.timeouts_seen.push(name);
    }
    match side {
        Side::Frontend if lacks_frontend => {
            cx.warning(format!("'{keyword}' will be ignored because {title} has no frontend capability"))
        }
        Side::Backend if lacks_backend => {
            cx.warning(format!("'{keyword}' will be ignored because {title} has no backend capability"));
        }
        _ if again => cx.warning(format!("overwriting '{keyword}' which was already specified")),
        _ => {}
    }
}

fn field<'t>(word: &str, t: &'t mut Timeouts) -> Option<(&'static str, Side, &'t mut Option<u64>)> {
    Some(match word {
        "client" => ("client", Side::Frontend, &mut t.client_ms),
        "client-fin" => ("client-fin", Side::Frontend, &mut t.client_fin_ms),
        "server" => ("server", Side::Backend, &mut t.server_ms),
        "server-fin" => ("server-fin", Side::Backend, &mut t.server_fin_ms),
        "connect" => ("connect", Side::Backend, &mut t.connect_ms),
        "check" => ("check", Side::Backend, &mut t.check_ms),
        "queue" => ("queue", Side::Backend, &mut t.queue_ms),
        "tunnel" => ("tunnel", Side::Backend, &mut t.tunnel_ms),
        "http-keep-alive" => ("http-keep-alive", Side::Any, &mut t.http_keep_alive_ms),
        "http-request" => ("http-request", Side::Any, &mut t.http_request_ms),
        "tarpit" => ("tarpit", Side::Any, &mut t.tarpit_ms),
        _ => return None,
    })
}
