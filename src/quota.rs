//! The places that clients share: no guest takes them all, and some are kept for administrators.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// The client that a place is counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// An administrator.
    Admin,
    /// A guest, by what tells it from others: its link, or its address.
    Guest(String),
}

/// A number of places. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    max: usize,
    max_per_guest: usize,
    taken: Arc<Mutex<HashMap<Holder, usize>>>,
}

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    holder: Holder,
}

impl Places {
    /// There are `max` places, of which one guest may hold `max_per_guest`, and at least one. A tenth, rounded up, is
    /// kept for administrators, unless there is only one.
    pub(crate) fn new(max: usize, max_per_guest: usize) -> Self {
        Self {
            max,
            max_per_guest: max_per_guest.max(1),
            taken: Arc::default(),
        }
    }

    /// Takes a place for `holder`. `None` if there is none for it.
    pub(crate) fn take(&self, holder: &Holder) -> Option<Place> {
        let mut taken = lock(&self.taken);
        let all: usize = taken.values().sum();
        let own = taken.get(holder).copied().unwrap_or_default();
        let is_free = match holder {
            Holder::Admin => all < self.max,
            Holder::Guest(_) => all < self.max_of_guests() && own < self.max_per_guest,
        };
        is_free.then(|| {
            taken.insert(holder.clone(), own + 1);
            Place {
                places: self.clone(),
                holder: holder.clone(),
            }
        })
    }

    fn max_of_guests(&self) -> usize {
        (self.max - self.max.div_ceil(10)).max(self.max.min(1))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.places.taken);
        if let Some(count) = taken.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(name: &str) -> Holder {
        Holder::Guest(name.to_owned())
    }

    #[test]
    fn a_guest_takes_its_share_and_leaves_room_for_others() {
        let places = Places::new(10, 5);
        let first: Vec<_> = (0..5).map(|_| places.take(&guest("a")).unwrap()).collect();
        assert!(places.take(&guest("a")).is_none());
        let second: Vec<_> = (0..4).map(|_| places.take(&guest("b")).unwrap()).collect();
        assert!(places.take(&guest("b")).is_none(), "the last is kept");
        let admin = places.take(&Holder::Admin);
        assert!(admin.is_some() && places.take(&Holder::Admin).is_none());
        drop(first);
        assert!(places.take(&guest("a")).is_some());
        drop((second, admin));
        assert!(lock(&places.taken).is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn a_place_is_kept_for_administrators_unless_it_is_the_only_one() {
        for (max, of_guests) in [(0, 0), (1, 1), (2, 1), (10, 9), (11, 9), (100, 90)] {
            let places = Places::new(max, max);
            let taken: Vec<_> = (0..max + 1).map_while(|_| places.take(&guest("a"))).collect();
            assert_eq!(taken.len(), of_guests, "{max}");
        }
    }
}
