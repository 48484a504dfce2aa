//! Servers of a backend.

use crate::base::diag::{Diags, Place, Severity};
use crate::config::draft::ProxyDraft;
use crate::net::address::{Address, Transport};
use crate::settings::{Mode, RetryOn, Server};
use std::collections::{HashMap, HashSet};

/// Two servers of a backend may not have the same name.
pub fn names(proxy: &ProxyDraft, diags: &mut Diags) {
    let mut seen = HashMap::new();
    for server in &proxy.servers {
        if let Some(line) = seen.insert(server.name.as_str(), server.place.line) {
            let text = format!(
                "{}, another server named '{}' was already defined at line {line}, please use distinct names.",
                proxy.title(),
                server.name
            );
            diags.at(Severity::Alert, &server.place, text);
        }
    }
}

/// Warns about cookies outside HTTP, and forgets them.
pub fn cookies(proxy: &mut ProxyDraft, diags: &mut Diags) {
    if proxy.settings.mode == Mode::Http {
        return;
    }
    let title = proxy.title();
    if proxy.settings.kind.is_backend() && proxy.settings.cookie.take().is_some() {
        diags.warning(format!("cookie will be ignored for {title} (needs 'mode http')."));
    }
    for server in proxy.servers.iter_mut().filter(|server| server.options.cookie.is_some()) {
        diags.warning(format!(
            "{title} : ignoring cookie for server '{}' as HTTP mode is disabled.",
            server.name
        ));
        server.options.cookie = None;
    }
}

/// The address of `dispatch`, unless the servers are balanced.
pub fn dispatch(proxy: &mut ProxyDraft, diags: &mut Diags) -> Option<(Place, Address)> {
    let dispatch = proxy.dispatch.take().filter(|_| !proxy.settings.disabled)?;
    if proxy.balance_given {
        let title = proxy.title();
        diags.warning(format!("dispatch address of {title} will be ignored in balance mode."));
        return None;
    }
    Some(dispatch)
}

/// A redirection is an HTTP answer.
pub fn redirects(proxy: &ProxyDraft, diags: &mut Diags) {
    let tcp = proxy.settings.mode == Mode::Tcp && proxy.settings.kind.is_backend();
    if tcp && proxy.servers.iter().any(|server| server.options.redir.is_some()) {
        let title = proxy.title();
        diags.alert(format!("{title} : server cannot have cookie or redirect prefix in non-HTTP mode."));
    }
}

/// Warns when two servers have the same dynamic cookie: the second would get no client by it.
pub fn dynamic_cookies(proxy: &ProxyDraft, servers: &[Server], diags: &mut Diags) {
    let mut seen = HashSet::new();
    let Some(key) = proxy.settings.initial_cookie_key() else { return };
    let dynamic = servers.iter().filter(|server| server.cookie.is_none());
    for value in dynamic.filter_map(|s| s.cookie_at(s.resolved.as_ref(), s.address.ports, Some(key))) {
        if !seen.insert(value) {
            diags.warning(format!(
                "We generated two equal cookies for two different servers.\nPlease change the secret key for '{}'.",
                proxy.settings.name
            ));
        }
    }
}

/// Under an explicit `mptcp@`, options that MPTCP sockets refuse are errors.
pub fn mptcp_options(proxy: &ProxyDraft, diags: &mut Diags) {
    for server in &proxy.servers {
        let strict = server.address.transport == Transport::Mptcp;
        let refused = [
            ("tcp-ut", "TCP_USER_TIMEOUT", server.options.tcp_ut_ms.is_some()),
            ("tcp-md5sig", "TCP_MD5SIG", server.options.md5sig.is_some()),
        ];
        for (option, socket_option, _) in refused.into_iter().filter(|(_, _, given)| strict && *given) {
            diags.alert(format!(
                "[{}:{}] : 'server {}/{}' : '{option}' cannot be used with 'mptcp@': MPTCP sockets refuse {socket_option}.",
                server.place.file, server.place.line, proxy.settings.name, server.name
            ));
        }
    }
}

/// A first packet that carries the request is lost with its connection: without the request it cannot be sent again.
pub fn tfo_retries(proxy: &ProxyDraft, diags: &mut Diags) {
    let wanted = [RetryOn::CONN_FAILURE, RetryOn::EMPTY_RESPONSE, RetryOn::RESPONSE_TIMEOUT];
    if wanted.into_iter().all(|event| proxy.settings.http.retry_on.has(event)) {
        return;
    }
    for server in proxy.servers.iter().filter(|server| server.options.tfo) {
        diags.warning(format!(
            "[{}:{}] : 'server {}/{}' : server has tfo activated, the backend should be configured with at least 'conn-failure', 'empty-response' and 'response-timeout' or we wouldn't be able to retry the connection on failure.",
            server.place.file, server.place.line, proxy.settings.name, server.name
        ));
    }
}
