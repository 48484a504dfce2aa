//! `option http-buffer-request`, and `balance url_param` where the key may be in the body: the request is held until
//! its body is there or a buffer is full.

use super::{Exchange, bad, reply};
use crate::conn::transport::raw::{self, Read, Write};
use crate::stream::{Cause, Env, Phase, Stage, Stream, Turn, key, route};
use crate::wire::http1::{Body, ChunkLimits, HeadError};

/// What a client that waits for it is told, so that it sends its body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Whether the request must wait here, by the frontend's word or, once it is known, the backend's.
pub fn must_hold(s: &Stream, env: &Env) -> bool {
    let wanted = env.proxy_settings(s.frontend).http.buffer_request
        || s.backend.is_some_and(|b| env.proxy_settings(b).http.buffer_request);
    let wanted = wanted || s.backend.is_some_and(|b| key::may_be_in_body(s, b, env));
    wanted && s.http.as_ref().is_some_and(|h| !h.held && h.asked.body != Body::None)
}

/// Starts to wait for the body. The time for the head goes on where there is one.
pub fn begin(s: &mut Stream, env: &mut Env) -> Turn {
    let timeouts = &env.proxy_settings(s.frontend).timeouts;
    s.phase_deadline_ms = match timeouts.http_request_ms {
        Some(ms) => Some(s.marks.start_ms + ms),
        None => timeouts.client_ms.map(|ms| env.now_ms() + ms),
    };
    let Some(http) = s.http.as_mut() else { return Turn::Go(Phase::Closed) };
    http.held = true;
    if http.asked.expect_continue {
        if let Some(front) = env.conns.get_mut(s.front) {
            // So few bytes always fit; if the client is gone, reading tells.
            if let Write::Bytes(_) = raw::write(front, CONTINUE, false) {
                http.holds_expect = true;
            }
        }
    }
    Turn::Go(Phase::Hold)
}

/// Reads until the body is whole or the buffer is full.
pub fn wait(s: &mut Stream, env: &mut Env) -> Turn {
    let limit = env.settings.global.tune.bufsize.saturating_sub(env.settings.global.tune.maxrewrite);
    loop {
        let (Some(http), Some(buffer)) = (s.http.as_mut(), s.req.buffer.as_mut()) else {
            return Turn::Go(Phase::Closed);
        };
        match is_whole(http, buffer.data()) {
            Ok(false) if buffer.len() < limit => {}
            Ok(_) => return go_on(s, env),
            Err(e) => {
                let at = http.request_head_len + http.held_len;
                bad::keep_request(s, env, 0, e.moved_by(at));
                s.marks.request_ms = None;
                s.conclude(Cause::Proxy, Stage::Request);
                return reply::fail(s, env, 400);
            }
        }
        let Some(front) = env.conns.get_mut(s.front) else { return Turn::Go(Phase::Closed) };
        buffer.compact();
        let room = limit - buffer.len();
        match raw::read(front, buffer, room) {
            Read::Bytes(_) => {
                front.note_read(env.clock.now_ms());
                let timeouts = &env.proxy_settings(s.frontend).timeouts;
                if timeouts.http_request_ms.is_none() {
                    s.phase_deadline_ms = timeouts.client_ms.map(|ms| env.now_ms() + ms);
                }
            }
            Read::Blocked => return Turn::Wait,
            Read::End | Read::Failed(_) => return left(s, env),
        }
    }
}

/// Whether the body behind the head is all there.
///
/// # Errors
/// Its chunks are broken.
pub fn is_whole(http: &mut Exchange, bytes: &[u8]) -> Result<bool, HeadError> {
    let body = bytes.get(http.request_head_len..).unwrap_or(&[]);
    match http.asked.body {
        Body::Length(n) => Ok(body.len() as u64 >= n),
        Body::Chunked => {
            let rest = body.get(http.held_len..).unwrap_or(&[]);
            let walk = http.held_chunks.walk(rest, &ChunkLimits::default())?;
            http.held_len += walk.forward;
            Ok(walk.done)
        }
        _ => Ok(true),
    }
}

/// The time of the request ends here, not with its head.
fn go_on(s: &mut Stream, env: &Env) -> Turn {
    s.phase_deadline_ms = None;
    s.marks.request_ms = Some(env.now_ms());
    Turn::Go(Phase::Route)
}

/// The client closed before its body was there.
fn left(s: &mut Stream, env: &mut Env) -> Turn {
    s.marks.request_ms = Some(env.now_ms());
    route::enter(s, env);
    s.conclude(Cause::ClientAbort, Stage::Request);
    if let Some(http) = s.http.as_mut() {
        http.keep_front = false;
    }
    reply::fail(s, env, 400)
}

/// The body did not come in time.
pub fn timed_out(s: &mut Stream, env: &mut Env) -> Turn {
    s.marks.request_ms = None;
    s.conclude(Cause::ClientTimeout, Stage::Request);
    reply::fail(s, env, 408)
}
