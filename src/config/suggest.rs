//! The keyword that the operator may have meant.

/// Longest word that is compared; nothing longer is a mistyped keyword.
const WORD_LEN_MAX: usize = 48;

/// The candidate that is nearest to `word`, if it is near enough for a mistyping: about one mistake in
/// three letters. A mistake is a letter too many, too few or wrong, or two that changed places; case
/// does not count, and `-`, `_`, `.` and a blank are the same. The first of several wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() < 2 || word.len() > WORD_LEN_MAX {
        return None;
    }
    let allowed = (word.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(word.len()) > allowed {
            continue;
        }
        let distance = distance(word.as_bytes(), candidate.as_bytes());
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The end of a message in the reference's form, `; did you mean 'bind' maybe ?`, or nothing.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |near| format!("; did you mean '{near}' maybe ?"))
}

/// Optimal string alignment distance, row by row.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let same = is_same(a[i - 1], b[j - 1]);
            let mut least = (above[j - 1] + usize::from(!same)).min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]) {
                least = least.min(before[j - 2] + 1);
            }
            row[j] = least;
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()]
}

fn is_same(a: u8, b: u8) -> bool {
    let joins = |c| matches!(c, b'-' | b'_' | b'.' | b' ');
    a.eq_ignore_ascii_case(&b) || joins(a) && joins(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &[&str] = &[
        "acl",
        "backend",
        "balance",
        "bind",
        "daemon",
        "default_backend",
        "frontend",
        "http-request",
        "listen",
        "log",
        "maxconn",
        "mode",
        "nbthread",
        "option",
        "redirect",
        "server",
        "stats",
        "stats socket",
        "timeout",
        "tune.bufsize",
        "use_backend",
        "user",
    ];

    #[test]
    fn finds_what_the_reference_finds() {
        let cases = [
            ("bnd", "bind"),
            ("binds", "bind"),
            ("bidn", "bind"),
            ("Bind", "bind"),
            ("serve", "server"),
            ("servr", "server"),
            ("serverr", "server"),
            ("maxcon", "maxconn"),
            ("maxconnn", "maxconn"),
            ("mod", "mode"),
            ("tiemout", "timeout"),
            ("timout", "timeout"),
            ("optoin", "option"),
            ("lo", "log"),
            ("logg", "log"),
            ("default-backend", "default_backend"),
            ("usebackend", "use_backend"),
            ("http-requets", "http-request"),
            ("httprequest", "http-request"),
            ("banalce", "balance"),
            ("acls", "acl"),
            ("redirct", "redirect"),
            ("deamon", "daemon"),
            ("nbthreads", "nbthread"),
            ("usr", "user"),
            ("tune.bufsz", "tune.bufsize"),
            ("frontnd", "frontend"),
            ("listn", "listen"),
            ("backends", "backend"),
            ("stats-socket", "stats socket"),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, WORDS.iter().copied()), Some(expected), "{word}");
        }
    }

    #[test]
    fn says_nothing_about_words_that_resemble_nothing() {
        for word in ["foo", "xyz", "q", "", "zzzzzzzz", "modehttp", "xxbindxx", "dae", &"bind".repeat(20)] {
            assert_eq!(nearest(word, WORDS.iter().copied()), None, "{word}");
        }
        assert_eq!(hint("bnd", ["bind"]), "; did you mean 'bind' maybe ?");
        assert_eq!(hint("foo", ["bind"]), "");
    }
}
