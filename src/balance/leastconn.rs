//! `balance leastconn` (configuration.txt 4.2): the server with the fewest exchanges for its weight;
//! among equals the one whose count changed longest ago.
//!
//! A pick looks at every server once: the list is short and lies in one piece of memory.

use super::{SIXTEENTHS, ServerView};

/// The load of one exchange on a server of the weight of a sixteenth; loads are whole numbers, as in the reference.
const LOAD_OF_ONE: u64 = 256 * SIXTEENTHS as u64;

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    weight: u32,
    used: u32,
    /// Load and the change that led to it: the order.
    order: (u64, u64),
}

/// The standings of one backend.
#[derive(Debug, Default)]
pub struct LeastConn {
    servers: Vec<Standing>,
    changes: u64,
}

impl LeastConn {
    /// Standings of no servers; [`update`](Self::update) fills them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the servers of the backend, in order of declaration; those known keep their counts.
    pub fn update(&mut self, servers: impl IntoIterator<Item = ServerView>) {
        let mut count = 0;
        for (at, server) in servers.into_iter().enumerate() {
            let weight = server.effective_weight();
            count = at + 1;
            let fresh = at == self.servers.len();
            if fresh {
                self.servers.push(Standing::default());
            }
            let Some(known) = self.servers.get_mut(at) else { continue };
            if fresh || known.weight != weight {
                known.weight = weight;
                let used = known.used;
                self.changed(at, used);
            }
        }
        self.servers.truncate(count);
    }

    /// The server at `at` now serves, or has waiting, `used` exchanges.
    pub fn changed(&mut self, at: usize, used: u32) {
        let Some(server) = self.servers.get_mut(at) else { return };
        // The next exchange counts, except on an idle server: those are all equal.
        let load = match used {
            0 => 0,
            used => (u64::from(used) + 1) * LOAD_OF_ONE / u64::from(server.weight.max(1)),
        };
        self.changes += 1;
        (server.used, server.order) = (used, (load, self.changes));
    }

    /// The least loaded server among those for which `has_room` says yes.
    pub fn pick(&self, mut has_room: impl FnMut(usize) -> bool) -> Option<usize> {
        let serving = self.servers.iter().enumerate().filter(|(_, server)| server.weight > 0);
        serving.filter(|(at, _)| has_room(*at)).min_by_key(|(_, server)| server.order).map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standings(weights: &[u32]) -> LeastConn {
        let mut order = LeastConn::new();
        order.update(weights.iter().map(|&weight| ServerView::whole(weight, true)));
        order
    }

    #[test]
    fn connections_that_stay_are_spread_as_the_reference_spreads_them() {
        // Seen with haproxy 2.6.12.
        for (weights, expected) in [
            (&[1, 1, 1][..], "123123123123"),
            (&[1, 2, 3], "123323323123323123323123"),
            (&[3, 2, 1], "123121121321121321121321"),
            (&[5, 1], "121111111121111121111121"),
            (&[4, 4, 2], "123121231212312123121231"),
            (&[1, 0, 2], "133313313313313313313313"),
        ] {
            let mut order = standings(weights);
            let mut used = vec![0; weights.len()];
            let mut seen = String::new();
            for _ in 0..expected.len() {
                let at = order.pick(|_| true).unwrap();
                used[at] += 1;
                order.changed(at, used[at]);
                seen += &(at + 1).to_string();
            }
            assert_eq!(seen, expected, "{weights:?}");
        }
    }

    #[test]
    fn idle_servers_take_turns_whatever_their_weights() {
        let mut order = standings(&[1, 2, 3]);
        let mut seen = Vec::new();
        for _ in 0..6 {
            let at = order.pick(|_| true).unwrap();
            order.changed(at, 1);
            order.changed(at, 0);
            seen.push(at);
        }
        assert_eq!(seen, [0, 1, 2, 0, 1, 2]);
        assert_eq!(order.pick(|at| at != 0), Some(1));
        assert_eq!(order.pick(|_| false), None);
    }
}
