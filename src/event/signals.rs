//! Signals as events: a signalfd instead of handlers.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::SigSet;
pub use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;

use crate::sys::process::signal_fd;

/// The signals that an operator sends (management.txt chapter 4), and the one of a child's end.
///
/// SIGPIPE is not among them: the Rust runtime ignores it from the start.
pub const OPERATOR_SIGNALS: [Signal; 9] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTTOU,
    Signal::SIGTTIN,
    Signal::SIGCHLD,
];

/// Receives signals through a descriptor.
///
/// The signals are blocked in the calling thread, and the block is inherited by children: a child
/// that executes another program calls [`unblock`] first.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
}

impl Signals {
    /// Blocks `signals` in this thread and opens a descriptor that reads them. Register it with
    /// [`register_readable`](crate::event::Poller::register_readable).
    ///
    /// # Errors
    /// What sigprocmask(2) and signalfd(2) say: EMFILE, ENFILE, ENOMEM.
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        Ok(Signals { fd: signal_fd(signals)? })
    }

    /// The signals that arrived. Several of one number before a call count as one, as always with
    /// signals. Take them all: the descriptor is told of by its edge.
    ///
    /// The kernel gives them by their numbers, not in the order they were sent. SIGTTIN comes last: it takes a SIGTTOU
    /// back that is still waiting, and what was paused after all would stay so for ever.
    pub fn drain(&mut self) -> impl Iterator<Item = Signal> + use<> {
        // An error other than "none left" cannot come from an open signalfd; it ends the list too.
        let mut came: Vec<Signal> = std::iter::from_fn(|| self.fd.read_signal().ok().flatten())
            .filter_map(|info| Signal::try_from(info.ssi_signo as i32).ok())
            .collect();
        came.sort_by_key(|signal| *signal == Signal::SIGTTIN);
        came.into_iter()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Lifts the block of every signal in this thread: between fork and exec.
///
/// # Errors
/// None that Linux would give.
pub fn unblock() -> io::Result<()> {
    SigSet::all().thread_unblock().map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Raised in the test's own thread, so nobody else sees them.
    #[test]
    fn a_raised_signal_is_read_once() {
        let mut signals = Signals::new(&OPERATOR_SIGNALS).unwrap();
        assert_eq!(signals.drain().count(), 0);
        nix::sys::signal::raise(Signal::SIGUSR1).unwrap();
        nix::sys::signal::raise(Signal::SIGHUP).unwrap();
        nix::sys::signal::raise(Signal::SIGUSR1).unwrap();
        let mut got: Vec<_> = signals.drain().collect();
        got.sort_unstable();
        assert_eq!(got, [Signal::SIGHUP, Signal::SIGUSR1]);
        assert_eq!(signals.drain().count(), 0);
    }

    #[test]
    fn a_resume_takes_back_the_pause_that_waits_before_it() {
        let mut signals = Signals::new(&OPERATOR_SIGNALS).unwrap();
        for signal in [Signal::SIGTTOU, Signal::SIGTTIN, Signal::SIGCHLD] {
            nix::sys::signal::raise(signal).unwrap();
        }
        assert_eq!(signals.drain().last(), Some(Signal::SIGTTIN));
    }
}
