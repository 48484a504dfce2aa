//! The address grammar: every directive that takes an address reads it here.
//!
//! `[stream+|dgram+][prefix@]host[:port]`, where the port may be a range or an offset if the
//! [`Grammar`] says so. The result is plain data: no name is resolved, no descriptor touched.
//!
//! As in the reference, a port is what follows the last colon (unless a `]` follows it), digits are
//! read up to the first other character (`80x` is 80), and an IPv6 address needs no brackets.
//!
//! Source: configuration.txt 4.2 `bind`, `server`, `source`; 11 "Address formats".

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Bytes of a unix socket's path; the rest of the kernel's field is for the temporary name that a
/// bind uses.
pub const UNIX_PATH_LEN_MAX: usize = 97;
/// Bytes of a name in the abstract namespace.
pub const ABNS_NAME_LEN_MAX: usize = 107;
/// Bytes of a host name (RFC 1035 section 2.3.4, with room for a final dot).
const HOST_NAME_LEN_MAX: usize = 254;

/// Which family the operator asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// IPv4 or IPv6, as the address or the name turns out.
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// A unix socket in the file system.
    Unix,
    /// A unix socket in the abstract namespace.
    Abns,
    /// An inherited descriptor, which has its own family.
    Fd,
}

/// Stream or datagram.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Connections.
    Stream,
    /// Packets.
    Datagram,
}

/// Which stream protocol the operator asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// None in particular: MPTCP where it can be had for a bind, TCP for a server.
    Plain,
    /// `tcp@`, `tcp4@`, `tcp6@`: exactly TCP.
    Tcp,
    /// `mptcp@`, `mptcp4@`, `mptcp6@`: exactly MPTCP.
    Mptcp,
}

/// The part of an address that says where.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Host {
    /// Nothing or `*`: all addresses of the family (IPv4 when it is [`Family::Any`]).
    Any,
    /// An address.
    Ip(IpAddr),
    /// A name to be resolved in the wanted family.
    Name(Box<str>),
    /// `/path` or `unix@path`, without the prefix of `unix-bind`.
    Path(Box<Path>),
    /// `abns@name` (padded with NULs to the whole field) or `abnsz@name` (as long as it is).
    Abstract {
        /// The name.
        name: Box<str>,
        /// Whether it is filled up with NULs.
        padded: bool,
    },
    /// `fd@number`.
    Fd(i32),
}

/// The part of an address behind the last colon.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ports {
    /// None written.
    None,
    /// One port.
    Fixed(u16),
    /// From the first to the second, both included, the first not above the second.
    Range(u16, u16),
    /// `+n` or `-n`: the port of the other side plus this.
    Offset(i32),
}

impl Ports {
    /// All the ports in order; none for [`Ports::None`] and [`Ports::Offset`].
    pub fn iter(self) -> impl Iterator<Item = u16> {
        let (low, high) = match self {
            Ports::Fixed(port) => (port, port),
            Ports::Range(low, high) => (low, high),
            Ports::None | Ports::Offset(_) => (1, 0),
        };
        low..=high
    }

    /// The port of a server for a client that came to `dst_port`: its own, or that one when it has
    /// none or 0, or that one plus the offset (the lowest 16 bits of the sum).
    pub fn for_client(self, dst_port: u16) -> u16 {
        match self {
            Ports::None | Ports::Fixed(0) => dst_port,
            Ports::Fixed(port) | Ports::Range(port, _) => port,
            Ports::Offset(n) => (i64::from(dst_port) + i64::from(n)).rem_euclid(1 << 16) as u16,
        }
    }
}

/// An address as it was typed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Address {
    /// Wanted family.
    pub family: Family,
    /// Stream or datagram.
    pub kind: Kind,
    /// Wanted stream protocol.
    pub transport: Transport,
    /// Where.
    pub host: Host,
    /// Which port.
    pub ports: Ports,
}

/// What a directive allows in its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grammar {
    /// Internet addresses must have a port, and it may not be 0.
    pub port_mandatory: bool,
    /// `80-90` is a range.
    pub range: bool,
    /// `+80` and `-80` are offsets.
    pub offset: bool,
    /// `fd@` is allowed.
    pub fd: bool,
    /// Stream addresses are allowed.
    pub stream: bool,
    /// Datagram addresses are allowed.
    pub datagram: bool,
    /// What an address is that does not say.
    pub default_kind: Kind,
}

