//! `hash-type consistent` (configuration.txt 4.2): servers stand on a ring of hashes at many points,
//! and a key goes to the point nearest to its hash. A server that goes away takes only its own keys
//! along.
//!
//! Where the points lie was found by asking the reference for single hashes: point `k` of the
//! server with id `i` is the avalanche of `4096 i + k`, with sixteen points for each unit of weight: one for each
//! sixteenth that counts while `slowstart` lasts.

use super::{ServerView, hash};

/// Distance of two servers' points before they are hashed.
const POINTS_PER_ID: u32 = 4096;

/// The ring of one backend.
#[derive(Debug, Default)]
pub struct Ring {
    ids: Vec<u32>,
    weights: Vec<u32>,
    /// Hash and server, sorted.
    points: Vec<(u32, u32)>,
    next: usize,
}

impl Ring {
    /// The ring of servers with these ids, in order of declaration; [`update`](Self::update) puts
    /// them on it.
    pub fn new(ids: &[u32]) -> Self {
        Ring { ids: ids.to_vec(), ..Ring::default() }
    }

    /// Places the servers of the backend, in order of declaration.
    pub fn update(&mut self, servers: impl IntoIterator<Item = ServerView>) {
        self.weights = servers.into_iter().map(ServerView::effective_weight).collect();
        self.points.clear();
        for (at, (&id, &weight)) in (0..).zip(self.ids.iter().zip(&self.weights)) {
            let first = id.wrapping_mul(POINTS_PER_ID);
            let own = (0..weight).map(|k| hash::avalanche(first.wrapping_add(k)));
            self.points.extend(own.map(|point| (point, at)));
        }
        self.points.sort_unstable();
        if self.next >= self.points.len() {
            self.next = 0;
        }
    }

    /// Position of the point nearest to `hash`; of two as near, the lower one.
    fn nearest(&self, hash: u32) -> Option<usize> {
        let after = self.points.partition_point(|&(point, _)| point < hash);
        let after = if after == self.points.len() { 0 } else { after };
        let before = after.checked_sub(1).or_else(|| self.points.len().checked_sub(1))?;
        let (above, below) = (self.points.get(after)?.0, self.points.get(before)?.0);
        Some(if above.wrapping_sub(hash) < hash.wrapping_sub(below) { after } else { before })
    }

    /// The servers from the point nearest to `hash` on, once around.
    fn along_from(&self, hash: u32) -> impl Iterator<Item = usize> {
        let (before, after) = self.points.split_at(self.nearest(hash).unwrap_or(0));
        after.iter().chain(before).map(|&(_, server)| server as usize)
    }

    /// The server that a hash leads to, or the next one along the ring that is not the one to avoid; with
    /// `bound`, the first of these that is below it.
    pub fn of_hash(&self, hash: u32, bound: Option<&Bound<'_>>, avoid: Option<usize>) -> Option<usize> {
        let others = || self.along_from(hash).filter(|server| Some(*server) != avoid);
        let below = bound.and_then(|bound| others().find(|&server| bound.allows(server, &self.weights)));
        below.or_else(|| others().next()).or_else(|| self.along_from(hash).next())
    }

    /// The next server along the ring that has room, for requests without a key.
    pub fn pick(&mut self, mut has_room: impl FnMut(usize) -> bool) -> Option<usize> {
        let len = self.points.len();
        for at in (self.next..len).chain(0..self.next) {
            let server = self.points.get(at)?.1 as usize;
            if has_room(server) {
                self.next = (at + 1) % len;
                return Some(server);
            }
        }
        None
    }

    /// The weight that counts of the server at `at`.
    pub fn weight(&self, at: usize) -> u32 {
        self.weights.get(at).copied().unwrap_or(0)
    }
}

/// `hash-balance-factor`: no server takes more than its share of the exchanges, times the factor.
pub struct Bound<'a> {
    /// Percent of the fair share; above 100.
    pub factor_pct: u32,
    /// Exchanges of the server at a position, waiting ones included.
    pub used: &'a dyn Fn(usize) -> u32,
}

