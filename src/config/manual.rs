//! The rows as text: docs/KEYWORDS.md and `-dK`.

use super::bind_line;
use super::keyword::{Row, Sections, Status};
use super::keywords::TABLES;
use super::server_line;
use std::fmt::Write;

/// What a row says of itself, without what it runs.
struct Entry {
    name: &'static str,
    sections: Sections,
    help: &'static str,
    status: Status,
}

impl<H> From<&Row<H>> for Entry {
    fn from(row: &Row<H>) -> Self {
        Entry { name: row.name, sections: row.sections, help: row.help, status: row.status }
    }
}

fn directives(wanted: fn(Sections) -> bool) -> Vec<Entry> {
    let rows = TABLES.iter().flat_map(|table| table.iter()).filter(|row| wanted(row.sections));
    sorted(rows.filter(|row| !is_fallback(row.name)).map(Entry::from))
}

/// Rows that only tell that a second word is missing or wrong.
fn is_fallback(name: &str) -> bool {
    let second = |row: &Row<_>| row.name.split_once(' ').is_some_and(|(first, _)| first == name);
    TABLES.iter().flat_map(|table| table.iter()).any(second)
}

fn sorted(entries: impl Iterator<Item = Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_by_key(|entry| entry.name);
    entries
}

fn is_global(sections: Sections) -> bool {
    sections.contains(Sections::GLOBAL)
}

fn is_proxy(sections: Sections) -> bool {
    !sections.contains(Sections::GLOBAL)
}

/// The text of docs/KEYWORDS.md.
pub fn keywords_md() -> String {
    let mut out = String::from(
        "# Keywords\n\n\
         Every keyword that subflow accepts, made from the rows of `src/config`; a test compares this file with\n\
         them, and `SUBFLOW_BLESS=1 cargo test --lib config::manual` writes it anew. What each keyword means is\n\
         in haproxy's configuration manual. A keyword of that manual that is missing here is refused with a\n\
         message that says so; haproxy-compat/ledger.tsv has all of them with reasons.\n",
    );
    table(&mut out, "In `global`", &directives(is_global), false);
    table(&mut out, "In proxies", &directives(is_proxy), true);
    table(&mut out, "Options of `bind`", &sorted(bind_line::ROWS.iter().map(Entry::from)), false);
    table(
        &mut out,
        "Options of `server` and `default-server`",
        &sorted(server_line::ROWS.iter().map(Entry::from)),
        false,
    );
    out
}

fn table(out: &mut String, title: &str, entries: &[Entry], with_sections: bool) {
    let _ = write!(out, "\n## {title}\n\n");
    let (head, rule) = match with_sections {
        true => ("| keyword | in | arguments, meaning |", "|---|---|---|"),
        false => ("| keyword | arguments, meaning |", "|---|---|"),
    };
    let _ = write!(out, "{head}\n{rule}\n");
    for entry in entries.iter().filter(|entry| entry.status == Status::Works) {
        let help = shown(entry.help);
        let sections = if with_sections { format!(" {} |", letters(entry.sections)) } else { String::new() };
        let _ = writeln!(out, "| `{}` |{sections} {help} |", entry.name);
    }
    let idle: Vec<_> = entries.iter().filter_map(|entry| Some((entry.name, reason(entry)?))).collect();
    if !idle.is_empty() {
        let _ = write!(out, "\nAccepted, and without effect because:\n\n| keyword | reason |\n|---|---|\n");
        for (name, why) in idle {
            let _ = writeln!(out, "| `{name}` | {why} |");
        }
    }
}

/// The arguments as code, the meaning as text.
fn shown(help: &str) -> String {
    let (arguments, meaning) = match help.split_once(": ") {
        Some((arguments, meaning)) => (format!("`{}` ", arguments.replace('|', "\\|")), meaning),
        None if help.starts_with(['<', '[']) => (format!("`{}`", help.replace('|', "\\|")), ""),
        None => (String::new(), help),
    };
    format!("{arguments}{}", meaning.replace('|', "\\|"))
}

fn reason(entry: &Entry) -> Option<&'static str> {
    match entry.status {
        Status::NoOp(why) => Some(why),
        Status::Works => None,
    }
}

/// The sections by their first letters, as in the manual's matrix.
fn letters(sections: Sections) -> String {
    let letters: Vec<&str> = sections.names().filter_map(|name| name.get(..1)).collect();
    letters.join(" ").to_uppercase()
}

/// Classes that `-dK` knows.
pub const CLASSES: &[(&str, &str)] = &[("all", "all keywords"), ("cfg", "configuration keywords")];

/// The answer to `-dK<classes>`: the keywords of each class, or the list of classes when one of them
/// is `help` or unknown.
pub fn list(classes: &str) -> String {
    let known = |class: &str| CLASSES.iter().any(|(name, _)| *name == class);
    if classes.is_empty() || !classes.split(',').all(known) {
        let mut out = String::from("# List of supported keyword classes:\n");
        for (name, help) in CLASSES {
            let _ = writeln!(out, "{name}: list {help}");
        }
        return out;
    }
    let mut out = String::from("# List of registered configuration keywords:\n");
    section(&mut out, "global", &directives(is_global));
    for (word, wanted) in [
        ("defaults", Sections::DEFAULTS),
        ("frontend", Sections::FRONTEND),
        ("listen", Sections::LISTEN),
        ("backend", Sections::BACKEND),
    ] {
        let entries: Vec<Entry> =
            directives(is_proxy).into_iter().filter(|entry| entry.sections.contains(wanted)).collect();
        section(&mut out, word, &entries);
    }
    for row in bind_line::ROWS {
        let _ = writeln!(out, "\tbind <addr> {}{}", row.name, count(row.arity.min));
    }
    for row in server_line::ROWS {
        let _ = writeln!(out, "\tserver <name> <addr> {}{}", row.name, count(row.arity.min));
    }
    out
}

fn section(out: &mut String, word: &str, entries: &[Entry]) {
    let _ = writeln!(out, "{word}");
    for entry in entries {
        let _ = writeln!(out, "\t{}", entry.name);
    }
}

fn count(args: usize) -> String {
    if args == 0 { String::new() } else { format!(" +{args}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn keywords_md_is_what_the_rows_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/KEYWORDS.md");
        let text = keywords_md();
        if std::env::var_os("SUBFLOW_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == text, "docs/KEYWORDS.md is old: SUBFLOW_BLESS=1 cargo test --lib config::manual");
    }

    #[test]
    fn every_row_is_named_once_a_kind_of_section_and_explained() {
        let mut seen = HashSet::new();
        for row in TABLES.iter().flat_map(|table| table.iter()) {
            assert!(seen.insert((row.name, is_global(row.sections))), "{} twice", row.name);
            let text = match row.status {
                Status::Works => row.help,
                Status::NoOp(why) => why,
            };
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", row.name);
            assert!(row.arity.min == 0 || !row.arity.missing.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn options_of_bind_and_server_are_named_once() {
        let bind: HashSet<_> = bind_line::ROWS.iter().map(|row| row.name).collect();
        let server: HashSet<_> = server_line::ROWS.iter().map(|row| row.name).collect();
        assert_eq!((bind.len(), server.len()), (bind_line::ROWS.len(), server_line::ROWS.len()));
    }

    #[test]
    fn lists_keywords_by_class() {
        assert!(list("all").contains("\n\tmaxconn\n"));
        assert!(list("cfg").contains("\tbind <addr> maxconn +1\n"));
        assert!(list("help").contains("cfg: list configuration keywords\n"));
        assert_eq!(list("help"), list("all,nonsense"));
    }
}
