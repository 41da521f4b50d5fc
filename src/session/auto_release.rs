//! Buttons of clients that only ever press: they are released for them.

use crate::protocol::input::{Button, InputEvent};

/// The time after which a button is released, in milliseconds.
const HELD_MS: u64 = 250;

/// The buttons that wait to be released. The first release by the client itself ends this for good.
#[derive(Debug, Default)]
pub(super) struct AutoRelease {
    releases_itself: bool,
    held: Vec<(Button, u64)>,
}

impl AutoRelease {
    /// Stops releasing: the client sends every release by itself.
    pub(super) fn switch_off(&mut self) {
        self.releases_itself = true;
        self.held.clear();
    }

    /// Takes note of the client's input.
    pub(super) fn note(&mut self, event: &InputEvent, now_ms: u64) {
        match event {
            InputEvent::Button { pressed: false, .. } => self.switch_off(),
            InputEvent::Button {
                button,
                pressed: true,
                ..
            } if !self.releases_itself => {
                self.held.retain(|(held, _)| held != button);
                self.held.push((*button, now_ms.saturating_add(HELD_MS)));
            }
            InputEvent::ReleaseAll => self.held.clear(),
            _ => {}
        }
    }

    /// The releases that are due.
    pub(super) fn due(&mut self, now_ms: u64) -> Vec<InputEvent> {
        let mut due = Vec::new();
        self.held.retain(|(button, at_ms)| {
            let is_due = *at_ms <= now_ms;
            if is_due {
                due.push(InputEvent::Button {
                    button: *button,
                    pressed: false,
                    position: None,
                });
            }
            !is_due
        });
        due
    }

    /// The time of the next release, in milliseconds since the epoch.
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        self.held.iter().map(|(_, at_ms)| *at_ms).min()
    }
}
