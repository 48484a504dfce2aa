//! Black-box tests: the proxy as a process, driven through its sockets. A module a feature.

mod http_basic;
mod kit;
mod process_life;
mod tcp_differential;
