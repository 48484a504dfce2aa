//! The command line of subflow.

use std::process::ExitCode;
use subflow::process::{args, command, serve};

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn"))
        .format_target(false)
        .init();
    match args::parse(std::env::args_os().skip(1)) {
        Ok(args) => command::answer(&args).unwrap_or_else(|| serve::run(&args)),
        Err(error) => command::refuse(&error),
    }
}
