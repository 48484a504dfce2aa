//! Timeouts that should be there.

use crate::base::diag::Diags;
use crate::config::draft::ProxyDraft;

/// Warns when a side can wait for ever.
pub fn present(proxy: &ProxyDraft, diags: &mut Diags) {
    let settings = &proxy.settings;
    let timeouts = &settings.timeouts;
    let front = settings.kind.is_frontend() && timeouts.client_ms.is_none();
    let servers = settings.kind.is_backend() && !proxy.servers.is_empty();
    let back = servers && (timeouts.connect_ms.is_none() || timeouts.server_ms.is_none());
    if front || back {
        diags.warning(format!(
            "missing timeouts for {}.\n   | While not properly invalid, you will certainly encounter various problems\n   | with such a configuration. To fix this, please ensure that all following\n   | timeouts are set to a non-zero value: 'client', 'connect', 'server'.",
            proxy.title()
        ));
    }
}
