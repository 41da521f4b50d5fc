//! The input that waits for a paste. A program fetches what it pastes after the key press, and the content may be large:
//! what the viewer types meanwhile would get in front of it, or into its middle. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::hold::{HoldId, Turn};
use super::pressed::{HeldId, ViewerId};
use crate::protocol::input::{InputEvent, Key};

/// The use that programs make of the content that viewers have put into the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// Programs that paste this fetch it from us.
    Possible(Source),
    /// Another program has it: what becomes of that is not our affair.
    Impossible(Source),
    /// A program has asked which kinds of content there are, or for a kind that there is not.
    Asked,
    /// A program fetches the content in parts.
    UnderWay,
    /// All programs that asked for the content have it, or have given up.
    Done,
}

/// The selection that a program pastes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// CLIPBOARD, by a key.
    Clipboard,
    /// PRIMARY, by the middle button.
    Primary,
}

/// The viewers whose input waits, and that input.
#[derive(Default)]
pub(super) struct Waiting {
    viewers: BTreeMap<ViewerId, Queue>,
    /// The selections that programs would fetch from us.
    possible: BTreeSet<Source>,
    /// The last press of a key or button: it may have been that of a menu that pastes.
    last_press: Option<(ViewerId, Instant)>,
}

/// The fate of an event.
pub(super) enum Admission {
    /// Nothing is before it.
    Now(InputEvent),
    /// It waits.
    Waits,
    /// So much waits that all of it was dropped, and the event, too.
    Overflow,
}

/// Something that waits.
pub(super) enum Entry {
    /// An event.
    Event(InputEvent),
    /// The wish to do something before the events that follow.
    Hold(Turn),
}

struct Queue {
    cause: Cause,
    entries: VecDeque<Entry>,
}

enum Cause {
    /// The holder of this number does something, until this time at most.
    Hold(HoldId, Instant),
    /// The viewer pressed a key that pastes, at `begin`; a program may fetch the content until `until`.
    Paste { begin: Instant, until: Instant },
}

impl Queue {
    fn until(&self) -> Instant {
        match self.cause {
            Cause::Hold(_, until) | Cause::Paste { until, .. } => until,
        }
    }
}

impl Waiting {
    /// Takes an event of `viewer`, unless there is nothing for it to wait for.
    pub(super) fn admit(&mut self, viewer: ViewerId, event: InputEvent) -> Admission {
        let Some(Queue { entries, .. }) = self.viewers.get_mut(&viewer) else {
            return Admission::Now(event);
        };
        if let InputEvent::Held(_) = event {
            drop_outdated_report(entries);
        }
        let rest = match entries.back_mut() {
            Some(Entry::Event(last)) => merge(last, event),
            _ => Some(event),
        };
        let Some(event) = rest else {
            return Admission::Waits;
        };
        if entries.len() >= CAPACITY {
            self.viewers.remove(&viewer);
            return Admission::Overflow;
        }
        entries.push_back(Entry::Event(event));
        Admission::Waits
    }

    /// Takes from what waits of the viewer, unless its time has come, all about the keys `held` up to their release.
    /// Returns those that are released.
    pub(super) fn take_releases(
        &mut self,
        viewer: ViewerId,
        mut held: Vec<HeldId>,
        now: Instant,
    ) -> Vec<HeldId> {
        let queue = self.viewers.get_mut(&viewer);
        let Some(queue) = queue.filter(|queue| !held.is_empty() && queue.until() > now) else {
            return Vec::new();
        };
        let mut released = Vec::new();
        queue.entries.retain(|entry| {
            let Entry::Event(event) = entry else { return true };
            let is_key = |id: &HeldId, key: &Key| HeldId::of_key(key).is_some_and(|other| other == *id);
            match event {
                // The press of a key that is down is a repeat of the viewer.
                InputEvent::Key { key, pressed: true } => !held.iter().any(|id| is_key(id, key)),
                InputEvent::Key { key, pressed: false } => {
                    let before = released.len();
                    released.extend(held.extract_if(.., |id| is_key(id, key)));
                    released.len() == before
                }
                InputEvent::Held(report) => {
                    released.extend(held.extract_if(.., |id| !id.is_in(report)));
                    true
                }
                InputEvent::ReleaseAll => {
                    released.append(&mut held);
                    true
                }
                _ => true,
            }
        });
        released
    }

