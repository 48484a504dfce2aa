//! Binds of a frontend.

use crate::base::diag::{Diags, Severity};
use crate::config::draft::ProxyDraft;
use crate::net::address::Transport;

/// Warns about a frontend that nobody can reach.
pub fn present(proxy: &ProxyDraft, diags: &mut Diags) {
    if proxy.settings.kind.is_frontend() && proxy.settings.binds.is_empty() {
        diags.warning(format!(
            "{} has no 'bind' directive. Please declare it as a backend if this was intended.",
            proxy.title()
        ));
    }
}

/// Under an explicit `mptcp@`, options that MPTCP sockets refuse are errors.
pub fn mptcp_options(proxy: &ProxyDraft, diags: &mut Diags) {
    for bind in &proxy.settings.binds {
        let strict = bind.addresses.iter().any(|address| address.transport == Transport::Mptcp);
        let refused = [
            ("tcp-ut", "TCP_USER_TIMEOUT", bind.options.tcp_ut_ms.is_some()),
            ("tcp-md5sig", "TCP_MD5SIG", bind.options.md5sig.is_some()),
        ];
        for (option, socket_option, _) in refused.into_iter().filter(|(_, _, given)| strict && *given) {
            let section = proxy.settings.kind.word();
            let text = format!(
                "'bind {}' in section '{section}' : '{option}' cannot be used with 'mptcp@': MPTCP sockets refuse {socket_option}",
                bind.typed
            );
            diags.at(Severity::Alert, &bind.place, text);
        }
    }
}
