//! What a request head gets before it goes to a server: headers of our own, the `connection` line, what
//! forwarding must mend. Done once, when its backend is known.

use super::{persistence, reply, restrict};
use crate::settings::{AddressHeader, HttpMode, Proxy};
use crate::stream::{Cause, Env, Stage, Stream, Turn, key};
use crate::sys::socket;
use crate::wire::http1::{Body, Edits, Known, Link, Range16, RequestHead, request_edits};
use std::io::Write;
use std::net::IpAddr;

/// Edits the head that waits in the request's buffer. `Some` is the turn to take instead of going on.
pub fn prepare(s: &mut Stream, env: &mut Env) -> Option<Turn> {
    let (front, back) = sides(s, env);
    // A process that ends keeps no connections for later.
    let stopping = env.stopping();
    let [told, original] = addresses(s, env, front, back);
    if let Some(backend) = s.backend.filter(|_| s.http.as_ref().is_some_and(|http| !http.prepared))
        && let Some(turn) = restrict::apply(s, env, backend)
    {
        return Some(turn);
    }
    let (Some(http), Some(buffer)) = (s.http.as_mut(), s.req.buffer.as_mut()) else { return None };
    if std::mem::replace(&mut http.prepared, true) {
        return None;
    }
    let keeps = front.options.http_mode == HttpMode::KeepAlive
        && back.options.http_mode == HttpMode::KeepAlive
        && !stopping;
    http.keep_back = http.asked.server_keep_alive && keeps;
    http.keep_back_wanted = http.keep_back;
    let pretends = http.asked.server_keep_alive && back.http.pretend_keepalive;
    let link = if http.keep_back || pretends { Link::Keep } else { Link::Close };
    if let Some(name) = front.unique_id_header.as_ref().filter(|_| !http.unique_id.is_empty()) {
        add_header(&mut http.edits, &http.request, name.as_bytes(), &http.unique_id);
    }
    let live = (env.proxies.as_slice(), env.servers.as_slice());
    persistence::read_request(http, buffer.data(), (front, back), live, s.backend, env.clock.wall().secs);
    let (head, bytes) = (&http.request, buffer.data());
    if back.balance.needs_http() {
        let chunked = http.asked.body == Body::Chunked;
        http.balance_hash = key::of_request(back, head, bytes, chunked);
    }
    let forwardfor = back.http.forwardfor.as_ref().or(front.http.forwardfor.as_ref());
    let if_none = every_side(front, back, |p| p.http.forwardfor.as_ref(), |header| header.if_none);
    if let (Some(header), Some(ip)) = (forwardfor, told) {
        if !if_none || head.fields.find(bytes, header.name.as_bytes()).is_none() {
            add_address(&mut http.edits, head, header, ip);
        }
    }
    let originalto = back.http.originalto.as_ref().or(front.http.originalto.as_ref());
    if let (Some(header), Some(ip)) = (originalto, original) {
        add_address(&mut http.edits, head, header, ip);
    }
    if http.holds_expect {
        head.fields.all(Known::Expect).for_each(|field| http.edits.delete(field.line));
    }
    request_edits(head, bytes, &http.asked, link, &mut http.edits);
    if !http.edits.is_empty() {
        let (used, head_len) = (buffer.len(), http.request_head_len);
        let Ok(applied) = http.edits.apply(buffer.window_mut(), used, head_len) else {
            s.conclude(Cause::Proxy, Stage::Request);
            return Some(reply::fail(s, env, 500));
        };
        buffer.set_len(applied.used);
        http.request_head_len = applied.head_len;
    }
    if back.http.adjusts_server {
        env.settings.global.header_cases.adjust(&mut buffer.window_mut()[..http.request_head_len]);
    }
    None
}

/// The proxies whose settings count: a frontend's own ones where no backend is known.
fn sides(s: &Stream, env: &Env) -> (&'static Proxy, &'static Proxy) {
    let front = env.proxy_settings(s.frontend);
    (front, s.backend.map_or(front, |b| env.proxy_settings(b)))
}

/// Whether `test` holds on each side that has the header.
fn every_side(
    front: &Proxy,
    back: &Proxy,
    header: fn(&Proxy) -> Option<&AddressHeader>,
    test: fn(&AddressHeader) -> bool,
) -> bool {
    [header(front), header(back)].into_iter().flatten().all(test)
}

/// The addresses to tell by `option forwardfor` and `option originalto`: none where neither side asks for it or
/// one of them excepts it.
fn addresses(s: &Stream, env: &Env, front: &Proxy, back: &Proxy) -> [Option<IpAddr>; 2] {
    let told = |header: fn(&Proxy) -> Option<&AddressHeader>, address: &dyn Fn() -> Option<IpAddr>| {
        header(front).or(header(back))?;
        let ip = address()?;
        let excepts = |p: &Proxy| header(p).and_then(|h| h.except).is_some_and(|net| net.contains(ip));
        (!excepts(front) && !excepts(back)).then_some(ip)
    };
    let source = || Some(env.sessions.get(s.session)?.peer.inet()?.ip());
    let destination = || Some(socket::local_addr(env.conns.get(s.front)?.fd()).ok()?.inet()?.ip());
    [told(|p| p.http.forwardfor.as_ref(), &source), told(|p| p.http.originalto.as_ref(), &destination)]
}

/// Bytes of the longest IPv6 address in text.
const IP_LEN_MAX: usize = 45;

fn add_address(edits: &mut Edits, head: &RequestHead, header: &AddressHeader, ip: IpAddr) {
    let mut text = [0u8; IP_LEN_MAX];
    let mut rest = &mut text[..];
    let _ = write!(rest, "{ip}");
    let len = IP_LEN_MAX - rest.len();
    add_header(edits, head, header.name.as_bytes(), &text[..len]);
}

/// Adds a line at the end of the head.
fn add_header(edits: &mut Edits, head: &RequestHead, name: &[u8], value: &[u8]) {
    let end = head.fields.end();
    edits.replace_parts(Range16 { start: end, end }, [name, b": ", value, b"\r\n"]);
}
