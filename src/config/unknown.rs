//! Answers to words that have no row: known to the reference and not done yet, in the wrong section,
//! gone since long, or mistyped.

use super::keyword::{Directive, Row, Sections};
use super::keywords;
use super::reference_words::{self as words, Places};
use super::suggest;

pub use super::suggest::nearest;

/// What is said of a keyword that the reference has.
pub fn not_yet(keyword: &str) -> String {
    format!("keyword '{keyword}' is not supported by subflow yet")
}

/// `; did you mean 'x' maybe ?`, or nothing.
pub fn hint(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean '{near}' maybe ?")).unwrap_or_default()
}

/// The same, or a full stop.
pub fn hint_or_dot(near: Option<&str>) -> String {
    near.map_or_else(|| ".".to_owned(), |near| hint(Some(near)))
}

/// Text for a line whose first word has no row in `section`; `second` is the word behind it.
pub fn directive(first: &str, second: &str, section: Sections) -> String {
    let section_word = section.names().next().unwrap_or("global");
    if section == Sections::GLOBAL {
        return in_global(first, section_word);
    }
    if section == Sections::HTTP_ERRORS {
        return unknown(first, section, section_word);
    }
    if let Some(advice) = words::get(words::REMOVED_PROXY, first) {
        return removed(first, advice);
    }
    match words::get(words::PROXY, first) {
        Some(places) if places.contains(place(section)) => known(first, second),
        Some(places) => {
            let list = quoted(places.names());
            format!("'{first}' not allowed in '{section_word}' section, only in {list}.")
        }
        None if words::has(words::GLOBAL, first) => {
            format!("unknown keyword '{first}' in '{section_word}' section; it belongs in 'global'")
        }
        None => unknown(first, section, section_word),
    }
}

/// Words that may follow `first`, where the reference has a closed set.
fn second_words(first: &str) -> Option<&'static [&'static str]> {
    Some(match first {
        "http-request" => words::HTTP_REQUEST,
        "http-response" => words::HTTP_RESPONSE,
        "http-after-response" => words::HTTP_AFTER_RESPONSE,
        "tcp-request" => &["connection", "content", "inspect-delay", "session"],
        "tcp-response" => &["content", "inspect-delay"],
        "capture" => words::CAPTURE,
        "compression" => words::COMPRESSION,
        "stats" => words::STATS,
        "stick" => words::STICK,
        "monitor" => words::MONITOR,
        "http-check" => words::HTTP_CHECK,
        "tcp-check" => words::TCP_CHECK,
        _ => return None,
    })
}

/// A keyword that the reference has, with a second word that it has or has not.
fn known(first: &str, second: &str) -> String {
    let name = second.split('(').next().unwrap_or(second);
    match second_words(first) {
        Some(list) if !name.is_empty() => {
            // some end in a number: track-sc0, sc-set-gpt0
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            if list.contains(&name) || list.contains(&stem) {
                return not_yet(&format!("{first} {name}"));
            }
            let what = if first.starts_with("http-") { "action" } else { "word" };
            let end = hint_or_dot(nearest(name, list.iter().copied()));
            format!("unknown {what} '{name}' of '{first}'{end}")
        }
        _ => not_yet(first),
    }
}

fn in_global(first: &str, section_word: &str) -> String {
    if let Some(advice) = words::get(words::REMOVED_GLOBAL, first) {
        return removed(first, advice);
    }
    if words::has(words::GLOBAL, first) {
        return not_yet(first);
    }
    if let Some(places) = words::get(words::PROXY, first) {
        let list = quoted(places.names());
        return format!("unknown keyword '{first}' in 'global' section; it belongs in {list}");
    }
    unknown(first, Sections::GLOBAL, section_word)
}

fn unknown(first: &str, section: Sections, section_word: &str) -> String {
    let rows = keywords::TABLES
        .iter()
        .flat_map(|table| table.iter())
        .filter(|row| row.sections.contains(section))
        .map(|row: &Row<_>| row.name.split(' ').next().unwrap_or(row.name));
    let reference: Vec<&str> = match section {
        Sections::GLOBAL => words::GLOBAL.to_vec(),
        Sections::HTTP_ERRORS => Vec::new(),
        _ => words::PROXY.iter().filter(|(_, p)| p.contains(place(section))).map(|(word, _)| *word).collect(),
    };
    let near = suggest::hint(first, rows.chain(reference).chain(words::SECTIONS.iter().copied()));
    format!("unknown keyword '{first}' in '{section_word}' section{near}")
}

/// Text for a word behind `option` that has no row.
pub fn option(name: &str, rows: &[Directive]) -> String {
    if let Some(advice) = words::get(words::REMOVED_OPTIONS, name) {
        return format!("option '{name}' is not supported any more, {advice}.");
    }
    if words::get(words::OPTIONS, name).is_some() {
        return not_yet(&format!("option {name}"));
    }
    let rows = rows.iter().filter_map(|row| row.name.strip_prefix("option "));
    let near = suggest::hint(name, rows.chain(words::OPTIONS.iter().map(|(word, _)| *word)));
    if near.is_empty() {
        format!("unknown option '{name}'.")
    } else {
        format!("unknown option '{name}'{near}")
    }
}

/// Text for a line before the first section, or for an unknown section.
pub fn out_of_section(first: &str) -> String {
    let near = suggest::hint(first, words::SECTIONS.iter().copied());
    if near.is_empty() {
        format!("unknown keyword '{first}' out of section.")
    } else {
        format!("unknown keyword '{first}' out of section{near}")
    }
}

fn removed(first: &str, advice: &str) -> String {
    format!("the '{first}' keyword is not supported any more, {advice}.")
}

fn place(section: Sections) -> Places {
    match section {
        Sections::DEFAULTS => Places::DEFAULTS,
        Sections::FRONTEND => Places::FRONTEND,
        Sections::BACKEND => Places::BACKEND,
        _ => Places::LISTEN,
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("'{name}'")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_four_kinds_of_unknown_words_apart() {
        let front = Sections::FRONTEND;
        let table: &[(&str, Sections, &str)] = &[
            ("stick-table", front, "keyword 'stick-table' is not supported by subflow yet"),
            ("bnd", front, "unknown keyword 'bnd' in 'frontend' section; did you mean 'bind' maybe ?"),
            ("foo", front, "unknown keyword 'foo' in 'frontend' section"),
            ("nbthread", front, "unknown keyword 'nbthread' in 'frontend' section; it belongs in 'global'"),
            (
                "grace",
                front,
                "the 'grace' keyword is not supported any more, use 'hard-stop-after' in the global section.",
            ),
            (
                "cookie",
                front,
                "'cookie' not allowed in 'frontend' section, only in 'defaults', 'listen', 'backend'.",
            ),
            (
                "bind",
                Sections::GLOBAL,
                "unknown keyword 'bind' in 'global' section; it belongs in 'frontend', 'listen'",
            ),
            ("lua-load", Sections::GLOBAL, "keyword 'lua-load' is not supported by subflow yet"),
            (
                "maxcon",
                Sections::GLOBAL,
                "unknown keyword 'maxcon' in 'global' section; did you mean 'maxconn' maybe ?",
            ),
        ];
        for (word, section, expected) in table {
            assert_eq!(directive(word, "", *section), *expected);
        }
    }
}
