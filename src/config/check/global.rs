//! Global values that depend on each other.

use crate::settings::Global;

/// A buffer keeps room for data beside the part reserved for edits: a `tune.maxrewrite` above half
/// the buffer becomes half of it, as in the reference.
pub fn buffer_sizes(global: &mut Global) {
    let tune = &mut global.tune;
    tune.maxrewrite = tune.maxrewrite.min(tune.bufsize / 2);
}
