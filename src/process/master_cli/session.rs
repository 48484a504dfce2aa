//! One connection to the supervisor: bytes in, bytes out, no I/O.
//!
//! The owner reads while [`wants_input`](Session::wants_input), calls [`run`](Session::run) and does what it asks
//! for, sends what [`output`](Session::output) holds and tells how much went with [`consume`](Session::consume),
//! until [`is_done`](Session::is_done). While a worker answers, its bytes come in through
//! [`handle_answer`](Session::handle_answer) as long as [`wants_answer`](Session::wants_answer), and its end with
//! [`handle_answer_end`](Session::handle_answer_end); the end of a reload comes with
//! [`handle_reloaded`](Session::handle_reloaded). Meanwhile nothing else is done for this client.
//!
//! As in the reference, a connection without a prompt stays open for more lines too.

use super::overview::Overview;
use super::rows::{Act, COMMANDS, Change, Reload};
use crate::service::cli::Rights;
use crate::service::cli::buffers::{Input, Line, Output};
use crate::service::cli::parser::{Payload, split_commands, split_payload, words};
use crate::service::cli::rows::{OUTPUT_PAGE_LEN, find, help_on, level_word, switched, unknown};
use crate::service::cli::severity::{self, Severity};
use std::collections::VecDeque;

/// Bytes of a payload at most: a bundle of certificates.
pub const PAYLOAD_LEN_MAX: usize = 256 * 1024;
/// Bytes of an unknown prefix that are shown.
const SHOWN_LEN_MAX: usize = 80;

/// Whom a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The supervisor.
    Master,
    /// The worker with this pid.
    Worker(i32),
}

/// What a worker is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The worker.
    pub pid: i32,
    /// What the client may do there.
    pub rights: Rights,
    /// The command as it was typed, its payload included.
    pub text: Vec<u8>,
}

/// What the owner has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing but to send the output.
    Nothing,
    /// Ask a worker.
    Ask(Question),
    /// Reload.
    Reload(Reload),
}

/// One command as typed, and the lines of its payload.
#[derive(Debug)]
struct Command {
    text: Vec<u8>,
    payload: Vec<u8>,
}

/// A line whose payload is not complete.
#[derive(Debug)]
struct Collecting {
    line: Vec<u8>,
    end: Vec<u8>,
    /// From the ` <<` on.
    payload: Vec<u8>,
}

/// What is waited for.
#[derive(Debug)]
enum Waiting {
    /// The answer of a worker.
    Answer { pid: i32, len: usize, tail: [u8; 2], may_be_empty: bool },
    /// The end of a reload.
    Reload,
}

/// See the module.
#[derive(Debug)]
pub struct Session {
    rights: Rights,
    interactive: bool,
    debug: bool,
    quit: bool,
    target: Target,
    /// The last reload failed, which the prompt shows.
    reload_failed: bool,
    input: Input,
    eof: bool,
    collecting: Option<Collecting>,
    queue: VecDeque<Command>,
    waiting: Option<Waiting>,
    out: Output,
}

impl Session {
    /// A fresh connection with what its socket says of rights.
    pub fn new(rights: Rights) -> Session {
        Session {
            rights,
            interactive: false,
            debug: false,
            quit: false,
            target: Target::Master,
            reload_failed: false,
            input: Input::default(),
            eof: false,
            collecting: None,
            queue: VecDeque::new(),
            waiting: None,
            out: Output::default(),
        }
    }

    /// Whether more bytes are of use now. `false` bounds what a client can make us hold.
    pub fn wants_input(&self) -> bool {
        !self.eof && !self.quit && self.waiting.is_none() && self.input.has_room() && !self.is_busy()
    }

    /// Takes bytes in. A line longer than [`LINE_LEN_MAX`](crate::service::cli::parser::LINE_LEN_MAX) ends the connection at the next [`run`](Self::run).
    pub fn handle_input(&mut self, bytes: &[u8]) {
        if !self.quit {
            self.input.push(bytes);
        }
    }

    /// The client has sent all it wanted to. What it sent as whole lines is still answered.
    pub fn handle_eof(&mut self) {
        self.eof = true;
    }

    /// Does what came in, until a page of output waits or the owner has something to do.
    pub fn run(&mut self, family: &Overview<'_>) -> Next {
        self.reload_failed = family.failed > 0;
        while self.waiting.is_none() && self.output().len() < OUTPUT_PAGE_LEN {
            if self.quit {
                self.queue.clear();
                self.input.clear();
                break;
            }
            if let Some(command) = self.queue.pop_front() {
                match self.start(command, family) {
                    Next::Nothing => {}
                    next => return next,
                }
            } else if !self.take_line() {
                break;
            }
        }
        Next::Nothing
    }

    /// Bytes to send.
    pub fn output(&self) -> &[u8] {
        self.out.unsent()
    }

