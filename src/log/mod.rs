//! Log records, line formats and sinks.

pub mod frame;
pub mod line;
pub mod logger;
pub mod notice;
pub mod record;
pub mod sink;

pub use logger::Logger;
pub use record::{Load, Record, Timers};
