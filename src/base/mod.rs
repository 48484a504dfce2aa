//! Plain types without I/O that every room may use.

pub mod diag;
pub mod ids;
