//! The words behind `log` (configuration.txt 4.2 `log`).

use super::address;
use super::cx::Outside;
use super::lines::Word;
use super::names::Names;
use super::unknown;
use crate::base::diag::Place;
use crate::net::address::{Grammar, Host, Kind, Ports};
use crate::settings::{Facility, Level, LogFormat, LogSink, LogTarget};
use std::net::SocketAddr;

/// Port of syslog over UDP (RFC 5426 section 3.3).
const SYSLOG_PORT: u16 = 514;

/// Reads a target and what follows it.
///
/// # Errors
/// What is wrong, in words, without the keyword.
pub fn parse(words: &[Word], place: &Place, outside: Outside<'_>) -> Result<LogTarget, String> {
    let text = words.first().map(|word| outside.expanded(word)).unwrap_or_default();
    let mut target = LogTarget {
        place: place.clone(),
        sink: sink(&text, outside.names)?,
        format: LogFormat::Unspecified,
        facility: Facility(0),
        max_level: Level::Debug,
        min_level: Level::Emerg,
        len_max: 1024,
        sample: None,
    };
    let mut at = 1;
    let word = |at: usize| words.get(at).map_or("", |w| &**w);
    loop {
        match word(at) {
            "len" => target.len_max = length(word(at + 1))?,
            "format" => target.format = format(word(at + 1))?,
            "sample" => target.sample = Some(sample(word(at + 1))?),
            "profile" => return Err(unknown::not_yet("profile")),
            _ => break,
        }
        at += 2;
    }
    let name = word(at);
    let facility = Facility::WORDS.iter().position(|w| *w == name);
    let number = facility.and_then(|n| u8::try_from(n).ok());
    target.facility = Facility(number.ok_or_else(|| format!("unknown log facility '{name}'"))?);
    if let Some(word) = words.get(at + 1) {
        target.max_level = level(word).ok_or_else(|| format!("unknown optional log level '{}'", &**word))?;
    }
    if let Some(word) = words.get(at + 2) {
        target.min_level =
            level(word).ok_or_else(|| format!("unknown optional minimum log level '{}'", &**word))?;
    }
    match words.get(at + 3) {
        Some(extra) => Err(format!("cannot handle unexpected argument '{}'", &**extra)),
        None => Ok(target),
    }
}

fn sink(text: &str, names: Names) -> Result<LogSink, String> {
    match text {
        "stdout" => return Ok(LogSink::Fd(1)),
        "stderr" => return Ok(LogSink::Fd(2)),
        _ if text.starts_with("ring@") || text.starts_with("backend@") => {
            return Err(format!("log target '{text}' is not supported by subflow yet"));
        }
        _ => {}
    }
    let address = address::one(text, &Grammar::LOG)?;
    if let Host::Fd(fd) = address.host {
        return Ok(LogSink::Fd(fd));
    }
    if address.kind == Kind::Stream {
        return Err(format!("log target '{text}' over a stream is not supported by subflow yet"));
    }
    if let Host::Path(path) = &address.host {
        return Ok(LogSink::UnixDatagram(path.to_path_buf()));
    }
    let port = match address.ports {
        Ports::Fixed(port) => port,
        _ => SYSLOG_PORT,
    };
    if matches!(address.host, Host::Abstract { .. }) {
        return Err(format!("log target '{text}' is not supported by subflow yet"));
    }
    match names.ip(&address.host, address.family) {
        Some(ip) => Ok(LogSink::Udp(SocketAddr::new(ip, port))),
        None => {
            let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
            Err(format!("invalid address: '{host}' in '{text}'"))
        }
    }
}

fn length(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 80..=65535) => Ok(n),
        _ => Err(format!("invalid log length '{text}', must be between 80 and 65535")),
    }
}

fn format(text: &str) -> Result<LogFormat, String> {
    Ok(match text {
        "local" => LogFormat::Local,
        "rfc3164" => LogFormat::Rfc3164,
        "rfc5424" => LogFormat::Rfc5424,
        "priority" => LogFormat::Priority,
        "short" => LogFormat::Short,
        "timed" => LogFormat::Timed,
        "iso" => LogFormat::Iso,
        "raw" => LogFormat::Raw,
        other => return Err(format!("unknown log format '{other}'")),
    })
}

