//! `balance static-rr`, and the map of `hash-type map-based` (configuration.txt 4.2): a round laid
//! out once, a place in it for each unit of weight.
//!
//! The round is laid out place by place: every server earns its weight and the first one that has
//! the sum of all weights saved takes the place and pays that sum; when nobody has so much, the
//! first one that owes nothing takes it on credit. That gives the reference's order.

use super::ServerView;

/// The round of one backend.
#[derive(Debug, Default)]
pub struct StaticRr {
    places: Vec<u32>,
    next: usize,
}

impl StaticRr {
    /// A round of no servers; [`update`](Self::update) fills it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lays the round out again for the servers of the backend, in order of declaration.
    pub fn update(&mut self, servers: impl IntoIterator<Item = ServerView>) {
        let mut weights: Vec<i64> = servers.into_iter().map(|s| s.effective_weight().into()).collect();
        let divisor = weights.iter().fold(0, |a, &b| common_divisor(a, b)).max(1);
        weights.iter_mut().for_each(|weight| *weight /= divisor);
        let sum: i64 = weights.iter().sum();
        let mut saved = vec![0; weights.len()];
        self.places.clear();
        for _place in 0..sum {
            for (saved, weight) in saved.iter_mut().zip(&weights) {
                *saved += weight;
            }
            let first_with = |least: i64| (0..saved.len()).find(|&at| weights[at] > 0 && saved[at] >= least);
            let Some(server) = first_with(sum).or_else(|| first_with(0)) else { break };
            saved[server] -= sum;
            self.places.push(server as u32);
        }
        if self.next >= self.places.len() {
            self.next = 0;
        }
    }

    /// The next server in the round for which `has_room` says yes; the round goes on behind it.
    pub fn pick(&mut self, mut has_room: impl FnMut(usize) -> bool) -> Option<usize> {
        let len = self.places.len();
        for at in (self.next..len).chain(0..self.next) {
            let server = *self.places.get(at)? as usize;
            if has_room(server) {
                self.next = (at + 1) % len;
                return Some(server);
            }
        }
        None
    }

    /// The server that a hash leads to.
    pub fn of_hash(&self, hash: u32) -> Option<usize> {
        let at = (hash as usize).checked_rem(self.places.len())?;
        self.places.get(at).map(|&server| server as usize)
    }
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(weights: &[u32]) -> StaticRr {
        let mut round = StaticRr::new();
        round.update(weights.iter().map(|&weight| ServerView::whole(weight, true)));
        round
    }

    fn picks(round: &mut StaticRr, count: usize, room: impl Fn(usize) -> bool) -> String {
        (0..count).filter_map(|_| round.pick(&room)).map(|at| (at + 1).to_string()).collect()
    }

    #[test]
    fn the_round_is_laid_out_as_in_the_reference() {
        // Seen with haproxy 2.6.12.
        for (weights, expected) in [
            (&[1, 1, 1][..], "123123"),
            (&[1, 2, 3], "132323132323"),
            (&[10, 20, 30], "132323132323"),
            (&[3, 2, 1], "112123"),
            (&[5, 1], "111112"),
            (&[4, 4, 2], "1212312123"),
            (&[7, 3, 5, 1], "1213123131213134"),
            (&[1, 0, 2], "133"),
            (&[13, 8], "112112121121121211212"),
            (&[6, 4, 9], "1231323131323131323"),
            (&[2, 2, 2, 3], "124314234"),
        ] {
            assert_eq!(picks(&mut round(weights), expected.len(), |_| true), expected, "{weights:?}");
        }
    }

    #[test]
    fn full_servers_are_passed_over_where_the_round_stands() {
        let mut round = round(&[1, 2, 3]);
        assert_eq!(picks(&mut round, 5, |_| true), "13232");
        assert_eq!(picks(&mut round, 7, |at| at != 2), "1221221");
        assert_eq!(round.pick(|_| false), None);
    }

    #[test]
    fn a_hash_counts_places() {
        let round = round(&[1, 2, 3]);
        let seen: Vec<_> = (60..66).filter_map(|hash| round.of_hash(hash)).collect();
        assert_eq!(seen, [0, 2, 1, 2, 1, 2]);
        assert_eq!(StaticRr::new().of_hash(7), None);
    }
}
