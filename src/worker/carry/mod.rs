//! What passes from an old worker to the new one over a reload: counters, and what the operator changed at
//! run time. No I/O: whoever reloads moves the bytes.
//!
//! ```text
//! old worker          new worker
//! export ------------> import        before the new one serves: everything, and a baseline stays behind
//! (drains)
//! export_since ------> add           when the old one has drained: what it counted since
//! ```
//!
//! Objects are matched by name (listeners by proxy, name and address), counters by the name of their field,
//! so either side may be of another version or have another configuration: what does not fit is dropped and
//! counted in [`Imported`]. docs/RELOAD.md is the operator's view.

mod counters;
mod states;
mod text;

use crate::live::Live;
use std::fmt;
use text::{Item, Refusal, Writer};

pub use counters::Baseline;

/// Bytes that an export has at most: objects that do not fit are left out. Some 50,000 servers do.
pub const EXPORT_LEN_MAX: usize = 64 << 20;

/// Everything that passes, and what [`export_since`] needs to tell the difference later.
pub fn export(live: &Live) -> (Vec<u8>, Baseline) {
    let mut out = Writer::new(EXPORT_LEN_MAX);
    // What the operator changed matters more than what was counted, should there be no room for both.
    states::write(live, &mut out);
    let baseline = Baseline::of(&live.env);
    baseline.write(&mut out);
    (out.finish(), baseline)
}

/// What was counted since `baseline`. Settings changed at run time do not pass a second time.
pub fn export_since(live: &Live, baseline: &Baseline) -> Vec<u8> {
    let mut out = Writer::new(EXPORT_LEN_MAX);
    Baseline::of(&live.env).since(baseline).write(&mut out);
    out.finish()
}

/// Takes an [`export`] over: counters are added to what is there, settings replace the configured ones
/// where the configuration says of them what it said in the old process.
pub fn import(live: &mut Live, bytes: &[u8]) -> Imported {
    take(live, bytes, true)
}

/// Adds what [`export_since`] wrote.
pub fn add(live: &mut Live, bytes: &[u8]) -> Imported {
    take(live, bytes, false)
}

fn take(live: &mut Live, bytes: &[u8], with_states: bool) -> Imported {
    let mut told = Imported::default();
    let items = match text::items(bytes, EXPORT_LEN_MAX) {
        Ok(items) => items,
        Err(refusal) => {
            told.refused = Some(refusal.text());
            return told;
        }
    };
    let names = Names::of(live);
    let mut states = states::Taker::default();
    told.cut = true;
    for item in items {
        match item {
            Item::Line(line) if line.verb == text::COUNTERS => counters::take(live, &names, &line, &mut told),
            Item::Line(line) if line.verb == text::STATE && with_states => {
                states.take(live, &names, &line, &mut told);
            }
            Item::Line(line) => told.dropped += line.pairs.len() as u32,
            Item::Garbage => told.dropped += 1,
            Item::End { left_out } => (told.cut, told.left_out) = (false, left_out),
        }
    }
    states.finish(live);
    told
}

/// What became of the bytes that were taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Counters taken.
    pub taken: u32,
    /// Run-time settings taken that differ from the configuration.
    pub states: u32,
    /// Counters and settings that were not taken, for whatever reason.
    pub dropped: u32,
    /// Of these, those of objects that are not there any more.
    pub gone: u32,
    /// Of these, run-time settings of which the configuration changed.
    pub reconfigured: u32,
    /// Objects that the old process had no room for.
    pub left_out: u32,
    /// The bytes end too early.
    pub cut: bool,
    /// Why nothing at all was taken.
    pub refused: Option<&'static str>,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = self.refused {
            return write!(f, "nothing taken over from the old process: {why}");
        }
        write!(f, "{} counters and {} run-time settings taken over", self.taken, self.states)?;
        if self.dropped > 0 {
            write!(
                f,
                ", {} dropped ({} of objects that are gone, {} whose configuration changed)",
                self.dropped, self.gone, self.reconfigured
            )?;
        }
        if self.left_out > 0 {
            write!(f, ", {} objects did not fit", self.left_out)?;
        }
        if self.cut {
            f.write_str(", the rest was cut off")?;
        }
        Ok(())
    }
}

/// Which object a line is about, found by its names.
#[derive(Debug)]
struct Names(std::collections::HashMap<Vec<String>, Object>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    Process,
    Frontend(usize),
    Listener(crate::proxy::ListenerId),
    Backend(usize),
    Server(crate::base::ids::ServerId),
}

impl Names {
    /// Of two objects with the same names the first is meant.
    fn of(live: &Live) -> Names {
        let mut names = Names(std::collections::HashMap::new());
        each_object(&live.env, |object, words| {
            names.0.entry(words).or_insert(object);
        });
        names
    }

    fn find(&self, words: &[String]) -> Option<Object> {
        self.0.get(words).copied()
    }
}

/// Shows every object with its names.
fn each_object(env: &crate::stream::Env, mut see: impl FnMut(Object, Vec<String>)) {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    see(Object::Process, words(&["process"]));
    for (at, (proxy, settings)) in env.proxies.iter().zip(&env.settings.proxies).enumerate() {
        let name = settings.name.as_str();
        if settings.kind.is_frontend() {
            see(Object::Frontend(at), words(&["frontend", name]));
        }
        for id in &proxy.listeners {
            if let Some(listener) = env.listeners.get(*id) {
                let address = listener.address.to_string();
                see(Object::Listener(*id), words(&["listener", name, &listener.name, &address]));
            }
        }
        if settings.kind.is_backend() {
            see(Object::Backend(at), words(&["backend", name]));
        }
        for id in &proxy.servers {
            see(Object::Server(*id), words(&["server", name, &env.settings.server(*id).name]));
        }
    }
}

impl Refusal {
    const fn text(self) -> &'static str {
        match self {
            Refusal::TooLong => "it is longer than any process writes",
            Refusal::OtherVersion => "it is not of a version that is known here",
        }
    }
}

#[cfg(test)]
mod tests;
