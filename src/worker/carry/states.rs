//! What the operator changed at run time: server states, weights, addresses, limits, paused frontends.
//!
//! A setting is written as `configured>in effect`. The new process takes the second if its configuration
//! says the first; otherwise the operator changed the configuration, which is the later word.

use super::text::{Line, STATE, Writer, push_escaped, unescape};
use super::{Imported, Names, Object, each_object};
use crate::base::ids::{ProxyId, ServerId};
use crate::live::Live;
use crate::net::address::{Address, Family, Host, Ports, Transport};
use crate::proxy::server::Admin;
use crate::stream::Env;
use crate::worker::build::configured_admin;
use crate::worker::change;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::str::FromStr;

/// In the place of a value: as configured.
const AS_CONFIGURED: &str = "-";

/// Stands before a key.
const KEY_MARK: char = '=';

/// Ages beyond this are cut: a hundred years.
const AGE_MAX_MS: u64 = 100 * 365 * 86_400_000;

/// A setting as text, in effect and as configured.
struct Setting {
    key: &'static str,
    configured: String,
    /// `None` while nothing changed it.
    now: Option<String>,
}

impl Setting {
    fn new(key: &'static str, configured: impl ToString, now: Option<impl ToString>) -> Setting {
        Setting { key, configured: configured.to_string(), now: now.map(|now| now.to_string()) }
    }

    fn pair(&self) -> (&'static str, String) {
        let mut value = String::new();
        push_escaped(&mut value, &self.configured);
        value.push('>');
        push_escaped(&mut value, self.now.as_deref().unwrap_or(AS_CONFIGURED));
        (self.key, value)
    }
}

/// Writes a line for every object that has settings which can be changed.
pub fn write(live: &Live, out: &mut Writer) {
    let env = &live.env;
    each_object(env, |object, words| {
        let mut pairs: Vec<(&str, String)> = settings_of(env, object).iter().map(Setting::pair).collect();
        if let Object::Server(id) = object {
            let server = &env.servers[id.0 as usize];
            pairs.push(("unchanged_ms", server.unchanged_ms(env.clock.now_ms()).to_string()));
            pairs.push(("down_ms", server.down_ms.to_string()));
        }
        out.line(STATE, &words, &pairs);
    });
}

fn settings_of(env: &Env, object: Object) -> Vec<Setting> {
    match object {
        Object::Process => of_process(env),
        Object::Frontend(at) => of_frontend(env, at),
        Object::Backend(at) => of_backend(env, at),
        Object::Server(id) => of_server(env, id),
        Object::Listener(_) => Vec::new(),
    }
}

fn of_process(env: &Env) -> Vec<Setting> {
    let global = &env.settings.global;
    let changed = |now: Option<u32>, configured: Option<u32>| (now != configured).then(|| now.unwrap_or(0));
    vec![
        Setting::new(
            "maxconn",
            text(global.maxconn),
            Some(env.maxconn).filter(|now| *now != env.boot.maxconn),
        ),
        Setting::new("maxconnrate", text(global.maxconnrate), changed(env.rates.conns, global.maxconnrate)),
        Setting::new(
            "maxsessrate",
            text(global.maxsessrate),
            changed(env.rates.sessions, global.maxsessrate),
        ),
    ]
}

fn of_frontend(env: &Env, at: usize) -> Vec<Setting> {
    let configured = env.settings.proxies[at].maxconn;
    let now = env.proxies[at].maxconn;
    let paused = change::is_paused(env, at).then_some(yes(true));
    vec![
        Setting::new(
            "maxconn",
            text(configured),
            Some(now).filter(|now| *now != configured.unwrap_or(env.boot.maxconn)),
        ),
        Setting::new("paused", yes(false), paused),
    ]
}

fn of_backend(env: &Env, at: usize) -> Vec<Setting> {
    let (live, settings) = (&env.proxies[at], &env.settings.proxies[at]);
    let configured = settings.makes_cookies();
    let changed = live.makes_cookies != configured;
    let key = live.cookie_key.as_ref().filter(|key| Some(*key) != settings.dynamic_cookie_key.as_ref());
    vec![
        Setting::new("dynamic-cookie", yes(configured), changed.then_some(yes(live.makes_cookies))),
        Setting::new(
            "dynamic-cookie-key",
            settings.dynamic_cookie_key.as_deref().map_or_else(|| AS_CONFIGURED.to_owned(), keyed),
            key.map(|key| keyed(key)),
        ),
    ]
}

/// A key in a form that is never [`AS_CONFIGURED`].
fn keyed(key: &str) -> String {
    format!("{KEY_MARK}{key}")
}

