//! A worker's start under a supervisor: it binds, tells what it has, waits to be told to go on, and serves.

use super::args::Args;
use super::handover::Handover;
use super::say::show;
use super::serve::{build, commit, freeze, is_daemon, leave, prepare, servable, succeed};
use super::{StartError, check, privileges, version};
use crate::base::diag::{Diag, Severity};
use crate::base::ids::Id;
use crate::event::token::{Kind, Token};
use crate::net::inherit::{Inheritance, Inherited};
use crate::settings::Level;
use crate::sys::addr::SockAddr;
use crate::sys::{child, process as sys_process};
use crate::worker::control::{
    self, BoundSocket, Channel, Control, Order, Received, Report, SOCKETS_PER_MESSAGE, read_state,
};
use crate::worker::{Exit, Worker, carry};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

/// How long the last words of a worker may wait for its supervisor, in ms.
const LAST_WORDS_MS: u16 = 1000;

/// Serves as a worker. What goes wrong before it is ready is told to the supervisor too.
pub fn serve(args: &Args, mut handover: Handover) -> Result<ExitCode, StartError> {
    let Some(channel) = handover.channel.take() else {
        return Err(StartError::new("A worker was started without a channel to its supervisor."));
    };
    let mut channel = Channel::from(channel);
    match start(args, handover, &mut channel) {
        Ok(Some(worker)) => serve_on(worker, channel),
        Ok(None) => Ok(ExitCode::FAILURE),
        Err(error) => {
            show(&[Diag { severity: Severity::Alert, text: error.to_string() }], Some(&mut channel));
            flush(&mut channel);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Up to the moment that it accepts; `None` when the configuration was refused, or nobody waits for it any more.
fn start(args: &Args, handover: Handover, channel: &mut Channel) -> Result<Option<Worker>, StartError> {
    let outcome = check::read(args);
    check::print(args, &outcome);
    let messages = check::messages(args, &outcome);
    for line in messages.lines() {
        channel.send(Report::Log(line.to_owned()).encode());
        // There may be more of them than the channel keeps.
        if channel.is_pending() {
            flush(channel);
        }
    }
    let Some(settings) = outcome.settings else {
        flush(channel);
        return Ok(None);
    };
    servable(args, &settings)?;
    let settings = freeze(settings, messages);
    let plan = prepare(args, settings, Some(channel))?;
    let sockets = inherited(handover.sockets);
    let mut worker = match handover.first {
        true => succeed(args, settings, &plan, sockets, Some(channel))?,
        false => build(args, settings, &plan, &mut Inheritance::new(sockets), Some(channel))?,
    };
    let null = is_daemon(args, &settings.global).then(sys_process::open_null).transpose();
    let null = null.map_err(|e| StartError::because("Cannot open /dev/null.", &e))?;
    show(&privileges::drop(&settings.global, || {})?, Some(channel));
    child::end_with_parent(handover.parent, Signal::SIGTERM)
        .map_err(|e| StartError::because("The supervisor is gone.", &e))?;
    channel.send(Report::Version(version::COMPATIBLE_VERSION.to_owned()).encode());
    tell_sockets(&worker, channel)?;
    let Some(state) = wait_to_go(channel) else { return Ok(None) };
    take_state(&mut worker, state, channel);
    commit(args, &mut worker, Some(channel));
    if let Some(null) = null {
        sys_process::silence(&null).map_err(|e| StartError::because("Cannot leave the terminal.", &e))?;
    }
    channel.send(Report::Ready.encode());
    worker.live.env.boot.family.reloads = handover.reloads.0;
    Ok(Some(worker))
}

/// Goes on where the worker before is.
fn take_state(worker: &mut Worker, state: Option<OwnedFd>, channel: &mut Channel) {
    let Some(state) = state else { return };
    let text = match read_state(state) {
        Ok(state) => {
            let imported = carry::import(&mut worker.live, &state);
            let whole = imported.dropped == 0 && imported.refused.is_none() && !imported.cut;
            if whole && imported.left_out == 0 {
                return;
            }
            format!("State of the old worker: {imported}.")
        }
        Err(error) => format!("The state of the old worker cannot be read ({error})."),
    };
    worker.live.env.tell_all(Level::Notice, &text);
    show(&[Diag { severity: Severity::Notice, text }], Some(channel));
}

fn inherited(sockets: Vec<BoundSocket>) -> Vec<Inherited> {
    let one = |socket: BoundSocket| {
        let name = socket.path.map(|path| SockAddr::Unix(path.into()));
        // What is no listening socket of ours is of no use: its address is bound anew.
        Inherited::of(socket.fd, name, socket.namespace.map(Into::into)).ok()
    };
    sockets.into_iter().filter_map(one).collect()
}

/// Gives the supervisor a copy of every listening socket.
fn tell_sockets(worker: &Worker, channel: &mut Channel) -> Result<(), StartError> {
    let failed = |e| StartError::because("Cannot copy a listening socket.", &e);
    let mut sockets = bound_sockets(worker).map_err(failed)?;
    while !sockets.is_empty() {
        let rest = sockets.split_off(sockets.len().min(SOCKETS_PER_MESSAGE));
        channel.send(Report::Bound(sockets).encode());
        sockets = rest;
    }
    channel.send(Report::BoundAll.encode());
    flush(channel);
    Ok(())
}

/// Copies of all listening sockets.
pub(super) fn bound_sockets(worker: &Worker) -> std::io::Result<Vec<BoundSocket>> {
    let receivers = worker.live.env.listeners.iter().filter_map(|(_, l)| l.receiver.as_ref());
    receivers.map(BoundSocket::of).collect()
}

/// Waits for the order to go on; the state that came with it. `None` when the supervisor is gone.
fn wait_to_go(channel: &mut Channel) -> Option<Option<OwnedFd>> {
    loop {
        match channel.receive() {
            Received::Message(message) => {
                if let Some(Order::Go(state)) = Order::decode(message) {
                    return Some(state);
                }
            }
            // Only the order to go on has a descriptor: the state, without which it is possible too.
            Received::Crippled => return Some(None),
            Received::Blocked => wait(channel, PollFlags::POLLIN, PollTimeout::NONE),
            Received::End => return None,
        }
    }
}

/// Serves until it is told to stop.
fn serve_on(mut worker: Worker, channel: Channel) -> Result<ExitCode, StartError> {
    join(&mut worker, channel)?;
    loop {
        match worker.run().map_err(|e| StartError::because("The poller failed.", &e))? {
            Exit::Reload => {
                let text = "SIGUSR2 is for the supervisor, not for its worker; ignored.";
                worker.live.env.tell_all(Level::Warning, text);
            }
            Exit::Process => {}
            exit => return Ok(leave(exit, &mut worker)),
        }
    }
}

/// Makes a worker listen to its supervisor.
pub(super) fn join(worker: &mut Worker, channel: Channel) -> Result<(), StartError> {
    let token = Token::pack(Kind::Control, Id::<Control>::new(0, 0));
    let watched = worker.live.env.poller.register(channel.as_fd(), token);
    watched.map_err(|e| StartError::because("Cannot watch the supervisor.", &e))?;
    worker.control = Some(Control::from(channel));
    worker.ordered = true;
    Ok(())
}

/// A drained worker's last words: what it counted since its state was asked for.
pub(super) fn report_rest(worker: &mut Worker) {
    control::report_rest(worker);
    if let Some(control) = &mut worker.control {
        flush(&mut control.channel);
    }
}

/// Sends what waits, for a bounded time.
fn flush(channel: &mut Channel) {
    channel.flush();
    for _ in 0..16 {
        if !channel.is_pending() {
            return;
        }
        wait(channel, PollFlags::POLLOUT, PollTimeout::from(LAST_WORDS_MS));
        channel.flush();
    }
}

fn wait(channel: &Channel, what: PollFlags, limit: PollTimeout) {
    let mut fds = [PollFd::new(channel.as_fd(), what)];
    // An interrupted wait is one that ended early: the caller looks again.
    let _ = poll(&mut fds, limit);
}
