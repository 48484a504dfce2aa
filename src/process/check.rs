//! Reading the configuration that the command line names, and `-c`.

use super::args::Args;
use super::version;
use crate::base::diag::{Diags, Severity};
use crate::config::expand::Environment;
use crate::config::keywords::stats_socket;
use crate::config::{self, Names, Refused, source};
use crate::settings::{Settings, StatsSocket};
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit status of `-c` for a file without mistakes that has nothing to listen on.
const NO_LISTENER: u8 = 2;

/// A configuration as it was read.
#[derive(Debug)]
pub struct Outcome {
    /// The settings, the command line's values put over them; `None` when they are refused.
    pub settings: Option<Settings>,
    /// The operator wants no messages.
    pub quiet: bool,
    /// All messages.
    pub diags: Diags,
    /// The environment as the configuration left it, for child processes.
    pub env: Environment,
}

/// Reads the files that `args` names. Nothing is printed; a warning under `-dW` or `zero-warning`
/// refuses the settings.
pub fn read(args: &Args) -> Outcome {
    let mut diags = Diags::new();
    let mut env = Environment::of_process();
    let settings = settings(args, &mut env, &mut diags);
    let quiet = match &settings {
        Ok(settings) => settings.global.quiet,
        Err(refused) => args.quiet || refused.quiet,
    };
    Outcome { settings: settings.ok(), quiet, diags, env }
}

fn settings(args: &Args, env: &mut Environment, diags: &mut Diags) -> Result<Settings, Refused> {
    if let Some(directory) = &args.directory {
        if let Err(error) = std::env::set_current_dir(directory) {
            let name = directory.to_string_lossy();
            diags.alert(format!("Could not change to directory {name} : {error}"));
            return Err(Refused { quiet: false });
        }
    }
    let sources = match source::collect(&args.files) {
        Ok(sources) => sources,
        Err(error) => {
            diags.alert(error.to_string());
            return Err(Refused { quiet: false });
        }
    };
    // names that cannot be refused: they are not empty and have no '='
    let _ = env.set(b"HAPROXY_CFGFILES", source::names(&sources).as_bytes());
    if let Some(name) = local_peer(args) {
        let _ = env.set(b"HAPROXY_LOCALPEER", name.as_bytes());
    }
    let names =
        Names { ignores_unresolved: args.ignores_unresolved, ipv4_only: args.ipv4_only, ..Names::default() };
    let mut settings = config::load(sources, version::build(args), names, env, diags)?;
    overlay(args, &mut settings);
    settings.global.master_cli = master_cli(args, settings.global.master_worker, env, names, diags)?;
    let fatal = args.warnings_are_fatal || settings.global.zero_warning;
    if fatal && diags.count(Severity::Warning) > 0 {
        diags.alert("Some warnings were found and 'zero-warning' is set. Aborting.");
        return Err(Refused { quiet: settings.global.quiet });
    }
    Ok(settings)
}

fn local_peer(args: &Args) -> Option<String> {
    let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    args.local_peer.clone().or_else(host)
}

/// The socket of `-S`; as in the reference, the last one counts.
fn master_cli(
    args: &Args,
    supervised: bool,
    env: &Environment,
    names: Names,
    diags: &mut Diags,
) -> Result<Option<StatsSocket>, Refused> {
    let Some(text) = args.master_cli.last() else { return Ok(None) };
    if !supervised {
        diags.warning("a master CLI socket was defined, but master-worker mode (-W) is not enabled.");
        return Ok(None);
    }
    match stats_socket::of_argument(&text.to_string_lossy(), env, names) {
        Ok(socket) => Ok(Some(socket)),
        Err(reason) => {
            diags.alert(format!("{reason}."));
            diags.alert("Can't create the master's CLI.");
            Err(Refused { quiet: args.quiet })
        }
    }
}

/// What was typed on the command line wins over the files.
fn overlay(args: &Args, settings: &mut Settings) {
    let global = &mut settings.global;
    global.maxconn = args.connections_max.or(global.maxconn);
    global.nosplice |= args.no_splice;
    global.noreuseport |= args.no_reuseport;
    global.daemon |= args.daemon;
    global.quiet |= args.quiet;
    global.master_worker |= args.supervision.is_some();
    if let Some(file) = &args.pid_file {
        global.pidfile = Some(file.into());
    }
    if let Some(name) = &args.local_peer {
        global.localpeer = Some(name.clone());
    }
    if let Some(maxconn) = args.proxy_connections_max {
        for proxy in settings.proxies.iter_mut().filter(|proxy| proxy.kind.is_frontend()) {
            proxy.maxconn = proxy.maxconn.or(Some(maxconn));
        }
    }
}

/// Prints the messages of `outcome` to standard error, unless quiet was asked for.
pub fn print(args: &Args, outcome: &Outcome) {
    // nobody is left to tell if standard error is gone
    let _ = io::stderr().lock().write_all(messages(args, outcome).as_bytes());
}

/// The messages of `outcome`, a line each, unless quiet was asked for.
pub fn messages(args: &Args, outcome: &Outcome) -> String {
    if outcome.quiet && !args.verbose {
        return String::new();
    }
    let header = format!("subflow version is {}", version::VERSION);
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = config::print_diags(&outcome.diags, std::process::id(), &header, args.diagnostics, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// `-c`: tells what is wrong. The status is 0 for a valid configuration, 1 for a refused one and 2 for
/// one that has nothing to listen on.
///
/// # Source
/// management.txt 3, `-c`.
pub fn run(args: &Args) -> ExitCode {
    let outcome = read(args);
    print(args, &outcome);
    let Some(settings) = &outcome.settings else { return ExitCode::FAILURE };
    let out = &mut io::stdout().lock();
    if !has_listener(settings) {
        let _ = writeln!(out, "Configuration file has no error but will not start (no listener) => exit(2).");
        return ExitCode::from(NO_LISTENER);
    }
    if args.verbose {
        if outcome.diags.count(Severity::Warning) > 0 {
            let _ = writeln!(out, "Warnings were found.");
        }
        let _ = writeln!(out, "Configuration file is valid");
    }
    ExitCode::SUCCESS
}

/// Whether anything could ever connect.
pub fn has_listener(settings: &Settings) -> bool {
    let bound = |proxy: &crate::settings::Proxy| !proxy.disabled && !proxy.binds.is_empty();
    settings.proxies.iter().any(bound)
        || !settings.global.stats_sockets.is_empty()
        || settings.global.master_worker
}
