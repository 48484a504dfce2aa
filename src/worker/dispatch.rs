//! The one match on a token's kind.

use super::run::{Exit, Worker, enqueue};
use super::{accept, soft_stop};
use crate::base::ids::Id;
use crate::conn::{ConnId, Owner};
use crate::event::poller::Event;
use crate::event::readiness::Readiness;
use crate::event::token::Kind;
use crate::stream::http::reuse;

/// Turns an event into marks on the object it is about. Nothing runs here.
#[inline]
pub fn dispatch(w: &mut Worker, event: Event) {
    let (kind, index, generation, readiness) = event;
    match kind {
        Kind::Conn => conn(w, Id::new(index, generation), readiness),
        Kind::Listener => accept::mark(&mut w.live.env, Id::new(index, generation)),
        Kind::Cli => w.cli.mark(index, generation, readiness),
        Kind::Signal => soft_stop::signals(w),
        Kind::Log => {}
        Kind::Control => w.ordered = true,
        Kind::Process => w.leave(Exit::Process),
    }
}

#[inline]
fn conn(w: &mut Worker, id: ConnId, readiness: Readiness) {
    let env = &mut w.live.env;
    let Some(conn) = env.conns.get_mut(id) else {
        env.counters.stale_tokens += 1;
        return;
    };
    conn.ready.insert(readiness);
    match conn.owner {
        Owner::Front { index, generation } | Owner::Back { index, generation } => {
            enqueue(&mut w.live, Id::new(index, generation));
        }
        Owner::Cli => {}
        Owner::Idle(server) => reuse::idle_event(id, server, env),
    }
}
