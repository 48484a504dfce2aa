//! `redir` of a server: its clients are sent to another place instead of to it (configuration.txt 5.2).

use super::reply;
use crate::base::ids::ServerId;
use crate::stream::{Cause, Env, Stage, Stream, Turn, connect};
use crate::wire::http1::{self, Method};

/// Answers a GET or HEAD that was to go to a server with `redir`. Other requests, and those without a path, go to it.
pub fn instead_of(server: ServerId, s: &mut Stream, env: &mut Env) -> Option<Turn> {
    let prefix = env.settings.server(server).redir.as_deref()?;
    let http = s.http.as_ref()?;
    if !matches!(http.asked.asked.method, Method::Get | Method::Head) {
        return None;
    }
    let head = s.req.buffer.as_ref()?.data();
    let path = path(head.split(|byte| *byte == b' ').nth(1)?)?;
    let mut answer = Vec::new();
    http1::write_redirect(&mut answer, prefix.as_bytes(), path);
    connect::count_session_without(server, env);
    if answer.len() > env.settings.global.tune.bufsize {
        s.conclude(Cause::Proxy, Stage::Connect);
        return Some(reply::fail(s, env, 500));
    }
    s.conclude(Cause::Local, Stage::Connect);
    Some(reply::close_with(s, env, 302, answer))
}

/// The path of a target and what follows it.
fn path(target: &[u8]) -> Option<&[u8]> {
    if target.starts_with(b"/") {
        return Some(target);
    }
    let scheme = target.windows(3).position(|part| part == b"://")?;
    let authority = &target[scheme + 3..];
    authority.iter().position(|byte| *byte == b'/').map(|at| &authority[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_at_its_slash() {
        for (target, expected) in [
            ("/a?b", Some("/a?b")),
            ("http://h/a/b?c", Some("/a/b?c")),
            ("http://h", None),
            ("http://", None),
            ("*", None),
            ("h:80", None),
        ] {
            assert_eq!(path(target.as_bytes()), expected.map(str::as_bytes), "{target}");
        }
    }
}
