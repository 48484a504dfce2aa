//! HTTP mode: what a stream does besides moving bytes.

pub mod bad;
pub mod checkcache;
pub mod failure;
pub mod hold;
pub mod name;
pub mod persistence;
pub mod prepare;
pub mod redirect;
pub mod reply;
pub mod request;
pub mod response;
pub mod restrict;
pub mod retry;
pub mod reuse;

use super::forward::{Pumped, pump};
use super::{Cause, Env, Phase, Stage, Stream, Turn, abort, connect, finish, tcp};
use crate::base::buffer::Buffer;
use crate::log::Captured;
use crate::proxy::persistence::Persistence;
use crate::settings::RetryOn;
use crate::wire::http1::{ChunkParser, Edits, RequestFraming, RequestHead, ResponseFraming, ResponseHead};

/// What one HTTP exchange needs besides its channels. Used again for the next one, so that a request
/// costs no allocation.
#[derive(Debug)]
pub struct Exchange {
    /// The request head's fields, as offsets.
    pub request: RequestHead,
    /// The response head's fields, as offsets.
    pub response: ResponseHead,
    /// What the request head means.
    pub asked: RequestFraming,
    /// What the response head means.
    pub answered: ResponseFraming,
    /// Changes to make to a head.
    pub edits: Edits,
    /// The request line for the log, blanks and target normalised; cut to `tune.http.logurilen`.
    pub line: Vec<u8>,
    /// The request line was understood.
    pub has_line: bool,
    /// What `capture` keeps of both messages.
    pub captured: Captured,
    /// Which server its cookie names, and what became of cookies.
    pub persistence: Persistence,
    /// What `unique-id-format` made for the request; empty for none.
    pub unique_id: Vec<u8>,
    /// Bytes of the request head after edits; it waits unjudged in the buffer until a server is there.
    pub request_head_len: usize,
    /// The head was made ready for a server.
    pub prepared: bool,
    /// It waited for its body (`option http-buffer-request`).
    pub held: bool,
    /// Bytes of a held body that were looked at, and by whom.
    pub held_len: usize,
    /// See `held_len`.
    pub held_chunks: ChunkParser,
    /// The client was told to go on with its body: the server is not asked to do so.
    pub holds_expect: bool,
    /// Hash of the part of the request that `balance` looks at.
    pub balance_hash: Option<u32>,
    /// The request as it was sent, for another try (`retry-on`).
    pub kept: Option<Buffer>,
    /// As `keep_back`, before the response had its say.
    pub keep_back_wanted: bool,
    /// Status sent to the client; 0 before.
    pub status: u16,
    /// The request head may go to the server.
    pub request_released: bool,
    /// All of the request left, or the server stopped reading it.
    pub request_done: bool,
    /// The server stopped reading the request.
    pub request_cut: bool,
    /// The final response head was let through.
    pub response_started: bool,
    /// All of the response left.
    pub response_done: bool,
    /// Upgraded or CONNECT: bytes without meaning from here on.
    pub tunnel: bool,
    /// The server connection carried a request before this one.
    pub reused: bool,
    /// The reply is made here.
    pub local: bool,
    /// The request was refused as one that is not wanted: it has been counted as that.
    pub denied: bool,
    /// The client's connection may carry another request.
    pub keep_front: bool,
    /// The server's connection may carry another request.
    pub keep_back: bool,
}

/// Headers kept room for at first; more make the list grow up to `tune.http.maxhdr`.
const HEADER_ROOM: usize = 24;

impl Default for Exchange {
    fn default() -> Self {
        Exchange {
            request: RequestHead::with_capacity(HEADER_ROOM),
            response: ResponseHead::with_capacity(HEADER_ROOM),
            asked: RequestFraming::default(),
            answered: ResponseFraming::default(),
            edits: Edits::default(),
            line: Vec::new(),
            has_line: false,
            captured: Captured::default(),
            persistence: Persistence::default(),
            unique_id: Vec::new(),
            request_head_len: 0,
            prepared: false,
            held: false,
            held_len: 0,
            held_chunks: ChunkParser::default(),
            holds_expect: false,
            balance_hash: None,
            kept: None,
            keep_back_wanted: false,
            status: 0,
            request_released: false,
            request_done: false,
            request_cut: false,
            response_started: false,
            response_done: false,
            tunnel: false,
            reused: false,
            local: false,
            denied: false,
            keep_front: false,
            keep_back: false,
        }
    }
}

