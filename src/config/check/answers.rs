//! The answers that a proxy gives instead of the built-in ones: its own, and those of `http-errors` sections.

use crate::base::diag::{Diags, Severity};
use crate::config::draft::{AnswerLine, ErrorGroup, ProxyDraft};
use crate::config::suggest;

/// Brings the lines of a proxy together; the later one counts.
pub fn collect(proxy: &mut ProxyDraft, groups: &[ErrorGroup], diags: &mut Diags) {
    let answers = &mut proxy.settings.answers;
    for line in &proxy.answer_lines {
        let (place, name, codes) = match line {
            AnswerLine::Own(code, answer) => {
                answers.set(*code, answer.clone());
                continue;
            }
            AnswerLine::Default(code) => {
                answers.unset(*code);
                continue;
            }
            AnswerLine::Group { place, name, codes } => (place, name, codes),
        };
        let who = &proxy.settings.name;
        let Some(group) = groups.iter().find(|group| group.name == *name) else {
            let near = suggest::hint(name, groups.iter().map(|group| group.name.as_str()));
            let end = if near.is_empty() { "." } else { near.as_str() };
            let at = format!("{}:{}", place.file, place.line);
            diags.alert(format!("proxy '{who}': unknown http-errors section '{name}' (at {at}){end}"));
            continue;
        };
        group.answers.iter().filter(|(code, _)| codes.is_empty() || codes.contains(code)).for_each(
            |(code, answer)| {
                answers.set(*code, answer.clone());
            },
        );
        for code in codes.iter().filter(|code| group.answers.get(**code).is_none()) {
            let text = format!("status '{code}' not declared in http-errors section '{name}'");
            let text = format!("proxy '{who}' : {text} (at {}:{}).", place.file, place.line);
            diags.push(Severity::Warning, text);
        }
    }
}
