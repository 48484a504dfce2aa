//! Answers of the operator's own: `errorfile`, `errorfiles`, `errorloc`.

use crate::config::cx::Cx;
use crate::config::draft::{AnswerLine, Current};
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::settings::Answer;
use crate::wire::http1::{Canned, CannedError, Limits, builtin};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::rc::Rc;

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row(
        "errorfile",
        Sections::ANSWERING,
        Arity::ANY,
        "<code> <file>: a whole HTTP message to send instead of this error, nothing if it is empty",
        errorfile as fn(&mut Cx<'_>),
    ),
    row(
        "errorfiles",
        Sections::PROXY,
        Arity::ANY,
        "<name> [<code> ...]: the answers of this 'http-errors' section, or those to these errors",
        errorfiles as fn(&mut Cx<'_>),
    ),
    location("errorloc", "<code> <url>: as errorloc302"),
    location("errorloc302", "<code> <url>: redirect with a 302 instead of sending this error"),
    location("errorloc303", "<code> <url>: redirect with a 303, so that a POST becomes a GET"),
];

const fn location(name: &'static str, help: &'static str) -> Directive {
    row(name, Sections::PROXY, Arity::ANY, help, errorloc as fn(&mut Cx<'_>))
}

/// The code of the line, if it is one that has an answer; else what is wrong is told.
fn code(cx: &mut Cx<'_>, wanted: &str) -> Option<u16> {
    let keyword = cx.keyword();
    if cx.arg(1).is_empty() {
        cx.alert(format!("{keyword} : expects <status_code> and <{wanted}> as arguments."));
        return None;
    }
    let code = handled(cx, 0);
    if let Some(extra) = cx.args().get(2) {
        cx.warning(format!("{keyword} : '{}' behind the {wanted} is ignored.", &**extra));
    }
    code
}

/// The code that is word `at`, if it is one that has an answer; else that is told.
fn handled(cx: &mut Cx<'_>, at: usize) -> Option<u16> {
    let (keyword, text) = (cx.keyword(), cx.arg(at));
    let code = text.parse().ok().filter(|code| builtin(*code).is_some());
    if code.is_none() {
        cx.alert(format!("{keyword} : status code '{text}' not handled."));
    }
    code
}

/// What a head may be, as for a server's answers.
fn limits(cx: &Cx<'_>) -> Limits {
    let tune = &cx.draft.global.tune;
    Limits { header_count_max: tune.http_maxhdr.min(u32::from(u16::MAX)) as u16, ..Limits::default() }
}

fn store(cx: &mut Cx<'_>, code: u16, answer: Canned) {
    let answer = Answer::Canned(Rc::new(answer));
    if let Current::HttpErrors(at) = cx.draft.current {
        if let Some(group) = cx.draft.error_groups.get_mut(at) {
            group.answers.set(code, answer);
        }
    } else if let Some(proxy) = cx.proxy() {
        proxy.answer_lines.push(AnswerLine::Own(code, answer));
    }
}

fn errorfiles(cx: &mut Cx<'_>) {
    let name = cx.arg(0).to_owned();
    if name.is_empty() {
        return cx.alert("errorfiles : expects <name> as argument.");
    }
    let mut codes = Vec::new();
    for at in 1..cx.args().len() {
        let Some(code) = handled(cx, at) else { return };
        codes.push(code);
    }
    let place = cx.place.clone();
    if let Some(proxy) = cx.proxy() {
        proxy.answer_lines.push(AnswerLine::Group { place, name, codes });
    }
}

fn errorfile(cx: &mut Cx<'_>) {
    let Some(code) = code(cx, "file") else { return };
    if let Some(answer) = whole_message(cx, cx.arg(1)) {
        store(cx, code, answer);
    }
}

/// Reads the message in a file.
pub fn whole_message(cx: &mut Cx<'_>, name: &str) -> Option<Canned> {
    let text = read(cx, name)?;
    checked(cx, name, &text)
}

/// The message in `text`, which is called `name`; what is wrong with it is told.
pub fn checked(cx: &mut Cx<'_>, name: &str, text: &[u8]) -> Option<Canned> {
    let (keyword, len_max) = (cx.keyword(), cx.draft.global.tune.bufsize);
    match Canned::parse(text, &limits(cx)) {
        Ok(answer) if answer.len_max() <= len_max => return Some(answer),
        Ok(_) => cx.alert(format!("{keyword} : '{name}': larger than a buffer of {len_max} bytes.")),
        Err(error) => cx.alert(format!("{keyword} : '{name}': {error}")),
    }
    None
}

/// Reads a file of at most one buffer; more than that, or an error, is told.
pub fn read(cx: &mut Cx<'_>, name: &str) -> Option<Vec<u8>> {
    let keyword = cx.keyword();
    let path: PathBuf = cx.draft.default_path.of(cx.place, name);
    let Ok(file) = File::open(path) else {
        cx.alert(format!("{keyword} : error opening file '{name}'."));
        return None;
    };
    let len_max = cx.draft.global.tune.bufsize;
    let mut text = Vec::new();
    match file.take(len_max as u64 + 1).read_to_end(&mut text) {
        Err(_) => {
            cx.alert(format!("{keyword} : error reading file '{name}'."));
            None
        }
        Ok(_) if text.len() > len_max => {
            cx.alert(format!("{keyword} : '{name}': larger than a buffer of {len_max} bytes."));
            None
        }
        Ok(_) => Some(text),
    }
}

fn errorloc(cx: &mut Cx<'_>) {
    let Some(code) = code(cx, "url") else { return };
    let keyword = cx.keyword();
    let status = if keyword == "errorloc303" { 303 } else { 302 };
    let answer: Result<Canned, CannedError> = Canned::redirect(status, cx.arg(1).as_bytes(), &limits(cx));
    match answer {
        Ok(answer) => store(cx, code, answer),
        Err(error) => cx.alert(format!("{keyword} : '{}': {error}", cx.arg(1))),
    }
}
