//! Generational arena: owns objects, hands out ids that go stale when the object is gone.

use slab::Slab;

use crate::base::ids::Id;

/// Bits of a generation: what an event token has room for.
pub const GENERATION_BITS: u32 = 24;

/// Generations are counted modulo this.
const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

/// Objects of one kind by [`Id`].
///
/// Inserting, finding and removing cost O(1). A freed slot takes the next generation (24 bits, then
/// around), so an id kept too long finds nothing. Slots are freed to the arena, not to the
/// allocator: call [`shrink`](Arena::shrink) when idle to give the memory of a peak back.
#[derive(Debug)]
pub struct Arena<T> {
    slots: Slab<T>,
    /// The generation of every slot ever used; survives shrinking, so that old ids stay stale.
    generations: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Arena<T> {
    /// An empty arena without memory.
    pub const fn new() -> Self {
        Arena { slots: Slab::new(), generations: Vec::new() }
    }

    /// An empty arena with room for `slots` objects.
    pub fn with_capacity(slots: usize) -> Self {
        Arena { slots: Slab::with_capacity(slots), generations: Vec::with_capacity(slots) }
    }

    /// Takes `value` in.
    pub fn insert(&mut self, value: T) -> Id<T> {
        self.insert_with(|_| value)
    }

    /// Takes in what `make` returns; `make` is told the id that the object will have.
    pub fn insert_with(&mut self, make: impl FnOnce(Id<T>) -> T) -> Id<T> {
        let entry = self.slots.vacant_entry();
        let index = entry.key();
        if index >= self.generations.len() {
            self.generations.resize(index + 1, 0);
        }
        let id = Id::new(index as u32, self.generations[index]);
        entry.insert(make(id));
        id
    }

    /// The object, or `None` when it is gone.
    #[inline]
    pub fn get(&self, id: Id<T>) -> Option<&T> {
        if !self.is_current(id) {
            return None;
        }
        self.slots.get(id.index as usize)
    }

    /// The object to be changed, or `None` when it is gone.
    #[inline]
    pub fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        if !self.is_current(id) {
            return None;
        }
        self.slots.get_mut(id.index as usize)
    }

    /// Two different objects to be changed at once; `None` when either is gone or they are the same.
    #[inline]
    pub fn pair_mut(&mut self, a: Id<T>, b: Id<T>) -> Option<(&mut T, &mut T)> {
        if a.index == b.index || !self.is_current(a) || !self.is_current(b) {
            return None;
        }
        self.slots.get2_mut(a.index as usize, b.index as usize)
    }

    /// Gives the object back and makes its id stale; `None` when it was stale already.
    pub fn remove(&mut self, id: Id<T>) -> Option<T> {
        if !self.is_current(id) {
            return None;
        }
        let value = self.slots.try_remove(id.index as usize)?;
        let generation = &mut self.generations[id.index as usize];
        *generation = (*generation + 1) & GENERATION_MASK;
        Some(value)
    }

    /// Whether the object is still there.
    #[inline]
    pub fn contains(&self, id: Id<T>) -> bool {
        self.get(id).is_some()
    }

    /// How many objects there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many objects fit without asking the allocator.
    pub fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    /// All objects, by rising index.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        let generations = &self.generations;
        self.slots.iter().map(|(index, value)| (Id::new(index as u32, generations[index]), value))
    }

    /// All objects to be changed, by rising index.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Id<T>, &mut T)> {
        let generations = &self.generations;
        self.slots.iter_mut().map(|(index, value)| (Id::new(index as u32, generations[index]), value))
    }

    /// Slots ever used: every object's index is below.
    pub fn slots(&self) -> usize {
        self.generations.len()
    }

    /// The id of whatever lives at `index` now.
    pub fn id_at(&self, index: usize) -> Option<Id<T>> {
        self.slots.get(index).map(|_| Id::new(index as u32, self.generations[index]))
    }

    /// Gives back the memory behind the last object. O(capacity): for idle moments.
    pub fn shrink(&mut self) {
        self.slots.shrink_to_fit();
    }

    /// Gives back all slot memory when no object is left; says whether it did. The generations
    /// stay: 4 bytes for every slot of the peak.
    pub fn shrink_if_empty(&mut self) -> bool {
        if self.is_empty() {
            self.slots = Slab::new();
        }
        self.is_empty()
    }

    #[inline]
    fn is_current(&self, id: Id<T>) -> bool {
        self.generations.get(id.index as usize) == Some(&id.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_took_in() {
        let mut arena = Arena::new();
        let a = arena.insert("a");
        let b = arena.insert("b");
        assert_eq!(arena.get(a), Some(&"a"));
        *arena.get_mut(b).unwrap() = "c";
        assert_eq!(arena.iter().map(|(id, v)| (id, *v)).collect::<Vec<_>>(), [(a, "a"), (b, "c")]);
        assert_eq!(arena.id_at(1), Some(b));
        assert_eq!(arena.id_at(2), None);
        assert_eq!(arena.len(), 2);
    }

    #[test]
    fn a_stale_id_never_finds_the_next_tenant() {
        let mut arena = Arena::new();
        let old = arena.insert(1);
        assert_eq!(arena.remove(old), Some(1));
        let new = arena.insert(2);
        assert_eq!(new.index, old.index);
        assert_eq!(arena.get(old), None);
        assert_eq!(arena.remove(old), None);
        assert_eq!(arena.get(new), Some(&2));
    }

    #[test]
    fn an_object_knows_its_own_id() {
        let mut arena: Arena<u32> = Arena::new();
        let id = arena.insert_with(|id| id.index + 7);
        assert_eq!(arena.get(id), Some(&7));
    }

    #[test]
    fn generations_stay_within_24_bits() {
        let mut arena = Arena::new();
        let first = arena.insert(0);
        arena.generations[0] = GENERATION_MASK;
        let last = arena.id_at(0).unwrap();
        assert_eq!(arena.remove(last), Some(0));
        assert_eq!(arena.insert(1), first, "the count goes around to its start");
    }

    #[test]
    fn shrinking_gives_memory_back_and_keeps_old_ids_stale() {
        let mut arena = Arena::new();
        let ids: Vec<_> = (0..1000).map(|n| arena.insert(n)).collect();
        assert!(!arena.shrink_if_empty());
        for id in &ids[1..] {
            arena.remove(*id);
        }
        arena.shrink();
        assert!(arena.capacity() < 1000);
        assert_eq!(arena.get(ids[0]), Some(&0));
        arena.remove(ids[0]);
        assert!(arena.shrink_if_empty());
        assert_eq!(arena.capacity(), 0);
        let again = arena.insert(5);
        assert_eq!(again.index, 0);
        assert_eq!(arena.get(ids[0]), None);
        assert_eq!(arena.get(again), Some(&5));
    }
}
