//! What goes wrong around a proxy: clients and servers, log targets, operators, limits. Each fault is answered as the
//! packaged haproxy answers it where that can be compared, costs no more than it must, and leaves nothing behind.

mod cli;
mod descriptors;
mod ends;
mod http;
mod logs;

use std::time::{Duration, Instant};

use crate::endurance::{Held, expect_held_again};
use crate::kit::peer::WAIT;
use crate::kit::proxy::{Proxy, poll_until};

/// A loop that spins cannot leave the processor alone for so long; one that rests does so within [`WAIT`].
const RESTS: Duration = Duration::from_millis(100);

/// Bytes on lines, and rounds, are bounded by what is kept, not by what is sent: RSS may differ by this.
const RSS_SLACK_KB: u64 = 2048;

/// Waits until the proxy holds what it held `before` and then leaves the processor alone.
fn expect_settled(proxy: &Proxy, before: &Held) {
    expect_held_again(proxy, before);
    expect_rest(proxy);
}

/// Waits until the proxy leaves the processor alone.
fn expect_rest(proxy: &Proxy) {
    let (mut ticks, mut since) = (proxy.cpu_ticks(), Instant::now());
    let rests = || {
        let now = proxy.cpu_ticks();
        if now != ticks {
            (ticks, since) = (now, Instant::now());
        }
        (since.elapsed() >= RESTS).then_some(())
    };
    assert!(poll_until(WAIT, rests).is_some(), "it never rests");
}

/// What the proxy may take for memory beside `before_kb`.
fn expect_memory(proxy: &Proxy, before_kb: u64) {
    let now_kb = proxy.rss_kb();
    assert!(now_kb <= before_kb + RSS_SLACK_KB, "RSS grew from {before_kb} to {now_kb} kB");
}
