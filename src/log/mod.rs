//! Log records, line formats and sinks.

pub mod record;

pub use record::{Load, Record, Timers};
