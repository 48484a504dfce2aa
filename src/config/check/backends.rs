//! Where a frontend sends its connections.

use crate::base::diag::Diags;
use crate::base::ids::ProxyId;
use crate::config::draft::Draft;
use crate::config::suggest;
use crate::settings::Mode;

/// The backend of the proxy at `at`: its first `use_backend`, else its `default_backend`, else itself
/// when it is a listen. Every named backend is checked, used or not.
pub fn target(draft: &Draft, at: usize, diags: &mut Diags) -> Option<ProxyId> {
    let proxies = &draft.proxies;
    let proxy = proxies.get(at)?;
    if proxy.settings.disabled {
        return None;
    }
    let mut chosen = None;
    let rules = proxy.use_backends.iter().map(|(_, name)| ("use_backend", name.as_str()));
    let last = proxy.default_backend.iter().map(|(_, name)| ("default_backend", name.as_str()));
    for (keyword, name) in rules.chain(last) {
        let found = one(draft, at, keyword, name, diags);
        chosen = chosen.or(found);
    }
    let itself = proxy.settings.kind.is_frontend() && proxy.settings.kind.is_backend();
    chosen.or_else(|| itself.then_some(ProxyId(at as u32)))
}

fn one(draft: &Draft, at: usize, keyword: &str, name: &str, diags: &mut Diags) -> Option<ProxyId> {
    let proxies = &draft.proxies;
    let proxy = proxies.get(at)?;
    let from = &proxy.settings;
    let position = draft.directory.backend(name);
    let Some((position, backend)) = position.and_then(|position| Some((position, proxies.get(position)?)))
    else {
        let names = proxies.iter().filter(|p| p.settings.kind.is_backend()).map(|p| p.settings.name.as_str());
        let near = suggest::hint(name, names);
        let end = if near.is_empty() { "." } else { near.as_str() };
        diags.alert(format!("Proxy '{}': unable to find required {keyword}: '{name}'{end}", from.name));
        return None;
    };
    if position == at {
        diags.alert(format!("Proxy '{}': loop detected for {keyword}: '{name}'.", from.name));
        return None;
    }
    if from.mode == Mode::Http && backend.settings.mode == Mode::Tcp {
        let role = match keyword {
            "default_backend" => "as its default backend",
            _ => "in a 'use_backend' rule",
        };
        diags.alert(format!(
            "http {} ({}:{}) tries to use incompatible tcp {} ({}:{}) {role} (see 'mode').",
            proxy.title(),
            from.place.file,
            from.place.line,
            backend.title(),
            backend.settings.place.file,
            backend.settings.place.line
        ));
        return None;
    }
    Some(ProxyId(position as u32))
}
