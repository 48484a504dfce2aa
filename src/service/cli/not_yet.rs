//! Commands of the reference that belong to what this program does not do yet: whoever sends one learns that, instead
//! of a list of others.

/// The first words of each.
#[rustfmt::skip]
static NOT_YET: &[&[&str]] = &[
    &["abort", "ssl"], &["add", "acl"], &["add", "map"], &["add", "server"], &["add", "ssl"],
    &["clear", "acl"], &["clear", "map"], &["clear", "table"], &["commit", "acl"], &["commit", "map"],
    &["commit", "ssl"], &["del", "acl"], &["del", "map"], &["del", "server"], &["del", "ssl"],
    &["get", "acl"], &["get", "map"], &["get", "var"], &["new", "ssl"], &["prepare", "acl"], &["prepare", "map"],
    &["set", "map"], &["set", "profiling"], &["set", "ssl"], &["set", "table"], &["set", "var"],
    &["show", "acl"], &["show", "cache"], &["show", "events"], &["show", "libs"], &["show", "map"],
    &["show", "peers"], &["show", "profiling"], &["show", "resolvers"], &["show", "schema"],
    &["show", "ssl"], &["show", "table"], &["show", "tasks"], &["show", "threads"],
    &["show", "tls-keys"], &["show", "trace"], &["trace"], &["update", "ssl"],
];

/// The name of a command of the reference that `words` begin with and that is not there yet.
pub fn name(words: &[String]) -> Option<String> {
    let known = NOT_YET.iter().find(|names| {
        names.len() <= words.len() && names.iter().zip(words).all(|(name, word)| *name == word)
    });
    known.map(|names| names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::cli::rows::{COMMANDS, find};
    use crate::service::cli::testing::expect_answers;

    #[test]
    fn what_is_not_there_yet_is_called_so() {
        expect_answers(&[
            ("show table x", "Unknown command: 'show table' is not supported yet.\n\n"),
            ("trace", "Unknown command: 'trace' is not supported yet.\n\n"),
            ("show version; get map x y", "9.9\n\nUnknown command: 'get map' is not supported yet.\n\n"),
        ]);
    }

    #[test]
    fn no_command_is_both_there_and_not() {
        for names in NOT_YET {
            let words: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            assert!(find(COMMANDS, &words).is_none(), "{words:?}");
        }
    }
}
