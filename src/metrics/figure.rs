//! Counters as named figures: what lets a counter pass to another process without being listed twice.
//!
//! `counted!` declares a struct of counters; its fields, by their names, are its figures. A figure says in
//! its text of which kind it is, so that one that changed its kind between two versions is not misread.

use super::gauge::Gauge;
use super::times::{Average, SAMPLES_MAX, Times};
use crate::base::rate::RateCounter;
use std::fmt;
use std::str::FromStr;

/// Highest value of a figure that is taken: no traffic reaches it, and what is counted on top has room.
pub const FIGURE_MAX: u64 = i64::MAX as u64;

/// Highest rate that is taken, in events a second.
pub const RATE_MAX: u64 = u32::MAX as u64;

/// One counter inside a struct of counters.
#[derive(Debug)]
pub enum Leaf<'a> {
    /// It grows.
    Total(&'a mut u64),
    /// The highest value that something had.
    Max(&'a mut u64),
    /// Events a second.
    Rate(&'a mut RateCounter),
    /// An average with its maximum.
    Average(&'a mut Average),
    /// When something last happened, in ms of the loop's clock.
    Last(&'a mut Option<i64>),
}

/// Value of a counter, free of the clock of the process that counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// So many; of a difference possibly negative.
    Total(i64),
    /// As many at most.
    Max(u64),
    /// In the last second, and at most in a second.
    Rate(u64, u64),
    /// Sum of the last values, how many they are, and the highest ever.
    Average(u64, u64, u64),
    /// So many ms ago.
    Ago(u64),
}

/// A struct of counters that can name them.
pub trait Counted {
    /// Shows each counter with its name; `name` is that of the whole, empty for the outermost.
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>));
}

/// Declares a struct of counters; every field is a counter or a struct of counters.
macro_rules! counted {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$about:meta])* pub $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$about])* pub $field: $kind,)* }

        impl $crate::metrics::figure::Counted for $name {
            fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, $crate::metrics::figure::Leaf<'_>)) {
                $(self.$field.each(&$crate::metrics::figure::inner(name, stringify!($field)), see);)*
            }
        }
    };
}
pub(super) use counted;

/// The name of a counter inside of `outer`.
pub(super) fn inner(outer: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") }
}

impl Counted for u64 {
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>)) {
        see(name, Leaf::Total(self));
    }
}

impl<const N: usize> Counted for [u64; N] {
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>)) {
        for (at, count) in self.iter_mut().enumerate() {
            see(&inner(name, &at.to_string()), Leaf::Total(count));
        }
    }
}

/// What is there now does not pass: it stays where it is.
impl Counted for Gauge {
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>)) {
        see(&inner(name, "max"), Leaf::Max(&mut self.max));
        see(&inner(name, "tot"), Leaf::Total(&mut self.tot));
    }
}

impl Counted for RateCounter {
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>)) {
        see(name, Leaf::Rate(self));
    }
}

impl Counted for Average {
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>)) {
        see(name, Leaf::Average(self));
    }
}

impl Counted for Times {
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>)) {
        let Times { queue_ms, connect_ms, response_ms, total_ms } = self;
        let parts = [
            ("queue_ms", queue_ms),
            ("connect_ms", connect_ms),
            ("response_ms", response_ms),
            ("total_ms", total_ms),
        ];
        for (part, average) in parts {
            average.each(&inner(name, part), see);
        }
    }
}

impl Counted for Option<i64> {
    fn each(&mut self, name: &str, see: &mut dyn FnMut(&str, Leaf<'_>)) {
        see(name, Leaf::Last(self));
    }
}

impl Leaf<'_> {
    /// Its value at `now_ms`; `None` when it counted nothing yet.
    pub fn figure(&self, now_ms: u64) -> Option<Figure> {
        let figure = match self {
            Leaf::Total(count) => Figure::Total((**count).min(FIGURE_MAX) as i64),
            Leaf::Max(max) => Figure::Max(**max),
            Leaf::Rate(rate) => Figure::Rate(rate.per_second(now_ms), rate.max()),
            Leaf::Average(average) => {
                let (sum, samples) = average.parts();
                Figure::Average(sum, samples, average.max)
            }
            Leaf::Last(at_ms) => Figure::Ago(now_ms.saturating_add_signed((**at_ms)?.saturating_neg())),
        };
        Some(figure).filter(|figure| !figure.is_nothing())
    }

