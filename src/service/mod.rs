//! Answers made here: the CLI and its command rows.

pub mod cli;
