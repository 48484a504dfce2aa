//! The request: waiting for its head, understanding it, making it ready to go on.

use super::{Exchange, bad, hold, reply};
use crate::base::ids::ProxyId;
use crate::conn::mux::Body;
use crate::conn::mux::http1::BodyReader;
use crate::conn::transport::raw::{self, Read};
use crate::settings::log_format::Captures;
use crate::settings::{HttpMode, Tune};
use crate::stream::{Cause, Env, Marks, Phase, Stage, Stream, Turn, record};
use crate::wire::http1::{
    Body as Framing, HeadError, Leniency, Limits, Parsed, RequestFraming, Wrong, make_plain_request,
    target_change,
};

/// Makes the stream ready for the next request of its connection; bytes already received stay.
pub fn next(s: &mut Stream, env: &mut Env) {
    super::put_back(s, env);
    // What the server sent behind its response must not be taken for the next one.
    s.res.abandon(&mut env.pools.buffers, &mut env.pools.pipes);
    s.req.delivered = 0;
    s.req.budget = 0;
    s.res.delivered = 0;
    s.res.budget = 0;
    s.res.source_ended = false;
    s.res.bulk = false;
    s.outcome = None;
    s.logged = false;
    s.concluded = false;
    s.redispatched = false;
    s.left_server = None;
    s.request_counter = None;
    s.back_addresses = None;
    s.retries = 0;
    s.queue_positions = (0, 0);
    s.req_body = Body::Tunnel;
    s.res_body = Body::Tunnel;
    s.marks = Marks { start_ms: env.now_ms(), ..Marks::default() };
    s.phase_deadline_ms = match s.req.waiting() {
        0 => idle_deadline(s, env),
        // The next head has begun to come.
        _ => head_deadline(s, env),
    };
}

/// When a head that began to come must be whole.
fn head_deadline(s: &Stream, env: &Env) -> Option<u64> {
    let t = &env.proxy_settings(s.frontend).timeouts;
    t.http_request_ms.or(t.client_ms).map(|ms| env.now_ms() + ms)
}

/// When a connection that sent nothing of its next request is closed.
pub fn idle_deadline(s: &Stream, env: &Env) -> Option<u64> {
    let t = &env.proxy_settings(s.frontend).timeouts;
    let first = env.sessions.get(s.session).is_none_or(|x| x.requests == 0);
    let limit = match first {
        true => t.http_request_ms.or(t.client_ms),
        false => t.http_keep_alive_ms.or(t.http_request_ms).or(t.client_ms),
    };
    let own = limit.map(|ms| env.now_ms() + ms);
    match env.idle_until_ms(s.session) {
        Some(at) if !first => Some(own.map_or(at, |own| own.min(at))),
        _ => own,
    }
}

/// Waits for a whole head.
pub fn wait(s: &mut Stream, env: &mut Env) -> Turn {
    loop {
        if s.req.waiting() > 0 {
            match parse(s, env) {
                Ok(Parsed::Complete) => return accepted(s, env),
                Ok(Parsed::Partial) => {}
                Err(e) => return refused(s, env, e),
            }
        }
        match receive(s, env) {
            Received::Bytes => {}
            Received::Full => return too_long(s, env),
            Received::Nothing => return Turn::Wait,
            Received::End => return ended(s, env),
        }
    }
}

enum Received {
    Bytes,
    Full,
    Nothing,
    End,
}

fn receive(s: &mut Stream, env: &mut Env) -> Received {
    let Some(front) = env.conns.get_mut(s.front) else { return Received::End };
    let fresh = s.req.buffer.is_none();
    let pools = &mut env.pools;
    let buffer = s.req.buffer.get_or_insert_with(|| pools.buffers.take());
    let limit = buffer.capacity().saturating_sub(env.settings.global.tune.maxrewrite);
    if buffer.len() >= limit {
        return Received::Full;
    }
    buffer.compact();
    let room = limit - buffer.len();
    let read = raw::read(front, buffer, room);
    s.req.release_idle(&mut pools.buffers, &mut pools.pipes);
    match read {
        Read::Bytes(_) => {
            front.note_read(env.clock.now_ms());
            if fresh {
                first_byte(s, env);
            }
            Received::Bytes
        }
        Read::Blocked => Received::Nothing,
        Read::End | Read::Failed(_) => Received::End,
    }
}

