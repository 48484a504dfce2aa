//! TCP mode: two directions, half-close in both, resets passed on.

use super::forward::{Pumped, Splice, pump};
use super::{Cause, Env, Phase, Stage, Stream, Turn};
use crate::settings::Options;

/// Which end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client's.
    Front,
    /// The server's.
    Back,
}

/// How the request direction may splice under these options.
pub fn splice_request(options: &Options, env: &Env) -> Splice {
    splice(options.splice_request, env)
}

/// How the response direction may splice under these options.
pub fn splice_response(options: &Options, env: &Env) -> Splice {
    splice(options.splice_response, env)
}

/// `option splice-request|response` splice from the first byte; without them, or with `splice-auto`, a
/// direction splices once its reads fill the buffer.
fn splice(forced: bool, env: &Env) -> Splice {
    match (env.splice_forbidden, forced) {
        (true, _) => Splice::Never,
        (false, true) => Splice::Always,
        (false, false) => Splice::Bulk,
    }
}

/// Moves bytes both ways until neither can.
pub fn exchange(s: &mut Stream, env: &mut Env) -> Turn {
    let Some(back_id) = s.back else { return close(s, env, Cause::Internal, Side::Back) };
    let front_options = &env.proxy_settings(s.frontend).options;
    let back_options = s.backend.map_or(front_options, |b| &env.proxy_settings(b).options);
    let (to_server, to_client) = (
        splice(front_options.splice_request || back_options.splice_request, env),
        splice(front_options.splice_response || back_options.splice_response, env),
    );
    let now = env.clock.now_ms();
    let Some((front, back)) = env.conns.pair_mut(s.front, back_id) else {
        return close(s, env, Cause::Internal, Side::Back);
    };
    let mut again = false;
    if !s.res.sink_shut {
        let pumped = pump(&mut s.res, &mut s.res_body, back, front, &mut env.pools, to_client, now);
        match pumped {
            Pumped::Idle => {}
            Pumped::Again => again = true,
            Pumped::Done | Pumped::Truncated => {
                s.res.sink_shut = true;
                if !s.req.sink_shut {
                    front.shut_write();
                }
            }
            Pumped::SourceFailed(_) => return close(s, env, Cause::ServerAbort, Side::Back),
            Pumped::SinkFailed(_) => return close(s, env, Cause::ClientAbort, Side::Front),
            Pumped::Malformed(_) => return close(s, env, Cause::Internal, Side::Back),
        }
    }
    if !s.req.sink_shut {
        let pumped = pump(&mut s.req, &mut s.req_body, front, back, &mut env.pools, to_server, now);
        match pumped {
            Pumped::Idle => {}
            Pumped::Again => again = true,
            Pumped::Done | Pumped::Truncated => {
                s.req.sink_shut = true;
                if !s.res.sink_shut {
                    back.shut_write();
                }
            }
            Pumped::SourceFailed(_) => return close(s, env, Cause::ClientAbort, Side::Front),
            Pumped::SinkFailed(_) => return close(s, env, Cause::ServerAbort, Side::Back),
            Pumped::Malformed(_) => return close(s, env, Cause::Internal, Side::Front),
        }
    }
    if s.req.sink_shut && s.res.sink_shut {
        s.conclude(Cause::Normal, Stage::Over);
        return Turn::Go(Phase::Closed);
    }
    if again {
        return Turn::Again;
    }
    // An end that broke while nothing can be read from it any more.
    if front.broken() && (front.at_end || s.req.waiting() > 0) {
        return close(s, env, Cause::ClientAbort, Side::Front);
    }
    if back.broken() && (back.at_end || s.res.waiting() > 0) {
        return close(s, env, Cause::ServerAbort, Side::Back);
    }
    Turn::Wait
}

/// Ends a stream because `side` broke: the other end learns it by a reset, as the broken one did.
fn close(s: &mut Stream, env: &mut Env, cause: Cause, side: Side) -> Turn {
    s.conclude(cause, Stage::Data);
    match side {
        Side::Front => {
            if let Some(back) = s.back.take() {
                env.reset(back);
            }
        }
        Side::Back => env.reset(s.front),
    }
    Turn::Go(Phase::Closed)
}
