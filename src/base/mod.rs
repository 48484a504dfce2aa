//! Plain types without I/O that every room may use.

pub mod arena;
pub mod buffer;
pub mod clock;
pub mod date;
pub mod diag;
pub mod ids;
pub mod ip_net;
pub mod rate;
pub mod wheel;
