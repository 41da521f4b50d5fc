//! The places at which viewers point, for the viewers that want to see them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::protocol::channel::{Fraction, HostMessage, PersonPointer};
use crate::protocol::people::Person;

/// The shortest pause between two messages to a viewer.
const EVERY: Duration = Duration::from_millis(50);

/// All places, and the number of viewers that want to see them. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::host) struct RemoteCursors(Arc<State>);

#[derive(Default)]
struct State {
    /// By the ids of the viewers that point.
    places: watch::Sender<BTreeMap<String, Fraction>>,
    wanted: watch::Sender<usize>,
}

/// One viewer's cursor, and its view of the others. Dropping it removes the cursor.
pub(in crate::host) struct RemoteCursor {
    cursors: RemoteCursors,
    id: String,
    wants: bool,
    /// The viewer was told that others want to see its cursor.
    is_notified: bool,
    places: watch::Receiver<BTreeMap<String, Fraction>>,
    wanted: watch::Receiver<usize>,
    people: watch::Receiver<Arc<[Person]>>,
    ticks: Interval,
}

impl RemoteCursors {
    /// The cursor of the viewer of this id, which does not point yet. `people` has the names of the others.
    pub(in crate::host) fn remote_cursor(
        &self,
        id: &str,
        people: watch::Receiver<Arc<[Person]>>,
    ) -> RemoteCursor {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        RemoteCursor {
            cursors: self.clone(),
            id: id.to_owned(),
            wants: false,
            is_notified: false,
            places: self.0.places.subscribe(),
            wanted: self.0.wanted.subscribe(),
            people,
            ticks,
        }
    }
}

impl RemoteCursor {
    /// Sets the place at which the viewer points, if any. It is kept only while another viewer wants to see it.
    pub(in crate::host) fn point(&self, place: Option<Fraction>) {
        let place = place.filter(|_| *self.cursors.0.wanted.borrow() > 0);
        self.cursors.0.places.send_if_modified(|places| {
            let before = match place {
                Some(place) => places.insert(self.id.clone(), place),
                None => places.remove(&self.id),
            };
            before != place
        });
    }

    /// Says whether the viewer wants to see where the others point.
    pub(in crate::host) fn set_wants(&mut self, wants: bool) {
        if wants {
            // The present state is news.
            self.places.mark_changed();
        }
        if std::mem::replace(&mut self.wants, wants) == wants {
            return;
        }
        let wanted = &self.cursors.0.wanted;
        wanted.send_modify(|count| {
            *count = if wants {
                *count + 1
            } else {
                count.saturating_sub(1)
            }
        });
        if *wanted.borrow() == 0 {
            self.cursors.0.places.send_modify(BTreeMap::clear);
        }
    }

    /// Starts anew for a viewer that gets another channel, on which it has sent nothing yet.
    pub(in crate::host) fn forget(&mut self) {
        self.set_wants(false);
        self.point(None);
    }

    /// Starts anew for a viewer whose channel is open, and which was sent nothing on it.
    pub(in crate::host) fn begin(&mut self) {
        self.is_notified = false;
        self.wanted.mark_changed();
        self.places.mark_changed();
    }

    /// The next message for the viewer. Nothing is lost if this is dropped.
    pub(in crate::host) async fn next(&mut self) -> HostMessage {
        loop {
            tokio::select! {
                biased;
                Ok(()) = self.wanted.changed() => {
                    let own = usize::from(self.wants);
                    let wanted = *self.wanted.borrow_and_update() > own;
                    if std::mem::replace(&mut self.is_notified, wanted) != wanted {
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

    fn remote_cursor(cursors: &RemoteCursors, id: &str) -> RemoteCursor {
        cursors.remote_cursor(id, watch::Sender::new(Arc::from([])).subscribe())
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
    async fn a_viewer_that_wants_to_sees_the_others_and_these_are_told_to_point() {
        let cursors = RemoteCursors::default();
        let (mut ann, mut bob) = (remote_cursor(&cursors, "ann"), remote_cursor(&cursors, "bob"));
        bob.point(at(0.1));
        ann.set_wants(true);
        assert_eq!(seen(ann.next().await), [], "no viewer wanted it when he pointed");
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
        assert!(cursors.0.places.borrow().is_empty(), "no viewer wants to see it");
    }
}
