//! The commands, a row each: dispatch, help and suggestions come from here.

use super::conn::State;
use super::severity::{self, Severity};
use super::view::World;
use super::{dynamic_cookie, set_limits, set_server, show_activity};
use super::{show_env, show_errors, show_info, show_process, show_servers, show_sess, show_stat, suggest};
use crate::settings::global::CliLevel;

/// Output after which a command stops for this turn, in bytes; it goes on when that is sent.
pub const OUTPUT_PAGE_LEN: usize = 16 * 1024;

/// Where a command with much to say goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Steps that each command numbers as it likes; 0 at its start.
    pub step: usize,
    /// Position in the outer list.
    pub outer: usize,
    /// Position in the inner list.
    pub inner: usize,
    /// Something was said that the rest is set off from.
    pub begun: bool,
}

/// Whether a command has said everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Yes.
    Done,
    /// No: call again with the same words and cursor when there is room.
    More,
}

/// One call of a command.
pub struct Call<'a> {
    /// All its words.
    pub words: &'a [String],
    /// The live objects.
    pub world: &'a mut dyn World,
    /// The connection's own settings.
    pub state: &'a mut State,
    /// Where output goes.
    pub out: &'a mut Vec<u8>,
    /// Where to go on.
    pub cursor: &'a mut Cursor,
}

impl Call<'_> {
    /// The word at `at`, behind the command's own words.
    pub fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(String::as_str)
    }

    /// Adds a line of output.
    pub fn say(&mut self, line: &str) -> Progress {
        self.out.extend_from_slice(line.as_bytes());
        self.out.push(b'\n');
        Progress::Done
    }

    /// Adds `text` without a line feed, marked with its weight if the connection asked for that.
    pub(super) fn tell(&mut self, severity: Severity, text: &str) -> Progress {
        self.out.extend_from_slice(severity::prefix(self.state.rights.severity, severity).as_bytes());
        self.out.extend_from_slice(text.as_bytes());
        Progress::Done
    }

    /// Adds a line that says why nothing was done.
    pub fn refuse(&mut self, text: &str) -> Progress {
        self.tell(Severity::Error, text);
        self.out.push(b'\n');
        Progress::Done
    }

    /// Whether this turn's share of output is reached.
    pub fn is_page_full(&self) -> bool {
        self.out.len() >= OUTPUT_PAGE_LEN
    }

    /// Says so when the connection's level is under `level`.
    pub fn may(&mut self, level: CliLevel) -> bool {
        let allowed = self.state.rights.level >= level;
        if !allowed {
            self.refuse("Permission denied");
        }
        allowed
    }
}

/// What runs a command of the stats socket.
pub type Handler = fn(&mut Call<'_>) -> Progress;

/// A command.
pub struct Row<H = Handler> {
    /// The words that name it.
    pub words: &'static [&'static str],
    /// Level it needs.
    pub level: CliLevel,
    /// How it is typed.
    pub usage: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Runs it.
    pub handler: H,
}

impl<H> std::fmt::Debug for Row<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.usage)
    }
}

pub(crate) const fn row<H: Copy>(
    words: &'static [&'static str],
    level: CliLevel,
    usage: &'static str,
    help: &'static str,
    handler: H,
) -> Row<H> {
    Row { words, level, usage, help, handler }
}

use CliLevel::{Admin, Operator, User};