impl Exchange {
    /// Makes it ready for another exchange, keeping its memory.
    pub fn reset(&mut self) {
        self.request.clear();
        self.response.clear();
        self.edits.clear();
        self.line.clear();
        self.captured.clear();
        self.persistence.clear();
        self.unique_id.clear();
        self.asked = RequestFraming::default();
        self.answered = ResponseFraming::default();
        self.has_line = false;
        self.request_head_len = 0;
        self.prepared = false;
        self.held = false;
        self.held_len = 0;
        self.held_chunks = ChunkParser::default();
        self.holds_expect = false;
        self.balance_hash = None;
        self.keep_back_wanted = false;
        self.status = 0;
        self.request_released = false;
        self.request_done = false;
        self.request_cut = false;
        self.response_started = false;
        self.response_done = false;
        self.tunnel = false;
        self.reused = false;
        self.local = false;
        self.denied = false;
        self.keep_front = false;
        self.keep_back = false;
    }
}

/// Exchanges kept for reuse at most.
const IDLE_EXCHANGES_MAX: usize = 256;

/// Gives the exchange's memory back to the pool.
pub fn put_back(s: &mut Stream, env: &mut Env) {
    if let Some(mut http) = s.http.take() {
        env.pools.buffers.put(http.kept.take());
        if env.pools.exchanges.len() < IDLE_EXCHANGES_MAX {
            http.reset();
            env.pools.exchanges.push(http);
        }
    }
}

/// Moves request and response until neither can go on.
pub fn exchange(s: &mut Stream, env: &mut Env) -> Turn {
    if s.http.as_ref().is_some_and(|h| h.tunnel) {
        return tcp::exchange(s, env);
    }
    let mut again = false;
    match forward_request(s, env) {
        Ok(more) => again |= more,
        Err(turn) => return turn,
    }
    match response::advance(s, env) {
        Ok(more) => again |= more,
        Err(turn) => return turn,
    }
    let Some(http) = &s.http else { return Turn::Go(Phase::Closed) };
    if http.response_done && http.request_done {
        return over(s, env);
    }
    if again {
        return Turn::Again;
    }
    let left = match http.response_started {
        true => abort::while_answered(s, env),
        false => abort::while_served(s, env),
    };
    left.unwrap_or(Turn::Wait)
}

/// Sends what there is of the request. `Err` is the turn to take instead of going on.
fn forward_request(s: &mut Stream, env: &mut Env) -> Result<bool, Turn> {
    if s.http.as_ref().is_some_and(|http| !http.request_released) {
        if let Some(turn) = name::tell_name(s, env) {
            return Err(turn);
        }
        retry::keep(s, env);
        request::release(s);
    }
    let Some(http) = s.http.as_mut() else { return Err(Turn::Go(Phase::Closed)) };
    if http.request_done {
        return Ok(false);
    }
    let Some(back_id) = s.back else { return Ok(false) };
    let splice = tcp::splice_request(&env.proxy_settings(s.frontend).options, env);
    let now = env.clock.now_ms();
    let Some((front, back)) = env.conns.pair_mut(s.front, back_id) else {
        return Err(Turn::Go(Phase::Closed));
    };
    match pump(&mut s.req, &mut s.req_body, front, back, &mut env.pools, splice, now) {
        Pumped::Idle => Ok(false),
        Pumped::Again => Ok(true),
        Pumped::Done => {
            http.request_done = true;
            Ok(false)
        }
        Pumped::Truncated | Pumped::SourceFailed(_) => Err(client_gone(s)),
        Pumped::SinkFailed(_) => {
            if s.req.delivered == 0 && http.reused {
                return Err(connect::lost_before_sent(s, env));
            }
            if http.response_done {
                return Err(failure::aborted(s, env));
            }
            // The server may have answered before it stopped reading: its response decides.
            http.request_done = true;
            http.request_cut = true;
            http.keep_back = false;
            http.keep_front = false;
            Ok(false)
        }
        Pumped::Malformed(e) => {
            let at = s.req.unjudged().unwrap_or(0);
            bad::keep_request(s, env, 0, e.moved_by(at));
            env.proxies[s.frontend.0 as usize].fe.failed_req += 1;
            let Some(http) = &s.http else { return Err(Turn::Go(Phase::Closed)) };
            let stage = if http.response_started { Stage::Data } else { Stage::Headers };
            s.conclude(Cause::Proxy, stage);
            connect::end_back(s, env);
            Err(reply::fail(s, env, 400))
        }
    }
}

