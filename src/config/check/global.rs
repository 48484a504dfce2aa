//! Global values that depend on each other.

use crate::base::diag::{Diags, Place};
use crate::config::draft::Draft;
use crate::settings::Global;
use crate::wire::http1::BadCase;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A buffer keeps room for data beside the part reserved for edits: a `tune.maxrewrite` above half
/// the buffer becomes half of it, as in the reference.
pub fn buffer_sizes(global: &mut Global) {
    let tune = &mut global.tune;
    tune.maxrewrite = tune.maxrewrite.min(tune.bufsize / 2);
}

/// Bytes of an `h1-case-adjust-file` at most.
const CASES_LEN_MAX: u64 = 1 << 20;

/// Reads `h1-case-adjust-file`: a pair of names a line, empty lines and lines that begin with `#` apart.
pub fn header_cases(draft: &mut Draft, diags: &mut Diags) {
    let Some((place, path)) = draft.header_cases_file.take() else { return };
    let mut tell = |text: &str| {
        let Place { file, line } = &place;
        diags.alert(format!("[{file}:{line}] : h1-case-adjust-file '{}' : {text}.", path.display()));
    };
    let text = match read(&path) {
        Ok(text) => text,
        Err(error) => return tell(&format!("cannot be read: {error}")),
    };
    for (at, line) in text.lines().map(str::trim_ascii).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = at + 1;
        let mut words = line.split_ascii_whitespace();
        let (Some(from), Some(to), None) = (words.next(), words.next(), words.next()) else {
            return tell(&format!("expects <from> and <to> at line {number}, not '{line}'"));
        };
        match draft.global.header_cases.insert(from, to) {
            Ok(()) => {}
            Err(BadCase::Differ) => {
                return tell(&format!("'{from}' and '{to}' must not differ except in case at line {number}"));
            }
            Err(BadCase::Twice) => return tell(&format!("duplicate entry '{from}' at line {number}")),
        }
    }
}

/// The text of a file that is not too long.
fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(CASES_LEN_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > CASES_LEN_MAX {
        return Err(io::Error::other(format!("it is larger than {CASES_LEN_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no text"))
}
