//! The server ends an exchange before its answer is through, or answers what is no answer: whether the request is sent
//! again, what the client is told, what is counted.

use super::{bad, reply, retry};
use crate::settings::RetryOn;
use crate::stream::{Cause, Env, Phase, Stage, Stream, Turn, connect, finish, route};
use crate::wire::http1::HeadError;

/// The server broke the exchange off when its answer was on its way.
pub fn aborted(s: &mut Stream, env: &mut Env) -> Turn {
    finish::count_server_abort(s, env);
    s.conclude(Cause::ServerAbort, Stage::Data);
    Turn::Go(Phase::Closed)
}

/// The server closed before it answered.
pub fn closed_early(s: &mut Stream, env: &mut Env) -> Turn {
    if let Some(turn) = retry::retry(s, env, RetryOn::EMPTY_RESPONSE) {
        return turn;
    }
    let nothing_came = s.res.waiting() == 0;
    let reused = s.http.as_ref().is_some_and(|h| h.reused);
    let first = env.sessions.get(s.session).is_none_or(|x| x.requests <= 1);
    if nothing_came && reused && !first {
        // The connection was closed while the request travelled: the client is to send it again, so it
        // gets no answer to mistake for the server's, and nothing has happened.
        connect::drop_back(s, env);
        finish::forget(s, env);
        return Turn::Go(Phase::Closed);
    }
    count_failed(s, env);
    s.conclude(Cause::ServerAbort, Stage::Headers);
    reply::fail(s, env, 502)
}

/// The server reset before it answered. That counts besides what becomes of the request, as in the reference; a
/// client that is not through with its request gets no answer.
pub fn reset_early(s: &mut Stream, env: &mut Env) -> Turn {
    if s.http.as_ref().is_some_and(|http| http.request_done && !http.request_cut) {
        count_failed(s, env);
        return closed_early(s, env);
    }
    connect::drop_back(s, env);
    aborted(s, env)
}

/// The server's message, counted from byte `from` of what waits, breaks the protocol or does not fit.
pub fn malformed(s: &mut Stream, env: &mut Env, from: usize, e: HeadError) -> Turn {
    bad::keep_response(s, env, from, e);
    count_failed(s, env);
    if let Some(turn) = retry::retry(s, env, RetryOn::JUNK_RESPONSE) {
        return turn;
    }
    s.conclude(Cause::Proxy, Stage::Headers);
    reply::fail(s, env, e.response_status())
}

/// Adds to `eresp`.
pub fn count_failed(s: &Stream, env: &mut Env) {
    if let Some(server) = s.server {
        route::count(server, env, |counters| counters.failed_resp += 1);
    }
}
