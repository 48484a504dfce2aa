//! How many descriptors the process needs, how many connections fit in those it may have.
//!
//! # Source
//! configuration.txt 3.1 `ulimit-n`, 3.2 `maxconn`, `maxpipes`; man 2 setrlimit. The messages and
//! the sums are those of the reference.

use std::io;

use crate::base::diag::{Diag, Severity};
use crate::process::StartError;
use crate::settings::{Global, Settings};
use crate::sys::process::{nofile_limit, set_nofile_limit};
use crate::worker::cli::CLI_CONNS_DEFAULT;

/// Descriptors of the process itself: the standard three, epoll, signals, log sockets, and some to
/// spare for files that are read now and then.
const OWN_FDS: u64 = 13;

/// Descriptors of one connection through the proxy: the client's and the server's.
const FDS_PER_CONN: u64 = 2;

/// Descriptors of one pipe.
const FDS_PER_PIPE: u64 = 2;

/// Descriptors that a `maxconn` nobody named may plan with. Some systems allow a billion; a proxy
/// that wants more than this says so with `maxconn` or `fd-hard-limit`.
const FDS_AUTO_MAX: u64 = 1 << 20;

/// The lowest `maxconn` that is chosen for an operator who named none.
const MAXCONN_MIN: u64 = 100;

/// Memory of a busy connection beside its two buffers, for `-m`.
const CONN_BYTES: u64 = 4096;

/// What takes descriptors besides connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// Listening sockets.
    pub listeners: u64,
    /// CLI connections at once.
    pub cli_conns: u64,
    /// Pipes that were asked for by number (`maxpipes`).
    pub pipes: u64,
}

impl Needs {
    /// Counts what the configuration declares.
    pub fn of(settings: &Settings) -> Needs {
        let global = &settings.global;
        let binds = settings.proxies.iter().flat_map(|proxy| &proxy.binds);
        // An address without a port (unix, fd) is one socket all the same.
        let sockets =
            binds.flat_map(|bind| &bind.addresses).map(|address| address.ports.iter().count().max(1));
        let stats_sockets = global.stats_sockets.len();
        let cli_conns = if stats_sockets > 0 { global.stats_maxconn.unwrap_or(CLI_CONNS_DEFAULT) } else { 0 };
        Needs {
            listeners: (sockets.sum::<usize>() + stats_sockets) as u64,
            cli_conns: cli_conns.into(),
            pipes: global.maxpipes.unwrap_or(0).into(),
        }
    }

    fn besides_conns(&self) -> u64 {
        OWN_FDS + self.listeners + self.cli_conns + self.pipes * FDS_PER_PIPE
    }
}

/// What was decided from the configuration and the limits that the process was started with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Process-wide `maxconn` (`Maxconn` of `show info`).
    pub maxconn: u32,
    /// Descriptors that this maxconn takes (`Maxsock` of `show info`).
    pub maxsock: u64,
    /// The soft limit to ask for (`Ulimit-n` of `show info`).
    pub ulimit_n: u64,
    /// `fd-hard-limit`: never ask for more than this.
    bound: Option<u64>,
}

/// Decides `maxconn`: what the operator asked for (`-n` or the configuration), else as many
/// connections as fit in the hard limit of descriptors, `fds_hard`, lowered to `fd-hard-limit`, and
/// in `memory_max_bytes` (`-m`) when there is such a limit.
pub fn plan(global: &Global, needs: &Needs, fds_hard: u64, memory_max_bytes: Option<u64>) -> Plan {
    let fits = || {
        let fds = fds_hard.min(global.fd_hard_limit.unwrap_or(FDS_AUTO_MAX));
        let by_fds = fds.saturating_sub(needs.besides_conns()) / FDS_PER_CONN;
        let bytes_per_conn = 2 * global.tune.bufsize as u64 + CONN_BYTES;
        let by_memory = memory_max_bytes.map_or(u64::MAX, |bytes| bytes / bytes_per_conn);
        by_fds.min(by_memory).clamp(MAXCONN_MIN, u32::MAX.into()) as u32
    };
    let maxconn = global.maxconn.filter(|maxconn| *maxconn > 0).unwrap_or_else(fits);
    let maxsock = u64::from(maxconn) * FDS_PER_CONN + needs.besides_conns();
    let ulimit_n = global.ulimit_n.filter(|n| *n > 0).unwrap_or(maxsock);
    Plan { maxconn, maxsock, ulimit_n, bound: global.fd_hard_limit }
}

/// What the process was started with: the soft and the hard limit of descriptors.
///
/// # Errors
/// None that Linux would give.
pub fn current() -> io::Result<(u64, u64)> {
    nofile_limit()
}

/// Raises the limit of descriptors to what `plan` asks for. It is never lowered.
///
/// # Errors
/// The limit cannot be had, or it is too low for the plan, and `strict` (`strict-limits`) says that
/// this matters. When it does not, the messages are returned, and the process runs with what it has.
pub fn apply(plan: &Plan, strict: bool) -> Result<Vec<Diag>, StartError> {
    let (soft, hard) =
        nofile_limit().map_err(|error| StartError::because("Cannot read the FD limit.", &error))?;
    let mut told = Vec::new();
    let bound = plan.bound.unwrap_or(u64::MAX);
    let mut now = soft.min(bound);
    if plan.ulimit_n > now {
        if plan.ulimit_n <= bound && set_nofile_limit(plan.ulimit_n, hard.max(plan.ulimit_n)).is_ok() {
            now = plan.ulimit_n;
        } else {
            let text = format!("Cannot raise FD limit to {}, limit is {now}.", plan.ulimit_n);
            tell(&mut told, strict, Severity::Warning, text)?;
            // All that may be had, if that is more than there was.
            let rest = hard.min(bound);
            if rest > soft && set_nofile_limit(rest, hard).is_ok() {
                now = rest;
            }
        }
    }
    if now < plan.maxsock {
        let text = format!(
            "FD limit ({now}) too low for maxconn={}/maxsock={}. Please raise 'ulimit-n' to {} or more to avoid any trouble.",
            plan.maxconn, plan.maxsock, plan.maxsock
        );
        tell(&mut told, strict, Severity::Alert, text)?;
    }
    Ok(told)
}

