//! Slow starts: what begins when a server comes back, and the steps that follow.

use super::change;
use crate::base::ids::ServerId;
use crate::proxy::slowstart::Slowstart;
use crate::stream::{Alarm, Env};

/// Begins the slow start of a server that comes back, if it is to have one.
pub(super) fn begin(env: &mut Env, id: ServerId) {
    end(env, id);
    let length_ms = env.settings.server(id).slowstart_ms;
    if length_ms == 0 {
        return;
    }
    let now = env.now_ms();
    let backend = env.proxy_settings(env.servers[id.0 as usize].backend);
    let weighs = backend.balance.takes_weights(backend.hash_type);
    let mut start = Slowstart::new(length_ms, now, weighs);
    start.timer = Some(env.wheel.insert(start.next_ms(), Alarm::Slowstart(id)));
    env.server(id).slowstart = Some(start);
}

/// Ends it: the server goes, or has come all the way.
pub(super) fn end(env: &mut Env, id: ServerId) {
    if let Some(timer) = env.server(id).slowstart.take().and_then(|start| start.timer) {
        env.wheel.remove(timer);
    }
}

/// The next step is due: the balance sees the weight that the server has now, and who waits looks again.
pub(super) fn step(env: &mut Env, id: ServerId) {
    let now = env.now_ms();
    let Some(start) = &mut env.servers[id.0 as usize].slowstart else { return };
    let done = start.step(now);
    start.timer = (!done).then(|| env.wheel.insert(start.next_ms(), Alarm::Slowstart(id)));
    if done {
        let live = env.server(id);
        live.slowstart = None;
        live.changed_ms = now as i64;
    }
    change::servers_changed(env, id);
    if done {
        change::announce_full_load(env, id);
    }
}
