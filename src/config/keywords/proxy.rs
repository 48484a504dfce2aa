//! Plain values of proxy sections.

use crate::config::cx::Cx;
use crate::config::draft::called;
use crate::config::keyword::{Arity, Directive, Sections, no_op, row};
use crate::config::unknown;
use crate::settings::Mode;
use crate::settings::proxy::HttpReuse;

const INTEGER: Arity = Arity::one("expects an integer argument.");

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row("mode", Sections::PROXY, Arity::up_to(1), "tcp|http: what the proxy speaks", mode),
    row("disabled", Sections::PROXY, Arity::NONE, "the proxy is not started", disabled),
    row("enabled", Sections::PROXY, Arity::NONE, "undoes 'disabled'", enabled),
    row("id", Sections::NAMED, Arity::up_to(1), "<n>: proxy id, unique", id),
    no_op(
        "guid",
        Sections::NAMED,
        Arity::one("expects an argument."),
        "it only names entries of a statistics file, which is not loaded yet",
        guid as fn(&mut Cx<'_>),
    ),
    row("description", Sections::NAMED, Arity::ANY, "<text>: shown in statistics", description),
    row("maxconn", Sections::FRONT, INTEGER, "<n>: concurrent connections of the frontend", maxconn),
    row("backlog", Sections::FRONT, INTEGER, "<n>: length of the accept queues", backlog),
    row("fullconn", Sections::BACK, INTEGER, "<n>: load at which dynamic limits reach their top", fullconn),
    row(
        "retries",
        Sections::BACK,
        Arity::one("expects an integer argument (dispatch counts for one)."),
        "<n>: connection attempts after the first",
        retries,
    ),
    row("transparent", Sections::BACK, Arity::NONE, "older form of 'option transparent'", transparent),
    row(
        "http-reuse",
        Sections::BACK,
        Arity::ANY,
        "never|safe|aggressive|always: of server connections",
        reuse,
    ),
    row(
        "rate-limit sessions",
        Sections::FRONT,
        Arity::ANY,
        "<n>: new sessions per second",
        rate_limit as fn(&mut Cx<'_>),
    )
    .warning_itself(),
    row("rate-limit", Sections::PROXY, Arity::ANY, "'sessions' must follow", rate_limit_unknown),
    row(
        "default_backend",
        Sections::FRONT,
        Arity::up_to(1),
        "<backend>: where connections go",
        default_backend,
    ),
    row(
        "use_backend",
        Sections::FRONT_NAMED,
        Arity::ANY,
        "<backend>: where connections go, first",
        use_backend,
    ),
];

fn mode(cx: &mut Cx<'_>) {
    let mode = match cx.arg(0) {
        "tcp" => Mode::Tcp,
        "http" => Mode::Http,
        "health" => {
            return cx.alert(
                "'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.",
            );
        }
        word @ ("log" | "spop" | "haterm") => {
            return cx.alert(format!("mode '{word}' is not supported by subflow yet"));
        }
        other => {
            let end = unknown::hint_or_dot(unknown::nearest(other, ["tcp", "http"]));
            return cx.alert(format!("unknown proxy mode '{other}'{end}"));
        }
    };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.mode = mode;
    }
}

fn disabled(cx: &mut Cx<'_>) {
    if let Some(proxy) = cx.proxy() {
        proxy.settings.disabled = true;
    }
}

fn enabled(cx: &mut Cx<'_>) {
    if let Some(proxy) = cx.proxy() {
        proxy.settings.disabled = false;
    }
}

fn id(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    if text.is_empty() {
        return cx.alert_tight("'id' expects an integer argument.");
    }
    match text.parse::<i32>() {
        Ok(n) if n > 0 => {
            let id = n.unsigned_abs();
            let twin = cx.draft.proxies.iter().find(|other| other.id == Some(id)).map(|other| {
                let place = &other.settings.place;
                format!(
                    "{} {} (declared at {}:{})",
                    called(other.settings.kind),
                    other.settings.name,
                    place.file,
                    place.line
                )
            });
            let Some(proxy) = cx.proxy() else { return };
            proxy.id = Some(id);
            let me = format!("{} {}", called(proxy.settings.kind), proxy.settings.name);
            if let Some(other) = twin {
                cx.alert_tight(format!("{me} reuses same custom id as {other}."));
            }
        }
        _ => cx.alert_tight("custom id has to be > 0."),
    }
}

