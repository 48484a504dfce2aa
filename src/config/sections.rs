//! Lines into the draft: section lines open sections, other lines go to the handler of their row.

use super::cx::{Cx, Prefix};
use super::draft::{Current, Draft, ErrorGroup, ProxyDraft, Use, called};
use super::expand::Environment;
use super::keyword::{self, Directive, Row, Sections};
use super::keywords::options::can_be_negated;
use super::keywords::servers::is_name_char;
use super::keywords::{TABLES, options};
use super::lines::{Line, Word};
use super::names::Names;
use super::{reference_words, suggest, unknown};
use crate::base::diag::{Diags, Place, Severity};
use crate::settings::{Answers, Kind};

/// Takes one line into the draft; mistakes become messages.
pub fn take(line: &Line, draft: &mut Draft, names: Names, env: &mut Environment, diags: &mut Diags) {
    let Some(first) = line.words.first() else { return };
    if reference_words::SECTIONS.contains(&&**first) {
        draft.current = Current::Skipped;
        open(line, draft, diags);
        return;
    }
    match draft.current {
        Current::Skipped => {}
        Current::None => diags.in_line(Severity::Alert, &line.place, unknown::out_of_section(first)),
        _ => keyword_line(line, draft, names, env, diags),
    }
}

fn open(line: &Line, draft: &mut Draft, diags: &mut Diags) {
    let word = |n: usize| line.words.get(n).map_or("", |w| &**w);
    match word(0) {
        "global" => {
            if !word(1).is_empty() {
                let text = format!("'global' cannot handle unexpected argument '{}'.", word(1));
                return diags.at(Severity::Alert, &line.place, text);
            }
            draft.current = Current::Global;
        }
        "defaults" => open_defaults(line, draft, diags),
        "frontend" => open_proxy(Kind::Frontend, line, draft, diags),
        "backend" => open_proxy(Kind::Backend, line, draft, diags),
        "listen" => open_proxy(Kind::Listen, line, draft, diags),
        "http-errors" => open_http_errors(line, draft, diags),
        other => {
            let text = format!("section '{other}' is not supported by subflow yet");
            diags.at(Severity::Alert, &line.place, text);
        }
    }
}

/// `from <name>` at `words`: the parent's name, or what is wrong.
fn parent_name(words: &[Word]) -> Result<Option<&str>, String> {
    match words {
        [] => Ok(None),
        [from, name] if &**from == "from" => Ok(Some(name)),
        [from] if &**from == "from" => Err("'from' expects the name of a defaults section.".into()),
        [from, _, extra, ..] if &**from == "from" => {
            Err(format!("cannot handle unexpected argument '{}'.", &**extra))
        }
        [..] => Ok(None),
    }
}

fn open_defaults(line: &Line, draft: &mut Draft, diags: &mut Diags) {
    let place = &line.place;
    let (name, rest): (&str, &[Word]) = match line.words.get(1..).unwrap_or(&[]) {
        [first, rest @ ..] if &**first != "from" => (first, rest),
        rest => ("", rest),
    };
    // as in the reference, other words behind the name are a remark
    let rest = if rest.first().is_some_and(|word| &**word == "from") { rest } else { &[] };
    let parent = match parent_name(rest) {
        Ok(parent) => parent,
        Err(reason) => return diags.at(Severity::Alert, place, format!("'defaults' : {reason}")),
    };
    let who = format!("defaults '{name}'");
    let mut section = match parent {
        None => ProxyDraft::new(Kind::Listen, name, place.clone()),
        Some(parent) => match find_defaults(&draft.defaults, parent, &who) {
            Ok(at) => inherit(&mut draft.defaults, at, Use::Explicit, Kind::Listen, name, place, diags),
            Err(reason) => return diags.at(Severity::Alert, place, reason),
        },
    };
    section.is_defaults = true;
    draft.defaults.push(section);
    draft.current = Current::Defaults(draft.defaults.len() - 1);
}

