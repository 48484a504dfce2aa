//! The command line socket (management.txt 9.3): what operators and their tools ask a running proxy.
//!
//! [`conn::CliSession`] takes bytes in and gives bytes out and does no I/O; [`rows`] is the list of
//! commands; [`view::World`] is what they see of the live objects.

pub mod buffers;
pub mod change;
pub mod conn;
mod dynamic_cookie;
mod h1_stop;
mod json;
pub mod manual;
mod not_yet;
pub mod parser;
pub mod rows;
mod set_limits;
mod set_server;
pub mod severity;
mod show_activity;
mod show_env;
mod show_errors;
mod show_info;
mod show_process;
mod show_servers;
mod show_sess;
mod show_stat;
mod suggest;
pub mod view;

#[cfg(test)]
mod testing;

pub use conn::{CliSession, Rights};
pub use view::World;
