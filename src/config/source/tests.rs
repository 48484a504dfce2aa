use super::*;

fn build() -> Build {
    Build {
        version: "3.5-dev4",
        features: &[("EPOLL", true)],
        switches: vec![("SPLICE", true)],
        tls_library: None,
    }
}

fn read(texts: &[&str]) -> (Vec<String>, Vec<String>) {
    let env = Environment::empty();
    let sources =
        texts.iter().enumerate().map(|(i, text)| Source::text(&format!("{i}.cfg"), *text)).collect();
    let mut reader = Reader::new(sources, build());
    let mut diags = Diags::new();
    let mut lines = Vec::new();
    while let Some(line) = reader.next_line(&env, &mut diags) {
        let words: Vec<&str> = line.words.iter().map(|w| &**w).collect();
        lines.push(format!("{}:{} {}", reader.file_number(), line.place.line, words.join("|")));
    }
    (lines, diags.iter().map(|d| format!("[{}] {}", d.severity.word(), d.text)).collect())
}

#[test]
fn yields_lines_with_physical_numbers() {
    let (lines, messages) = read(&["global # x\n\n # c\n  maxconn 5\n", "listen a\n"]);
    assert_eq!(lines, ["1:1 global", "1:4 maxconn|5", "2:1 listen|a"]);
    assert!(messages.is_empty());
}

#[test]
fn variables_set_between_lines_are_seen() {
    let mut env = Environment::empty();
    let mut diags = Diags::new();
    let mut reader = Reader::new(vec![Source::text("a", "setenv A b\nx \"$A\"\n")], build());
    let first = reader.next_line(&env, &mut diags).unwrap();
    env.set(first.words[1].bytes(), first.words[2].bytes()).unwrap();
    let second = reader.next_line(&env, &mut diags).unwrap();
    assert_eq!(&*second.words[1], "b");
}

/// Messages for one file, without the part before its name.
fn messages(text: &str) -> Vec<String> {
    read(&[text]).1.into_iter().map(|m| m.replace("parsing [0.cfg:", "")).collect()
}

#[test]
fn blocks_choose_lines() {
    let cases = [
        (".if 1\na\n.else\nb\n.endif\nc\n", "a c"),
        (".if 0\na\n.else\nb\n.endif\nc\n", "b c"),
        (".if\na\n.else\nb\n.endif\n", "b"),
        (".if 0\na\n.elif 1\nb\n.elif 1\nc\n.else\nd\n.endif\n", "b"),
        (".if 0\na\n.elif 0\nb\n.else\nd\n.endif\n", "d"),
        (".if 1\n.elif foo\na\n.endif\nb\n", "b"),
        (".if 0\n.if foo\n.alert x\n.elif bar(\n.else\na\n.endif\n.bad\n.endif\nb\n", "b"),
        (".if 1\n.if 0\na\n.else\nb\n.endif\nc\n.endif\n", "b c"),
        (".if defined(A) || streq(a,a) # comment\na\n.endif \"\"\n", "a"),
        ("\"\" foo\n\"$N\" bar\nc\n", "c"),
    ];
    for (text, expected) in cases {
        let (lines, messages) = read(&[text]);
        let words: Vec<&str> = lines.iter().filter_map(|l| l.split(' ').nth(1)).collect();
        assert_eq!(words.join(" "), expected, "{text}");
        assert!(messages.is_empty(), "{text}: {messages:?}");
    }
}

#[test]
fn mistakes_in_directives_are_told_as_the_reference_tells_them() {
    let cases = [
        (".else\n.notice x\n", "[ALERT] 1]: lone '.else' with no matching '.if'."),
        (".elif 1\n.notice x\n", "[ALERT] 1]: lone '.elif' with no matching '.if'."),
        (".endif\n.notice x\n", "[ALERT] 1]: lone '.endif' with no matching '.if'."),
        (".if 1\n\n", "[ALERT] 2]: non-terminated '.if' block."),
        (".if 1\n.else\n.else\n.endif\n", "[ALERT] 3]: '.else' after '.else' is not permitted."),
        (".if 1\n.else\n.elif 1\n.endif\n", "[ALERT] 3]: '.elif' after '.else' is not permitted."),
        (
            ".if 1\n.else x\n.endif\n",
            "[ALERT] 2]: Unexpected argument 'x' for '.else'.+[ALERT] 2]: non-terminated '.if' block.",
        ),
        (".endif x\n.notice y\n", "[ALERT] 1]: Unexpected argument 'x' for '.endif'."),
        (".bad\n.notice y\n", "[ALERT] 1]: unknown directive '.bad'."),
        (
            ".if 1 || foo\n.endif\n",
            "[ALERT] 1]: unparsable conditional expression 'foo' in '.if' at position 6:\n  .if 1 || foo\n           ^",
        ),
        (
            ".if 0\n.elif 1 2\n.endif\n",
            "[ALERT] 2]: unexpected character '2' at the end of conditional expression '1 2' in '.elif' at position 3:\n  .elif 1 2\n          ^",
        ),
        (
            ".if 1 ||\n.endif\n",
            "[ALERT] 1]: unparsable conditional expression '1 ||' in '.if' at position 3:\n  .if 1 ||\n        ^",
        ),
        (
            ".if 0\nfoo \"abc\n.endif\n.notice z\n",
            "[ALERT] 2]: unmatched quote at position 5:\n  foo \"abc\n      ^+[NOTICE] 4]: 'z'.",
        ),
        (".notice \"a b\"\n.warning\n.diag d\n", "[NOTICE] 1]: 'a b'.+[WARNING] 2]: ''.+[DIAG] 3]: 'd'."),
        (".alert a\n.notice b\n", "[ALERT] 1]: 'a'."),
        (
            ".alert a b\n.notice c\n",
            "[ALERT] 1]: Unexpected argument 'b' for '.alert'. Use quotes if the message should contain spaces.+[NOTICE] 2]: 'c'.",
        ),
        (".notice x \"\" y\n", "[NOTICE] 1]: 'x'."),
    ];
    for (text, expected) in cases {
        assert_eq!(messages(text).join("+"), expected, "{text}");
    }
}

