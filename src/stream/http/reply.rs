//! Replies made here: the built-in error documents, or those that the operator wrote.

use super::Exchange;
use crate::base::ids::ProxyId;
use crate::channel::Channel;
use crate::conn::transport::raw::{self, Write};
use crate::settings::log_format::Format;
use crate::settings::{Answer, Made, Mode, Payload};
use crate::stream::{Cause, Env, Phase, Stage, Stream, Turn, connect, finish, record};
use crate::wire::http1::{self, Body, Canned, HeaderCases, Limits, Link, Method};
use std::borrow::Cow;

/// Ends the exchange with `status`: an error document while the response has not begun, else a close.
/// In TCP mode the client's connection is closed.
pub fn fail(s: &mut Stream, env: &mut Env, status: u16) -> Turn {
    if !may_answer(s, env) {
        return Turn::Go(Phase::Closed);
    }
    let Some(http) = s.http.as_mut() else { return Turn::Go(Phase::Closed) };
    http.status = status;
    http.local = true;
    http.response_started = true;
    // A request that was not read to its end cannot be followed by another.
    let unsent_len = unsent_len(http, &s.req);
    http.keep_front = http.keep_front
        && http.has_line
        && (unsent_len.is_some() || http.request_done)
        && !env.parts_with(s.session);
    if let (true, Some(len)) = (http.keep_front, unsent_len) {
        if let Some(buffer) = s.req.buffer.as_mut() {
            buffer.consume(len);
        }
        http.request_done = true;
    }
    let own = own_answer(s, env, status);
    let Some(http) = s.http.as_mut() else { return Turn::Go(Phase::Closed) };
    let own = own.as_deref();
    http.keep_front &= own.is_none_or(Canned::keeps);
    let text = document(status, http, own);
    send_text(s, env, text)
}

/// Ends the exchange with an answer made elsewhere, which says that the connection closes.
pub fn close_with(s: &mut Stream, env: &mut Env, status: u16, answer: Vec<u8>) -> Turn {
    if !may_answer(s, env) {
        return Turn::Go(Phase::Closed);
    }
    let Some(http) = s.http.as_mut() else { return Turn::Go(Phase::Closed) };
    http.status = status;
    http.local = true;
    http.response_started = true;
    http.keep_front = false;
    send_text(s, env, answer)
}

fn send_text(s: &mut Stream, env: &mut Env, mut text: Vec<u8>) -> Turn {
    s.res.abandon(&mut env.pools.buffers, &mut env.pools.pipes);
    let understood = s.http.as_ref().is_some_and(|http| http.has_line);
    if understood && env.proxy_settings(s.frontend).http.adjusts_client {
        adjust_case(&mut text, &env.settings.global.header_cases);
    }
    if !text.is_empty() {
        let mut buffer = env.pools.buffers.take();
        let len = buffer.extend(&text);
        s.res.buffer = Some(buffer);
        s.res.budget = len as u64;
    }
    s.phase_deadline_ms = Some(env.now_ms() + super::linger_ms(s, env));
    Turn::Go(Phase::Reply)
}

/// Lets go of the server; whether the client can be answered still.
fn may_answer(s: &mut Stream, env: &mut Env) -> bool {
    connect::drop_back(s, env);
    s.phase_deadline_ms = None;
    let speaks_http = s.is_http && env.proxy_settings(s.frontend).mode == Mode::Http;
    speaks_http && s.http.as_ref().is_some_and(|http| !http.response_started)
}

/// Bytes of a request that is here as a whole, nothing of it sent.
pub fn unsent_len(http: &Exchange, channel: &Channel) -> Option<usize> {
    let head_len = http.request_head_len;
    if http.request_released || head_len == 0 {
        return None;
    }
    let len = match http.asked.body {
        Body::None => head_len,
        Body::Length(n) => head_len.checked_add(usize::try_from(n).ok()?)?,
        Body::Chunked if http.held_chunks.is_done() => head_len + http.held_len,
        _ => return None,
    };
    (len <= channel.waiting()).then_some(len)
}

/// Gives the header names of an answer the case that the clients want; its body stays.
fn adjust_case(answer: &mut [u8], cases: &HeaderCases) {
    let head_len = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(answer.len());
    cases.adjust(&mut answer[..head_len]);
}

/// What the operator wrote for `status`, in the backend first. One that does not fit into a buffer is left aside.
fn own_answer(s: &Stream, env: &Env, status: u16) -> Option<Cow<'static, Canned>> {
    let has_line = s.http.as_ref().is_some_and(|http| http.has_line);
    let of = |proxy: ProxyId| {
        let answer = match env.proxy_settings(proxy).answers.get(status)? {
            Answer::Canned(canned) => Cow::Borrowed(&**canned),
            // A head that was not understood has nothing to tell of.
            Answer::Made(made) if has_line => Cow::Owned(make(made, s, env, status)?),
            Answer::Made(_) => return None,
        };
        (answer.len_max() <= env.settings.global.tune.bufsize).then_some(answer)
    };
    let own = s.backend.and_then(of).or_else(|| of(s.frontend));
    // A head that was not understood gets the built-in text whatever the operator wrote, or his silence.
    own.filter(|answer| has_line || answer.is_silent())
}

/// Writes an answer for this request; nothing where its values do not make a message.
fn make(made: &Made, s: &Stream, env: &Env, status: u16) -> Option<Canned> {
    let written = |format: &Format| {
        let mut out = Vec::new();
        record::write_answer(&mut out, format, s, env);
        out
    };
    let headers: Vec<(&[u8], Vec<u8>)> =
        made.headers.iter().map(|(name, value)| (name.as_bytes(), written(value))).collect();
    let headers =
        headers.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, &value[..]));
    let body = match &made.body {
        Payload::Bytes(bytes) => Cow::Borrowed(&bytes[..]),
        Payload::Format(format) => Cow::Owned(written(format)),
    };
    let content_type = made.content_type.as_deref().filter(|_| !body.is_empty()).map(str::as_bytes);
    let text = http1::compose(status, headers, content_type, &body);
    Canned::parse(&text, &Limits::default()).ok()
}

/// The operator's answer, or the built-in one.
fn document(status: u16, http: &Exchange, own: Option<&Canned>) -> Vec<u8> {
    let mut out = Vec::with_capacity(DOCUMENT_LEN_USUAL);
    let link = if http.keep_front { Link::Keep } else { Link::Close };
    let (version, is_head) = (http.asked.asked.version, http.asked.asked.method == Method::Head);
    match (own, http1::builtin(status).or_else(|| http1::builtin(500))) {
        (Some(answer), _) => answer.write(&mut out, version, link, is_head),
        (None, Some(builtin)) if http.has_line => builtin.write(&mut out, version, link, is_head),
        (None, Some(builtin)) => builtin.write_early(&mut out),
        (None, None) => {}
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
    // More of an unfinished request would arrive after a close and be answered by a reset.
    let whole =
        s.http.as_ref().is_some_and(|h| h.has_line && (h.request_done || h.asked.body == http1::Body::None));
    finish::conclude(s, env);
    Turn::Go(if whole && super::closes_cleanly(s, env) { Phase::Closed } else { Phase::Linger })
}
