//! The time of a loop turn: read once, used by everyone in the turn.

use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::base::date::LocalTime;
use crate::sys::time::utc_offset_secs;

/// Zones change their offset only at multiples of this.
const ZONE_STEP_SECS: i64 = 900;

/// How many zone steps are remembered: now, and the accept dates of older connections.
const ZONE_STEPS_KEPT: usize = 4;

/// A point of wall clock time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord)]
pub struct WallTime {
    /// Seconds since 1970-01-01 00:00 UTC.
    pub secs: i64,
    /// Microseconds within the second, below 1,000,000.
    pub micros: u32,
}

impl WallTime {
    /// The point `micros` later.
    pub fn plus_micros(self, micros: u64) -> WallTime {
        let total = u64::from(self.micros) + micros;
        WallTime { secs: self.secs + (total / 1_000_000) as i64, micros: (total % 1_000_000) as u32 }
    }
}

/// Monotonic and wall clock time as of the last [`tick`](Clock::tick).
///
/// Timers and durations use the monotonic figures; the wall clock is for dates that people read.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    now_us: u64,
    wall: WallTime,
    /// (step, offset in seconds); a step is [`ZONE_STEP_SECS`] long.
    zone: [Cell<(i64, i32)>; ZONE_STEPS_KEPT],
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that starts at 0 now. Loads the time zone, so make it before a chroot.
    pub fn new() -> Self {
        let mut clock = Clock {
            start: Instant::now(),
            now_us: 0,
            wall: WallTime::default(),
            zone: [const { Cell::new((i64::MIN, 0)) }; ZONE_STEPS_KEPT],
        };
        clock.tick();
        clock.local(clock.wall);
        clock
    }

    /// Reads both clocks: once in a loop turn.
    pub fn tick(&mut self) {
        self.now_us = self.start.elapsed().as_micros() as u64;
        // A wall clock before 1970 is shown as 1970.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.wall = WallTime { secs: wall.as_secs() as i64, micros: wall.subsec_micros() };
    }

    /// Milliseconds since the clock was made (CLOCK_MONOTONIC).
    #[inline]
    pub const fn now_ms(&self) -> u64 {
        self.now_us / 1000
    }

    /// Microseconds since the clock was made (CLOCK_MONOTONIC).
    #[inline]
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// The wall clock (CLOCK_REALTIME).
    #[inline]
    pub const fn wall(&self) -> WallTime {
        self.wall
    }

    /// `wall` in the local time zone, ready to be written as a date. Asks the C library at most
    /// once for a quarter of an hour.
    pub fn local(&self, wall: WallTime) -> LocalTime {
        let step = wall.secs.div_euclid(ZONE_STEP_SECS);
        let cell = &self.zone[step.rem_euclid(ZONE_STEPS_KEPT as i64) as usize];
        let (step_kept, mut offset_secs) = cell.get();
        if step_kept != step {
            offset_secs = utc_offset_secs(wall.secs);
            cell.set((step, offset_secs));
        }
        LocalTime::new(wall.secs, wall.micros, offset_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_between_ticks_and_never_goes_back() {
        let mut clock = Clock::new();
        let (before_us, wall) = (clock.now_us(), clock.wall());
        assert_eq!(clock.now_us(), before_us);
        assert_eq!(clock.wall(), wall);
        clock.tick();
        assert!(clock.now_us() >= before_us);
        assert_eq!(clock.now_ms(), clock.now_us() / 1000);
    }

    #[test]
    fn local_dates_agree_with_the_c_library_at_every_step() {
        let clock = Clock::new();
        for day in 0..400 {
            let secs = 1_750_000_000 + day * 86_401;
            let local = clock.local(WallTime { secs, micros: 5 });
            assert_eq!(local, LocalTime::new(secs, 5, utc_offset_secs(secs)));
            assert_eq!(local, clock.local(WallTime { secs, micros: 5 }));
        }
    }
}
