//! The outcomes are those of a running haproxy 2.6 with the same lines and variables.

use super::*;
use crate::config::expand::Environment;
use proptest::prelude::*;

fn environment() -> Environment {
    let mut env = Environment::empty();
    let variables = [
        ("A", "va lue"),
        ("L", " one two  three"),
        ("E", ""),
        ("S", " "),
        ("T", "a\tb"),
        ("Q", "\"q"),
        ("_", "u"),
    ];
    for (name, value) in variables {
        env.set(name.as_bytes(), value.as_bytes()).unwrap();
    }
    env
}

fn cut(line: &[u8]) -> Result<Vec<Word>, LexError> {
    let env = environment();
    split(line, &Scope { env: &env, file: "a.cfg", line: 7, section: "web" })
}

#[test]
fn words_are_those_of_the_reference() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        // blanks and comments
        ("", &[]), ("   ", &[]), ("# c", &[]), ("a#b", &["a"]), ("a # b", &["a"]), ("\ta\t b", &["a", "b"]),
        ("a\x0bb\x0cc", &["a", "b", "c"]), ("a\r", &["a"]), ("a\rb", &["a"]), ("a \rb", &["a", "b"]), ("\ra", &["a"]),
        ("a,b;c", &["a,b;c"]), ("é", &["é"]),
        // quotes
        ("\"#\" '#'", &["#", "#"]), ("\"\" ''", &["", ""]), ("a\"b c\"'d e'f", &["ab cd ef"]), ("\"a'b\" 'a\"b'", &["a'b", "a\"b"]),
        ("'$A' '\\n' 'a\\'", &["$A", "\\n", "a\\"]),
        // escapes
        (r"a\ b \#c \\ \' \q", &["a b", "#c", "\\", "'", "\\q"]), (r#"\"a "\"" "\'""#, &["\"a", "\"", "'"]),
        (r"a\nb\rc\td", &["a\nb\rc\td"]), (r#""a\nb" "\#\ \\""#, &["a\nb", "# \\"]), (r"\x41\x20b", &["A b"]),
        (r#""a\x41b""#, &["aAb"]), ("abc\\", &["abc\\"]), ("a\\\tb", &["a\\", "b"]), ("\"\\\tx\"", &["\\\tx"]),
        (r"\$A", &["\\$A"]), (r#""\$A""#, &["$A"]), (r"\x00b c", &["", "c"]), (r"a\x00b", &["a"]),
        // references
        ("$A ${A}", &["$A", "${A}"]), ("\"$A\" \"${A}\"", &["va lue", "va lue"]), ("\"$A-x\" \"$A.x\"", &["va lue-x", "va lue.x"]),
        ("\"$A$A\"", &["va lueva lue"]), ("\"$N\" \"${N}\"", &["", ""]), ("\"${N-def}\" \"${N-d e}\"", &["def", "d e"]),
        ("\"${E-def}\" \"${A-def}\" \"${N-}\"", &["", "va lue", ""]), ("\"${A-${L}}\"", &["va lue}"]),
        ("\"${N-a-b}\" \"${N-\\}}\" \"${N-'q'}\"", &["a-b", "\\}", "'q'"]), ("\"$Aé\"", &["va lueé"]), ("\"$_\"x", &["ux"]),
        ("\"$Q\"", &["\"q"]), ("\"$.FILE\" \"${.LINE}\" \"${.SECTION}\"", &["a.cfg", "7", "web"]),
        // references that split
        ("\"${L[*]}\"", &["", "one", "two", "three"]), ("\"x${L[*]}y\"", &["x", "one", "two", "threey"]),
        ("\"${T[*]}z\"", &["a", "bz"]), ("\"${E[*]}\"", &[""]), ("\"${N[*]}\" x", &["", "x"]), ("\"${S[*]}\"", &["", ""]),
        ("\"x${S[*]}y\"", &["x", "y"]), ("\"${S[*]}${S[*]}\"", &["", "", ""]), ("\"${N[*]-x y}\"", &["x", "y"]),
        ("\"${A[*]-x}\"", &["va", "lue"]), ("\"$A[*]\"", &["va lue[*]"]),
    ];
    for (line, expected) in cases {
        let words = cut(line.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(words.iter().map(|w| &**w).collect::<Vec<_>>(), *expected, "{line}");
    }
}

#[test]
fn mistakes_are_told_as_the_reference_tells_them() {
    let cases = [
        (" .notice \"abc", "unmatched quote at position 10:"),
        ("'abc", "unmatched quote at position 1:"),
        ("x \"a\r\"", "unmatched quote at position 3:"),
        ("'a\r b'", "unmatched quote at position 1:"),
        (r"abc\xZZ", "truncated or invalid hexadecimal sequence at position 4:"),
        (r"abc\x4", "truncated or invalid hexadecimal sequence at position 4:"),
        (r"abc\x", "truncated or invalid hexadecimal sequence at position 4:"),
        (r#""a\xZZb""#, "truncated or invalid hexadecimal sequence at position 3:"),
        ("\"${A", "unmatched brace in environment variable name at position 3:"),
        ("\"${A b}\"", "unmatched brace in environment variable name at position 3:"),
        ("\"${A.x}\"", "unmatched brace in environment variable name at position 3:"),
        ("\"${A[*]x}\"", "unmatched brace in environment variable name at position 3:"),
        ("\"${A-x\"", "unmatched brace in environment variable name at position 3:"),
        ("\"${}\"", "forbidden first char in environment variable name at position 4:"),
        ("\"$\"", "forbidden first char in environment variable name at position 3:"),
        ("\"$1\"", "forbidden first char in environment variable name at position 3:"),
        ("\"${é}\"", "forbidden first char in environment variable name at position 4:"),
        ("\"$.FOO\"", "forbidden first char in environment variable name at position 3:"),
        ("\"${.section}\"", "forbidden first char in environment variable name at position 4:"),
        ("\"${A[0]}\"", "truncated or invalid word expansion sequence at position 5:"),
        ("\"${A[*}\"", "truncated or invalid word expansion sequence at position 5:"),
    ];
    for (line, expected) in cases {
        assert_eq!(cut(line.as_bytes()).unwrap_err().to_string(), expected, "{line}");
    }
}

#[test]
fn a_line_has_at_most_64_words() {
    let words = |count: usize| (0..count).map(|i| format!("a{i}")).collect::<Vec<_>>().join(" ");
    assert_eq!(cut(words(64).as_bytes()).map(|w| w.len()), Ok(64));
    let error = cut(words(65).as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "too many words, truncating after word 64, position 243: <a63>.");
    // Words that a reference makes count too.
    let mut env = Environment::empty();
    env.set(b"MANY", words(70).as_bytes()).unwrap();
    let scope = Scope { env: &env, file: "", line: 1, section: "" };
    assert_eq!(split(b"\"${MANY[*]}\"", &scope).unwrap_err().kind, LexErrorKind::Words);
}

#[test]
fn bytes_that_are_no_text_survive() {
    let words = cut(b"\xff\"\\xfe\"").unwrap();
    assert_eq!(words[0].bytes(), b"\xff\xfe");
}

#[test]
fn unquoting_for_cc_keeps_one_piece() {
    let env = environment();
    let scope = Scope { env: &env, file: "", line: 0, section: "" };
    let cases = [
        ("1  &&\t 1", "1 && 1"),
        (" !1 ", " !1 "),
        ("a # b", "a # b"),
        ("\"a  b\"", "a  b"),
        ("streq(\\\"a\\\",'b')", "streq(\"a\",b)"),
        ("\"$A\"", "va lue"),
        ("\"${T[*]}\"", "a b"),
    ];
    for (text, expected) in cases {
        assert_eq!(String::from_utf8(unquote(text.as_bytes(), &scope).unwrap()).unwrap(), expected, "{text}");
    }
    assert_eq!(unquote(b"\"1", &scope).unwrap_err().kind, LexErrorKind::Quote);
}

/// One word, written so that nothing in it is special.
fn quoted(word: &[u8], style: u8) -> Vec<u8> {
    let mut out = Vec::new();
    match style % 3 {
        0 => {
            out.push(b'"');
            for &c in word {
                match c {
                    b'"' | b'\\' | b'$' => out.extend([b'\\', c]),
                    b'\r' => out.extend(b"\\r"),
                    b'\n' => out.extend(b"\\n"),
                    _ => out.push(c),
                }
            }
            out.push(b'"');
        }
        1 => {
            // Single quotes cannot hold these: they stand escaped between two quoted parts.
            out.push(b'\'');
            for &c in word {
                match c {
                    b'\'' => out.extend(b"'\\''"),
                    b'\r' => out.extend(b"'\\r'"),
                    b'\n' => out.extend(b"'\\n'"),
                    _ => out.push(c),
                }
            }
            out.push(b'\'');
        }
        _ => {
            for c in word {
                out.extend(format!("\\x{c:02x}").bytes());
            }
            if word.is_empty() {
                out.extend(b"''");
            }
        }
    }
    out
}

proptest! {
    #[test]
    fn never_panics(line in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = cut(&line);
    }

    #[test]
    fn never_panics_near_the_grammar(line in "[ab \"'\\\\$\\{\\}\\[\\*\\]\\-A#x\r.]{0,40}") {
        let _ = cut(line.as_bytes());
    }

    #[test]
    fn quoted_words_come_back(
        words in proptest::collection::vec((proptest::collection::vec(1u8..=255, 0..12), any::<u8>()), 1..10)
    ) {
        let line = words.iter().map(|(word, style)| quoted(word, *style)).collect::<Vec<_>>().join(&b' ');
        let back = cut(&line).unwrap();
        prop_assert_eq!(back.len(), words.len());
        for (read, (written, _)) in back.iter().zip(&words) {
            prop_assert_eq!(read.bytes(), &written[..]);
        }
    }
}