/// The client went away in the middle.
pub fn client_gone(s: &mut Stream) -> Turn {
    let Some(http) = &s.http else { return Turn::Go(Phase::Closed) };
    let stage = match (http.response_started, http.request_done) {
        (true, _) => Stage::Data,
        (false, true) => Stage::Headers,
        (false, false) => Stage::Data,
    };
    s.conclude(Cause::ClientAbort, stage);
    Turn::Go(Phase::Closed)
}

/// The client was silent for too long.
pub fn client_silent(s: &mut Stream, env: &mut Env) -> Turn {
    let (started, request_done) =
        s.http.as_ref().map_or((true, true), |h| (h.response_started, h.request_done));
    s.conclude(Cause::ClientTimeout, Stage::Data);
    if s.http.is_some() && !started && !request_done {
        return reply::fail(s, env, 408);
    }
    Turn::Go(Phase::Closed)
}

/// The server was silent for too long.
pub fn server_silent(s: &mut Stream, env: &mut Env) -> Turn {
    let waiting_head = s.http.as_ref().is_some_and(|h| !h.tunnel && !h.response_started);
    if waiting_head {
        if let Some(turn) = retry::retry(s, env, RetryOn::RESPONSE_TIMEOUT) {
            return turn;
        }
        failure::count_failed(s, env);
        s.conclude(Cause::ServerTimeout, Stage::Headers);
        return reply::fail(s, env, 504);
    }
    s.conclude(Cause::ServerTimeout, Stage::Data);
    Turn::Go(Phase::Closed)
}

/// The exchange is complete: log, count, keep or close both connections.
pub fn over(s: &mut Stream, env: &mut Env) -> Turn {
    let Some(http) = s.http.as_ref() else { return Turn::Go(Phase::Closed) };
    let request_done = http.request_done;
    let keep_front = http.keep_front && request_done && !env.hangs_up_on(s.session);
    let keep_back = http.keep_back && request_done && s.res.waiting() == 0;
    s.conclude(Cause::Normal, Stage::Over);
    reuse::settle(s, env, keep_back);
    if !keep_front {
        s.phase_deadline_ms = Some(env.now_ms() + linger_ms(s, env));
        return Turn::Go(if request_done && closes_cleanly(s, env) { Phase::Closed } else { Phase::Linger });
    }
    finish::conclude(s, env);
    request::next(s, env);
    Turn::Go(Phase::Request)
}

/// Nothing of the client waits in the socket: closing sends a FIN, no reset.
pub fn closes_cleanly(s: &Stream, env: &Env) -> bool {
    env.conns
        .get(s.front)
        .is_none_or(|f| f.at_end || !f.ready.contains(crate::event::readiness::Readiness::READABLE))
}

/// Longest wait for a client to take the last bytes when no timeout is configured.
const LINGER_MS_MAX: u64 = 5_000;

/// How long a client may take to close after the last byte.
pub fn linger_ms(s: &Stream, env: &Env) -> u64 {
    let timeouts = &env.proxy_settings(s.frontend).timeouts;
    timeouts.client_fin_ms.or(timeouts.client_ms).unwrap_or(LINGER_MS_MAX).min(LINGER_MS_MAX)
}

/// Between two requests there is nothing to log.
pub fn is_between_requests(s: &Stream) -> bool {
    s.is_http && s.http.is_none()
}

/// A request head was received.
pub fn has_request(s: &Stream) -> bool {
    s.http.as_ref().is_some_and(|h| h.has_line)
}

/// The status as the log shows it: -1 when none was sent.
pub fn logged_status(s: &Stream) -> i32 {
    match s.http.as_ref().map_or(0, |h| h.status) {
        0 => -1,
        status => i32::from(status),
    }
}

/// The answer was made here.
pub fn is_local(s: &Stream) -> bool {
    s.http.as_ref().is_some_and(|h| h.local)
}

/// Answers that `option dontlog-normal` does not hide.
pub fn is_failure(s: &Stream) -> bool {
    s.http.as_ref().is_some_and(|h| h.status >= 500)
}
