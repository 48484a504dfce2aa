//! `option <word>`, `no option <word>`, `default option <word>`.

use crate::config::cx::{Cx, Prefix};
use crate::config::draft::HttpOption;
use crate::config::keyword::{Arity, Directive, Sections, no_op, row};
use crate::config::keywords::http;
use crate::config::keywords::log_formats;
use crate::config::unknown;
use crate::settings::proxy::HttpMode;
use crate::settings::{LogLine, Options};

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    flag("option dontlognull", Sections::FRONT, "do not log connections without data"),
    flag("option dontlog-normal", Sections::FRONT, "log only what went wrong"),
    flag("option logasap", Sections::FRONT, "log when the response head is known"),
    flag("option log-separate-errors", Sections::FRONT, "errors are logged with level err"),
    idle("option splice-auto", Sections::PROXY, "whether to splice is decided for each transfer anyway"),
    flag("option splice-request", Sections::PROXY, "splice from client to server"),
    flag("option splice-response", Sections::PROXY, "splice from server to client"),
    flag("option nolinger", Sections::PROXY, "close with a reset"),
    idle("option tcp-smart-accept", Sections::FRONT, "it saves one packet, nothing else would change"),
    idle("option tcp-smart-connect", Sections::BACK, "it saves one packet, nothing else would change"),
    flag("option clitcpka", Sections::FRONT, "TCP keep-alive towards clients"),
    flag("option srvtcpka", Sections::BACK, "TCP keep-alive towards servers"),
    flag("option tcpka", Sections::PROXY, "TCP keep-alive towards both"),
    flag("option http-keep-alive", Sections::PROXY, "connections stay open on both sides (default)"),
    flag("option http-server-close", Sections::PROXY, "connections to servers are closed after a response"),
    flag("option httpclose", Sections::PROXY, "connections are closed after a response"),
    flag("option abortonclose", Sections::PROXY, "a client that leaves while waiting ends its request"),
    idle("option http-no-delay", Sections::PROXY, "small pieces are never collected"),
    flag(
        "option http-pretend-keepalive",
        Sections::BACK,
        "servers are not told that their connection will be closed",
    ),
    flag(
        "option h1-case-adjust-bogus-client",
        Sections::FRONT,
        "clients get header names in the case of 'h1-case-adjust'",
    ),
    flag(
        "option h1-case-adjust-bogus-server",
        Sections::BACK,
        "servers get header names in the case of 'h1-case-adjust'",
    ),
    row(
        "option http-restrict-req-hdr-names",
        Sections::PROXY,
        Arity::ANY,
        "preserve|delete|reject: request headers whose names hold more than letters, digits and '-'",
        http::restrict_request_names,
    ),
    flag("option http-buffer-request", Sections::PROXY, "wait for the body before a server is chosen"),
    flag("option http-ignore-probes", Sections::FRONT, "a connection without a request gets no error"),
    flag(
        "option accept-unsafe-violations-in-http-request",
        Sections::FRONT,
        "let through what breaks the standard and is unsafe",
    ),
    flag("option accept-invalid-http-request", Sections::FRONT, "older name of the option above"),
    flag("option socket-stats", Sections::FRONT, "statistics of each listener"),
    flag(
        "option checkcache",
        Sections::BACK,
        "responses whose cookies a cache could give to others are blocked",
    ),
    flag(
        "option independent-streams",
        Sections::PROXY,
        "what goes to a server does not put off 'timeout server'; no effect in frontends",
    ),
    idle(
        "option log-health-checks",
        Sections::BACK,
        "it only matters to health checks, which no server can use yet",
    ),
    idle("option contstats", Sections::FRONT, "bytes are counted when a connection or request ends"),
    flag("option transparent", Sections::BACK, "connect where the client wanted to go"),
    flag("option allbackups", Sections::BACK, "use all backup servers, not the first one"),
    flag("option persist", Sections::BACK, "a cookie leads to its server even when it is down"),
    flag(
        "option prefer-last-server",
        Sections::BACK,
        "a client goes on at the server where it has a connection of its own",
    ),
    flag(
        "option idle-close-on-response",
        Sections::FRONT,
        "a soft stop closes idle clients behind their next response",
    ),
    flag(
        "option accept-unsafe-violations-in-http-response",
        Sections::BACK,
        "let through what breaks the standard and is unsafe",
    ),
    flag("option accept-invalid-http-response", Sections::BACK, "older name of the option above"),
    row(
        "option redispatch",
        Sections::BACK,
        Arity::up_to(1),
        "[<n>]: another server on the last retry, or every n-th",
        redispatch,
    ),
    row(
        "option forwardfor",
        Sections::PROXY,
        Arity::ANY,
        "[except <net>] [header <name>] [if-none]: tell servers the client's address",
        http::forwardfor,
    ),
    row(
        "option originalto",
        Sections::PROXY,
        Arity::ANY,
        "[except <net>] [header <name>]: tell servers the address that the client connected to",
        http::originalto,
    ),
    row("option tcplog", Sections::PROXY, Arity::NONE, "the TCP log line", tcplog),
    row("option httplog", Sections::PROXY, Arity::ANY, "[clf]: the HTTP log line", httplog),
    row(
        "option httpslog",
        Sections::PROXY,
        Arity::ANY,
        "the HTTP log line with fields for TLS, which are empty: no bind can use it yet",
        httpslog,
    ),
    row("option", Sections::PROXY, Arity::ANY, "one of the words above must follow", unknown_option),
];

