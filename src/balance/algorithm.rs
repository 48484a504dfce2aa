//! The algorithm of one backend: the one place that knows them all.

use super::first::First;
use super::leastconn::LeastConn;
use super::random::Random;
use super::ring::{Bound, Ring};
use super::static_rr::StaticRr;
use super::{RoundRobin, ServerView};

/// How a backend chooses, and what it remembers for that.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Algorithm {
    RoundRobin(RoundRobin),
    StaticRr(StaticRr),
    LeastConn(LeastConn),
    First {
        order: First,
        views: Vec<ServerView>,
    },
    /// `hash-type map-based`; requests without a key go round the map.
    Map(StaticRr),
    /// `hash-type consistent`; requests without a key walk along the ring.
    Ring {
        ring: Ring,
        /// `hash-balance-factor`; 0 = off.
        factor_pct: u32,
    },
    Random {
        random: Random,
        /// `hash-balance-factor`; 0 = off.
        factor_pct: u32,
    },
}

/// What the servers are doing, by position in the backend.
pub struct Load<'a> {
    /// Whether the server may be given another exchange now.
    pub has_room: &'a dyn Fn(usize) -> bool,
    /// Its exchanges, those that wait for it included.
    pub used: &'a dyn Fn(usize) -> u32,
    /// The server that just failed. A map leads back to it, as in the reference; nobody else does.
    pub avoid: Option<usize>,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This server, which has room.
    Server(usize),
    /// The key of the request leads to this server, whether it has room or not.
    Keyed(usize),
    /// Nobody has room.
    None,
}

impl Algorithm {
    /// Takes in the servers of the backend, in order of declaration: at the start, and whenever a
    /// weight or a state changed.
    pub fn update(&mut self, servers: impl IntoIterator<Item = ServerView>) {
        match self {
            Algorithm::RoundRobin(order) => order.update(servers),
            Algorithm::StaticRr(round) | Algorithm::Map(round) => round.update(servers),
            Algorithm::LeastConn(standings) => standings.update(servers),
            Algorithm::First { views, .. } => *views = servers.into_iter().collect(),
            Algorithm::Ring { ring, .. } => ring.update(servers),
            Algorithm::Random { random, .. } => random.ring().update(servers),
        }
    }

    /// Chooses a server. `hash` is that of the request's key, where the algorithm has keys and the
    /// request has one.
    pub fn pick(&mut self, hash: Option<u32>, load: &Load<'_>) -> Choice {
        let keyed = hash.and_then(|hash| match self {
            Algorithm::Map(round) => round.of_hash(hash),
            Algorithm::Ring { ring, factor_pct } => {
                let bound = Bound { factor_pct: *factor_pct, used: load.used };
                ring.of_hash(hash, (*factor_pct > 0).then_some(&bound), load.avoid)
            }
            Algorithm::RoundRobin(_)
            | Algorithm::StaticRr(_)
            | Algorithm::LeastConn(_)
            | Algorithm::First { .. }
            | Algorithm::Random { .. } => None,
        });
        if let Some(at) = keyed {
            return Choice::Keyed(at);
        }
        let picked = match self {
            Algorithm::RoundRobin(order) => {
                load.avoid.into_iter().for_each(|at| order.pass(at));
                order.pick(load.has_room)
            }
            Algorithm::StaticRr(round) | Algorithm::Map(round) => round.pick(load.has_room),
            Algorithm::LeastConn(standings) => standings.pick(load.has_room),
            Algorithm::First { order, views } => order.pick(views, load.has_room),
            Algorithm::Ring { ring, .. } => ring.pick(load.has_room),
            Algorithm::Random { random, factor_pct } => random.pick(load.has_room, load.used, *factor_pct),
        };
        picked.map_or(Choice::None, Choice::Server)
    }

    /// The server at `at` now has `used` exchanges, waiting ones included.
    pub fn load_changed(&mut self, at: usize, used: u32) {
        match self {
            Algorithm::LeastConn(standings) => standings.changed(at, used),
            Algorithm::RoundRobin(_)
            | Algorithm::StaticRr(_)
            | Algorithm::First { .. }
            | Algorithm::Map(_)
            | Algorithm::Ring { .. }
            | Algorithm::Random { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_key_goes_where_there_is_room() {
        let mut map = Algorithm::Map(StaticRr::new());
        map.update([ServerView::whole(1, true); 3]);
        let load = Load { has_room: &|at| at != 0, used: &|_| 0, avoid: None };
        assert_eq!(map.pick(Some(3), &load), Choice::Keyed(0));
        assert_eq!(map.pick(None, &load), Choice::Server(1));
        assert_eq!(map.pick(None, &load), Choice::Server(2));
        assert_eq!(map.pick(None, &Load { has_room: &|_| false, ..load }), Choice::None);
    }
}
