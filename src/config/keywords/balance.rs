//! `balance`, `hash-type`, `hash-balance-factor` (configuration.txt 4.2).

use crate::balance::hash::Function;
use crate::balance::uri::Part;
use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::{reference_words, unknown};
use crate::settings::{Balance, HashType};

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row(
        "balance",
        Sections::BACK,
        Arity::ANY,
        "roundrobin|static-rr|leastconn|first|source|random|uri|url_param|hdr(<name>)|rdp-cookie: how a server is chosen",
        balance as fn(&mut Cx<'_>),
    ),
    row(
        "hash-type",
        Sections::BACK,
        Arity::ANY,
        "map-based|consistent [sdbm|djb2|wt6|crc32] [avalanche]: from key to server",
        hash_type,
    ),
    row(
        "hash-balance-factor",
        Sections::BACK,
        Arity::some("expects an integer argument."),
        "<percent>: most of a server's fair share with consistent hashes; 0 = any",
        hash_balance_factor,
    ),
];

/// Draws of `random` when none are given.
const DRAWS_DEFAULT: u32 = 2;
/// The cookie of `rdp-cookie` when none is given.
const RDP_COOKIE_DEFAULT: &str = "mstshash";
/// `hash-balance-factor` must be above it.
const FAIR_SHARE_PCT: u32 = 100;

/// What is wrong with an algorithm; shown behind the place.
type Wrong = String;

fn balance(cx: &mut Cx<'_>) {
    let word = cx.arg(0);
    let name = word.split('(').next().unwrap_or(word);
    let exact = name == word;
    let parsed = match name {
        "" | "roundrobin" if exact => Ok(Balance::RoundRobin),
        "static-rr" if exact => Ok(Balance::StaticRr),
        "leastconn" if exact => Ok(Balance::LeastConn),
        "first" if exact => Ok(Balance::First),
        "source" if exact => Ok(Balance::Source),
        "uri" if exact => uri(cx),
        "url_param" if exact => url_param(cx),
        "hdr" if !exact => header(cx),
        _ if word.starts_with("rdp-cookie") => rdp_cookie(word),
        "random" => random(word),
        "hash" | "sticky" | "log-hash" if exact => {
            Err(format!("'balance {name}' is not supported by subflow yet"))
        }
        _ => {
            let end = unknown::hint_or_dot(unknown::nearest(name, reference_words::BALANCE.iter().copied()));
            let end = if name == "hdr" || reference_words::has(reference_words::BALANCE, name) {
                "."
            } else {
                &end
            };
            Err(format!(
                "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', 'hdr(name)' and 'rdp-cookie(name)' options{end}"
            ))
        }
    };
    match parsed {
        Ok(balance) => {
            if let Some(proxy) = cx.proxy() {
                proxy.settings.balance = balance;
                proxy.balance_given = true;
            }
        }
        Err(wrong) => cx.alert(wrong),
    }
}

fn uri(cx: &Cx<'_>) -> Result<Balance, Wrong> {
    let mut part = Part::default();
    let mut words = cx.args().iter().skip(1).map(|word| &**word);
    while let Some(word) = words.next() {
        match word {
            "whole" => part.whole = true,
            "path-only" => part.path_only = true,
            "len" | "depth" => {
                let text = words.next().unwrap_or("");
                let wrong = || format!("balance uri : '{word}' expects a positive integer (got '{text}').");
                let n: u32 = text.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
                if word == "len" {
                    part.len_max = n as usize;
                } else {
                    part.depth_max = n as usize;
                }
            }
            other => {
                return Err(format!(
                    "balance uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '{other}')."
                ));
            }
        }
    }
    Ok(Balance::Uri(part))
}

fn url_param(cx: &Cx<'_>) -> Result<Balance, Wrong> {
    let name = cx.arg(1);
    if name.is_empty() {
        return Err("balance url_param requires an URL parameter name.".into());
    }
    match cx.arg(2) {
        // As in the reference, the bodies of forms are looked at with and without it.
        "" | "check_post" => Ok(Balance::UrlParam { name: name.to_owned() }),
        other => Err(format!("balance url_param only accepts 'check_post' modifier (got '{other}').")),
    }
}

