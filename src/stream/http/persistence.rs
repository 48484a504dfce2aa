//! Cookie persistence of one exchange: the live servers and the heads, brought together.

use super::Exchange;
use crate::base::ids::{ProxyId, ServerId};
use crate::proxy::persistence::{Context, Named};
use crate::proxy::{Proxy, Server};
use crate::settings::{self, Cookie};
use crate::stream::{Env, Outcome, Stream};

/// Whether cookie lines are read: for persistence, or to be captured.
fn reads_cookies(front: &settings::Proxy, back: &settings::Proxy) -> bool {
    back.cookie.is_some() || front.captures.cookie.is_some()
}

/// Reads the cookies of the request, whose head is at the start of `bytes`, and adds to its edits.
pub fn read_request(
    http: &mut Exchange,
    bytes: &[u8],
    (front, back): (&settings::Proxy, &settings::Proxy),
    (proxies, servers): (&[Proxy], &[Server]),
    backend: Option<ProxyId>,
    now_secs: i64,
) {
    if !reads_cookies(front, back) {
        return;
    }
    let list = backend.map_or(&[][..], |id| &proxies[id.0 as usize].servers);
    let find = |value: &[u8]| named(value, list, servers, back.options.persist);
    let head = (&http.request, bytes);
    http.persistence.read_request(back.cookie.as_ref(), head, &mut http.edits, now_secs, find);
}

/// The first server of `list` with this cookie that may be used.
fn named(value: &[u8], list: &[ServerId], servers: &[Server], persist: bool) -> Named {
    let mut named = Named::Nobody;
    for &id in list {
        let server = &servers[id.0 as usize];
        if value.is_empty() || server.cookie.as_deref().map(str::as_bytes) != Some(value) {
            continue;
        }
        if server.usable() || (persist && server.address.is_some()) {
            return Named::Server { id, up: server.usable() };
        }
        named = Named::Down;
    }
    named
}

/// Adds what the response, whose head is at the start of `bytes`, needs. True when caches are told to keep nothing of it.
pub fn edit_response(
    http: &mut Exchange,
    bytes: &[u8],
    (front, back): (&settings::Proxy, &settings::Proxy),
    server: &Server,
    now_secs: i64,
) -> bool {
    if !reads_cookies(front, back) {
        return false;
    }
    let value = server.cookie.as_deref().map(str::as_bytes);
    let server = Some(server.id).filter(|id| back.dispatch != Some(*id));
    let context = Context { server, value, method: http.request.method, now_secs };
    http.persistence.edit_response(back.cookie.as_ref(), context, (&http.response, bytes), &mut http.edits)
}

/// The server that the request's cookie names, while it may be used; else the request is balanced from here on.
pub fn server(s: &mut Stream, backend: ProxyId, env: &Env) -> Option<ServerId> {
    let persistence = &mut s.http.as_mut()?.persistence;
    let id = persistence.server()?;
    let server = &env.servers[id.0 as usize];
    let persist = env.proxy_settings(backend).options.persist && server.address.is_some();
    if s.redispatched || !(server.usable() || persist) {
        persistence.give_up_server();
        return None;
    }
    Some(id)
}

/// The four termination characters of the log.
pub fn flags(s: &Stream, env: &Env) -> [u8; 4] {
    let [cause, stage] = s.outcome.unwrap_or(Outcome::NORMAL).flags();
    let cookie = s.backend.and_then(|backend| env.proxy_settings(backend).cookie.as_ref());
    let [presented, returned] = match &s.http {
        Some(http) if cookie.is_some_and(Cookie::is_logged) => http.persistence.flags(),
        _ => *b"--",
    };
    [cause, stage, presented, returned]
}
