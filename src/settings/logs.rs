//! `log` lines and log formats (configuration.txt 3.1, 4.2 `log`, 8.2).

use crate::base::diag::Place;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSink {
    /// A datagram per line to a UDP address.
    Udp(SocketAddr),
    /// A datagram per line to a Unix socket such as /dev/log.
    UnixDatagram(PathBuf),
    /// A line written to an inherited descriptor; `stdout` is 1, `stderr` is 2.
    Fd(i32),
}

/// Syslog severities, RFC 5424 section 6.2.1; a smaller number is graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Level {
    Emerg = 0,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Level {
    /// The words of the configuration, by number.
    pub const WORDS: [&'static str; 8] =
        ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

    /// The level of a number, 0 to 7.
    pub fn from_number(number: u8) -> Option<Level> {
        use Level::*;
        [Emerg, Alert, Crit, Err, Warning, Notice, Info, Debug].get(usize::from(number)).copied()
    }
}

/// Syslog facility by its number (0 kern .. 23 local7), RFC 5424 section 6.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(pub u8);

impl Facility {
    /// The words of the configuration, by number.
    pub const WORDS: [&'static str; 24] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp",
        "ntp", "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4", "local5",
        "local6", "local7",
    ];
}

/// How a line is framed for its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// No `format`: as `local`, with a host name when `log-send-hostname` asks for it.
    #[default]
    Unspecified,
    /// `local`: RFC 3164 without host name.
    Local,
    /// `rfc3164`
    Rfc3164,
    /// `rfc5424`
    Rfc5424,
    /// `priority`: `<PRI>text`
    Priority,
    /// `short`: `<PRI>text` with the severity only
    Short,
    /// `timed`: `<PRI>` and time before the text
    Timed,
    /// `iso`: an ISO time before the text
    Iso,
    /// `raw`: the text alone
    Raw,
}

/// A `log` line.
#[derive(Clone, Debug)]
pub struct LogTarget {
    /// Where it was declared.
    pub place: Place,
    /// Where lines go.
    pub sink: LogSink,
    /// `format`.
    pub format: LogFormat,
    /// Facility.
    pub facility: Facility,
    /// Lines less grave than this are not sent; `debug` when absent.
    pub max_level: Level,
    /// Lines graver than this are sent with this level; `emerg` when absent.
    pub min_level: Level,
    /// `len`: longest line in bytes; 1024.
    pub len_max: usize,
    /// `sample`: ranges and the group size; `None` sends every line.
    pub sample: Option<(Vec<(u32, u32)>, u32)>,
}

/// The line written for a session or request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogLine {
    /// No `option *log`: the short default line of the reference.
    #[default]
    Default,
    /// `option tcplog`
    Tcp,
    /// `option httplog`
    Http,
    /// `option httpslog`
    Https,
    /// `option httplog clf`
    Clf,
    /// `log-format`
    Custom,
}