const fn flag(name: &'static str, sections: Sections, help: &'static str) -> Directive {
    row(name, sections, Arity::NONE, help, set_flag as fn(&mut Cx<'_>))
}

/// A flag that is kept and cannot matter.
const fn idle(name: &'static str, sections: Sections, why: &'static str) -> Directive {
    no_op(name, sections, Arity::NONE, why, set_flag as fn(&mut Cx<'_>))
}

/// Flags that need `mode http`; on in another mode they are warned about.
const NEED_HTTP: &[&str] = &[
    "option checkcache",
    "option http-no-delay",
    "option http-ignore-probes",
    "option accept-unsafe-violations-in-http-request",
    "option accept-invalid-http-request",
    "option accept-unsafe-violations-in-http-response",
    "option accept-invalid-http-response",
    "option idle-close-on-response",
    "option prefer-last-server",
];

/// Options that `no` and `default` do not take.
const NOT_NEGATED: &[&str] = &[
    "option tcplog",
    "option httplog",
    "option httpslog",
    "option forwardfor",
    "option originalto",
    "option http-restrict-req-hdr-names",
];

fn set_flag(cx: &mut Cx<'_>) {
    let keyword = cx.keyword();
    let on = cx.prefix == Prefix::Plain;
    let to_default = cx.prefix == Prefix::Default;
    let Some(row) = ROWS.iter().find(|row| row.name == keyword) else { return };
    let Some(proxy) = cx.proxy() else { return };
    let name = row.name;
    match name {
        "option http-pretend-keepalive" => proxy.settings.http.pretend_keepalive = on,
        "option h1-case-adjust-bogus-client" => proxy.settings.http.adjusts_client = on,
        "option h1-case-adjust-bogus-server" => proxy.settings.http.adjusts_server = on,
        "option http-buffer-request" => proxy.settings.http.buffer_request = on,
        _ => store(name, on, &mut proxy.settings.options),
    }
    if to_default && name == "option tcp-smart-accept" {
        proxy.settings.options.tcp_smart_accept = None;
    }
    let word = name.strip_prefix("option ").unwrap_or(name);
    proxy.http_options.retain(|option| option.name != word);
    if on && NEED_HTTP.contains(&name) {
        proxy.http_options.push(HttpOption { name: word, sections: row.sections });
    }
}

fn store(name: &str, on: bool, o: &mut Options) {
    match name {
        "option dontlognull" => o.dontlognull = on,
        "option dontlog-normal" => o.dontlog_normal = on,
        "option logasap" => o.logasap = on,
        "option log-separate-errors" => o.log_separate_errors = on,
        "option splice-auto" => o.splice_auto = on,
        "option splice-request" => o.splice_request = on,
        "option splice-response" => o.splice_response = on,
        "option nolinger" => o.nolinger = on,
        "option tcp-smart-connect" => o.tcp_smart_connect = on,
        "option clitcpka" => o.clitcpka = on,
        "option srvtcpka" => o.srvtcpka = on,
        "option tcpka" => (o.clitcpka, o.srvtcpka) = (on, on),
        "option abortonclose" => o.abortonclose = on,
        "option http-no-delay" => o.http_no_delay = on,
        "option http-ignore-probes" => o.http_ignore_probes = on,
        "option accept-unsafe-violations-in-http-request" | "option accept-invalid-http-request" => {
            o.accept_unsafe_violations_in_http_request = on;
        }
        "option accept-unsafe-violations-in-http-response" | "option accept-invalid-http-response" => {
            o.accept_unsafe_violations_in_http_response = on;
        }
        "option prefer-last-server" => o.prefer_last_server = on,
        "option idle-close-on-response" => o.idle_close_on_response = on,
        "option socket-stats" => o.socket_stats = on,
        "option checkcache" => o.checkcache = on,
        "option contstats" => o.contstats = on,
        "option independent-streams" => o.independent_streams = on,
        "option transparent" => o.transparent = on,
        "option allbackups" => o.allbackups = on,
        "option persist" => o.persist = on,
        "option http-keep-alive" if on => o.http_mode = HttpMode::KeepAlive,
        "option http-server-close" => set_mode(o, HttpMode::ServerClose, on),
        "option httpclose" => set_mode(o, HttpMode::Close, on),
        "option tcp-smart-accept" => o.tcp_smart_accept = Some(on),
        _ => {}
    }
}

/// `no` only undoes the mode that is in force.
fn set_mode(options: &mut Options, mode: HttpMode, on: bool) {
    if on {
        options.http_mode = mode;
    } else if options.http_mode == mode {
        options.http_mode = HttpMode::KeepAlive;
    }
}

fn redispatch(cx: &mut Cx<'_>) {
    let interval = match (cx.prefix, cx.arg(0)) {
        (Prefix::Plain, "") => Some(-1),
        (Prefix::Plain, text) => match text.parse::<i32>() {
            // zero is "never"
            Ok(n) => (n != 0).then_some(n),
            Err(_) => {
                return cx
                    .alert(format!("'option redispatch' expects an integer argument, '{text}' is not one."));
            }
        },
        _ => None,
    };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.options.redispatch = interval;
    }
}

fn tcplog(cx: &mut Cx<'_>) {
    log_line(cx, LogLine::Tcp);
}

fn httplog(cx: &mut Cx<'_>) {
    match cx.arg(0) {
        "" => log_line(cx, LogLine::Http),
        "clf" if cx.no_more_than(1) => log_line(cx, LogLine::Clf),
        "clf" => {}
        _ => cx.alert("keyword 'httplog' only supports option 'clf'."),
    }
}

fn httpslog(cx: &mut Cx<'_>) {
    http::ignored_behind(cx, 0);
    log_line(cx, LogLine::Https);
}

fn log_line(cx: &mut Cx<'_>, line: LogLine) {
    let keyword = cx.keyword();
    let keyword = if line == LogLine::Clf { format!("{keyword} clf") } else { keyword };
    log_formats::select(cx, line, &keyword);
}

fn unknown_option(cx: &mut Cx<'_>) {
    match cx.arg(0) {
        "" => cx.alert_tight("'option' expects an option name."),
        name => cx.alert(unknown::option(name, ROWS)),
    }
}

/// Whether `no` or `default` may stand before the row called `name`.
pub fn can_be_negated(name: &str) -> bool {
    name.starts_with("option ") && !NOT_NEGATED.contains(&name)
}
