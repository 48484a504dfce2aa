//! The poller, tokens, readiness and signals: yields events, knows no consumer.

pub mod poller;
pub mod readiness;
pub mod signals;
pub mod token;

pub use poller::{Event, Poller};
pub use readiness::Readiness;
pub use token::{Kind, Token};