fn open_http_errors(line: &Line, draft: &mut Draft, diags: &mut Diags) {
    let place = &line.place;
    let name = line.words.get(1).map_or("", |word| &**word);
    if name.is_empty() {
        return diags.at(Severity::Alert, place, "missing name for http-errors section.");
    }
    if let Some(bad) = name.chars().find(|c| !is_name_char(*c)) {
        let text = format!("character '{bad}' is not permitted in 'http-errors' name '{name}'.");
        return diags.at(Severity::Alert, place, text);
    }
    if let Some(twin) = draft.error_groups.iter().find(|group| group.name == name) {
        let twin = format!("{}:{}", twin.place.file, twin.place.line);
        let text = format!("http-errors section '{name}' already exists (declared at {twin}).");
        return diags.in_line(Severity::Alert, place, text);
    }
    draft.error_groups.push(ErrorGroup {
        place: place.clone(),
        name: name.to_owned(),
        answers: Answers::default(),
    });
    draft.current = Current::HttpErrors(draft.error_groups.len() - 1);
}

fn open_proxy(kind: Kind, line: &Line, draft: &mut Draft, diags: &mut Diags) {
    let (word, place) = (kind.word(), &line.place);
    let name = line.words.get(1).map_or("", |w| &**w);
    if name.is_empty() {
        return diags.at(Severity::Alert, place, format!("'{word}' expects an <id> argument"));
    }
    if let Some(bad) = name.chars().find(|c| !is_name_char(*c)) {
        let text = format!("character '{bad}' is not permitted in '{word}' name '{name}'.");
        return diags.at(Severity::Alert, place, text);
    }
    let rest = line.words.get(2..).unwrap_or(&[]);
    let parent = match rest {
        [] => draft.defaults.len().checked_sub(1).map(|at| (at, Use::Implicit)),
        [from, parent] if &**from == "from" => {
            match find_defaults(&draft.defaults, parent, &format!("{} '{name}'", called(kind))) {
                Ok(at) => Some((at, Use::Explicit)),
                Err(reason) => return diags.at(Severity::Alert, place, reason),
            }
        }
        _ => {
            let text = "please use the 'bind' keyword for listening addresses.";
            return diags.at(Severity::Alert, place, text);
        }
    };
    if let Some(twin) = draft.directory.twin(kind, name).and_then(|at| draft.proxies.get(at)) {
        let text = format!(
            "Parsing [{}:{}]: {} '{name}' has the same name as {} declared at {}:{}.",
            place.file,
            place.line,
            called(kind),
            twin.title(),
            twin.settings.place.file,
            twin.settings.place.line
        );
        diags.alert(text);
    }
    let section = match parent {
        Some((at, how)) => inherit(&mut draft.defaults, at, how, kind, name, place, diags),
        None => ProxyDraft::new(kind, name, place.clone()),
    };
    draft.directory.enter(kind, name, draft.proxies.len());
    draft.proxies.push(section);
    draft.current = Current::Proxy(draft.proxies.len() - 1);
}

/// A section that begins with the values of `defaults[at]`. Using a named one both with and without
/// its name is told once, as in the reference, and goes on.
fn inherit(
    defaults: &mut [ProxyDraft],
    at: usize,
    how: Use,
    kind: Kind,
    name: &str,
    place: &Place,
    diags: &mut Diags,
) -> ProxyDraft {
    let Some(parent) = defaults.get_mut(at) else { return ProxyDraft::new(kind, name, place.clone()) };
    let mixed = parent.used.is_some_and(|used| used != Use::Mixed && used != how);
    if mixed && !parent.settings.name.is_empty() {
        parent.used = Some(Use::Mixed);
        let declared = &parent.settings.place;
        let text = format!(
            "defaults section '{}' (declared at {}:{}) is explicitly referenced by another proxy and implicitly used here. To avoid any ambiguity don't mix both usage. Add a last defaults section not explicitly used or always use explicit references.",
            parent.settings.name, declared.file, declared.line
        );
        diags.tolerated(place, text);
    }
    parent.used = parent.used.or(Some(how));
    ProxyDraft::inherit(parent, kind, name, place.clone())
}

/// Position of the one `defaults` section called `name`.
fn find_defaults(defaults: &[ProxyDraft], name: &str, who: &str) -> Result<usize, String> {
    let mut found = defaults.iter().enumerate().filter(|(_, section)| section.settings.name == name);
    match (found.next(), found.next()) {
        (Some((at, one)), None) => match name.chars().find(|c| !is_name_char(*c)) {
            None => Ok(at),
            Some(bad) => Err(format!(
                "character '{bad}' is not permitted in defaults section name '{name}' when designated by its name (section found at {}:{}).",
                one.settings.place.file, one.settings.place.line
            )),
        },
        (Some((_, one)), Some((_, two))) => {
            let (one, two) = (&one.settings.place, &two.settings.place);
            Err(format!(
                "ambiguous defaults section name '{name}' referenced by {who} exists at least at {}:{} and {}:{}.",
                one.file, one.line, two.file, two.line
            ))
        }
        (None, _) => {
            let near = suggest::hint(name, defaults.iter().map(|s| s.settings.name.as_str()));
            match near.is_empty() {
                true => Err(format!("defaults section '{name}' not found for {who}.")),
                false => Err(format!("defaults section '{name}' not found for {who}{near}")),
            }
        }
    }
}

