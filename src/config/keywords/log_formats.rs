//! `log-format` and its kind, `unique-id-*`, `capture`.

use crate::base::diag::{Place, Severity};
use crate::config::cx::Cx;
use crate::config::draft::ProxyDraft;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::keywords::http;
use crate::settings::LogLine;
use crate::settings::log_format::Capture;
use crate::wire::http1::is_token;

const COOKIE: Arity = Arity::some("expects 'cookie' <cookie_name> 'len' <len>.");
const HEADER: Arity = Arity::some("expects 'header' <header_name> 'len' <len>.");

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    format("log-format", "<format>: the log line, in words of one's own", log_format),
    format("log-format-sd", "<format>: structured data of rfc5424 lines", log_format_sd),
    format("error-log-format", "<format>: the log line where no request was understood", error_log_format),
    format("unique-id-format", "<format>: an id for each request", unique_id_format),
    format("unique-id-header", "<name>: request header that carries the id to servers", unique_id_header),
    row(
        "capture cookie",
        Sections::FRONT_NAMED,
        COOKIE,
        "<name> len <n>: cookie shown in log lines",
        capture_cookie as fn(&mut Cx<'_>),
    ),
    row(
        "capture request",
        Sections::FRONT_NAMED,
        HEADER,
        "header <name> len <n>: request header shown in log lines",
        capture_request,
    ),
    row(
        "capture response",
        Sections::FRONT_NAMED,
        HEADER,
        "header <name> len <n>: response header shown in log lines",
        capture_response,
    ),
    row(
        "capture",
        Sections::FRONT_NAMED,
        Arity::ANY,
        "one of the words above must follow",
        capture_unknown as fn(&mut Cx<'_>),
    )
    .warning_itself(),
    row(
        "declare",
        Sections::FRONT_NAMED,
        Arity::ANY,
        "capture request|response len <n>: a place in log lines that rules fill",
        declare as fn(&mut Cx<'_>),
    )
    .warning_itself(),
];

const fn format(name: &'static str, help: &'static str, handler: fn(&mut Cx<'_>)) -> Directive {
    row(name, Sections::FRONT, Arity::ANY, help, handler).warning_itself()
}

/// Makes `line` the line of the proxy; `keyword` is what asks for it.
pub fn select(cx: &mut Cx<'_>, line: LogLine, keyword: &str) {
    ignored_in_backends(cx);
    let place = cx.place.clone();
    let in_defaults = cx.section == Sections::DEFAULTS;
    let Some(proxy) = cx.proxy() else { return };
    let previous = word(proxy.settings.log_line).filter(|previous| in_defaults && *previous != keyword);
    proxy.settings.log_line = line;
    proxy.log_line_place = Some(place);
    proxy.log_format = None;
    if let Some(previous) = previous {
        let text = format!("'{keyword}' overrides previous '{previous}' in 'defaults' section.");
        cx.diags.in_line(Severity::Warning, cx.place, text);
    }
}

/// What asks for a line.
fn word(line: LogLine) -> Option<&'static str> {
    Some(match line {
        LogLine::Default => return None,
        LogLine::Tcp => "option tcplog",
        LogLine::Http => "option httplog",
        LogLine::Https => "option httpslog",
        LogLine::Clf => "option httplog clf",
        LogLine::Custom => "log-format",
    })
}

fn ignored_in_backends(cx: &mut Cx<'_>) {
    if cx.lacks_frontend() {
        let (title, keyword) = (cx.title(), cx.keyword());
        cx.warning(format!("{title} : '{keyword}' directive is ignored in backends."));
    }
}

/// The one argument of a format; the reference writes these keywords without quotes.
fn one_argument(cx: &mut Cx<'_>) -> Option<String> {
    let keyword = cx.keyword();
    match cx.args() {
        [] => cx.alert(format!("{keyword} expects an argument.")),
        [one] => return Some((**one).to_owned()),
        _ => cx.alert(format!("{keyword} expects only one argument, don't forget to escape spaces!")),
    }
    None
}

fn log_format(cx: &mut Cx<'_>) {
    let Some(text) = one_argument(cx) else { return };
    select(cx, LogLine::Custom, "log-format");
    let place = cx.place.clone();
    if let Some(proxy) = cx.proxy() {
        proxy.log_format = Some((place, text));
    }
}

fn log_format_sd(cx: &mut Cx<'_>) {
    ignored_in_backends(cx);
    keep(cx, |proxy| &mut proxy.log_format_sd);
}

fn error_log_format(cx: &mut Cx<'_>) {
    ignored_in_backends(cx);
    keep(cx, |proxy| &mut proxy.error_log_format);
}

fn unique_id_format(cx: &mut Cx<'_>) {
    keep(cx, |proxy| &mut proxy.unique_id_format);
}

fn keep(cx: &mut Cx<'_>, slot: fn(&mut ProxyDraft) -> &mut Option<(Place, String)>) {
    let Some(text) = one_argument(cx) else { return };
    let place = cx.place.clone();
    if let Some(proxy) = cx.proxy() {
        *slot(proxy) = Some((place, text));
    }
}

fn unique_id_header(cx: &mut Cx<'_>) {
    let name = cx.arg(0).to_owned();
    if name.is_empty() {
        return cx.alert("unique-id-header expects an argument.");
    }
    if !name.bytes().all(is_token) {
        return cx.alert(format!("unique-id-header expects the name of a header, '{name}' is none."));
    }
    if let Some(proxy) = cx.proxy() {
        proxy.settings.unique_id_header = Some(name);
    }
}

fn capture_cookie(cx: &mut Cx<'_>) {
    let Some(cookie) = capture(cx, 0, COOKIE.missing) else { return };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.captures.cookie = Some(cookie);
    }
}

fn capture_request(cx: &mut Cx<'_>) {
    let Some(header) = capture_header(cx) else { return };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.captures.request.push(header);
    }
}

