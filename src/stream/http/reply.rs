//! Replies made here: the built-in error documents.

use crate::conn::transport::raw::{self, Write};
use crate::settings::Mode;
use crate::stream::{Cause, Env, Phase, Stage, Stream, Turn, connect, finish};
use crate::wire::http1::{self, Link, Method, Version};

/// Ends the exchange with `status`: an error document while the response has not begun, else a close.
/// In TCP mode the client's connection is closed.
pub fn fail(s: &mut Stream, env: &mut Env, status: u16) -> Turn {
    connect::drop_back(s, env);
    s.phase_deadline_ms = None;
    if !s.is_http || env.proxy_settings(s.frontend).mode == Mode::Tcp {
        return Turn::Go(Phase::Closed);
    }
    let Some(http) = s.http.as_mut() else { return Turn::Go(Phase::Closed) };
    if http.response_started {
        return Turn::Go(Phase::Closed);
    }
    http.status = status;
    http.local = true;
    http.response_started = true;
    // A request that was not read to its end cannot be followed by another.
    let unsent = !http.request_released && http.request_head_len > 0 && http.asked.body == http1::Body::None;
    http.keep_front = http.keep_front && http.has_line && (unsent || http.request_done) && !env.stopping;
    if http.keep_front && unsent {
        let head_len = http.request_head_len;
        if let Some(buffer) = s.req.buffer.as_mut() {
            buffer.consume(head_len);
        }
        http.request_done = true;
    }
    let keep = http.keep_front;
    s.res.abandon(&mut env.pools.buffers, &mut env.pools.pipes);
    let early = !http.has_line;
    let (version, is_head) = (http.asked.asked.version, http.asked.asked.method == Method::Head);
    let mut buffer = env.pools.buffers.take();
    let len = buffer.extend(&document(status, early, keep, version, is_head));
    s.res.buffer = Some(buffer);
    s.res.budget = len as u64;
    s.phase_deadline_ms = Some(env.now_ms() + super::linger_ms(s, env));
    Turn::Go(Phase::Reply)
}

/// The built-in document for `status`.
fn document(status: u16, early: bool, keep: bool, version: Version, is_head: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(DOCUMENT_LEN_USUAL);
    let Some(builtin) = http1::builtin(status).or_else(|| http1::builtin(500)) else { return out };
    match early {
        true => builtin.write_early(&mut out),
        false => builtin.write(&mut out, version, if keep { Link::Keep } else { Link::Close }, is_head),
    }
    out
}

/// Bytes that most documents fit into.
const DOCUMENT_LEN_USUAL: usize = 512;

/// Sends the document and closes, or waits for the next request.
pub fn send(s: &mut Stream, env: &mut Env) -> Turn {
    let Some(front) = env.conns.get_mut(s.front) else { return Turn::Go(Phase::Closed) };
    while let Some(buffer) = s.res.buffer.as_mut().filter(|b| !b.is_empty()) {
        match raw::write(front, buffer.data(), false) {
            Write::Bytes(n) => {
                buffer.consume(n);
                s.res.sent(n);
            }
            Write::Blocked => return Turn::Wait,
            Write::Failed(_) => {
                s.conclude(Cause::ClientAbort, Stage::Last);
                return Turn::Go(Phase::Closed);
            }
        }
    }
    s.res.release_idle(&mut env.pools.buffers, &mut env.pools.pipes);
    let keep = s.http.as_ref().is_some_and(|h| h.keep_front);
    if keep {
        finish::conclude(s, env);
        super::request::next(s, env);
        return Turn::Go(Phase::Request);
    }
    finish::conclude(s, env);
    Turn::Go(Phase::Linger)
}
