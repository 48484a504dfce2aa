//! Arguments, start-up, privileges and the life of the process.

pub mod args;
pub mod check;
pub mod command;
pub mod daemon;
mod error;
pub mod limits;
pub mod pidfile;
pub mod privileges;
pub mod serve;
pub mod version;

pub use error::StartError;
