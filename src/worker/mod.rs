//! Builds the live objects from settings and runs the loop.

pub mod accept;
pub mod bind;
pub mod build;
pub mod carry;
pub mod change;
pub mod change_over;
pub mod cli;
pub mod control;
pub mod dispatch;
pub mod expose;
pub mod housekeeping;
pub mod run;
pub mod slowstart;
pub mod soft_stop;
pub mod view;

pub use build::{Limits, build};
pub use run::{Exit, Worker};
