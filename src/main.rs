//! The command line of subflow.

use std::process::ExitCode;
use subflow::process::handover::Handover;
use subflow::process::invocation::Invocation;
use subflow::process::{args, command, serve};

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn"))
        .format_target(false)
        .init();
    let invocation = Invocation::of_process();
    let handover = match Handover::take() {
        Ok(handover) => handover,
        Err(error) => return command::refuse_handover(&error),
    };
    match args::parse(invocation.args().iter().cloned()) {
        Ok(args) => command::answer(&args).unwrap_or_else(|| serve::run(&args, invocation, handover)),
        Err(error) => command::refuse(&error),
    }
}
