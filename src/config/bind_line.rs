//! Options behind the address of `bind`, `stats socket` (configuration.txt 5.1).

use super::identity;
use super::keyword::{Arity, Row, Sections, Status};
use super::lines::Word;
use super::number::{self, Unit};
use super::reference_words;
use super::unknown;
use crate::settings::bind::{BindOptions, UnixOptions};
use crate::settings::global::{CliLevel, SeverityOutput};
use crate::sys::md5sig;

/// What the options of one line said.
#[derive(Clone, Debug, Default)]
pub struct BindDraft {
    /// The options that a frontend uses.
    pub options: BindOptions,
    /// `level`; only a CLI socket uses it.
    pub level: Option<CliLevel>,
    /// `expose-fd listeners`; only a CLI socket uses it.
    pub expose_fd_listeners: bool,
    /// `severity-output`; only a CLI socket uses it.
    pub severity_output: SeverityOutput,
}

impl BindDraft {
    /// Options that begin with the values of `unix-bind`.
    pub fn with_unix(unix: &UnixOptions) -> Self {
        let options = BindOptions { unix: unix.clone(), ..BindOptions::default() };
        BindDraft { options, ..BindDraft::default() }
    }
}

/// A row of a bind option. The handler gets the words behind the option, at least as many as its
/// arity asks for, and returns what is wrong with them.
pub type BindOption = Row<fn(&mut BindDraft, &[Word]) -> Result<(), String>>;

const fn option(
    name: &'static str,
    missing: &'static str,
    help: &'static str,
    handler: fn(&mut BindDraft, &[Word]) -> Result<(), String>,
) -> BindOption {
    Row {
        name,
        sections: Sections::FRONT_NAMED,
        arity: Arity::one(missing),
        help,
        status: Status::Works,
        handler,
        warns_itself: false,
    }
}

const fn flag(
    name: &'static str,
    help: &'static str,
    handler: fn(&mut BindDraft, &[Word]) -> Result<(), String>,
) -> BindOption {
    Row {
        name,
        sections: Sections::FRONT_NAMED,
        arity: Arity::NONE,
        help,
        status: Status::Works,
        handler,
        warns_itself: false,
    }
}

const fn no_op(
    name: &'static str,
    missing: &'static str,
    why: &'static str,
    handler: fn(&mut BindDraft, &[Word]) -> Result<(), String>,
) -> BindOption {
    Row {
        name,
        sections: Sections::FRONT_NAMED,
        arity: Arity::one(missing),
        help: "",
        status: Status::NoOp(why),
        handler,
        warns_itself: false,
    }
}

/// Rows of all options.
pub static ROWS: &[BindOption] = &[
    option("name", "missing name", "<name>: name of the listeners", name),
    option("id", "expects an integer argument", "<n>: socket id, unique in the proxy", id),
    no_op(
        "guid-prefix",
        "missing value",
        "it only names entries of a statistics file, which is not loaded yet",
        guid,
    ),
    option("maxconn", "missing value", "<n>: concurrent connections of each listener", maxconn),
    option("backlog", "missing value", "<n>: length of the accept queue", backlog),
    no_op("nice", "missing value", "all connections are served alike", nice),
    option("mss", "missing MSS value", "<n>: TCP_MAXSEG, 1..65535, negative: relative", mss),
    option("tcp-ut", "missing TCP User Timeout value", "<time>: TCP_USER_TIMEOUT", tcp_ut),
    option("tcp-md5sig", "missing password", "<password>: TCP_MD5SIG, TCP only", |bind, args| {
        bind.options.md5sig = Some(md5sig_key(&args[0])?);
        Ok(())
    }),
    option("interface", "missing interface name", "<name>: SO_BINDTODEVICE", interface),
    option("namespace", "missing namespace id", "<name>: network namespace to listen in", namespace),
    option("mode", "missing or invalid mode '' (octal integer expected)", "<octal>: of a Unix socket", mode),
    option("user", "missing user name", "<name>: owner of a Unix socket", user),
    option("uid", "missing value", "<n>: owner of a Unix socket", uid),
    option("group", "missing group name", "<name>: group of a Unix socket", group),
    option("gid", "missing value", "<n>: group of a Unix socket", gid),
    option("level", "missing level", "user|operator|admin: rights on a CLI socket", level),
    option("expose-fd", "missing fd type", "listeners: a CLI socket gives them to who takes over", expose_fd),
    option(
        "severity-output",
        "missing severity format",
        "none|number|string: weight of CLI answers",
        severity,
    ),
    flag("defer-accept", "TCP_DEFER_ACCEPT", |bind, _| set(&mut bind.options.defer_accept)),
    flag("tfo", "TCP_FASTOPEN", |bind, _| set(&mut bind.options.tfo)),
    flag("transparent", "IP_TRANSPARENT", |bind, _| set(&mut bind.options.transparent)),
    flag("v4v6", "an IPv6 wildcard takes IPv4 too", |bind, _| set(&mut bind.options.v4v6)),
    flag("v6only", "an IPv6 wildcard does not take IPv4", |bind, _| set(&mut bind.options.v6only)),
    no_op("process", "missing value", "all traffic is served by one thread", thread_set),
    no_op("thread", "missing value", "all traffic is served by one thread", thread_set),
    no_op("shards", "missing value", "all traffic is served by one thread", shards),
];

