//! Keeps malformed messages where `show errors` finds them.

use crate::proxy::bad_message::{BadMessage, BadMessages};
use crate::stream::{Env, Stream};
use crate::sys::addr::SockAddr;
use crate::wire::http1::{HeadError, Wrong};

/// Keeps what waits of a request, counted from its byte `from`, as its frontend's last malformed one.
pub fn keep_request(s: &Stream, env: &mut Env, from: usize, error: HeadError) {
    let Some(buffer) = &s.req.buffer else { return };
    let message = describe(s, env, buffer.capacity(), error);
    let bytes = buffer.data().get(from..).unwrap_or(&[]);
    BadMessages::keep(&mut env.proxy(s.frontend).bad.request, message, bytes);
}

/// Keeps what waits of a response, counted from its byte `from`, as its backend's last malformed one.
pub fn keep_response(s: &Stream, env: &mut Env, from: usize, error: HeadError) {
    // As in the reference, an answer that is well formed but out of place is not kept.
    if error.wrong == Wrong::Informational {
        return;
    }
    let (Some(buffer), Some(backend)) = (&s.res.buffer, s.backend) else { return };
    let message = describe(s, env, buffer.capacity(), error);
    let bytes = buffer.data().get(from..).unwrap_or(&[]);
    BadMessages::keep(&mut env.proxy(backend).bad.response, message, bytes);
}

fn describe(s: &Stream, env: &mut Env, capacity: usize, error: HeadError) -> BadMessage {
    let session = env.sessions.get(s.session);
    let listener = session.and_then(|session| env.listeners.get(session.listener));
    let message = BadMessage {
        when: env.clock.wall(),
        event: env.counters.bad_messages,
        frontend: s.frontend,
        backend: s.backend,
        server: s.server,
        client: session.map_or(SockAddr::Unnamed, |session| session.peer.clone()),
        listener_id: listener.map_or(0, |listener| listener.socket_id),
        error,
        bytes: Vec::new(),
        capacity,
    };
    env.counters.bad_messages += 1;
    message
}
