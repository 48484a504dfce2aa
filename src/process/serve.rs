//! Serving: from a configuration that was read to the loop, and out again.
//!
//! Whoever is started decides here what it is: a process that serves by itself, the supervisor of one that does,
//! or a worker that a supervisor started.

use super::activation::{self, Activation};
use super::args::{Args, Supervision};
use super::daemon::{self, Side};
use super::handover::{Handover, Role, Shape};
use super::invocation::Invocation;
use super::limits::{self, Needs, Plan};
use super::master_cli;
use super::notify::Notifier;
use super::pidfile::PidFile;
use super::say::{say, show};
use super::single::Single;
use super::supervisor::{self, AtStart, Options};
use super::{StartError, check, enlist, privileges, takeover, version};
use crate::base::diag::{Diag, Diags, Severity};
use crate::base::ids::Id;
use crate::event::signals::{OPERATOR_SIGNALS, Signals};
use crate::event::token::{Kind, Token};
use crate::net::inherit::{Inheritance, Inherited};
use crate::settings::{Global, Settings};
use crate::sys::process as sys_process;
use crate::worker::control::{self, Channel};
use crate::worker::{self, Exit, Limits, Worker};
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Bytes of a megabyte in `-m`.
const MEGABYTE: u64 = 1 << 20;

/// Serves traffic as `args` ask for, or has it served, and returns when told to stop.
pub fn run(args: &Args, invocation: Invocation, handover: Option<Handover>) -> ExitCode {
    let done = match handover {
        None => fresh(args, invocation),
        Some(handover) if handover.role == Role::Supervisor => {
            let options = Options {
                shape: handover.shape,
                quiet: handover.quiet,
                reloads_max: handover.reloads_max,
                ..Options::default()
            };
            supervisor::resume(invocation, options, handover)
        }
        Some(handover) => enlist::serve(&args.of_worker(), handover),
    };
    done.unwrap_or_else(|error| {
        say(Severity::Alert, &error.to_string());
        ExitCode::FAILURE
    })
}

/// Refuses what cannot be served.
pub(super) fn servable(args: &Args, settings: &Settings) -> Result<(), StartError> {
    if let Some(option) = args.not_yet.first() {
        return Err(StartError::new(format!("option '{option}' is not supported by subflow yet.")));
    }
    match check::has_listener(settings) {
        true => Ok(()),
        false => Err(StartError::new("No enabled listener found (check for 'bind' directives) ! Exiting.")),
    }
}

fn fresh(args: &Args, invocation: Invocation) -> Result<ExitCode, StartError> {
    let activation = Activation::take();
    let outcome = check::read(args);
    let supervised = outcome.settings.as_ref().is_some_and(|s| wants_supervisor(args, &s.global));
    if !supervised {
        check::print(args, &outcome);
    }
    let logs = check::messages(args, &outcome);
    let Some(settings) = outcome.settings else { return Ok(ExitCode::FAILURE) };
    // The messages of a supervised configuration come from the worker, which reads it again.
    servable(args, &settings)?;
    if supervised {
        return supervise(args, invocation, &settings.global, activation.sockets(&settings));
    }
    let sockets = activation.sockets(&settings);
    start(args, invocation, freeze(settings, logs), sockets)
}

/// Whether a supervisor stands above the worker from the start: it was asked for, or the worker will give up the
/// rights that the next one needs.
fn wants_supervisor(args: &Args, global: &Global) -> bool {
    let gives_up = global.chroot.is_some() || global.uid.is_some() || global.gid.is_some();
    global.master_worker || (gives_up && sys_process::is_root() && !args.foreground && !args.debug)
}

/// Frozen from here to the end of the process: everything may point into it. `startup_logs` are the messages about it.
pub(super) fn freeze(mut settings: Settings, startup_logs: String) -> &'static Settings {
    settings.global.startup_logs = startup_logs;
    Box::leak(Box::new(settings))
}

fn is_quiet(args: &Args, global: &Global) -> bool {
    (args.quiet || global.quiet) && !args.verbose
}