fn tell(told: &mut Vec<Diag>, strict: bool, severity: Severity, text: String) -> Result<(), StartError> {
    let error = StartError::new(text);
    if strict {
        return Err(error);
    }
    told.push(Diag { severity, text: error.to_string() });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDS: Needs = Needs { listeners: 2, cli_conns: 10, pipes: 0 };

    fn asked(maxconn: Option<u32>) -> Global {
        Global { maxconn, ..Global::default() }
    }

    // The figures that `show info` of the reference gives for the same configuration.
    #[test]
    fn counts_as_the_reference_does() {
        let by_number = plan(&asked(Some(1000)), &NEEDS, 20_000, None);
        assert_eq!(by_number, Plan { maxconn: 1000, maxsock: 2025, ulimit_n: 2025, bound: None });
        let no_cli = Needs { listeners: 1, ..Needs::default() };
        assert_eq!(plan(&asked(Some(1000)), &no_cli, 20_000, None).maxsock, 2014);
        let pipes = Needs { pipes: 100, ..NEEDS };
        assert_eq!(plan(&asked(Some(5000)), &pipes, 20_000, None).maxsock, 10_225);
        let ulimit = plan(&Global { ulimit_n: Some(900), ..asked(Some(5000)) }, &NEEDS, 20_000, None);
        assert_eq!((ulimit.maxsock, ulimit.ulimit_n), (10_025, 900));
    }

    #[test]
    fn without_maxconn_it_is_what_fits() {
        let fits = plan(&asked(None), &NEEDS, 20_000, None);
        assert_eq!((fits.maxconn, fits.maxsock, fits.ulimit_n), (9987, 19_999, 19_999));
        assert_eq!(plan(&asked(Some(0)), &NEEDS, 20_000, None), fits);
        assert!(plan(&asked(None), &Needs { pipes: 100, ..NEEDS }, 1000, None).maxsock <= 1000);
        let bounded = Global { fd_hard_limit: Some(3000), ..asked(None) };
        assert_eq!(plan(&bounded, &NEEDS, 20_000, None).maxconn, 1487);
    }

    #[test]
    fn never_fewer_than_a_hundred_are_planned() {
        let plan = plan(&asked(None), &NEEDS, 100, None);
        assert_eq!((plan.maxconn, plan.maxsock), (100, 225));
    }

    #[test]
    fn a_memory_limit_lowers_what_fits_and_not_what_was_asked_for() {
        let megabytes = Some(100 << 20);
        assert_eq!(plan(&asked(None), &NEEDS, 20_000, megabytes).maxconn, 2844);
        assert_eq!(plan(&asked(Some(4000)), &NEEDS, 20_000, megabytes).maxconn, 4000);
    }

    #[test]
    fn a_system_that_allows_a_billion_is_not_taken_at_its_word() {
        assert!(plan(&asked(None), &NEEDS, 1 << 30, None).maxsock <= FDS_AUTO_MAX);
        let named = plan(&asked(Some(u32::MAX)), &NEEDS, u64::MAX, None);
        assert_eq!(named.maxsock, 2 * u64::from(u32::MAX) + 25);
    }

    #[test]
    fn a_bound_of_the_operator_is_not_exceeded() {
        let (soft, _) = current().unwrap();
        let plan = Plan { maxconn: 1, maxsock: 30, ulimit_n: 30, bound: Some(20) };
        let error = apply(&plan, true).unwrap_err().to_string();
        assert_eq!(error, "[haproxy.main()] Cannot raise FD limit to 30, limit is 20.");
        assert_eq!(apply(&plan, false).unwrap().len(), 2);
        assert!(current().unwrap().0 >= soft);
    }

    #[test]
    fn a_limit_that_cannot_be_had_stops_only_a_strict_start() {
        // More than fs.nr_open ever is: refused even to root.
        let greedy = Plan { maxconn: 1, maxsock: u64::MAX - 1, ulimit_n: u64::MAX - 1, bound: None };
        let error = apply(&greedy, true).unwrap_err().to_string();
        assert!(
            error.starts_with("[haproxy.main()] Cannot raise FD limit to 18446744073709551614, limit is "),
            "{error}"
        );
        let told = apply(&greedy, false).unwrap();
        assert_eq!(
            told.iter().map(|diag| diag.severity).collect::<Vec<_>>(),
            [Severity::Warning, Severity::Alert]
        );
        assert!(told[1].text.contains("too low for maxconn=1/maxsock=18446744073709551614. Please raise"));
    }

    #[test]
    fn a_limit_that_is_high_enough_is_left_alone() {
        let before = current().unwrap();
        assert_eq!(apply(&Plan { maxconn: 1, maxsock: 20, ulimit_n: 20, bound: None }, true), Ok(Vec::new()));
        assert!(current().unwrap().0 >= before.0.min(20));
    }
}
