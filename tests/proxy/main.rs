//! Black-box tests: the proxy as a process, driven through its sockets. A module a feature.

mod aborts;
mod balance;
mod balance_hashes;
mod change_over;
mod cli;
mod cookies;
mod endurance;
mod faults;
mod header_case;
mod http_basic;
mod http_differential;
mod http_options;
mod kit;
mod logs;
mod master_cli;
mod mptcp_matrix;
mod multipath;
mod process_life;
mod regressions;
mod reload;
mod server_state;
mod service_manager;
mod show_errors;
mod start;
mod takeover;
mod tcp_differential;
