//! A queue: the streams that wait for a slot of one server, or of any server of a backend, in their order.

use super::Waiter;
use crate::base::ids::Id;
use std::collections::VecDeque;

/// See the module. It has no limit of its own: each waiter holds a client's connection.
#[derive(Debug, Default)]
pub struct Queue {
    waiters: VecDeque<(Id<Waiter>, u32)>,
    /// How many got their slot so far; wraps.
    served: u32,
}

/// Somebody left a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// It was the first.
    pub was_first: bool,
    /// Its turn, from 1: how many got their slot while it waited, and itself (`%sq`, `%bq`). Who gave up before it
    /// does not count.
    pub turn: u32,
}

impl Queue {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Whose turn it is.
    pub fn first(&self) -> Option<Id<Waiter>> {
        self.waiters.front().map(|(waiter, _)| *waiter)
    }

    /// Puts a stream at the end.
    pub fn join(&mut self, waiter: Id<Waiter>) {
        self.waiters.push_back((waiter, self.served));
    }

    /// Takes a stream out, wherever it stands, because it `is_served` or gives up; `None`: it did not wait here.
    pub fn leave(&mut self, waiter: Id<Waiter>, is_served: bool) -> Option<Left> {
        let at = self.waiters.iter().position(|(other, _)| *other == waiter)?;
        let (_, served_before) = self.waiters.remove(at)?;
        let turn = self.served.wrapping_sub(served_before).wrapping_add(1);
        self.served = self.served.wrapping_add(u32::from(is_served));
        Some(Left { was_first: at == 0, turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue_of(waiters: u32) -> Queue {
        let mut queue = Queue::default();
        (0..waiters).for_each(|at| queue.join(Id::new(at, 0)));
        queue
    }

    #[test]
    fn who_is_served_has_the_turn_it_had_at_the_end_of_the_queue() {
        let mut queue = queue_of(3);
        let mut turns = Vec::new();
        while let Some(first) = queue.first() {
            turns.extend(queue.leave(first, true));
        }
        assert!(turns.iter().all(|left| left.was_first));
        assert_eq!(turns.iter().map(|left| left.turn).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn who_gives_up_does_not_count_for_those_behind() {
        let mut queue = queue_of(3);
        assert_eq!(queue.leave(Id::new(0, 0), false), Some(Left { was_first: true, turn: 1 }));
        assert_eq!(queue.leave(Id::new(2, 0), false), Some(Left { was_first: false, turn: 1 }));
        assert_eq!(queue.leave(Id::new(1, 0), true), Some(Left { was_first: true, turn: 1 }));
        assert!(queue.is_empty());
    }

    #[test]
    fn who_joins_later_does_not_count_those_served_before() {
        let mut queue = queue_of(1);
        queue.leave(Id::new(0, 0), true);
        queue.join(Id::new(5, 1));
        assert_eq!(queue.leave(Id::new(5, 0), true), None);
        assert_eq!(queue.leave(Id::new(5, 1), true), Some(Left { was_first: true, turn: 1 }));
    }
}
