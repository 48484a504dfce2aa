//! Commands that change a server: weight, state, address, slots (management.txt 9.3). The answers are those
//! of the reference, a missing line feed at the end of some of them included.

use super::change::{Admin, ServerAt};
use super::rows::{Call, Progress};
use super::severity::Severity;
use super::view::World;
use crate::settings::server::WEIGHT_MAX;
use std::net::{IpAddr, SocketAddr};

const USAGE: &str = "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | \
    check-addr | check-port | fqdn | health | ssl | state | weight";

const BY: &str = " by 'stats socket command'";

/// The server that word `at` names as `backend/server`, each a name or `#` and an id; says what is wrong.
fn server(call: &mut Call<'_>, at: usize) -> Option<ServerAt> {
    let named = call.word(at).and_then(|word| word.split_once('/'));
    let Some((backend, server)) = named.filter(|(_, server)| !server.is_empty()) else {
        call.refuse("Require 'backend/server'.");
        return None;
    };
    let is = |named: &str, name: &str, id: u32| {
        named.strip_prefix('#').map_or(named == name, |number| number.parse() == Ok(id))
    };
    let is_meant = |p: &super::view::ProxyView<'_>| {
        p.settings.kind.is_backend() && is(backend, &p.settings.name, p.settings.id)
    };
    let world: &dyn World = call.world;
    let proxy = (0..).map_while(|at| world.proxy(at)).position(|p| is_meant(&p));
    let found = proxy.and_then(|proxy| {
        let mut servers = (0..).map_while(|nth| world.server(proxy, nth));
        let nth = servers.position(|s| is(server, &s.settings.name, s.settings.id))?;
        Some(ServerAt { proxy, nth })
    });
    if found.is_none() {
        call.refuse(if proxy.is_some() { "No such server." } else { "No such backend." });
    }
    found
}

/// `get weight <backend>/<server>`
pub fn get_weight(call: &mut Call<'_>) -> Progress {
    let Some(at) = server(call, 2) else { return Progress::Done };
    let weights = call.world.server(at.proxy, at.nth).map(|s| (s.weight, s.settings.weight));
    let (weight, initial) = weights.unwrap_or_default();
    call.say(&format!("{weight} (initial {initial})"))
}

/// `set weight <backend>/<server> <weight>[%]`
pub fn set_weight(call: &mut Call<'_>) -> Progress {
    let Some(at) = server(call, 2) else { return Progress::Done };
    weight(call, at, 3)
}

fn weight(call: &mut Call<'_>, at: ServerAt, word: usize) -> Progress {
    let Some(typed) = call.word(word) else { return call.refuse("Require <weight> or <weight%>.") };
    let facts = call.world.server(at.proxy, at.nth).zip(call.world.proxy(at.proxy)).map(|(server, proxy)| {
        let dynamic = proxy.settings.balance.takes_weights(proxy.settings.hash_type);
        (server.settings.weight, dynamic)
    });
    let Some((initial, dynamic)) = facts else { return Progress::Done };
    let wanted = match parse_weight(typed, initial) {
        Ok(weight) => weight,
        Err(WeightError::Bare(text)) => return call.refuse_bare(text),
        Err(WeightError::Line(text)) => return call.refuse(text),
    };
    if !dynamic && wanted != 0 && wanted != initial {
        return call
            .refuse("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.");
    }
    call.world.set_weight(at, wanted);
    Progress::Done
}

