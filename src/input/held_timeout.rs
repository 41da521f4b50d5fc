//! The watch over what viewers hold: they repeat what they hold, and it is released if they do not. Pure.
//!
//! A desktop repeats a key that stays down, and a stalled line delays the release of a key that the viewer struck once.
//! So a key that the desktop repeats is let go before the first repeat if its viewer is silent, and pressed again when
//! the viewer is heard and has held it for as long as a repeat takes. A button is let go late and never pressed again:
//! letting go clicks, and drops what is dragged.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::lag::Lag;
use super::pressed::{HeldId, ViewerId};
use crate::protocol::input::{Held, Key};

/// The keys and buttons of viewers that have promised to repeat them, and the times at which they were last heard.
#[derive(Default)]
pub(super) struct HeldTimeout {
    viewers: BTreeMap<ViewerId, Watched>,
}

/// The keys and buttons to release because their viewer is silent.
#[derive(PartialEq, Eq)]
pub(super) enum Silent {
    /// All that this viewer holds.
    All(ViewerId),
    /// One key or button of this viewer.
    One(ViewerId, HeldId),
}

struct Watched {
    /// The delay of the viewer's messages, if they carry times.
    lag: Option<Lag>,
    /// The time of the message that is being read.
    sent: Option<Sent>,
    /// The time at which the last message that carried a time was sent, or the last message of another viewer came.
    heard: Instant,
    /// The time at which that message came.
    came: Instant,
    /// The viewer has reported that it holds something.
    reports: bool,
    presses: Vec<Press>,
}

/// The time at which a message was sent.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    /// By our clock, as far as that is known.
    due: Instant,
    /// By the viewer's clock.
    ms: f64,
}

/// Something that went down with a promise.
struct Press {
    id: HeldId,
    sent: Sent,
    state: State,
}

enum State {
    /// It is down.
    Down(Kind),
    /// It was let go because the viewer was silent.
    LetGo(RepeatingKey),
}

enum Kind {
    Repeating(RepeatingKey),
    /// A button, or a key that the desktop does not repeat.
    Other,
}

/// A key and the time after which the desktop repeats it.
pub(super) struct RepeatingKey {
    pub(super) key: Key,
    pub(super) delay: Duration,
}

impl RepeatingKey {
    /// The longest silence in which it stays down.
    fn limit(&self) -> Duration {
        self.delay
            .saturating_sub(MARGIN)
            .clamp(SHORTEST_LIMIT, LONGEST_LIMIT)
    }
}

impl Press {
    /// True if at `sent` the viewer has held it for at least `time`.
    fn is_older(&self, sent: Sent, time: Duration) -> bool {
        sent.ms - self.sent.ms >= time.as_secs_f64() * 1000.0
    }
}

impl HeldTimeout {
    /// Records that the message that is being read, and comes `now`, was sent at `sent_ms` by the clock of `viewer`.
    pub(super) fn sent(&mut self, viewer: ViewerId, sent_ms: f64, now: Instant) {
        let watched = self.viewers.entry(viewer).or_insert_with(|| Watched::new(now));
        let fresh = watched.lag.is_none();
        let due = watched.lag.get_or_insert_with(|| Lag::new(now)).due(sent_ms, now);
        watched.sent = Some(Sent { due, ms: sent_ms });
        watched.heard = if fresh { due } else { watched.heard.max(due) };
        watched.came = now;
    }

    /// Records that the message that is being read was sent at `sent_ms` by the clock of `viewer`, and has waited for
    /// another reason than its way: it is as late as the last that came.
    pub(super) fn sent_before(&mut self, viewer: ViewerId, sent_ms: f64) {
        if let Some(watched) = self.viewers.get_mut(&viewer) {
            watched.sent = Some(Sent {
                due: watched.heard,
                ms: sent_ms,
            });
        }
    }

    /// Takes the time at which the message that is being read was sent, if it carries one.
    pub(super) fn take_sent(&mut self, viewer: ViewerId) -> Option<Sent> {
        self.viewers.get_mut(&viewer)?.sent.take()
    }

    /// Records an event of `viewer`. The time in a message counts more than the time at which one comes.
    pub(super) fn hear(&mut self, viewer: ViewerId, now: Instant) {
        if let Some(watched) = self.viewers.get_mut(&viewer)
            && watched.lag.is_none()
        {
            (watched.heard, watched.came) = (now, now);
        }
    }

    /// Records that `viewer` has pressed `id` at `sent`, and will repeat that it holds it. `repeating` if the desktop
    /// repeats it.
    pub(super) fn press(
        &mut self,
        viewer: ViewerId,
        id: HeldId,
        sent: Sent,
        repeating: Option<RepeatingKey>,
    ) {
        if let Some(watched) = self.viewers.get_mut(&viewer) {
            watched.presses.retain(|press| press.id != id);
            if watched.presses.len() >= MOST_WATCHED {
                watched.presses.remove(0);
            }
            let kind = repeating.map_or(Kind::Other, Kind::Repeating);
            watched.presses.push(Press {
                id,
                sent,
                state: State::Down(kind),
            });
        }
    }

