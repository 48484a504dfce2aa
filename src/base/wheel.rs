//! Timers: a hierarchical wheel of millisecond ticks.

use crate::base::arena::Arena;
use crate::base::ids::Id;

/// Bits of the deadline that one level looks at.
const LEVEL_BITS: u32 = 6;

/// Slots of a level, one bit each in its `occupied` word.
const SLOTS: usize = 1 << LEVEL_BITS;

/// Enough levels for every bit of a deadline: no deadline is too far away.
const LEVELS: usize = u64::BITS.div_ceil(LEVEL_BITS) as usize;

/// Names one timer of a [`Wheel`]. It goes stale when the timer fires or is removed, and then
/// harms no other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TimerKey {
    index: u32,
    generation: u32,
}

/// Pending timers, each carrying a `T` (usually an id).
///
/// Level 0 has a slot for each of the 64 milliseconds around now, level 1 for each 64 ms of the
/// 4096 around now, and so on. A timer waits at the level of the highest bit in which its deadline
/// differs from now; when time enters its slot it moves down, and from level 0 it fires. So an
/// insertion or a removal is O(1), and a timer moves at most once a level.
///
/// A timer never fires before its deadline. Timers of one millisecond fire in no particular order.
#[derive(Debug)]
pub struct Wheel<T> {
    now_ms: u64,
    levels: [Level; LEVELS],
    nodes: Arena<Node<T>>,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    /// Bit `n` is set when slot `n` holds a timer.
    occupied: u64,
    first: [Option<u32>; SLOTS],
}

#[derive(Debug)]
struct Node<T> {
    value: T,
    deadline_ms: u64,
    level: u8,
    slot: u8,
    previous: Option<u32>,
    next: Option<u32>,
}

impl<T: Copy> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy> Wheel<T> {
    /// A wheel without timers, at time 0.
    pub const fn new() -> Self {
        let level = Level { occupied: 0, first: [None; SLOTS] };
        Wheel { now_ms: 0, levels: [level; LEVELS], nodes: Arena::new() }
    }

    /// How many timers are pending.
    #[inline]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether none is pending.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Sets a timer. A deadline that has passed fires at the next [`expire`](Wheel::expire).
    pub fn insert(&mut self, deadline_ms: u64, value: T) -> TimerKey {
        let node = Node { value, deadline_ms, level: 0, slot: 0, previous: None, next: None };
        let id = self.nodes.insert(node);
        self.link(id.index);
        TimerKey { index: id.index, generation: id.generation }
    }

    /// Takes a timer back; `None` when it has fired or was removed before.
    pub fn remove(&mut self, key: TimerKey) -> Option<T> {
        let id = Id::new(key.index, key.generation);
        self.nodes.get(id)?;
        self.unlink(key.index);
        self.nodes.remove(id).map(|node| node.value)
    }

    /// Moves a pending timer to another deadline; `false` when it is not pending any more.
    pub fn reschedule(&mut self, key: TimerKey, deadline_ms: u64) -> bool {
        let id = Id::new(key.index, key.generation);
        if !self.nodes.contains(id) {
            return false;
        }
        self.unlink(key.index);
        if let Some(node) = self.nodes.get_mut(id) {
            node.deadline_ms = deadline_ms;
        }
        self.link(key.index);
        true
    }

    /// Moves time on to `now_ms` and adds to `fired` what every timer with a deadline up to then
    /// carries, by rising deadline. A `now_ms` in the past counts as the time last given.
    pub fn expire(&mut self, now_ms: u64, fired: &mut Vec<T>) {
        let now_ms = now_ms.max(self.now_ms);
        while let Some((level, slot, slot_start_ms)) = self.earliest() {
            if slot_start_ms > now_ms {
                break;
            }
            self.now_ms = slot_start_ms;
            let mut next = self.levels[level].first[slot].take();
            self.levels[level].occupied &= !(1 << slot);
            while let Some(index) = next {
                next = self.node(index).and_then(|node| node.next);
                if level > 0 {
                    self.link(index);
                } else if let Some(node) =
                    self.nodes.id_at(index as usize).and_then(|id| self.nodes.remove(id))
                {
                    fired.push(node.value);
                }
            }
        }
        self.now_ms = now_ms;
    }

    /// When to call [`expire`](Wheel::expire) next: never later than the earliest deadline, but
    /// perhaps earlier, as a timer far away may only have to move down. `None` without timers.
    #[inline]
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.earliest().map(|(_, _, slot_start_ms)| slot_start_ms)
    }

    /// Gives back memory of a peak, when idle. O(capacity).
    pub fn shrink(&mut self) {
        if !self.nodes.shrink_if_empty() {
            self.nodes.shrink();
        }
    }

    /// The slot that time enters first, and the time at which it does.
    ///
    /// It is in the lowest level in use, for a timer there agrees with now in all higher bits; and
    /// no slot of a level lies behind now, so the lowest bit set is the earliest.
    fn earliest(&self) -> Option<(usize, usize, u64)> {
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        let slot = self.levels[level].occupied.trailing_zeros() as usize;
        let shift = level as u32 * LEVEL_BITS;
        let above = u64::MAX.checked_shl(shift + LEVEL_BITS).unwrap_or(0);
        Some((level, slot, (self.now_ms & above) | ((slot as u64) << shift)))
    }

    fn node(&self, index: u32) -> Option<&Node<T>> {
        self.nodes.get(self.nodes.id_at(index as usize)?)
    }

    fn node_mut(&mut self, index: u32) -> Option<&mut Node<T>> {
        self.nodes.get_mut(self.nodes.id_at(index as usize)?)
    }

    /// Puts a node first in the slot that its deadline belongs in as seen from now.
    fn link(&mut self, index: u32) {
        let now_ms = self.now_ms;
        let Some(node) = self.node(index) else { return };
        let deadline_ms = node.deadline_ms.max(now_ms);
        let (level, slot) = place(now_ms, deadline_ms);
        let next = self.levels[level].first[slot].replace(index);
        self.levels[level].occupied |= 1 << slot;
        if let Some(node) = self.node_mut(index) {
            (node.level, node.slot) = (level as u8, slot as u8);
            (node.previous, node.next) = (None, next);
        }
        if let Some(node) = next.and_then(|next| self.node_mut(next)) {
            node.previous = Some(index);
        }
    }

    /// Takes a node out of its slot; it stays in the arena.
    fn unlink(&mut self, index: u32) {
        let Some(node) = self.node(index) else { return };
        let (level, slot) = (usize::from(node.level), usize::from(node.slot));
        let (previous, next) = (node.previous, node.next);
        match previous.and_then(|previous| self.node_mut(previous)) {
            Some(node) => node.next = next,
            None => self.levels[level].first[slot] = next,
        }
        if let Some(node) = next.and_then(|next| self.node_mut(next)) {
            node.previous = previous;
        }
        if self.levels[level].first[slot].is_none() {
            self.levels[level].occupied &= !(1 << slot);
        }
    }
}

/// Level and slot for a deadline that is not before `now_ms`.
#[inline]
fn place(now_ms: u64, deadline_ms: u64) -> (usize, usize) {
    // The lowest bits always count as different: level 0 holds them.
    let different = (now_ms ^ deadline_ms) | (SLOTS as u64 - 1);
    let level = (u64::BITS - 1 - different.leading_zeros()) / LEVEL_BITS;
    let slot = (deadline_ms >> (level * LEVEL_BITS)) as usize & (SLOTS - 1);
    (level as usize, slot)
}

#[cfg(test)]
mod tests;