    /// `count` bytes of the output were sent.
    pub fn consume(&mut self, count: usize) {
        self.out.consume(count);
    }

    /// Whether something can be done before the next input: output to send, or a command to take.
    pub fn is_busy(&self) -> bool {
        let ready = !self.queue.is_empty() || (!self.quit && self.input.has_line());
        !self.output().is_empty() || (self.waiting.is_none() && ready)
    }

    /// Whether a worker or a reload has to come to an end first.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Whether all is answered and sent, and nothing more will come.
    pub fn is_done(&self) -> bool {
        self.waiting.is_none() && !self.is_busy() && (self.quit || self.eof)
    }

    /// Whether the client keeps up with what a worker answers.
    pub fn wants_answer(&self) -> bool {
        self.output().len() < OUTPUT_PAGE_LEN
    }

    /// Passes on what a worker answered.
    pub fn handle_answer(&mut self, bytes: &[u8]) {
        let Some(Waiting::Answer { len, tail, .. }) = &mut self.waiting else { return };
        *len = len.saturating_add(bytes.len());
        for &byte in &bytes[bytes.len().saturating_sub(2)..] {
            *tail = [tail[1], byte];
        }
        self.room().extend_from_slice(bytes);
    }

    /// The worker closed. Every answer ends with an empty line, or with its prompt: one that does not was cut off.
    pub fn handle_answer_end(&mut self) {
        let Some(Waiting::Answer { pid, len, tail, may_be_empty }) = self.waiting.take() else { return };
        let whole = match (len, tail) {
            (0, _) => may_be_empty,
            (1, tail) => tail[1] == b'\n',
            (_, tail) => tail == *b"\n\n" || tail == *b"> ",
        };
        if !whole {
            if len > 0 && tail[1] != b'\n' {
                self.room().push(b'\n');
            }
            self.gone(pid);
        }
        self.prompt();
    }

    /// The reload that this client asked for has ended; this is also the end of the connection.
    pub fn handle_reloaded(&mut self, success: bool, logs: &str) {
        if matches!(self.waiting.take(), Some(Waiting::Reload)) {
            self.quit = true;
            self.say(&format!("Success={}\n--\n{logs}", u8::from(success)));
        }
    }

    /// Takes the next whole line from the input; `false` when there is none.
    fn take_line(&mut self) -> bool {
        let line = match self.input.next_line() {
            Line::Whole(line) => line.to_vec(),
            Line::Unfinished => return false,
            Line::TooLong => {
                self.refuse("Line too long.");
                return false;
            }
        };
        match self.collecting.take() {
            Some(collecting) => self.collect(collecting, &line),
            None => match split_payload(&line) {
                (line, Payload::None) => self.begin_line(line, Vec::new()),
                (command, Payload::Until(end)) => {
                    let payload = [&line[command.len()..], b"\n"].concat();
                    let (line, end) = (command.to_vec(), end.to_vec());
                    self.collecting = Some(Collecting { line, end, payload });
                }
            },
        }
        true
    }

    fn collect(&mut self, mut collecting: Collecting, line: &[u8]) {
        collecting.payload.extend_from_slice(line);
        collecting.payload.push(b'\n');
        if collecting.payload.len() > PAYLOAD_LEN_MAX {
            self.refuse("Payload too long.");
        } else if collecting.end == line {
            self.begin_line(&collecting.line, collecting.payload);
        } else {
            self.collecting = Some(collecting);
        }
    }

    /// The payload belongs to the last command of its line.
    fn begin_line(&mut self, line: &[u8], payload: Vec<u8>) {
        let commands = split_commands(line).into_iter();
        self.queue = commands.map(|text| Command { text: text.to_vec(), payload: Vec::new() }).collect();
        if let Some(last) = self.queue.back_mut() {
            last.payload = payload;
        }
    }

    fn start(&mut self, command: Command, family: &Overview<'_>) -> Next {
        let text = command.text.trim_ascii_start();
        let Some(prefixed) = text.strip_prefix(b"@") else {
            let typed = words(text);
            let row = find(COMMANDS, &typed).filter(|row| matches!(row.handler, Act::Change(_)));
            let target = if row.is_some() { Target::Master } else { self.target };
            return self.send(target, text, &command.payload, family);
        };
        let end = prefixed.iter().position(u8::is_ascii_whitespace).unwrap_or(prefixed.len());
        let (name, rest) = prefixed.split_at(end);
        let rest = rest.trim_ascii_start();
        let name = String::from_utf8_lossy(name);
        match family.find(&name) {
            // What follows was meant for a process that is not there: as in the reference, it is not done.
            None => {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(SHOWN_LEN_MAX).collect();
                self.mark(Severity::Error);
                let text = format!("Can't find the target PID matching the prefix '@{shown}'\n");
                self.room().extend_from_slice(text.as_bytes());
                self.quit = true;
            }
            Some(target) if rest.is_empty() => {
                self.target = target;
                self.prompt();
            }
            Some(target) => return self.send(target, rest, &command.payload, family),
        }
        Next::Nothing
    }