pub(super) fn is_daemon(args: &Args, global: &Global) -> bool {
    global.daemon && !args.foreground && !args.debug
}

fn supervise(
    args: &Args,
    invocation: Invocation,
    global: &Global,
    sockets: Vec<Inherited>,
) -> Result<ExitCode, StartError> {
    let shape = if global.master_worker { Shape::Supervised } else { Shape::Single };
    // As in the reference, a pid file is for who goes to the background, and for a master.
    let named = global.pidfile.as_deref().filter(|_| global.master_worker || is_daemon(args, global));
    let mut pid_file = named.map(PidFile::create).transpose()?;
    let master_cli =
        global.master_cli.as_ref().map(|socket| master_cli::bind(socket, !global.noreuseport)).transpose()?;
    let mut report = None;
    if is_daemon(args, global) {
        match daemon::split(pid_file.take())? {
            Side::Parent(status) => return Ok(ExitCode::from(status as u8)),
            Side::Child(child) => report = Some(child),
        }
    }
    let manager = Notifier::take();
    let options = Options {
        shape,
        quiet: is_quiet(args, global),
        survives_failure: global.survives_failure,
        reloads_max: global.mworker_max_reloads,
        notifier: if args.supervision == Some(Supervision::Notify) { manager } else { Notifier::default() },
    };
    let predecessors = args.predecessors.clone();
    let sockets = activation::for_supervisor(sockets);
    supervisor::begin(invocation, options, AtStart { pid_file, report, sockets, predecessors, master_cli })
}

fn start(
    args: &Args,
    invocation: Invocation,
    settings: &'static Settings,
    sockets: Vec<Inherited>,
) -> Result<ExitCode, StartError> {
    let plan = prepare(args, settings, None)?;
    let report = match is_daemon(args, &settings.global) {
        false => None,
        true => match daemon::split(settings.global.pidfile.as_deref().map(PidFile::create).transpose()?)? {
            Side::Parent(status) => return Ok(ExitCode::from(status as u8)),
            Side::Child(report) => Some(report),
        },
    };
    let mut worker = succeed(args, settings, &plan, sockets, None)?;
    let predecessors = args.predecessors.as_ref();
    let mut dismissed = false;
    // With the rights that were needed to start: the older process may have more than this one keeps.
    let dismiss = || {
        takeover::dismiss(predecessors);
        dismissed = true;
    };
    let dropped = privileges::drop(&settings.global, dismiss);
    match dropped {
        Ok(told) => show(&told, None),
        Err(error) => {
            // The addresses have to be free before the older process is to have them again.
            drop(worker);
            if !dismissed {
                takeover::reinstate(predecessors);
            }
            return Err(error);
        }
    }
    commit(args, &mut worker, None);
    if let Some(report) = report {
        report.ready().map_err(|e| StartError::because("Cannot leave the terminal.", &e))?;
    }
    let mut single =
        Single::new(invocation, is_quiet(args, &settings.global), settings.global.mworker_max_reloads);
    loop {
        match worker.run().map_err(|e| StartError::because("The poller failed.", &e))? {
            Exit::Reload => single.reload(&mut worker),
            Exit::Process => {}
            exit => return Ok(leave(exit, &mut worker)),
        }
        // After a reload too: of two reasons that came in one turn only one is told.
        if let Some(code) = single.look(&mut worker)? {
            return Ok(code);
        }
    }
}

/// Decides how much may be held, and raises the limits for it.
pub(super) fn prepare(
    args: &Args,
    settings: &Settings,
    supervisor: Option<&mut Channel>,
) -> Result<Plan, StartError> {
    let plan = plan(args, settings)?;
    show(&limits::apply(&plan, settings.global.strict_limits.0)?, supervisor);
    if let Some(megabytes) = args.memory_max_mb {
        sys_process::set_address_space_limit(u64::from(megabytes) * MEGABYTE)
            .map_err(|e| StartError::because("Cannot limit the memory (-m).", &e))?;
    }
    Ok(plan)
}