const fn yes(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

fn of_server(env: &Env, id: ServerId) -> Vec<Setting> {
    let (server, configured) = (&env.servers[id.0 as usize], env.settings.server(id));
    let address = server.address.as_ref().filter(|now| Some(*now) != configured.resolved.as_ref());
    let admin = Some(server.admin).filter(|now| *now != configured_admin(configured));
    vec![
        Setting::new("admin", word(configured_admin(configured)), admin.map(word)),
        Setting::new(
            "weight",
            configured.weight,
            Some(server.weight).filter(|now| *now != configured.weight),
        ),
        Setting::new(
            "maxconn",
            configured.maxconn,
            Some(server.maxconn_full).filter(|now| *now != configured.maxconn),
        ),
        Setting::new("address", typed(&configured.address), address.and_then(|a| a.inet())),
    ]
}

fn text(number: Option<u32>) -> String {
    number.map_or_else(|| AS_CONFIGURED.to_owned(), |number| number.to_string())
}

const fn word(admin: Admin) -> &'static str {
    match admin {
        Admin::Ready => "ready",
        Admin::Drain => "drain",
        Admin::Maint { .. } => "maint",
    }
}

fn admin(word: &str) -> Option<Admin> {
    [Admin::Ready, Admin::Drain, Admin::Maint { configured: false }]
        .into_iter()
        .find(|a| self::word(*a) == word)
}

/// An address as a configuration would have it; what it resolves to is another matter.
fn typed(address: &Address) -> String {
    let family = match address.family {
        Family::V4 => "4",
        Family::V6 => "6",
        Family::Any | Family::Unix | Family::Abns | Family::Fd => "",
    };
    let mut typed = match address.transport {
        Transport::Plain => format!("{family}@"),
        Transport::Tcp => format!("tcp{family}@"),
        Transport::Mptcp => format!("mptcp{family}@"),
    };
    // Writing to a String cannot fail.
    let _ = match &address.host {
        Host::Any => write!(typed, "*"),
        Host::Ip(ip) => write!(typed, "{ip}"),
        Host::Name(name) => write!(typed, "{name}"),
        Host::Path(path) => write!(typed, "{}", path.display()),
        Host::Abstract { name, padded } => write!(typed, "{}@{name}", if *padded { "abns" } else { "abnsz" }),
        Host::Fd(number) => write!(typed, "fd@{number}"),
    };
    let _ = match address.ports {
        Ports::None => Ok(()),
        Ports::Fixed(port) => write!(typed, ":{port}"),
        Ports::Range(low, high) => write!(typed, ":{low}-{high}"),
        Ports::Offset(offset) => write!(typed, ":{offset:+}"),
    };
    typed
}

/// Takes settings over, object after object.
#[derive(Debug, Default)]
pub struct Taker {
    /// A server of each backend of which a server changed.
    changed: BTreeMap<ProxyId, ServerId>,
}

impl Taker {
    /// Takes the settings of one line.
    pub fn take(&mut self, live: &mut Live, names: &Names, line: &Line<'_>, told: &mut Imported) {
        let Some(object) = names.find(&line.names) else {
            // What the old process ran as configured is nothing to lose.
            let lost =
                line.pairs.iter().filter(|(_, value)| matches!(setting(value), Some((_, Some(_))))).count();
            told.dropped += lost as u32;
            told.gone += lost as u32;
            return;
        };
        let here = settings_of(&live.env, object);
        for (key, value) in &line.pairs {
            let Some((configured, now)) = setting(value) else { continue };
            let same = here.iter().any(|own| own.key == *key && own.configured == configured);
            match (same, now) {
                // Nothing to take, and a state file may have something to say.
                (false, None) => {}
                (false, Some(_)) => {
                    told.dropped += 1;
                    told.reconfigured += u32::from(here.iter().any(|own| own.key == *key));
                }
                (true, now) => match self.apply(&mut live.env, object, key, now.as_deref()) {
                    true => told.states += u32::from(now.is_some()),
                    false => told.dropped += 1,
                },
            }
        }
        if let Object::Server(id) = object {
            take_ages(&mut live.env, id, line);
        }
    }

    /// Sets one setting, with `None` as configured. Says whether it could.
    fn apply(&mut self, env: &mut Env, object: Object, key: &str, now: Option<&str>) -> bool {
        match object {
            Object::Process => process(env, key, now),
            Object::Frontend(at) => frontend(env, at, key, now),
            Object::Server(id) => {
                let backend = env.servers[id.0 as usize].backend;
                self.changed.insert(backend, id);
                server(env, id, key, now)
            }
            Object::Backend(at) => backend(env, at, key, now),
            Object::Listener(_) => false,
        }
    }

    /// Lets the balance of each backend know.
    pub fn finish(self, live: &mut Live) {
        for id in self.changed.into_values() {
            change::servers_changed(&mut live.env, id);
        }
    }
}

