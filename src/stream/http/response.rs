//! The response: its head, and the body after it.

use super::failure::{aborted, closed_early, count_failed, malformed, reset_early};
use super::{Exchange, bad, checkcache, persistence, reply, retry, reuse};
use crate::base::ids::ProxyId;
use crate::channel::{Channel, UNLIMITED};
use crate::conn::mux::Body;
use crate::conn::mux::http1::BodyReader;
use crate::conn::transport::raw::{self, Read};
use crate::settings::RetryOn;
use crate::stream::forward::{Pumped, pump};
use crate::stream::{Cause, Env, Phase, Stage, Stream, Turn, connect, record, tcp};
use crate::wire::http1::{
    Body as Framing, ChunkLimits, ChunkParser, HeadError, Limits, Link, Parsed, ResponseFraming, Wrong,
    make_plain_response, response_edits,
};

/// Moves the response on. `Ok(true)` asks for another turn, `Err` is the turn to take instead.
pub fn advance(s: &mut Stream, env: &mut Env) -> Result<bool, Turn> {
    if !s.http.as_ref().is_some_and(|h| h.response_started) {
        match wait_head(s, env)? {
            Head::Waiting => return Ok(false),
            Head::Again => return Ok(true),
            Head::Started => {}
        }
    }
    if s.http.as_ref().is_some_and(|h| h.tunnel) {
        return Err(Turn::Go(Phase::Exchange));
    }
    body(s, env)
}

enum Head {
    Waiting,
    Again,
    Started,
}

/// Interim heads one turn passes on; a server that sends more lets the others have theirs first.
const INTERIMS_PER_TURN: u32 = 16;

/// Waits for the final head; interim ones pass through.
fn wait_head(s: &mut Stream, env: &mut Env) -> Result<Head, Turn> {
    let mut interims = 0;
    loop {
        if s.res.unjudged().is_some() {
            match parse(s, env)? {
                Some(Head::Started) => return Ok(Head::Started),
                Some(Head::Waiting | Head::Again) => {
                    interims += 1;
                    if interims < INTERIMS_PER_TURN {
                        continue;
                    }
                    flush_interim(s, env)?;
                    return Ok(Head::Again);
                }
                None => {}
            }
        }
        flush_interim(s, env)?;
        match receive(s, env) {
            Received::Bytes => {}
            Received::Nothing => return Ok(Head::Waiting),
            Received::Full => {
                let e = HeadError::new(Wrong::HeadLength, s.res.waiting());
                return Err(malformed(s, env, 0, e));
            }
            // Whoever tried to send was told of the reset, and reading tells of an end then.
            Received::End if !s.http.as_ref().is_some_and(|http| http.request_cut) => {
                return Err(closed_early(s, env));
            }
            Received::End | Received::Reset => return Err(reset_early(s, env)),
        }
    }
}

enum Received {
    Bytes,
    Nothing,
    Full,
    End,
    Reset,
}

fn receive(s: &mut Stream, env: &mut Env) -> Received {
    let Some(back) = s.back.and_then(|b| env.conns.get_mut(b)) else { return Received::End };
    let pools = &mut env.pools;
    let buffer = s.res.buffer.get_or_insert_with(|| pools.buffers.take());
    let limit = buffer.capacity().saturating_sub(env.settings.global.tune.maxrewrite);
    if buffer.len() >= limit {
        return Received::Full;
    }
    buffer.compact();
    let room = limit - buffer.len();
    let read = raw::read(back, buffer, room);
    s.res.release_idle(&mut pools.buffers, &mut pools.pipes);
    match read {
        Read::Bytes(n) => {
            back.note_read(env.clock.now_ms());
            s.res.bulk = n == room;
            Received::Bytes
        }
        Read::Blocked => Received::Nothing,
        Read::End => Received::End,
        Read::Failed(_) => Received::Reset,
    }
}

/// Sends interim heads on at once: the client may be waiting for a 100.
fn flush_interim(s: &mut Stream, env: &mut Env) -> Result<(), Turn> {
    if s.res.sendable() == 0 {
        return Ok(());
    }
    let Some(front) = env.conns.get_mut(s.front) else { return Err(Turn::Go(Phase::Closed)) };
    let sent = s.res.sendable();
    if let Some(buffer) = s.res.buffer.as_mut() {
        match raw::write(front, &buffer.data()[..sent], false) {
            raw::Write::Bytes(n) => {
                buffer.consume(n);
                s.res.sent(n);
            }
            raw::Write::Blocked => {}
            raw::Write::Failed(_) => return Err(super::client_gone(s)),
        }
    }
    Ok(())
}

