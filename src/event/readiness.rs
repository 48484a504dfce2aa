//! What the kernel said about a descriptor.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A set of conditions of one descriptor.
///
/// The trap of edge-triggered polling: the kernel tells a condition when it *begins*, once. A
/// handler must therefore remember it, and act until the system call says EAGAIN (only that
/// takes the bit away, see [`remove`](Readiness::remove)). One that stops early for its budget
/// queues itself again; one that forgets leaves a connection that never wakes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness(u8);

impl Readiness {
    /// Nothing.
    pub const NONE: Readiness = Readiness(0);
    /// Bytes, a connection or the end of the stream can be read.
    pub const READABLE: Readiness = Readiness(1);
    /// Bytes can be written, or a connect has ended.
    pub const WRITABLE: Readiness = Readiness(1 << 1);
    /// The peer will send no more (EPOLLRDHUP); bytes before that may still wait.
    pub const READ_CLOSED: Readiness = Readiness(1 << 2);
    /// Both directions are closed (EPOLLHUP).
    pub const HUP: Readiness = Readiness(1 << 3);
    /// The socket holds an error (EPOLLERR): the next read, write or SO_ERROR tells it.
    pub const ERROR: Readiness = Readiness(1 << 4);
    /// Urgent data (EPOLLPRI).
    pub const PRIORITY: Readiness = Readiness(1 << 5);

    /// Whether all of `other` is in the set.
    #[inline]
    pub const fn contains(self, other: Readiness) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in the set.
    #[inline]
    pub const fn intersects(self, other: Readiness) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set is empty.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds `other`.
    #[inline]
    pub fn insert(&mut self, other: Readiness) {
        self.0 |= other.0;
    }

    /// Takes `other` away: after EAGAIN.
    #[inline]
    pub fn remove(&mut self, other: Readiness) {
        self.0 &= !other.0;
    }
}

impl From<&mio::event::Event> for Readiness {
    #[inline]
    fn from(event: &mio::event::Event) -> Self {
        let mut set = Readiness::NONE;
        let mut add = |said: bool, bit: Readiness| {
            if said {
                set.insert(bit);
            }
        };
        add(event.is_readable(), Readiness::READABLE);
        add(event.is_writable(), Readiness::WRITABLE);
        add(event.is_read_closed(), Readiness::READ_CLOSED);
        add(event.is_read_closed() && event.is_write_closed(), Readiness::HUP);
        add(event.is_error(), Readiness::ERROR);
        add(event.is_priority(), Readiness::PRIORITY);
        set
    }
}

impl BitOr for Readiness {
    type Output = Readiness;
    #[inline]
    fn bitor(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }
}

impl BitOrAssign for Readiness {
    #[inline]
    fn bitor_assign(&mut self, other: Readiness) {
        self.insert(other);
    }
}

impl fmt::Debug for Readiness {
    /// One letter a condition: `rw-h--`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = ["r", "w", "c", "h", "e", "p"];
        letters
            .iter()
            .enumerate()
            .try_for_each(|(bit, letter)| f.write_str(if self.0 & (1 << bit) != 0 { letter } else { "-" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in_until_it_is_taken_out() {
        let mut set = Readiness::READABLE | Readiness::ERROR;
        assert!(set.contains(Readiness::READABLE) && set.contains(Readiness::ERROR));
        assert!(!set.contains(Readiness::READABLE | Readiness::WRITABLE));
        assert!(set.intersects(Readiness::READABLE | Readiness::WRITABLE));
        set |= Readiness::WRITABLE;
        set.remove(Readiness::READABLE);
        assert_eq!(set, Readiness::WRITABLE | Readiness::ERROR);
        assert_eq!(format!("{set:?}"), "-w--e-");
        set.remove(set);
        assert!(set.is_empty());
    }
}
