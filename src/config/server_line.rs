//! Options behind the address of `server`, and of `default-server` (configuration.txt 5.2).

use super::bind_line::{OptionError, md5sig_key, user_timeout_ms};
use super::cx::Outside;
use super::identity;
use super::keyword::{Arity, Row, Sections, Status};
use super::lines::Word;
use super::number::{self, Unit};
use super::reference_words;
use super::source_address;
use super::unknown;
use crate::settings::Source;
use crate::settings::server::WEIGHT_MAX;
use crate::sys::md5sig;
use std::net::IpAddr;

/// A step of `init-addr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitAddr {
    /// The address of the state file; there is none yet.
    Last,
    /// The system's resolver.
    Libc,
    /// Start without address, down.
    None,
    /// This address.
    Ip(IpAddr),
}

/// What the options of one line said, `default-server` values included.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct ServerOptions {
    pub id: Option<u32>,
    pub weight: u32,
    pub maxconn: u32,
    pub minconn: u32,
    pub maxqueue: u32,
    pub backup: bool,
    pub disabled: bool,
    pub slowstart_ms: u64,
    pub rise: Option<u32>,
    pub source: Option<Source>,
    pub tcp_ut_ms: Option<u32>,
    pub md5sig: Option<md5sig::Key>,
    pub tfo: bool,
    pub namespace: Option<String>,
    pub pool_max_conn: i32,
    pub pool_purge_delay_ms: u64,
    pub cookie: Option<String>,
    pub redir: Option<String>,
    pub guid: Option<String>,
    /// Empty: `last,libc`.
    pub init_addr: Vec<InitAddr>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            id: None,
            weight: 1,
            maxconn: 0,
            minconn: 0,
            maxqueue: 0,
            backup: false,
            disabled: false,
            slowstart_ms: 0,
            rise: None,
            source: None,
            tcp_ut_ms: None,
            md5sig: None,
            tfo: false,
            namespace: None,
            pool_max_conn: -1,
            pool_purge_delay_ms: 5000,
            cookie: None,
            redir: None,
            guid: None,
            init_addr: Vec::new(),
        }
    }
}

/// `rise` when it is not given.
pub const RISE_DEFAULT: u32 = 2;

/// What a handler says: how many words it took beyond its arity, or what is wrong.
pub type Taken = Result<usize, String>;

/// A row of a server option. The handler gets all words behind the option, at least as many as its
/// arity asks for.
pub type ServerOption = Row<Handler>;

