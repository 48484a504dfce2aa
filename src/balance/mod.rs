//! Load-balancing algorithms, one a file, choosing among plain views.

pub mod roundrobin;
