//! The `setenv` family: they act while the file is read, on the lines behind them.

use crate::config::cx::Cx;
use crate::config::keyword::{Arity, Directive, Sections, row};
use crate::config::lines::Word;

const GLOBAL: Sections = Sections::GLOBAL;

/// Rows of this file.
pub const ROWS: &[Directive] = &[
    row("setenv", GLOBAL, Arity::ANY, "<name> <value>: sets a variable for the lines below", set),
    row("presetenv", GLOBAL, Arity::ANY, "<name> <value>: sets a variable that does not exist yet", preset),
    row("unsetenv", GLOBAL, Arity::ANY, "<name>...: removes variables", unset),
    row("resetenv", GLOBAL, Arity::ANY, "[<name>...]: removes all variables but these", reset),
];

fn set(cx: &mut Cx<'_>) {
    let [name, value, ..] = cx.args() else {
        return cx.alert_tight("'setenv' expects a name and a value.");
    };
    if cx.env.set(name.bytes(), value.bytes()).is_err() {
        refuse_name(cx, name);
    }
}

fn preset(cx: &mut Cx<'_>) {
    let [name, value, ..] = cx.args() else {
        return cx.alert_tight("'presetenv' expects a name and a value.");
    };
    if cx.env.preset(name.bytes(), value.bytes()).is_err() {
        refuse_name(cx, name);
    }
}

fn refuse_name(cx: &mut Cx<'_>, name: &Word) {
    let (keyword, name) = (cx.keyword(), &**name);
    cx.alert_tight(format!("'{keyword}' failed on variable '{name}' : not a name that a variable can have."));
}

fn unset(cx: &mut Cx<'_>) {
    if cx.args().is_empty() {
        cx.alert_tight("'unsetenv' expects at least one variable name.");
    }
    for name in cx.args() {
        cx.env.unset(name.bytes());
    }
}

fn reset(cx: &mut Cx<'_>) {
    let keep: Vec<&[u8]> = cx.args().iter().map(|name| name.bytes()).collect();
    cx.env.reset(&keep);
}
