//! Binds that change between TCP and MPTCP: the changes are made here, and the old sockets leave.

use super::accept;
use crate::base::diag::{Diags, Severity};
use crate::live::Live;
use crate::net::receiver::Note;
use crate::net::switch::{LOOK_MS, Made, PATIENCE_MS};
use crate::proxy::ListenerId;
use crate::proxy::listener::Purpose;
use crate::settings::Level;
use crate::stream::{Alarm, Env};
use crate::sys::addr::SockAddr;
use crate::sys::child::socket_number;
use crate::sys::socket;
use std::os::fd::AsFd;

/// A socket that gave way to another one: whoever has copies of the sockets must know.
#[derive(Clone, Copy, Debug)]
pub struct Replaced {
    /// The number of the socket that leaves.
    pub number: u64,
    /// The listener, which has the new one.
    pub listener: ListenerId,
}

/// Makes the changes that were prepared when the sockets were bound, and tells what did not come of them.
///
/// New clients are led to the new sockets with this, and would be lost if the process gave up afterwards: it is the last thing
/// before the loop.
pub fn commit(live: &mut Live) -> (Diags, Vec<Replaced>) {
    let env = &mut live.env;
    env.clock.tick();
    let until = env.now_ms() + PATIENCE_MS;
    let mut changing: Vec<ListenerId> = Vec::new();
    for (id, listener) in env.listeners.iter_mut() {
        if let Some(change) = &mut listener.change {
            change.waits_until_ms = until;
            changing.push(id);
        }
    }
    let (mut diags, mut replaced) = (Diags::new(), Vec::new());
    for id in changing {
        let (done, hindered) = attempt(env, id);
        replaced.extend(done);
        let waits = env.listeners.get(id).and_then(|l| l.change.as_ref());
        let later = waits.map(|change| change.message(&Note::Later(change.switch.receiver.protocol)));
        if let Some(text) = later {
            diags.push(Severity::Notice, text);
        }
        if let Some(text) = hindered {
            diags.warning(text);
        }
        look_later(env, id);
    }
    (diags, replaced)
}

/// Looks at a listener again: a change may be possible now, and sockets may have nobody left to bring.
pub fn look(env: &mut Env, id: ListenerId) -> Option<Replaced> {
    let purpose = env.listeners.get(id).map(|l| l.purpose);
    let (replaced, hindered) = attempt(env, id);
    if let Some(text) = hindered {
        log::warn!("{text}");
        if let Some(Purpose::Proxy(proxy)) = purpose {
            env.tell(proxy, Level::Warning, &text);
        }
    }
    close_left(env, id);
    look_later(env, id);
    replaced
}

/// Sets the time of the next look, if there is anything to look at.
fn look_later(env: &mut Env, id: ListenerId) {
    if env.listeners.get(id).is_some_and(|l| l.change.is_some() || !l.leaving.is_empty()) {
        env.wheel.insert(env.clock.now_ms() + LOOK_MS, Alarm::Change(id));
    }
}

/// Tries to make the change of one listener; answers with the message if it had to be given up.
fn attempt(env: &mut Env, id: ListenerId) -> (Option<Replaced>, Option<String>) {
    let now = env.now_ms();
    let ready = env.listeners.get(id).filter(|l| l.change.is_some() && !l.gate.is_suspended());
    let Some(staying) = ready.map(|listener| staying_at(env, &listener.address)) else { return (None, None) };
    let Some(listener) = env.listeners.get_mut(id) else { return (None, None) };
    let (Some(mut change), Some(in_service)) = (listener.change.take(), &mut listener.receiver) else {
        return (None, None);
    };
    let (has, wanted) = (in_service.protocol, change.switch.receiver.protocol);
    let can_wait = now < change.waits_until_ms;
    let made = change.switch.make(in_service, &mut listener.after_accept, &staying, can_wait);
    let replaced = match made {
        Made::Done => socket_number(change.switch.receiver.fd.as_fd()).ok(),
        Made::Crowded | Made::Kept(_) | Made::Both(_) => None,
    };
    let replaced = replaced.map(|number| Replaced { number, listener: id });
    let hindered = match &made {
        Made::Kept(cause) | Made::Both(cause) => {
            Some(change.message(&Note::Kept { has, wanted, cause: cause.clone() }))
        }
        Made::Crowded | Made::Done => None,
    };
    match made {
        Made::Crowded => listener.change = Some(change),
        Made::Kept(_) => {}
        Made::Both(_) | Made::Done => listener.leaving.push(change.switch.leave(now)),
    }
    accept::mark(env, id);
    (replaced, hindered)
}

/// Our own sockets at an address that are not about to leave it.
fn staying_at(env: &Env, address: &SockAddr) -> Vec<u64> {
    let there = env.listeners.iter().filter(|(_, l)| l.address == *address);
    let open = there.filter_map(|(_, l)| l.receiver.as_ref());
    open.filter_map(|receiver| socket_number(receiver.fd.as_fd()).ok()).collect()
}

/// Closes the sockets whose clients have all come through. Who waits in a queue is let in first, in the ordinary way.
fn close_left(env: &mut Env, id: ListenerId) {
    let now = env.now_ms();
    let ends_steering = !env.stopping();
    let Some(listener) = env.listeners.get_mut(id) else { return };
    let mut somebody_waits = false;
    for old in std::mem::take(&mut listener.leaving) {
        let may_close = old.may_close(now);
        if may_close && !socket::has_clients(old.receiver.fd.as_fd()) {
            // Another process may hold the socket open: then only this ends its events.
            let _ = env.poller.deregister(old.receiver.fd.as_fd());
            old.close(listener.receiver.as_ref(), ends_steering);
        } else {
            somebody_waits |= may_close;
            listener.leaving.push(old);
        }
    }
    if somebody_waits {
        accept::mark(env, id);
    }
}
