//! Cross checks: what no single line can know. One function per check, all messages in the
//! reference's words where it has them.

pub mod answers;
pub mod backends;
pub mod balance;
pub mod binds;
pub mod global;
pub mod logs;
pub mod options;
pub mod servers;
pub mod timeouts;
