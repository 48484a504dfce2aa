//! `balance first` (configuration.txt 4.2): the server with the lowest id that has room.

use super::ServerView;

/// The order of one backend.
#[derive(Debug, Default)]
pub struct First {
    /// Ids and positions, the lowest id first.
    order: Vec<(u32, u32)>,
}

impl First {
    /// The order of servers with these ids, in order of declaration.
    pub fn new(ids: &[u32]) -> Self {
        let mut order: Vec<_> = ids.iter().zip(0..).map(|(&id, at)| (id, at)).collect();
        order.sort_unstable();
        First { order }
    }

    /// The first server that takes part, which `views` knows by position, and has room.
    pub fn pick(&self, views: &[ServerView], mut has_room: impl FnMut(usize) -> bool) -> Option<usize> {
        let order = self.order.iter().map(|&(_, at)| at as usize);
        let takes_part = |at: &usize| views.get(*at).is_some_and(|view| view.effective_weight() > 0);
        order.filter(takes_part).find(|&at| has_room(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_id_with_room_is_first() {
        let order = First::new(&[9, 8, 7]);
        let view = |usable| ServerView::whole(1, usable);
        let all = [view(true); 3];
        assert_eq!(order.pick(&all, |_| true), Some(2));
        assert_eq!(order.pick(&all, |at| at != 2), Some(1));
        assert_eq!(order.pick(&[view(true), view(true), view(false)], |_| true), Some(1));
        assert_eq!(order.pick(&all, |_| false), None);
    }
}
