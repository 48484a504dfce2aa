//! What is done now and then: idle connections closed, pools and arenas trimmed after a peak.

use crate::live::Live;
use crate::stream::http::reuse;
use crate::stream::{Alarm, Env};

/// Pause between two rounds, in ms. There are rounds only while there is something to tidy.
const PERIOD_MS: u64 = 1000;

/// Sets the next round, if one is needed and none is set.
pub fn arm(env: &mut Env) {
    if env.housekeeping_set || !needed(env) {
        return;
    }
    env.housekeeping_set = true;
    env.wheel.insert(env.clock.now_ms() + PERIOD_MS, Alarm::Housekeeping);
}

fn needed(env: &Env) -> bool {
    env.pools.buffers.idle() > 0
        || env.pools.pipes.idle() > 0
        || !env.pools.exchanges.is_empty()
        || env.untidy
}

/// One round.
pub fn run(live: &mut Live) {
    let env = &mut live.env;
    env.housekeeping_set = false;
    reuse::purge(env);
    env.pools.buffers.trim();
    env.pools.pipes.trim();
    let keep = env.pools.exchanges.len() / 2;
    env.pools.exchanges.truncate(keep);
    env.untidy = env.servers.iter().any(|s| !s.idle.is_empty());
    if live.streams.is_empty() {
        live.streams.shrink_if_empty();
        env.sessions.shrink_if_empty();
        env.conns.shrink_if_empty();
        env.wheel.shrink();
    }
}
