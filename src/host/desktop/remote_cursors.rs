//! Where the viewers point, for those of them who want to see it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::protocol::channel::{Fraction, HostMessage, PersonPointer};
use crate::protocol::people::Person;

/// How often somebody is told at most.
const EVERY: Duration = Duration::from_millis(50);

/// All places, and how many viewers want to see them. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct RemoteCursors(Arc<State>);

#[derive(Default)]
struct State {
    /// By the ids of those who point.
    places: watch::Sender<BTreeMap<String, Fraction>>,
    wanted: watch::Sender<usize>,
}

/// What one viewer points at and sees of the others. Dropping it takes its pointer away.
pub(crate) struct RemoteCursor {
    pointers: RemoteCursors,
    id: String,
    wants: bool,
    /// Whether the viewer has been told that others want to see its pointer.
    is_told: bool,
    places: watch::Receiver<BTreeMap<String, Fraction>>,
    wanted: watch::Receiver<usize>,
    people: watch::Receiver<Arc<[Person]>>,
    ticks: Interval,
}

impl RemoteCursors {
    /// For the viewer of this id, who does not point yet. `people` knows what the others are called.
    pub(crate) fn remote_cursor(&self, id: &str, people: watch::Receiver<Arc<[Person]>>) -> RemoteCursor {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        RemoteCursor {
            pointers: self.clone(),
            id: id.to_owned(),
            wants: false,
            is_told: false,
            places: self.0.places.subscribe(),
            wanted: self.0.wanted.subscribe(),
            people,
            ticks,
        }
    }
}

impl RemoteCursor {
    /// The viewer points there, or nowhere. Nothing is kept while nobody wants to see it.
    pub(crate) fn point(&self, place: Option<Fraction>) {
        let place = place.filter(|_| *self.pointers.0.wanted.borrow() > 0);
        self.pointers.0.places.send_if_modified(|places| {
            let before = match place {
                Some(place) => places.insert(self.id.clone(), place),
                None => places.remove(&self.id),
            };
            before != place
        });
    }

    /// Whether the viewer wants to see where the others point.
    pub(crate) fn set_wants(&mut self, wants: bool) {
        if wants {
            // As it is now.
            self.places.mark_changed();
        }
        if std::mem::replace(&mut self.wants, wants) == wants {
            return;
        }
        let wanted = &self.pointers.0.wanted;
        wanted.send_modify(|count| {
            *count = if wants {
                *count + 1
            } else {
                count.saturating_sub(1)
            }
        });
        if *wanted.borrow() == 0 {
            self.pointers.0.places.send_modify(BTreeMap::clear);
        }
    }

    /// The viewer gets another channel, on which it has said nothing yet.
    pub(crate) fn forget(&mut self) {
        self.set_wants(false);
        self.point(None);
    }

    /// The viewer can be told from now on, and has been told nothing.
    pub(crate) fn begin(&mut self) {
        self.is_told = false;
        self.wanted.mark_changed();
        self.places.mark_changed();
    }

    /// What the viewer is to be told next. Nothing is lost if this is dropped.
    pub(crate) async fn next(&mut self) -> HostMessage {
        loop {
            tokio::select! {
                biased;
                Ok(()) = self.wanted.changed() => {
                    let own = usize::from(self.wants);
                    let wanted = *self.wanted.borrow_and_update() > own;
                    if std::mem::replace(&mut self.is_told, wanted) != wanted {
                        return HostMessage::PointWanted(wanted);
                    }
                }
                _ = self.ticks.tick(), if self.wants => {
                    if self.places.has_changed().is_ok_and(|has_changed| has_changed) {
                        return HostMessage::Pointers(self.others());
                    }
                }
            }
        }
    }

    fn others(&mut self) -> Vec<PersonPointer> {
        let people = self.people.borrow();
        let name = |id: &str| people.iter().find(|person| person.client_id == id)?.name.clone();
        let places = self.places.borrow_and_update();
        let others = places.iter().filter(|(id, _)| **id != self.id);
        others
            .map(|(id, place)| PersonPointer {
                client_id: id.clone(),
                name: name(id),
                place: *place,
            })
            .collect()
    }
}

impl Drop for RemoteCursor {
    fn drop(&mut self) {
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote_cursor(pointers: &RemoteCursors, id: &str) -> RemoteCursor {
        pointers.remote_cursor(id, watch::Sender::new(Arc::from([])).subscribe())
    }

    fn at(x: f64) -> Option<Fraction> {
        Fraction::new(x, 0.5)
    }

    fn seen(message: HostMessage) -> Vec<(String, Fraction)> {
        let HostMessage::Pointers(pointers) = message else {
            panic!("{message:?}")
        };
        pointers
            .into_iter()
            .map(|pointer| (pointer.client_id, pointer.place))
            .collect()
    }

    #[tokio::test]
    async fn who_wants_sees_the_others_and_these_are_told_to_point() {
        let pointers = RemoteCursors::default();
        let (mut ann, mut bob) = (remote_cursor(&pointers, "ann"), remote_cursor(&pointers, "bob"));
        bob.point(at(0.1));
        ann.set_wants(true);
        assert_eq!(seen(ann.next().await), [], "nobody wanted it when he pointed");
        assert_eq!(bob.next().await, HostMessage::PointWanted(true));
        ann.point(at(0.9));
        bob.point(at(0.2));
        bob.point(at(0.3));
        assert_eq!(seen(ann.next().await), [("bob".to_owned(), at(0.3).unwrap())]);
        bob.set_wants(true);
        assert_eq!(ann.next().await, HostMessage::PointWanted(true));
        drop(bob);
        assert_eq!(ann.next().await, HostMessage::PointWanted(false));
        assert_eq!(seen(ann.next().await), [], "he has left");
        ann.set_wants(false);
        assert!(pointers.0.places.borrow().is_empty(), "nobody wants to see it");
    }
}
