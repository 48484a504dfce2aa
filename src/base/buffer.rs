//! A byte buffer of fixed capacity: bytes enter behind, leave in front.

use std::ops::Range;

/// Contiguous bytes in one heap allocation that never grows.
///
/// ```text
///   0        start            end          capacity
///   | consumed |     data()    |   spare_mut()   |
/// ```
/// Consuming moves no byte: the room in front comes back when the buffer runs empty or when
/// [`compact`](Buffer::compact) is called.
#[derive(Debug)]
pub struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// An empty buffer of `capacity` bytes, zeroed this once.
    pub fn with_capacity(capacity: usize) -> Self {
        Buffer { bytes: vec![0; capacity].into_boxed_slice(), start: 0, end: 0 }
    }

    /// The bytes that wait.
    #[inline]
    pub fn data(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The bytes that wait, to be changed in place.
    #[inline]
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// How many bytes wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether none waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes fit in all.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes can still be put in, counting those that [`compact`](Buffer::compact) would win.
    #[inline]
    pub fn room_left(&self) -> usize {
        self.capacity() - self.len()
    }

    /// The room behind the data, to be read into; what it holds is old. See [`commit`](Buffer::commit).
    #[inline]
    pub fn spare_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.end..]
    }

    /// Everything from the first stored byte to the end of the allocation, for edits in place;
    /// [`set_len`](Buffer::set_len) says afterwards how much of it is stored.
    #[inline]
    pub fn window_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }

    /// Says how many bytes of the [`window_mut`](Buffer::window_mut) are stored now.
    #[inline]
    pub fn set_len(&mut self, len: usize) {
        self.end = (self.start + len).min(self.bytes.len());
    }

    /// Says that `count` bytes were written at the start of [`spare_mut`](Buffer::spare_mut). More
    /// than it had room for counts as all of it (and is a broken caller in debug builds).
    #[inline]
    pub fn commit(&mut self, count: usize) {
        debug_assert!(count <= self.capacity() - self.end, "committed more than there was room for");
        self.end = self.end.saturating_add(count).min(self.capacity());
    }

    /// Drops `count` bytes in front. More than there are counts as all of them (and is a broken
    /// caller in debug builds).
    #[inline]
    pub fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.len(), "consumed more than there was");
        self.start = self.start.saturating_add(count).min(self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    /// Drops everything.
    #[inline]
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Moves the data to the front, so that all room lies behind it. Costs a copy of the data.
    pub fn compact(&mut self) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }

    /// Puts as many of `bytes` in as fit, compacting when that helps; returns how many.
    pub fn extend(&mut self, bytes: &[u8]) -> usize {
        if self.capacity() - self.end < bytes.len() {
            self.compact();
        }
        let count = bytes.len().min(self.capacity() - self.end);
        self.bytes[self.end..self.end + count].copy_from_slice(&bytes[..count]);
        self.end += count;
        count
    }

    /// Puts `bytes` in at `at` (an offset into the data), moving what follows. `false`, and nothing
    /// changed, when they do not fit or `at` lies behind the data.
    pub fn insert_at(&mut self, at: usize, bytes: &[u8]) -> bool {
        if bytes.len() > self.room_left() || at > self.len() {
            return false;
        }
        if self.capacity() - self.end < bytes.len() {
            self.compact();
        }
        let at = self.start + at;
        self.bytes.copy_within(at..self.end, at + bytes.len());
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
        true
    }

    /// Takes the bytes of `range` (offsets into the data) out; what lies outside the data is ignored.
    pub fn delete(&mut self, range: Range<usize>) {
        let to = range.end.min(self.len());
        let from = range.start.min(to);
        if from == 0 {
            return self.consume(to);
        }
        self.bytes.copy_within(self.start + to..self.end, self.start + from);
        self.end -= to - from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(bytes: &[u8], capacity: usize) -> Buffer {
        let mut buffer = Buffer::with_capacity(capacity);
        assert_eq!(buffer.extend(bytes), bytes.len());
        buffer
    }

    #[test]
    fn takes_what_was_committed_and_no_more() {
        let mut buffer = Buffer::with_capacity(4);
        buffer.spare_mut()[..2].copy_from_slice(b"ab");
        buffer.commit(2);
        assert_eq!(buffer.data(), b"ab");
        assert_eq!(buffer.room_left(), 2);
        assert_eq!(buffer.extend(b"cde"), 2);
        assert_eq!(buffer.data(), b"abcd");
        assert!(buffer.spare_mut().is_empty());
    }

    #[test]
    fn running_empty_gives_all_room_back() {
        let mut buffer = holding(b"abcd", 4);
        buffer.consume(3);
        assert_eq!(buffer.data(), b"d");
        assert_eq!(buffer.spare_mut().len(), 0);
        buffer.consume(1);
        assert_eq!(buffer.spare_mut().len(), 4);
    }

    #[test]
    fn compacting_moves_the_data_to_the_front() {
        let mut buffer = holding(b"abcd", 4);
        buffer.consume(2);
        buffer.compact();
        assert_eq!(buffer.data(), b"cd");
        assert_eq!(buffer.spare_mut().len(), 2);
        buffer.consume(1);
        assert_eq!(buffer.extend(b"efg"), 3, "extend compacts by itself");
        assert_eq!(buffer.data(), b"defg");
    }

    #[test]
    fn inserts_in_the_middle_or_refuses_whole() {
        let mut buffer = holding(b"xxac", 5);
        buffer.consume(2);
        assert!(buffer.insert_at(1, b"bb"));
        assert_eq!(buffer.data(), b"abbc");
        assert!(!buffer.insert_at(0, b"12"));
        assert!(!buffer.insert_at(9, b""));
        assert!(buffer.insert_at(4, b"!"));
        assert_eq!(buffer.data(), b"abbc!");
    }

    #[test]
    fn deletes_only_what_is_there() {
        let mut buffer = holding(b"abcdef", 6);
        buffer.delete(1..3);
        assert_eq!(buffer.data(), b"adef");
        buffer.delete(0..1);
        assert_eq!(buffer.data(), b"def");
        buffer.delete(2..99);
        assert_eq!(buffer.data(), b"de");
        buffer.delete(7..9);
        assert_eq!(buffer.data(), b"de");
        buffer.delete(0..2);
        assert!(buffer.is_empty());
    }
}