fn plan(args: &Args, settings: &Settings) -> Result<Plan, StartError> {
    let (_, hard) = limits::current().map_err(|e| StartError::because("Cannot read the FD limit.", &e))?;
    let memory = args.memory_max_mb.map(|mb| u64::from(mb) * MEGABYTE);
    Ok(limits::plan(&settings.global, &Needs::of(settings), hard, memory))
}

/// Builds the worker where another process may have served before: with the sockets of `-x` behind `sockets`, and
/// asking the processes of `-sf` and `-st` for addresses that are in use. If it fails, they go on.
pub(super) fn succeed(
    args: &Args,
    settings: &'static Settings,
    plan: &Plan,
    mut sockets: Vec<Inherited>,
    supervisor: Option<&mut Channel>,
) -> Result<Worker, StartError> {
    sockets.extend(takeover::inherit(args)?);
    let predecessors = args.predecessors.as_ref();
    let mut inheritance = Inheritance::new(sockets).asking(takeover::release(predecessors));
    let built = build(args, settings, plan, &mut inheritance, supervisor);
    if built.is_err() {
        takeover::reinstate(predecessors);
    }
    built
}

/// Builds the worker; every socket is bound then.
pub(super) fn build(
    args: &Args,
    settings: &'static Settings,
    plan: &Plan,
    inheritance: &mut Inheritance,
    supervisor: Option<&mut Channel>,
) -> Result<Worker, StartError> {
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
    let live = worker::build(settings, limits, inheritance, &mut diags)
        .map_err(|e| StartError::because("Cannot open the poller.", &e))?;
    show(&loud(args, &settings.global, &diags), supervisor);
    if diags.refuses() {
        return Err(StartError::new("Some protocols failed to start their listeners! Exiting."));
    }
    if args.warnings_are_fatal && diags.count(Severity::Warning) > 0 {
        return Err(StartError::new("Some warnings were found and 'zero-warning' is set. Aborting."));
    }
    watch_signals(&live, &signals)?;
    Ok(Worker::new(live, worker::cli::CliConns::default(), signals))
}

/// The messages that the operator wants to see.
fn loud(args: &Args, global: &Global, diags: &Diags) -> Vec<Diag> {
    let quiet = is_quiet(args, global);
    diags.iter().filter(|d| !quiet || d.severity == Severity::Alert).cloned().collect()
}

/// Makes the changes between TCP and MPTCP that were prepared. Clients are led to the new sockets then, so this
/// comes last: what failed after it would lose them.
pub(super) fn commit(args: &Args, worker: &mut Worker, mut supervisor: Option<&mut Channel>) {
    let (diags, all_replaced) = worker::bind::commit(&mut worker.live);
    show(&loud(args, &worker.live.env.settings.global, &diags), supervisor.as_deref_mut());
    if let Some(channel) = supervisor {
        let reports = all_replaced.into_iter().filter_map(|one| control::replaced(&worker.live, one));
        reports.for_each(|report| channel.send(report.encode()));
    }
}

/// Lets the loop know of signals.
pub(super) fn watch_signals(live: &crate::live::Live, signals: &Signals) -> Result<(), StartError> {
    let token = Token::pack(Kind::Signal, Id::<Signals>::new(0, 0));
    let watched = live.env.poller.register_readable(signals.as_fd(), token);
    watched.map_err(|e| StartError::because("Cannot watch signals.", &e))
}

/// How a process that served ends. A signal that stops it is also what it dies of, so that whoever waits for it
/// can see.
pub(super) fn leave(exit: Exit, worker: &mut Worker) -> ExitCode {
    match exit {
        Exit::Drained => {
            enlist::report_rest(worker);
            ExitCode::SUCCESS
        }
        Exit::Signal(signal) => {
            let _ = sys_process::die_of(signal);
            ExitCode::FAILURE
        }
        Exit::Orphaned | Exit::Reload | Exit::Process => ExitCode::FAILURE,
    }
}
