//! The arenas of live objects; no behaviour.
