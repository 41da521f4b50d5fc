//! The timeout of viewers that hold keys: they repeat what they hold, and are released if they do not. Pure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::pressed::ViewerId;

/// The times at which the viewers that repeat what they hold were last heard.
#[derive(Default)]
pub(super) struct HeldTimeout {
    heard: BTreeMap<ViewerId, Instant>,
}

impl HeldTimeout {
    /// Records that `viewer` has sent what it holds, and will do so again.
    pub(super) fn begin(&mut self, viewer: ViewerId, now: Instant) {
        self.heard.insert(viewer, now);
    }

    /// Records an event of `viewer`.
    pub(super) fn hear(&mut self, viewer: ViewerId, now: Instant) {
        if let Some(heard) = self.heard.get_mut(&viewer) {
            *heard = now;
        }
    }

    /// Records that `viewer` holds nothing: it may be silent.
    pub(super) fn end(&mut self, viewer: ViewerId) {
        self.heard.remove(&viewer);
    }

    /// The time at which the next viewer will have been silent for too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.heard.values().min().map(|heard| *heard + SILENCE)
    }

    /// Takes the viewers that have been silent for too long.
    pub(super) fn take_silent(&mut self, now: Instant) -> Vec<ViewerId> {
        let is_silent = |heard: Instant| now.saturating_duration_since(heard) >= SILENCE;
        let silent: Vec<ViewerId> = self
            .heard
            .iter()
            .filter(|(_, heard)| is_silent(**heard))
            .map(|(viewer, _)| *viewer)
            .collect();
        silent.iter().for_each(|viewer| self.end(*viewer));
        silent
    }
}

/// The longest silence of a viewer that holds something.
const SILENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_is_silent_two_seconds_after_its_last_word() {
        let (start, viewer) = (Instant::now(), ViewerId(1));
        let at = |ms| start + Duration::from_millis(ms);
        let mut held_timeout = HeldTimeout::default();
        held_timeout.hear(viewer, at(0));
        assert_eq!(held_timeout.deadline(), None, "it has promised nothing");
        held_timeout.begin(viewer, at(0));
        held_timeout.hear(viewer, at(1500));
        assert_eq!(held_timeout.deadline(), Some(at(3500)));
        assert!(held_timeout.take_silent(at(3499)).is_empty());
        assert_eq!(held_timeout.take_silent(at(3500)), [viewer]);
        assert_eq!(held_timeout.deadline(), None);
    }

    #[test]
    fn who_holds_nothing_may_be_silent() {
        let (now, viewer) = (Instant::now(), ViewerId(1));
        let mut held_timeout = HeldTimeout::default();
        held_timeout.begin(viewer, now);
        held_timeout.end(viewer);
        assert!(held_timeout.take_silent(now + SILENCE).is_empty());
    }
}
