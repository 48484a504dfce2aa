//! subflow: a single-threaded epoll proxy that runs haproxy's configuration files and makes
//! Multipath TCP a first-class transport.
//!
//! The rooms stand in layer order: a room imports only rooms declared above it. `tests/tidy.rs`
//! holds this list. docs/ARCHITECTURE.md tells what each room is for.

// ground: knows no proxy
pub mod sys;
pub mod base;
pub mod metrics;
pub mod wire;
// network: bytes move
pub mod event;
pub mod net;
pub mod channel;
pub mod conn;
// policy: pure decisions, no descriptor
pub mod balance;
pub mod settings;
pub mod config;
// traffic: live objects
pub mod log;
pub mod proxy;
pub mod stream;
pub mod live;
pub mod service;
// process
pub mod worker;
pub mod process;
