//! `balance roundrobin` (configuration.txt 4.2): each server in turn, as often as its weight says,
//! its turns spread evenly.
//!
//! With a weight of `w` in a sum of `W`, a server's turns lie `W / w` picks apart on a line that
//! moves one step each pick. Servers that had no turn yet stand outside, the heaviest first, and
//! enter when no other is due: so the first request goes to the heaviest server, and equal weights
//! go in order of declaration. That is the order of the reference for all small weights; with
//! several large weights without a common divisor single turns may be swapped.
//!
//! A pick costs O(log servers), plus one such step for each server passed over because it is full.

use super::ServerView;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Bits behind the point of a sort key.
const FRACTION_BITS: u32 = 20;

/// The line is moved back to its start when it got this long, so that keys never overflow.
const POSITION_MAX: u64 = 1 << 40;

/// Where a server's next turn is: `position + rest / weight`. Whole numbers, so nothing drifts.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    weight: u32,
    position: u64,
    rest: u32,
}

/// A server in the order: the sort key, the pick that put it there, the server. The earlier entry
/// of two equal keys is older.
type Entry = Reverse<(i64, u64, u32)>;

/// The order of one backend.
#[derive(Debug, Default)]
pub struct RoundRobin {
    turns: Vec<Turn>,
    weight_sum: u32,
    /// Picks made: where the line is.
    now: u64,
    order: BinaryHeap<Entry>,
    /// Servers that had no turn yet; the next one is the last.
    outside: Vec<u32>,
    /// Kept between picks so that none allocates.
    passed: Vec<Entry>,
}

impl RoundRobin {
    /// An order of no servers; [`update`](Self::update) fills it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the servers of the backend, in order of declaration. Called at the start and
    /// whenever a weight or a state changed; those that stay keep their place.
    pub fn update(&mut self, servers: impl IntoIterator<Item = ServerView>) {
        let mut count = 0;
        self.weight_sum = 0;
        for (at, server) in servers.into_iter().enumerate() {
            let weight = server.effective_weight();
            if at == self.turns.len() {
                self.turns.push(Turn::default());
            }
            if let Some(turn) = self.turns.get_mut(at) {
                turn.rest = match u64::from(turn.weight) {
                    0 => 0,
                    before => (u64::from(turn.rest) * u64::from(weight) / before) as u32,
                };
                turn.weight = weight;
            }
            self.weight_sum += weight;
            count = at + 1;
        }
        self.turns.truncate(count);
        self.rebuild();
    }

    /// Sorts everybody again: the weights behind the keys have changed.
    fn rebuild(&mut self) {
        let mut inside = std::mem::take(&mut self.order).into_vec();
        inside.retain(|Reverse((_, _, server))| self.weight(*server) > 0);
        self.outside = (0..self.turns.len() as u32)
            .filter(|&server| self.weight(server) > 0)
            .filter(|&server| !inside.iter().any(|Reverse((_, _, other))| *other == server))
            .collect();
        let turns = &self.turns;
        self.outside.sort_by_key(|&server| {
            let weight = turns.get(server as usize).map_or(0, |turn| turn.weight);
            (weight, Reverse(server))
        });
        for Reverse((key, _, server)) in &mut inside {
            *key = self.key(*server);
        }
        self.order = inside.into();
        let len = self.turns.len();
        self.order.reserve(len - self.order.len().min(len));
        self.passed.reserve(len);
    }

    /// The server whose turn it is among those for which `has_room` says yes; `None` when none has.
    /// A server passed over for want of room keeps its turn for the next pick.
    pub fn pick(&mut self, mut has_room: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut chosen = None;
        while let Some(&Reverse((_, _, server))) = self.order.peek() {
            if !self.is_due(server) {
                break;
            }
            let entry = self.order.pop();
            if has_room(server as usize) {
                chosen = Some(server);
                break;
            }
            self.passed.extend(entry);
        }
        if chosen.is_none() {
            chosen = self.pick_outside(&mut has_room);
        }
        while chosen.is_none() {
            // Nobody is due and nobody is new: the next in the order, early.
            let Some(entry) = self.order.pop() else { break };
            let Reverse((_, _, server)) = entry;
            if has_room(server as usize) {
                chosen = Some(server);
            } else {
                self.passed.push(entry);
            }
        }
        self.order.extend(self.passed.drain(..));
        let server = chosen?;
        self.put_behind(server);
        Some(server as usize)
    }

    /// Takes the turn away from a server that a request goes away from, if it is its turn.
    pub fn pass(&mut self, at: usize) {
        let server = at as u32;
        let due = self.order.peek().map(|Reverse((_, _, next))| *next).filter(|next| self.is_due(*next));
        match due {
            Some(next) if next == server => drop(self.order.pop()),
            None if self.outside.last() == Some(&server) => drop(self.pick_outside(&mut |_| true)),
            Some(_) | None => return,
        }
        self.put_behind(server);
    }

    fn pick_outside(&mut self, has_room: &mut impl FnMut(usize) -> bool) -> Option<u32> {
        let at = self.outside.iter().rposition(|&server| has_room(server as usize))?;
        let server = self.outside.remove(at);
        let now = self.now;
        let turn = self.turns.get_mut(server as usize)?;
        (turn.position, turn.rest) = (now, 0);
        Some(server)
    }

    /// The server had its turn: its next one is `W / w` later.
    fn put_behind(&mut self, server: u32) {
        let (sum, now) = (self.weight_sum, self.now);
        let Some(turn) = self.turns.get_mut(server as usize) else { return };
        let weight = turn.weight.max(1);
        let step = u64::from(sum.div_ceil(weight));
        if turn.position + step < now {
            // It was full for a whole turn or more: what it missed is not made up for.
            turn.position = now;
        }
        // It stood in for others that are full: that does not count against it for ever.
        turn.position = turn.position.min(now + step);
        let reach = sum + turn.rest;
        turn.position += u64::from(reach / weight);
        turn.rest = reach % weight;
        self.now += 1;
        let entry = Reverse((self.key(server), self.now, server));
        self.order.push(entry);
        if self.now >= POSITION_MAX {
            self.start_over();
        }
    }