fn capture_response(cx: &mut Cx<'_>) {
    let Some(header) = capture_header(cx) else { return };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.captures.response.push(header);
    }
}

fn capture_header(cx: &mut Cx<'_>) -> Option<Capture> {
    if cx.arg(0) != "header" {
        capture_unknown(cx);
        return None;
    }
    capture(cx, 1, HEADER.missing)
}

/// `<name> len <n>` from argument `at` on.
fn capture(cx: &mut Cx<'_>, at: usize, missing: &str) -> Option<Capture> {
    let (name, len, keyword) = (cx.arg(at), cx.arg(at + 2), cx.keyword());
    if name.is_empty() || len.is_empty() || cx.arg(at + 1) != "len" {
        let keyword = keyword.strip_suffix(" cookie").unwrap_or(&keyword);
        cx.alert(format!("'{keyword}' {missing}"));
        return None;
    }
    if !cx.no_more_than(at + 3) {
        return None;
    }
    let len_max = cx.number(at + 2)? as usize;
    // Where there are no clients there is nothing to keep; a warning said so.
    (!cx.lacks_frontend()).then(|| Capture { name: name.to_owned(), len_max })
}

fn capture_unknown(cx: &mut Cx<'_>) {
    cx.alert("'capture' expects 'cookie' or 'request header' or 'response header'.");
}

fn declare(cx: &mut Cx<'_>) {
    match cx.section {
        Sections::DEFAULTS => return cx.alert("'declare' not available in default section"),
        Sections::BACKEND => return cx.alert("'declare' only available in frontend or listen section"),
        _ => {}
    }
    match cx.arg(0) {
        "" => cx.alert("'declare' needs a second keyword that specify the type of declaration ('capture')"),
        "capture" => declare_capture(cx),
        other => cx.alert(format!("unknown declaration type '{other}' (supports 'capture')")),
    }
}

/// `declare capture request|response len <n>`.
fn declare_capture(cx: &mut Cx<'_>) {
    let (direction, text) = (cx.arg(1), cx.arg(3));
    if !matches!(direction, "request" | "response") {
        return cx.alert("'declare capture' requires a direction ('request' or 'response')");
    }
    if cx.arg(2) != "len" {
        return cx.alert("'declare capture' requires a capture length ('len')");
    }
    if text.is_empty() {
        let needed = "'len' requires a numeric value that represents the capture length";
        return cx.alert(format!("'declare capture': {needed}"));
    }
    let Ok(len_max) = text.parse::<i32>() else {
        return cx.alert(format!("'declare capture': cannot parse the length '{text}'."));
    };
    let Some(len_max) = usize::try_from(len_max).ok().filter(|len| *len > 0) else {
        return cx.alert("length must be > 0");
    };
    http::ignored_behind(cx, 4);
    let slot = Capture { name: String::new(), len_max };
    let Some(proxy) = cx.proxy() else { return };
    match direction {
        "request" => proxy.settings.captures.request.push(slot),
        _ => proxy.settings.captures.response.push(slot),
    }
}