#[test]
fn nesting_of_blocks_has_a_limit() {
    let nested = |count| [".if 1\n".repeat(count), ".notice x\n".into(), ".endif\n".repeat(count)].concat();
    assert_eq!(messages(&nested(99)), ["[NOTICE] 100]: 'x'."]);
    assert_eq!(messages(&nested(100)), ["[ALERT] 100]: too many nested '.if', max is 100."]);
}

#[test]
fn damaged_files_are_refused() {
    let truncated = "Missing LF on last line, file might have been truncated at position";
    assert_eq!(
        messages("global\n .notice x"),
        ["[NOTICE] 2]: 'x'.".into(), format!("[ALERT] 2]: {truncated} 11.")]
    );
    assert_eq!(messages("global\n # abc"), [format!("[ALERT] 2]: {truncated} 7.")]);
    assert_eq!(
        messages(".notice a\0b\n.notice c\n"),
        ["[NOTICE] 1]: 'a'.", "[ALERT] 1]: Stray NUL character at position 10."]
    );
    assert_eq!(
        messages(".if 1\n.notice a"),
        [
            "[NOTICE] 2]: 'a'.".into(),
            format!("[ALERT] 2]: {truncated} 10."),
            "[ALERT] 2]: non-terminated '.if' block.".into()
        ]
    );
    let long = format!("a{}\n", " ".repeat(LINE_LEN_MAX));
    assert_eq!(messages(&long), [format!("[ALERT] 1]: line too long, max is {LINE_LEN_MAX} bytes.")]);
    assert!(messages("").is_empty());
}

#[test]
fn what_stops_one_file_and_what_stops_all() {
    let second = |first: &str| read(&[first, ".notice b\n"]).1.last().cloned().unwrap_or_default();
    for goes_on in [".notice a", ".notice a\0\n", ".bad\n", "\"x\n", ".notice a b\n"] {
        assert_eq!(second(goes_on), "[NOTICE] parsing [1.cfg:1]: 'b'.", "{goes_on}");
    }
    for stops in [".alert a\n", ".else\n", ".if 1\n", ".if foo\n", ".else x\n", ".if 1\n.bad\n"] {
        assert!(!second(stops).contains("1.cfg"), "{stops}");
    }
}

#[test]
fn the_section_of_a_line_is_known_and_ends_with_its_file() {
    let text = ".notice \"$.SECTION\"\nlisten foo\n.notice \"$.SECTION:$.LINE:$.FILE\"\ndefaults\n.notice \"$.SECTION\"\n";
    let (_, messages) = read(&[text, ".notice \"$.SECTION\"\n"]);
    let texts: Vec<&str> = messages.iter().filter_map(|m| m.split("]: ").nth(1)).collect();
    assert_eq!(texts, ["''.", "'foo:3:0.cfg'.", "'defaults'.", "''."]);
}

#[test]
fn a_directory_gives_its_visible_cfg_files_in_order() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["z.cfg", "a.cfg", ".h.cfg", "x.txt", "_.CFG", ".cfg"] {
        std::fs::write(directory.path().join(name), format!(".notice {name}\n")).unwrap();
    }
    std::fs::create_dir(directory.path().join("sub.cfg")).unwrap();
    let extra = directory.path().join("x.txt");
    let sources = collect(&[directory.path().into(), extra.clone().into()]).unwrap();
    let expected = ["a.cfg", "z.cfg", "x.txt"].map(|name| directory.path().join(name).display().to_string());
    assert_eq!(sources.iter().map(Source::name).collect::<Vec<_>>(), expected);
    assert_eq!(names(&sources), expected.join(";"));

    let (mut reader, mut diags) = (Reader::new(sources, build()), Diags::new());
    assert!(reader.next_line(&Environment::empty(), &mut diags).is_none());
    assert_eq!((diags.count(Severity::Notice), reader.file_number(), reader.is_stopped()), (3, 3, false));
}

#[test]
fn files_that_cannot_be_read_are_named_with_the_cause() {
    let error = collect(&["/nonexistent/x".into()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cannot open configuration file/directory /nonexistent/x : No such file or directory"
    );
    let (mut reader, mut diags) =
        (Reader::new(vec![Source::file("/nonexistent/x".into())], build()), Diags::new());
    assert!(reader.next_line(&Environment::empty(), &mut diags).is_none());
    assert!(reader.is_stopped());
    let text = diags.iter().next().map(|d| d.text.clone());
    assert_eq!(
        text.as_deref(),
        Some("Could not open configuration file /nonexistent/x : No such file or directory")
    );
}