impl Grammar {
    /// `bind`, `stats socket`.
    pub const BIND: Grammar = Grammar {
        port_mandatory: true,
        range: true,
        offset: false,
        fd: true,
        stream: true,
        datagram: false,
        default_kind: Kind::Stream,
    };
    /// `server`.
    pub const SERVER: Grammar =
        Grammar { port_mandatory: false, range: false, offset: true, fd: false, ..Grammar::BIND };
    /// `dispatch`.
    pub const DISPATCH: Grammar = Grammar { port_mandatory: true, offset: false, ..Grammar::SERVER };
    /// The directive `source`.
    pub const SOURCE: Grammar = Grammar { offset: false, ..Grammar::SERVER };
    /// `source` on a `server` line.
    pub const SERVER_SOURCE: Grammar = Grammar { range: true, ..Grammar::SOURCE };
    /// `log`.
    pub const LOG: Grammar =
        Grammar { fd: true, datagram: true, default_kind: Kind::Datagram, ..Grammar::SOURCE };
    /// `dgram-bind`.
    pub const DGRAM_BIND: Grammar =
        Grammar { stream: false, datagram: true, default_kind: Kind::Datagram, ..Grammar::BIND };
    /// `nameserver`.
    pub const NAMESERVER: Grammar = Grammar { port_mandatory: true, fd: false, range: false, ..Grammar::LOG };
}

/// Why an address was refused. The texts are the reference's, without its prefix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AddressError {
    /// Nothing there.
    Empty,
    /// No port where one must be.
    MissingPort(String),
    /// A range where it may not be.
    Range(String),
    /// An offset where it may not be.
    Offset(String),
    /// Not a port: the number as it was written.
    Port(String),
    /// The first port is above the last: the range as it was written.
    Reversed(String),
    /// Not a digit at the start of a port.
    PortCharacter {
        /// The character.
        found: char,
        /// The port.
        port: String,
        /// The whole address.
        text: String,
    },
    /// Neither an address of the wanted family nor a name that could be resolved.
    Host {
        /// The part that should say where.
        host: String,
        /// The whole address.
        text: String,
    },
    /// A path or an abstract name that does not fit.
    TooLong {
        /// The whole address.
        text: String,
        /// The longest allowed, in bytes.
        len_max: usize,
    },
    /// `fd@` without a number.
    FdNumber {
        /// What stands there.
        number: String,
        /// The whole address.
        text: String,
    },
    /// `fd@` where it may not be.
    Fd(String),
    /// A datagram address where only streams are.
    Datagram(String),
    /// A stream address where only datagrams are.
    Stream(String),
    /// A kind of address that exists and is not made here yet.
    NotYet {
        /// What it is: `quic4@`, `sockpair@`, ...
        what: &'static str,
        /// The whole address.
        text: String,
    },
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use AddressError as E;
        match self {
            E::Empty => f.write_str("'' resolves to an empty address (environment variable missing?)"),
            E::MissingPort(text) => write!(f, "missing port specification in '{text}'"),
            E::Range(text) => write!(f, "port range not permitted here in '{text}'"),
            E::Offset(text) => write!(f, "port offset not permitted here in '{text}'"),
            E::Port(port) => write!(f, "invalid port '{port}'"),
            E::Reversed(range) => write!(f, "invalid port range '{range}'"),
            E::PortCharacter { found, port, text } => {
                write!(f, "invalid character '{found}' in port number '{port}' in '{text}'")
            }
            E::Host { host, text } => write!(f, "invalid address: '{host}' in '{text}'"),
            E::TooLong { text, len_max } => write!(f, "socket path '{text}' too long (max {len_max})"),
            E::FdNumber { number, text } => {
                write!(f, "file descriptor '{number}' is not a valid integer in '{text}'")
            }
            E::Fd(text) => write!(f, "a file descriptor is not acceptable here in '{text}'"),
            E::Datagram(text) => write!(f, "dgram-type address not acceptable in '{text}'"),
            E::Stream(text) => write!(f, "stream-type address not acceptable in '{text}'"),
            E::NotYet { what, text } => write!(f, "'{what}' addresses are not supported yet in '{text}'"),
        }
    }
}

impl std::error::Error for AddressError {}

/// What a prefix before `@` means. A row is complete: no other code knows a prefix by name.
struct Prefix {
    name: &'static str,
    family: Family,
    /// `None`: as the directive or `stream+`/`dgram+` says.
    kind: Option<Kind>,
    transport: Transport,
    /// The prefix is known, what it asks for is not made here.
    refused: bool,
}

