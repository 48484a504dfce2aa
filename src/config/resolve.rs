//! From what was typed to what it means: names become ids, defaults are applied, cross checks run.

use super::check;
use super::draft::{Draft, ProxyDraft, ServerDraft};
use super::init_addr;
use super::names::Names;
use super::server_line::ServerOptions;
use super::server_state::{self, OfBackend, StateFiles, judge};
use crate::base::diag::Diags;
use crate::base::ids::ServerId;
use crate::net::address::Host;
use crate::settings::server::Remembered;
use crate::settings::{Global, Kind, Server, Settings};
use std::collections::HashSet;
use std::net::IpAddr;

/// First automatic proxy id; the reference keeps 1 for itself.
const PROXY_ID_FIRST: u32 = 2;

/// Turns a draft without mistakes into settings. What is wrong between lines becomes messages; then
/// the settings must not be used.
pub fn resolve(mut draft: Draft, names: Names, diags: &mut Diags) -> Settings {
    number_proxies(&mut draft.proxies);
    let mut backends = Vec::with_capacity(draft.proxies.len());
    for at in 0..draft.proxies.len() {
        backends.push(check::backends::target(&draft, at, diags));
        if let Some(proxy) = draft.proxies.get_mut(at).filter(|proxy| !proxy.settings.disabled) {
            check_proxy(proxy, &draft.global, diags);
            check::answers::collect(proxy, &draft.error_groups, diags);
        }
    }
    check::global::buffer_sizes(&mut draft.global);
    check::global::header_cases(&mut draft, diags);
    let mut settings = Settings { global: draft.global, ..Settings::default() };
    let mut unresolved = false;
    let mut state_files = StateFiles::new(&settings.global, diags);
    for (mut proxy, backend) in draft.proxies.into_iter().zip(backends) {
        proxy.settings.backend = backend;
        strip_missing_side(&mut proxy);
        let ids = server_ids(&proxy.servers);
        let states = match proxy.settings.kind.is_backend() && !proxy.settings.disabled {
            true => state_files.of(&proxy.settings, &settings.global, diags),
            false => OfBackend::new(),
        };
        let servers = proxy.servers.iter().map(|server| server.name.as_str());
        server_state::tell_unknown(&proxy.settings, &states, servers, diags);
        let first = settings.servers.len();
        for (server, id) in std::mem::take(&mut proxy.servers).into_iter().zip(ids) {
            let of = ServerId(settings.servers.len() as u32);
            let state = remembered(&server, &proxy, &states, diags);
            match make_server(server, id, &proxy, state, names, diags) {
                Some(server) => {
                    settings.servers.push(server);
                    proxy.settings.servers.push(of);
                }
                None => unresolved = true,
            }
        }
        check::servers::dynamic_cookies(&proxy, &settings.servers[first..], diags);
        if let Some((place, address)) = check::servers::dispatch(&mut proxy, diags) {
            // It is called nothing, and its options are those of no line.
            let (name, options) = (String::new(), ServerOptions::default());
            let draft = ServerDraft { place, name, address, options };
            let of = ServerId(settings.servers.len() as u32);
            settings.servers.extend(make_server(draft, 0, &proxy, None, names, diags));
            proxy.settings.dispatch = Some(of);
        }
        settings.proxies.push(proxy.settings);
    }
    if unresolved {
        diags.alert("Failed to initialize server(s) addr.");
    }
    settings
}

fn check_proxy(proxy: &mut ProxyDraft, global: &Global, diags: &mut Diags) {
    check::logs::line(proxy, diags);
    check::binds::present(proxy, diags);
    check::binds::mptcp_options(proxy, diags);
    check::timeouts::present(proxy, diags);
    check::logs::target(proxy, diags);
    check::logs::captures(proxy, global.tune.http_cookielen, diags);
    check::logs::formats(proxy, diags);
    check::options::need_http(proxy, diags);
    check::balance::key_is_there(proxy, diags);
    check::servers::names(proxy, diags);
    check::servers::cookies(proxy, diags);
    check::servers::redirects(proxy, diags);
    check::servers::mptcp_options(proxy, diags);
    check::servers::tfo_retries(proxy, diags);
}

