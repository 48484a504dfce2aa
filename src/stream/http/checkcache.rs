//! `option checkcache`: a response that a cache may keep together with its cookie does not reach the client.

use super::{Exchange, reply};
use crate::log::notice;
use crate::proxy::cacheable::{Cacheable, sets_cookie};
use crate::settings::Level;
use crate::stream::{Cause, Env, Stage, Stream, Turn, connect, route};

/// Whether the response, whose head is at the start of `bytes`, sets a cookie that a cache may give to others.
pub fn shares_cookie(http: &Exchange, bytes: &[u8]) -> bool {
    let head = &http.response;
    head.headers().iter().any(|field| sets_cookie(field, bytes))
        && Cacheable::of(http.request.method, head.status, &head.fields, bytes).cookie
}

/// Answers with a 502 in its place.
pub fn block(s: &mut Stream, env: &mut Env) -> Turn {
    if let Some(http) = s.http.as_mut() {
        http.response_started = false;
    }
    s.marks.response_ms = None;
    env.proxy(s.frontend).fe.denied_resp += 1;
    let listener = env.sessions.get(s.session).map(|session| session.listener);
    if let Some(listener) = listener.and_then(|id| env.listeners.get_mut(id)) {
        listener.counters.denied_resp += 1;
    }
    if let (Some(backend), Some(server)) = (s.backend, s.server) {
        route::count(server, env, |counters| counters.denied_resp += 1);
        let mut text = String::new();
        let settings = env.settings;
        notice::cookie_blocked(&mut text, &env.proxy_settings(backend).name, &settings.server(server).name);
        env.tell(backend, Level::Alert, &text);
    }
    s.conclude(Cause::Proxy, Stage::Headers);
    connect::end_back(s, env);
    reply::fail(s, env, 502)
}
