//! Log records, line formats and sinks.

pub mod capture;
pub mod format;
pub mod frame;
pub mod logger;
pub mod notice;
pub mod record;
pub mod sink;

pub use capture::Captured;
pub use logger::{Line, Logger, Page};
pub use record::{Load, Record, Timers};