    /// Records that `viewer` has released `id`.
    pub(super) fn release(&mut self, viewer: ViewerId, id: &HeldId) {
        if let Some(watched) = self.viewers.get_mut(&viewer) {
            watched.presses.retain(|press| press.id != *id);
        }
    }

    /// Records that `viewer` has sent at `sent`, or at a time that it did not say, what it holds, and will do so again.
    /// Returns the keys to press again.
    pub(super) fn report(
        &mut self,
        viewer: ViewerId,
        held: &Held,
        sent: Option<Sent>,
        now: Instant,
    ) -> Vec<Key> {
        if held.is_empty() {
            self.end(viewer);
            return Vec::new();
        }
        let watched = self.viewers.entry(viewer).or_insert_with(|| Watched::new(now));
        watched.reports = true;
        watched.presses.retain(|press| press.id.is_in(held));
        let Some(sent) = sent else {
            (watched.heard, watched.came) = (now, now);
            return Vec::new();
        };
        let waited = now.saturating_duration_since(sent.due);
        let again = |press: &Press| match &press.state {
            State::LetGo(key) if waited < key.limit() && press.is_older(sent, key.delay) => {
                Some(key.key.clone())
            }
            _ => None,
        };
        watched.presses.iter().filter_map(again).collect()
    }

    /// Records that `viewer` holds nothing: it may be silent.
    pub(super) fn end(&mut self, viewer: ViewerId) {
        if let Some(watched) = self.viewers.get_mut(&viewer) {
            watched.reports = false;
            watched.presses.clear();
        }
    }

    /// Records that no viewer holds anything.
    pub(super) fn end_all(&mut self) {
        let viewers: Vec<ViewerId> = self.viewers.keys().copied().collect();
        viewers.into_iter().for_each(|viewer| self.end(viewer));
    }

    /// Forgets `viewer`.
    pub(super) fn forget(&mut self, viewer: ViewerId) {
        self.viewers.remove(&viewer);
    }

    /// The time at which the next viewer will have been silent for too long. See [`take_silent`](Self::take_silent).
    pub(super) fn deadline(&self, waits: impl Fn(ViewerId) -> bool) -> Option<Instant> {
        let deadline = |(viewer, watched): (&ViewerId, &Watched)| watched.deadline(waits(*viewer));
        self.viewers.iter().filter_map(deadline).min()
    }

    /// Takes what is held by viewers that have been silent for too long. Of a viewer whose input `waits`, only keys that
    /// the desktop repeats: it may have released the others, in that input, and be silent since.
    pub(super) fn take_silent(&mut self, now: Instant, waits: impl Fn(ViewerId) -> bool) -> Vec<Silent> {
        let mut silent = Vec::new();
        for (viewer, watched) in &mut self.viewers {
            let waits = waits(*viewer);
            let presses = watched.let_go(now, waits).into_iter();
            silent.extend(presses.map(|id| Silent::One(*viewer, id)));
            if watched.reports && !waits && watched.came + SILENCE <= now {
                watched.reports = false;
                silent.push(Silent::All(*viewer));
            }
        }
        silent
    }
}

impl Watched {
    fn new(now: Instant) -> Watched {
        Watched {
            lag: None,
            sent: None,
            heard: now,
            came: now,
            reports: false,
            presses: Vec::new(),
        }
    }

    fn deadline(&self, waits: bool) -> Option<Instant> {
        let presses = self.presses.iter().filter_map(|press| self.end(press, waits));
        let reports = (self.reports && !waits).then(|| self.came + SILENCE);
        presses.chain(reports).min()
    }

    /// The time until which `press` stays down without another message. `None` if it is not down, or stays so.
    fn end(&self, press: &Press, waits: bool) -> Option<Instant> {
        match &press.state {
            State::Down(Kind::Repeating(key)) => Some(self.heard + key.limit()),
            // What is late does no harm by itself, and what it belongs to may be just behind it.
            State::Down(Kind::Other) => (!waits).then(|| self.came + SILENCE),
            State::LetGo(_) => None,
        }
    }

    /// Records that everything that may not stay down for so long was let go, and returns that.
    fn let_go(&mut self, now: Instant, waits: bool) -> Vec<HeldId> {
        let mut silent = Vec::new();
        for mut press in std::mem::take(&mut self.presses) {
            if self.end(&press, waits).is_some_and(|end| end <= now) {
                silent.push(press.id.clone());
                let State::Down(Kind::Repeating(key)) = press.state else {
                    continue;
                };
                press.state = State::LetGo(key);
            }
            self.presses.push(press);
        }
        silent
    }
}

/// The longest silence of a viewer that holds something.
const SILENCE: Duration = Duration::from_secs(2);
/// The time by which a key is let go before the desktop would repeat it.
const MARGIN: Duration = Duration::from_millis(50);
/// The most that is watched for one viewer.
const MOST_WATCHED: usize = 64;
/// Viewers report every 100 ms: what is shorter than this is no silence, even if the desktop repeats sooner.
const SHORTEST_LIMIT: Duration = Duration::from_millis(150);
/// A longer time adds repeats to those that the viewer wants.
const LONGEST_LIMIT: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