/// The first byte of a request ends the idle time and starts `timeout http-request`.
fn first_byte(s: &mut Stream, env: &mut Env) {
    let first = env.sessions.get(s.session).is_none_or(|x| x.requests == 0);
    if !first {
        s.marks.start_ms = env.now_ms();
        s.phase_deadline_ms = head_deadline(s, env);
    }
    exchange_of(s, env);
}

fn exchange_of<'a>(s: &'a mut Stream, env: &mut Env) -> &'a mut Exchange {
    s.http.get_or_insert_with(|| env.pools.exchanges.pop().unwrap_or_default())
}

/// Bytes of a head at most: what a buffer holds beside the room kept for edits.
pub fn head_len_max(tune: &Tune) -> u16 {
    tune.bufsize.saturating_sub(tune.maxrewrite).min(usize::from(u16::MAX)) as u16
}

fn parse(s: &mut Stream, env: &mut Env) -> Result<Parsed, HeadError> {
    let options = &env.proxy_settings(s.frontend).options;
    let tune = &env.settings.global.tune;
    let limits = Limits {
        header_count_max: tune.http_maxhdr.min(u32::from(u16::MAX)) as u16,
        unsafe_violations: options.accept_unsafe_violations_in_http_request,
        head_len_max: head_len_max(tune),
    };
    exchange_of(s, env);
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.req.buffer.as_mut()) else {
        return Ok(Parsed::Partial);
    };
    let parsed = http.request.parse(buffer.data(), &limits)?;
    if parsed == Parsed::Partial {
        return Ok(parsed);
    }
    keep_line(http, buffer.data(), env, s.frontend);
    let used = buffer.len();
    match make_plain_request(&mut http.request, buffer.window_mut(), used, &limits, &mut http.edits) {
        Ok(used) => buffer.set_len(used),
        Err(_) => return Err(HeadError::new(Wrong::HeadLength, used)),
    }
    let leniency = Leniency {
        unsafe_violations: limits.unsafe_violations,
        payload_with_any_method: env.settings.global.h1_payload_with_any_method,
    };
    http.asked = RequestFraming::of(&mut http.request, buffer.data(), leniency)?;
    finish_line(http, buffer.data(), env.settings.global.tune.http_logurilen);
    http.request_head_len = usize::from(http.request.head_len);
    if http.asked.body == Framing::Chunked {
        // What has come of the body is looked at before anything is sent to a server.
        hold::is_whole(http, buffer.data()).map_err(|e| e.moved_by(http.request_head_len))?;
    }
    http.has_line = true;
    Ok(parsed)
}

/// Keeps the request line for the log, with single blanks, when someone reads it.
fn keep_line(http: &mut Exchange, bytes: &[u8], env: &Env, frontend: ProxyId) {
    let settings = env.proxy_settings(frontend);
    if settings.logs.is_empty() && settings.unique_id_format.is_none() {
        return;
    }
    let head = &http.request;
    http.line.clear();
    for word in [head.method_range, head.target, head.version_range] {
        http.line.extend_from_slice(word.of(bytes));
        http.line.push(b' ');
    }
    http.line.pop();
}

/// The kept line tells the normalised target, and no more than `len_max` bytes.
fn finish_line(http: &mut Exchange, bytes: &[u8], len_max: usize) {
    if http.line.is_empty() {
        return;
    }
    if let Some((range, text)) = target_change(&http.request, bytes, &http.asked) {
        let target_at = http.request.method_range.of(bytes).len() + 1;
        let range = target_at + usize::from(range.start)..target_at + usize::from(range.end);
        if range.end <= http.line.len() {
            http.line.splice(range, text.iter().copied());
        }
    }
    http.line.truncate(len_max);
}

