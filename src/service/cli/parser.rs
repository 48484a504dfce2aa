//! From a line to commands and words (management.txt 9.3).

/// Longest line, payload included (the reference's `tune.bufsize`).
pub const LINE_LEN_MAX: usize = 16384;

/// Words that one command may have; more are ignored.
pub const WORDS_MAX: usize = 64;

/// What a line ends with: more lines belong to it or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The line is complete.
    None,
    /// ` <<` or ` <<PATTERN` at its end: lines follow up to one that is equal to this.
    Until(&'a [u8]),
}

/// Splits a line from the start of a payload that its end announces.
pub fn split_payload(line: &[u8]) -> (&[u8], Payload<'_>) {
    let Some(at) = line.windows(3).rposition(|part| part == b" <<") else { return (line, Payload::None) };
    let pattern = &line[at + 3..];
    if pattern.iter().any(|byte| byte.is_ascii_whitespace()) {
        return (line, Payload::None);
    }
    (&line[..at], Payload::Until(pattern))
}

/// Cuts a line at each `;` that no backslash protects.
pub fn split_commands(line: &[u8]) -> Vec<&[u8]> {
    let mut commands = Vec::new();
    let mut rest = line;
    while let Some(end) = command_end(rest) {
        commands.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    commands.push(rest);
    commands
}

/// Where the first `;` stands that no backslash protects.
fn command_end(line: &[u8]) -> Option<usize> {
    let mut escaped = false;
    line.iter().position(|&byte| {
        let protected = escaped;
        escaped = !protected && byte == b'\\';
        byte == b';' && !protected
    })
}

/// The commands of a line, each cut to words when its turn comes: a line of thousands of commands whose answers
/// nobody reads costs no more memory than its bytes.
#[derive(Debug, Default)]
pub struct Commands {
    line: Vec<u8>,
    /// Where the next one starts; none behind the last.
    at: Option<usize>,
}

impl Commands {
    /// Those of `line`: one at least, be it empty.
    pub fn new(line: &[u8]) -> Commands {
        Commands { line: line.to_vec(), at: Some(0) }
    }

    /// Whether none is left.
    pub const fn is_empty(&self) -> bool {
        self.at.is_none()
    }
}

impl Iterator for Commands {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        let at = self.at.take()?;
        let rest = self.line.get(at..)?;
        let end = command_end(rest);
        let words = words(&rest[..end.unwrap_or(rest.len())]);
        match end {
            Some(end) => self.at = Some(at + end + 1),
            None => self.line = Vec::new(),
        }
        Some(words)
    }
}

/// Cuts a command at its blanks. A backslash makes the byte behind it an ordinary one. What is not
/// UTF-8 is replaced: no command has such words.
pub fn words(command: &[u8]) -> Vec<String> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut in_word = false;
    let mut bytes = command.iter();
    while let Some(&byte) = bytes.next() {
        if matches!(byte, b' ' | b'\t' | b'\r') {
            in_word = false;
            continue;
        }
        if !in_word {
            if words.len() == WORDS_MAX {
                break;
            }
            words.push(Vec::new());
            in_word = true;
        }
        let byte = if byte == b'\\' { bytes.next().copied() } else { Some(byte) };
        if let Some(word) = words.last_mut() {
            word.extend(byte);
        }
    }
    words.into_iter().map(|word| String::from_utf8_lossy(&word).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_separate_commands_unless_escaped() {
        assert_eq!(split_commands(b"a;b ;c"), [&b"a"[..], b"b ", b"c"]);
        assert_eq!(split_commands(br"a\;b\\;c"), [&br"a\;b\\"[..], b"c"]);
        assert_eq!(split_commands(b""), [b""]);
        assert_eq!(split_commands(b"a;"), [&b"a"[..], b""]);
    }

    #[test]
    fn commands_come_one_by_one_as_they_are_split() {
        for line in [&b"a b;c ;;"[..], br"a\;b\\;c", b"", b"a;", b";", b"a\\"] {
            let mut commands = Commands::new(line);
            for command in split_commands(line) {
                assert!(!commands.is_empty());
                assert_eq!(commands.next(), Some(words(command)), "{}", line.escape_ascii());
            }
            assert!(commands.is_empty() && commands.next().is_none() && commands.line.is_empty());
        }
    }

    #[test]
    fn blanks_separate_words_unless_escaped() {
        assert_eq!(words(b"  show \t stat\r"), ["show", "stat"]);
        assert_eq!(words(br"sho\w a\ b \\ \;"), ["show", "a b", r"\", ";"]);
        assert_eq!(words(b""), [""; 0]);
        assert_eq!(words(b"a\\"), ["a"]);
        assert_eq!(words(b"\xff"), ["\u{fffd}"]);
        assert_eq!(words(&b"x ".repeat(1000)).len(), WORDS_MAX);
    }

    #[test]
    fn a_payload_is_announced_at_the_end_of_a_line() {
        assert_eq!(split_payload(b"set x <<"), (&b"set x"[..], Payload::Until(b"")));
        assert_eq!(split_payload(b"set x <<EOF"), (&b"set x"[..], Payload::Until(b"EOF")));
        assert_eq!(split_payload(b"set x << y"), (&b"set x << y"[..], Payload::None));
        assert_eq!(split_payload(b"set x<<"), (&b"set x<<"[..], Payload::None));
    }
}
