//! Log records, line formats and sinks.
