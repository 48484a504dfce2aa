//! A connection: descriptor, readiness, transport and mux.
