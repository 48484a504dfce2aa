//! `http-error`: an answer of the operator's own in words, with headers and variables.

use super::errors;
use crate::config::cx::Cx;
use crate::config::draft::AnswerLine;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::{log_format, suggest};
use crate::settings::log_format::Format;
use crate::settings::{Answer, Made, Mode, Payload};
use crate::wire::http1::{builtin, compose, is_token};
use std::rc::Rc;

/// Rows of this file.
pub const ROWS: &[Directive] = &[row(
    "http-error",
    Sections::PROXY,
    Arity::ANY,
    "status <code> [content-type <type>] [default-errorfiles|errorfile <file>|errorfiles <name>|file <file>|lf-file <file>|string <text>|lf-string <format>] [hdr <name> <format>]...: the answer to this error",
    http_error as fn(&mut Cx<'_>),
)];

/// The words of a line.
const WORDS: [&str; 10] = [
    "status",
    "content-type",
    "default-errorfiles",
    "errorfile",
    "errorfiles",
    "file",
    "lf-file",
    "string",
    "lf-string",
    "hdr",
];

/// Headers that an answer has of itself.
const ITS_OWN: [&str; 3] = ["content-length", "transfer-encoding", "content-type"];

/// Where the answer comes from: its word and the argument.
type Origin<'a> = Option<(&'a str, &'a str)>;

/// A line as it was typed.
#[derive(Default)]
struct Typed<'a> {
    code: Option<u16>,
    content_type: Option<&'a str>,
    payload: Origin<'a>,
    headers: Vec<(&'a str, Format)>,
    names_headers: bool,
}

fn http_error(cx: &mut Cx<'_>) {
    let Some(typed) = words(cx) else { return };
    if let Some((word @ ("default-errorfiles" | "errorfile" | "errorfiles"), _)) = typed.payload {
        warn_of_what_is_ignored(cx, &typed, "when used with an errorfile");
        return other_source(cx, &typed, word);
    }
    let Some(body) = body(cx, &typed) else { return };
    let Some(code) = code(cx, &typed) else { return };
    let is_empty = matches!(&body, Payload::Bytes(bytes) if bytes.is_empty());
    let content_type = typed.content_type.filter(|_| !is_empty);
    let literal = |(name, value): &(&str, Format)| Some((name.to_ascii_lowercase(), value.literal()?));
    let headers: Option<Vec<(String, String)>> = typed.headers.iter().map(literal).collect();
    let answer = match (headers, body.literal()) {
        (Some(headers), Some(body)) => {
            let lines = headers.iter().filter(|(_, value)| !value.is_empty());
            let lines = lines.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            let text = compose(code, lines, content_type.map(str::as_bytes), &body);
            match errors::checked(cx, &format!("status {code}"), &text) {
                Some(canned) => Answer::Canned(Rc::new(canned)),
                None => return,
            }
        }
        _ => Answer::Made(Rc::new(Made {
            headers: typed
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            content_type: content_type.map(str::to_owned),
            body,
        })),
    };
    push(cx, AnswerLine::Own(code, answer));
}

fn push(cx: &mut Cx<'_>, line: AnswerLine) {
    if let Some(proxy) = cx.proxy() {
        proxy.answer_lines.push(line);
    }
}

/// Reads the words; what is wrong is told.
fn words<'a>(cx: &mut Cx<'a>) -> Option<Typed<'a>> {
    let mut typed = Typed::default();
    let mut at = 0;
    while !cx.arg(at).is_empty() {
        let (word, value) = (cx.arg(at), cx.arg(at + 1));
        let expects = |what: &str| Some(format!("http-error : '{word}' expects {what}"));
        let wrong = match word {
            "status" if value.is_empty() => expects("<status_code> as argument"),
            "status" => {
                typed.code = value.parse().ok().filter(|code| (200..=599).contains(code));
                let text = format!("http-error : Unexpected status code '{value}'");
                typed.code.is_none().then_some(text)
            }
            "content-type" if value.is_empty() => expects("<ctype> as argument"),
            "content-type" if value.bytes().any(|byte| byte.is_ascii_control()) => expects("a type"),
            "content-type" => {
                typed.content_type = Some(value);
                None
            }
            "hdr" => match header(cx, value, cx.arg(at + 2)) {
                Ok(header) => {
                    typed.names_headers = true;
                    typed.headers.extend(header);
                    at += 1;
                    None
                }
                Err(wrong) => Some(format!("http-error : {wrong}")),
            },
            _ => match payload_argument(word) {
                None => Some(unknown(word)),
                Some(what) => match typed.payload.replace((word, value)) {
                    Some((before, _)) => {
                        Some(format!("http-error : unexpected '{word}' argument, '{before}' already defined"))
                    }
                    None if !what.is_empty() && value.is_empty() => expects(&format!("{what} as argument")),
                    None => None,
                },
            },
        };
        if let Some(wrong) = wrong {
            cx.alert(wrong);
            return None;
        }
        at += if word == "default-errorfiles" { 1 } else { 2 };
    }
    Some(typed)
}

