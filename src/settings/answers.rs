//! Answers of the operator's own to errors: `errorfile`, `errorloc`.

use crate::wire::http1::Canned;
use std::rc::Rc;

/// By status; few, so a list. Sections that inherit one share it.
#[derive(Clone, Debug, Default)]
pub struct Answers(Vec<(u16, Rc<Canned>)>);

impl Answers {
    /// The answer to send instead of the built-in one.
    pub fn get(&self, status: u16) -> Option<&Canned> {
        self.0.iter().find(|(known, _)| *known == status).map(|(_, answer)| &**answer)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(u16, Rc<Canned>)> {
        self.0.iter()
    }

    /// Sets an answer; the later one counts.
    pub fn set(&mut self, status: u16, answer: Rc<Canned>) {
        self.0.retain(|(known, _)| *known != status);
        self.0.push((status, answer));
    }
}
