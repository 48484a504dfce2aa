//! placeholder until the real one lands
#[derive(Debug, Default)]
pub struct RoundRobin {
    at: usize,
    n: usize,
}
impl RoundRobin {
    pub fn new(n: usize) -> Self {
        Self { at: 0, n }
    }
    pub fn pick(&mut self, usable: impl Fn(usize) -> bool) -> Option<usize> {
        for i in 0..self.n {
            let k = (self.at + i) % self.n;
            if usable(k) {
                self.at = k + 1;
                return Some(k);
            }
        }
        None
    }
}
