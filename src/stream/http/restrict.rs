//! `option http-restrict-req-hdr-names`: what becomes of request headers whose names a careless server could take for
//! others. Each proxy that a request comes through decides, after what it captures of it.

use super::reply;
use crate::base::ids::ProxyId;
use crate::settings::RequestNames;
use crate::stream::{Cause, Env, Stage, Stream, Turn};

/// Applies the option of `proxy` to the request that waits. `Some` is the turn to take instead of going on.
pub fn apply(s: &mut Stream, env: &mut Env, proxy: ProxyId) -> Option<Turn> {
    let names = env.proxy_settings(proxy).http.request_names;
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.req.buffer.as_ref()) else { return None };
    let bytes = buffer.data();
    match names {
        RequestNames::Preserve => None,
        RequestNames::Delete => {
            http.request.fields.remove(bytes, &mut http.edits, is_unusual);
            None
        }
        RequestNames::Reject
            if http.request.headers().iter().any(|field| is_unusual(field.name.of(bytes))) =>
        {
            count_denied(s, env);
            s.conclude(Cause::Proxy, Stage::Request);
            Some(reply::fail(s, env, 403))
        }
        RequestNames::Reject => None,
    }
}

/// Adds to `dreq` of the frontend, of its listener, and of a backend that was reached.
fn count_denied(s: &mut Stream, env: &mut Env) {
    if let Some(http) = s.http.as_mut() {
        http.denied = true;
    }
    env.proxy(s.frontend).fe.denied_req += 1;
    if let Some(backend) = s.backend {
        env.proxy(backend).be.denied_req += 1;
    }
    let listener = env.sessions.get(s.session).map(|session| session.listener);
    if let Some(listener) = listener.and_then(|id| env.listeners.get_mut(id)) {
        listener.counters.denied_req += 1;
    }
}

/// Whether a name holds more than letters, digits and `-`.
fn is_unusual(name: &[u8]) -> bool {
    !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}
