//! The command line of subflow.

use std::process::ExitCode;
use subflow::process::{args, command};

fn main() -> ExitCode {
    let args = match args::parse(std::env::args_os().skip(1)) {
        Ok(args) => args,
        Err(error) => return command::refuse(&error),
    };
    command::answer(&args).unwrap_or_else(|| {
        eprintln!("subflow: serving traffic is not built into this binary yet, only -c and questions");
        ExitCode::FAILURE
    })
}
