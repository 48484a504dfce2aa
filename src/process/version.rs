//! What this program is: for `-v`, `-vv` and the conditions of a configuration.

use crate::config::build::Build;
use crate::process::args::Args;
use std::fmt::Write as _;

/// The haproxy version whose configuration language and messages are followed.
pub const COMPATIBLE_VERSION: &str = "3.5-dev4";

/// Our own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Size of a buffer in bytes when `tune.bufsize` says nothing.
pub const BUFFER_SIZE: usize = 16384;
/// Bytes of a buffer kept free for rewriting when `tune.maxrewrite` says nothing.
pub const REWRITE_MAX: usize = 1024;
/// Events taken at once from the poller when `tune.maxpollevents` says nothing.
pub const EVENTS_MAX: usize = 200;

/// The reference's features, in order of name, and whether we have them.
#[rustfmt::skip]
static FEATURES: &[(&str, bool)] = &[
    ("51DEGREES", false), ("ACCEPT4", true), ("BACKTRACE", false), ("CLOSEFROM", false), ("CPU_AFFINITY", false),
    ("CRYPT_H", false), ("DEVICEATLAS", false), ("DL", false), ("ENGINE", false), ("EPOLL", true), ("EVPORTS", false),
    ("GETADDRINFO", true), ("HAVE_WORKING_TCP_MD5SIG", false), ("KQUEUE", false), ("KTLS", false), ("LIBCRYPT", false),
    ("LINUX_CAP", false), ("LINUX_SPLICE", true), ("LINUX_TPROXY", true), ("LUA", false), ("MATH", false),
    ("MEMORY_PROFILING", false), ("MPTCP", true), ("NETFILTER", false), ("NS", true), ("OBSOLETE_LINKER", false),
    ("OPENSSL", false), ("OPENSSL_AWSLC", false), ("OPENSSL_WOLFSSL", false), ("OT", false), ("PCRE", false),
    ("PCRE2", false), ("PCRE2_JIT", false), ("PCRE_JIT", false), ("POLL", false), ("PRCTL", true), ("PROCCTL", false),
    ("PROMEX", false), ("PTHREAD_EMULATION", false), ("QUIC", false), ("QUIC_OPENSSL_COMPAT", false), ("RT", false),
    ("SLZ", false), ("SSL", false), ("STATIC_PCRE", false), ("STATIC_PCRE2", false), ("TFO", true), ("THREAD", false),
    ("THREAD_DUMP", false), ("TPROXY", true), ("WURFL", false), ("ZLIB", false),
];

/// The facts that conditions ask for; some depend on the command line.
pub fn build(args: &Args) -> Build {
    Build {
        version: COMPATIBLE_VERSION,
        features: FEATURES,
        switches: vec![
            ("EPOLL", true),
            ("FAST-FORWARD", !args.no_fast_forward),
            ("GETADDRINFO", !args.no_getaddrinfo),
            ("REUSEPORT", !args.no_reuseport),
            ("SPLICE", !args.no_splice),
            ("ZERO-COPY", !args.no_zero_copy),
        ],
        tls_library: None,
    }
}

/// The answer to `-v`. The third word is the version that tools for the reference look for.
pub fn short() -> String {
    let system = kernel().map_or_else(String::new, |kernel| format!("Running on: {kernel}\n"));
    format!(
        "HAProxy version {COMPATIBLE_VERSION} compatible: subflow {VERSION}\n\
         Status: independent implementation, not a product of the HAProxy project.\n{system}"
    )
}

/// The answer to `-vv`.
pub fn long() -> String {
    let mut out = short();
    out.push_str("Build options :\n");
    out.push_str("  TARGET  = linux-glibc\n");
    let _ = writeln!(out, "  CPU     = {}", std::env::consts::ARCH);
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let _ = writeln!(out, "  PROFILE = {profile}");
    let list: Vec<String> =
        FEATURES.iter().map(|(name, on)| format!("{}{name}", if *on { '+' } else { '-' })).collect();
    let _ = writeln!(out, "\nFeature list : {}", list.join(" "));
    let _ = writeln!(
        out,
        "\nDefault settings :\n  bufsize = {BUFFER_SIZE}, maxrewrite = {REWRITE_MAX}, maxpollevents = {EVENTS_MAX}"
    );
    out.push_str(
        "\nBuilt without multi-threading support: one thread serves all traffic.\n\
         Built without TLS.\n\
         Built with network namespace support.\n\
         Built with Multipath TCP support on both sides.\n\
         Built with transparent proxy support using: IP_TRANSPARENT IPV6_TRANSPARENT IP_FREEBIND\n\
         \n\
         Available polling systems :\n      \
         epoll : pref=300,  test result OK\n\
         Total: 1 (1 usable), will use epoll.\n\
         \n\
         Available multiplexer protocols :\n\
         (protocols marked as <default> cannot be specified using 'proto' keyword)\n  \
         <default> : mode=HTTP  side=FE|BE  mux=H1    flags=\n  \
         <default> : mode=TCP   side=FE|BE  mux=PASS  flags=\n\
         \n\
         Available services : none\n\
         Available filters : none\n",
    );
    out
}

/// Name, release and build of the kernel.
fn kernel() -> Option<String> {
    let name = nix::sys::utsname::uname().ok()?;
    let parts = [name.sysname(), name.release(), name.version(), name.machine()];
    Some(parts.map(|part| part.to_string_lossy()).join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::condition::{Facts, evaluate_argument};
    use crate::config::expand::Environment;

    fn ask(text: &str, args: &Args) -> bool {
        let (build, env) = (build(args), Environment::empty());
        evaluate_argument(text.as_bytes(), &Facts { build: &build, env: &env }).unwrap()
    }

    #[test]
    fn the_test_runner_finds_version_and_target() {
        let text = long();
        let version = text.lines().find(|l| l.contains("HAProxy version")).unwrap();
        assert_eq!(version.split(' ').nth(2), Some(COMPATIBLE_VERSION));
        assert_eq!(text.lines().position(|l| l.contains("HAProxy version")), Some(0));
        let target = text.lines().find(|l| l.contains("TARGET") && l.contains('=')).unwrap();
        assert_eq!(target.split("= ").nth(1), Some("linux-glibc"));
        assert!(text.contains(VERSION));
    }

    #[test]
    fn gates_of_scripts_are_answered() {
        let args = Args::default();
        for text in [
            "version_atleast(3.5-dev4)",
            "feature(LINUX_SPLICE) && feature(TPROXY)",
            "enabled(SPLICE)",
            "feature(MPTCP)",
        ] {
            assert!(ask(text, &args), "{text}");
        }
        for text in [
            "version_before(3.5-dev4)",
            "version_atleast(3.5)",
            "feature(OPENSSL)",
            "feature(THREAD)",
            "feature(QUIC)",
            "ssllib_name_startswith(OpenSSL)",
            "openssl_version_atleast(1.1.1)",
            "openssl_version_before(3.0.0)",
            "fips_mode()",
            "awslc_api_atleast(31)",
            "enabled(NONSENSE)",
        ] {
            assert!(!ask(text, &args), "{text}");
        }
    }

    #[test]
    fn switches_follow_the_command_line() {
        let args = Args { no_splice: true, no_fast_forward: true, ..Args::default() };
        assert!(!ask("enabled(SPLICE)", &args) && !ask("enabled(FAST-FORWARD)", &args));
        assert!(ask("enabled(REUSEPORT)", &args));
    }

    #[test]
    fn features_are_listed_once_in_order() {
        assert!(FEATURES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