fn guid(cx: &mut Cx<'_>) {
    let text = cx.arg(0).to_owned();
    if let Some(proxy) = cx.proxy() {
        proxy.settings.guid = Some(text);
    }
}

fn description(cx: &mut Cx<'_>) {
    let Some(text) = cx.text() else {
        return cx.alert_tight("'description' expects a string argument.");
    };
    if let Some(proxy) = cx.proxy() {
        proxy.settings.description = Some(text);
    }
}

fn maxconn(cx: &mut Cx<'_>) {
    let n = cx.number(0);
    if let (Some(n), Some(proxy)) = (n, cx.proxy()) {
        proxy.settings.maxconn = (n > 0).then_some(n);
    }
}

fn backlog(cx: &mut Cx<'_>) {
    let n = cx.number(0);
    if let (Some(n), Some(proxy)) = (n, cx.proxy()) {
        proxy.settings.backlog = (n > 0).then_some(n);
    }
}

fn fullconn(cx: &mut Cx<'_>) {
    let n = cx.number(0);
    if let (Some(n), Some(proxy)) = (n, cx.proxy()) {
        proxy.settings.fullconn = (n > 0).then_some(n);
    }
}

fn retries(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    match text.parse::<i32>() {
        Ok(n) => {
            if let Some(proxy) = cx.proxy() {
                proxy.settings.retries = u32::try_from(n).unwrap_or(0);
            }
        }
        Err(_) => cx.alert(format!("'retries' expects an integer argument, '{text}' is not one.")),
    }
}

fn transparent(cx: &mut Cx<'_>) {
    if let Some(proxy) = cx.proxy() {
        proxy.settings.options.transparent = true;
    }
}

fn reuse(cx: &mut Cx<'_>) {
    let reuse = match cx.arg(0) {
        "never" => HttpReuse::Never,
        "safe" => HttpReuse::Safe,
        "aggressive" => HttpReuse::Aggressive,
        "always" => HttpReuse::Always,
        _ => return cx.alert("'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'."),
    };
    if let Some(extra) = cx.args().get(1) {
        let word = cx.arg(0);
        return cx.alert(format!("'http-reuse {word}' cannot handle unexpected argument '{}'.", &**extra));
    }
    if let Some(proxy) = cx.proxy() {
        proxy.settings.http_reuse = reuse;
    }
}

fn rate_limit(cx: &mut Cx<'_>) {
    let text = cx.arg(0);
    if text.is_empty() {
        return cx.alert("'rate-limit sessions' expects expects an integer value (in sessions/second)");
    }
    let Ok(n) = text.parse::<u32>() else {
        let bad = text.chars().find(|c| !c.is_ascii_digit()).unwrap_or('+');
        return cx.alert(format!(
            "'rate-limit sessions' : unexpected character '{bad}' in integer value '{text}'"
        ));
    };
    if cx.lacks_frontend() {
        let title = cx.title();
        cx.warning(format!("rate-limit sessions will be ignored because {title} has no frontend capability"));
    }
    if let Some(proxy) = cx.proxy() {
        proxy.settings.rate_limit_sessions = (n > 0).then_some(n);
    }
}

fn rate_limit_unknown(cx: &mut Cx<'_>) {
    let got = cx.arg(0);
    cx.alert(format!("'rate-limit' only supports 'sessions' (got '{got}')"));
}

fn default_backend(cx: &mut Cx<'_>) {
    let (name, place) = (cx.arg(0), cx.place.clone());
    if name.is_empty() {
        return cx.alert("'default_backend' expects a backend name.");
    }
    if let Some(proxy) = cx.proxy() {
        proxy.default_backend = Some((place, name.to_owned()));
    }
}

fn use_backend(cx: &mut Cx<'_>) {
    let (name, place) = (cx.arg(0), cx.place.clone());
    if name.is_empty() {
        return cx.alert("'use_backend' expects a backend name.");
    }
    if name.contains("%[") {
        return cx.alert("'use_backend' with an expression is not supported by subflow yet");
    }
    match cx.arg(1) {
        "" => {
            if let Some(proxy) = cx.proxy() {
                proxy.use_backends.push((place, name.to_owned()));
            }
        }
        word @ ("if" | "unless") => {
            cx.alert(format!("'use_backend ... {word}' is not supported by subflow yet"));
        }
        other => cx.alert(format!(
            "unexpected keyword '{other}' after switching rule, only 'if' and 'unless' are allowed."
        )),
    }
}
