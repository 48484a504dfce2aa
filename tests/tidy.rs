//! The house rules that a program can check, over every Rust file of the repository. Each rule has
//! a test here that shows it can fail.

use std::fmt;
use std::path::{Path, PathBuf};

/// The rooms, lowest first: a room imports only rooms before it. docs/ARCHITECTURE.md says why.
const ROOMS: [&str; 22] = [
    "sys", "base", "metrics", "wire", "event", "net", "channel", "conn", "expr", "balance", "table", "rules",
    "settings", "config", "log", "proxy", "stream", "live", "check", "service", "worker", "process",
];

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 100;

/// How far above an `unsafe` its reason may stand: a statement that starts some lines earlier.
const SAFETY_LINES_ABOVE: usize = 6;

#[derive(PartialEq, Eq, Debug)]
struct Complaint {
    file: String,
    line: usize,
    text: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// A source file, split so that no rule takes a word in a string for code or for a comment.
struct Source {
    /// Relative to the repository.
    path: String,
    /// The text with comments and the insides of literals blanked out.
    code: String,
    /// The text with all but the comments blanked out.
    comments: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let (code, comments) = split(text);
        Source { path: path.to_owned(), code, comments }
    }

    fn room(&self) -> Option<&str> {
        let name = self.path.strip_prefix("src/")?.split('/').next()?;
        Some(name.strip_suffix(".rs").unwrap_or(name))
    }

    fn complaint(&self, at: usize, text: impl Into<String>) -> Complaint {
        let line = self.code[..at].matches('\n').count() + 1;
        Complaint { file: self.path.clone(), line, text: text.into() }
    }

    /// Where `word` stands in `text` as a whole word.
    fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        text.match_indices(word).map(|(at, _)| at).filter(move |at| {
            !text[..*at].ends_with(part_of_word) && !text[at + word.len()..].starts_with(part_of_word)
        })
    }
}

/// What the splitter is inside of.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Code,
    LineComment,
    BlockComment(u32),
    Literal { quote: u8 },
    RawString { hashes: usize },
}

/// Code and comments, each with the other (and what literals hold) replaced by blanks: same
/// length, same line ends.
fn split(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let blank = |b: &u8| if *b == b'\n' { b'\n' } else { b' ' };
    let mut code: Vec<u8> = bytes.iter().map(blank).collect();
    let mut comments = code.clone();
    let mut inside = Inside::Code;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let mut step = 1;
        match inside {
            Inside::Code if rest.starts_with(b"//") => inside = Inside::LineComment,
            Inside::Code if rest.starts_with(b"/*") => (inside, step) = (Inside::BlockComment(1), 2),
            Inside::Code => {
                code[at] = bytes[at];
                if let Some(hashes) = raw_string_start(bytes, at) {
                    (inside, step) = (Inside::RawString { hashes }, hashes + 2);
                } else if rest[0] == b'"' || (rest[0] == b'\'' && is_char_literal(rest)) {
                    inside = Inside::Literal { quote: rest[0] };
                }
            }
            Inside::LineComment if rest[0] == b'\n' => inside = Inside::Code,
            Inside::BlockComment(depth) if rest.starts_with(b"*/") => {
                inside = if depth == 1 { Inside::Code } else { Inside::BlockComment(depth - 1) };
                step = 2;
            }
            Inside::BlockComment(depth) if rest.starts_with(b"/*") => {
                (inside, step) = (Inside::BlockComment(depth + 1), 2);
            }
            Inside::LineComment | Inside::BlockComment(_) => comments[at] = bytes[at],
            Inside::Literal { .. } if rest[0] == b'\\' => step = 2,
            Inside::Literal { quote } if rest[0] == quote => {
                code[at] = quote;
                inside = Inside::Code;
            }
            Inside::RawString { hashes } if rest[0] == b'"' && rest[1..].starts_with(&vec![b'#'; hashes]) => {
                (inside, step) = (Inside::Code, hashes + 1);
            }
            Inside::Literal { .. } | Inside::RawString { .. } => {}
        }
        at += step;
    }
    // One byte for each byte, so that places in the code are places in the file.
    let ascii =
        |bytes: Vec<u8>| bytes.into_iter().map(|b| if b.is_ascii() { b as char } else { '?' }).collect();
    (ascii(code), ascii(comments))
}

