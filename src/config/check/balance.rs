//! Whether the algorithm finds its key.

use crate::base::diag::Diags;
use crate::config::draft::ProxyDraft;
use crate::settings::{Balance, Mode};

/// Parts of an HTTP request are no key for a proxy in TCP mode.
pub fn key_is_there(proxy: &mut ProxyDraft, diags: &mut Diags) {
    if proxy.settings.mode == Mode::Http || !proxy.settings.balance.needs_http() {
        return;
    }
    diags.warning(format!(
        "Layer 7 hash not possible for {} (needs 'mode http'). Falling back to round robin.",
        proxy.title()
    ));
    proxy.settings.balance = Balance::RoundRobin;
}