impl Bound<'_> {
    /// Whether the server may take one more. The places of all servers are dealt out in order of
    /// declaration, fractions carried on, and each has at least one.
    fn allows(&self, server: usize, weights: &[u32]) -> bool {
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let active = || (0..weights.len()).filter(|&at| weights[at] > 0);
        let load: u64 = active().map(|at| u64::from((self.used)(at))).sum();
        let places = ((load + 1) * u64::from(self.factor_pct)).div_ceil(100);
        let before: u64 = weights.iter().take(server).map(|&weight| u64::from(weight)).sum();
        let own = weights.get(server).map_or(0, |&weight| u64::from(weight));
        let dealt = |weights: u64| (places * weights).checked_div(sum).unwrap_or(0);
        let share = dealt(before + own) - dealt(before);
        u64::from((self.used)(server)) < share.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(servers: &[(u32, u32)]) -> Ring {
        let ids: Vec<_> = servers.iter().map(|server| server.0).collect();
        let mut ring = Ring::new(&ids);
        ring.update(servers.iter().map(|&(_, weight)| ServerView::whole(weight, true)));
        ring
    }

    #[test]
    fn requests_without_a_key_walk_along_the_ring() {
        // Seen with haproxy 2.6.12.
        for (servers, expected) in [
            (&[(1, 1), (2, 1), (3, 1), (4, 1)][..], "344342413141231112231332"),
            (&[(1, 1), (2, 2), (3, 3), (4, 4)], "333433444443343434343444"),
        ] {
            let mut ring = ring(servers);
            let seen: String =
                (0..expected.len()).map(|_| (ring.pick(|_| true).unwrap() + 1).to_string()).collect();
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn keys_change_server_where_they_do_in_the_reference() {
        // Borders between two servers of weight 1, seen with haproxy 2.6.12: the hash on the right
        // is the first that goes to the other server.
        let ring = ring(&[(1, 1), (2, 1)]);
        for (border, before, after) in [
            (0x1b1b_59f6, 2, 1),
            (0x3030_9fdc, 1, 2),
            (0x33b5_ab91, 2, 1),
            (0x4004_78df, 1, 2),
            (0xefa7_c975, 1, 2),
        ] {
            assert_eq!(ring.of_hash(border - 1, None, None), Some(before - 1), "{border:#x}");
            assert_eq!(ring.of_hash(border, None, None), Some(after - 1), "{border:#x}");
        }
        for end in [0, u32::MAX] {
            assert_eq!(ring.of_hash(end, None, None), Some(1));
        }
    }

    #[test]
    fn a_server_that_goes_away_takes_only_its_own_keys_along() {
        let mut ring = ring(&[(1, 4), (2, 4), (3, 4)]);
        let keys: Vec<u32> = (0..1000).map(hash::avalanche).collect();
        let before: Vec<_> = keys.iter().map(|&key| ring.of_hash(key, None, None)).collect();
        ring.update([true, false, true].map(|usable| ServerView::whole(4, usable)));
        for (key, before) in keys.iter().zip(before) {
            let now = ring.of_hash(*key, None, None);
            assert!(now == before || before == Some(1) && now != Some(1));
            let other = ring.of_hash(*key, None, now);
            assert!(other != now && other != Some(1));
        }
        ring.update([]);
        assert_eq!((ring.of_hash(5, None, None), ring.pick(|_| true)), (None, None));
    }

    #[test]
    fn nobody_goes_above_the_bound_whatever_the_keys() {
        let ring = ring(&[(1, 1), (2, 1), (3, 1), (4, 1)]);
        let mut used = [0u32; 4];
        for total in 1..=400 {
            let bound = Bound { factor_pct: 125, used: &|at| used[at] };
            let at = ring.of_hash(0x1234_5678, Some(&bound), None).unwrap();
            used[at] += 1;
            let most = used.iter().copied().max().unwrap();
            assert!(most <= (total * 125u32).div_ceil(400) + 1, "{used:?}");
        }
    }
}
