//! TCP mode against the packaged haproxy at the level of the sockets: bytes, FIN or RST and their order at
//! both ends, and the tcplog line.

mod closing;
mod connecting;
mod limits;
mod logging;
mod sockets;
mod timeouts;
mod transfers;

use crate::kit::rig::{Rig, compare, config};

/// Runs a script with one frontend and one backend; `extra` are lines for the end of each section, led by the
/// section's word: `global ...`, `defaults ...`, `frontend ...`, `backend ...`, one a line.
fn tcp(extra: &str, script: impl Fn(&mut Rig)) {
    compare(&config("tcp", extra), script);
}
