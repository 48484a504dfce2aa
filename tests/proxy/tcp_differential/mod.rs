//! TCP mode against the packaged haproxy at the level of the sockets: bytes, FIN or RST and their order at
//! both ends, and the tcplog line.

mod closing;
mod connecting;
mod limits;
mod logging;
mod sockets;
mod timeouts;
mod transfers;

use crate::kit::rig::{Rig, compare};

/// Runs a script with one frontend and one backend; `extra` are lines for the end of each section, led by the
/// section's word: `global ...`, `defaults ...`, `frontend ...`, `backend ...`, one a line.
fn tcp(extra: &str, script: impl Fn(&mut Rig)) {
    compare(&config(extra), script);
}

/// The configuration of [`tcp`]; without any `backend server` line there is the one server `${s1}`.
fn config(extra: &str) -> String {
    let section = |name: &str| -> String {
        let lines = extra.lines().filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '));
        lines.map(|line| format!("    {line}\n")).collect()
    };
    let mut backend = section("backend");
    if !backend.lines().any(|line| line.trim().starts_with("server ")) {
        backend.push_str("    server s1 ${s1}\n");
    }
    format!(
        "global
    nbthread 1
    log \"${{log}}\" local0
{}
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 4s
    timeout client 6s
    timeout server 6s
{}
frontend fe
    bind fd@${{fe}}
    default_backend be
{}
backend be
{backend}
",
        section("global"),
        section("defaults"),
        section("frontend"),
    )
}
