//! What a proxy in HTTP mode does to messages.

use crate::base::ip_net::IpNet;
use crate::config::cx::Cx;
use crate::config::draft::HttpOption;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::net::address::{Family, Host};
use crate::settings::{AddressHeader, RequestNames, RetryOn};
use crate::wire::http1::{BadCase, is_token};

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row(
        "monitor-uri",
        Sections::FRONT,
        Arity { min: 1, max: 1, missing: "expects an URI." },
        "<uri>: requests for it are answered here with a 200",
        monitor_uri,
    ),
    row(
        "h1-case-adjust",
        Sections::GLOBAL,
        Arity::ANY,
        "<from> <to>: the case that a header name is sent in, where an option asks for it",
        case_adjust,
    ),
    row(
        "h1-case-adjust-file",
        Sections::GLOBAL,
        Arity::ANY,
        "<file>: such pairs of names, one a line",
        case_adjust_file,
    ),
    row(
        "max-keep-alive-queue",
        Sections::BACK,
        Arity::ANY,
        "<n>: so many may wait for the server that 'option prefer-last-server' prefers, -1: no limit",
        max_keep_alive_queue as fn(&mut Cx<'_>),
    )
    .warning_itself(),
    row(
        "http-send-name-header",
        Sections::BACK,
        Arity::some("requires a header string."),
        "<name>: request header that tells a server its name",
        send_name_header as fn(&mut Cx<'_>),
    ),
    row(
        "retry-on",
        Sections::BACK,
        Arity::ANY,
        "none, or any of conn-failure, empty-response, junk-response, response-timeout, 0rtt-rejected, <status>; all-retryable-errors",
        retry_on as fn(&mut Cx<'_>),
    )
    .warning_itself(),
];

/// `option forwardfor`.
pub fn forwardfor(cx: &mut Cx<'_>) {
    if let Some(header) = address_header(cx, "forwardfor", "x-forwarded-for") {
        if let Some(proxy) = cx.proxy() {
            proxy.settings.http.forwardfor = Some(header);
        }
    }
}

/// `option originalto`.
pub fn originalto(cx: &mut Cx<'_>) {
    if let Some(header) = address_header(cx, "originalto", "x-original-to") {
        if let Some(proxy) = cx.proxy() {
            proxy.settings.http.originalto = Some(header);
        }
    }
}

/// The words behind `option forwardfor` and `option originalto`; each line begins anew.
fn address_header(cx: &mut Cx<'_>, option: &'static str, name: &str) -> Option<AddressHeader> {
    let mut header = AddressHeader { name: name.to_owned(), except: None, if_none: false };
    let mut at = 0;
    while !cx.arg(at).is_empty() {
        let value = cx.arg(at + 1);
        match cx.arg(at) {
            "except" => {
                let Some(net) = network(cx, value) else {
                    cx.alert(format!("'option {option} except' expects <address>[/mask] as argument."));
                    return None;
                };
                header.except = Some(net);
                at += 2;
            }
            "header" if value.is_empty() => {
                cx.alert(format!("'option {option} header' expects <header_name> as argument."));
                return None;
            }
            "header" if !value.bytes().all(is_token) => {
                cx.alert(format!(
                    "'option {option} header' expects the name of a header, '{value}' is none."
                ));
                return None;
            }
            "header" => {
                header.name = value.to_ascii_lowercase();
                at += 2;
            }
            "if-none" if option == "forwardfor" => {
                header.if_none = true;
                at += 1;
            }
            _ => {
                let words = match option {
                    "forwardfor" => "'except', 'header' and 'if-none'",
                    _ => "'except' and 'header'",
                };
                cx.alert(format!("'option {option}' only supports optional values: {words}."));
                return None;
            }
        }
    }
    if let Some(proxy) = cx.proxy() {
        proxy.http_options.retain(|known| known.name != option);
        proxy.http_options.push(HttpOption { name: option, sections: Sections::PROXY });
    }
    Some(header)
}

/// `address[/mask]`; a name stands for its first address.
fn network(cx: &Cx<'_>, text: &str) -> Option<IpNet> {
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    let ip = match address.parse() {
        Ok(ip) => Some(ip),
        Err(_) if address.is_empty() => None,
        Err(_) => cx.names.ip(&Host::Name(address.into()), Family::Any),
    };
    IpNet::new(ip?, mask)
}

fn monitor_uri(cx: &mut Cx<'_>) {
    let uri = cx.arg(0).to_owned();
    if let Some(proxy) = cx.proxy() {
        proxy.settings.http.monitor_uri = Some(uri);
    }
}

fn case_adjust(cx: &mut Cx<'_>) {
    let (from, to) = (cx.arg(0), cx.arg(1));
    if to.is_empty() {
        return cx.alert("'h1-case-adjust' expects <from> and <to> as argument.");
    }
    if !cx.no_more_than(2) {
        return;
    }
    match cx.draft.global.header_cases.insert(from, to) {
        Ok(()) => {}
        Err(BadCase::Differ) => {
            cx.alert(format!("'h1-case-adjust' : '{from}' and '{to}' must not differ except in case."))
        }
        Err(BadCase::Twice) => cx.alert(format!("'h1-case-adjust' : duplicate entry '{from}'.")),
    }
}

/// Read when all lines are known: the last one counts.
fn case_adjust_file(cx: &mut Cx<'_>) {
    let name = cx.arg(0);
    if name.is_empty() {
        return cx.alert("'h1-case-adjust-file' expects <file> as argument.");
    }
    if cx.no_more_than(1) {
        let path = cx.draft.default_path.of(cx.place, name);
        cx.draft.header_cases_file = Some((cx.place.clone(), path));
    }
}

fn max_keep_alive_queue(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    if text.is_empty() {
        return cx.alert("'max-keep-alive-queue' expects an integer value (or -1 to disable)");
    }
    let Ok(max) = text.parse::<i32>() else {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let bad = digits.chars().find(|c| !c.is_ascii_digit()).unwrap_or('-');
        let text = format!("'max-keep-alive-queue' : unexpected character '{bad}' in integer value '{text}'");
        return cx.alert(text);
    };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.http.max_keep_alive_queue = u32::try_from(max).ok();
    }
    if cx.lacks_backend() {
        let title = cx.title();
        cx.warning(format!("max-keep-alive-queue will be ignored because {title} has no backend capability"));
    }
}

/// Headers that say where a body ends: with another value the next request could begin anywhere.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

fn send_name_header(cx: &mut Cx<'_>) {
    let name = cx.arg(0).to_ascii_lowercase();
    if !name.bytes().all(is_token) {
        return cx.alert(format!("'http-send-name-header' expects the name of a header, '{name}' is none."));
    }
    if FRAMING.contains(&name.as_str()) {
        return cx.alert(format!(
            "'http-send-name-header' cannot replace '{name}', which tells where a body ends."
        ));
    }
    ignored_behind(cx, 1);
    if let Some(proxy) = cx.proxy() {
        proxy.settings.http.send_name_header = Some(name);
    }
}

/// Tells of words from argument `max` on, which the reference does not look at.
pub fn ignored_behind(cx: &mut Cx<'_>, max: usize) {
    if let Some(extra) = cx.args().get(max) {
        let text = format!("'{}' : '{}' at the end of the line is ignored.", cx.keyword(), &**extra);
        cx.warning(text);
    }
}

/// `option http-restrict-req-hdr-names`.
pub fn restrict_request_names(cx: &mut Cx<'_>) {
    const EXPECTED: &str =
        "option 'http-restrict-req-hdr-names' expects 'preserve', 'reject' or 'delete' option.";
    let names = match cx.arg(0) {
        "preserve" => RequestNames::Preserve,
        "delete" => RequestNames::Delete,
        "reject" => RequestNames::Reject,
        "" => return cx.alert(format!("missing parameter. {EXPECTED}")),
        other => return cx.alert(format!("invalid parameter '{other}'. {EXPECTED}")),
    };
    if let (true, Some(proxy)) = (cx.no_more_than(1), cx.draft.proxy()) {
        proxy.settings.http.request_names = names;
    }
}

fn retry_on(cx: &mut Cx<'_>) {
    if cx.lacks_backend() {
        return cx.alert("'retry-on' only available in backend or listen section");
    }
    if cx.args().is_empty() {
        return cx.alert("'retry-on' needs at least one keyword to specify when to retry");
    }
    let mut events = RetryOn::NONE;
    for word in cx.args() {
        let event = match &**word {
            "none" if cx.args().len() > 1 => return cx.alert("'retry-on' 'none' is only usable alone"),
            "none" => RetryOn::NONE,
            "conn-failure" => RetryOn::CONN_FAILURE,
            "empty-response" => RetryOn::EMPTY_RESPONSE,
            "junk-response" => RetryOn::JUNK_RESPONSE,
            "response-timeout" => RetryOn::RESPONSE_TIMEOUT,
            "0rtt-rejected" => RetryOn::REJECTED_0RTT,
            "all-retryable-errors" => RetryOn::all_retryable(),
            other => match other.parse().map_or(RetryOn::NONE, RetryOn::status) {
                RetryOn::NONE => return cx.alert(format!("'retry-on': unknown keyword '{other}'")),
                status => status,
            },
        };
        events = events.and(event);
    }
    if let Some(proxy) = cx.proxy() {
        proxy.settings.http.retry_on = events;
    }
}
