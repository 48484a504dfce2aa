//! The predicates of a condition: one row each, and the reader of their arguments.

use super::{ConditionError, Facts};
use crate::config::condition::version;

type Answer = Result<bool, &'static str>;

struct Predicate {
    name: &'static str,
    arguments: usize,
    holds: fn(&Facts, &[Vec<u8>]) -> Answer,
}

const fn row(name: &'static str, arguments: usize, holds: fn(&Facts, &[Vec<u8>]) -> Answer) -> Predicate {
    Predicate { name, arguments, holds }
}

static PREDICATES: &[Predicate] = &[
    row("awslc_api_atleast", 1, |_, _| Ok(false)),
    row("defined", 1, |facts, a| Ok(facts.env.get(&a[0]).is_some())),
    row("enabled", 1, |facts, a| Ok(facts.build.is_enabled(&a[0]))),
    // The reference takes the empty name for a feature that everybody has.
    row("feature", 1, |facts, a| Ok(a[0].is_empty() || facts.build.has_feature(&a[0]))),
    row("fips_mode", 0, |_, _| Ok(false)),
    row("openssl_version_atleast", 1, |facts, a| {
        tls_version_is_older(facts, &a[0]).map(|older| older == Some(false))
    }),
    row("openssl_version_before", 1, |facts, a| {
        tls_version_is_older(facts, &a[0]).map(|older| older == Some(true))
    }),
    row("ssllib_name_startswith", 1, |facts, a| {
        Ok(facts.build.tls_library.is_some_and(|(name, _)| name.as_bytes().starts_with(&a[0])))
    }),
    row("streq", 2, |_, a| Ok(a[0] == a[1])),
    row("strneq", 2, |_, a| Ok(a[0] != a[1])),
    row("strstr", 2, |_, a| Ok(memchr::memmem::find(&a[0], &a[1]).is_some())),
    row("version_atleast", 1, |facts, a| Ok(!version_is_older(facts, &a[0]))),
    row("version_before", 1, |facts, a| Ok(version_is_older(facts, &a[0]))),
];

fn version_is_older(facts: &Facts, than: &[u8]) -> bool {
    version::parse(facts.build.version.as_bytes()) < version::parse(than)
}

/// `None` where there is no TLS library: it is neither before nor after any version.
fn tls_version_is_older(facts: &Facts, than: &[u8]) -> Result<Option<bool>, &'static str> {
    let than = version::parse_strict(than).ok_or("invalid version")?;
    let own = facts.build.tls_library.and_then(|(_, own)| version::parse_strict(own.as_bytes()));
    Ok(own.map(|own| own < than))
}

/// A predicate with its arguments, not yet asked.
pub(super) struct Call {
    predicate: &'static Predicate,
    arguments: Vec<Vec<u8>>,
    at: usize,
}

impl Call {
    /// Asks.
    pub(super) fn holds(&self, facts: &Facts) -> Result<bool, ConditionError> {
        (self.predicate.holds)(facts, &self.arguments).map_err(|reason| ConditionError {
            text: format!(
                "{reason} in argument 1 of predicate '{}' used in conditional expression",
                self.predicate.name
            ),
            at: self.at,
        })
    }
}

/// Reads the call at `start` and says where it ends; `None` where no predicate's name stands there.
pub(super) fn parse_call(text: &[u8], start: usize) -> Result<Option<(Call, usize)>, ConditionError> {
    let rest = &text[start..];
    let name = rest.iter().take_while(|c| !matches!(c, b' ' | b'\t' | b'(')).count();
    let Some(predicate) = PREDICATES.iter().find(|p| p.name.as_bytes() == &rest[..name]) else {
        return Ok(None);
    };
    let fail = |what: String, at: usize| ConditionError {
        text: format!(
            "{what} in argument 1 of predicate '{}' used in conditional expression",
            predicate.name
        ),
        at,
    };
    let mut at = start + name;
    let mut arguments = Vec::new();
    let opened = text.get(at) == Some(&b'(');
    if predicate.arguments > 0 {
        let mut more = opened;
        while more {
            let (argument, end) = parse_argument(text, at + 1);
            arguments.push(argument);
            at = end;
            more = arguments.len() < predicate.arguments && text.get(at) == Some(&b',');
        }
        if !opened {
            // Without parentheses there is one argument, and it is empty.
            arguments.push(Vec::new());
        }
        let (got, wanted) = (arguments.len(), predicate.arguments);
        if got < wanted {
            return Err(fail(format!("missing arguments (got {got}/{wanted}), type 'string' expected"), at));
        }
    } else if opened {
        at += 1;
    }
    if opened {
        match text.get(at..) {
            Some([b')', ..]) => at += 1,
            None | Some([]) => return Err(fail("expected ')'".into(), at)),
            Some(rest) => {
                let what = format!("expected ')' before '{}'", String::from_utf8_lossy(rest));
                return Err(fail(what, at));
            }
        }
    }
    Ok(Some((Call { predicate, arguments, at: start }, at)))
}

/// The second level of quoting: as in a line, but without `\#`, `\$`, `\xNN` and variables.
///
/// A quote that stays open takes the rest of the text.
fn parse_argument(text: &[u8], start: usize) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut at = start;
    let mut quote = None;
    while let Some(&c) = text.get(at) {
        match (quote, c) {
            (None, b',' | b')') => return (out, at),
            (None, b'"' | b'\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None | Some(b'"'), b'\\') => {
                let escaped = match text.get(at + 1) {
                    Some(&c @ (b' ' | b'"' | b'\'' | b'\\')) => Some(c),
                    Some(b'n') => Some(b'\n'),
                    Some(b'r') => Some(b'\r'),
                    Some(b't') => Some(b'\t'),
                    _ => None,
                };
                at += usize::from(escaped.is_some());
                out.push(escaped.unwrap_or(b'\\'));
            }
            _ => out.push(c),
        }
        at += 1;
    }
    (out, at)
}
