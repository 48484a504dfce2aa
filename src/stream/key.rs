//! The key of a request: what `balance source|uri|url_param|hdr|rdp-cookie` hash. Nothing is copied;
//! a stream keeps the hash alone.

use super::{Env, Stream};
use crate::balance::{header, rdp_cookie, source, url_param};
use crate::base::ids::ProxyId;
use crate::settings::{self, Balance};
use crate::sys::io as sys_io;
use crate::wire::http1::{Method, RequestHead};

/// Bytes of a client's first packet that are searched for an RDP cookie.
const RDP_PACKET_LEN_MAX: usize = 512;

/// The hash that chooses the server, when the backend's algorithm has keys and there is one here.
pub fn hash(s: &Stream, backend: ProxyId, env: &Env) -> Option<u32> {
    let settings = env.proxy_settings(backend);
    match &settings.balance {
        Balance::Source => {
            let client = env.sessions.get(s.session)?.peer.ip()?;
            Some(settings.hash_type.finish(source::hash(client)))
        }
        Balance::Uri(_) | Balance::UrlParam { .. } | Balance::Header { .. } => s.http.as_ref()?.balance_hash,
        Balance::RdpCookie { name } => rdp_cookie(s, env, name, |value| Some(settings.hash_type.of(value))),
        Balance::RoundRobin
        | Balance::StaticRr
        | Balance::LeastConn
        | Balance::First
        | Balance::Random { .. } => None,
    }
}

/// What `read` makes of the RDP cookie `name` in what of the client's first packet has arrived.
pub fn rdp_cookie<T>(s: &Stream, env: &Env, name: &str, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let front = env.conns.get(s.front)?;
    let mut packet = [0; RDP_PACKET_LEN_MAX];
    let len = sys_io::recv_peek(front.fd(), &mut packet).ok()?;
    read(rdp_cookie::value(packet.get(..len)?, name.as_bytes())?)
}

/// Whether the body must be there before a server can be chosen: a POST whose query lacks the parameter.
/// A client that waits to be asked for its body has no key (configuration.txt 4.2, `balance`).
pub fn may_be_in_body(s: &Stream, backend: ProxyId, env: &Env) -> bool {
    let Balance::UrlParam { name } = &env.proxy_settings(backend).balance else {
        return false;
    };
    let (Some(http), Some(buffer)) = (s.http.as_ref(), s.req.buffer.as_ref()) else { return false };
    let target = http.request.target.of(buffer.data());
    http.request.method == Method::Post
        && !http.asked.expect_continue
        && !http.prepared
        && url_param::in_query(target, name.as_bytes()).is_none()
}

/// The hash of the part of a request that the backend's algorithm looks at. `bytes` are the head as
/// it came, and what is there of the body.
pub fn of_request(backend: &settings::Proxy, head: &RequestHead, bytes: &[u8], chunked: bool) -> Option<u32> {
    let target = head.target.of(bytes);
    let key = match &backend.balance {
        Balance::Uri(part) => part.of(target),
        Balance::UrlParam { name } => {
            let name = name.as_bytes();
            let in_body = || {
                let body = bytes.get(usize::from(head.head_len)..)?;
                let body = if chunked { url_param::first_chunk(body) } else { body };
                (head.method == Method::Post).then(|| url_param::in_form(body, name)).flatten()
            };
            url_param::in_query(target, name).or_else(in_body)?
        }
        Balance::Header { name, domain_only } => {
            let field = head.fields.find(bytes, name.as_bytes())?;
            let element = header::element(field.value.of(bytes))?;
            if *domain_only { header::domain(element) } else { element }
        }
        Balance::RoundRobin
        | Balance::StaticRr
        | Balance::LeastConn
        | Balance::First
        | Balance::Source
        | Balance::Random { .. }
        | Balance::RdpCookie { .. } => return None,
    };
    Some(backend.hash_type.of(key))
}