/// The head is whole and makes sense.
fn accepted(s: &mut Stream, env: &mut Env) -> Turn {
    let now = env.now_ms();
    s.marks.request_ms = Some(now);
    s.phase_deadline_ms = None;
    if let Some(session) = env.sessions.get_mut(s.session) {
        session.requests += 1;
    }
    record::number(s, env);
    env.proxies[s.frontend.0 as usize].fe.http.count_request(now);
    record::make_unique_id(s, env);
    let settings = env.proxy_settings(s.frontend);
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.req.buffer.as_mut()) else {
        return Turn::Go(Phase::Closed);
    };
    http.keep_front = http.asked.keep_alive && settings.options.http_mode != HttpMode::Close;
    keep_captures(http, buffer.data(), &settings.captures);
    if let Some(e) = http.request.fields.violation() {
        bad::keep_request(s, env, 0, e);
    }
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.req.buffer.as_ref()) else {
        return Turn::Go(Phase::Closed);
    };
    if is_monitor(settings.http.monitor_uri.as_deref(), http, buffer.data()) {
        // Who watches the proxy does not fill its log.
        s.logged = true;
        env.proxies[s.frontend.0 as usize].fe.intercepted += 1;
        s.conclude(Cause::Local, Stage::Request);
        return reply::fail(s, env, 200);
    }
    if hold::must_hold(s, env) {
        return hold::begin(s, env);
    }
    Turn::Go(Phase::Route)
}

/// Keeps what `capture` asks for of the request.
fn keep_captures(http: &mut Exchange, bytes: &[u8], wanted: &Captures) {
    if !wanted.is_empty() {
        let headers =
            http.request.headers().iter().map(|field| (field.name.of(bytes), field.value.of(bytes)));
        http.captured.take_request(wanted, headers);
    }
}

/// Whether the request is for `monitor-uri`: its target, or the path of an absolute one where the uri is a path.
fn is_monitor(uri: Option<&str>, http: &Exchange, bytes: &[u8]) -> bool {
    let Some(uri) = uri.map(str::as_bytes) else { return false };
    let target = http.request.target.of(bytes);
    let parts = &http.asked.target;
    let path = parts.path.of(target);
    if uri.starts_with(b"/") {
        return path == uri;
    }
    match parts.normalised_host(target) {
        None => target == uri,
        Some(host) => {
            let kept = target.get(..usize::from(host.end)).unwrap_or(&[]);
            uri.strip_prefix(kept) == Some(path)
        }
    }
}

/// Lets the head go to the server, and the body after it.
pub fn release(s: &mut Stream) {
    let Some(http) = s.http.as_mut() else { return };
    http.request_released = true;
    s.req.delivered = 0;
    s.req.allow(http.request_head_len as u64);
    s.req_body = Body::Http1(BodyReader::begin(http.asked.body, &mut s.req));
}

/// The head breaks the protocol.
fn refused(s: &mut Stream, env: &mut Env, e: HeadError) -> Turn {
    bad::keep_request(s, env, 0, e);
    s.conclude(Cause::Proxy, Stage::Request);
    fail(s, env, e.request_status())
}

/// Answers what is no request: its frontend counts it as one, and the process where a line tells of it, as in the
/// reference.
fn fail(s: &mut Stream, env: &mut Env, status: u16) -> Turn {
    let now = env.now_ms();
    env.proxies[s.frontend.0 as usize].fe.http.count_request(now);
    reply::fail(s, env, status)
}

/// The head does not fit into a buffer.
fn too_long(s: &mut Stream, env: &mut Env) -> Turn {
    let e = HeadError::new(Wrong::HeadLength, s.req.waiting());
    refused(s, env, e)
}

/// The client closed before its head was whole.
fn ended(s: &mut Stream, env: &mut Env) -> Turn {
    let idle = s.req.waiting() == 0;
    let first = env.sessions.get(s.session).is_none_or(|x| x.requests == 0);
    let options = &env.proxy_settings(s.frontend).options;
    if idle && (!first || options.http_ignore_probes) {
        // Nothing was asked: nothing to tell.
        super::put_back(s, env);
        return Turn::Go(Phase::Closed);
    }
    s.conclude(Cause::ClientAbort, Stage::Request);
    exchange_of(s, env);
    fail(s, env, 400)
}

/// The head did not come in time.
pub fn timed_out(s: &mut Stream, env: &mut Env) -> Turn {
    let idle = s.req.waiting() == 0;
    let first = env.sessions.get(s.session).is_none_or(|x| x.requests == 0);
    let options = &env.proxy_settings(s.frontend).options;
    if idle && (!first || options.http_ignore_probes) {
        super::put_back(s, env);
        return Turn::Go(Phase::Closed);
    }
    exchange_of(s, env);
    s.conclude(Cause::ClientTimeout, Stage::Request);
    fail(s, env, 408)
}
