//! The poller, tokens, readiness, timers and signals: yields events, knows no consumer.