const fn row(name: &'static str, family: Family, kind: Option<Kind>, transport: Transport) -> Prefix {
    Prefix { name, family, kind, transport, refused: false }
}

const fn refused(name: &'static str) -> Prefix {
    Prefix { name, family: Family::Any, kind: None, transport: Transport::Plain, refused: true }
}

static PREFIXES: [Prefix; 22] = [
    row("ip@", Family::Any, None, Transport::Plain),
    row("ipv4@", Family::V4, None, Transport::Plain),
    row("ipv6@", Family::V6, None, Transport::Plain),
    row("tcp@", Family::Any, Some(Kind::Stream), Transport::Tcp),
    row("tcp4@", Family::V4, Some(Kind::Stream), Transport::Tcp),
    row("tcp6@", Family::V6, Some(Kind::Stream), Transport::Tcp),
    row("mptcp@", Family::Any, Some(Kind::Stream), Transport::Mptcp),
    row("mptcp4@", Family::V4, Some(Kind::Stream), Transport::Mptcp),
    row("mptcp6@", Family::V6, Some(Kind::Stream), Transport::Mptcp),
    row("udp@", Family::Any, Some(Kind::Datagram), Transport::Plain),
    row("udp4@", Family::V4, Some(Kind::Datagram), Transport::Plain),
    row("udp6@", Family::V6, Some(Kind::Datagram), Transport::Plain),
    row("unix@", Family::Unix, None, Transport::Plain),
    row("uxst@", Family::Unix, Some(Kind::Stream), Transport::Plain),
    row("uxdg@", Family::Unix, Some(Kind::Datagram), Transport::Plain),
    row("abns@", Family::Abns, None, Transport::Plain),
    row("abnsz@", Family::Abns, None, Transport::Plain),
    row("fd@", Family::Fd, None, Transport::Plain),
    refused("sockpair@"),
    refused("rhttp@"),
    refused("quic4@"),
    refused("quic6@"),
];

/// The prefixes an address may start with, for hints at a mistyped one.
pub fn prefix_names() -> impl Iterator<Item = &'static str> {
    PREFIXES.iter().filter(|p| !p.refused).map(|p| p.name)
}

impl Address {
    /// Reads one address.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order the reference finds them.
    pub fn parse(text: &str, grammar: &Grammar) -> Result<Address, AddressError> {
        let (kind, rest) = match (text.strip_prefix("stream+"), text.strip_prefix("dgram+")) {
            (Some(rest), _) => (Kind::Stream, rest),
            (_, Some(rest)) => (Kind::Datagram, rest),
            _ => (grammar.default_kind, text),
        };
        let found = PREFIXES.iter().find_map(|p| rest.strip_prefix(p.name).map(|body| (p, body)));
        if let Some((prefix, _)) = found
            && prefix.refused
        {
            return Err(AddressError::NotYet { what: prefix.name, text: text.into() });
        }
        let (family, transport, kind, body) = match found {
            Some((p, body)) => (p.family, p.transport, p.kind.unwrap_or(kind), body),
            None if rest.starts_with('/') => (Family::Unix, Transport::Plain, kind, rest),
            None => (Family::Any, Transport::Plain, kind, rest),
        };
        match kind {
            Kind::Datagram if !grammar.datagram => return Err(AddressError::Datagram(text.into())),
            Kind::Stream if !grammar.stream => return Err(AddressError::Stream(text.into())),
            _ => {}
        }
        let (host, ports) = match family {
            Family::Any | Family::V4 | Family::V6 => inet(text, body, family, grammar)?,
            Family::Unix if body.len() > UNIX_PATH_LEN_MAX => {
                return Err(AddressError::TooLong { text: text.into(), len_max: UNIX_PATH_LEN_MAX });
            }
            Family::Abns if body.len() > ABNS_NAME_LEN_MAX => {
                return Err(AddressError::TooLong { text: text.into(), len_max: ABNS_NAME_LEN_MAX });
            }
            Family::Unix => (Host::Path(Path::new(body).into()), Ports::None),
            Family::Abns => {
                let padded = found.is_some_and(|(p, _)| p.name == "abns@");
                (Host::Abstract { name: body.into(), padded }, Ports::None)
            }
            Family::Fd => (fd(text, body, grammar)?, Ports::None),
        };
        Ok(Address { family, kind, transport, host, ports })
    }

