//! Options that do nothing in the mode of the proxy.

use crate::base::diag::Diags;
use crate::config::draft::ProxyDraft;
use crate::config::keyword::Sections;
use crate::settings::Mode;

/// Warns about options that need `mode http` in a proxy of another mode.
pub fn need_http(proxy: &ProxyDraft, diags: &mut Diags) {
    if proxy.settings.mode == Mode::Http {
        return;
    }
    for option in &proxy.http_options {
        let front = proxy.settings.kind.is_frontend() && option.sections.contains(Sections::FRONTEND);
        let back = proxy.settings.kind.is_backend() && option.sections.contains(Sections::BACKEND);
        if front || back {
            diags.warning(format!(
                "'option {}' ignored for {} as it requires HTTP mode.",
                option.name,
                proxy.title()
            ));
        }
    }
}
