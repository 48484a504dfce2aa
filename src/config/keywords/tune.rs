//! `tune.*` of the global section.

use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Row, Sections, no_op, row};
use crate::config::number::{self, Unit};

const INTEGER: Arity = Arity::one("expects an integer argument.");

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    tune("tune.bufsize", "<size>: bytes of a buffer", bufsize),
    tune("tune.maxrewrite", "<size>: bytes of a buffer kept for edits of the head", maxrewrite),
    tune("tune.maxaccept", "<n>: connections a listener accepts in one turn", maxaccept),
    tune("tune.maxpollevents", "<n>: events taken in one wait", maxpollevents),
    tune("tune.pipesize", "<size>: bytes of a splice pipe", pipesize),
    tune("tune.http.maxhdr", "<n>: header lines in one head, 1..32767", http_maxhdr),
    tune("tune.http.logurilen", "<n>: bytes of the request line kept for the log", http_logurilen),
    tune("tune.http.cookielen", "<n>: bytes that 'capture cookie' keeps at most", http_cookielen),
    idle("tune.idletimer", "an idle connection holds no buffer", idletimer),
    tune("tune.rcvbuf.client", "<bytes>: receive buffer of client connections", rcvbuf_client),
    tune("tune.sndbuf.client", "<bytes>: send buffer of client connections", sndbuf_client),
    tune("tune.rcvbuf.server", "<bytes>: receive buffer of server connections", rcvbuf_server),
    tune("tune.sndbuf.server", "<bytes>: send buffer of server connections", sndbuf_server),
    tune(
        "tune.pool-high-fd-ratio",
        "<percent>: descriptors in use beyond which a new server connection closes an idle one",
        pool_high_fd_ratio,
    ),
    tune(
        "tune.pool-low-fd-ratio",
        "<percent>: descriptors in use beyond which no server connection is kept idle",
        pool_low_fd_ratio,
    ),
];

const fn tune(name: &'static str, help: &'static str, handler: fn(&mut Cx<'_>)) -> Row<fn(&mut Cx<'_>)> {
    row(name, Sections::GLOBAL, INTEGER, help, handler)
}

const fn idle(name: &'static str, why: &'static str, handler: fn(&mut Cx<'_>)) -> Row<fn(&mut Cx<'_>)> {
    no_op(name, Sections::GLOBAL, INTEGER, why, handler)
}

/// Smallest buffer: a head of a few lines must fit.
const BUFSIZE_MIN: u64 = 1024;
/// Largest buffer, so that sums of sizes stay far from overflow.
const BUFSIZE_MAX: u64 = 256 << 20;

fn size(cx: &mut Cx<'_>) -> Option<u64> {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    match number::size(text) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            cx.alert(format!("'{keyword}' expects a positive integer argument, '{text}' is not one."));
            None
        }
    }
}

fn bufsize(cx: &mut Cx<'_>) {
    match size(cx) {
        Some(0) => cx.alert("'tune.bufsize' expects a positive integer argument."),
        Some(bytes) if !(BUFSIZE_MIN..=BUFSIZE_MAX).contains(&bytes) => cx.alert(format!(
            "'tune.bufsize' expects a size between {BUFSIZE_MIN} and {BUFSIZE_MAX} (got {bytes})."
        )),
        Some(bytes) => cx.draft.global.tune.bufsize = bytes as usize,
        None => {}
    }
}

fn maxrewrite(cx: &mut Cx<'_>) {
    let Some(bytes) = size(cx).filter(|_| cx.first_time("tune.maxrewrite")) else { return };
    if bytes > BUFSIZE_MAX {
        return cx.alert(format!("'tune.maxrewrite' expects a size of at most {BUFSIZE_MAX} (got {bytes})."));
    }
    cx.draft.global.tune.maxrewrite = bytes as usize;
}

