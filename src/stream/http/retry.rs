//! `retry-on`: a request that was sent and got no answer of use is sent again.
//!
//! Its bytes are kept in a buffer of their own from the moment they go to a server, if they are all here then. Once
//! a byte of an answer went to the client there is no second try.

use super::{Exchange, reply};
use crate::base::buffer::Buffer;
use crate::settings::RetryOn;
use crate::stream::{Env, Stream, Turn, connect, route};
use crate::wire::http1::{Body, ResponseFraming};

/// Keeps a request that is about to be sent, where its backend may want it again.
pub fn keep(s: &mut Stream, env: &mut Env) {
    let Some(backend) = s.backend else { return };
    let Some(http) = s.http.as_mut().filter(|h| !h.request_released && h.kept.is_none()) else { return };
    if !env.proxy_settings(backend).http.retry_on.needs_request() {
        return;
    }
    let (Some(len), Some(buffer)) = (whole_len(http, &s.req), s.req.buffer.as_ref()) else { return };
    let mut kept = env.pools.buffers.take();
    kept.extend(buffer.data().get(..len).unwrap_or(&[]));
    http.kept = Some(kept);
}

/// Bytes of the request when all of it waits, nothing of it sent.
fn whole_len(http: &mut Exchange, channel: &crate::channel::Channel) -> Option<usize> {
    if http.asked.body == Body::Chunked && !http.held_chunks.is_done() {
        let bytes = channel.buffer.as_ref().map_or(&[][..], Buffer::data);
        super::hold::is_whole(http, bytes).ok()?;
    }
    reply::unsent_len(http, channel)
}

/// After `event` there is another try, if the backend wants one: `Some` is how it goes on. Must be called before
/// the outcome is noted.
pub fn retry(s: &mut Stream, env: &mut Env, event: RetryOn) -> Option<Turn> {
    let settings = env.proxy_settings(s.backend?);
    if !settings.http.retry_on.has(event) || s.retries >= settings.retries || s.res.delivered > 0 {
        return None;
    }
    let http = s.http.as_mut()?;
    let kept = http.kept.as_ref()?;
    let behind = s.req.buffer.as_ref().map_or(0, Buffer::len);
    if kept.len() + behind > kept.capacity() {
        return None;
    }
    let mut buffer = env.pools.buffers.take();
    buffer.extend(kept.data());
    buffer.extend(s.req.buffer.as_ref().map_or(&[], |b| b.data()));
    http.request_released = false;
    http.request_done = false;
    http.request_cut = false;
    http.response.clear();
    http.answered = ResponseFraming::default();
    http.keep_back = http.keep_back_wanted;
    s.req.abandon(&mut env.pools.buffers, &mut env.pools.pipes);
    s.req.buffer = Some(buffer);
    s.req.budget = 0;
    s.res.abandon(&mut env.pools.buffers, &mut env.pools.pipes);
    s.res.budget = 0;
    s.res.source_ended = false;
    s.res.bulk = false;
    match event == RetryOn::JUNK_RESPONSE {
        true => connect::end_back(s, env),
        false => connect::drop_back(s, env),
    }
    s.marks.connected_ms = None;
    // The request's retry counts besides that of the connection, as in the reference.
    s.server.into_iter().for_each(|server| route::count_retry(server, env));
    Some(connect::try_again(s, env))
}
