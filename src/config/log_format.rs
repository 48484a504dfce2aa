//! The text behind `log-format` and its kind, compiled (configuration.txt 8.2.6).

use crate::settings::log_format::{Flags, Format, Tag, Token};

/// What `option tcplog` stands for.
pub const TCPLOG: &str = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";

/// What `option httplog` stands for.
pub const HTTPLOG: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
                           %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";

/// What `option httpslog` stands for where no bind can use TLS: the error of the client's connection, the errors of
/// its handshake, whether it was resumed, its name, version and ciphers.
pub const HTTPSLOG: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
                            %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r 0/-/-/-/0 -/%sslv/%sslc";

/// What `option httplog clf` stands for.
pub const CLFLOG: &str = "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta \
                          %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";

/// A variable: its name, and whether it needs `mode http`.
pub type Variable = (&'static str, Tag, bool);

/// All variables.
pub const VARIABLES: &[Variable] = &[
    ("B", Tag::BytesOut, false),
    ("CC", Tag::RequestCookie, true),
    ("CS", Tag::ResponseCookie, true),
    ("H", Tag::HostName, false),
    ("HM", Tag::Method, true),
    ("HP", Tag::UriWithoutQuery, true),
    ("HPO", Tag::Path, true),
    ("HQ", Tag::Query, true),
    ("HU", Tag::Uri, true),
    ("HV", Tag::HttpVersion, true),
    ("ID", Tag::UniqueId, false),
    ("ST", Tag::Status, false),
    ("T", Tag::DateUtc, false),
    ("Ta", Tag::ActiveMs, true),
    ("Tc", Tag::ConnectMs, false),
    ("Td", Tag::DataMs, false),
    ("Th", Tag::HandshakeMs, false),
    ("Ti", Tag::IdleMs, true),
    ("Tl", Tag::DateLocal, false),
    ("Tq", Tag::HeadMs, true),
    ("TR", Tag::RequestMs, true),
    ("Tr", Tag::ResponseMs, true),
    ("Ts", Tag::Timestamp, false),
    ("Tt", Tag::TotalMs, false),
    ("Tu", Tag::UserMs, false),
    ("Tw", Tag::QueueMs, false),
    ("U", Tag::BytesIn, false),
    ("ac", Tag::ActConn, false),
    ("b", Tag::Backend, false),
    ("bc", Tag::BackendConns, false),
    ("bi", Tag::BackendSourceIp, false),
    ("bp", Tag::BackendSourcePort, false),
    ("bq", Tag::BackendQueue, false),
    ("ci", Tag::ClientIp, false),
    ("cp", Tag::ClientPort, false),
    ("f", Tag::Frontend, false),
    ("fc", Tag::FrontendConns, false),
    ("fi", Tag::FrontendIp, false),
    ("fp", Tag::FrontendPort, false),
    ("ft", Tag::FrontendTransport, false),
    ("hr", Tag::RequestHeaders, false),
    ("hrl", Tag::RequestHeadersList, false),
    ("hs", Tag::ResponseHeaders, false),
    ("hsl", Tag::ResponseHeadersList, false),
    ("lc", Tag::LogCounter, false),
    ("ms", Tag::Millis, false),
    ("pid", Tag::Pid, false),
    ("r", Tag::RequestLine, true),
    ("rc", Tag::Retries, false),
    ("rt", Tag::RequestCounter, false),
    ("s", Tag::Server, false),
    ("sc", Tag::ServerConns, false),
    ("si", Tag::ServerIp, false),
    ("sp", Tag::ServerPort, false),
    ("sq", Tag::ServerQueue, false),
    ("sslc", Tag::TlsCiphers, false),
    ("sslv", Tag::TlsVersion, false),
    ("t", Tag::AcceptDate, false),
    ("tr", Tag::RequestDate, true),
    ("trg", Tag::RequestDateUtc, true),
    ("trl", Tag::RequestDateLocal, true),
    ("ts", Tag::Flags, false),
    ("tsc", Tag::FlagsWithCookies, false),
];

/// Compiles `text`; variables that need it are refused unless `http`.
///
/// # Errors
/// What is wrong, in the reference's words, without a final stop.
pub fn compile(text: &str, http: bool) -> Result<Format, String> {
    run(Compiler { text, format: Format::default(), common: Flags::default(), http, keeps_blanks: false })
}

/// The same for a part of an answer: every blank stays, and nothing stands for what is not there.
///
/// # Errors
/// As [`compile`].
pub fn compile_answer(text: &str, http: bool) -> Result<Format, String> {
    let common = Flags { bare: true, ..Flags::default() };
    run(Compiler { text, format: Format::default(), common, http, keeps_blanks: true })
}

fn run(mut compiler: Compiler<'_>) -> Result<Format, String> {
    let text = compiler.text;
    let mut at = 0;
    while at < text.len() {
        at = compiler.step(at)?;
    }
    let mut format = compiler.format;
    for token in &mut format.tokens {
        if let Token::Text { start, end } = *token
            && end == start + 1
            && let Some(byte) = format.text.as_bytes().get(start as usize)
        {
            *token = Token::Byte(*byte);
        }
    }
    Ok(format)
}

struct Compiler<'a> {
    text: &'a str,
    format: Format,
    /// What `%o` set for all that follow.
    common: Flags,
    http: bool,
    keeps_blanks: bool,
}

