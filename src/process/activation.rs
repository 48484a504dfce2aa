//! Sockets that a service manager made before it started the process (`LISTEN_FDS`).
//!
//! They are matched with the `bind` and `stats socket` lines by their address, as any socket that another process
//! bound; what nobody asks for is closed. A line may also name the descriptor, as `fd@3`.
//!
//! # Source
//! man 3 sd_listen_fds; man 5 systemd.socket.

use crate::base::diag::Severity;
use crate::net::address::Host;
use crate::net::inherit::Inherited;
use crate::process::say::say;
use crate::settings::Settings;
use crate::sys::{child, process};
use crate::worker::control::BoundSocket;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::RawFd;

/// The first of the descriptors (`SD_LISTEN_FDS_START`).
const FIRST: RawFd = 3;
/// Descriptors that a manager passes at most: more are the sign of a variable that is not one's own.
const COUNT_MAX: usize = 65_536;

/// What a service manager has passed.
#[derive(Debug, Default)]
pub struct Activation {
    /// How the manager calls each; they are numbered from [`FIRST`] on.
    names: Vec<String>,
}

impl Activation {
    /// Reads the variables and removes them: no other process is to take the sockets for its own. For the start of
    /// the program only.
    pub fn take() -> Activation {
        let [pid, count, names] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].map(child::take_variable);
        let text =
            |value: &Option<_>| value.as_deref().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        Activation::of(&text(&pid), &text(&count), &text(&names), process::pid())
    }

    fn of(pid: &str, count: &str, names: &str, own: u32) -> Activation {
        if pid.parse() != Ok(own) {
            return Activation::default();
        }
        let count = count.parse().ok().filter(|count| *count <= COUNT_MAX).unwrap_or(0);
        let names = names.split(':').map(str::to_owned).chain(std::iter::repeat_with(String::new));
        Activation { names: names.take(count).collect() }
    }

    /// The listening sockets. Those that `settings` name by their numbers are not among them; what cannot be listened
    /// on is told of, and closed.
    pub fn sockets(self, settings: &Settings) -> Vec<Inherited> {
        let named = named_descriptors(settings);
        let numbered = (FIRST..).zip(self.names).filter(|(number, _)| !named.contains(number));
        let mut sockets = Vec::new();
        for (number, name) in numbered {
            match child::take(number).and_then(|fd| Inherited::of(fd, None, None)) {
                Ok(socket) => sockets.push(socket),
                Err(error) => say(Severity::Warning, &refusal(number, &name, &error)),
            }
        }
        sockets
    }
}

fn refusal(number: RawFd, name: &str, error: &io::Error) -> String {
    let name = if name.is_empty() { String::new() } else { format!(" ('{name}')") };
    format!(
        "descriptor {number}{name} of the service manager is no bound stream socket, it is not used: {error}"
    )
}

/// The numbers in `fd@` addresses.
fn named_descriptors(settings: &Settings) -> HashSet<RawFd> {
    let binds = settings.proxies.iter().flat_map(|proxy| &proxy.binds).flat_map(|bind| &bind.addresses);
    let stats = settings.global.stats_sockets.iter().map(|socket| &socket.address);
    let number = |host: &Host| if let Host::Fd(number) = host { Some(*number) } else { None };
    binds.chain(stats).filter_map(|address| number(&address.host)).collect()
}

/// As a supervisor hands them to its first worker.
pub fn for_supervisor(sockets: Vec<Inherited>) -> Vec<BoundSocket> {
    sockets.into_iter().map(|socket| BoundSocket { fd: socket.fd, namespace: None, path: None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_meant_for_this_process_is_taken() {
        assert_eq!(Activation::of("7", "2", "web:admin", 7).names, ["web", "admin"]);
        assert_eq!(Activation::of("7", "3", "web", 7).names, ["web", "", ""]);
        assert_eq!(Activation::of("7", "1", "a:b:c", 7).names, ["a"]);
        for (pid, count) in
            [("8", "2"), ("", "2"), ("x", "2"), ("7", ""), ("7", "-1"), ("7", "0"), ("7", "65537")]
        {
            assert!(Activation::of(pid, count, "", 7).names.is_empty(), "{pid} {count}");
        }
    }
}
