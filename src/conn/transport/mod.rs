//! Transports: how bytes get in and out of a connection's descriptor.

pub mod raw;
