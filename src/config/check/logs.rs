//! Log lines that cannot be written as asked.

use crate::base::diag::{Diags, Severity};
use crate::config::draft::ProxyDraft;
use crate::settings::{LogLine, Mode};

/// A backend writes no line of its own, and an HTTP line needs `mode http`: else it is a TCP line.
pub fn line(proxy: &mut ProxyDraft, diags: &mut Diags) {
    let Some(place) = proxy.log_line_place.clone() else { return };
    let word = match proxy.settings.log_line {
        LogLine::Http | LogLine::Clf => "httplog",
        _ => "tcplog",
    };
    if proxy.settings.kind.is_frontend() && proxy.settings.mode != Mode::Http && word == "httplog" {
        let text = format!(
            "'option httplog' not usable with {} (needs 'mode http'). Falling back to 'option tcplog'.",
            proxy.title()
        );
        diags.at(Severity::Warning, &place, text);
        proxy.settings.log_line = LogLine::Tcp;
    }
}

/// Warns when a line is asked for and there is nowhere to send it.
pub fn target(proxy: &ProxyDraft, diags: &mut Diags) {
    let settings = &proxy.settings;
    let asked = settings.log_line != LogLine::Default;
    if settings.kind.is_frontend() && asked && settings.logs.is_empty() {
        diags.warning(format!("log format ignored for {} since it has no log address.", proxy.title()));
    }
}
