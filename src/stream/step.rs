//! One step of one stream: phases run until one of them has to wait.

use super::{Env, Phase, Stream, Turn, connect, finish, http, route, tcp, timeouts};
use crate::settings::Mode;

/// What the loop does with a stream after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Keep it; an event or a timer will come.
    Keep,
    /// Keep it and run it again this turn or the next.
    Again,
    /// Free it.
    Free,
}

/// Phases one step may walk through before the others get their turn. Many follow each other only where
/// each attempt to connect fails at once and `retries` is high.
const PHASES_PER_STEP_MAX: u32 = 64;

/// Runs a stream because something happened to it.
pub fn step(s: &mut Stream, env: &mut Env) -> After {
    for _ in 0..PHASES_PER_STEP_MAX {
        let turn = match s.phase {
            Phase::Request => http::request::wait(s, env),
            Phase::Hold => http::hold::wait(s, env),
            Phase::Route => route::route(s, env),
            Phase::Queue => route::wait_in_queue(s, env),
            Phase::Connect => connect::wait(s, env),
            Phase::Backoff => connect::wait_backoff(s, env),
            Phase::Exchange => exchange(s, env),
            Phase::Reply => http::reply::send(s, env),
            Phase::Linger => finish::linger(s, env),
            Phase::Closed => {
                finish::release(s, env);
                return After::Free;
            }
        };
        match turn {
            Turn::Go(phase) => s.phase = phase,
            Turn::Wait => {
                timeouts::arm(s, env);
                return After::Keep;
            }
            Turn::Again => {
                timeouts::arm(s, env);
                return After::Again;
            }
        }
    }
    timeouts::arm(s, env);
    After::Again
}

/// Runs a stream because its timer fired.
pub fn alarm(s: &mut Stream, env: &mut Env) -> After {
    s.timer = None;
    match timeouts::expired(s, env) {
        None => {
            timeouts::arm(s, env);
            After::Keep
        }
        Some(which) => {
            if let Turn::Go(phase) = timeouts::act(s, env, which) {
                s.phase = phase;
            }
            step(s, env)
        }
    }
}

fn exchange(s: &mut Stream, env: &mut Env) -> Turn {
    match s.http {
        Some(_) => http::exchange(s, env),
        None => tcp::exchange(s, env),
    }
}

/// The phase a new stream begins with.
pub fn first_phase(mode: Mode) -> Phase {
    match mode {
        Mode::Tcp => Phase::Route,
        Mode::Http => Phase::Request,
    }
}
