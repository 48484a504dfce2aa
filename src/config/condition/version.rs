//! Order of program versions.

/// A version that can be compared: major, minor, patch, then the kind of release and its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Version {
    numbers: [u64; 4],
    stage: Stage,
}

/// A `-devN` comes before its release, commits on top of a release after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Development(u64),
    Release(u64),
}

/// Reads `[v]X[.Y[.Z]][-devN|-N]`. What is missing counts as zero, and so does what cannot be read.
pub(super) fn parse(text: &[u8]) -> Version {
    let text = text.trim_ascii();
    let mut rest = text.strip_prefix(b"v").unwrap_or(text);
    let mut numbers = [0; 4];
    for (i, slot) in numbers.iter_mut().enumerate() {
        if i > 0 {
            match rest.strip_prefix(b".") {
                Some(after) => rest = after,
                None => break,
            }
        }
        (*slot, rest) = number(rest);
    }
    let stage = match rest.strip_prefix(b"-") {
        Some(tag) => match [&b"dev"[..], b"rc", b"pre"].iter().find_map(|word| tag.strip_prefix(*word)) {
            Some(count) => Stage::Development(number(count).0),
            None => match number(tag) {
                (count, []) => Stage::Release(count),
                // A packager's suffix such as -1+deb12u4 says nothing about the program.
                _ => Stage::Release(0),
            },
        },
        None => Stage::Release(0),
    };
    Version { numbers, stage }
}

/// The same for a TLS library, whose version is `X.Y.Z` with an optional letter: `None` for anything else.
pub(super) fn parse_strict(text: &[u8]) -> Option<Version> {
    let letter = text.last().filter(|c| c.is_ascii_lowercase());
    let digits = &text[..text.len() - usize::from(letter.is_some())];
    let parts: Vec<&[u8]> = digits.split(|&c| c == b'.').collect();
    let readable = |part: &&[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(readable) {
        return None;
    }
    let mut version = parse(digits);
    version.stage = Stage::Release(letter.map_or(0, |&c| u64::from(c - b'a') + 1));
    Some(version)
}

fn number(text: &[u8]) -> (u64, &[u8]) {
    let count = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(count);
    let value = digits.iter().fold(0u64, |n, &c| n.saturating_mul(10).saturating_add(u64::from(c - b'0')));
    (value, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_they_were_released() {
        let ordered =
            ["", "2.6-dev1", "2.6-dev12", "2.6", "2.6-3", "2.6.1", "2.6.1.1", "2.7-dev0", "2.7", "3", "10.0"];
        for pair in ordered.windows(2) {
            assert!(parse(pair[0].as_bytes()) < parse(pair[1].as_bytes()), "{pair:?}");
        }
        assert_eq!(parse(b"v3.5-dev4"), parse(b"3.5-dev4"));
        assert_eq!(parse(b"2.6.12-1+deb12u4"), parse(b"2.6.12"));
        assert_eq!(parse(b"abc"), parse(b"0"));
    }

    #[test]
    fn library_versions_are_strict() {
        assert_eq!(parse_strict(b"abc"), None);
        assert_eq!(parse_strict(b""), None);
        assert_eq!(parse_strict(b"1.1.1-x"), None);
        assert!(parse_strict(b"1.1.1") < parse_strict(b"1.1.1a"));
        assert!(parse_strict(b"1.1.1w") < parse_strict(b"3.0.0"));
    }
}
