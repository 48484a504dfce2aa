//! One CLI connection: bytes in, bytes out, no I/O.
//!
//! The owner reads while [`wants_input`](CliSession::wants_input) and gives the bytes to
//! [`handle_input`](CliSession::handle_input) (or tells the end with
//! [`handle_eof`](CliSession::handle_eof)), then calls [`run`](CliSession::run), sends what
//! [`output`](CliSession::output) holds, tells how much went with [`consume`](CliSession::consume)
//! and runs again, until [`is_done`](CliSession::is_done). One run makes one page of output at most.
//!
//! A connection that is not interactive gets one line answered; what else it sent is discarded.

use super::buffers::{Input, Line, Output};
use super::not_yet;
use super::parser::{Commands, Payload, split_payload};
use super::rows::{self, BETWEEN_PROCESSES, COMMANDS, Call, Cursor, OUTPUT_PAGE_LEN, Progress, Row};
use super::severity::{self, Severity};
use super::view::World;
use crate::settings::StatsSocket;
use crate::settings::global::{CliLevel, SeverityOutput};

/// `stats timeout` when the configuration has none (configuration.txt 3.1).
pub const TIMEOUT_MS_DEFAULT: u64 = 10_000;

/// What a client may do, and how it is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// `level`
    pub level: CliLevel,
    /// `severity-output`
    pub severity: SeverityOutput,
    /// `expert-mode on`
    pub expert: bool,
    /// `experimental-mode on`
    pub experimental: bool,
}

impl Rights {
    /// Lowers the level, which ends both modes; `false` when it was below `level` already.
    pub fn lower_to(&mut self, level: CliLevel) -> bool {
        let may = self.level >= level;
        if may {
            *self = Rights { level, severity: self.severity, ..Rights::default() };
        }
        may
    }
}

impl From<&StatsSocket> for Rights {
    fn from(socket: &StatsSocket) -> Rights {
        Rights { level: socket.level, severity: socket.severity_output, ..Rights::default() }
    }
}

/// What commands may change of their own connection.
#[derive(Clone, Debug)]
pub struct State {
    /// What it may do, and how it is answered.
    pub rights: Rights,
    /// `prompt`: stays open and shows a prompt.
    pub interactive: bool,
    /// `quit`: closes when its output is sent.
    pub quit: bool,
    /// How long it may be idle.
    pub timeout_ms: u64,
    /// Whether the listening sockets are given to who asks (`expose-fd listeners`).
    pub exposes: bool,
    /// Somebody asked for them, and gets them: the session ends, and the connection is for that.
    pub hands_over: bool,
}

/// A command that has started and not ended.
#[derive(Debug)]
struct Running {
    row: &'static Row,
    words: Vec<String>,
    cursor: Cursor,
}

/// Commands that wait for the end of the payload on their line.
#[derive(Debug)]
struct Collecting {
    commands: Commands,
    end: Vec<u8>,
}

/// See the module.
#[derive(Debug)]
pub struct CliSession {
    state: State,
    input: Input,
    eof: bool,
    collecting: Option<Collecting>,
    queue: Commands,
    running: Option<Running>,
    /// A line was taken and its answer is not complete.
    in_line: bool,
    out: Output,
}

impl CliSession {
    /// A fresh connection with the level and the timeout of its socket.
    pub fn new(level: CliLevel, timeout_ms: Option<u64>) -> Self {
        Self::with_rights(Rights { level, ..Rights::default() }, timeout_ms)
    }

    /// A fresh connection with what its socket says, or what it was granted elsewhere.
    pub fn with_rights(rights: Rights, timeout_ms: Option<u64>) -> Self {
        let timeout_ms = timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
        CliSession {
            state: State {
                rights,
                interactive: false,
                quit: false,
                timeout_ms,
                exposes: false,
                hands_over: false,
            },
            input: Input::default(),
            eof: false,
            collecting: None,
            queue: Commands::default(),
            running: None,
            in_line: false,
            out: Output::default(),
        }
    }

    /// Gives the listening sockets to who asks, as `expose-fd listeners` of its socket says.
    pub fn with_exposure(mut self, exposes: bool) -> Self {
        self.state.exposes = exposes;
        self
    }

    /// Whether the owner, when this is done, hands the listening sockets over before it closes.
    pub fn hands_over(&self) -> bool {
        self.state.hands_over
    }