/// Gives ids to proxies without one: the lowest unused, in order of declaration.
fn number_proxies(proxies: &mut [ProxyDraft]) {
    let used: HashSet<u32> = proxies.iter().filter_map(|proxy| proxy.id).collect();
    let mut next = PROXY_ID_FIRST;
    for proxy in proxies {
        proxy.settings.id = match proxy.id {
            Some(id) => {
                proxy.settings.id_given = true;
                id
            }
            None => {
                while used.contains(&next) {
                    next += 1;
                }
                next += 1;
                next - 1
            }
        };
    }
}

/// Ids of the servers of one backend: their own, else the lowest unused from a number on that starts at
/// 1 and that every server, with an id or without, moves on by one: so the reference counts.
fn server_ids(servers: &[ServerDraft]) -> Vec<u32> {
    let used: HashSet<u32> = servers.iter().filter_map(|server| server.options.id).collect();
    let mut next = 1;
    let number = |server: &ServerDraft| {
        while server.options.id.is_none() && used.contains(&next) {
            next += 1;
        }
        next += 1;
        server.options.id.unwrap_or(next - 1)
    };
    servers.iter().map(number).collect()
}

/// Forgets what a proxy inherited for a side that it does not have.
fn strip_missing_side(proxy: &mut ProxyDraft) {
    let kind = proxy.settings.kind;
    let timeouts = &mut proxy.settings.timeouts;
    if !kind.is_frontend() {
        timeouts.client_ms = None;
        timeouts.client_fin_ms = None;
        proxy.settings.maxconn = None;
        proxy.settings.rate_limit_sessions = None;
    }
    if !kind.is_backend() {
        proxy.settings.cookie = None;
        proxy.settings.rdp_persistence = None;
        timeouts.server_ms = None;
        timeouts.server_fin_ms = None;
        timeouts.connect_ms = None;
        timeouts.queue_ms = None;
        timeouts.check_ms = None;
    }
    if kind == Kind::Backend {
        proxy.settings.backend = None;
    }
}

/// What a state file says of a server, and the address that it had; told when it is invalid.
fn remembered(
    server: &ServerDraft,
    proxy: &ProxyDraft,
    states: &OfBackend,
    diags: &mut Diags,
) -> Option<(Remembered, Option<IpAddr>)> {
    let entry = states.get(&server.name)?;
    match judge::judge(entry, server.options.weight, server.options.disabled) {
        Ok(remembered) => Some((remembered, judge::address(entry))),
        Err(wrong) => {
            diags.warning(format!(
                "server-state application failed for server '{}/{}'{wrong}",
                proxy.settings.name, server.name
            ));
            None
        }
    }
}

fn make_server(
    draft: ServerDraft,
    id: u32,
    proxy: &ProxyDraft,
    state: Option<(Remembered, Option<IpAddr>)>,
    names: Names,
    diags: &mut Diags,
) -> Option<Server> {
    let resolved = match init_addr::resolve(&draft, state.and_then(|(_, last)| last), names) {
        Ok(found) => {
            if let (true, Host::Name(name)) = (found.fell_back, &draft.address.host) {
                diags.warning(format!(
                    "[{}:{}] : 'server {}/{}' : could not resolve address '{name}', falling back to configured address.",
                    draft.place.file, draft.place.line, proxy.settings.name, draft.name
                ));
            }
            found.address
        }
        Err(_) if proxy.settings.disabled || names.ignores_unresolved => None,
        Err(reason) => {
            diags.alert(format!(
                "[{}:{}] : 'server {}/{}' : {reason}.",
                draft.place.file, draft.place.line, proxy.settings.name, draft.name
            ));
            return None;
        }
    };
    let options = draft.options;
    Some(Server {
        place: draft.place,
        name: draft.name,
        id,
        id_given: options.id.is_some(),
        address: draft.address,
        resolved,
        weight: options.weight,
        maxconn: options.maxconn,
        minconn: options.minconn,
        maxqueue: options.maxqueue,
        backup: options.backup,
        disabled: options.disabled,
        slowstart_ms: options.slowstart_ms,
        remembered: state.map(|(remembered, _)| remembered),
        rise: options.rise,
        source: options.source,
        tcp_ut_ms: options.tcp_ut_ms,
        md5sig: options.md5sig,
        tfo: options.tfo,
        namespace: options.namespace,
        pool_max_conn: options.pool_max_conn,
        pool_purge_delay_ms: options.pool_purge_delay_ms,
        cookie: options.cookie,
        redir: options.redir,
        guid: options.guid,
    })
}
