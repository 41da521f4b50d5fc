//! The button mask of Selkies, turned into presses and releases.

use crate::protocol::input::{Button, InputEvent, Point};

/// The buttons as of the client's last pointer message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PointerState {
    mask: u32,
}

/// The place of the pointer in a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Here.
    At(Point),
    /// This much farther.
    Farther { dx: f64, dy: f64 },
}

impl PointerState {
    /// The events that lead from the last message to this one. `magnitude` is the turn of the wheel by the bit that it
    /// sets, in notches.
    pub(super) fn update(&mut self, place: Place, mask: u32, magnitude: u32) -> Vec<InputEvent> {
        let changed = mask ^ self.mask;
        self.mask = mask;
        let position = match place {
            Place::At(point) => Some(point),
            Place::Farther { .. } => None,
        };
        let mut events = Vec::new();
        // With a turn of the wheel, a relative motion is the last one once more.
        if let Place::Farther { dx, dy } = place
            && changed & WHEEL == 0
            && (dx, dy) != (0.0, 0.0)
        {
            events.push(InputEvent::RelativeMotion { dx, dy });
        }
        for (bit, button) in BUTTONS {
            if changed & bit != 0 {
                events.push(InputEvent::Button {
                    button,
                    pressed: mask & bit != 0,
                    position,
                });
            }
        }
        for (bit, direction) in [(WHEEL_DOWN, 1.0), (WHEEL_UP, -1.0)] {
            if changed & mask & bit != 0 {
                events.push(InputEvent::Wheel {
                    delta_x: 0.0,
                    delta_y: direction * NOTCH * f64::from(magnitude.clamp(1, MOST_NOTCHES)),
                    position,
                });
            }
        }
        if let Some(position) = position
            && events.is_empty()
        {
            events.push(InputEvent::Motion { position });
        }
        events
    }

    /// Nothing is held any more.
    pub(super) fn release(&mut self) {
        self.mask = 0;
    }
}

const BUTTONS: [(u32, Button); 3] = [(1, Button::Left), (2, Button::Middle), (4, Button::Right)];
const WHEEL_DOWN: u32 = 8;
const WHEEL_UP: u32 = 16;
const WHEEL: u32 = WHEEL_DOWN | WHEEL_UP;
/// One notch of the wheel, in the unit of [`InputEvent::Wheel`].
const NOTCH: f64 = 120.0;
/// The client's own limit.
const MOST_NOTCHES: u32 = 10;
