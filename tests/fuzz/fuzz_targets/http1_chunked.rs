//! Any bytes as a chunked body: no panic, and the same end, data and error in any split.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::wire::http1::{ChunkLimits, ChunkParser, Wrong};

fuzz_target!(|input: &[u8]| {
    let Some((&seed, bytes)) = input.split_first() else { return };
    assert_eq!(walk(bytes, bytes.len().max(1)), walk(bytes, usize::from(seed) % 5 + 1));
});

/// Forwarded bytes, data bytes, whether the body ended; or what is wrong.
fn walk(bytes: &[u8], step: usize) -> Result<(usize, usize, bool), Wrong> {
    let mut parser = ChunkParser::default();
    let (mut from, mut end, mut data) = (0, 0, 0);
    loop {
        end = (end + step).min(bytes.len());
        let walk = parser.walk(&bytes[from..end], &ChunkLimits::default()).map_err(|e| e.wrong)?;
        from += walk.forward;
        data += walk.data;
        if walk.done || end == bytes.len() {
            return Ok((from, data, walk.done));
        }
    }
}
