//! CLI connections (shell).
use crate::base::ids::Id;
use crate::conn::Connection;
use crate::event::readiness::Readiness;
use crate::live::Live;
/// All of them.
#[derive(Debug, Default)]
pub struct CliConns {}
#[allow(missing_docs)]
impl CliConns {
    pub fn busy(&self) -> bool {
        false
    }
    pub fn mark(&mut self, _id: Id<Connection>, _r: Readiness) {}
    pub fn run(&mut self, _live: &mut Live) {}
    pub fn alarm(&mut self, _slot: u32, _live: &mut Live) {}
}
