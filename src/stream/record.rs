//! What a log line tells of a stream, and the unique id of its request.

use super::finish::timers;
use super::{Env, Outcome, Stream, connect, http};
use crate::base::ids::ServerId;
use crate::log::logger::Line;
use crate::log::record::{Load, Record};
use crate::settings::log_format::{Format, Tag};
use crate::settings::{Level, LogLine, Proxy as ProxySettings};
use crate::sys::addr::SockAddr;
use crate::sys::io as sys_io;
use crate::sys::socket;

/// Bytes of a unique id at most; a longer one is cut, as in the reference.
const UNIQUE_ID_LEN_MAX: usize = 127;

/// Writes the log line of the exchange, unless it was written or nobody wants it.
pub fn log(s: &mut Stream, env: &mut Env) {
    write(s, env, None);
}

/// Writes it as soon as the response head of `head_len` bytes may go, for `option logasap`.
pub fn log_early(s: &mut Stream, env: &mut Env, head_len: usize) {
    if env.proxy_settings(s.frontend).options.logasap {
        write(s, env, Some(head_len as u64));
    }
}

/// The line; an early one when `leaving` bytes are about to be sent to the client.
fn write(s: &mut Stream, env: &mut Env, leaving: Option<u64>) {
    if s.logged {
        return;
    }
    s.logged = true;
    let settings = env.proxy_settings(s.frontend);
    if settings.logs.is_empty() {
        return;
    }
    let outcome = s.outcome.unwrap_or(Outcome::NORMAL);
    let options = &settings.options;
    let normal = outcome.is_normal() && s.retries == 0 && !http::is_failure(s);
    // The short line of TCP mode tells of every connection, and an early one of those without data too, as in the
    // reference.
    let may_be_hidden = s.is_http || settings.log_format.is_some();
    if options.dontlog_normal && normal && may_be_hidden {
        return;
    }
    if options.dontlognull && may_be_hidden && leaving.is_none() && is_null(s, env) {
        return;
    }
    // The short default line tells of connections, not of what was no request.
    let understood = !s.is_http || http::has_request(s);
    if !understood && settings.log_format.is_none() && settings.error_log_format.is_none() {
        return;
    }
    number(s, env);
    let own_id = session_id(s, env, settings);
    let format = match &settings.error_log_format {
        Some(error_format) if !understood => Some(error_format),
        _ => settings.log_format.as_ref(),
    };
    let line = Line {
        tag: env.tag(s.frontend),
        level: if normal || !options.log_separate_errors { Level::Info } else { Level::Err },
        format,
        // The short default line comes without.
        sd: settings.log_format_sd.as_ref().filter(|_| format.is_some()),
    };
    let local = local_address(s, env, format);
    let mut page = env.logger.page();
    if let Some(mut record) = record(s, env, local.as_ref()) {
        record.unique_id = record.unique_id.or(own_id.as_deref());
        record.bytes_out += leaving.unwrap_or(0);
        env.logger.write(&mut page, line, &record, &env.clock);
    }
    env.logger.send_page(page, &settings.logs, line, &env.clock);
    let proxy = env.proxy(s.frontend);
    proxy.log_lines = proxy.log_lines.wrapping_add(1);
}

/// Whether the client sent nothing (`option dontlognull`).
fn is_null(s: &Stream, env: &Env) -> bool {
    // Nobody read what came before a server was there.
    let unread = || env.conns.get(s.front).is_some_and(|f| matches!(sys_io::unread_len(f.fd()), Ok(1..)));
    s.req.delivered == 0 && s.req.waiting() == 0 && !http::has_request(s) && !unread()
}

/// Gives the request its number in the process, unless it has one.
pub fn number(s: &mut Stream, env: &mut Env) {
    if s.request_counter.is_none() {
        // `rt` has 32 bits in the reference too.
        s.request_counter = Some(env.counters.requests as u32);
        env.counters.requests += 1;
    }
}

