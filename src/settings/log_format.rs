//! `log-format` and its kind as they are kept: compiled once, written for each line
//! (configuration.txt 8.2.6).

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `Q`: text in double quotes, nothing instead of `-`.
    pub quote: bool,
    /// `X`: addresses, ports, counters and dates that are numbers in hexadecimal.
    pub hex: bool,
    /// `E`: `"`, `\` and `]` in text get a `\` before them (RFC 5424 section 6.3.3).
    pub escape: bool,
    /// Nothing is written for a value that is not there, instead of a `-`: in answers.
    pub bare: bool,
}

/// What a variable stands for; the names are those of configuration.txt 8.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Tag {
    BytesOut,
    RequestCookie,
    ResponseCookie,
    HostName,
    Method,
    UriWithoutQuery,
    Path,
    Query,
    Uri,
    HttpVersion,
    UniqueId,
    Status,
    DateUtc,
    ActiveMs,
    ConnectMs,
    DataMs,
    HandshakeMs,
    IdleMs,
    DateLocal,
    HeadMs,
    RequestMs,
    ResponseMs,
    Timestamp,
    TotalMs,
    UserMs,
    QueueMs,
    BytesIn,
    ActConn,
    Backend,
    BackendConns,
    BackendSourceIp,
    BackendSourcePort,
    BackendQueue,
    ClientIp,
    ClientPort,
    Frontend,
    FrontendConns,
    FrontendIp,
    FrontendPort,
    FrontendTransport,
    RequestHeaders,
    RequestHeadersList,
    ResponseHeaders,
    ResponseHeadersList,
    LogCounter,
    Millis,
    Pid,
    RequestLine,
    Retries,
    RequestCounter,
    Server,
    ServerConns,
    ServerIp,
    ServerPort,
    ServerQueue,
    TlsCiphers,
    TlsVersion,
    AcceptDate,
    RequestDate,
    RequestDateUtc,
    RequestDateLocal,
    Flags,
    FlagsWithCookies,
}

/// One step of writing a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Bytes of [`Format::text`], written as they are.
    Text {
        /// Position of the first byte.
        start: u32,
        /// Position behind the last byte.
        end: u32,
    },
    /// One byte, written as it is.
    Byte(u8),
    /// A blank, unless one was just written or nothing was written yet.
    Separator,
    /// A variable.
    Value(Tag, Flags),
}

/// A compiled format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// The texts between the variables, one behind the other.
    pub text: String,
    /// The steps.
    pub tokens: Vec<Token>,
}

impl Format {
    /// The text, where it is always the same.
    pub fn literal(&self) -> Option<String> {
        let mut literal = String::new();
        for token in &self.tokens {
            match *token {
                Token::Text { start, end } => literal += self.text.get(start as usize..end as usize)?,
                Token::Byte(byte) => literal.push(char::from(byte)),
                Token::Separator | Token::Value(..) => return None,
            }
        }
        Some(literal)
    }

    /// Whether the value of one of `tags` is written.
    pub fn has_any(&self, tags: &[Tag]) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Value(tag, _) if tags.contains(tag)))
    }
}

/// `capture cookie`, `capture request header`, `capture response header` of a frontend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captures {
    /// The cookie, in requests and responses.
    pub cookie: Option<Capture>,
    /// Request headers in order of declaration.
    pub request: Vec<Capture>,
    /// Response headers in order of declaration.
    pub response: Vec<Capture>,
}

/// What is kept of a message for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Name of the header, or the start of the cookie's name; with its `=` it is the whole name. Empty, as no header's
    /// is, in a place of `declare capture`.
    pub name: String,
    /// Bytes kept at most; what is longer is cut.
    pub len_max: usize,
}

impl Captures {
    /// Whether nothing is captured.
    pub fn is_empty(&self) -> bool {
        self.cookie.is_none() && self.request.is_empty() && self.response.is_empty()
    }
}