    /// Lets the events of the viewer that come from now on wait for the holder of `turn`, who begins at once or when
    /// those before have been done. Returns false if so much waits that all of it was dropped, and the turn, too.
    pub(super) fn hold(&mut self, viewer: ViewerId, turn: Turn, now: Instant) -> bool {
        let Some(queue) = self.viewers.get_mut(&viewer) else {
            self.begin_hold(viewer, turn, now, VecDeque::new());
            return true;
        };
        let has_room = queue.entries.len() < CAPACITY;
        match has_room {
            true => queue.entries.push_back(Entry::Hold(turn)),
            false => drop(self.viewers.remove(&viewer)),
        }
        has_room
    }

    /// Takes note that a holder is done. If it failed, the press of the key that comes next is dropped: it pastes.
    pub(super) fn resume(&mut self, viewer: ViewerId, id: HoldId, has_failed: bool, now: Instant) {
        let Some(queue) = self.viewers.get_mut(&viewer) else {
            return;
        };
        match queue.cause {
            Cause::Hold(current, _) if current == id => {
                queue.cause = Cause::Paste {
                    begin: now,
                    until: now,
                };
                // The state of the lock keys comes with a press.
                let is_locks = |entry: &&Entry| matches!(entry, Entry::Event(InputEvent::Locks { .. }));
                let first = queue.entries.iter().take_while(is_locks).count();
                let is_press =
                    |entry: &Entry| matches!(entry, Entry::Event(InputEvent::Key { pressed: true, .. }));
                if has_failed && queue.entries.get(first).is_some_and(is_press) {
                    queue.entries.remove(first);
                }
            }
            // It gave up before its turn.
            _ => queue
                .entries
                .retain(|entry| !matches!(entry, Entry::Hold(turn) if turn.id() == id)),
        }
    }

    /// Takes note that the viewer has pressed something, or released the middle button, which may paste.
    pub(super) fn pressed(&mut self, viewer: ViewerId, pastes: Option<Source>, now: Instant) {
        self.last_press = Some((viewer, now));
        if pastes.is_some_and(|source| self.possible.contains(&source)) {
            self.begin_paste(viewer, now, UNASKED);
        }
    }

    /// True if the viewer has pressed something a moment ago: the release of a button ends a click, and no drag.
    pub(super) fn has_just_pressed(&self, viewer: ViewerId, now: Instant) -> bool {
        let mut last = self.last_press.iter();
        last.any(|(last, at)| *last == viewer && now.saturating_duration_since(*at) < CLICK)
    }

    /// Takes note of what programs do with the content.
    pub(super) fn fetch(&mut self, fetch: Fetch, now: Instant) {
        match fetch {
            Fetch::Possible(source) => drop(self.possible.insert(source)),
            Fetch::Impossible(source) => drop(self.possible.remove(&source)),
            Fetch::Asked | Fetch::UnderWay | Fetch::Done => {}
        }
        if let (Fetch::UnderWay, Some((viewer, at))) = (fetch, self.last_press)
            && now.saturating_duration_since(at) < MENU
            && !self.viewers.contains_key(&viewer)
        {
            self.begin_paste(viewer, now, Duration::ZERO);
        }
        for queue in self.viewers.values_mut() {
            if let Cause::Paste { begin, until } = &mut queue.cause {
                *until = match fetch {
                    Fetch::Possible(_) | Fetch::Impossible(_) => *until,
                    Fetch::Asked => (now + ASKED).min(*begin + ASKING),
                    Fetch::UnderWay => *begin + LONGEST,
                    Fetch::Done => (now + SETTLE).min(*begin + LONGEST),
                };
            }
        }
    }

    /// Takes the next entry whose time has come, and its viewer.
    pub(super) fn next(&mut self, now: Instant) -> Option<(ViewerId, Entry)> {
        loop {
            let (viewer, queue) = self.viewers.iter_mut().find(|(_, queue)| queue.until() <= now)?;
            let viewer = *viewer;
            match queue.entries.pop_front() {
                Some(entry) => return Some((viewer, entry)),
                None => drop(self.viewers.remove(&viewer)),
            }
        }
    }

