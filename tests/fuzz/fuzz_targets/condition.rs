//! Any bytes as a condition: no panic, an answer or a reason, and a `!` in front turns the answer round.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::config::condition::{Facts, evaluate, evaluate_argument};
use subflow::config::expand::Environment;
use subflow::process::args::Args;
use subflow::process::version;

fuzz_target!(|data: &[u8]| {
    let mut env = Environment::empty();
    let _ = env.set(b"A", b"1");
    let build = version::build(&Args::default());
    let facts = Facts { build: &build, env: &env };
    if let Err(reason) = evaluate_argument(data, &facts) {
        assert!(!reason.is_empty());
    }
    match evaluate(data, &facts) {
        Ok(answer) => {
            let negated = [b"!(", data, b")"].concat();
            // An empty or too deeply nested condition cannot stand in parentheses.
            if let Ok(opposite) = evaluate(&negated, &facts) {
                assert_ne!(answer, opposite);
            }
        }
        Err(error) => assert!(error.at <= data.len() && !error.text.is_empty()),
    }
});
