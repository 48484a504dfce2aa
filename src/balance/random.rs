//! `balance random(<draws>)` (configuration.txt 4.2): draws points of the consistent ring and takes
//! the least loaded of the servers found, for its weight.

use super::ring::{Bound, Ring};

/// The draws of one backend.
#[derive(Debug)]
pub struct Random {
    ring: Ring,
    draws: u32,
    state: u64,
}

impl Random {
    /// Draws on a ring that the caller keeps up to date; `seed` makes processes differ.
    pub fn new(ring: Ring, draws: u32, seed: u64) -> Self {
        Random { ring, draws: draws.max(1), state: seed | 1 }
    }

    /// The ring drawn from.
    pub fn ring(&mut self) -> &mut Ring {
        &mut self.ring
    }

    /// 32 bits of Vigna's xorshift64*: nothing here must be secret.
    fn draw(&mut self) -> u32 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    /// The least loaded of the servers drawn that have room; when none of them has, the next along
    /// the ring. `used` counts exchanges by position.
    pub fn pick(
        &mut self,
        mut has_room: impl FnMut(usize) -> bool,
        used: &dyn Fn(usize) -> u32,
        factor_pct: u32,
    ) -> Option<usize> {
        let mut best: Option<usize> = None;
        for _ in 0..self.draws {
            let hash = self.draw();
            let bound = Bound { factor_pct, used };
            let Some(at) = self.ring.of_hash(hash, (factor_pct > 0).then_some(&bound), None) else { break };
            if !has_room(at) {
                continue;
            }
            let load = |at: usize, other: usize| u64::from(used(at)) * u64::from(self.ring.weight(other));
            if best.is_none_or(|best| load(at, best) < load(best, at)) {
                best = Some(at);
            }
        }
        best.or_else(|| self.ring.pick(has_room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::ServerView;

    fn of(weights: &[u32], draws: u32) -> Random {
        let mut ring = Ring::new(&(1..=weights.len() as u32).collect::<Vec<_>>());
        ring.update(weights.iter().map(|&weight| ServerView::whole(weight, true)));
        Random::new(ring, draws, 0x0dd_ba11)
    }

    #[test]
    fn two_draws_keep_connections_that_stay_close_to_their_shares() {
        let mut random = of(&[10, 20, 10], 2);
        let mut used = [0u32; 3];
        for _ in 0..4000 {
            let at = random.pick(|_| true, &|at| used[at], 0).unwrap();
            used[at] += 1;
        }
        for (used, share) in used.into_iter().zip([1000u32, 2000, 1000]) {
            assert!(used.abs_diff(share) < 100, "{used} of {share}");
        }
    }

    #[test]
    fn only_servers_with_room_are_taken() {
        let mut random = of(&[1, 1, 1], 1);
        for _ in 0..50 {
            assert_eq!(random.pick(|at| at == 1, &|_| 0, 0), Some(1));
        }
        assert_eq!(random.pick(|_| false, &|_| 0, 0), None);
    }
}
