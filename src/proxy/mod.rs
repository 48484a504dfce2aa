//! A live proxy and server: state, limits, queue, idle connections.
