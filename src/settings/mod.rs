//! What the operator asked for: plain data, frozen at boot.