    /// Adds a value that another process counted, as of `now_ms`. Says whether this counter is of its kind.
    pub fn add(self, figure: Figure, now_ms: u64) -> bool {
        match (self, figure) {
            (Leaf::Total(count), Figure::Total(more)) => {
                *count = count.saturating_add_signed(more).min(FIGURE_MAX);
            }
            (Leaf::Max(max), Figure::Max(other)) => *max = (*max).max(other.min(FIGURE_MAX)),
            (Leaf::Rate(rate), Figure::Rate(per_second, max)) => {
                rate.join(now_ms, per_second.min(RATE_MAX), max.min(RATE_MAX));
            }
            (Leaf::Average(average), Figure::Average(sum, samples, max)) => {
                average.join(sum.min(FIGURE_MAX), samples.min(SAMPLES_MAX), max.min(FIGURE_MAX));
            }
            (Leaf::Last(at_ms), Figure::Ago(ms)) => {
                let other = (now_ms.min(FIGURE_MAX) as i64).saturating_sub_unsigned(ms.min(FIGURE_MAX));
                *at_ms = Some(at_ms.map_or(other, |own| own.max(other)));
            }
            (Leaf::Total(_) | Leaf::Max(_) | Leaf::Rate(_) | Leaf::Average(_) | Leaf::Last(_), _) => {
                return false;
            }
        }
        true
    }
}

impl Figure {
    fn is_nothing(self) -> bool {
        matches!(self, Figure::Total(0) | Figure::Max(0) | Figure::Rate(0, 0) | Figure::Average(_, 0, 0))
    }

    /// What was counted since the figure was `base`. A rate has no difference: the events were counted where
    /// they happened, so its maximum alone is left; and so is that of an average that forgot old values.
    pub fn since(self, base: Option<Figure>) -> Option<Figure> {
        let difference = match (self, base) {
            (Figure::Total(now), Some(Figure::Total(then))) => Figure::Total(now - then),
            (Figure::Rate(_, max), _) => Figure::Rate(0, max),
            (Figure::Average(_, SAMPLES_MAX, max), Some(Figure::Average(..))) => Figure::Average(0, 0, max),
            (Figure::Average(sum, samples, max), Some(Figure::Average(sum_then, samples_then, _))) => {
                Figure::Average(sum.saturating_sub(sum_then), samples.saturating_sub(samples_then), max)
            }
            (now, _) => now,
        };
        Some(difference).filter(|figure| !figure.is_nothing())
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Total(count) => write!(f, "total:{count}"),
            Figure::Max(max) => write!(f, "max:{max}"),
            Figure::Rate(per_second, max) => write!(f, "rate:{per_second}:{max}"),
            Figure::Average(sum, samples, max) => write!(f, "average:{sum}:{samples}:{max}"),
            Figure::Ago(ms) => write!(f, "ago:{ms}"),
        }
    }
}

/// A text that is no figure of a kind known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFigure;

impl FromStr for Figure {
    type Err = NoFigure;

