//! The master CLI (`-S`): a socket of the supervisor where an operator sees the workers, reloads, and talks to the
//! CLI of each of them.
//!
//! ```text
//!   client <--> conns::MasterCli --- session::Session      what the bytes mean; no I/O
//!                      |
//!                      +-- relay --> one worker, for one command: a socket pair, its far end sent
//!                                    with `Order::Cli`
//! ```
//! Nothing here blocks: the supervisor has its workers to look after. A client that does not read is not read from,
//! and neither is the worker that answers it.
//!
//! # Source
//! management.txt 9.4.

mod bind;
mod conns;
pub mod manual;
pub mod overview;
pub mod rows;
pub mod session;

pub use bind::bind;
pub use conns::{Master, MasterCli, ReloadEnd};
pub use overview::{Overview, Process};
pub use rows::Reload;
