//! Builds the live objects from settings and runs the loop.