/// All commands, in the order of `help`.
#[rustfmt::skip]
pub static COMMANDS: &[Row] = &[
    row(&["clear", "counters"], Operator, "clear counters [all]", "forget the maxima of all counters (all: their totals too)", clear_counters),
    row(&["disable", "agent"], Admin, "disable agent <bk>/<srv>", "stop agent checks of a server (none has any yet)", set_server::checks),
    row(&["disable", "dynamic-cookie", "backend"], Admin, "disable dynamic-cookie backend <bk>", "make no dynamic cookies for the servers of a backend", dynamic_cookie::disable),
    row(&["disable", "frontend"], Admin, "disable frontend <frontend>", "take no clients for a while; its TCP ports refuse them", set_limits::disable_frontend),
    row(&["disable", "health"], Admin, "disable health <bk>/<srv>", "stop health checks of a server (none has any yet)", set_server::checks),
    row(&["disable", "server"], Admin, "disable server <bk>/<srv>", "put a server in maintenance (set server ... state maint)", set_server::disable),
    row(&["enable", "agent"], Admin, "enable agent <bk>/<srv>", "start agent checks of a server (none has any yet)", set_server::checks),
    row(&["enable", "dynamic-cookie", "backend"], Admin, "enable dynamic-cookie backend <bk>", "make dynamic cookies for the servers of a backend", dynamic_cookie::enable),
    row(&["enable", "frontend"], Admin, "enable frontend <frontend>", "take clients again", set_limits::enable_frontend),
    row(&["enable", "health"], Admin, "enable health <bk>/<srv>", "start health checks of a server (none has any yet)", set_server::checks),
    row(&["enable", "server"], Admin, "enable server <bk>/<srv>", "let a server serve (set server ... state ready)", set_server::enable),
    row(&["experimental-mode"], Admin, "experimental-mode [on|off]", "permit experimental commands on this connection, or show whether they are", experimental_mode),
    row(&["expert-mode"], Admin, "expert-mode [on|off]", "permit expert commands on this connection, or show whether they are", expert_mode),
    row(&["get", "weight"], User, "get weight <bk>/<srv>", "show the weight of a server", set_server::get_weight),
    row(&["operator"], Operator, "operator", "lower the level of this connection to operator", operator),
    row(&["set", "dynamic-cookie-key", "backend"], Admin, "set dynamic-cookie-key backend <bk> <key>", "change what the dynamic cookies of a backend are hashed with", dynamic_cookie::set_key),
    row(&["set", "maxconn", "frontend"], Admin, "set maxconn frontend <frontend> <value>", "change the limit of a frontend", set_limits::frontend_maxconn),
    row(&["set", "maxconn", "global"], Admin, "set maxconn global <value>", "change the limit of the process (0: as at the start)", set_limits::process_maxconn),
    row(&["set", "maxconn", "server"], Admin, "set maxconn server <bk>/<srv> <value>", "change the slots of a server (0: no limit)", set_server::set_maxconn),
    row(&["set", "rate-limit"], Admin, "set rate-limit <what> global <value>", "change a rate of the process (connections, sessions)", set_limits::rate_limit),
    row(&["set", "server"], Admin, "set server <bk>/<srv> [opts]", "change a server (addr, state, weight)", set_server::set),
    row(&["set", "severity-output"], User, "set severity-output [none|number|string]", "show how weighty an answer is in front of it", set_limits::severity_output),
    row(&["set", "timeout"], User, "set timeout cli <delay>", "set how long this connection may be idle", set_timeout),
    row(&["set", "weight"], Admin, "set weight <bk>/<srv> <weight>[%]", "change the weight of a server", set_server::set_weight),
    row(&["show", "activity"], User, "show activity", "show what the loop has done", show_activity::activity),
    row(&["show", "backend"], User, "show backend", "list the backends", show_process::backend),
    row(&["show", "cli", "level"], User, "show cli level", "show the level of this connection", show_cli_level),
    row(&["show", "cli", "sockets"], User, "show cli sockets", "list the CLI sockets", show_env::cli_sockets),
    row(&["show", "env"], Operator, "show env [var]", "show the environment variables of the process", show_env::env),
    row(&["show", "errors"], Operator, "show errors [<iid>|<px>] [request|response]", "show the last malformed request and response of each proxy", show_errors::errors),
    row(&["show", "fd"], Operator, "show fd [<number>]", "show the descriptors of listeners and connections", show_process::fd),
    row(&["show", "info"], User, "show info [desc|json|typed|float]*", "show the state of the process", show_info::info),
    row(&["show", "pools"], User, "show pools", "show the memory that traffic takes", show_process::pools),
    row(&["show", "servers", "conn"], User, "show servers conn [<backend>]", "show the connections to servers", show_servers::conn),
    row(&["show", "servers", "state"], User, "show servers state [<backend>]", "show the state of servers", show_servers::state),
    row(&["show", "sess"], Operator, "show sess [all|<id>]", "list the sessions, or show one or all in detail", show_sess::sess),
    row(&["show", "startup-logs"], Operator, "show startup-logs", "show what was said while the configuration was read", show_process::startup_logs),
    row(&["show", "stat"], User, "show stat [<px>|<iid> <type> <sid>] [json|typed|up|no-maint]*", "show the counters of proxies, listeners and servers", show_stat::stat),
    row(&["show", "version"], User, "show version", "show the version of the process", show_env::version),
    row(&["shutdown", "frontend"], Admin, "shutdown frontend <frontend>", "close the sockets of a frontend for good", set_limits::shutdown_frontend),
    row(&["shutdown", "session"], Admin, "shutdown session <id>", "end a session (ids: show sess)", set_limits::shutdown_session),
    row(&["shutdown", "sessions", "server"], Admin, "shutdown sessions server <bk>/<srv>", "end all sessions on a server", set_server::shutdown_sessions),
    row(&["user"], User, "user", "lower the level of this connection to user", user),
    row(&["help"], User, "help [<command>]", "list all commands, or those like one", help),
    row(&["prompt"], User, "prompt", "switch interactive mode on or off", prompt),
    row(&["quit"], User, "quit", "close this connection", quit),
];

