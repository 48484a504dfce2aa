//! The two pools of the byte path: buffers and pipes. Both are bounded and both shrink when idle.

use crate::base::buffer::Buffer;
use crate::sys::pipe::Pipe;

/// Buffers kept for reuse at most; more are freed at once.
const IDLE_BUFFERS_MAX: usize = 256;
/// Pipes kept for reuse at most; more are closed at once.
const IDLE_PIPES_MAX: usize = 64;
/// Size asked for a pipe: one splice moves up to this much. Linux gives an unprivileged process
/// 1 MiB by default (`/proc/sys/fs/pipe-max-size`, man 7 pipe).
pub const PIPE_SIZE_DEFAULT: usize = 1 << 20;

/// Buffers of one size.
#[derive(Debug)]
pub struct BufferPool {
    idle: Vec<Buffer>,
    size: usize,
    used: usize,
    used_max: usize,
}

impl BufferPool {
    /// A pool of buffers of `size` bytes (`tune.bufsize`).
    pub fn new(size: usize) -> Self {
        BufferPool { idle: Vec::new(), size, used: 0, used_max: 0 }
    }

    /// A buffer, empty.
    #[inline]
    pub fn take(&mut self) -> Buffer {
        self.used += 1;
        self.used_max = self.used_max.max(self.used);
        self.idle.pop().unwrap_or_else(|| Buffer::with_capacity(self.size))
    }

    /// Takes a buffer back, if there is one.
    #[inline]
    pub fn put(&mut self, buffer: Option<Buffer>) {
        if let Some(mut buffer) = buffer {
            self.used -= 1;
            if self.idle.len() < IDLE_BUFFERS_MAX {
                buffer.clear();
                self.idle.push(buffer);
            }
        }
    }

    /// Bytes of one buffer.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Buffers kept for reuse.
    pub fn idle(&self) -> usize {
        self.idle.len()
    }

    /// Buffers lent out.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Most buffers ever lent out at once.
    pub fn used_max(&self) -> usize {
        self.used_max
    }

    /// Frees half of the idle ones; called now and then so that a peak is not kept for ever.
    pub fn trim(&mut self) {
        self.idle.truncate(self.idle.len() / 2);
        self.idle.shrink_to(16);
    }
}

/// Pipes for splicing.
#[derive(Debug)]
pub struct PipePool {
    idle: Vec<Pipe>,
    size: usize,
    used: usize,
    used_max: usize,
    limit: usize,
    /// Times a pipe was wanted and none could be had: the bytes were copied.
    pub refused: u64,
}

impl PipePool {
    /// A pool of at most `limit` pipes in use (`maxpipes`), each of `size` bytes (`tune.pipesize`).
    pub fn new(size: usize, limit: usize) -> Self {
        PipePool { idle: Vec::new(), size, used: 0, used_max: 0, limit, refused: 0 }
    }

    /// A pipe, or `None` when the limit is reached or the kernel has no descriptor left.
    pub fn take(&mut self) -> Option<Pipe> {
        if self.used >= self.limit {
            self.refused += 1;
            return None;
        }
        let pipe = match self.idle.pop() {
            Some(pipe) => pipe,
            None => match Pipe::new(self.size) {
                Ok(pipe) => pipe,
                Err(_) => {
                    self.refused += 1;
                    return None;
                }
            },
        };
        self.used += 1;
        self.used_max = self.used_max.max(self.used);
        Some(pipe)
    }

    /// Takes an empty pipe back.
    pub fn put(&mut self, pipe: Option<Pipe>) {
        if let Some(pipe) = pipe {
            self.used -= 1;
            if self.idle.len() < IDLE_PIPES_MAX {
                self.idle.push(pipe);
            }
        }
    }

    /// Closes a pipe that still has bytes in it.
    pub fn discard(&mut self, pipe: Option<Pipe>) {
        if pipe.is_some() {
            self.used -= 1;
        }
    }

    /// Pipes lent out.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Most pipes ever lent out at once.
    pub fn used_max(&self) -> usize {
        self.used_max
    }

    /// Pipes that may be lent out at once.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Pipes open and waiting.
    pub fn idle(&self) -> usize {
        self.idle.len()
    }

    /// Closes half of the idle ones.
    pub fn trim(&mut self) {
        self.idle.truncate(self.idle.len() / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_empty() {
        let mut pool = BufferPool::new(32);
        let mut b = pool.take();
        b.extend(b"x");
        pool.put(Some(b));
        assert_eq!(pool.used(), 0);
        assert!(pool.take().is_empty());
    }

    #[test]
    fn refuses_a_pipe_beyond_the_limit() {
        let mut pool = PipePool::new(PIPE_SIZE_DEFAULT, 1);
        let pipe = pool.take();
        assert!(pipe.is_some());
        assert!(pool.take().is_none());
        assert_eq!(pool.refused, 1);
        pool.put(pipe);
        assert!(pool.take().is_some());
    }
}
