//! Events in a second, as a sliding figure.

/// Length of a period.
const PERIOD_MS: u64 = 1000;

/// Counts events over a sliding second: what came in the current period, and of the period before
/// it the share that the sliding second still covers.
#[derive(Clone, Copy, Default, Debug)]
pub struct RateCounter {
    period_start_ms: u64,
    current: u64,
    previous: u64,
    max: u64,
}

impl RateCounter {
    /// Nothing counted yet.
    pub const fn new() -> Self {
        RateCounter { period_start_ms: 0, current: 0, previous: 0, max: 0 }
    }

    /// Counts `count` events at `now_ms`.
    #[inline]
    pub fn add(&mut self, now_ms: u64, count: u64) {
        self.turn(now_ms);
        self.current += count;
        self.max = self.max.max(self.per_second(now_ms));
    }

    /// The events of the second that ends at `now_ms`.
    pub fn per_second(&self, now_ms: u64) -> u64 {
        let mut seen = *self;
        seen.turn(now_ms);
        let age_ms = now_ms.saturating_sub(seen.period_start_ms).min(PERIOD_MS);
        seen.current + seen.previous * (PERIOD_MS - age_ms) / PERIOD_MS
    }

    /// The highest figure that was ever reached.
    #[inline]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// Forgets the highest figure (`clear counters`).
    pub fn clear_max(&mut self) {
        self.max = 0;
    }

    /// Takes in what another counter saw in the second before `now_ms`, and its highest figure. Here it
    /// fades over the next second as if it had come evenly.
    pub fn join(&mut self, now_ms: u64, per_second: u64, max: u64) {
        self.turn(now_ms);
        if self.current == 0 && self.previous == 0 {
            self.period_start_ms = now_ms;
            self.previous = per_second;
        } else {
            self.current += per_second;
        }
        self.max = self.max.max(max);
    }

    /// How long to wait, in milliseconds, until one more event keeps the figure at or under
    /// `limit`; 0 when it may come now. A `limit` of 0 is no limit.
    pub fn wait_ms(&self, now_ms: u64, limit: u64) -> u64 {
        if limit == 0 || self.per_second(now_ms) < limit {
            return 0;
        }
        let mut seen = *self;
        seen.turn(now_ms);
        let period_end_ms = seen.period_start_ms + PERIOD_MS;
        if seen.current >= limit {
            // Only in the next period does this count begin to fade.
            return (period_end_ms + PERIOD_MS / limit).saturating_sub(now_ms).max(1);
        }
        // previous * left / period must fall under limit - current.
        let left_ms = (limit - seen.current) * PERIOD_MS / seen.previous.max(1);
        period_end_ms.saturating_sub(left_ms).saturating_sub(now_ms).max(1)
    }

    #[inline]
    fn turn(&mut self, now_ms: u64) {
        let age_ms = now_ms.saturating_sub(self.period_start_ms);
        if age_ms < PERIOD_MS {
            return;
        }
        if age_ms < 2 * PERIOD_MS {
            self.previous = self.current;
            self.period_start_ms += PERIOD_MS;
        } else {
            self.previous = 0;
            self.period_start_ms = now_ms;
        }
        self.current = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_current_period_whole() {
        let mut rate = RateCounter::new();
        rate.add(10_000, 3);
        rate.add(10_500, 2);
        assert_eq!(rate.per_second(10_999), 5);
    }

    #[test]
    fn the_period_before_fades_and_is_forgotten() {
        let mut rate = RateCounter::new();
        rate.add(10_000, 100);
        assert_eq!(rate.per_second(11_000), 100);
        assert_eq!(rate.per_second(11_250), 75);
        assert_eq!(rate.per_second(11_900), 10);
        assert_eq!(rate.per_second(12_000), 0);
        rate.add(20_000, 1);
        assert_eq!(rate.per_second(20_000), 1);
        assert_eq!(rate.max(), 100);
    }

    #[test]
    fn a_clock_that_stands_still_is_no_harm() {
        let mut rate = RateCounter::new();
        rate.add(5_000, 1);
        assert_eq!(rate.per_second(4_000), 1);
    }

    #[test]
    fn what_another_counter_saw_is_seen_for_a_second() {
        let mut rate = RateCounter::new();
        rate.join(7, 100, 300);
        assert_eq!((rate.per_second(7), rate.per_second(507), rate.max()), (100, 50, 300));
        rate.join(507, 20, 0);
        assert_eq!(rate.per_second(507), 70);
        assert_eq!(rate.per_second(2_007), 0);
    }

    #[test]
    fn says_how_long_to_wait() {
        let mut rate = RateCounter::new();
        assert_eq!(rate.wait_ms(0, 0), 0);
        rate.add(10_000, 10);
        assert_eq!(rate.wait_ms(10_000, 11), 0);
        for (now_ms, limit) in [(10_000, 10), (10_300, 1), (11_100, 5), (11_100, 2)] {
            let wait_ms = rate.wait_ms(now_ms, limit);
            assert!(wait_ms >= 1, "limit {limit}");
            assert!(rate.per_second(now_ms + wait_ms + 1) < limit.max(1), "limit {limit} waits {wait_ms}");
        }
    }
}