/// `<ranges>:<size>`, such as `1,3-5:10`; ranges come in any order and do not overlap.
fn sample(text: &str) -> Result<(Vec<(u32, u32)>, u32), String> {
    let Some((list, size)) = text.rsplit_once(':') else { return Err("Missing sample size".into()) };
    let size: u32 = size.parse().map_err(|_| format!("invalid sample size '{size}'"))?;
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for part in list.split(',') {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let wrong = || format!("invalid sampling range '{part}'");
        let range: (u32, u32) = (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?);
        let overlaps = ranges.iter().any(|known| range.0 <= known.1 && known.0 <= range.1);
        if range.0 == 0 || range.1 < range.0 || overlaps {
            return Err(wrong());
        }
        ranges.push(range);
    }
    ranges.sort_unstable();
    match ranges.last() {
        Some((_, high)) if *high > size => Err(format!(
            "sampling size '{size}' must be greater or equal to '{high}', the largest of its ranges"
        )),
        _ => Ok((ranges, size)),
    }
}

fn level(word: &str) -> Option<Level> {
    Some(match Level::WORDS.iter().position(|w| *w == word)? {
        0 => Level::Emerg,
        1 => Level::Alert,
        2 => Level::Crit,
        3 => Level::Err,
        4 => Level::Warning,
        5 => Level::Notice,
        6 => Level::Info,
        _ => Level::Debug,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::expand::Environment;

    fn outside(env: &Environment) -> Outside<'_> {
        Outside { env, names: Names::default() }
    }

    fn read(text: &str) -> Result<LogTarget, String> {
        let words: Vec<Word> = text.split(' ').map(Word::from).collect();
        parse(&words, &Place { file: "t".into(), line: 1 }, outside(&Environment::empty()))
    }

    #[test]
    fn knows_every_kind_of_target() {
        let table = [
            ("127.0.0.1 local0", LogSink::Udp("127.0.0.1:514".parse().unwrap())),
            ("127.0.0.1:5140 local0", LogSink::Udp("127.0.0.1:5140".parse().unwrap())),
            ("udp@127.0.0.1:1 local0", LogSink::Udp("127.0.0.1:1".parse().unwrap())),
            ("[::1]:99 local0", LogSink::Udp("[::1]:99".parse().unwrap())),
            ("/dev/log local0", LogSink::UnixDatagram("/dev/log".into())),
            ("stdout local0", LogSink::Fd(1)),
            ("stderr local0", LogSink::Fd(2)),
            ("fd@5 local0", LogSink::Fd(5)),
        ];
        for (text, sink) in table {
            assert_eq!(read(text).unwrap().sink, sink, "{text}");
        }
    }

    #[test]
    fn reads_all_words() {
        let t = read("stdout len 100 format raw sample 1,3-5:10 local7 info err").unwrap();
        assert_eq!((t.len_max, t.format, t.facility), (100, LogFormat::Raw, Facility(23)));
        assert_eq!((t.max_level, t.min_level), (Level::Info, Level::Err));
        assert_eq!(t.sample, Some((vec![(1, 1), (3, 5)], 10)));
        let t = read("stdout sample 2-3,5,1:10 local7").unwrap();
        assert_eq!(t.sample, Some((vec![(1, 1), (2, 3), (5, 5)], 10)), "in any order");
    }

    #[test]
    fn tells_what_is_wrong_in_the_words_of_the_reference() {
        let table = [
            ("127.0.0.1 foo", "unknown log facility 'foo'"),
            ("127.0.0.1 local0 bar", "unknown optional log level 'bar'"),
            ("127.0.0.1 local0 info bar", "unknown optional minimum log level 'bar'"),
            ("127.0.0.1 local0 info notice extra", "cannot handle unexpected argument 'extra'"),
            ("127.0.0.1 len 10 local0", "invalid log length '10', must be between 80 and 65535"),
            ("127.0.0.1 format zzz local0", "unknown log format 'zzz'"),
            ("127.0.0.1 sample 1 local0", "Missing sample size"),
            ("127.0.0.1 sample 2-4,1-2:9 local0", "invalid sampling range '1-2'"),
            ("127.0.0.1 sample 0:9 local0", "invalid sampling range '0'"),
            ("127.0.0.1:99999 local0", "invalid port '99999'"),
            ("ring@r local0", "log target 'ring@r' is not supported by subflow yet"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).unwrap_err(), expected, "{text}");
        }
    }
}
