//! The counters of every object, by the names of their fields.

use super::text::{COUNTERS, Line, Writer};
use super::{Imported, Names, Object, each_object};
use crate::live::Live;
use crate::metrics::figure::{Counted, Figure};
use crate::stream::Env;
use std::collections::HashMap;

/// The names of an object, and its counters that are not 0.
type Counts = (Vec<String>, Vec<(String, Figure)>);

/// What every object counted up to some moment.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    objects: Vec<Counts>,
}

impl Baseline {
    /// What they counted up to now.
    pub(super) fn of(env: &Env) -> Baseline {
        let now_ms = env.clock.now_ms();
        let mut objects = Vec::new();
        each_object(env, |object, words| objects.push((words, figures(env, object, now_ms))));
        Baseline { objects }
    }

    /// What was counted after `before`.
    pub(super) fn since(self, before: &Baseline) -> Baseline {
        let then: HashMap<&[String], &[(String, Figure)]> =
            before.objects.iter().map(|(words, figures)| (words.as_slice(), figures.as_slice())).collect();
        let mut objects = self.objects;
        for (words, figures) in &mut objects {
            let base = then.get(words.as_slice()).copied().unwrap_or_default();
            let base: HashMap<&str, Figure> = base.iter().map(|(name, f)| (name.as_str(), *f)).collect();
            figures.retain_mut(|(name, figure)| {
                let since = figure.since(base.get(name.as_str()).copied());
                *figure = since.unwrap_or(*figure);
                since.is_some()
            });
        }
        Baseline { objects }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        for (words, figures) in &self.objects {
            let pairs: Vec<(&str, String)> =
                figures.iter().map(|(name, figure)| (name.as_str(), figure.to_string())).collect();
            out.line(COUNTERS, words, &pairs);
        }
    }
}

fn figures(env: &Env, object: Object, now_ms: u64) -> Vec<(String, Figure)> {
    let mut figures = Vec::new();
    let mut collect = |counters: &mut dyn Counted| {
        counters.each("", &mut |name, leaf| {
            figures.extend(leaf.figure(now_ms).map(|figure| (name.to_owned(), figure)));
        });
    };
    // Counters are looked at in a copy: showing them borrows them for change.
    match object {
        Object::Process => collect(&mut env.counters.clone()),
        Object::Frontend(at) => collect(&mut env.proxies[at].fe.clone()),
        Object::Listener(id) => _ = env.listeners.get(id).map(|l| collect(&mut l.counters.clone())),
        Object::Backend(at) => collect(&mut env.proxies[at].be.clone()),
        Object::Server(id) => collect(&mut env.servers[id.0 as usize].counters.clone()),
    }
    figures
}

/// Adds a line of counters to the object that it names.
pub(super) fn take(live: &mut Live, names: &Names, line: &Line<'_>, told: &mut Imported) {
    let env = &mut live.env;
    let now_ms = env.clock.now_ms();
    let all = line.pairs.len() as u32;
    let Some(counters) = names.find(&line.names).and_then(|object| counters(env, object)) else {
        told.dropped += all;
        told.gone += all;
        return;
    };
    let figures: HashMap<&str, Figure> =
        line.pairs.iter().filter_map(|(name, value)| Some((*name, value.parse().ok()?))).collect();
    let mut taken = 0;
    counters.each("", &mut |name, leaf| {
        if let Some(figure) = figures.get(name) {
            taken += u32::from(leaf.add(*figure, now_ms));
        }
    });
    told.taken += taken;
    told.dropped += all.saturating_sub(taken);
}

fn counters(env: &mut Env, object: Object) -> Option<&mut dyn Counted> {
    Some(match object {
        Object::Process => &mut env.counters,
        Object::Frontend(at) => &mut env.proxies.get_mut(at)?.fe,
        Object::Listener(id) => &mut env.listeners.get_mut(id)?.counters,
        Object::Backend(at) => &mut env.proxies.get_mut(at)?.be,
        Object::Server(id) => &mut env.servers.get_mut(id.0 as usize)?.counters,
    })
}
