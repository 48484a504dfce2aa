//! A scene as a row of data: the lines of its configuration, what its ends do one after the other, and, where subflow
//! differs on purpose, the entry of haproxy-compat/divergences.md that says so. [`super::stage`] plays it.

/// One step of a scene. The ends are the present client (the first one unless [`Step::Client`] changed it) and the
/// present connection of a server (the last one that a request was read from).
#[derive(Clone, Copy)]
pub enum Step {
    /// The client connects if it has not yet, and says nothing.
    Open,
    /// Another client, counted from 1, is the present one.
    Client(usize),
    /// The client sends this, connecting first if it has not yet.
    C(&'static str),
    /// The same of a repeated byte.
    CFill(u8, usize),
    /// The client ends its direction.
    CFin,
    /// The client closes, unread bytes and all.
    CClose,
    /// The client aborts.
    CRst,
    /// The client reads one message.
    Answer,
    /// The client reads one answer that has no body whatever its head says.
    AnswerHead,
    /// The client reads exactly so many bytes.
    Part(usize),
    /// The client reads to the end of the connection.
    End,
    /// Whether the client's connection stays open; if not, it reads to the end.
    Stays,
    /// The next request that comes to any server, on a connection old or new, is read whole. When the client hears
    /// something first, none is coming, and the steps of the servers do nothing until one does.
    Req,
    /// The same of the head alone.
    ReqHead,
    /// The next connection that has bytes to read is the present one; nothing is read of it.
    Accept,
    /// The present server connection reads exactly so many bytes.
    ReqPart(usize),
    /// It reads chunks to the last one; how they were cut is not compared.
    ReqChunks,
    /// The connection that was accepted as the n-th, counted from 1, is the present one.
    Conn(usize),
    /// It sends this.
    S(&'static str),
    /// It sends a repeated byte.
    SFill(u8, usize),
    /// It ends its direction.
    SFin,
    /// It closes.
    SClose,
    /// It aborts.
    SRst,
    /// It reads to the end.
    SEnd,
    /// No server hears anything new for a moment.
    Quiet,
    /// Waits for a log line: for those that are early, or that must come before what follows. Other lines are
    /// collected at the end.
    Log,
    /// Waits until so many requests stand in the backend's queues.
    Queued(usize),
    /// `C`, `Req`, `S`, `Answer`.
    Ask(&'static str, &'static str),
    /// The client sends these bytes; all servers read whatever comes and answer every request with a short 200 until
    /// the proxy closes the client's connection.
    Feed(&'static [u8]),
}

/// What two log lines must agree on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// httplog lines: all but dates, ports, timers, the byte count (a listed divergence) and the process's connections.
    Http,
    /// Everything of the text behind the frame, but for ports, the process id and numbers behind `ms:`.
    Exact,
    /// Frame and text, each number as one `0`.
    Shape,
}

/// Where subflow differs on purpose.
#[derive(Clone, Copy)]
pub struct Differs {
    /// The bold words that begin the entry in divergences.md.
    pub entry: &'static str,
    /// What subflow's record must have, in this order, each within a line.
    pub subflow: &'static [&'static str],
}

/// One row.
#[derive(Clone, Copy)]
pub struct Scene {
    /// Lower case letters, digits and `_`, unique among all tables.
    pub name: &'static str,
    /// Lines led by their section's word, as for [`super::rig::config`]; `${s1}`, `${s2}`, `${log}` are the scene's own,
    /// `${refused}`, `${dark}` and `${files}` (a directory with [`super::stage::FILES`]) everybody's.
    pub config: &'static [&'static str],
    pub steps: &'static [Step],
    pub log: LogForm,
    pub differs: Option<Differs>,
    /// Columns of `show stat` that are chance in the oracle: they depend on which of two events it sees first.
    pub chance: &'static [&'static str],
}

/// A row whose log lines are compared as httplog lines.
pub const fn scene(name: &'static str, config: &'static [&'static str], steps: &'static [Step]) -> Scene {
    Scene { name, config, steps, log: LogForm::Http, differs: None, chance: &[] }
}

impl Scene {
    /// The same row with another comparison of its log lines.
    pub const fn log(mut self, log: LogForm) -> Scene {
        self.log = log;
        self
    }

    /// The same row without these columns.
    pub const fn chance(mut self, columns: &'static [&'static str]) -> Scene {
        self.chance = columns;
        self
    }

    /// The same row where subflow differs on purpose.
    pub const fn differs(mut self, entry: &'static str, subflow: &'static [&'static str]) -> Scene {
        self.differs = Some(Differs { entry, subflow });
        self
    }
}