    /// How long the connection may be idle before the owner closes it, in milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        self.state.timeout_ms
    }

    /// Whether more bytes are of use now. `false` bounds what a client can make us hold.
    pub fn wants_input(&self) -> bool {
        !self.eof && !self.state.quit && self.input.has_room() && !self.is_busy()
    }

    /// Takes bytes in. A line longer than [`LINE_LEN_MAX`](super::parser::LINE_LEN_MAX) ends the connection at the next
    /// [`run`](Self::run).
    pub fn handle_input(&mut self, bytes: &[u8]) {
        if !self.state.quit {
            self.input.push(bytes);
        }
    }

    /// The client has sent all it wanted to. What it sent as whole lines is still answered.
    pub fn handle_eof(&mut self) {
        self.eof = true;
    }

    /// Answers what came in, until one page of output waits.
    pub fn run(&mut self, world: &mut dyn World) {
        while self.output().len() < OUTPUT_PAGE_LEN {
            if let Some(mut running) = self.running.take() {
                match self.call(&mut running, world) {
                    Progress::Done => self.end_command(),
                    Progress::More => self.running = Some(running),
                }
            } else if self.state.quit {
                self.queue = Commands::default();
                self.input.clear();
                return;
            } else if let Some(words) = self.queue.next() {
                self.start(words);
            } else if self.ends_after_line() {
                self.state.quit = true;
            } else if !self.take_line() {
                return;
            }
        }
    }

    /// Bytes to send.
    pub fn output(&self) -> &[u8] {
        self.out.unsent()
    }

    /// `count` bytes of the output were sent.
    pub fn consume(&mut self, count: usize) {
        self.out.consume(count);
    }

    /// Whether there is something to do before the next input: output to send or to make.
    pub fn is_busy(&self) -> bool {
        !self.output().is_empty()
            || self.running.is_some()
            || !self.queue.is_empty()
            || (!self.state.quit && (self.ends_after_line() || self.input.has_line()))
    }

    /// Whether it shows a prompt and stays open.
    pub fn is_interactive(&self) -> bool {
        self.state.interactive
    }

    /// The one line of a connection that is not interactive was taken.
    fn ends_after_line(&self) -> bool {
        self.in_line && !self.state.interactive
    }

    /// Whether the owner closes now: all is answered and sent, and nothing more will come.
    pub fn is_done(&self) -> bool {
        !self.is_busy() && (self.state.quit || self.eof)
    }

    fn call(&mut self, running: &mut Running, world: &mut dyn World) -> Progress {
        let mut call = Call {
            words: &running.words,
            world,
            state: &mut self.state,
            out: self.out.room(),
            cursor: &mut running.cursor,
        };
        (running.row.handler)(&mut call)
    }

    fn start(&mut self, words: Vec<String>) {
        match rows::find(COMMANDS, &words).or_else(|| rows::find(BETWEEN_PROCESSES, &words)) {
            Some(row) if row.level > self.state.rights.level => {
                self.mark(Severity::Error);
                self.out.room().extend_from_slice(b"Permission denied\n");
                self.end_command();
            }
            Some(row) => self.running = Some(Running { row, words, cursor: Cursor::default() }),
            None => {
                self.mark(Severity::Info);
                if let Some(name) = not_yet::name(&words) {
                    let text = format!("Unknown command: '{name}' is not supported yet.\n");
                    self.out.room().extend_from_slice(text.as_bytes());
                    return self.end_command();
                }
                rows::unknown(self.out.room(), COMMANDS, &words);
                self.end_command();
            }
        }
    }

    fn mark(&mut self, severity: Severity) {
        let prefix = severity::prefix(self.state.rights.severity, severity);
        self.out.room().extend_from_slice(prefix.as_bytes());
    }

    /// An empty line ends the answer; in interactive mode the prompt stands behind it.
    fn end_command(&mut self) {
        if self.state.quit {
            return;
        }
        let end: &[u8] = if self.state.interactive { b"\n> " } else { b"\n" };
        self.out.room().extend_from_slice(end);
    }

    /// Takes the next whole line from the input; `false` when there is none.
    fn take_line(&mut self) -> bool {
        let line = match self.input.next_line() {
            Line::Whole(line) => line,
            Line::Unfinished => return false,
            Line::TooLong => {
                self.out.room().extend_from_slice(b"Line too long.\n\n");
                self.state.quit = true;
                return false;
            }
        };
        let whole = match self.collecting.take() {
            Some(collecting) if collecting.end == line => collecting.commands,
            // No command here takes a payload, so it is skipped and not kept.
            Some(collecting) => {
                self.collecting = Some(collecting);
                return true;
            }
            None => {
                let (line, payload) = split_payload(line);
                let commands = Commands::new(line);
                if let Payload::Until(end) = payload {
                    self.collecting = Some(Collecting { commands, end: end.to_vec() });
                    return true;
                }
                commands
            }
        };
        self.queue = whole;
        self.in_line = true;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::cli::parser::LINE_LEN_MAX;
    use crate::service::cli::testing::TestWorld;

    fn talk(input: &[u8]) -> String {
        let mut session = CliSession::new(CliLevel::Admin, None);
        talk_on(&mut session, input)
    }

    fn talk_on(session: &mut CliSession, input: &[u8]) -> String {
        let mut world = TestWorld::new();
        let mut all = Vec::new();
        session.handle_input(input);
        loop {
            session.run(&mut world);
            let page = session.output().to_vec();
            if page.is_empty() {
                return String::from_utf8(all).unwrap();
            }
            all.extend_from_slice(&page[..page.len().min(777)]);
            session.consume(page.len().min(777));
        }
    }

    #[test]
    fn one_line_is_answered_and_the_rest_discarded() {
        assert_eq!(talk(b"show version\nshow version\n"), "9.9\n\n");
        assert_eq!(talk(b"show version;show version\n"), "9.9\n\n9.9\n\n");
        assert_eq!(talk(b"show vers"), "");
    }

    #[test]
    fn silent_commands_answer_an_empty_line_and_quit_nothing() {
        assert_eq!(
            talk(b"user;show cli level;operator;show env\n"),
            "\nuser\n\nPermission denied\n\nPermission denied\n\n"
        );
        assert_eq!(talk(b"quit;show version\n"), "");
        assert_eq!(talk(b"show version;quit;show version\n"), "9.9\n\n");
    }

    #[test]
    fn listening_sockets_go_to_who_asks_where_they_are_exposed() {
        for (exposes, input) in
            [(true, "_getsocks\nshow version\n"), (false, "_getsocks\n"), (true, "show version\n")]
        {
            let mut session = CliSession::new(CliLevel::User, None).with_exposure(exposes);
            let asked = input.starts_with('_');
            assert_eq!(talk_on(&mut session, input.as_bytes()), if asked { "" } else { "9.9\n\n" });
            assert!(session.is_done());
            assert_eq!(session.hands_over(), exposes && asked, "{input}");
        }
        assert!(!talk(b"help\n").contains("_getsocks"));
        assert!(!talk(b"_getsock\n").contains("_getsocks"));
    }

    #[test]
    fn the_prompt_keeps_the_connection_open() {
        let mut session = CliSession::new(CliLevel::Admin, None);
        assert_eq!(
            talk_on(&mut session, b"prompt\nshow version;show version\nuser\n"),
            "\n> 9.9\n\n> 9.9\n\n> \n> "
        );
        assert!(!session.is_done() && session.wants_input());
        assert_eq!(talk_on(&mut session, b"quit\nshow version\n"), "");
        assert!(session.is_done() && !session.wants_input());
    }

    #[test]
    fn a_half_closed_client_still_gets_its_answer() {
        let mut session = CliSession::new(CliLevel::Admin, None);
        session.handle_input(b"show version\n");
        session.handle_eof();
        assert!(!session.is_done());
        assert_eq!(talk_on(&mut session, b""), "9.9\n\n");
        assert!(session.is_done());
        let mut cut = CliSession::new(CliLevel::Admin, None);
        cut.handle_input(b"show ver");
        cut.handle_eof();
        assert_eq!(talk_on(&mut cut, b""), "");
        assert!(cut.is_done());
    }

    #[test]
    fn a_line_without_end_closes_the_connection() {
        let mut session = CliSession::new(CliLevel::Admin, None);
        session.handle_input(&vec![b'x'; LINE_LEN_MAX + 1]);
        assert_eq!(talk_on(&mut session, b""), "Line too long.\n\n");
        assert!(session.is_done());
        session.handle_input(b"show version\n");
        assert!(session.input.is_empty());
        let mut second = CliSession::new(CliLevel::Admin, None);
        let input = [b"prompt\n".as_slice(), &[b'x'; LINE_LEN_MAX + 1]].concat();
        assert_eq!(talk_on(&mut second, &input), "\n> Line too long.\n\n");
        assert!(second.is_done());
    }

    #[test]
    fn a_full_page_does_not_end_the_work() {
        for input in ["help;".repeat(99) + "\n", "prompt\n".to_owned() + &"help\n".repeat(600)] {
            let mut session = CliSession::new(CliLevel::Admin, None);
            let mut world = TestWorld::new();
            let mut answered = 0;
            let mut left = input.as_bytes();
            for _ in 0..100_000 {
                let taken = left.len().min(4096);
                if session.wants_input() {
                    session.handle_input(&left[..taken]);
                    left = &left[taken..];
                    if left.is_empty() {
                        session.handle_eof();
                    }
                }
                session.run(&mut world);
                answered += session.output().len();
                // Whole pages go at once, as into a socket with room.
                session.consume(session.output().len());
                if session.is_done() {
                    break;
                }
                assert!(session.is_busy() || session.wants_input(), "it waits for nothing");
            }
            assert!(session.is_done() && answered > OUTPUT_PAGE_LEN, "{answered}");
        }
    }

    #[test]
    fn payload_lines_belong_to_their_command() {
        assert_eq!(talk(b"show version <<\nshow info\nshow info\n\n"), "9.9\n\n");
        assert_eq!(talk(b"show version <<END\n\nshow info\nEND\n"), "9.9\n\n");
        assert_eq!(talk(b"show version <<END\nquit\n"), "");
    }

    #[test]
    fn unknown_words_are_named_and_the_nearest_commands_shown() {
        let answer = talk(b"shwo\n");
        assert!(answer.starts_with("Unknown command: 'shwo'"), "{answer}");
        assert!(answer.ends_with("\n\n"));
        let answer = talk(b"show inof\n");
        assert!(answer.starts_with(
            "Unknown command: 'show', but maybe one of the following ones is a better match:\n  show info "
        ));
        assert!(answer.contains("  quit                                    : close this connection\n\n"));
        assert!(
            talk(b"\n")
                .starts_with("Unknown command. Please enter one of the following commands only:\n  clear")
        );
        assert!(talk(b"sh\x01\xffx\n").starts_with("Unknown command: 'sh?\u{fffd}x'"));
    }

    #[test]
    fn clear_counters_all_is_for_admins() {
        let mut session = CliSession::new(CliLevel::Operator, None);
        assert_eq!(talk_on(&mut session, b"clear counters;clear counters all\n"), "\nPermission denied\n\n");
        let mut session = CliSession::new(CliLevel::User, None);
        assert_eq!(talk_on(&mut session, b"clear counters\n"), "Permission denied\n\n");
    }

    #[test]
    fn set_timeout_changes_this_connection() {
        let mut session = CliSession::new(CliLevel::User, Some(5));
        assert_eq!(session.timeout_ms(), 5);
        assert_eq!(talk_on(&mut session, b"set timeout cli 7s\n"), "\n");
        assert_eq!(session.timeout_ms(), 7000);
        assert_eq!(talk(b"set timeout\n"), "'set timeout' only supports 'cli'.\n\n");
        assert_eq!(talk(b"set timeout cli\n"), "Expects an integer value.\n\n");
        assert_eq!(talk(b"set timeout cli x\n"), "Invalid timeout value.\n\n");
    }

    proptest::proptest! {
        #[test]
        fn the_answer_does_not_depend_on_how_the_bytes_arrive(
            lines in proptest::collection::vec(
                "(prompt|quit|user|show cli level|show version|show sess|foo|x <<|x <<E|E|help;;| |\\PC{0,9})", 0..6),
            piece_len in 1..20usize,
        ) {
            let input = lines.join("\n") + "\n";
            let whole = talk(input.as_bytes());
            let mut session = CliSession::new(CliLevel::Admin, None);
            let pieces: String =
                input.as_bytes().chunks(piece_len).map(|piece| talk_on(&mut session, piece)).collect();
            proptest::prop_assert_eq!(whole, pieces);
        }
    }
}
