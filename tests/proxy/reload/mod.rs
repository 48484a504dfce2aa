//! Reloads and the life of the processes: nothing is lost, whatever the new configuration is like.
//!
//! `SUBFLOW_LONG=1` makes the runs under load as long as a release wants them: more reloads, more connections.

mod carried;
mod change_over;
mod life;
mod refused;
mod sockets;
mod steady;
mod under_load;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::kit::load;
use crate::kit::proxy::{Proxy, Setup, poll_until, subflow};
use crate::kit::sock::{Reserved, reserve};

pub const WAIT: Duration = Duration::from_secs(20);

/// What the operator starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Single,
    Supervised,
}

pub const SHAPES: [Shape; 2] = [Shape::Single, Shape::Supervised];

/// Whether the long form was asked for.
pub fn long() -> bool {
    std::env::var_os("SUBFLOW_LONG").is_some()
}

/// A proxy with an HTTP frontend and a TCP one.
pub struct Scene {
    pub proxy: Proxy,
    pub http: Reserved,
    pub tcp: Reserved,
    origin: SocketAddr,
    echo: SocketAddr,
}

impl Scene {
    pub fn new(shape: Shape) -> Scene {
        Scene::with(shape, &subflow(), "")
    }

    /// With some words more in `global`, of a program of choice.
    pub fn with(shape: Shape, program: &Path, global: &str) -> Scene {
        let (http, tcp) = (reserve("127.0.0.1"), reserve("127.0.0.1"));
        let (origin, echo) = (load::origin(), load::echo());
        let mut setup = Setup::default();
        if shape == Shape::Supervised {
            setup.arg("-W");
        }
        let config = config(global, "", http.addr, tcp.addr, origin, echo);
        let proxy = setup.start(program, &config);
        Scene { proxy, http, tcp, origin, echo }
    }

    /// Its configuration with other words in `global`, and with something before the addresses.
    pub fn config(&self, global: &str, prefix: &str) -> String {
        config(global, prefix, self.http.addr, self.tcp.addr, self.origin, self.echo)
    }

    /// Asks for a reload and waits until it was done.
    pub fn reload(&self) {
        let before = self.number("Reloads");
        self.proxy.signal(Signal::SIGUSR2);
        self.until("Reloads", before + 1);
    }

    /// Asks for a reload and waits until it failed.
    pub fn reload_in_vain(&self) {
        let before = self.number("FailedReloads");
        self.proxy.signal(Signal::SIGUSR2);
        self.until("FailedReloads", before + 1);
    }

    pub fn number(&self, key: &str) -> u64 {
        self.proxy.cli().info_number(key)
    }

    pub fn until(&self, key: &str, value: u64) {
        let seen = poll_until(WAIT, || (self.number(key) == value).then_some(()));
        assert!(seen.is_some(), "{key} does not become {value}; said:\n{}", self.proxy.output());
    }

    /// The worker that answers the CLI.
    pub fn worker(&self) -> Pid {
        Pid::from_raw(self.number("Pid") as i32)
    }
}

fn config(
    global: &str,
    prefix: &str,
    http: SocketAddr,
    tcp: SocketAddr,
    origin: SocketAddr,
    echo: SocketAddr,
) -> String {
    format!(
        "    {global}
defaults
    timeout connect 5s
    timeout client 30s
    timeout server 30s
listen http
    mode http
    bind {prefix}{http}
    server s {origin}
listen tcp
    mode tcp
    bind {prefix}{tcp}
    server s {echo}
"
    )
}
