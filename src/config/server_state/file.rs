//! The form of a server state file (management.txt 9.3 `show servers state`): a version, then a line of words
//! for each server; lines that begin with `#` are comments.

/// Words that a line has at least: up to the server's port. Later versions append some.
const WORDS_MIN: usize = 20;

/// Bytes of a line at most, as in the reference.
const LINE_LEN_MAX: usize = 2000;

/// What a line says, of what can apply here. Numbers are as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Entry {
    /// Number of the line, from 1.
    pub line: usize,
    pub backend_id: String,
    pub backend: String,
    pub server: String,
    pub address: String,
    pub op_state: String,
    pub admin_state: String,
    pub weight: String,
    pub configured_weight: String,
    pub unchanged_secs: String,
    pub port: String,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The first line is not a version that is known here.
    Version,
    /// This line, counted from 1, has too few words, is too long or not ended.
    Line(usize),
}

/// All lines of a file.
///
/// # Errors
/// Any malformed line: who wrote it wrote the others too.
pub fn entries(text: &[u8]) -> Result<Vec<Entry>, Malformed> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    let version = lines.next().and_then(|(_, line)| ended(line)).map(str::trim_start);
    if version.and_then(|word| word.parse::<u32>().ok()) != Some(1) {
        return Err(Malformed::Version);
    }
    let mut entries = Vec::new();
    for (at, line) in lines {
        let malformed = Malformed::Line(at + 1);
        let line = ended(line).ok_or(malformed)?;
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        if words.first().is_none_or(|word| word.starts_with('#')) {
            continue;
        }
        if words.len() < WORDS_MIN {
            return Err(malformed);
        }
        let word = |at: usize| words[at].to_owned();
        entries.push(Entry {
            line: at + 1,
            backend_id: word(0),
            backend: word(1),
            server: word(3),
            address: word(4),
            op_state: word(5),
            admin_state: word(6),
            weight: word(7),
            configured_weight: word(8),
            unchanged_secs: word(9),
            port: word(18),
        });
    }
    Ok(entries)
}

/// A line without its end, if it has one and is text.
fn ended(line: &[u8]) -> Option<&str> {
    let line = line.strip_suffix(b"\n").filter(|line| line.len() <= LINE_LEN_MAX && !line.contains(&0))?;
    std::str::from_utf8(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "3 be 1 s1 127.0.0.1 2 0 20 10 100 1 0 2 0 0 0 0 - 81 - 0 0 - - 0";

    #[test]
    fn a_line_for_each_server() {
        let text =
            format!("1\n# be_id be_name\n\n  {LINE}\n{}\n", LINE.replace("s1", "s2").replace(' ', "\t"));
        let all = entries(text.as_bytes()).unwrap();
        assert_eq!(
            all.iter().map(|e| (e.line, e.server.as_str())).collect::<Vec<_>>(),
            [(4, "s1"), (5, "s2")]
        );
        let s1 = &all[0];
        assert_eq!(
            (s1.backend_id.as_str(), s1.backend.as_str(), s1.address.as_str()),
            ("3", "be", "127.0.0.1")
        );
        assert_eq!((s1.op_state.as_str(), s1.admin_state.as_str()), ("2", "0"));
        assert_eq!((s1.weight.as_str(), s1.configured_weight.as_str()), ("20", "10"));
        assert_eq!((s1.unchanged_secs.as_str(), s1.port.as_str()), ("100", "81"));
    }

    #[test]
    fn versions_are_judged_as_the_reference_judges_them() {
        for version in ["1", " 1", "01"] {
            assert!(entries(format!("{version}\n").as_bytes()).is_ok(), "{version:?}");
        }
        for text in ["", "1", "2\n", "0\n", "x\n", "1x\n", "1 \n", "\n", "#1\n", "1\r\n"] {
            assert_eq!(entries(text.as_bytes()), Err(Malformed::Version), "{text:?}");
        }
    }

    #[test]
    fn one_malformed_line_spoils_the_file() {
        let words: Vec<&str> = LINE.split(' ').collect();
        for (bad, at) in [
            (format!("1\n{LINE}\nbad\n"), 3),
            (format!("1\n{}\n{LINE}\n", words[..19].join(" ")), 2),
            (format!("1\n{LINE}"), 2),
            (format!("1\n{}\n", LINE.replace("s1", "s\0")), 2),
            (format!("1\n#{}\n", "x".repeat(LINE_LEN_MAX)), 2),
        ] {
            assert_eq!(entries(bad.as_bytes()), Err(Malformed::Line(at)), "{bad:?}");
        }
        for len in [20, 25] {
            assert_eq!(
                entries(format!("1\n{LINE} x y z\n{}\n", words[..len].join(" ")).as_bytes()).unwrap().len(),
                2
            );
        }
        assert!(entries(b"1\n\xff\n").is_err());
    }
}