/// What is wrong with a weight; the reference ends some of these lines and some not.
#[derive(Debug, PartialEq, Eq)]
enum WeightError {
    Bare(&'static str),
    Line(&'static str),
}

/// A weight, or a share of the initial one in percent; the share is cut at 256.
fn parse_weight(typed: &str, initial: u32) -> Result<u32, WeightError> {
    let (number, rest) =
        leading_number(typed).ok_or(WeightError::Bare("Empty weight string empty or preceded by garbage"))?;
    match rest {
        "%" if number < 0 => Err(WeightError::Line("Relative weight must be positive.")),
        "%" => {
            let share = number.unsigned_abs().saturating_mul(u64::from(initial)) / 100;
            Ok(share.min(u64::from(WEIGHT_MAX)) as u32)
        }
        "" => u32::try_from(number)
            .ok()
            .filter(|weight| *weight <= WEIGHT_MAX)
            .ok_or(WeightError::Line("Absolute weight can only be between 0 and 256 inclusive.")),
        _ => Err(WeightError::Bare("Trailing garbage in weight string")),
    }
}

/// The number that `text` begins with, and what stands behind it.
fn leading_number(text: &str) -> Option<(i64, &str)> {
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(sign + digits)?;
    if digits == 0 {
        return None;
    }
    let limit = if number.starts_with('-') { i64::MIN } else { i64::MAX };
    Some((number.parse().unwrap_or(limit), rest))
}

/// `enable server <backend>/<server>`
pub fn enable(call: &mut Call<'_>) -> Progress {
    let Some(at) = server(call, 2) else { return Progress::Done };
    call.world.set_admin(at, Admin::Ready);
    Progress::Done
}

/// `disable server <backend>/<server>`
pub fn disable(call: &mut Call<'_>) -> Progress {
    let Some(at) = server(call, 2) else { return Progress::Done };
    call.world.set_admin(at, Admin::Maint { configured: false });
    Progress::Done
}

/// `set maxconn server <backend>/<server> <maxconn>`
pub fn set_maxconn(call: &mut Call<'_>) -> Progress {
    let Some(at) = server(call, 3) else { return Progress::Done };
    let Some(typed) = call.word(4) else { return call.refuse("Require <maxconn>.") };
    match leading_number(typed) {
        None => call.refuse_bare("maxconn string empty or preceded by garbage"),
        Some((number, "")) => match u32::try_from(number) {
            Ok(maxconn) => {
                call.world.set_server_maxconn(at, maxconn);
                Progress::Done
            }
            Err(_) => call.refuse("Value out of range."),
        },
        Some(_) => call.refuse_bare("Trailing garbage in maxconn string"),
    }
}

/// `set server <backend>/<server> ...`
pub fn set(call: &mut Call<'_>) -> Progress {
    let Some(at) = server(call, 2) else { return Progress::Done };
    let words = call.words;
    match words.get(3).map(String::as_str).unwrap_or_default() {
        "weight" => weight(call, at, 4),
        "state" => state(call, at),
        "addr" => address(call, at),
        "fqdn" if call.word(4).is_none() => call.refuse("set server <b>/<s> fqdn requires a FQDN."),
        "fqdn" => call.refuse("set server <b>/<s> fqdn failed because no resolution is configured."),
        "health" => match call.word(4) {
            Some("up" | "stopping" | "down") => {
                call.warn_bare("health checks are not enabled on this server")
            }
            _ => call.refuse("'set server <srv> health' expects 'up', 'stopping', or 'down'."),
        },
        what @ ("check-addr" | "agent-addr") if call.word(4).is_none() => {
            call.refuse(&format!("set server <b>/<s> {what} requires an address and optionally a port."))
        }
        what @ ("check-port" | "agent-port") if call.word(4).is_none() => {
            call.refuse(&format!("set server <b>/<s> {what} requires a port."))
        }
        "check-addr" | "check-port" => call.warn_bare("health checks are not enabled on this server"),
        "agent" | "agent-send" => call.refuse("agent checks are not enabled on this server."),
        "agent-addr" | "agent-port" => call.warn_bare("agent checks are not enabled on this server"),
        "ssl" => {
            call.refuse("'set server <srv> ssl' cannot be set.  default-server should define ssl settings")
        }
        _ => call.refuse(USAGE),
    }
}

fn state(call: &mut Call<'_>, at: ServerAt) -> Progress {
    let admin = match call.word(4) {
        Some("ready") => Admin::Ready,
        Some("drain") => Admin::Drain,
        Some("maint") => Admin::Maint { configured: false },
        _ => return call.refuse("'set server <srv> state' expects 'ready', 'drain' and 'maint'."),
    };
    call.world.set_admin(at, admin);
    Progress::Done
}

/// `addr <ip> [port <port>]`: the answer tells what changed of both.
fn address(call: &mut Call<'_>, at: ServerAt) -> Progress {
    let Some(typed) = call.word(4).map(str::to_owned) else {
        return call.refuse("set server <b>/<s> addr requires an address and optionally a port.");
    };
    let Ok(ip) = typed.parse::<IpAddr>() else { return call.warn(&format!("Invalid addr '{typed}'{BY}")) };
    let now = call.world.server(at.proxy, at.nth).and_then(|s| s.address?.inet());
    let mut next = SocketAddr::new(ip, now.map_or(0, |now| now.port()));
    let mut told = match now {
        Some(now) if now.ip() == ip => "no need to change the addr".to_owned(),
        Some(now) => format!("IP changed from '{}' to '{ip}'", now.ip()),
        None => format!("IP changed from '' to '{ip}'"),
    };
    if call.word(5) == Some("port") {
        let typed = call.word(6).unwrap_or_default();
        told.push_str(", ");
        if typed.starts_with(['+', '-']) {
            told.push_str(
                "can't change <port> to port map because it is incompatible with current health check port \
                 configuration (use 'port' statement from the 'server' directive.",
            );
            return call.warn(&(told + BY));
        }
        let Ok(port) = typed.parse::<u16>() else {
            return call.warn(&format!("{told}problem converting port '{typed}' to an int{BY}"));
        };
        match next.port() == port {
            true => told.push_str("no need to change the port"),
            false => told.push_str(&format!("port changed from '{}' to '{port}'", next.port())),
        }
        next.set_port(port);
    }
    if now != Some(next) {
        call.world.set_address(at, next);
    }
    call.warn(&(told + BY))
}

/// `enable|disable health|agent <backend>/<server>`: no server has checks.
pub fn checks(call: &mut Call<'_>) -> Progress {
    let (enable, health) = (call.word(0) == Some("enable"), call.word(1) == Some("health"));
    if server(call, 2).is_none() || !enable {
        return Progress::Done;
    }
    call.refuse(match health {
        true => "Health check was not configured on this server, cannot enable.",
        false => "Agent was not configured on this server, cannot enable.",
    })
}

/// `shutdown sessions server <backend>/<server>`
pub fn shutdown_sessions(call: &mut Call<'_>) -> Progress {
    let Some(at) = server(call, 3) else { return Progress::Done };
    call.world.kill_server_sessions(at);
    Progress::Done
}

impl Call<'_> {
    fn warn(&mut self, text: &str) -> Progress {
        self.tell(Severity::Warning, text);
        self.out.push(b'\n');
        Progress::Done
    }

    fn warn_bare(&mut self, text: &str) -> Progress {
        self.tell(Severity::Warning, text)
    }

    fn refuse_bare(&mut self, text: &str) -> Progress {
        self.tell(Severity::Error, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::cli::testing::{TestWorld, answer};

    #[test]
    fn answers_are_those_of_the_reference() {
        let mut world = TestWorld::new();
        for (line, expected) in [
            ("get weight be/s2", "3 (initial 3)\n\n"),
            ("get weight #3/#2", "3 (initial 3)\n\n"),
            ("get weight be", "Require 'backend/server'.\n\n"),
            ("get weight be/", "Require 'backend/server'.\n\n"),
            ("get weight x/s1", "No such backend.\n\n"),
            ("get weight fe/s1", "No such backend.\n\n"),
            ("get weight be/x", "No such server.\n\n"),
            ("set weight be/s1", "Require <weight> or <weight%>.\n\n"),
            ("set weight be/s1 5", "\n"),
            ("set weight be/s1 257", "Absolute weight can only be between 0 and 256 inclusive.\n\n"),
            ("set weight be/s1 -1", "Absolute weight can only be between 0 and 256 inclusive.\n\n"),
            ("set weight be/s1 -1%", "Relative weight must be positive.\n\n"),
            ("set weight be/s1 abc", "Empty weight string empty or preceded by garbage\n"),
            ("set weight be/s1 5x", "Trailing garbage in weight string\n"),
            (
                "set server be/s1 state foo",
                "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n",
            ),
            (
                "set server be/s1 addr",
                "set server <b>/<s> addr requires an address and optionally a port.\n\n",
            ),
            ("set server be/s1 addr localhost", "Invalid addr 'localhost' by 'stats socket command'\n\n"),
            ("set server be/s1 addr 127.0.0.1", "no need to change the addr by 'stats socket command'\n\n"),
            (
                "set server be/s1 addr 127.0.0.2 port 9",
                "IP changed from '127.0.0.1' to '127.0.0.2', port changed from '1' to '9' by 'stats socket command'\n\n",
            ),
            (
                "set server be/s1 addr 127.0.0.1 port",
                "no need to change the addr, problem converting port '' to an int by 'stats socket command'\n\n",
            ),
            ("set server be/s1 check-port", "set server <b>/<s> check-port requires a port.\n\n"),
            (
                "set server be/s1 agent-addr",
                "set server <b>/<s> agent-addr requires an address and optionally a port.\n\n",
            ),
            ("set server be/s1 check-port 80", "health checks are not enabled on this server\n"),
            ("set maxconn server be/s1", "Require <maxconn>.\n\n"),
            ("set maxconn server be/s1 abc", "maxconn string empty or preceded by garbage\n"),
            ("set maxconn server be/s1 5", "\n"),
            ("disable server be/s1", "\n"),
            ("enable health be/s1", "Health check was not configured on this server, cannot enable.\n\n"),
            ("shutdown sessions server be", "Require 'backend/server'.\n\n"),
        ] {
            assert_eq!(answer(&mut world, line), expected, "{line}");
        }
        assert_eq!(
            world.changes,
            [
                "set_weight 1/0 5",
                "set_address 1/0 127.0.0.2:9",
                "set_server_maxconn 1/0 5",
                "set_admin 1/0 Maint { configured: false }"
            ]
        );
    }

    #[test]
    fn relative_weights_are_a_share_of_the_initial_one() {
        assert_eq!(parse_weight("50%", 10), Ok(5));
        assert_eq!(parse_weight("5%", 10), Ok(0));
        assert_eq!(parse_weight("9999%", 10), Ok(256));
        assert_eq!(parse_weight("99999999999999999999%", 10), Ok(256));
        assert!(parse_weight("%", 10).is_err() && parse_weight("1.5", 10).is_err());
        assert!(parse_weight("", 1).is_err() && parse_weight("99999999999999999999", 1).is_err());
    }
}