/// Everything a line can tell of `s` now. `local` replaces the listener's address where that says too little.
fn record<'a>(s: &'a Stream, env: &'a Env, local: Option<&'a SockAddr>) -> Option<Record<'a>> {
    let settings = env.proxy_settings(s.frontend);
    let session = env.sessions.get(s.session)?;
    let listener = env.listeners.get(session.listener);
    let backend = s.backend.map(|b| &env.proxies[b.0 as usize]);
    let frontend = &env.proxies[s.frontend.0 as usize];
    let started_us = (s.marks.start_ms - session.accepted_ms.min(s.marks.start_ms)) * 1000;
    let http = s.http.as_ref().filter(|h| h.has_line);
    let named = s.server.filter(|id| env.settings.server_name(*id).is_some());
    let (back_source, server_address) = match &s.back_addresses {
        Some(both) => (both.source.clone(), both.server.clone()),
        None => (None, None),
    };
    Some(Record {
        client: &session.peer,
        local: local.or(listener.map(|l| &l.address)).unwrap_or(&SockAddr::Unnamed),
        listener_id: listener.map_or(0, |l| l.socket_id),
        accept: session.accepted,
        request: session.accepted.plus_micros(started_us),
        frontend: &settings.name,
        mode: if s.is_http { "HTTP" } else { "TCP" },
        backend: s.backend.map_or(settings.name.as_str(), |b| &env.settings.proxies[b.0 as usize].name),
        server: named.map(|id| env.settings.server(id).name.as_str()),
        timers: timers(s, session.accepted_ms, env.clock.now_ms()),
        status: if s.is_http { http::logged_status(s) } else { 0 },
        // What was made here did not come from a server.
        bytes_out: if http::is_local(s) { 0 } else { s.res.delivered },
        bytes_in: s.req.delivered,
        captured: http.map(|h| &h.captured),
        back_source,
        server_address,
        unique_id: http.map(|h| h.unique_id.as_slice()).filter(|id| !id.is_empty()),
        request_counter: s.request_counter.unwrap_or_default(),
        log_counter: frontend.log_lines,
        flags: http::persistence::flags(s, env),
        load: Load {
            actconn: env.counters.conn.cur,
            feconn: frontend.fe.sess.cur,
            beconn: backend.map_or(0, |b| b.be.sess.cur),
            srvconn: named.map_or(0, |id| u64::from(env.servers[id.0 as usize].slots_used)),
            retries: s.retries,
            redispatched: s.redispatched,
            srv_queue: u64::from(s.queue_positions.0),
            backend_queue: u64::from(s.queue_positions.1),
        },
        request_line: http.map(|h| h.line.as_slice()),
        asap: settings.options.logasap,
    })
}

/// Where the client connected to, for a line that tells it and a listener that is bound to any address.
fn local_address(s: &Stream, env: &Env, format: Option<&Format>) -> Option<SockAddr> {
    if !format.is_none_or(|f| f.has_any(&[Tag::FrontendIp, Tag::FrontendPort])) {
        return None;
    }
    let listener = env.sessions.get(s.session).and_then(|x| env.listeners.get(x.listener))?;
    let any = listener.address.ip().is_some_and(|ip| ip.is_unspecified());
    env.conns.get(s.front).filter(|_| any).and_then(|front| socket::local_addr(front.fd()).ok())
}

/// Makes the id of a request just received, for its header and its line (`unique-id-format`).
pub fn make_unique_id(s: &mut Stream, env: &mut Env) {
    let Some(format) = &env.proxy_settings(s.frontend).unique_id_format else { return };
    let mut id = s.http.as_mut().map(|h| std::mem::take(&mut h.unique_id)).unwrap_or_default();
    write_unique_id(&mut id, s, env, format);
    if let Some(http) = s.http.as_mut() {
        http.unique_id = id;
    }
}

/// The id of a session without HTTP, for a line that tells it.
fn session_id(s: &Stream, env: &Env, settings: &ProxySettings) -> Option<Vec<u8>> {
    let format = settings.unique_id_format.as_ref().filter(|_| !s.is_http)?;
    let told = [&settings.log_format, &settings.log_format_sd];
    if !told.into_iter().flatten().any(|f| f.has_any(&[Tag::UniqueId])) {
        return None;
    }
    let mut id = Vec::new();
    write_unique_id(&mut id, s, env, format);
    Some(id)
}

/// Writes a part of an answer of the operator's own to `out`. It is made before anybody is to blame, so its flags tell
/// nothing, as in the reference.
pub fn write_answer(out: &mut Vec<u8>, format: &Format, s: &Stream, env: &Env) {
    let local = local_address(s, env, Some(format));
    if let Some(mut record) = record(s, env, local.as_ref()) {
        record.flags = *b"----";
        env.logger.render(out, format, &record, &env.clock);
    }
}

fn write_unique_id(id: &mut Vec<u8>, s: &Stream, env: &Env, format: &Format) {
    id.clear();
    let local = local_address(s, env, Some(format));
    if let Some(record) = record(s, env, local.as_ref()) {
        env.logger.render(id, format, &record, &env.clock);
    }
    id.truncate(UNIQUE_ID_LEN_MAX);
}

/// Where a connection to a server came from and went.
#[derive(Debug)]
pub struct BackAddresses {
    /// Its own end.
    pub source: Option<SockAddr>,
    /// The server's end.
    pub server: Option<SockAddr>,
}

/// Notes the ends of the connection just taken to `server`, when the frontend's line tells them.
pub fn note_back(s: &mut Stream, env: &Env, server: ServerId) {
    const TOLD: &[Tag] = &[Tag::BackendSourceIp, Tag::BackendSourcePort, Tag::ServerIp, Tag::ServerPort];
    let settings = env.proxy_settings(s.frontend);
    if settings.log_line != LogLine::Custom || !settings.log_format.as_ref().is_some_and(|f| f.has_any(TOLD))
    {
        return;
    }
    let back = s.back.and_then(|id| env.conns.get(id));
    let source = back.and_then(|conn| socket::local_addr(conn.fd()).ok());
    s.back_addresses = Some(Box::new(BackAddresses { source, server: connect::destination(s, server, env) }));
}
