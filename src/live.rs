//! The arenas of live objects; no behaviour.

use crate::base::arena::Arena;
use crate::stream::{Env, Stream};

/// Everything that lives while the worker runs. Connections, sessions, listeners, proxies and servers are
/// in the [`Env`] that steps borrow; streams stand beside it, because a step owns its stream.
#[derive(Debug)]
pub struct Live {
    /// All streams.
    pub streams: Arena<Stream>,
    /// All the rest.
    pub env: Env,
}
