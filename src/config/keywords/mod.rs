//! The directive rows, a file per area.

pub mod balance;
pub mod cookie;
pub mod environment;
pub mod errors;
pub mod global;
pub mod http;
pub mod http_error;
pub mod ignored;
pub mod keepalive;
pub mod listeners;
pub mod log_formats;
pub mod logs;
pub mod options;
pub mod process;
pub mod proxy;
pub mod server_state;
pub mod servers;
pub mod source;
pub mod stats_socket;
pub mod timeouts;
pub mod tune;

use super::keyword::Directive;

/// All directive rows.
pub const TABLES: &[&[Directive]] = &[
    global::ROWS,
    process::ROWS,
    environment::ROWS,
    stats_socket::ROWS,
    tune::ROWS,
    ignored::ROWS,
    proxy::ROWS,
    balance::ROWS,
    cookie::ROWS,
    listeners::ROWS,
    servers::ROWS,
    server_state::ROWS,
    source::ROWS,
    timeouts::ROWS,
    keepalive::ROWS,
    logs::ROWS,
    log_formats::ROWS,
    options::ROWS,
    errors::ROWS,
    http_error::ROWS,
    http::ROWS,
];