/// Looks for a head at the first unjudged byte. `None`: not whole yet.
fn parse(s: &mut Stream, env: &mut Env) -> Result<Option<Head>, Turn> {
    let tune = &env.settings.global.tune;
    let limits = Limits {
        header_count_max: tune.http_maxhdr.min(u32::from(u16::MAX)) as u16,
        unsafe_violations: s
            .backend
            .is_some_and(|b| env.proxy_settings(b).options.accept_unsafe_violations_in_http_response),
        ..Limits::default()
    };
    let at = s.res.unjudged().unwrap_or(0);
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.res.buffer.as_mut()) else {
        return Err(Turn::Go(Phase::Closed));
    };
    match http.response.parse(&buffer.data()[at..], &limits) {
        Ok(Parsed::Partial) => return Ok(None),
        Ok(Parsed::Complete) => {}
        Err(e) => return Err(malformed(s, env, at, e)),
    }
    let used = buffer.len() - at;
    let window = &mut buffer.window_mut()[at..];
    match make_plain_response(&mut http.response, window, used, &limits, &mut http.edits) {
        Ok(used) => buffer.set_len(at + used),
        Err(_) => return Err(malformed(s, env, at, HeadError::new(Wrong::HeadLength, used))),
    }
    match ResponseFraming::of(&http.response, &buffer.data()[at..], http.asked.asked) {
        Ok(framing) => http.answered = framing,
        Err(e) => {
            if e.wrong == Wrong::Informational {
                count_answer(s, env);
            }
            return Err(malformed(s, env, at, e));
        }
    }
    if let Err(e) = look_at_chunks(http, &buffer.data()[at..]) {
        return Err(malformed(s, env, at, e));
    }
    if http.answered.body == Framing::Chunked {
        // What came with the head is judged with it: nothing of it has been used yet.
        let head_len = usize::from(http.response.head_len);
        let body = buffer.data().get(at + head_len..).unwrap_or(&[]);
        if let Err(e) = ChunkParser::default().walk(body, &ChunkLimits::default()) {
            return Err(malformed(s, env, at, e.moved_by(head_len)));
        }
    }
    let status = http.response.status;
    let violation = http.response.fields.violation();
    if let Some(e) = violation {
        bad::keep_response(s, env, at, e);
    }
    let is_interim = s.http.as_ref().is_some_and(|http| http.answered.interim);
    if !is_interim && let Some(turn) = retry::retry(s, env, RetryOn::status(status)) {
        return Err(turn);
    }
    count_answer(s, env);
    if is_interim {
        return pass_interim(s, env, at).map(Some);
    }
    let Some(http) = s.http.as_mut() else { return Err(Turn::Go(Phase::Closed)) };
    env.pools.buffers.put(http.kept.take());
    http.status = status;
    http.response_started = true;
    s.marks.response_ms = Some(env.now_ms());
    start(s, env, at).map(|()| Some(Head::Started))
}

/// What has come of a chunked body is looked at before the client hears of the answer.
fn look_at_chunks(http: &Exchange, bytes: &[u8]) -> Result<(), HeadError> {
    if http.answered.body != Framing::Chunked {
        return Ok(());
    }
    let head_len = usize::from(http.response.head_len);
    let body = bytes.get(head_len..).unwrap_or(&[]);
    let looked = ChunkParser::default().walk(body, &ChunkLimits::default());
    looked.map(drop).map_err(|e| e.moved_by(head_len))
}

/// A server's requests are the answers that it gave and that were used, interim ones included, as in the reference.
fn count_answer(s: &Stream, env: &mut Env) {
    if let (Some(server), Some(http)) = (s.server, &s.http) {
        let counters = &mut env.server(server).counters.http;
        counters.requests += 1;
        counters.count_response(http.response.status);
    }
}

/// A 1xx goes on as it came; a client of HTTP/1.0 does not know them (RFC 9110 section 15.2).
fn pass_interim(s: &mut Stream, env: &mut Env, at: usize) -> Result<Head, Turn> {
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.res.buffer.as_mut()) else {
        return Err(Turn::Go(Phase::Closed));
    };
    let len = usize::from(http.response.head_len);
    adjust_case(&mut buffer.window_mut()[at..at + len], s.frontend, env);
    match http.asked.asked.version {
        crate::wire::http1::Version::V10 => buffer.delete(at..at + len),
        crate::wire::http1::Version::V11 => s.res.allow(len as u64),
    }
    http.response.clear();
    Ok(Head::Waiting)
}

