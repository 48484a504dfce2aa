//! `cookie`, `dynamic-cookie-key`, `persist` (configuration.txt 4.2): what keeps a client at its server.

use crate::base::diag::Severity;
use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::number::{self, NumberError, Unit};
use crate::config::unknown;
use crate::settings::{Cookie, CookieMode};

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row(
        "cookie",
        Sections::BACK,
        Arity::some("expects <cookie_name> as argument."),
        "<name> [rewrite|insert|prefix] [indirect] [nocache] [postonly] [preserve] [httponly] [secure] \
         [domain <domain>]* [maxidle <time>] [maxlife <time>] [dynamic] [attr <value>]*: the cookie that \
         keeps clients at their server",
        cookie as fn(&mut Cx<'_>),
    ),
    row(
        "dynamic-cookie-key",
        Sections::BACK,
        Arity::some("expects <secret_key> as argument."),
        "<key>: what dynamic cookies are hashed with",
        dynamic_cookie_key,
    ),
    row("persist", Sections::BACK, Arity::ANY, "a method must follow", persist as fn(&mut Cx<'_>))
        .warning_itself(),
    row(
        "persist rdp-cookie",
        Sections::BACK,
        Arity::ANY,
        "[(<name>)]: the RDP cookie of the first packet names the server",
        persist as fn(&mut Cx<'_>),
    )
    .warning_itself(),
];

/// Options behind the name.
const WORDS: &[&str] = &[
    "rewrite", "insert", "prefix", "indirect", "nocache", "postonly", "preserve", "httponly", "secure",
    "domain", "maxidle", "maxlife", "dynamic", "attr",
];

/// The cookie of `persist rdp-cookie` when none is named.
const RDP_COOKIE_DEFAULT: &str = "msts";

/// Attributes in the order in which they are written, whatever the order of the words.
#[derive(Default)]
struct Attributes {
    domains: String,
    httponly: bool,
    secure: bool,
    extra: String,
}

impl Attributes {
    fn text(self) -> String {
        let httponly = if self.httponly { "; HttpOnly" } else { "" };
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}{httponly}{secure}{}", self.domains, self.extra)
    }
}

fn cookie(cx: &mut Cx<'_>) {
    let mut cookie = Cookie { name: cx.arg(0).to_owned(), ..Cookie::default() };
    let mut attributes = Attributes::default();
    let mut modes = [false; 3];
    let mut at = 1;
    while at < cx.args().len() {
        at += match cx.arg(at) {
            "rewrite" => flag(&mut modes[0]),
            "insert" => flag(&mut modes[1]),
            "prefix" => flag(&mut modes[2]),
            "indirect" => flag(&mut cookie.indirect),
            "nocache" => flag(&mut cookie.nocache),
            "postonly" => flag(&mut cookie.postonly),
            "preserve" => flag(&mut cookie.preserve),
            "dynamic" => flag(&mut cookie.dynamic),
            "httponly" => flag(&mut attributes.httponly),
            "secure" => flag(&mut attributes.secure),
            "domain" | "attr" | "maxidle" | "maxlife" => {
                if !valued(cx, at, &mut cookie, &mut attributes) {
                    return;
                }
                2
            }
            word => return unknown_word(cx, word),
        };
    }
    cookie.mode = match modes {
        [false, false, false] => CookieMode::Passive,
        [true, false, false] => CookieMode::Rewrite,
        [false, true, false] => CookieMode::Insert,
        [false, false, true] => CookieMode::Prefix,
        _ => return cx.alert("cookie 'rewrite', 'insert' and 'prefix' modes are incompatible."),
    };
    if cookie.mode == CookieMode::Rewrite && cookie.indirect {
        return cx.alert("cookie 'rewrite' and 'indirect' modes are incompatible.");
    }
    if cookie.preserve && cookie.mode != CookieMode::Insert && !cookie.indirect {
        return cx.alert("cookie 'preserve' requires at least 'insert' or 'indirect'.");
    }
    cookie.attributes = attributes.text();
    if let Some(proxy) = cx.proxy() {
        proxy.settings.cookie = Some(cookie);
    }
}

/// Sets a flag and says how many words it took.
fn flag(flag: &mut bool) -> usize {
    *flag = true;
    1
}

/// An option with a value; false, and a message, when the value is missing or wrong.
fn valued(cx: &mut Cx<'_>, at: usize, cookie: &mut Cookie, attributes: &mut Attributes) -> bool {
    let (word, value) = (cx.arg(at), cx.arg(at + 1));
    if value.is_empty() {
        let expected = match word {
            "domain" => "<domain>",
            "maxidle" => "<idletime> in seconds",
            "maxlife" => "<lifetime> in seconds",
            _ => "<value>",
        };
        cx.alert_tight(format!("'{word}' expects {expected} as argument."));
        return false;
    }
    match word {
        "domain" => domain(cx, value, &mut attributes.domains),
        "attr" => attr(cx, value, &mut attributes.extra),
        "maxidle" => seconds(cx, word, value, &mut cookie.maxidle_secs),
        _ => seconds(cx, word, value, &mut cookie.maxlife_secs),
    }
}

fn domain(cx: &mut Cx<'_>, value: &str, text: &mut String) -> bool {
    if !value.starts_with('.') && !value.contains('.') {
        let warning = format!(
            "domain '{value}' contains no embedded dot, this configuration may not work properly (see RFC6265#5.2.3)."
        );
        cx.diags.in_line(Severity::Warning, cx.place, warning);
    }
    let permitted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if let Some(bad) = value.chars().find(|c| !permitted(*c)) {
        cx.alert_tight(format!("character '{bad}' is not permitted in domain name '{value}'."));
        return false;
    }
    text.push_str("; domain=");
    text.push_str(value);
    true
}

fn attr(cx: &mut Cx<'_>, value: &str, text: &mut String) -> bool {
    if let Some(bad) = value.bytes().find(|byte| byte.is_ascii_control() || *byte == b';') {
        cx.alert_tight(format!("character '%x{bad:02X}' is not permitted in attribute value."));
        return false;
    }
    text.push_str("; ");
    text.push_str(value);
    true
}

/// A delay in seconds, rounded up; 0 is none.
fn seconds(cx: &mut Cx<'_>, word: &str, value: &str, secs: &mut Option<u32>) -> bool {
    match number::time(value, Unit::S) {
        Ok(n) => {
            *secs = u32::try_from(n).ok().filter(|n| *n > 0);
            true
        }
        Err(NumberError::Overflow) => {
            cx.alert_tight(format!(
                "timer overflow in argument <{value}> to <{word}>, maximum value is 2147483647 s (~68 years)."
            ));
            false
        }
        Err(error) => {
            cx.alert_tight(number::delay_error(error, value, word));
            false
        }
    }
}

fn unknown_word(cx: &mut Cx<'_>, word: &str) {
    let end = unknown::hint_or_dot(unknown::nearest(word, WORDS.iter().copied()));
    cx.alert(format!(
        "'cookie' supports 'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', 'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr' options{end}"
    ));
}

fn dynamic_cookie_key(cx: &mut Cx<'_>) {
    let key = cx.arg(0).to_owned();
    if let Some(proxy) = cx.proxy() {
        proxy.settings.dynamic_cookie_key = Some(key);
    }
}

fn persist(cx: &mut Cx<'_>) {
    let word = cx.words.get(1).map_or("", |word| word);
    if word.is_empty() {
        return cx.alert("missing persist method.");
    }
    let Some(behind) = word.strip_prefix("rdp-cookie") else {
        let end = unknown::hint_or_dot(unknown::nearest(word, ["rdp-cookie"]));
        return cx.alert(format!("unknown persist method{end}"));
    };
    let name = match behind {
        "" => Some(RDP_COOKIE_DEFAULT),
        _ => behind.strip_prefix('(').and_then(|inside| inside.split_once(')')).map(|(name, _)| name),
    };
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return cx.alert("'persist rdp-cookie(name)' requires an rdp cookie name.");
    };
    if let Some(stray) = cx.words.get(2).map(|word| (**word).to_owned()) {
        return cx.alert(format!("'persist' cannot handle unexpected argument '{stray}'."));
    }
    if let Some(proxy) = cx.proxy() {
        proxy.settings.rdp_persistence = Some(name.to_owned());
    }
}