fn once(cx: &mut Cx<'_>, name: &'static str) -> Option<u32> {
    if !cx.first_time(name) {
        return None;
    }
    cx.number(0)
}

fn maxaccept(cx: &mut Cx<'_>) {
    if !cx.first_time("tune.maxaccept") {
        return;
    }
    match cx.arg(0).parse::<i32>() {
        // negative means no limit; a turn is bounded all the same
        Ok(n) => cx.draft.global.tune.maxaccept = u32::try_from(n).unwrap_or(0),
        Err(_) => {
            let text = cx.arg(0);
            cx.alert(format!("'tune.maxaccept' expects an integer argument, '{text}' is not one."));
        }
    }
}

fn maxpollevents(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "tune.maxpollevents") {
        cx.draft.global.tune.maxpollevents = n;
    }
}

fn pipesize(cx: &mut Cx<'_>) {
    if let Some(bytes) = size(cx) {
        cx.draft.global.tune.pipesize = bytes as usize;
    }
}

fn http_maxhdr(cx: &mut Cx<'_>) {
    match cx.arg(0).parse() {
        Ok(n @ 1..=32767) => cx.draft.global.tune.http_maxhdr = n,
        _ => cx.alert("'tune.http.maxhdr' expects a numeric value between 1 and 32767"),
    }
}

fn http_logurilen(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "tune.http.logurilen") {
        cx.draft.global.tune.http_logurilen = n as usize;
    }
}

fn http_cookielen(cx: &mut Cx<'_>) {
    if let Some(n) = once(cx, "tune.http.cookielen") {
        cx.draft.global.tune.http_cookielen = n as usize;
    }
}

fn idletimer(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    match number::time(text, Unit::Ms) {
        Ok(ms @ 0..=65535) => cx.draft.global.tune.idletimer_ms = Some(ms),
        Ok(_) => cx.alert("'tune.idletimer' expects a timer value between 0 and 65535 ms."),
        Err(error) => cx.alert_tight(number::delay_error(error, text, "tune.idletimer")),
    }
}

fn socket_buffer(cx: &mut Cx<'_>, name: &'static str) -> Option<u32> {
    let bytes = size(cx)?;
    if !cx.first_time(name) {
        return None;
    }
    u32::try_from(bytes).ok().filter(|bytes| *bytes > 0)
}

fn rcvbuf_client(cx: &mut Cx<'_>) {
    if let Some(bytes) = socket_buffer(cx, "tune.rcvbuf.client") {
        cx.draft.global.tune.rcvbuf_client = Some(bytes);
    }
}

fn sndbuf_client(cx: &mut Cx<'_>) {
    if let Some(bytes) = socket_buffer(cx, "tune.sndbuf.client") {
        cx.draft.global.tune.sndbuf_client = Some(bytes);
    }
}

fn rcvbuf_server(cx: &mut Cx<'_>) {
    if let Some(bytes) = socket_buffer(cx, "tune.rcvbuf.server") {
        cx.draft.global.tune.rcvbuf_server = Some(bytes);
    }
}

fn sndbuf_server(cx: &mut Cx<'_>) {
    if let Some(bytes) = socket_buffer(cx, "tune.sndbuf.server") {
        cx.draft.global.tune.sndbuf_server = Some(bytes);
    }
}

fn percent(cx: &mut Cx<'_>) -> Option<u32> {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    match text.parse() {
        Ok(n @ 0..=100) => Some(n),
        _ => {
            cx.alert(format!("'{keyword}' expects an integer argument between 0 and 100."));
            None
        }
    }
}

fn pool_high_fd_ratio(cx: &mut Cx<'_>) {
    if let Some(n) = percent(cx) {
        cx.draft.global.tune.pool_high_fd_ratio = n;
    }
}

fn pool_low_fd_ratio(cx: &mut Cx<'_>) {
    if let Some(n) = percent(cx) {
        cx.draft.global.tune.pool_low_fd_ratio = n;
    }
}
