//! Codecs without I/O.
