//! Arguments, start-up, privileges and the life of the process.

pub mod activation;
pub mod args;
pub mod check;
pub mod command;
pub mod daemon;
mod enlist;
mod error;
pub mod handover;
pub mod invocation;
mod launch;
pub mod limits;
pub mod master_cli;
pub mod notify;
pub mod pidfile;
pub mod privileges;
mod say;
pub mod serve;
mod single;
pub mod supervisor;
pub mod takeover;
pub mod version;

pub use error::StartError;