/// Lets the final head go, edited, and starts on the body.
fn start(s: &mut Stream, env: &mut Env, at: usize) -> Result<(), Turn> {
    let stopping = env.parts_with(s.session);
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.res.buffer.as_mut()) else {
        return Err(Turn::Go(Phase::Closed));
    };
    http.keep_back &= http.answered.keep_alive;
    http.keep_front &= http.answered.client_keep_alive && !stopping;
    let link = if http.keep_front { Link::Keep } else { Link::Close };
    if reuse::authenticates_connection(&http.response, &buffer.data()[at..]) {
        if let Some(back) = s.back.and_then(|b| env.conns.get_mut(b)) {
            back.is_private = true;
        }
        if let Some(session) = env.sessions.get_mut(s.session) {
            session.has_private = true;
        }
    }
    let captures = &env.settings.proxies[s.frontend.0 as usize].captures;
    if !captures.is_empty() {
        let bytes = &buffer.data()[at..];
        let headers =
            http.response.headers().iter().map(|field| (field.name.of(bytes), field.value.of(bytes)));
        http.captured.take_response(captures, headers);
    }
    http.edits.clear();
    let head_len = usize::from(http.response.head_len);
    if let (Some(backend), Some(server)) = (s.backend, s.server) {
        let settings = &env.settings.proxies;
        let sides = (&settings[s.frontend.0 as usize], &settings[backend.0 as usize]);
        let server = &env.servers[server.0 as usize];
        let bytes = &buffer.data()[at..];
        let hidden = persistence::edit_response(http, bytes, sides, server, env.clock.wall().secs);
        if sides.1.options.checkcache && !hidden && checkcache::shares_cookie(http, bytes) {
            return Err(checkcache::block(s, env));
        }
    }
    response_edits(
        &http.response,
        &buffer.data()[at..],
        &http.answered,
        http.asked.asked,
        link,
        &mut http.edits,
    );
    let mut allowed = head_len;
    if !http.edits.is_empty() {
        let used = buffer.len() - at;
        match http.edits.apply(&mut buffer.window_mut()[at..], used, head_len) {
            Ok(applied) => {
                buffer.set_len(at + applied.used);
                allowed = applied.head_len;
            }
            Err(_) => {
                http.response_started = false;
                s.conclude(Cause::Proxy, Stage::Headers);
                return Err(reply::fail(s, env, 500));
            }
        }
    }
    adjust_case(&mut buffer.window_mut()[at..at + allowed], s.frontend, env);
    s.res.allow(allowed as u64);
    begin_body(&mut s.res, &mut s.res_body, http);
    if http.tunnel {
        s.req.budget = UNLIMITED;
        s.req_body = Body::Tunnel;
    }
    record::log_early(s, env, allowed);
    Ok(())
}

/// Gives the header names the case that clients of `frontend` want.
fn adjust_case(head: &mut [u8], frontend: ProxyId, env: &Env) {
    if env.proxy_settings(frontend).http.adjusts_client {
        env.settings.global.header_cases.adjust(head);
    }
}

fn begin_body(channel: &mut Channel, body: &mut Body, http: &mut Exchange) {
    http.tunnel = http.answered.body == Framing::Tunnel;
    *body = match http.tunnel {
        true => {
            channel.budget = UNLIMITED;
            Body::Tunnel
        }
        false => Body::Http1(BodyReader::begin(http.answered.body, channel)),
    };
}

/// Moves the body.
fn body(s: &mut Stream, env: &mut Env) -> Result<bool, Turn> {
    let Some(back_id) = s.back else { return Err(Turn::Go(Phase::Closed)) };
    let options =
        s.backend.map_or(&env.proxy_settings(s.frontend).options, |b| &env.proxy_settings(b).options);
    let splice = tcp::splice_response(options, env);
    let now = env.clock.now_ms();
    let Some((front, back)) = env.conns.pair_mut(s.front, back_id) else {
        return Err(Turn::Go(Phase::Closed));
    };
    match pump(&mut s.res, &mut s.res_body, back, front, &mut env.pools, splice, now) {
        Pumped::Idle => Ok(false),
        Pumped::Again => Ok(true),
        Pumped::Done => {
            if let Some(http) = s.http.as_mut() {
                http.response_done = true;
            }
            Ok(false)
        }
        // The client has heard nothing of this answer yet: it is told what is the matter.
        Pumped::Malformed(e) if s.res.delivered == 0 && !s.logged => {
            let at = s.res.unjudged().unwrap_or(0);
            if let Some(http) = s.http.as_mut() {
                http.response_started = false;
            }
            s.marks.response_ms = None;
            Err(malformed(s, env, 0, e.moved_by(at)))
        }
        Pumped::Malformed(e) => {
            let at = s.res.unjudged().unwrap_or(0);
            bad::keep_response(s, env, 0, e.moved_by(at));
            count_failed(s, env);
            s.conclude(Cause::ServerAbort, Stage::Data);
            connect::end_back(s, env);
            Err(Turn::Go(Phase::Closed))
        }
        Pumped::Truncated | Pumped::SourceFailed(_) => Err(aborted(s, env)),
        Pumped::SinkFailed(_) => {
            s.conclude(Cause::ClientAbort, Stage::Data);
            Err(Turn::Go(Phase::Closed))
        }
    }
}