/// The number of `#` when a raw string starts at `at`.
fn raw_string_start(bytes: &[u8], at: usize) -> Option<usize> {
    let after_r = bytes[at..].strip_prefix(b"r")?;
    let before = if at > 0 { bytes[at - 1] } else { b' ' };
    let hashes = after_r.iter().take_while(|b| **b == b'#').count();
    let in_word = before != b'b' && (before.is_ascii_alphanumeric() || before == b'_');
    (!in_word && after_r.get(hashes) == Some(&b'"')).then_some(hashes)
}

/// Tells `'x'` and `'\n'` from the lifetime `'x`.
fn is_char_literal(rest: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&rest[1..rest.len().min(8)]);
    let mut chars = text.chars();
    chars.next() == Some('\\') || chars.next() == Some('\'')
}

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|r| *r == room)
}

/// Names that `text` starts with: one, or those of a `{a, b::c}` group.
fn first_names(text: &str) -> Vec<&str> {
    let name = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some(group) = text.strip_prefix('{') else { return vec![&text[..name(text)]] };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let part = group[start..at].trim_start();
                names.push(&part[..name(part)]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

fn imports_only_lower_rooms(source: &Source) -> Vec<Complaint> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(own) = level(room) else {
        let known = room == "lib" || room == "main";
        return if known {
            Vec::new()
        } else {
            vec![source.complaint(0, format!("`{room}` is not among the rooms"))]
        };
    };
    let is_root = source.path == format!("src/{room}/mod.rs") || source.path == format!("src/{room}.rs");
    let mut complaints = Vec::new();
    let climbs = Source::words(&source.code, "super").filter(|at| !source.code[..*at].ends_with("super::"));
    for at in Source::words(&source.code, "crate").chain(climbs) {
        let mut path = &source.code[at..];
        let mut ups = 0;
        while let Some(rest) = path.strip_prefix("super::") {
            (path, ups) = (rest, ups + 1);
        }
        let path = match path.strip_prefix("crate::") {
            Some(rest) => rest,
            None if ups >= 2 || (ups == 1 && is_root) => path,
            None => continue,
        };
        for name in first_names(path) {
            if level(name).is_some_and(|other| other > own) {
                complaints
                    .push(source.complaint(at, format!("`{room}` imports `{name}`, which is above it")));
            }
        }
    }
    complaints
}

fn is_not_too_long(source: &Source) -> Vec<Complaint> {
    let lines = source.code.lines().count();
    let text = format!("{lines} lines, {FILE_LINES_MAX} at most: one file, one thought");
    if lines > FILE_LINES_MAX { vec![source.complaint(0, text)] } else { Vec::new() }
}

fn has_no_long_function(source: &Source) -> Vec<Complaint> {
    let code = &source.code;
    let mut complaints = Vec::new();
    for at in Source::words(code, "fn") {
        let rest = &code[at..];
        // A function pointer type has no name; a method without a body ends with a semicolon.
        if !rest[2..].trim_start().starts_with(|c: char| c.is_alphabetic() || c == '_') {
            continue;
        }
        let Some(open) = body_start(rest) else { continue };
        let mut depth = 0;
        let end = rest[open..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let lines = end.map_or(0, |(end, _)| rest[..open + end].matches('\n').count() + 1);
        if lines > FUNCTION_LINES_MAX {
            let text = format!("a function of {lines} lines, {FUNCTION_LINES_MAX} at most");
            complaints.push(source.complaint(at, text));
        }
    }
    complaints
}

/// Where the body opens; a `;` inside brackets belongs to an array type.
fn body_start(signature: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in signature.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

fn keeps_unsafe_in_sys(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let in_sys = source.room() == Some("sys");
    for at in Source::words(&source.code, "unsafe") {
        if !in_sys {
            complaints.push(source.complaint(at, "`unsafe` outside src/sys"));
            continue;
        }
        let line = source.code[..at].matches('\n').count();
        let skipped = line.saturating_sub(SAFETY_LINES_ABOVE);
        let mut near = source.comments.lines().skip(skipped).take(line + 1 - skipped);
        if !near.any(|comment| comment.contains("SAFETY:") || comment.contains("# Safety")) {
            complaints.push(source.complaint(at, "`unsafe` without a SAFETY comment"));
        }
    }
    for at in Source::words(&source.code, "unsafe_code") {
        if source.path != "src/sys/mod.rs" {
            complaints.push(source.complaint(at, "the lint `unsafe_code` is lifted only in src/sys/mod.rs"));
        }
    }
    complaints
}

fn has_nothing_unfinished(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for call in ["todo", "unimplemented", "dbg", "thread_local"] {
        let calls =
            Source::words(&source.code, call).filter(|at| source.code[at + call.len()..].starts_with('!'));
        complaints.extend(calls.map(|at| source.complaint(at, format!("`{call}!`"))));
    }
    for word in ["TODO", "FIXME", "XXX", "HACK"] {
        let comments = Source::words(&source.comments, word);
        complaints.extend(comments.map(|at| source.complaint(at, format!("a comment that says {word}"))));
    }
    let statics = source.code.match_indices("static mut ");
    complaints.extend(statics.map(|(at, _)| source.complaint(at, "a global that changes")));
    let ignores = source.code.match_indices("#[ignore]");
    complaints.extend(ignores.map(|(at, _)| source.complaint(at, "`#[ignore]` without a reason")));
    complaints
}

type Rule = fn(&Source) -> Vec<Complaint>;

const RULES: [Rule; 5] = [
    imports_only_lower_rooms,
    is_not_too_long,
    has_no_long_function,
    keeps_unsafe_in_sys,
    has_nothing_unfinished,
];

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that lib.rs names, in its order.
fn rooms_of(lib: &str) -> Vec<&str> {
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect()
}

fn are_in_order(rooms: &[&str]) -> bool {
    rooms.iter().all(|room| level(room).is_some()) && rooms.is_sorted_by_key(|room| level(room))
}

#[test]
fn every_file_keeps_the_house_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for dir in ["src", "tests", "haproxy-compat", "examples", "benches"] {
        rust_files(&root.join(dir), &mut files);
    }
    assert!(files.len() > 20, "found only {} files", files.len());
    files.sort();
    let mut complaints = Vec::new();
    for file in &files {
        let path = file.strip_prefix(root).unwrap().to_string_lossy();
        let source = Source::new(&path, &std::fs::read_to_string(file).unwrap());
        complaints.extend(RULES.iter().flat_map(|rule| rule(&source)));
    }
    let list: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "\n{}\n", list.join("\n"));
}

#[test]
fn lib_names_the_rooms_by_layer() {
    let lib = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms = rooms_of(&lib);
    assert!(rooms.len() > 5 && are_in_order(&rooms), "{rooms:?}");
    assert!(!are_in_order(&["base", "sys"]));
    assert!(!are_in_order(&["sys", "cellar"]));
}

/// Lines of the complaints that a rule has about `text`.
fn lines(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    rule(&Source::new(path, text)).iter().map(|complaint| complaint.line).collect()
}

const NONE: [usize; 0] = [];

#[test]
fn an_upward_import_is_seen_in_every_spelling() {
    let seen = |path, text| lines(imports_only_lower_rooms, path, text);
    assert_eq!(seen("src/net/a.rs", "use crate::sys::x;\nuse crate::proxy::P;"), [2]);
    assert_eq!(seen("src/net/a.rs", "use crate::{base::{ids, diag}, stream::S};"), [1]);
    assert_eq!(seen("src/net/a.rs", "fn f() -> crate::live::Live {}"), [1]);
    assert_eq!(seen("src/net/a.rs", "use super::super::worker;"), [1]);
    assert_eq!(seen("src/net/mod.rs", "use super::worker;"), [1]);
    assert_eq!(seen("src/live.rs", "use super::worker;"), [1]);
    assert_eq!(seen("src/net/a.rs", "use super::log; // crate::log\nconst A: &str = \"crate::log\";"), NONE);
    assert_eq!(seen("src/cellar/a.rs", ""), [1]);
    assert_eq!(seen("tests/a.rs", "use crate::log;"), NONE);
}

#[test]
fn long_files_and_functions_are_seen() {
    assert_eq!(lines(is_not_too_long, "src/a.rs", &"\n".repeat(FILE_LINES_MAX)), NONE);
    assert_eq!(lines(is_not_too_long, "src/a.rs", &"\n".repeat(FILE_LINES_MAX + 1)), [1]);
    let function =
        |lines: usize| format!("\ntrait T {{ fn a(); }}\nfn b(x: [u8; 2]) {{{}}}", "\n".repeat(lines - 1));
    assert_eq!(lines(has_no_long_function, "src/a.rs", &function(FUNCTION_LINES_MAX)), NONE);
    assert_eq!(lines(has_no_long_function, "src/a.rs", &function(FUNCTION_LINES_MAX + 1)), [3]);
}

#[test]
fn unsafe_needs_its_room_and_its_reason() {
    let block = "fn f() {\n    unsafe { g() }\n}";
    let said = "fn f() {\n    // SAFETY: g asks for nothing.\n    unsafe { g() }\n}";
    assert_eq!(lines(keeps_unsafe_in_sys, "src/net/a.rs", said), [3]);
    assert_eq!(lines(keeps_unsafe_in_sys, "src/sys/a.rs", block), [2]);
    assert_eq!(lines(keeps_unsafe_in_sys, "src/sys/a.rs", said), NONE);
    assert_eq!(lines(keeps_unsafe_in_sys, "src/net/mod.rs", "#![allow(unsafe_code)]"), [1]);
    assert_eq!(lines(keeps_unsafe_in_sys, "src/sys/mod.rs", "#![allow(unsafe_code)]"), NONE);
}

#[test]
fn unfinished_work_is_seen() {
    for text in
        ["fn f() { todo!() }", "fn f() { unimplemented!(\"x\") }", "/* FIXME */", "#[ignore]", "// TODO: x"]
    {
        assert_eq!(lines(has_nothing_unfinished, "src/a.rs", text), [1], "{text}");
    }
    for text in
        ["fn todo() {}", "const A: &str = \"// TODO todo!()\";", "#[ignore = \"needs root\"]", "static mut_x"]
    {
        assert_eq!(lines(has_nothing_unfinished, "src/a.rs", text), NONE, "{text}");
    }
    assert_eq!(lines(has_nothing_unfinished, "src/a.rs", "static mut X: u8 = 0;\nthread_local! {}"), [2, 1]);
}

#[test]
fn literals_and_comments_are_told_from_code() {
    let text = "a('\"', '\\'', b\"/*\", r#\"x\" // y\"#, 'l: loop {}); // c \"d\n/* e /* f */ g */ h";
    let (code, comments) = split(text);
    assert_eq!(code.split_whitespace().last(), Some("h"));
    assert!(code.contains("loop {});") && !code.contains('y') && !code.contains("/*"), "{code}");
    assert!(comments.contains("c \"d") && comments.contains('g') && !comments.contains('h'), "{comments}");
    assert_eq!(code.len(), text.len());
}
