//! The command line of subflow.

use std::io::{self, Write};
use std::process::ExitCode;
use subflow::process::handover::Handover;
use subflow::process::invocation::Invocation;
use subflow::process::{args, command, serve};

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn"))
        .format(write_message)
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

/// A message while the process runs, in the form of those of its start: `[WARNING]  (pid) : text`.
fn write_message(out: &mut env_logger::fmt::Formatter, record: &log::Record<'_>) -> io::Result<()> {
    let word = match record.level() {
        log::Level::Error => "[ALERT]",
        log::Level::Warn => "[WARNING]",
        log::Level::Info => "[NOTICE]",
        log::Level::Debug => "[DEBUG]",
        log::Level::Trace => "[TRACE]",
    };
    writeln!(out, "{word:<11}({}) : {}", std::process::id(), record.args())
}