fn set(flag: &mut bool) -> Result<(), String> {
    *flag = true;
    Ok(())
}

fn integer<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("'{name}' : '{text}' is not an integer of the expected range"))
}

fn not_negative(name: &str, text: &str) -> Result<u32, String> {
    match integer::<i64>(name, text)? {
        n if n < 0 => Err(format!("'{name}' : invalid value {n}, must be >= 0")),
        n => Ok(u32::try_from(n).unwrap_or(u32::MAX)),
    }
}

fn name(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.options.name = Some(args[0].to_string());
    Ok(())
}

fn guid(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.options.guid = Some(args[0].to_string());
    Ok(())
}

fn id(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    match integer::<i64>("id", &args[0])? {
        n if n > 0 && n <= i64::from(i32::MAX) => bind.options.id = Some(n as u32),
        _ => return Err("'id' : custom id has to be > 0".into()),
    }
    Ok(())
}

fn maxconn(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    let n = not_negative("maxconn", &args[0])?;
    bind.options.maxconn = (n > 0).then_some(n);
    Ok(())
}

fn backlog(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    let n = not_negative("backlog", &args[0])?;
    bind.options.backlog = (n > 0).then_some(n);
    Ok(())
}

fn nice(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    match integer::<i32>("nice", &args[0])? {
        n @ -1024..=1024 => bind.options.nice = n,
        n => return Err(format!("'nice' : invalid value {n}, allowed range is -1024..1024")),
    }
    Ok(())
}

fn mss(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    match args[0].parse::<i32>() {
        Ok(n) if n != 0 && n.unsigned_abs() <= 65535 => bind.options.mss = Some(n),
        _ => return Err("'mss' : expects an MSS with an absolute value between 1 and 65535".into()),
    }
    Ok(())
}

fn tcp_ut(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.options.tcp_ut_ms = user_timeout_ms(&args[0])?;
    Ok(())
}

/// Argument of `tcp-md5sig` on `bind` and `server`.
pub fn md5sig_key(text: &str) -> Result<md5sig::Key, String> {
    md5sig::Key::new(text)
        .ok_or_else(|| format!("'tcp-md5sig' : expects a password of 1 to {} bytes", md5sig::KEY_LEN_MAX))
}

/// Argument of `tcp-ut` on `bind` and `server`; zero leaves the kernel's value.
pub fn user_timeout_ms(text: &str) -> Result<Option<u32>, String> {
    match number::time(text, Unit::Ms) {
        Ok(ms) => Ok(u32::try_from(ms).ok().filter(|ms| *ms > 0)),
        Err(number::NumberError::Overflow) => {
            Err(number::time_error(number::NumberError::Overflow, text, "tcp-ut"))
        }
        Err(_) => Err("'tcp-ut' : expects a positive delay in milliseconds".into()),
    }
}

fn interface(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.options.interface = Some(args[0].to_string());
    Ok(())
}

fn namespace(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    if !identity::has_namespace(&args[0]) {
        return Err(format!("'namespace' : Cannot open namespace '{}'.", &*args[0]));
    }
    bind.options.namespace = Some(args[0].to_string());
    Ok(())
}

fn mode(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    let text: &str = &args[0];
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o7777 && !text.starts_with('+') => bind.options.unix.mode = Some(mode),
        _ => return Err(format!("'mode' : missing or invalid mode '{text}' (octal integer expected)")),
    }
    Ok(())
}

fn user(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    let uid = identity::uid_of(&args[0]);
    bind.options.unix.uid = Some(uid.ok_or_else(|| format!("'user' : unknown user name '{}'", &*args[0]))?);
    Ok(())
}

fn uid(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.options.unix.uid = Some(integer("uid", &args[0])?);
    Ok(())
}

fn group(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    let gid = identity::gid_of(&args[0]);
    bind.options.unix.gid = Some(gid.ok_or_else(|| format!("'group' : unknown group name '{}'", &*args[0]))?);
    Ok(())
}

fn gid(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.options.unix.gid = Some(integer("gid", &args[0])?);
    Ok(())
}

fn level(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.level = Some(match &*args[0] {
        "user" => CliLevel::User,
        "operator" => CliLevel::Operator,
        "admin" => CliLevel::Admin,
        other => {
            return Err(format!("'level' only supports 'user', 'operator', and 'admin' (got '{other}')"));
        }
    });
    Ok(())
}

fn expose_fd(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    match &*args[0] {
        "listeners" => set(&mut bind.expose_fd_listeners),
        other => Err(format!("'expose-fd' only supports 'listeners' (got '{other}')")),
    }
}

