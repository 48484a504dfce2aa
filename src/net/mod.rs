//! Addresses, the protocol table, receivers and listeners, accept and connect.
//!
//! What the operator typed becomes an [`address::Address`]; a name in it is looked up by
//! [`resolve`]; a row of the [`protocol`] table and the address make a [`receiver`], which a
//! [`listener`] gives limits and a state; a [`switch`] changes its protocol over a reload, and [`takeover`] is how
//! two processes speak of it. [`accept`] takes clients off it, [`connect`] goes out to servers.

pub mod accept;
pub mod address;
pub mod connect;
pub mod listener;
pub mod protocol;
pub mod inherit;
pub mod receiver;
pub mod resolve;
pub mod switch;
pub mod takeover;
mod unix_path;
