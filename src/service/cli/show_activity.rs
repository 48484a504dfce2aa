//! `show activity`: what the loop has done. Of the reference's fields only those that mean something here.

use super::rows::{Call, Progress};

/// `show activity`
pub fn activity(call: &mut Call<'_>) -> Progress {
    let info = call.world.info();
    let lines = format!(
        "thread_id: 1 (1..1)\ndate_now: {}.{:06}\nloops: {}\naccepted: {}\n",
        info.wall.secs, info.wall.micros, info.counters.turns, info.counters.conn.tot
    );
    call.out.extend_from_slice(lines.as_bytes());
    Progress::Done
}

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::{TestWorld, answer};

    #[test]
    fn the_loop_is_shown() {
        let text = answer(&mut TestWorld::new(), "show activity");
        assert!(text.contains("\nloops: 0\n") && text.contains("\ndate_now: 1795223369.872000\n"), "{text}");
    }
}