    fn from_str(text: &str) -> Result<Figure, NoFigure> {
        let (kind, values) = text.split_once(':').ok_or(NoFigure)?;
        if kind == "total" {
            return values.parse().map(Figure::Total).map_err(|_| NoFigure);
        }
        let mut numbers = values.split(':').map(|value| value.parse::<u64>().map_err(|_| NoFigure));
        let mut next = || numbers.next().unwrap_or(Err(NoFigure));
        let figure = match kind {
            "max" => Figure::Max(next()?),
            "rate" => Figure::Rate(next()?, next()?),
            "average" => Figure::Average(next()?, next()?, next()?),
            "ago" => Figure::Ago(next()?),
            _ => return Err(NoFigure),
        };
        if numbers.next().is_some() { Err(NoFigure) } else { Ok(figure) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::BackendCounters;

    fn figures(counters: &BackendCounters, now_ms: u64) -> Vec<(String, Figure)> {
        let mut seen = Vec::new();
        let mut copy = *counters;
        copy.each("", &mut |name, leaf| seen.extend(leaf.figure(now_ms).map(|f| (name.to_owned(), f))));
        seen
    }

    fn add(counters: &mut BackendCounters, figures: &[(String, Figure)], now_ms: u64) {
        counters.each("", &mut |name, leaf| {
            if let Some((_, figure)) = figures.iter().find(|(other, _)| other == name) {
                assert!(leaf.add(*figure, now_ms), "{name}");
            }
        });
    }

    fn some_traffic() -> BackendCounters {
        let mut counters = BackendCounters { retries: 3, last_session_ms: Some(9_000), ..Default::default() };
        counters.sess = Gauge { cur: 2, max: 4, tot: 10 };
        counters.sess_rate.add(10_000, 7);
        counters.times.add(1, 2, 3, 4);
        counters.http.count_response(404);
        counters
    }

    #[test]
    fn counters_are_the_same_figures_in_another_process() {
        let old = some_traffic();
        let mut new = BackendCounters::default();
        add(&mut new, &figures(&old, 10_000), 5);
        assert_eq!((new.retries, new.last_session_ms), (3, Some(5 - 1_000)));
        assert_eq!(new.sess, Gauge { cur: 0, max: 4, tot: 10 }, "who is inside stays where he is");
        assert_eq!((new.sess_rate.per_second(5), new.sess_rate.max()), (7, 7));
        assert_eq!(new.http.responses[3], 1);
        assert_eq!(new.times, old.times);
        assert_eq!(figures(&new, 5), figures(&old, 10_000));
    }

    #[test]
    fn differences_add_up_to_what_one_process_would_have_counted() {
        let base = some_traffic();
        let mut old = base;
        let mut new = BackendCounters::default();
        add(&mut new, &figures(&base, 10_000), 5);
        old.retries += 4;
        old.times.add(10, 20, 30, 40);
        let then = figures(&base, 10_000);
        let since: Vec<(String, Figure)> = figures(&old, 12_000)
            .into_iter()
            .filter_map(|(name, f)| {
                let base = then.iter().find(|(other, _)| *other == name).map(|(_, f)| *f);
                Some((name, f.since(base)?))
            })
            .collect();
        add(&mut new, &since, 2_005);
        assert_eq!((new.retries, new.sess.tot, new.http.responses[3]), (7, 10, 1));
        assert_eq!(new.times, old.times);
        assert_eq!(new.last_session_ms, Some(-995));
    }

    #[test]
    fn a_count_that_shrank_is_taken_back() {
        let mut count = 5;
        let since = Figure::Total(2).since(Some(Figure::Total(4))).unwrap();
        assert_eq!(since, Figure::Total(-2));
        assert!(Leaf::Total(&mut count).add(since, 0));
        assert!(Leaf::Total(&mut count).add(Figure::Total(i64::MIN), 0));
        assert_eq!(count, 0);
        assert!(Leaf::Total(&mut count).add(Figure::Total(i64::MAX), 0));
        assert!(Leaf::Total(&mut count).add(Figure::Total(i64::MAX), 0));
        assert_eq!(count, FIGURE_MAX, "room for what comes is left");
    }

    #[test]
    fn texts_are_read_as_they_are_written_and_no_others() {
        for figure in [
            Figure::Total(-3),
            Figure::Max(u64::MAX),
            Figure::Rate(1, 2),
            Figure::Average(1, 2, 3),
            Figure::Ago(0),
        ] {
            assert_eq!(figure.to_string().parse(), Ok(figure));
        }
        for text in ["", "7", "total:", "total:x", "max:-1", "max:1:2", "rate:1", "average:1:2", "moon:1"] {
            assert_eq!(text.parse::<Figure>(), Err(NoFigure), "{text}");
        }
    }

    #[test]
    fn another_kind_is_not_taken() {
        let mut count = 5;
        assert!(!Leaf::Total(&mut count).add(Figure::Max(7), 0));
        assert!(!Leaf::Max(&mut count).add(Figure::Total(7), 0));
        assert_eq!(count, 5);
    }
}