/// Commands that one process gives another; no list shows them.
pub(super) static BETWEEN_PROCESSES: &[Row] = &[row(
    &["_getsocks"],
    User,
    "_getsocks",
    "give the listening sockets away (expose-fd listeners)",
    getsocks,
)];

/// Commands that every list of suggestions ends with.
const ALWAYS_SHOWN: usize = 3;

/// The command of `rows` that `words` begin with.
pub fn find<H>(rows: &'static [Row<H>], words: &[String]) -> Option<&'static Row<H>> {
    rows.iter().find(|row| {
        row.words.len() <= words.len() && row.words.iter().zip(words).all(|(name, word)| *name == word)
    })
}

/// The answer to a command that is not in `rows`.
pub fn unknown<H>(out: &mut Vec<u8>, rows: &'static [Row<H>], words: &[String]) {
    let Some(first) = words.first() else {
        out.extend_from_slice(b"Unknown command. Please enter one of the following commands only:\n");
        return list(out, rows, &[]);
    };
    let near = suggest::nearest(rows, words);
    let advice = match near.is_empty() {
        true => "Please enter one of the following commands only:",
        false => "but maybe one of the following ones is a better match:",
    };
    let separator = if near.is_empty() { '.' } else { ',' };
    let first: String = first.chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect();
    out.extend_from_slice(format!("Unknown command: '{first}'{separator} {advice}\n").as_bytes());
    list(out, rows, &near);
}

/// Lists `chosen` and the commands that are always of use; none chosen means all.
fn list<H>(out: &mut Vec<u8>, rows: &'static [Row<H>], chosen: &[&'static Row<H>]) {
    let fixed = &rows[rows.len().saturating_sub(ALWAYS_SHOWN)..];
    let is_fixed = |row: &Row<H>| fixed.iter().any(|other| other.words == row.words);
    let all: Vec<&Row<H>> = rows.iter().collect();
    let shown = if chosen.is_empty() { &all[..] } else { chosen };
    for row in shown.iter().filter(|row| !is_fixed(row)).copied().chain(fixed) {
        push_row(out, row);
    }
}

/// Bytes that a command's usage is filled up to in a list.
const USAGE_LEN: usize = 40;

/// Adds a command to a list. Without `format!`: an empty line is answered with all of them, and a flood of those is
/// mostly this.
fn push_row<H>(out: &mut Vec<u8>, row: &Row<H>) {
    out.extend_from_slice(b"  ");
    out.extend_from_slice(row.usage.as_bytes());
    out.extend(std::iter::repeat_n(b' ', USAGE_LEN.saturating_sub(row.usage.len())));
    out.extend_from_slice(b": ");
    out.extend_from_slice(row.help.as_bytes());
    out.push(b'\n');
}

/// `help` with the words behind it: lists `rows`, or those like `wanted`.
pub fn help_on<H>(out: &mut Vec<u8>, rows: &'static [Row<H>], wanted: &[String]) {
    out.extend_from_slice(b"The following commands are valid at this level:\n");
    let near = if wanted.is_empty() { Vec::new() } else { suggest::nearest(rows, wanted) };
    list(out, rows, &near);
}

fn help(call: &mut Call<'_>) -> Progress {
    help_on(call.out, COMMANDS, call.words.get(1..).unwrap_or_default());
    Progress::Done
}

fn clear_counters(call: &mut Call<'_>) -> Progress {
    let all = call.word(2) == Some("all");
    if !all || call.may(CliLevel::Admin) {
        call.world.clear_counters(all);
    }
    Progress::Done
}

