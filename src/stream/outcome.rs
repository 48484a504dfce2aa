//! How an exchange ended: one value that becomes the log's flags and the counters.

/// Who or what ended the exchange: the first termination letter (configuration.txt 8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// `-`: both sides closed normally.
    Normal,
    /// `C`: the client aborted.
    ClientAbort,
    /// `S`: the server aborted or refused.
    ServerAbort,
    /// `c`: the client timed out.
    ClientTimeout,
    /// `s`: the server timed out.
    ServerTimeout,
    /// `P`: the proxy refused.
    Proxy,
    /// `L`: answered here.
    Local,
    /// `R`: a resource ran out.
    Resource,
    /// `I`: an internal error.
    Internal,
    /// `K`: killed by an operator.
    Killed,
    /// `D`: the server was set down.
    Down,
}

impl Cause {
    /// The log's letter.
    pub const fn letter(self) -> u8 {
        match self {
            Cause::Normal => b'-',
            Cause::ClientAbort => b'C',
            Cause::ServerAbort => b'S',
            Cause::ClientTimeout => b'c',
            Cause::ServerTimeout => b's',
            Cause::Proxy => b'P',
            Cause::Local => b'L',
            Cause::Resource => b'R',
            Cause::Internal => b'I',
            Cause::Killed => b'K',
            Cause::Down => b'D',
        }
    }
}

/// Where the exchange was: the second termination letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `-`: it was over.
    Over,
    /// `R`: waiting for the request.
    Request,
    /// `Q`: in a queue.
    Queue,
    /// `C`: connecting to the server.
    Connect,
    /// `H`: waiting for the response head.
    Headers,
    /// `D`: moving data.
    Data,
    /// `L`: the last bytes to the client.
    Last,
    /// `T`: tarpit.
    Tarpit,
}

impl Stage {
    /// The log's letter.
    pub const fn letter(self) -> u8 {
        match self {
            Stage::Over => b'-',
            Stage::Request => b'R',
            Stage::Queue => b'Q',
            Stage::Connect => b'C',
            Stage::Headers => b'H',
            Stage::Data => b'D',
            Stage::Last => b'L',
            Stage::Tarpit => b'T',
        }
    }
}

/// How it ended and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Who or what.
    pub cause: Cause,
    /// Where.
    pub stage: Stage,
}

impl Outcome {
    /// Both sides closed normally.
    pub const NORMAL: Outcome = Outcome { cause: Cause::Normal, stage: Stage::Over };

    /// Shorthand.
    pub const fn new(cause: Cause, stage: Stage) -> Self {
        Outcome { cause, stage }
    }

    /// The first two termination characters.
    pub const fn flags(self) -> [u8; 2] {
        [self.cause.letter(), self.stage.letter()]
    }

    /// Whether `option dontlog-normal` hides it and `option log-separate-errors` keeps its level.
    pub const fn is_normal(self) -> bool {
        matches!(self.cause, Cause::Normal | Cause::Local)
    }
}