    /// Begins the turn of a holder that [`next`](Waiting::next) gave. What waits behind it waits for it.
    pub(super) fn begin_turn(&mut self, viewer: ViewerId, turn: Turn, now: Instant) {
        let entries = self.viewers.remove(&viewer).map(|queue| queue.entries);
        self.begin_hold(viewer, turn, now, entries.unwrap_or_default());
    }

    /// True if input of `viewer` waits.
    pub(super) fn waits(&self, viewer: ViewerId) -> bool {
        self.viewers.contains_key(&viewer)
    }

    /// The time at which [`next`](Waiting::next) has something to give.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.viewers.values().map(Queue::until).min()
    }

    /// Drops what waits of `viewer`.
    pub(super) fn forget(&mut self, viewer: ViewerId) {
        self.viewers.remove(&viewer);
        self.last_press.take_if(|(last, _)| *last == viewer);
    }

    /// Drops all that waits.
    pub(super) fn clear(&mut self) {
        self.viewers.clear();
        self.last_press = None;
    }

    fn begin_hold(&mut self, viewer: ViewerId, turn: Turn, now: Instant, entries: VecDeque<Entry>) {
        let cause = Cause::Hold(turn.id(), now + HOLD);
        turn.begin();
        self.viewers.insert(viewer, Queue { cause, entries });
    }

    fn begin_paste(&mut self, viewer: ViewerId, now: Instant, limit: Duration) {
        let cause = Cause::Paste {
            begin: now,
            until: now + limit,
        };
        let entries = self.viewers.remove(&viewer).map(|queue| queue.entries);
        let entries = entries.unwrap_or_default();
        self.viewers.insert(viewer, Queue { cause, entries });
    }
}

/// Drops the report of what is held that ends `entries` before the time of the next report, with its own time.
fn drop_outdated_report(entries: &mut VecDeque<Entry>) {
    let is_time = |entry: Option<&Entry>| matches!(entry, Some(Entry::Event(InputEvent::Sent { .. })));
    let is_report = |entry: Option<&Entry>| matches!(entry, Some(Entry::Event(InputEvent::Held(_))));
    let nth_last = |n: usize| entries.len().checked_sub(n).and_then(|at| entries.get(at));
    if !is_time(nth_last(1)) || !is_report(nth_last(2)) {
        return;
    }
    let outdated = if is_time(nth_last(3)) { 2 } else { 1 };
    let end = entries.len() - 1;
    entries.drain(end - outdated..end);
}

/// Merges `event` into the one before it, where the two make one. Returns it otherwise.
fn merge(last: &mut InputEvent, event: InputEvent) -> Option<InputEvent> {
    match (last, event) {
        (last @ InputEvent::Motion { .. }, event @ InputEvent::Motion { .. })
        | (last @ InputEvent::Held(_), event @ InputEvent::Held(_)) => *last = event,
        (
            InputEvent::RelativeMotion { dx, dy },
            InputEvent::RelativeMotion {
                dx: more_x,
                dy: more_y,
            },
        ) => {
            *dx += more_x;
            *dy += more_y;
        }
        (_, event) => return Some(event),
    }
    None
}

/// The most that waits for one viewer, in entries.
const CAPACITY: usize = 1024;
/// The time in which a program asks for what it pastes: later the key was none that pastes there.
const UNASKED: Duration = Duration::from_millis(250);
/// The time in which a program that has asked for the list of kinds asks for one.
const ASKED: Duration = Duration::from_millis(500);
/// The time after the key press in which it may ask.
const ASKING: Duration = Duration::from_secs(1);
/// The time of a program for its last steps after it has got the content.
const SETTLE: Duration = Duration::from_millis(30);
/// The longest time between the press and the release of a button that clicks.
const CLICK: Duration = Duration::from_millis(500);
/// The time after the press of a key or button in which a fetch may be due to it.
const MENU: Duration = Duration::from_secs(1);
/// The longest time of a hold.
const HOLD: Duration = Duration::from_secs(10);
/// Longer than the desktop lets any program take.
const LONGEST: Duration = Duration::from_secs(35);

#[cfg(test)]
mod tests;
