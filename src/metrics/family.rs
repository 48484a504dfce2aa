//! The processes behind one pid of the operator's.

/// What the workers that came and went over reloads have in common.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Family {
    /// Reloads that were done.
    pub reloads: u32,
    /// Reloads that failed.
    pub failed: u32,
    /// Old workers that finish their connections.
    pub old: u32,
    /// Connections that they still have.
    pub old_conns: u64,
    /// Age of the oldest of these, in seconds.
    pub oldest_s: u64,
}
