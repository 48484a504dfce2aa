//! Serving: from a configuration that was read to the loop, and out again.

use super::args::Args;
use super::daemon::{self, Side};
use super::limits::{self, Needs, Plan};
use super::pidfile::PidFile;
use super::{StartError, check, privileges, version};
use crate::base::diag::{Diag, Diags, Severity};
use crate::base::ids::Id;
use crate::config::print::line;
use crate::event::signals::{OPERATOR_SIGNALS, Signals};
use crate::event::token::{Kind, Token};
use crate::net::inherit::Inheritance;
use crate::settings::Settings;
use crate::sys::process as sys_process;
use crate::worker::{self, Exit, Limits, Worker};
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Bytes of a megabyte in `-m`.
const MEGABYTE: u64 = 1 << 20;

/// Serves traffic as `args` ask for and returns when told to stop.
pub fn run(args: &Args) -> ExitCode {
    let outcome = check::read(args);
    check::print(args, &outcome);
    let Some(settings) = outcome.settings else { return ExitCode::FAILURE };
    if let Some(option) = args.not_yet.first() {
        return fail(StartError::new(format!("option '{option}' is not supported by subflow yet.")));
    }
    if settings.global.master_worker {
        return fail(StartError::new("'master-worker' is not supported by subflow yet."));
    }
    if !check::has_listener(&settings) {
        return fail(StartError::new("No enabled listener found (check for 'bind' directives) ! Exiting."));
    }
    // Frozen from here to the end of the process: everything may point into it.
    let settings: &'static Settings = Box::leak(Box::new(settings));
    match start(args, settings) {
        Ok(code) => code,
        Err(error) => fail(error),
    }
}

fn fail(error: StartError) -> ExitCode {
    show(&[Diag { severity: Severity::Alert, text: error.to_string() }]);
    ExitCode::FAILURE
}

fn show(diags: &[Diag]) {
    for diag in diags {
        eprintln!("{}", start_line(diag));
    }
}

/// A message of the start: as those of the configuration, without its name.
fn start_line(diag: &Diag) -> String {
    line(diag, sys_process::pid()).replacen(" : config : ", " : ", 1)
}

fn start(args: &Args, settings: &'static Settings) -> Result<ExitCode, StartError> {
    let plan = plan(args, settings)?;
    show(&limits::apply(&plan, settings.global.strict_limits.0)?);
    if let Some(megabytes) = args.memory_max_mb {
        sys_process::set_address_space_limit(u64::from(megabytes) * MEGABYTE)
            .map_err(|e| StartError::because("Cannot limit the memory (-m).", &e))?;
    }
    let daemon = settings.global.daemon && !args.foreground && !args.debug;
    let report = match daemon {
        // As in the reference, a pid file is for who goes to the background.
        false => None,
        true => match daemon::split(settings.global.pidfile.as_deref().map(PidFile::create).transpose()?)? {
            Side::Parent(status) => return Ok(ExitCode::from(status as u8)),
            Side::Child(report) => Some(report),
        },
    };
    let mut worker = build(args, settings, &plan)?;
    show(&privileges::drop(&settings.global)?);
    if let Some(report) = report {
        report.ready().map_err(|e| StartError::because("Cannot leave the terminal.", &e))?;
    }
    let exit = worker.run().map_err(|e| StartError::because("The poller failed.", &e))?;
    Ok(leave(exit))
}

fn plan(args: &Args, settings: &Settings) -> Result<Plan, StartError> {
    let (_, hard) = limits::current().map_err(|e| StartError::because("Cannot read the FD limit.", &e))?;
    let memory = args.memory_max_mb.map(|mb| u64::from(mb) * MEGABYTE);
    Ok(limits::plan(&settings.global, &Needs::of(settings), hard, memory))
}

fn build(args: &Args, settings: &'static Settings, plan: &Plan) -> Result<Worker, StartError> {
    let signals =
        Signals::new(&OPERATOR_SIGNALS).map_err(|e| StartError::because("Cannot take signals.", &e))?;
    let limits = Limits {
        maxconn: plan.maxconn,
        maxsock: plan.maxsock,
        ulimit_n: plan.ulimit_n,
        version: version::COMPATIBLE_VERSION,
        splice_forbidden: args.no_splice || settings.global.nosplice,
    };
    let mut diags = Diags::new();
    let live = worker::build(settings, limits, &mut Inheritance::default(), &mut diags)
        .map_err(|e| StartError::because("Cannot open the poller.", &e))?;
    let quiet = (args.quiet || settings.global.quiet) && !args.verbose;
    let loud = |d: &&Diag| !quiet || d.severity == Severity::Alert;
    show(&diags.iter().filter(loud).cloned().collect::<Vec<_>>());
    if diags.refuses() {
        return Err(StartError::new("Some protocols failed to start their listeners! Exiting."));
    }
    if args.warnings_are_fatal && diags.count(Severity::Warning) > 0 {
        return Err(StartError::new("Some warnings were found and 'zero-warning' is set. Aborting."));
    }
    let token = Token::pack(Kind::Signal, Id::<Signals>::new(0, 0));
    live.env
        .poller
        .register_readable(signals.as_fd(), token)
        .map_err(|e| StartError::because("Cannot watch signals.", &e))?;
    Ok(Worker::new(live, worker::cli::CliConns::default(), signals))
}

/// A signal that stops the process is also what it dies of, so that whoever waits for it can see.
fn leave(exit: Exit) -> ExitCode {
    match exit {
        Exit::Drained => ExitCode::SUCCESS,
        Exit::Signal(signal) => {
            let _ = sys_process::die_of(signal);
            ExitCode::FAILURE
        }
    }
}
