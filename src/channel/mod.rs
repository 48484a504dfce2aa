//! One direction in transit: buffer, pipe lease, forward budget; and the two pools.
//!
//! A channel carries bytes from one end of a stream (its source) to the other (its sink). Bytes wait
//! either in the buffer, where they can be looked at, or in the pipe, where they cannot; never in both.
//!
//! ```text
//!   source --recv--> [ buffer: may go | not judged yet ] --send--> sink
//!          --splice--> ( pipe: may go ) --splice-->
//!                        <- budget ->
//! ```
//!
//! The budget counts bytes, from the next one to be sent on, that may leave. It may reach beyond what
//! has arrived: then bytes can be spliced without being seen. For a tunnel it is infinite; for HTTP the
//! mux raises it as it judges heads and chunks. An idle channel holds no buffer and no pipe.

pub mod pool;

use crate::base::buffer::Buffer;
use crate::sys::pipe::Pipe;
pub use pool::{BufferPool, PipePool};

/// A budget that never ends.
pub const UNLIMITED: u64 = u64::MAX;

/// One direction of a stream.
#[derive(Debug, Default)]
pub struct Channel {
    /// Bytes received and not sent yet; taken from the pool while there are any.
    pub buffer: Option<Buffer>,
    /// A leased pipe; held while it has bytes in it.
    pub pipe: Option<Pipe>,
    /// Bytes in the pipe.
    pub piped: usize,
    /// Bytes that may still be sent, from the next one on; [`UNLIMITED`] for a tunnel.
    pub budget: u64,
    /// Bytes delivered to the sink since the channel was last reset.
    pub delivered: u64,
    /// The source said that nothing more comes.
    pub source_ended: bool,
    /// The end was passed on to the sink.
    pub sink_shut: bool,
    /// Reads fill the buffer: splice while it pays.
    pub bulk: bool,
    /// Small splices in a row; a few of them end `bulk`.
    pub small_splices: u8,
}

impl Channel {
    /// Bytes waiting here, judged or not.
    #[inline]
    pub fn waiting(&self) -> usize {
        self.piped + self.buffer.as_ref().map_or(0, Buffer::len)
    }

    /// Bytes waiting that may be sent now.
    #[inline]
    pub fn sendable(&self) -> usize {
        let waiting = self.waiting();
        if self.budget >= waiting as u64 { waiting } else { self.budget as usize }
    }

    /// Offset in the buffer of the first byte that has not been judged; `None` when the budget reaches beyond it.
    #[inline]
    pub fn unjudged(&self) -> Option<usize> {
        let len = self.buffer.as_ref().map_or(0, Buffer::len) as u64;
        (self.piped == 0 && self.budget < len).then_some(self.budget as usize)
    }

    /// Records that `n` bytes went to the sink.
    #[inline]
    pub fn sent(&mut self, n: usize) {
        self.delivered += n as u64;
        self.spend(n);
    }

    /// Takes `n` bytes off the budget without counting them as delivered.
    #[inline]
    pub fn spend(&mut self, n: usize) {
        if self.budget != UNLIMITED {
            self.budget -= n as u64;
        }
    }

    /// Raises the budget by `n` judged bytes.
    #[inline]
    pub fn allow(&mut self, n: u64) {
        self.budget = self.budget.saturating_add(n);
    }

    /// Gives an empty buffer and an empty pipe back: an idle channel holds nothing.
    #[inline]
    pub fn release_idle(&mut self, buffers: &mut BufferPool, pipes: &mut PipePool) {
        if self.buffer.as_ref().is_some_and(Buffer::is_empty) {
            buffers.put(self.buffer.take());
        }
        if self.piped == 0 && self.pipe.is_some() {
            pipes.put(self.pipe.take());
        }
    }

    /// Gives everything back, bytes in transit included.
    pub fn abandon(&mut self, buffers: &mut BufferPool, pipes: &mut PipePool) {
        buffers.put(self.buffer.take());
        match self.piped {
            0 => pipes.put(self.pipe.take()),
            // A pipe with bytes in it cannot be used again.
            _ => pipes.discard(self.pipe.take()),
        }
        self.piped = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_decides_what_may_be_sent() {
        let mut buffer = Buffer::with_capacity(64);
        buffer.extend(b"headrest");
        let mut ch = Channel { buffer: Some(buffer), ..Channel::default() };
        assert_eq!((ch.sendable(), ch.unjudged()), (0, Some(0)));
        ch.allow(4);
        assert_eq!((ch.sendable(), ch.unjudged()), (4, Some(4)));
        ch.allow(100);
        assert_eq!((ch.sendable(), ch.unjudged()), (8, None));
        ch.sent(8);
        assert_eq!((ch.budget, ch.delivered), (96, 8));
    }

    #[test]
    fn an_unlimited_budget_is_never_spent() {
        let mut ch = Channel { budget: UNLIMITED, ..Channel::default() };
        ch.sent(1 << 40);
        ch.allow(5);
        assert_eq!(ch.budget, UNLIMITED);
    }
}