    /// Reads addresses with commas between them, as `bind` takes them; one final comma is allowed.
    pub fn parse_list(text: &str, grammar: &Grammar) -> Result<Vec<Address>, AddressError> {
        let list = text.strip_suffix(',').unwrap_or(text);
        list.split(',')
            .map(|one| if one.is_empty() { Err(AddressError::Empty) } else { Address::parse(one, grammar) })
            .collect()
    }
}

fn fd(text: &str, number: &str, grammar: &Grammar) -> Result<Host, AddressError> {
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    match number.parse() {
        Ok(n) if digits && grammar.fd => Ok(Host::Fd(n)),
        Ok(_) if digits => Err(AddressError::Fd(text.into())),
        _ => Err(AddressError::FdNumber { number: number.into(), text: text.into() }),
    }
}

fn inet(text: &str, body: &str, family: Family, grammar: &Grammar) -> Result<(Host, Ports), AddressError> {
    let (host, port) = match body.rfind([':', ']']) {
        Some(at) if body[at..].starts_with(':') => (&body[..at], &body[at + 1..]),
        _ => (body, ""),
    };
    let ports = ports(text, port, grammar)?;
    Ok((inet_host(text, host, family)?, ports))
}

fn inet_host(text: &str, host: &str, family: Family) -> Result<Host, AddressError> {
    let wrong = || AddressError::Host { host: host.into(), text: text.into() };
    if host.is_empty() || host == "*" {
        return Ok(Host::Any);
    }
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        let fits = match family {
            Family::V4 => ip.is_ipv4(),
            Family::V6 => ip.is_ipv6(),
            _ => true,
        };
        return if fits { Ok(Host::Ip(ip)) } else { Err(wrong()) };
    }
    let nameable = |c: char| !c.is_control() && !c.is_whitespace() && !"@:[]/,*+%".contains(c);
    if bare.is_empty() || bare.len() > HOST_NAME_LEN_MAX || !bare.chars().all(nameable) {
        return Err(wrong());
    }
    Ok(Host::Name(bare.into()))
}

fn ports(text: &str, port: &str, grammar: &Grammar) -> Result<Ports, AddressError> {
    match port.chars().next() {
        None if grammar.port_mandatory => Err(AddressError::MissingPort(text.into())),
        None => Ok(Ports::None),
        Some('0'..='9') => match port.split_once('-') {
            None => Ok(Ports::Fixed(one_port(port, grammar)?)),
            Some(_) if !grammar.range => Err(AddressError::Range(text.into())),
            Some((low, high)) => {
                let (from, to) = (one_port(low, grammar)?, one_port(high, grammar)?);
                match from.cmp(&to) {
                    std::cmp::Ordering::Less => Ok(Ports::Range(from, to)),
                    std::cmp::Ordering::Equal => Ok(Ports::Fixed(from)),
                    std::cmp::Ordering::Greater => Err(AddressError::Reversed(port.into())),
                }
            }
        },
        Some('+' | '-') if !grammar.offset => Err(AddressError::Offset(text.into())),
        Some(sign @ ('+' | '-')) => {
            // A 32-bit offset cannot overflow what is added to a port.
            let size = i32::try_from(leading_number(&port[1..]).unwrap_or(0)).unwrap_or(i32::MAX / 2);
            Ok(Ports::Offset(if sign == '-' { -size } else { size }))
        }
        Some(found) => Err(AddressError::PortCharacter { found, port: port.into(), text: text.into() }),
    }
}

fn one_port(digits: &str, grammar: &Grammar) -> Result<u16, AddressError> {
    let port = leading_number(digits).and_then(|n| u16::try_from(n).ok());
    port.filter(|p| *p > 0 || !grammar.port_mandatory).ok_or_else(|| AddressError::Port(digits.into()))
}

/// The number that the digits at the front of `text` make; very large ones are cut down to a number
/// that is still too large for a port.
fn leading_number(text: &str) -> Option<u32> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text[..end].parse().unwrap_or(u32::MAX))
}

impl Host {
    /// The IP address, if no resolving is needed: `Any` is the unspecified address of the family.
    pub fn ip(&self, family: Family) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Any if family == Family::V6 => Some(Ipv6Addr::UNSPECIFIED.into()),
            Host::Any => Some(Ipv4Addr::UNSPECIFIED.into()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
