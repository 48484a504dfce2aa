//! Counters as plain structs, and the columns that name them; no output formats.

pub mod columns;
pub mod figure;
pub mod counters;
pub mod family;
pub mod gauge;
pub mod process;
pub mod times;

pub use counters::{BackendCounters, FrontendCounters, HttpCounters, ListenerCounters, ServerCounters};
pub use family::Family;
pub use gauge::Gauge;
pub use process::ProcessCounters;
pub use times::{Average, Times};
