//! TCP mode: two directions, half-close in both, resets passed on.

use super::forward::{Pumped, Splice, pump};
use super::{Cause, Env, Phase, Stage, Stream, Turn, finish};
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
                if front_options.nolinger {
                    return over(s);
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
                if back_options.nolinger {
                    return over(s);
                }
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
        return over(s);
    }
    if again {
        return Turn::Again;
    }
    // An end that broke while what it sent before cannot leave. One that broke after its FIN is found out
    // by the next write, as in the reference: what it sent may still be on its way to be read.
    if front.broken() && s.req.waiting() > 0 {
        return close(s, env, Cause::ClientAbort, Side::Front);
    }
    if back.broken() && s.res.waiting() > 0 {
        return close(s, env, Cause::ServerAbort, Side::Back);
    }
    Turn::Wait
}

/// Both ends are done, or one that `option nolinger` closes without waiting for the other.
fn over(s: &mut Stream) -> Turn {
    s.conclude(Cause::Normal, Stage::Over);
    Turn::Go(Phase::Closed)
}

/// Ends a stream because `side` broke. A client's reset is passed on to the server, unless that has had a FIN and
/// may still be reading what came before. A server's reset reaches the client as a FIN, as in the reference: a
/// reset would destroy what the client has not read yet.
fn close(s: &mut Stream, env: &mut Env, cause: Cause, side: Side) -> Turn {
    if cause == Cause::ServerAbort {
        finish::count_server_abort(s, env);
    }
    s.conclude(cause, Stage::Data);
    match side {
        Side::Front if !s.req.sink_shut => {
            if let Some(back) = s.back.take() {
                env.reset(back);
            }
        }
        Side::Front | Side::Back => {}
    }
    Turn::Go(Phase::Closed)
}