impl Compiler<'_> {
    /// Takes what begins at `at`; returns where the next begins.
    fn step(&mut self, at: usize) -> Result<usize, String> {
        let rest = self.text.get(at..).unwrap_or_default();
        if rest.starts_with(' ') {
            match self.keeps_blanks {
                true => self.literal(" "),
                false => self.separator(),
            }
            return Ok(at + 1);
        }
        let Some(after) = rest.strip_prefix('%') else {
            let len = rest.find(['%', ' ']).unwrap_or(rest.len());
            self.literal(&rest[..len]);
            return Ok(at + len);
        };
        match after.chars().next() {
            None => Err("truncated line after '%'".into()),
            Some('%') => {
                self.literal("%");
                Ok(at + 2)
            }
            Some('{') => self.with_flags(at + 2),
            Some('[') => Err(expression(&after[1..])),
            Some(c) if c.is_ascii_alphabetic() => self.variable(at + 1, self.common),
            Some(c) if c.is_ascii_digit() || c.is_ascii_whitespace() => Err(format!(
                "unexpected variable name near '{c}' at position {} line : '{}'. Maybe you want to write a \
                 single '%', use the syntax '%%'",
                at + 1,
                self.text
            )),
            // a percent sign that begins nothing is left out, as in the reference
            Some(_) => Ok(at + 1),
        }
    }

    /// `%{+Q,-X}name`; `at` is behind the brace.
    fn with_flags(&mut self, at: usize) -> Result<usize, String> {
        let rest = self.text.get(at..).unwrap_or_default();
        let Some((list, after)) = rest.split_once('}') else {
            return Err(format!("truncated line after '{rest}'"));
        };
        let mut flags = self.common;
        for word in list.split(',') {
            let (on, name) = match word.split_at_checked(1) {
                Some(("+", name)) => (true, name),
                Some(("-", name)) => (false, name),
                _ => continue,
            };
            match name {
                "Q" => flags.quote = on,
                "X" => flags.hex = on,
                "E" => flags.escape = on,
                // the reference ignores what it does not know here
                _ => {}
            }
        }
        match after.chars().next() {
            Some('[') => Err(expression(&after[1..])),
            Some(c) if c.is_ascii_alphabetic() => self.variable(at + list.len() + 1, flags),
            _ => Err(format!("parse argument modifier without variable name near '%{{{list}}}'")),
        }
    }

    fn variable(&mut self, at: usize, flags: Flags) -> Result<usize, String> {
        let rest = self.text.get(at..).unwrap_or_default();
        let len = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..len];
        if name == "o" {
            self.common = flags;
            return Ok(at + len);
        }
        match VARIABLES.iter().find(|(known, _, _)| *known == name) {
            Some((_, _, true)) if !self.http => {
                Err(format!("format variable '{name}' is reserved for HTTP mode"))
            }
            Some((_, tag, _)) => {
                self.format.tokens.push(Token::Value(*tag, flags));
                Ok(at + len)
            }
            None => Err(format!(
                "no such format variable '{name}'. If you wanted to emit the '%' character verbatim, you need \
                 to use '%%'"
            )),
        }
    }

    fn separator(&mut self) {
        if self.format.tokens.last() != Some(&Token::Separator) {
            self.format.tokens.push(Token::Separator);
        }
    }

    fn literal(&mut self, text: &str) {
        let start = self.format.text.len() as u32;
        self.format.text.push_str(text);
        let end = self.format.text.len() as u32;
        match self.format.tokens.last_mut() {
            Some(Token::Text { end: last, .. }) => *last = end,
            _ => self.format.tokens.push(Token::Text { start, end }),
        }
    }
}