fn header(cx: &Cx<'_>) -> Result<Balance, Wrong> {
    let name = in_parentheses(cx.arg(0)).ok_or("balance hdr requires an http header field name.")?;
    let domain_only = match cx.arg(1) {
        "" => false,
        "use_domain_only" => true,
        other => {
            return Err(format!(
                "balance hdr({name}) only accepts 'use_domain_only' modifier (got '{other}')."
            ));
        }
    };
    Ok(Balance::Header { name: name.to_owned(), domain_only })
}

fn rdp_cookie(word: &str) -> Result<Balance, Wrong> {
    let name = match word {
        "rdp-cookie" => RDP_COOKIE_DEFAULT,
        _ => in_parentheses(word)
            .filter(|_| word.starts_with("rdp-cookie("))
            .ok_or("balance rdp-cookie : missing cookie name.")?,
    };
    Ok(Balance::RdpCookie { name: name.to_owned() })
}

fn random(word: &str) -> Result<Balance, Wrong> {
    let Some((_, rest)) = word.split_once('(') else {
        return Ok(Balance::Random { draws: DRAWS_DEFAULT });
    };
    let (inside, _) =
        rest.split_once(')').ok_or("balance random : missing closing parenthesis.".to_owned())?;
    if inside.is_empty() {
        return Ok(Balance::Random { draws: DRAWS_DEFAULT });
    }
    let digits = inside.strip_prefix('-').unwrap_or(inside);
    if let Some(bad) = digits.chars().find(|c| !c.is_ascii_digit()) {
        return Err(format!("balance random : unexpected character '{bad}' after argument."));
    }
    match inside.parse() {
        Ok(draws) if draws > 0 => Ok(Balance::Random { draws }),
        _ => Err("balance random : number of draws must be at least 1.".into()),
    }
}

/// What stands in the parentheses of a word, when something does.
fn in_parentheses(word: &str) -> Option<&str> {
    let (_, rest) = word.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    (!inside.is_empty()).then_some(inside)
}

fn hash_type(cx: &mut Cx<'_>) {
    let consistent = match cx.arg(0) {
        "consistent" => true,
        "map-based" => false,
        "avalanche" => {
            return cx.alert(
                "experimental feature 'hash-type avalanche' is not supported anymore, please use 'hash-type map-based sdbm avalanche' instead.",
            );
        }
        _ => return cx.alert("'hash-type' only supports 'consistent' and 'map-based'."),
    };
    let (function, modifier) = (cx.arg(1), cx.arg(2));
    let found = Function::ALL.into_iter().find(|known| known.word() == function);
    let function = match (function, found) {
        ("", _) => Function::default(),
        (_, Some(found)) => found,
        (_, None) => {
            return cx.alert("'hash-type' only supports 'sdbm', 'djb2', 'crc32', or 'wt6' hash functions.");
        }
    };
    if !matches!(modifier, "" | "avalanche") {
        return cx.alert("'hash-type' only supports 'avalanche' as a modifier for hash functions.");
    }
    let avalanche = modifier == "avalanche" || (consistent && found.is_none());
    if let Some(proxy) = cx.proxy() {
        proxy.settings.hash_type = HashType { consistent, function, avalanche };
    }
}

fn hash_balance_factor(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    let factor_pct = match text.parse::<i64>().map(u32::try_from) {
        Ok(Ok(n)) if n == 0 || n > FAIR_SHARE_PCT => n,
        Ok(_) => return cx.alert("'hash-balance-factor' must be 0 or greater than 100."),
        Err(_) => {
            return cx
                .alert(format!("'hash-balance-factor' expects an integer argument, '{text}' is not one."));
        }
    };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.hash_balance_factor_pct = factor_pct;
    }
}
