//! subflow: a single-threaded epoll proxy that runs haproxy's configuration files and makes
//! Multipath TCP a first-class transport.
//!
//! The rooms stand in layer order: a room imports only rooms declared above it. `tests/tidy.rs`
//! holds this list. docs/ARCHITECTURE.md tells what each room is for.

// ground: knows no proxy
pub mod base;
pub mod metrics;
pub mod sys;
pub mod wire;
// network: bytes move
pub mod channel;
pub mod conn;
pub mod event;
pub mod net;
// policy: pure decisions, no descriptor
pub mod balance;
pub mod config;
pub mod settings;
// traffic: live objects
pub mod live;
pub mod log;
pub mod proxy;
pub mod service;
pub mod stream;
// process
pub mod process;
pub mod worker;
