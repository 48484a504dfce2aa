//! Averages and maxima of the times of requests.

/// How many of the last values an average remembers (management.txt 9.1, `qtime`).
pub const SAMPLES_MAX: u64 = 1024;

/// Average over about the last [`SAMPLES_MAX`] values, in the unit of the values.
///
/// It remembers no single value: each new one takes the place of one average old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Average {
    sum: u64,
    samples: u64,
    /// The highest value since the start or the last `clear counters`.
    pub max: u64,
}

impl Average {
    /// Takes one value in.
    #[inline]
    pub fn add(&mut self, value: u64) {
        if self.samples < SAMPLES_MAX {
            self.samples += 1;
        } else {
            self.sum -= self.get().min(self.sum);
        }
        self.sum = self.sum.saturating_add(value);
        self.max = self.max.max(value);
    }

    /// The sum of the values that it remembers, and how many they are.
    pub const fn parts(&self) -> (u64, u64) {
        (self.sum, self.samples)
    }

    /// Takes in the values that another average remembers, and its maximum. Together they count as
    /// [`SAMPLES_MAX`] values at most.
    pub fn join(&mut self, sum: u64, samples: u64, max: u64) {
        let all = self.samples + samples.min(SAMPLES_MAX);
        self.sum = self.sum.saturating_add(sum);
        if all > SAMPLES_MAX {
            self.sum = (u128::from(self.sum) * u128::from(SAMPLES_MAX) / u128::from(all)) as u64;
        }
        self.samples = all.min(SAMPLES_MAX);
        self.max = self.max.max(max);
    }

    /// The average, rounded up; 0 before the first value.
    #[inline]
    pub fn get(&self) -> u64 {
        if self.samples == 0 { 0 } else { self.sum.div_ceil(self.samples) }
    }
}

/// Where the time of requests went, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Waiting in the queue (`qtime`).
    pub queue_ms: Average,
    /// Connecting to the server (`ctime`).
    pub connect_ms: Average,
    /// Waiting for the response head (`rtime`); stays 0 in TCP mode.
    pub response_ms: Average,
    /// The whole session or request (`ttime`).
    pub total_ms: Average,
}

impl Times {
    /// Takes in a finished request. A time that was never reached (negative) is left out.
    pub fn add(&mut self, queue_ms: i64, connect_ms: i64, response_ms: i64, total_ms: i64) {
        let parts = [
            (&mut self.queue_ms, queue_ms),
            (&mut self.connect_ms, connect_ms),
            (&mut self.response_ms, response_ms),
            (&mut self.total_ms, total_ms),
        ];
        for (average, value_ms) in parts {
            if let Ok(value_ms) = u64::try_from(value_ms) {
                average.add(value_ms);
            }
        }
    }

    /// `clear counters`: forgets the maxima, with `all` the averages too.
    pub fn clear(&mut self, all: bool) {
        if all {
            *self = Times::default();
            return;
        }
        for average in [&mut self.queue_ms, &mut self.connect_ms, &mut self.response_ms, &mut self.total_ms] {
            average.max = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_values_are_averaged_exactly() {
        let mut average = Average::default();
        assert_eq!(average.get(), 0);
        average.add(10);
        assert_eq!(average.get(), 10);
        average.add(21);
        assert_eq!(average.get(), 16, "rounded up");
        assert_eq!(average.max, 21);
    }

    #[test]
    fn old_values_fade_when_new_ones_come() {
        let mut average = Average::default();
        for _ in 0..SAMPLES_MAX {
            average.add(1000);
        }
        for _ in 0..SAMPLES_MAX * 20 {
            average.add(10);
        }
        assert!(average.get() <= 12, "{}", average.get());
        assert_eq!(average.max, 1000);
    }

    #[test]
    fn joined_averages_weigh_as_their_values_did() {
        let mut average = Average::default();
        average.add(10);
        average.join(90, 3, 50);
        assert_eq!((average.get(), average.max), (25, 50));
        average.join(1000 * SAMPLES_MAX, SAMPLES_MAX, 2000);
        assert_eq!(average.parts().1, SAMPLES_MAX);
        assert!((990..1000).contains(&average.get()), "{}", average.get());
        average.join(u64::MAX, u64::MAX, u64::MAX);
        average.add(1);
    }

    #[test]
    fn unreached_times_are_left_out() {
        let mut times = Times::default();
        times.add(0, 5, -1, 100);
        times.add(-1, -1, -1, 50);
        assert_eq!(times.connect_ms.get(), 5);
        assert_eq!(times.response_ms.get(), 0);
        assert_eq!(times.total_ms.get(), 75);
        times.clear(false);
        assert_eq!((times.total_ms.max, times.total_ms.get()), (0, 75));
        times.clear(true);
        assert_eq!(times, Times::default());
    }
}
