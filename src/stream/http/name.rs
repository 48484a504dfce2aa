//! `http-send-name-header`: a server is told its name in the request that goes to it.

use super::reply;
use crate::stream::{Cause, Env, Stage, Stream, Turn};

/// Puts the name of the server at hand into a request head that has not begun to go. `Some` is the turn to take instead
/// of going on.
pub fn tell_name(s: &mut Stream, env: &mut Env) -> Option<Turn> {
    let settings = env.proxy_settings(s.backend?);
    let header = settings.http.send_name_header.as_ref()?;
    let server = env.settings.server_name(s.server?)?.as_bytes();
    let (http, buffer) = (s.http.as_mut()?, s.req.buffer.as_mut()?);
    let (used, head_len) = (buffer.len(), http.request_head_len);
    // What is kept for another try is kept anew, as long as it is now.
    env.pools.buffers.put(http.kept.take());
    http.edits.clear();
    http.edits.set_header(buffer.data().get(..head_len)?, header.as_bytes(), server);
    let Ok(applied) = http.edits.apply(buffer.window_mut(), used, head_len) else {
        s.conclude(Cause::Proxy, Stage::Request);
        return Some(reply::fail(s, env, 500));
    };
    buffer.set_len(applied.used);
    http.request_head_len = applied.head_len;
    if settings.http.adjusts_server {
        env.settings.global.header_cases.adjust(&mut buffer.window_mut()[..applied.head_len]);
    }
    None
}