/// See [`ServerOption`].
pub type Handler = fn(&mut ServerOptions, &[Word], Outside<'_>) -> Taken;

const fn option(
    name: &'static str,
    missing: &'static str,
    help: &'static str,
    handler: Handler,
) -> ServerOption {
    Row {
        name,
        sections: Sections::BACK,
        arity: Arity::one(missing),
        help,
        status: Status::Works,
        handler,
        warns_itself: false,
    }
}

const fn flag(name: &'static str, help: &'static str, handler: Handler) -> ServerOption {
    Row {
        name,
        sections: Sections::BACK,
        arity: Arity::NONE,
        help,
        status: Status::Works,
        handler,
        warns_itself: false,
    }
}

const fn no_op(name: &'static str, arity: Arity, why: &'static str, handler: Handler) -> ServerOption {
    Row {
        name,
        sections: Sections::BACK,
        arity,
        help: "",
        status: Status::NoOp(why),
        handler,
        warns_itself: false,
    }
}

const CHECKS: &str = "it tunes health checks, which only 'check' starts";
const OFF: &str = "it switches off what is off";
const INTEGER: &str = "expects an integer argument";
const DELAY: &str = "expects a delay as argument.";

/// Rows of all options.
pub static ROWS: &[ServerOption] = &[
    option("id", ": expects an integer argument", "<n>: server id, unique in the backend", id),
    option("weight", INTEGER, "<n>: share of the load, 0..256", weight),
    option("maxconn", INTEGER, "<n>: concurrent connections, 0 for no limit", |server, args, _| {
        integer("maxconn", &args[0], &mut server.maxconn)
    }),
    option("minconn", INTEGER, "<n>: lower end of a dynamic maxconn", |server, args, _| {
        integer("minconn", &args[0], &mut server.minconn)
    }),
    option("maxqueue", INTEGER, "<n>: longest queue, 0 for no limit", |server, args, _| {
        integer("maxqueue", &args[0], &mut server.maxqueue)
    }),
    flag("backup", "used when all other servers are down", |server, _, _| set(&mut server.backup, true)),
    flag("no-backup", "undoes 'backup'", |server, _, _| set(&mut server.backup, false)),
    flag("disabled", "starts in maintenance", |server, _, _| set(&mut server.disabled, true)),
    flag("enabled", "undoes 'disabled'", |server, _, _| set(&mut server.disabled, false)),
    option(
        "slowstart",
        DELAY,
        "<time>: in which weight and maxconn grow when the server is back; 0: at once",
        slowstart,
    ),
    option(
        "source",
        "expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> as argument.",
        "<addr>[:<port>[-<port>]] [usesrc <addr>|client|clientip] [interface <name>]: local address",
        source,
    ),
    flag("usesrc", "see 'source'", |_, _, _| {
        Err("'usesrc' only allowed after a 'source' statement.".to_owned())
    }),
    option("tcp-md5sig", "expects a password as argument.", "<password>: TCP_MD5SIG", |server, args, _| {
        server.md5sig = Some(md5sig_key(&args[0])?);
        Ok(0)
    }),
    option("tcp-ut", ": missing TCP User Timeout value", "<time>: TCP_USER_TIMEOUT", |server, args, _| {
        server.tcp_ut_ms = user_timeout_ms(&args[0])?;
        Ok(0)
    }),
    flag("tfo", "TCP_FASTOPEN_CONNECT", |server, _, _| set(&mut server.tfo, true)),
    flag("no-tfo", "undoes 'tfo'", |server, _, _| set(&mut server.tfo, false)),
    option("namespace", "expects <name> as argument", "<name>: network namespace to connect from", namespace),
    option(
        "pool-max-conn",
        "expects <value> as argument.",
        "<n>: idle connections kept, -1: no limit",
        pool_max,
    ),
    option(
        "pool-purge-delay",
        "expects <value> as argument.",
        "<time>: pause of idle closes",
        pool_purge_delay,
    ),
    no_op(
        "pool-low-conn",
        Arity::one("expects <value> as argument."),
        "one thread has all idle connections: there is no other to take them from",
        |_, args, _| from_minus_one("pool-low-conn", &args[0]).map(|_| 0),
    ),
    no_op(
        "max-reuse",
        Arity::one("expects <value> as argument."),
        "it bounds HTTP/2 connections, which are not there yet",
        |_, args, _| from_minus_one("max-reuse", &args[0]).map(|_| 0),
    ),
    option("cookie", "expects <value> as argument.", "<value>: this server's cookie", |server, args, _| {
        server.cookie = Some(args[0].to_string());
        Ok(0)
    }),
    option("redir", "expects <prefix> as argument.", "<prefix>: a 302 to there for GET and HEAD", redir),
    no_op(
        "guid",
        Arity::one("expects <value> as argument."),
        "it only names entries of a statistics file, which is not loaded yet",
        |server, args, _| {
            server.guid = Some(args[0].to_string());
            Ok(0)
        },
    ),
    option(
        "init-addr",
        "expects a comma-delimited list",
        "last,libc,none,<ip>: where an address comes from",
        init_addr,
    ),
    no_op("inter", Arity::one(DELAY), CHECKS, delay),
    no_op("fastinter", Arity::one(DELAY), CHECKS, delay),
    no_op("downinter", Arity::one(DELAY), CHECKS, delay),
    no_op("rise", Arity::one(INTEGER), CHECKS, |server, args, _| {
        server.rise = args[0].parse().ok();
        count("rise", &args[0])
    }),
    no_op("fall", Arity::one(INTEGER), CHECKS, |_, args, _| count("fall", &args[0])),
    no_op("port", Arity::one("expects a port number as argument."), CHECKS, |_, args, _| {
        integer("port", &args[0], &mut 0u16)
    }),
    no_op("addr", Arity::one("expects <ipv4|ipv6> as argument."), CHECKS, nothing),
    no_op("no-check", Arity::NONE, OFF, nothing),
    no_op("no-agent-check", Arity::NONE, OFF, nothing),
    no_op("no-check-ssl", Arity::NONE, OFF, nothing),
    no_op("no-check-send-proxy", Arity::NONE, OFF, nothing),
    no_op("no-send-proxy", Arity::NONE, OFF, nothing),
    no_op("no-send-proxy-v2", Arity::NONE, OFF, nothing),
    no_op("no-send-proxy-v2-ssl", Arity::NONE, OFF, nothing),
    no_op("no-send-proxy-v2-ssl-cn", Arity::NONE, OFF, nothing),
    no_op("no-ssl", Arity::NONE, OFF, nothing),
    no_op("no-ssl-reuse", Arity::NONE, OFF, nothing),
    no_op("stick", Arity::NONE, "there are no stick tables yet", nothing),
    no_op("non-stick", Arity::NONE, "there are no stick tables yet", nothing),
];

fn nothing(_: &mut ServerOptions, _: &[Word], _: Outside<'_>) -> Taken {
    Ok(0)
}

fn set(flag: &mut bool, value: bool) -> Taken {
    *flag = value;
    Ok(0)
}

fn integer<T: std::str::FromStr>(name: &str, text: &str, into: &mut T) -> Taken {
    *into =
        text.parse().map_err(|_| format!("'{name}' : '{text}' is not an integer of the expected range."))?;
    Ok(0)
}

fn id(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    match args[0].parse::<i32>() {
        Ok(n) if n > 0 => server.id = Some(n.unsigned_abs()),
        _ => return Err("'id' : custom id has to be > 0".into()),
    }
    Ok(0)
}

fn weight(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    let mut weight = 0u32;
    integer("weight", &args[0], &mut weight)?;
    if weight > WEIGHT_MAX {
        return Err(format!("'weight' : the weight is not within 0 and {WEIGHT_MAX} ({weight})."));
    }
    server.weight = weight;
    Ok(0)
}

fn source(server: &mut ServerOptions, args: &[Word], outside: Outside<'_>) -> Taken {
    let (source, taken) = source_address::parse(args, true, outside)?;
    server.source = Some(source);
    Ok(taken - 1)
}

fn namespace(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    if &*args[0] == "*" {
        return Err("'namespace' : '*', the client's namespace, is not supported by subflow yet".into());
    }
    if !identity::has_namespace(&args[0]) {
        return Err(format!("Cannot open namespace '{}'", &*args[0]));
    }
    server.namespace = Some(args[0].to_string());
    Ok(0)
}

fn pool_max(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    server.pool_max_conn = from_minus_one("pool-max-conn", &args[0])?;
    Ok(0)
}

/// A number where -1 is "no limit".
fn from_minus_one(name: &str, text: &str) -> Result<i32, String> {
    let mut n = 0;
    integer(name, text, &mut n)?;
    if n < -1 { Err(format!("'{name}' must be >= -1")) } else { Ok(n) }
}

fn pool_purge_delay(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    server.pool_purge_delay_ms =
        number::time(&args[0], Unit::Ms).map_err(|e| number::time_error(e, &args[0], "pool-purge-delay"))?;
    Ok(0)
}

fn redir(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    if args[0].bytes().iter().any(u8::is_ascii_control) {
        return Err("'redir' : the prefix has a character that cannot stand in a header line".into());
    }
    server.redir = Some(args[0].to_string());
    Ok(0)
}

fn slowstart(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    server.slowstart_ms =
        number::time(&args[0], Unit::Ms).map_err(|e| number::time_error(e, &args[0], "slowstart"))?;
    Ok(0)
}

fn delay(_: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    match number::time(&args[0], Unit::Ms) {
        Ok(0) => Err(format!("invalid value {} for argument 'inter'", &*args[0])),
        Ok(_) => Ok(0),
        Err(e) => Err(number::time_error(e, &args[0], "inter")),
    }
}

fn count(name: &str, text: &str) -> Taken {
    match text.parse::<i32>() {
        Ok(n) if n > 0 => Ok(0),
        _ => Err(format!("'{name}' has to be > 0.")),
    }
}

fn init_addr(server: &mut ServerOptions, args: &[Word], _: Outside<'_>) -> Taken {
    server.init_addr.clear();
    for word in args[0].split(',') {
        server.init_addr.push(match word {
            "last" => InitAddr::Last,
            "libc" => InitAddr::Libc,
            "none" => InitAddr::None,
            text => match text.parse() {
                Ok(ip) => InitAddr::Ip(ip),
                Err(_) => {
                    return Err(format!(
                        "'init-addr' : unknown init-addr method '{text}', supported methods are 'libc', 'last', 'none'."
                    ));
                }
            },
        });
    }
    Ok(0)
}

/// Reads options from `words` into `server`, which begins as the `default-server`.
///
/// # Errors
/// The first wrong option; the rest of the line is not read.
pub fn parse(server: &mut ServerOptions, words: &[Word], outside: Outside<'_>) -> Result<(), OptionError> {
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first() {
        let Some(row) = ROWS.iter().find(|row| row.name == &**word) else {
            if reference_words::has(reference_words::SERVER, word) {
                return Err(OptionError::Wrong(unknown::not_yet(word)));
            }
            let near = unknown::nearest(word, reference_words::SERVER.iter().copied());
            return Err(OptionError::Unknown(word.to_string(), near));
        };
        if behind.len() < row.arity.min {
            return Err(OptionError::Wrong(format!("'{}' {}", row.name, row.arity.missing)));
        }
        let extra = (row.handler)(server, behind, outside).map_err(OptionError::Wrong)?;
        rest = behind.get(row.arity.min + extra..).unwrap_or(&[]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::expand::Environment;
    use crate::config::names::Names;

    fn outside(env: &Environment) -> Outside<'_> {
        Outside { env, names: Names::default() }
    }

    fn read(text: &str) -> Result<ServerOptions, OptionError> {
        let words: Vec<Word> = text.split(' ').map(Word::from).collect();
        let mut server = ServerOptions::default();
        parse(&mut server, &words, outside(&Environment::empty())).map(|()| server)
    }

    #[test]
    fn reads_all_options_of_a_line() {
        let s = read(
            "weight 10 maxconn 5 minconn 2 maxqueue 3 backup disabled source 10.0.0.1:1000-2000 interface lo tcp-ut 5s tfo cookie a id 7 rise 3 fall 2 inter 5s",
        )
        .unwrap();
        assert_eq!((s.weight, s.maxconn, s.minconn, s.maxqueue, s.id), (10, 5, 2, 3, Some(7)));
        assert!(s.backup && s.disabled && s.tfo);
        let source = s.source.unwrap();
        assert_eq!((source.ports, source.interface.as_deref()), (Some((1000, 2000)), Some("lo")));
        assert_eq!((s.tcp_ut_ms, s.cookie.as_deref()), (Some(5000), Some("a")));
    }

    #[test]
    fn init_addr_is_a_list_of_methods() {
        let s = read("init-addr last,libc,none,10.0.0.1").unwrap();
        let ip = InitAddr::Ip("10.0.0.1".parse().unwrap());
        assert_eq!(s.init_addr, [InitAddr::Last, InitAddr::Libc, InitAddr::None, ip]);
    }

    #[test]
    fn tells_what_is_wrong_in_the_words_of_the_reference() {
        let table: &[(&str, &str)] = &[
            ("id", "'id' : expects an integer argument"),
            ("id 0", "'id' : custom id has to be > 0"),
            ("tcp-ut", "'tcp-ut' : missing TCP User Timeout value"),
            ("pool-max-conn -2", "'pool-max-conn' must be >= -1"),
            ("rise 0", "'rise' has to be > 0."),
            ("check", "keyword 'check' is not supported by subflow yet"),
            ("usesrc clientip", "'usesrc' only allowed after a 'source' statement."),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).unwrap_err(), OptionError::Wrong(expected.to_string()), "{text}");
        }
        let unknown = |word: &str, near| OptionError::Unknown(word.into(), near);
        assert_eq!(read("foo 3").unwrap_err(), unknown("foo", None));
        assert_eq!(read("wieght 3").unwrap_err(), unknown("wieght", Some("weight")));
    }
}