    fn start_over(&mut self) {
        for turn in &mut self.turns {
            turn.position = turn.position.saturating_sub(self.now);
        }
        self.now = 0;
        self.rebuild();
    }

    fn is_due(&self, server: u32) -> bool {
        self.turns.get(server as usize).is_some_and(|turn| turn.position <= self.now)
    }

    fn weight(&self, server: u32) -> u32 {
        self.turns.get(server as usize).map_or(0, |turn| turn.weight)
    }

    /// Sort key of a turn: its place on the line, half the server's share earlier.
    fn key(&self, server: u32) -> i64 {
        let turn = self.turns.get(server as usize).copied().unwrap_or_default();
        let part = |count: u64, of: u32| (count << FRACTION_BITS) / u64::from(of.max(1));
        let place = (turn.position << FRACTION_BITS) + part(turn.rest.into(), turn.weight);
        place as i64 - (part(turn.weight.into(), self.weight_sum) / 2) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(weights: &[u32]) -> RoundRobin {
        let mut rr = RoundRobin::new();
        rr.update(weights.iter().map(|&weight| ServerView::whole(weight, true)));
        rr
    }

    fn picks(rr: &mut RoundRobin, count: usize) -> String {
        (0..count).map(|_| rr.pick(|_| true).unwrap() + 1).map(|n| n.to_string()).collect()
    }

    #[test]
    fn equal_weights_go_in_order_of_declaration() {
        assert_eq!(picks(&mut order(&[1, 1, 1]), 9), "123123123");
        assert_eq!(picks(&mut order(&[1]), 5), "11111");
    }

    #[test]
    fn weights_are_spread_as_the_reference_spreads_them() {
        // Seen with haproxy 2.6.12, the first request of the process first.
        for (weights, expected) in [
            (&[1, 2, 3][..], "323132323132323"),
            (&[10, 20, 30], "323132323132323132"),
            (&[3, 2, 1], "121312121312121"),
            (&[5, 1], "111112111112111"),
            (&[4, 4, 2], "12123121231212312123121"),
            (&[7, 3, 5, 1], "13123113213141231312311321314123131"),
            (&[100, 50, 25], "11213121121312112131211213"),
            (&[1, 1, 1, 1, 3], "51525345152534515"),
            (&[10, 10, 1], "121212121212121212123121212121212121212123121"),
            (&[0, 1, 2], "332332332"),
            (&[3, 3, 3, 1], "12312312341231231234123"),
            (&[128, 256, 64], "22123212212321221232122123212"),
            (&[13, 8], "112121121121211211212112121121121211211212112"),
            (&[7, 5, 3], "12132112312112312132"),
        ] {
            let seen = picks(&mut order(weights), expected.len());
            assert_eq!(seen, expected, "{weights:?}");
        }
    }

    #[test]
    fn every_round_gives_each_server_exactly_its_weight() {
        for weights in [vec![97, 60], vec![256, 255, 3], vec![31, 17, 11, 5], vec![9, 7]] {
            let mut rr = order(&weights);
            let sum: u32 = weights.iter().sum();
            for _round in 0..5 {
                let mut counts = vec![0; weights.len()];
                for _ in 0..sum {
                    counts[rr.pick(|_| true).unwrap()] += 1;
                }
                assert_eq!(counts, weights);
            }
        }
    }

    #[test]
    fn full_servers_are_passed_over_and_do_not_catch_up_in_a_burst() {
        let mut rr = order(&[1, 1]);
        for _ in 0..100 {
            assert_eq!(rr.pick(|server| server != 0), Some(1));
        }
        assert_eq!(rr.pick(|_| false), None);
        let seen = picks(&mut rr, 10);
        assert!(!seen.contains("111"), "{seen}");
        assert_eq!(seen.matches('1').count(), 5 + usize::from(seen.starts_with("11")), "{seen}");
    }

    #[test]
    fn a_server_that_is_gone_away_from_loses_its_turn() {
        let mut rr = order(&[1, 1, 1]);
        rr.pass(0);
        assert_eq!(rr.pick(|server| server != 0), Some(1));
        // It is not the turn of the second.
        rr.pass(1);
        assert_eq!(picks(&mut rr, 4), "3123");
    }

    #[test]
    fn a_server_that_goes_away_and_comes_back_gets_its_share_again() {
        let mut rr = order(&[1, 1, 1]);
        picks(&mut rr, 4);
        let view = |usable| ServerView::whole(1, usable);
        rr.update([view(true), view(false), view(true)]);
        let seen = picks(&mut rr, 6);
        assert_eq!(seen.matches('2').count(), 0, "{seen}");
        assert_eq!(seen.matches('1').count(), 3, "{seen}");
        rr.update([view(true), view(true), view(true)]);
        let seen = picks(&mut rr, 9);
        for server in ["1", "2", "3"] {
            assert_eq!(seen.matches(server).count(), 3, "{seen}");
        }
        rr.update([]);
        assert_eq!(rr.pick(|_| true), None);
    }

    #[test]
    fn the_line_starts_over_without_losing_the_order() {
        let mut rr = order(&[1, 2, 3]);
        picks(&mut rr, 6);
        rr.now += POSITION_MAX;
        for turn in &mut rr.turns {
            turn.position += POSITION_MAX;
        }
        rr.rebuild();
        assert_eq!(picks(&mut rr, 12), "323132323132");
    }
}
