//! Codecs without I/O: bytes in, facts out. No socket, clock, log or counter here.

pub mod http1;
