//! Local time from the C library, which owns the time zone files, and the monotonic clock as other processes see it.

use nix::time::{ClockId, clock_gettime};

/// Microseconds of `CLOCK_MONOTONIC`: since some point that all processes share; 0 when there is no such clock.
pub fn monotonic_us() -> u64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map_or(0, |now| now.tv_sec().unsigned_abs() * 1_000_000 + now.tv_nsec().unsigned_abs() / 1000)
}

/// Seconds that local time is ahead of UTC at `secs` since 1970; 0 when the C library cannot say.
///
/// The first call reads the zone ($TZ or /etc/localtime) and keeps it, also through a chroot.
///
/// # Source
/// man 3 localtime_r
pub fn utc_offset_secs(secs: i64) -> i32 {
    // SAFETY: `tm` is plain integers and a pointer, for all of which zero is a valid value.
    let mut broken_down: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live locals of the right type, and localtime_r keeps neither.
    let found = unsafe { !libc::localtime_r(&secs, &mut broken_down).is_null() };
    if found { broken_down.tm_gmtoff as i32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_zone_is_further_than_a_day_from_utc() {
        for secs in [0, 1_795_255_872, -1, i64::MAX, i64::MIN] {
            assert!(utc_offset_secs(secs).abs() < 86_400, "at {secs}");
        }
    }
}