fn unknown(word: &str) -> String {
    let near = suggest::hint(word, WORDS);
    let end = if near.is_empty() { "." } else { near.as_str() };
    format!("http-error : unknown keyword '{word}'{end}")
}

/// What follows a word that says where the answer comes from; empty for nothing.
fn payload_argument(word: &str) -> Option<&'static str> {
    Some(match word {
        "default-errorfiles" => "",
        "errorfile" | "lf-string" => "<fmt>",
        "errorfiles" => "<name>",
        "file" | "lf-file" => "<file>",
        "string" => "<str>",
        _ => return None,
    })
}

/// `hdr <name> <format>`; nothing for a header that is ignored.
fn header<'a>(cx: &mut Cx<'_>, name: &'a str, value: &str) -> Result<Option<(&'a str, Format)>, String> {
    if name.is_empty() || value.is_empty() {
        return Err("'hdr' expects <name> and <value> as arguments".into());
    }
    if !name.bytes().all(is_token) {
        return Err(format!("'hdr' expects the name of a header, '{name}' is none"));
    }
    if ITS_OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        cx.warning(format!("header '{name}' always ignored by the http reply."));
        return Ok(None);
    }
    Ok(Some((name, log_format::compile_answer(value, is_http(cx))?)))
}

/// The mode that is known at this line.
fn is_http(cx: &mut Cx<'_>) -> bool {
    cx.proxy().is_some_and(|proxy| proxy.settings.mode == Mode::Http)
}

/// The code, if it is one that has an answer.
fn code(cx: &mut Cx<'_>, typed: &Typed<'_>) -> Option<u16> {
    let Some(code) = typed.code else {
        cx.alert("http-error : expects at least a <status> as arguments.");
        return None;
    };
    if builtin(code).is_none() {
        cx.alert(format!("http-error: status code '{code}' not handled."));
        return None;
    }
    Some(code)
}

fn warn_of_what_is_ignored(cx: &mut Cx<'_>, typed: &Typed<'_>, when: &str) {
    if let Some(content_type) = typed.content_type {
        cx.warning(format!("content-type '{content_type}' ignored by the http reply {when}."));
    }
    if typed.names_headers {
        cx.warning(format!("hdr parameters ignored by the http reply {when}."));
    }
}

/// Answers that stand elsewhere.
fn other_source(cx: &mut Cx<'_>, typed: &Typed<'_>, word: &str) {
    let Some(code) = code(cx, typed) else { return };
    let argument = typed.payload.map_or("", |(_, argument)| argument);
    let line = match word {
        "default-errorfiles" => AnswerLine::Default(code),
        "errorfile" => match errors::whole_message(cx, argument) {
            Some(canned) => AnswerLine::Own(code, Answer::Canned(Rc::new(canned))),
            None => return,
        },
        _ => AnswerLine::Group { place: cx.place.clone(), name: argument.to_owned(), codes: vec![code] },
    };
    push(cx, line);
}

/// The body; what is wrong with it is told.
fn body(cx: &mut Cx<'_>, typed: &Typed<'_>) -> Option<Payload> {
    let Some((word, argument)) = typed.payload else {
        if let Some(content_type) = typed.content_type {
            let why = "because neither errorfile nor payload defined";
            cx.warning(format!("content-type '{content_type}' ignored by the http reply {why}."));
        }
        return Some(Payload::Bytes(Vec::new()));
    };
    let bytes = match word {
        "file" | "lf-file" => errors::read(cx, argument)?,
        _ => argument.as_bytes().to_vec(),
    };
    if word.starts_with("lf-") {
        return match compiled(cx, typed, argument, &bytes) {
            Ok(format) => Some(Payload::Format(format)),
            Err(reason) => {
                cx.alert(format!("http-error : {reason}"));
                None
            }
        };
    }
    match typed.content_type {
        None if !bytes.is_empty() => {
            cx.alert("http-error : a content type must be defined when non-empty payload is configured");
            return None;
        }
        Some(content_type) if bytes.is_empty() => {
            let when = "when used with an empty payload";
            cx.warning(format!("content-type '{content_type}' ignored by the http reply {when}."));
        }
        _ => {}
    }
    Some(Payload::Bytes(bytes))
}

/// The format of a body; `name` is that of its file.
fn compiled(cx: &mut Cx<'_>, typed: &Typed<'_>, name: &str, bytes: &[u8]) -> Result<Format, String> {
    if typed.content_type.is_none() {
        return Err("a content type must be defined with a log-format payload".into());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| format!("'{name}': not a text in UTF-8"))?;
    log_format::compile_answer(text, is_http(cx))
}