/// The answer to `%[...]`; `rest` is behind the bracket.
fn expression(rest: &str) -> String {
    match rest.split_once(']') {
        Some((inside, _)) => format!("sample expression '%[{inside}]' is not supported by subflow yet"),
        None => format!("missing ']' after '{rest}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Flags = Flags { quote: false, hex: false, escape: false, bare: false };
    const QUOTED: Flags = Flags { quote: true, ..PLAIN };

    fn value(tag: Tag, flags: Flags) -> Token {
        Token::Value(tag, flags)
    }

    #[test]
    fn texts_variables_and_blanks_become_tokens() {
        let format = compile("  a%%b   %ci:%cp x", true).unwrap();
        assert_eq!(format.text, "a%b:x");
        assert_eq!(
            format.tokens,
            [
                Token::Separator,
                Token::Text { start: 0, end: 3 },
                Token::Separator,
                value(Tag::ClientIp, PLAIN),
                Token::Byte(b':'),
                value(Tag::ClientPort, PLAIN),
                Token::Separator,
                Token::Byte(b'x'),
            ]
        );
    }

    #[test]
    fn flags_hold_for_one_variable_and_those_of_o_for_all_that_follow() {
        let flags = |text: &str| -> Vec<Flags> {
            let values = compile(text, true).unwrap().tokens;
            values.iter().filter_map(|t| if let Token::Value(_, f) = t { Some(*f) } else { None }).collect()
        };
        assert_eq!(flags("%{+Q}b%b"), [QUOTED, PLAIN]);
        assert_eq!(flags("%{+Q}o%b%{-Q}b%b"), [QUOTED, PLAIN, QUOTED]);
        let all = Flags { quote: true, hex: true, escape: true, bare: false };
        assert_eq!(flags("%{+Q,+E,+X}b"), [all]);
        assert_eq!(flags("%{+Q}o%{+E,+X}o%b"), [all]);
        assert_eq!(flags("%{+Qx}b%{Q}b%{+Z}b%{}b%{+Q+X}b"), [PLAIN; 5]);
    }

    #[test]
    fn an_answer_keeps_its_blanks() {
        assert_eq!(compile_answer("  a  b%%c ", false).unwrap().literal().as_deref(), Some("  a  b%c "));
        let format = compile_answer("a %{+Q}b", false).unwrap();
        assert_eq!(format.tokens.last(), Some(&value(Tag::Backend, Flags { bare: true, ..QUOTED })));
        assert_eq!(format.literal(), None);
    }

    #[test]
    fn percent_signs_that_begin_nothing_are_left_out() {
        for (text, expected) in [("%-ci", "-ci"), ("%.ci", ".ci"), ("%(foo)(Q)", "(foo)(Q)"), ("a%_", "a_")] {
            assert_eq!(compile(text, true).unwrap().text, expected, "{text}");
        }
        assert_eq!(compile("a%ci_", true).unwrap().tokens.len(), 3);
    }

    #[test]
    fn mistakes_are_told_in_the_words_of_the_reference() {
        let unknown = |name: &str| {
            format!(
                "no such format variable '{name}'. If you wanted to emit the '%' character verbatim, you need \
                 to use '%%'"
            )
        };
        let near = |c: char, at: usize, text: &str| {
            format!(
                "unexpected variable name near '{c}' at position {at} line : '{text}'. Maybe you want to write \
                 a single '%', use the syntax '%%'"
            )
        };
        let table = [
            ("%ci %zz", unknown("zz")),
            ("%ciX", unknown("ciX")),
            ("a%ci1", unknown("ci1")),
            ("%{+Q", "truncated line after '+Q'".into()),
            ("%{+Q}", "parse argument modifier without variable name near '%{+Q}'".into()),
            ("%{+Q} x", "parse argument modifier without variable name near '%{+Q}'".into()),
            ("a%", "truncated line after '%'".into()),
            ("%1", near('1', 1, "%1")),
            ("%ci% ", near(' ', 4, "%ci% ")),
            ("%[src", "missing ']' after 'src'".into()),
            ("%[src]", "sample expression '%[src]' is not supported by subflow yet".into()),
            ("%{+Q}[src,lower]", "sample expression '%[src,lower]' is not supported by subflow yet".into()),
        ];
        for (text, expected) in table {
            assert_eq!(compile(text, true).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn some_variables_need_http() {
        assert_eq!(compile("%ci %r", false).unwrap_err(), "format variable 'r' is reserved for HTTP mode");
        let needing = VARIABLES.iter().filter(|(name, _, _)| compile(&format!("%{name}"), false).is_err());
        assert_eq!(needing.count(), 17);
    }

    #[test]
    fn every_built_in_line_compiles() {
        assert!(compile(TCPLOG, false).is_ok());
        assert!(compile(HTTPLOG, true).is_ok());
        assert!(compile(HTTPSLOG, true).is_ok());
        assert!(compile(CLFLOG, true).is_ok());
    }

    #[test]
    fn no_text_panics() {
        for text in ["%{", "%{}", "%{+", "%{é}b", "%é", "é%", "%{+é}ci", "%[é", " % ", "%\u{0}"] {
            let _ = compile(text, true);
        }
    }
}
