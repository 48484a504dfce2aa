//! How many of something there are, were at most, and were in all.

/// Sessions, connections, queued requests: what comes and goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Now.
    pub cur: u64,
    /// Most at any time since the start or the last `clear counters`.
    pub max: u64,
    /// All that ever came.
    pub tot: u64,
}

impl Gauge {
    /// One more has come.
    #[inline]
    pub fn enter(&mut self) {
        self.cur += 1;
        self.tot += 1;
        self.max = self.max.max(self.cur);
    }

    /// One has gone. One leave too many is held at 0 in release builds.
    #[inline]
    pub fn leave(&mut self) {
        debug_assert!(self.cur > 0, "a gauge was left more often than entered");
        self.cur = self.cur.saturating_sub(1);
    }

    /// `clear counters`: the maximum starts again from what is there now; with `all` the total
    /// starts again from 0. What is there stays counted.
    pub fn clear(&mut self, all: bool) {
        self.max = self.cur;
        if all {
            self.tot = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_highest_value_and_the_total() {
        let mut gauge = Gauge::default();
        gauge.enter();
        gauge.enter();
        gauge.leave();
        gauge.enter();
        gauge.leave();
        assert_eq!(gauge, Gauge { cur: 1, max: 2, tot: 3 });
    }

    #[test]
    fn clearing_never_forgets_who_is_inside() {
        let mut gauge = Gauge { cur: 2, max: 9, tot: 40 };
        gauge.clear(false);
        assert_eq!(gauge, Gauge { cur: 2, max: 2, tot: 40 });
        gauge.clear(true);
        assert_eq!(gauge, Gauge { cur: 2, max: 2, tot: 0 });
    }
}
