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
    let (mut start, mut escaped) = (0, false);
    for (at, &byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b';' => {
                commands.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    commands.push(&line[start..]);
    commands
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
