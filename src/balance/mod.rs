//! Load-balancing algorithms, one a file, choosing among plain views.
//!
//! An algorithm knows servers by their position in the backend and keeps nothing but its own order.
//! Health, limits and queues are the caller's: it tells which servers take part and who has room.

pub mod algorithm;
pub mod dynamic_cookie;
pub mod first;
pub mod hash;
pub mod header;
pub mod leastconn;
pub mod random;
pub mod rdp_cookie;
pub mod ring;
pub mod roundrobin;
pub mod source;
pub mod static_rr;
pub mod uri;
pub mod url_param;

pub use algorithm::{Algorithm, Choice, Load};
pub use roundrobin::RoundRobin;

/// Parts of a weight: while `slowstart` lasts, only some of them count.
pub const SIXTEENTHS: u32 = 16;

/// A server as far as an algorithm cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerView {
    /// Its share, 0..=256; 0 takes no part.
    pub weight: u32,
    /// How many of [`SIXTEENTHS`] of it count.
    pub sixteenths: u32,
    /// Up, not in maintenance, and not a backup while others serve.
    pub usable: bool,
}

impl ServerView {
    /// A server whose whole weight counts.
    pub const fn whole(weight: u32, usable: bool) -> Self {
        ServerView { weight, sixteenths: SIXTEENTHS, usable }
    }

    /// The weight that counts now, in sixteenths.
    pub const fn effective_weight(self) -> u32 {
        if self.usable { self.weight * self.sixteenths } else { 0 }
    }
}

/// A server as its backend knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its weight now.
    pub weight: u32,
    /// How many of [`SIXTEENTHS`] of it count.
    pub sixteenths: u32,
    /// Up and not in maintenance.
    pub up: bool,
    /// `backup`.
    pub backup: bool,
}

/// Who takes part: the servers that are up, or, when none of them is, the first backup server
/// (every one with `option allbackups`).
pub fn in_rotation(
    servers: impl IntoIterator<Item = Candidate> + Clone,
    allbackups: bool,
) -> impl Iterator<Item = ServerView> {
    let serves = |server: &Candidate| server.up && server.weight > 0;
    let any_active = servers.clone().into_iter().any(|server| serves(&server) && !server.backup);
    let mut backups_left = match (any_active, allbackups) {
        (true, _) => 0,
        (false, true) => usize::MAX,
        (false, false) => 1,
    };
    servers.into_iter().map(move |server| {
        let mut usable = server.up;
        if server.backup {
            usable = serves(&server) && backups_left > 0;
            backups_left -= usize::from(usable);
        }
        ServerView { weight: server.weight, sixteenths: server.sixteenths, usable }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation(servers: &[(u32, bool, bool)], allbackups: bool) -> Vec<bool> {
        let servers = servers.iter().map(|&(weight, up, backup)| Candidate {
            weight,
            sixteenths: SIXTEENTHS,
            up,
            backup,
        });
        in_rotation(servers, allbackups).map(|view| view.effective_weight() > 0).collect()
    }

    #[test]
    fn backups_serve_only_when_no_other_does() {
        let up = [(1, true, false), (1, true, true), (1, true, true)];
        assert_eq!(rotation(&up, false), [true, false, false]);
        let down = [(1, false, false), (1, true, true), (1, true, true)];
        assert_eq!(rotation(&down, false), [false, true, false]);
        assert_eq!(rotation(&down, true), [false, true, true]);
        let without_weight = [(0, true, false), (0, true, true), (1, true, true)];
        assert_eq!(rotation(&without_weight, false), [false, false, true]);
    }
}