/// Keywords that may stand behind `no`.
const NEGATED: &[&str] = &[
    "option",
    "log",
    "busy-polling",
    "set-dumpable",
    "strict-limits",
    "insecure-fork-wanted",
    "numa-cpu-mapping",
];

fn keyword_line(line: &Line, draft: &mut Draft, names: Names, env: &mut Environment, diags: &mut Diags) {
    let Some(section) = draft.section() else { return };
    let (prefix, words) = Cx::split_prefix(line);
    let word = |n: usize| words.get(n).map_or("", |w| &**w);
    let (first, second) = (word(0), word(1));
    let row = keyword::find(TABLES, section, first, second);
    if prefix != Prefix::Plain && !may_follow(prefix, first, second, row, &line.place, diags) {
        return;
    }
    let Some(row) = row else {
        return diags.at(Severity::Alert, &line.place, unknown::directive(first, second, section));
    };
    let place = &line.place;
    let mut cx = Cx { place, words, prefix, keyword_len: row.words(), section, draft, diags, env, names };
    if !is_legal_here(row, &mut cx) || !has_its_arguments(row, &mut cx) {
        return;
    }
    (row.handler)(&mut cx);
}

fn may_follow(
    prefix: Prefix,
    first: &str,
    second: &str,
    row: Option<&Directive>,
    place: &Place,
    diags: &mut Diags,
) -> bool {
    let option = first == "option";
    if option && row.is_some_and(|row| row.name == "option") && !second.is_empty() {
        let known = reference_words::get(reference_words::OPTIONS, second).is_some();
        let text = match known {
            true => unknown::option(second, options::ROWS),
            false => format!("negation/default is not supported for option '{second}'."),
        };
        diags.in_line(Severity::Alert, place, text);
        return false;
    }
    if option && !row.is_some_and(|row| can_be_negated(row.name)) {
        let text = format!("negation/default is not supported for option '{second}'.");
        diags.in_line(Severity::Alert, place, text);
        return false;
    }
    if option || (prefix == Prefix::No && NEGATED.contains(&first)) {
        return true;
    }
    let list = NEGATED.join(", ").replace("option,", "options,");
    let list = match list.rsplit_once(", ") {
        Some((head, last)) => format!("{head} and {last}"),
        None => list,
    };
    diags.in_line(Severity::Alert, place, format!("negation/default currently supported only for {list}."));
    false
}

/// Says so where a keyword does not belong in this section. A proxy that lacks the side it is for
/// only gets a warning, as in the reference; the handler still checks the words.
fn is_legal_here(row: &Directive, cx: &mut Cx<'_>) -> bool {
    if row.sections.contains(cx.section) || row.warns_itself {
        return true;
    }
    let keyword = cx.keyword();
    if cx.section == Sections::DEFAULTS {
        let text = format!("'{keyword}' not allowed in 'defaults' section.");
        match row.name {
            "id" | "description" => cx.alert_tight(text),
            _ => cx.alert(text),
        }
        return false;
    }
    if matches!(row.name, "server" | "server-template" | "default-server") {
        return true;
    }
    let title = cx.title();
    let side = if cx.lacks_frontend() { "frontend" } else { "backend" };
    let instead = match row.name {
        "maxconn" => " Maybe you want 'fullconn' instead ?",
        "fullconn" => " Maybe you want 'maxconn' instead ?",
        _ => "",
    };
    let shown = keyword.strip_prefix("option ").unwrap_or(&keyword);
    cx.warning(format!("'{shown}' ignored because {title} has no {side} capability.{instead}"));
    true
}

fn has_its_arguments<H>(row: &Row<H>, cx: &mut Cx<'_>) -> bool {
    if cx.args().len() < row.arity.min || (row.arity.min > 0 && cx.arg(0).is_empty()) {
        let keyword = cx.keyword();
        cx.alert(format!("'{keyword}' {}", row.arity.missing));
        return false;
    }
    cx.no_more_than(row.arity.max)
}
