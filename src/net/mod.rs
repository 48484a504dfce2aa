//! Addresses, the protocol table, receivers and listeners, accept and connect.