fn severity(bind: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    bind.severity_output = match &*args[0] {
        "none" => SeverityOutput::None,
        "number" => SeverityOutput::Number,
        "string" => SeverityOutput::String,
        other => {
            return Err(format!(
                "'severity-output' only supports 'none', 'number', and 'string' (got '{other}')"
            ));
        }
    };
    Ok(())
}

/// Accepts what names threads: `all`, `odd`, `even`, numbers, ranges, and groups before a slash.
fn thread_set(_: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    let number_or_word =
        |part: &str| matches!(part, "" | "all" | "odd" | "even") || part.bytes().all(|b| b.is_ascii_digit());
    let range = |part: &str| part.splitn(2, '-').all(number_or_word);
    match args[0].split([',', '/']).find(|part| !range(part)) {
        Some(bad) => Err(format!("'{bad}' is not a valid number/range.")),
        None => Ok(()),
    }
}

fn shards(_: &mut BindDraft, args: &[Word]) -> Result<(), String> {
    match (&*args[0], args[0].parse::<u32>()) {
        ("by-thread" | "by-group", _) | (_, Ok(1..=4096)) => Ok(()),
        (text, _) => Err(format!("'shards' : invalid value {text}, allowed range is 1..64 or 'by-thread'")),
    }
}

/// What is wrong with the options of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum OptionError {
    /// No such option: the word, and a near one.
    Unknown(String, Option<&'static str>),
    /// Anything else, in words.
    Wrong(String),
}

/// Reads the options of a `bind` line into `draft` from `words`, which begin behind the address.
///
/// # Errors
/// The first wrong option; the rest of the line is not read.
pub fn parse(words: &[Word], mut draft: BindDraft) -> Result<BindDraft, OptionError> {
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first() {
        let Some(row) = ROWS.iter().find(|row| row.name == &**word) else {
            if reference_words::has(reference_words::BIND, word) {
                return Err(OptionError::Wrong(unknown::not_yet(word)));
            }
            let near = unknown::nearest(word, reference_words::BIND.iter().copied());
            return Err(OptionError::Unknown(word.to_string(), near));
        };
        if behind.len() < row.arity.min || (row.arity.min > 0 && behind[0].is_empty()) {
            return Err(OptionError::Wrong(format!("'{}' : {}", row.name, row.arity.missing)));
        }
        let (args, next) = behind.split_at(row.arity.min);
        (row.handler)(&mut draft, args).map_err(OptionError::Wrong)?;
        rest = next;
    }
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        text.split(' ').map(Word::from).collect()
    }

    #[test]
    fn reads_all_options_of_a_line() {
        let draft = parse(&words(
            "name web id 3 maxconn 10 backlog 20 nice -5 mss 1400 tcp-ut 3s interface lo tfo defer-accept v6only mode 660 thread 1/all",
        ), BindDraft::default())
        .unwrap();
        let o = draft.options;
        assert_eq!(
            (o.name.as_deref(), o.id, o.maxconn, o.backlog),
            (Some("web"), Some(3), Some(10), Some(20))
        );
        assert_eq!((o.nice, o.mss, o.tcp_ut_ms), (-5, Some(1400), Some(3000)));
        assert!(o.tfo && o.defer_accept && o.v6only && !o.v4v6 && !o.transparent);
        assert_eq!((o.interface.as_deref(), o.unix.mode), (Some("lo"), Some(0o660)));
    }

    #[test]
    fn tells_what_is_wrong_in_the_words_of_the_reference() {
        let table: &[(&str, &str)] = &[
            ("maxconn", "'maxconn' : missing value"),
            ("nice 2000", "'nice' : invalid value 2000, allowed range is -1024..1024"),
            ("id 0", "'id' : custom id has to be > 0"),
            ("mss 0", "'mss' : expects an MSS with an absolute value between 1 and 65535"),
            ("tcp-ut abc", "'tcp-ut' : expects a positive delay in milliseconds"),
            ("mode 999", "'mode' : missing or invalid mode '999' (octal integer expected)"),
            ("user nosuchuser", "'user' : unknown user name 'nosuchuser'"),
            ("level foo", "'level' only supports 'user', 'operator', and 'admin' (got 'foo')"),
            ("ssl", "keyword 'ssl' is not supported by subflow yet"),
        ];
        for (text, expected) in table {
            assert_eq!(
                parse(&words(text), BindDraft::default()).unwrap_err(),
                OptionError::Wrong(expected.to_string()),
                "{text}"
            );
        }
        let unknown = |word: &str, near| OptionError::Unknown(word.into(), near);
        assert_eq!(parse(&words("foo"), BindDraft::default()).unwrap_err(), unknown("foo", None));
        assert_eq!(
            parse(&words("maxcon 3"), BindDraft::default()).unwrap_err(),
            unknown("maxcon", Some("maxconn"))
        );
    }
}
