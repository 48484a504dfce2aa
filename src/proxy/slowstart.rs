//! `slowstart`: a server that comes back takes up its load step by step (configuration.txt 5.2).
//!
//! Its weight grows in sixteenths, from the first one on; its slots from one on.

use crate::balance::SIXTEENTHS;
use crate::base::wheel::TimerKey;

/// Steps that a slow start has, if each is to be [`STEP_MS_MIN`] at least.
const STEPS: u64 = 20;

/// The shortest step, in ms. A slow start that is shorter has one step.
const STEP_MS_MIN: u64 = 1000;

/// A server on its way to its full load.
#[derive(Debug)]
pub struct Slowstart {
    /// How long it takes, in ms; at least 1.
    length_ms: u64,
    /// When it began, on the loop's clock.
    began_ms: u64,
    /// When the last step was.
    step_ms: u64,
    /// The backend's algorithm takes weights that change.
    weighs: bool,
    /// Wakes it for the next step.
    pub timer: Option<TimerKey>,
}

impl Slowstart {
    /// A slow start of `length_ms` that begins now.
    pub fn new(length_ms: u64, now_ms: u64, weighs: bool) -> Self {
        Slowstart { length_ms: length_ms.max(1), began_ms: now_ms, step_ms: now_ms, weighs, timer: None }
    }

    /// When the next step is.
    pub fn next_ms(&self) -> u64 {
        let step = (self.length_ms / STEPS).max(STEP_MS_MIN);
        (self.step_ms + step).min(self.began_ms + self.length_ms)
    }

    /// Takes the step that `now_ms` allows. Whether it was the last one.
    pub fn step(&mut self, now_ms: u64) -> bool {
        self.step_ms = now_ms;
        self.passed_ms() >= self.length_ms
    }

    /// How much of the server's weight counts.
    pub fn sixteenths(&self) -> u32 {
        if !self.weighs {
            return SIXTEENTHS;
        }
        let whole = u64::from(SIXTEENTHS);
        (1 + whole * self.passed_ms() / self.length_ms).min(whole) as u32
    }

    /// How many of `full` slots are open.
    pub fn slots(&self, full: u32) -> u32 {
        let open = u64::from(full) * self.passed_ms() / self.length_ms;
        (open.min(u64::from(full)) as u32).max(1)
    }

    fn passed_ms(&self) -> u64 {
        self.step_ms.saturating_sub(self.began_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_and_slots_grow_to_the_end() {
        let mut start = Slowstart::new(20_000, 5_000, true);
        let mut seen = Vec::new();
        loop {
            seen.push((start.sixteenths(), start.slots(50)));
            let next = start.next_ms();
            assert!(next > start.step_ms);
            if start.step(next) {
                break;
            }
        }
        assert_eq!(seen.len(), 20);
        // The sixteenths were seen with haproxy 2.6.12, second by second.
        let sixteenths: Vec<u32> = seen.iter().map(|step| step.0).collect();
        assert_eq!(sixteenths, [1, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 9, 10, 11, 12, 13, 13, 14, 15, 16]);
        assert_eq!((seen[0].1, seen[1].1, seen[10].1, seen[19].1), (1, 2, 25, 47));
        assert_eq!((start.sixteenths(), start.slots(50)), (16, 50));
    }

    #[test]
    fn a_short_one_has_one_step_and_a_long_one_twenty() {
        let mut short = Slowstart::new(500, 0, true);
        assert_eq!((short.next_ms(), short.sixteenths()), (500, 1));
        assert!(short.step(500));
        assert_eq!(Slowstart::new(600_000, 0, true).next_ms(), 30_000);
    }

    #[test]
    fn a_fixed_weight_counts_whole() {
        let start = Slowstart::new(20_000, 0, false);
        assert_eq!((start.sixteenths(), start.slots(50)), (16, 1));
    }
}