fn operator(call: &mut Call<'_>) -> Progress {
    call.state.rights.lower_to(CliLevel::Operator);
    Progress::Done
}

fn user(call: &mut Call<'_>) -> Progress {
    call.state.rights.lower_to(CliLevel::User);
    Progress::Done
}

fn experimental_mode(call: &mut Call<'_>) -> Progress {
    let words = call.words;
    match switched(words.get(1), &mut call.state.rights.experimental) {
        Some(state) => call.say(&format!("experimental-mode is {state}")),
        None => Progress::Done,
    }
}

fn expert_mode(call: &mut Call<'_>) -> Progress {
    let words = call.words;
    match switched(words.get(1), &mut call.state.rights.expert) {
        Some(state) => call.say(&format!("expert-mode is {state}")),
        None => Progress::Done,
    }
}

/// Sets a mode; without a word, what it is. Another word changes nothing, as in the reference.
pub fn switched(word: Option<&String>, mode: &mut bool) -> Option<&'static str> {
    match word.map(String::as_str) {
        Some("on") => *mode = true,
        Some("off") => *mode = false,
        Some(_) => {}
        None => return Some(if *mode { "ON" } else { "OFF" }),
    }
    None
}

fn prompt(call: &mut Call<'_>) -> Progress {
    call.state.interactive = !call.state.interactive;
    Progress::Done
}

fn quit(call: &mut Call<'_>) -> Progress {
    call.state.quit = true;
    Progress::Done
}

/// Where the sockets are not exposed, the connection closes without a word, as in the reference.
fn getsocks(call: &mut Call<'_>) -> Progress {
    call.state.hands_over = call.state.exposes;
    call.state.quit = true;
    Progress::Done
}

fn show_cli_level(call: &mut Call<'_>) -> Progress {
    let word = level_word(call.state.rights.level);
    call.tell(Severity::Info, word);
    call.say("")
}

/// The word of a level in the configuration.
pub fn level_word(level: CliLevel) -> &'static str {
    match level {
        CliLevel::User => "user",
        CliLevel::Operator => "operator",
        CliLevel::Admin => "admin",
    }
}

fn set_timeout(call: &mut Call<'_>) -> Progress {
    if call.word(2) != Some("cli") {
        return call.refuse("'set timeout' only supports 'cli'.");
    }
    let Some(word) = call.word(3) else { return call.refuse("Expects an integer value.") };
    match timeout_ms(word) {
        Some(ms) => call.state.timeout_ms = ms,
        None => return call.refuse("Invalid timeout value."),
    }
    Progress::Done
}

/// A delay in seconds or with a unit (configuration.txt 2.5), between 1 ms and 24 days.
fn timeout_ms(word: &str) -> Option<u64> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let ms = match unit {
        "us" => number.div_ceil(1000),
        "ms" => number,
        "" | "s" => number.checked_mul(1000)?,
        "m" => number.checked_mul(60_000)?,
        "h" => number.checked_mul(3_600_000)?,
        "d" => number.checked_mul(86_400_000)?,
        _ => return None,
    };
    (1..=i32::MAX as u64).contains(&ms).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_complete_and_unique() {
        for (at, row) in COMMANDS.iter().enumerate() {
            assert!(row.usage.starts_with(&row.words.join(" ")), "{}", row.usage);
            assert!(!row.help.is_empty());
            assert!(COMMANDS[..at].iter().all(|other| other.words != row.words));
        }
    }

    #[test]
    fn commands_are_found_by_their_first_words() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(find(COMMANDS, &words("show stat be typed")).unwrap().words, ["show", "stat"]);
        assert_eq!(find(COMMANDS, &words("show cli level")).unwrap().words, ["show", "cli", "level"]);
        assert!(find(COMMANDS, &words("show cli")).is_none());
        assert!(find(COMMANDS, &words("SHOW stat")).is_none());
        assert!(find(COMMANDS, &[]).is_none());
    }

    #[test]
    fn delays_have_units_and_limits() {
        for (word, ms) in
            [("5", 5000), ("5s", 5000), ("20ms", 20), ("1500us", 2), ("2m", 120_000), ("1d", 86_400_000)]
        {
            assert_eq!(timeout_ms(word), Some(ms), "{word}");
        }
        for word in ["", "0", "abc", "-1", "5x", "99999999999999999999", "999d"] {
            assert_eq!(timeout_ms(word), None, "{word}");
        }
    }
}
