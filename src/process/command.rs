//! The tasks of the command line that serve no traffic.

use super::args::{self, Args, ArgsError, Command};
use super::{check, version};
use crate::base::diag::{Diags, Severity};
use crate::config::condition::{self, Facts};
use crate::config::expand::Environment;
use crate::config::{manual, print_diags};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

/// Exit status of `-cc` for an expression that cannot be read.
const CONDITION_ERROR: u8 = 2;

/// Does what `args` asks for and returns the exit status, or `None` when traffic is to be served.
pub fn answer(args: &Args) -> Option<ExitCode> {
    if let Some(classes) = &args.keyword_classes {
        let _ = say(&manual::list(classes));
    }
    match &args.command {
        Command::Run => None,
        Command::Check => Some(check::run(args)),
        Command::Condition(expression) => Some(condition(args, expression)),
        Command::Version => Some(say(&version::short())),
        Command::BuildInformation => Some(say(&version::long())),
        Command::Help => Some(say(&args::usage())),
    }
}

/// Tells why a command line cannot be followed, and how one looks.
pub fn refuse(error: &ArgsError) -> ExitCode {
    let _ = write!(io::stderr().lock(), "subflow: {error}\n{}", args::usage());
    ExitCode::FAILURE
}

/// Tells that what the process was started with by its predecessor is of no use.
pub fn refuse_handover(error: &io::Error) -> ExitCode {
    let _ = writeln!(io::stderr().lock(), "subflow: {error}");
    ExitCode::FAILURE
}

fn say(text: &str) -> ExitCode {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn condition(args: &Args, expression: &OsStr) -> ExitCode {
    let (build, env) = (version::build(args), Environment::of_process());
    match condition::evaluate_argument(expression.as_bytes(), &Facts { build: &build, env: &env }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(text) => {
            let mut diags = Diags::new();
            diags.push(Severity::Alert, text);
            let _ = print_diags(&diags, std::process::id(), "", false, &mut io::stderr().lock());
            ExitCode::from(CONDITION_ERROR)
        }
    }
}
