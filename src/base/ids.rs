//! Ids that name live objects: an upward link is always an id, never a reference.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// Names one slot of an [`Arena`](crate::base::arena::Arena) and one tenancy of that slot.
///
/// A slot that is freed and taken again has another generation, so an id kept too long finds
/// nothing instead of another object.
pub struct Id<T> {
    /// Position in the arena.
    pub index: u32,
    /// Tenancy of the position; wraps around.
    pub generation: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Makes the id of `index` in its `generation`.
    pub const fn new(index: u32, generation: u32) -> Self {
        Id { index, generation, kind: PhantomData }
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.generation == other.generation
    }
}
impl<T> Eq for Id<T> {}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.index, self.generation).hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}.{}", self.index, self.generation)
    }
}

/// Position of a proxy (frontend, backend or listen) in the settings and among the live proxies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ProxyId(pub u32);

/// Position of a server among all servers of all backends, in order of declaration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ServerId(pub u32);