    fn send(&mut self, target: Target, text: &[u8], payload: &[u8], family: &Overview<'_>) -> Next {
        let typed = words(text);
        let pid = match target {
            Target::Master => return self.act(&typed, family),
            Target::Worker(pid) => pid,
        };
        if !family.is_worker(pid) {
            // The rest of the line was for it too.
            self.queue.clear();
            self.target = Target::Master;
            self.gone(pid);
            self.prompt();
            return Next::Nothing;
        }
        let may_be_empty = typed.first().is_some_and(|word| word == "quit");
        self.waiting = Some(Waiting::Answer { pid, len: 0, tail: [0; 2], may_be_empty });
        let payload = if payload.is_empty() { b"\n" } else { payload };
        Next::Ask(Question { pid, rights: self.rights, text: [text, payload].concat() })
    }

    /// Does a command of the supervisor.
    fn act(&mut self, typed: &[String], family: &Overview<'_>) -> Next {
        let Some(row) = find(COMMANDS, typed) else {
            self.mark(Severity::Info);
            unknown(self.room(), COMMANDS, typed);
            self.end_answer();
            return Next::Nothing;
        };
        if row.level > self.rights.level {
            self.mark(Severity::Error);
            self.say("Permission denied\n");
            return Next::Nothing;
        }
        match row.handler {
            Act::Reload(reload) => {
                self.waiting = Some(Waiting::Reload);
                return Next::Reload(reload);
            }
            Act::Help => {
                help_on(self.room(), COMMANDS, typed.get(1..).unwrap_or_default());
                self.end_answer();
            }
            Act::ShowCliSockets => self.say(""),
            Act::ShowProc => self.say(&family.table()),
            Act::ShowStartupLogs => self.say(family.startup_logs),
            Act::ShowVersion => self.answer(family.master.version),
            Act::ShowCliLevel => self.answer(level_word(self.rights.level)),
            Act::Prefix => {}
            Act::Change(change) => self.change(change, typed.get(1)),
        }
        Next::Nothing
    }

    /// Changes something of the connection. Nothing is answered, not even an empty line.
    fn change(&mut self, change: Change, word: Option<&String>) {
        match change {
            Change::Debug => _ = switched(word, &mut self.debug),
            Change::Expert => _ = switched(word, &mut self.rights.expert),
            Change::Experimental => _ = switched(word, &mut self.rights.experimental),
            Change::Level(level) => _ = self.rights.lower_to(level),
            Change::Prompt => self.interactive = !self.interactive,
            Change::Quit => {
                // As in the reference, the prompt comes once more.
                self.prompt();
                self.quit = true;
            }
        }
        self.prompt();
    }

    fn gone(&mut self, pid: i32) {
        self.mark(Severity::Error);
        let text = format!("The worker ({pid}) is gone, its answer is not complete.\n\n");
        self.room().extend_from_slice(text.as_bytes());
    }

    /// Says why the connection ends.
    fn refuse(&mut self, text: &str) {
        self.mark(Severity::Error);
        self.room().extend_from_slice(format!("{text}\n\n").as_bytes());
        self.quit = true;
    }

    fn mark(&mut self, severity: Severity) {
        let prefix = severity::prefix(self.rights.severity, severity);
        self.room().extend_from_slice(prefix.as_bytes());
    }

    /// A line of answer.
    fn answer(&mut self, line: &str) {
        self.mark(Severity::Info);
        self.say(&format!("{line}\n"));
    }

    /// A whole answer.
    fn say(&mut self, text: &str) {
        self.room().extend_from_slice(text.as_bytes());
        self.end_answer();
    }

    /// An empty line ends the answer.
    fn end_answer(&mut self) {
        self.room().push(b'\n');
        self.prompt();
    }

    /// The output, without what was sent.
    fn room(&mut self) -> &mut Vec<u8> {
        self.out.room()
    }

    /// Whom the next command is for, and the modes.
    fn prompt(&mut self) {
        if !self.interactive || self.quit {
            return;
        }
        let mut text = match self.target {
            Target::Master if self.reload_failed => "master[ReloadFailed]".to_owned(),
            Target::Master => "master".to_owned(),
            Target::Worker(pid) => pid.to_string(),
        };
        let modes = [(self.rights.experimental, 'x'), (self.rights.expert, 'e'), (self.debug, 'd')];
        if modes.iter().any(|(on, _)| *on) {
            text.push('(');
            text.extend(modes.iter().filter(|(on, _)| *on).map(|(_, letter)| letter));
            text.push(')');
        }
        text.push_str("> ");
        self.room().extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests;
