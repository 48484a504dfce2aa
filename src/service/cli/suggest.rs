//! Which commands an operator may have meant.

use super::rows::Row;
use crate::config;

/// Suggestions shown for one mistake.
const SUGGESTIONS_MAX: usize = 8;

/// The commands of `rows` nearest to `typed`: those that begin with the same words, else those with a word
/// like one that was typed. Empty when there is no likeness at all.
pub fn nearest<H>(rows: &'static [Row<H>], typed: &[String]) -> Vec<&'static Row<H>> {
    let same_words =
        |row: &Row<H>| row.words.iter().zip(typed).take_while(|(word, typed)| *word == *typed).count();
    let most = rows.iter().map(same_words).max().unwrap_or(0);
    let mut likely: Vec<_> = rows.iter().filter(|row| most > 0 && same_words(row) == most).collect();
    if let Some(next) = typed.get(most).filter(|_| likely.len() > 1) {
        let near = |row: &&'static Row<H>| row.words.get(most).is_some_and(|word| is_like(word, next));
        if likely.iter().any(&near) {
            likely.retain(near);
        }
    }
    if likely.is_empty() {
        let like_words =
            |row: &Row<H>| row.words.iter().filter(|word| typed.iter().any(|t| is_like(word, t))).count();
        let most = rows.iter().map(like_words).max().unwrap_or(0);
        let near = |row: &&'static Row<H>| most > 0 && like_words(row) == most;
        likely = rows.iter().filter(near).take(SUGGESTIONS_MAX).collect();
    }
    likely
}

/// Whether `typed` may have been meant as `word`: the beginning of it, or mistyped.
fn is_like(word: &str, typed: &str) -> bool {
    let begins = |whole: &str, part: &str| {
        part.len() >= 2 && whole.get(..part.len()).is_some_and(|front| front.eq_ignore_ascii_case(part))
    };
    begins(word, typed) || begins(typed, word) || config::suggest::nearest(typed, [word]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::cli::rows::COMMANDS;

    fn near(line: &str) -> Vec<String> {
        let typed: Vec<String> = line.split(' ').map(str::to_owned).collect();
        nearest(COMMANDS, &typed).iter().map(|row| row.words.join(" ")).collect()
    }

    #[test]
    fn typing_mistakes_lead_to_the_command_meant() {
        assert_eq!(near("show inof"), ["show info"]);
        assert_eq!(near("show versionn"), ["show version"]);
        assert_eq!(near("sho info"), ["show info"]);
        assert_eq!(near("show cli"), ["show cli level", "show cli sockets"]);
        assert_eq!(near("qiut"), ["quit"]);
        assert!(near("show").len() > 5);
        assert_eq!(near("xyzzy"), [""; 0]);
    }
}
