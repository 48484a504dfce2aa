//! Log lines that cannot be written as asked.

use crate::base::diag::{Diags, Place, Severity};
use crate::config::draft::ProxyDraft;
use crate::config::log_format::{self, CLFLOG, HTTPLOG, HTTPSLOG, TCPLOG};
use crate::settings::log_format::Format;
use crate::settings::{LogLine, Mode};

/// A backend writes no line of its own, and an HTTP line needs `mode http`: else it is a TCP line.
pub fn line(proxy: &mut ProxyDraft, diags: &mut Diags) {
    let Some(place) = proxy.log_line_place.clone() else { return };
    let word = match proxy.settings.log_line {
        LogLine::Http | LogLine::Clf => "httplog",
        LogLine::Https => "httpslog",
        _ => return,
    };
    if proxy.settings.kind.is_frontend() && proxy.settings.mode != Mode::Http {
        let text = format!(
            "'option {word}' not usable with {} (needs 'mode http'). Falling back to 'option tcplog'.",
            proxy.title()
        );
        diags.at(Severity::Warning, &place, text);
        proxy.settings.log_line = LogLine::Tcp;
    }
}

/// Warns when a line is asked for and there is nowhere to send it.
pub fn target(proxy: &ProxyDraft, diags: &mut Diags) {
    let settings = &proxy.settings;
    let asked = settings.log_line != LogLine::Default || proxy.log_format_sd.is_some();
    if settings.kind.is_frontend() && asked && settings.logs.is_empty() {
        diags.warning(format!("log format ignored for {} since it has no log address.", proxy.title()));
    }
}

/// Compiles the formats of a proxy that has clients.
pub fn formats(proxy: &mut ProxyDraft, diags: &mut Diags) {
    if !proxy.settings.kind.is_frontend() {
        return;
    }
    let http = proxy.settings.mode == Mode::Http;
    let mut compiled = |typed: &Option<(Place, String)>, keyword: &str| -> Option<Format> {
        let (place, text) = typed.as_ref()?;
        match log_format::compile(text, http) {
            Ok(format) => Some(format),
            Err(reason) => {
                diags.alert(format!(
                    "Parsing [{}:{}]: failed to parse {keyword} : {reason}.",
                    place.file, place.line
                ));
                None
            }
        }
    };
    let built_in = |text: &str| log_format::compile(text, true).ok();
    let settings = &mut proxy.settings;
    settings.log_format = match settings.log_line {
        LogLine::Default => None,
        LogLine::Tcp => built_in(TCPLOG),
        LogLine::Http => built_in(HTTPLOG),
        LogLine::Https => built_in(HTTPSLOG),
        LogLine::Clf => built_in(CLFLOG),
        LogLine::Custom => compiled(&proxy.log_format, "log-format"),
    };
    settings.log_format_sd = compiled(&proxy.log_format_sd, "log-format-sd");
    settings.error_log_format = compiled(&proxy.error_log_format, "error-log-format");
    settings.unique_id_format = compiled(&proxy.unique_id_format, "unique-id");
}

/// `tune.http.cookielen` bounds what `capture cookie` keeps, and it needs `mode http`.
pub fn captures(proxy: &mut ProxyDraft, cookie_len_max: usize, diags: &mut Diags) {
    let title = proxy.title();
    let http = proxy.settings.mode == Mode::Http;
    let Some(cookie) = proxy.settings.captures.cookie.as_mut() else { return };
    if !http {
        diags.warning(format!("'capture' statement ignored for {title} as it requires HTTP mode."));
    } else if cookie.len_max > cookie_len_max {
        diags.warning(format!("truncating capture length to {cookie_len_max} bytes for {title}."));
        cookie.len_max = cookie_len_max;
    }
}
