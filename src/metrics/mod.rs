//! Counters as plain structs, and the columns that name them; no output formats.
