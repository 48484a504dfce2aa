//! `clitcpka-*` and `srvtcpka-*`: TCP keep-alive probes.

use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::number::{self, Unit};

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    client("clitcpka-cnt", "<n>: lost probes after which a client is gone (TCP_KEEPCNT)", count),
    client("clitcpka-idle", "<time>: silence before the first probe of a client (TCP_KEEPIDLE)", delay),
    client("clitcpka-intvl", "<time>: time between probes of a client (TCP_KEEPINTVL)", delay),
    server("srvtcpka-cnt", "<n>: lost probes after which a server is gone (TCP_KEEPCNT)", count),
    server("srvtcpka-idle", "<time>: silence before the first probe of a server (TCP_KEEPIDLE)", delay),
    server("srvtcpka-intvl", "<time>: time between probes of a server (TCP_KEEPINTVL)", delay),
];

const VALUE: Arity = Arity::one("expects an integer value");

const fn client(name: &'static str, help: &'static str, handler: fn(&mut Cx<'_>)) -> Directive {
    row(name, Sections::FRONT, VALUE, help, handler).warning_itself()
}

const fn server(name: &'static str, help: &'static str, handler: fn(&mut Cx<'_>)) -> Directive {
    row(name, Sections::BACK, VALUE, help, handler).warning_itself()
}

fn count(cx: &mut Cx<'_>) {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    match text.parse::<u32>() {
        Ok(n) => store(cx, &keyword, n),
        Err(_) => {
            let bad = text.chars().find(|c| !c.is_ascii_digit()).unwrap_or('+');
            cx.alert(format!("'{keyword}' : unexpected character '{bad}' in integer value '{text}'"));
        }
    }
}

fn delay(cx: &mut Cx<'_>) {
    let (text, keyword) = (cx.arg(0), cx.keyword());
    match number::time(text, Unit::S) {
        Ok(seconds) => store(cx, &keyword, seconds as u32),
        Err(error) => cx.alert(number::delay_error(error, text, &keyword)),
    }
}

fn store(cx: &mut Cx<'_>, keyword: &str, value: u32) {
    let of_client = keyword.starts_with("cli");
    let title = cx.title();
    if of_client && cx.lacks_frontend() {
        cx.warning(format!("{keyword} will be ignored because {title} has no frontend capability"));
    } else if !of_client && cx.lacks_backend() {
        cx.warning(format!("{keyword} will be ignored because {title} has no backend capability"));
    }
    let Some(proxy) = cx.proxy() else { return };
    let side = match of_client {
        true => &mut proxy.settings.client_keepalive,
        false => &mut proxy.settings.server_keepalive,
    };
    let field = match keyword.rsplit('-').next() {
        Some("cnt") => &mut side.count,
        Some("idle") => &mut side.idle_s,
        _ => &mut side.interval_s,
    };
    *field = (value > 0).then_some(value);
}