/// What was configured, and what was in effect if that was something else.
fn setting(value: &str) -> Option<(String, Option<String>)> {
    let (configured, now) = value.split_once('>')?;
    Some((unescape(configured)?, Some(unescape(now)?).filter(|now| now != AS_CONFIGURED)))
}

/// The number in `now`, or the configured one.
fn number<T: FromStr>(now: Option<&str>, configured: T) -> Option<T> {
    now.map_or(Some(configured), |now| now.parse().ok())
}

fn process(env: &mut Env, key: &str, now: Option<&str>) -> bool {
    let global = &env.settings.global;
    let limit = |configured: Option<u32>| {
        number(now, configured.unwrap_or(0)).map(|limit| Some(limit).filter(|limit| *limit > 0))
    };
    match key {
        // The descriptors were counted for the limit of the start.
        "maxconn" => match number(now, env.boot.maxconn).filter(|maxconn| *maxconn <= env.boot.maxconn) {
            Some(maxconn) => env.maxconn = maxconn,
            None => return false,
        },
        "maxconnrate" => match limit(global.maxconnrate) {
            Some(limit) => env.rates.conns = limit,
            None => return false,
        },
        "maxsessrate" => match limit(global.maxsessrate) {
            Some(limit) => env.rates.sessions = limit,
            None => return false,
        },
        _ => return false,
    }
    true
}

fn frontend(env: &mut Env, at: usize, key: &str, now: Option<&str>) -> bool {
    match (key, now) {
        ("maxconn", now) => {
            let configured = env.settings.proxies[at].maxconn.unwrap_or(env.boot.maxconn);
            let Some(maxconn) = number(now, configured) else { return false };
            env.proxies[at].maxconn = maxconn;
            true
        }
        ("paused", Some("yes")) => change::suspend(env, at).is_some(),
        ("paused", None) => true,
        _ => false,
    }
}

fn backend(env: &mut Env, at: usize, key: &str, now: Option<&str>) -> bool {
    let settings = &env.settings.proxies[at];
    let live = &mut env.proxies[at];
    match key {
        "dynamic-cookie" => match now {
            None => live.makes_cookies = settings.makes_cookies(),
            Some("yes") => live.makes_cookies = true,
            Some("no") => live.makes_cookies = false,
            Some(_) => return false,
        },
        "dynamic-cookie-key" => match now.map(|now| now.strip_prefix(KEY_MARK)) {
            None => live.cookie_key = settings.dynamic_cookie_key.clone(),
            Some(Some(key)) => live.cookie_key = Some(key.to_owned()),
            Some(None) => return false,
        },
        _ => return false,
    }
    change::renew_cookies(env, at);
    true
}

fn server(env: &mut Env, id: ServerId, key: &str, now: Option<&str>) -> bool {
    let configured = env.settings.server(id);
    let server = &mut env.servers[id.0 as usize];
    match key {
        "admin" => match now.map_or(Some(configured_admin(configured)), admin) {
            Some(admin) => server.admin = admin,
            None => return false,
        },
        "weight" => {
            let backend = &env.settings.proxies[server.backend.0 as usize];
            let weight =
                number(now, configured.weight).filter(|weight| backend.takes_weight(*weight, configured));
            let Some(weight) = weight else { return false };
            server.weight = weight;
        }
        "maxconn" => {
            let Some(maxconn) = number(now, configured.maxconn) else { return false };
            (server.maxconn, server.maxconn_full) = (maxconn, maxconn);
        }
        "address" => match now.map(str::parse::<SocketAddr>) {
            Some(Ok(address)) => server.move_to(address),
            Some(Err(_)) => return false,
            None => (server.address, server.ports) = (configured.resolved.clone(), configured.address.ports),
        },
        _ => return false,
    }
    if key == "address" {
        change::renew_cookie(env, id);
    }
    true
}

/// Time goes on for a server that is in the state in which it was.
fn take_ages(env: &mut Env, id: ServerId, line: &Line<'_>) {
    let value = |key: &str| line.pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let age = |key: &str| Some(value(key)?.parse::<u64>().ok()?.min(AGE_MAX_MS));
    let was = value("admin").and_then(setting).map(|(configured, now)| now.unwrap_or(configured));
    let now_ms = env.clock.now_ms() as i64;
    let server = &mut env.servers[id.0 as usize];
    if was.and_then(|was| admin(&was)).is_none_or(|was| was.is_maint() != server.admin.is_maint()) {
        return;
    }
    if let (Some(unchanged_ms), Some(down_ms)) = (age("unchanged_ms"), age("down_ms")) {
        server.changed_ms = now_ms.saturating_sub_unsigned(unchanged_ms);
        server.down_ms = down_ms;
    }
}
