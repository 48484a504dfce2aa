//! Arguments, start-up, privileges and the life of the process.

pub mod args;
pub mod check;
pub mod command;
pub mod version;
