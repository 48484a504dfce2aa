//! Cookie persistence (configuration.txt 4.2 `cookie`, 8.5 for the flags): what a request's cookie says, and what
//! becomes of both messages. No I/O: heads and the time in, decisions and edits out.

mod dates;
mod request;
mod response;

pub use response::Context;

use crate::base::ids::ServerId;

/// What the client presented: the third character of `%tsc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presented {
    /// `N`: no cookie.
    #[default]
    None,
    /// `I`: one that names no server.
    Invalid,
    /// `D`: one whose server is down, or could not be reached.
    Down,
    /// `V`: one whose server is up.
    Valid,
    /// `E`: one that is idle for too long.
    Expired,
    /// `O`: one that is too old.
    Old,
}

impl Presented {
    /// The log's letter.
    pub const fn letter(self) -> u8 {
        match self {
            Presented::None => b'N',
            Presented::Invalid => b'I',
            Presented::Down => b'D',
            Presented::Valid => b'V',
            Presented::Expired => b'E',
            Presented::Old => b'O',
        }
    }
}

/// What became of the response: the fourth character of `%tsc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returned {
    /// `N`: no cookie.
    #[default]
    None,
    /// `I`: one was inserted.
    Inserted,
    /// `U`: the client's was renewed with another date.
    Updated,
    /// `P`: the server's went through.
    Provided,
    /// `R`: the server's was rewritten.
    Rewritten,
    /// `D`: the server's was taken out.
    Deleted,
}

impl Returned {
    /// The log's letter.
    pub const fn letter(self) -> u8 {
        match self {
            Returned::None => b'N',
            Returned::Inserted => b'I',
            Returned::Updated => b'U',
            Returned::Provided => b'P',
            Returned::Rewritten => b'R',
            Returned::Deleted => b'D',
        }
    }
}

/// The server that a value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// None has it.
    Nobody,
    /// Those that have it are down.
    Down,
    /// This one, to be used.
    Server {
        /// Which.
        id: ServerId,
        /// Whether it is up; a server that is down is used with `option persist`.
        up: bool,
    },
}

/// The persistence of one exchange. Used again for the next one, so that nothing is allocated for it.
#[derive(Clone, Debug, Default)]
pub struct Persistence {
    presented: Presented,
    returned: Returned,
    /// The server that the client is to stay at.
    server: Option<ServerId>,
    /// The last date of the cookie, in seconds since 1970; 0 = none.
    last_secs: i64,
    /// The first date of the cookie, likewise.
    first_secs: i64,
    /// The text of the line that is being written anew.
    line: Vec<u8>,
}

impl Persistence {
    /// Forgets the exchange, keeps the memory.
    pub fn clear(&mut self) {
        let line = std::mem::take(&mut self.line);
        *self = Persistence { line, ..Persistence::default() };
    }

    /// The server that the client is to stay at.
    pub fn server(&self) -> Option<ServerId> {
        self.server
    }

    /// The request goes elsewhere: its server cannot be used.
    pub fn give_up_server(&mut self) {
        if self.server.take().is_some() {
            self.presented = Presented::Down;
        }
    }

    /// The last two characters of `%tsc`.
    pub fn flags(&self) -> [u8; 2] {
        [self.presented.letter(), self.returned.letter()]
    }
}
