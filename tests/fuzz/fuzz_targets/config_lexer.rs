//! Any bytes as configuration files: no panic, lines have words, and places only go forward.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::base::diag::Diags;
use subflow::config::expand::Environment;
use subflow::config::lexer::WORDS_MAX;
use subflow::config::source::{Reader, Source};
use subflow::process::args::Args;
use subflow::process::version;

fuzz_target!(|data: &[u8]| {
    let mut env = Environment::empty();
    let _ = env.set(b"A", b"value");
    let _ = env.set(b"L", b" one two\tthree ");
    let half = data.len() / 2;
    let sources = vec![Source::text("a.cfg", &data[..half]), Source::text("b.cfg", &data[half..])];
    let mut reader = Reader::new(sources, version::build(&Args::default()));
    let mut diags = Diags::new();
    let mut last = (1, 0);
    while let Some(line) = reader.next_line(&env, &mut diags) {
        assert!((1..=WORDS_MAX).contains(&line.words.len()));
        assert!(!line.words[0].is_empty());
        assert!(line.words.iter().all(|word| !word.bytes().contains(&0)));
        let place = (reader.file_number(), line.place.line);
        assert!(place > last);
        last = place;
        // What a `setenv` line does between two lines.
        if let [_, name, value, ..] = line.words.as_slice() {
            let _ = env.set(name.bytes(), &value.bytes()[..value.bytes().len().min(64)]);
        }
    }
    assert!(!reader.is_stopped() || diags.refuses());
});
