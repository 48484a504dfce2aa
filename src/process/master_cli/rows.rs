//! The commands of the supervisor itself, a row each.

use crate::service::cli::rows::{Row, row};
use crate::settings::global::CliLevel::{self, Admin, Operator, User};

/// What becomes of the old workers of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reload {
    /// They finish what they have.
    Soft,
    /// They end at once.
    Hard,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Stands for the prefixes in the help: a word with `@` never gets as far as the rows.
    Prefix,
    /// Changes something of the connection: done here whichever process is spoken to.
    Change(Change),
    /// `help`
    Help,
    /// `reload`, `hard-reload`
    Reload(Reload),
    /// `show cli level`
    ShowCliLevel,
    /// `show cli sockets`
    ShowCliSockets,
    /// `show proc`
    ShowProc,
    /// `show startup-logs`
    ShowStartupLogs,
    /// `show version`
    ShowVersion,
}

/// What can be changed of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `mcli-debug-mode`
    Debug,
    /// `expert-mode`
    Expert,
    /// `experimental-mode`
    Experimental,
    /// `operator`, `user`
    Level(CliLevel),
    /// `prompt`
    Prompt,
    /// `quit`
    Quit,
}

/// All commands, in the order of `help`.
#[rustfmt::skip]
pub static COMMANDS: &[Row<Act>] = &[
    row(&["@!<pid>"], User, "@!<pid> [<command>]", "send a command, or all that follow, to the worker with this pid", Act::Prefix),
    row(&["@<relative", "pid>"], User, "@<relative pid> [<command>]", "the same with the current worker (@1)", Act::Prefix),
    row(&["@master"], User, "@master [<command>]", "the same with the supervisor (also @)", Act::Prefix),
    row(&["experimental-mode"], Admin, "experimental-mode [on|off]", "permit experimental commands in the workers", Act::Change(Change::Experimental)),
    row(&["expert-mode"], Admin, "expert-mode [on|off]", "permit expert commands in the workers", Act::Change(Change::Expert)),
    row(&["hard-reload"], Operator, "hard-reload", "reload, and end the old workers at once", Act::Reload(Reload::Hard)),
    row(&["mcli-debug-mode"], Admin, "mcli-debug-mode [on|off]", "show 'd' in the prompt (the supervisor has nothing to debug)", Act::Change(Change::Debug)),
    row(&["operator"], Operator, "operator", "lower the level of this connection to operator", Act::Change(Change::Level(Operator))),
    row(&["reload"], Operator, "reload", "reload the configuration, and say what came of it", Act::Reload(Reload::Soft)),
    row(&["show", "cli", "level"], User, "show cli level", "show the level of this connection", Act::ShowCliLevel),
    row(&["show", "cli", "sockets"], User, "show cli sockets", "nothing: the sockets are the workers' (@1 show cli sockets)", Act::ShowCliSockets),
    row(&["show", "proc"], User, "show proc", "list the processes", Act::ShowProc),
    row(&["show", "startup-logs"], User, "show startup-logs", "show the messages of the last start or reload", Act::ShowStartupLogs),
    row(&["show", "version"], User, "show version", "show the version of the supervisor", Act::ShowVersion),
    row(&["user"], User, "user", "lower the level of this connection to user", Act::Change(Change::Level(User))),
    row(&["help"], User, "help [<command>]", "list all commands, or those like one", Act::Help),
    row(&["prompt"], User, "prompt", "switch interactive mode on or off", Act::Change(Change::Prompt)),
    row(&["quit"], User, "quit", "close this connection", Act::Change(Change::Quit)),
];
