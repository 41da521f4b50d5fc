//! Which viewers have promised to say what they hold, and whether they still do. Pure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::pressed::ViewerId;

/// When each viewer that repeats what it holds was last heard.
#[derive(Default)]
pub(super) struct HeldTimeout {
    heard: BTreeMap<ViewerId, Instant>,
}

impl HeldTimeout {
    /// `viewer` has said what it holds, and promises to say so again.
    pub(super) fn begin(&mut self, viewer: ViewerId, now: Instant) {
        self.heard.insert(viewer, now);
    }

    /// `viewer` did something.
    pub(super) fn hear(&mut self, viewer: ViewerId, now: Instant) {
        if let Some(heard) = self.heard.get_mut(&viewer) {
            *heard = now;
        }
    }

    /// `viewer` holds nothing, so that its silence means nothing.
    pub(super) fn end(&mut self, viewer: ViewerId) {
        self.heard.remove(&viewer);
    }

    /// When the next viewer will have been silent for too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.heard.values().min().map(|heard| *heard + SILENCE)
    }

    /// Those that have been silent for too long. They are not waited for any more.
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

/// How long a viewer that holds something may say nothing.
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
