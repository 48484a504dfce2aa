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
