//! What a viewer does with pointer and keyboard, as it arrives on the data channel `input`.
//!
//! Each message is one JSON object `{"type": …, "data": {…}}`. The same names and fields serve the
//! signaling socket, so there is one decoder.

use serde::Deserialize;

/// A message longer than this is refused before it is parsed, in bytes.
pub const MAX_INPUT_MESSAGE: usize = 16 * 1024;

/// One thing that a viewer did.
#[derive(Debug, Clone, PartialEq)]
pub enum InputEvent {
    /// The pointer is at `position`.
    Motion {
        /// Where, in pixels of the captured frame.
        position: Point,
    },
    /// The pointer moved by this much, in pixels of the captured frame (pointer lock).
    RelativeMotion {
        /// To the right when positive.
        dx: f64,
        /// Downwards when positive.
        dy: f64,
    },
    /// A pointer button went down or up.
    Button {
        /// Which one.
        button: Button,
        /// Down or up.
        pressed: bool,
        /// Where the pointer was, if the message says so: it is moved there first.
        position: Option<Point>,
    },
    /// The wheel turned. 120 is one notch, as in the wheel events of browsers on Linux.
    Wheel {
        /// To the right when positive.
        delta_x: f64,
        /// Towards the user (the page moves up) when positive.
        delta_y: f64,
        /// Where the pointer was, if the message says so.
        position: Option<Point>,
    },
    /// A key went down or up. Repeats are not events: the X server repeats by itself.
    Key {
        /// The physical key and the character that the viewer's layout gives it.
        key: Key,
        /// Down or up.
        pressed: bool,
    },
    /// Release whatever this viewer holds: the page lost the focus.
    ReleaseAll,
}

/// A position in pixels of the captured frame. Fractional, finite, not yet clamped to the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
}

/// The five buttons of a pointer that every browser reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Button {
    /// The primary button.
    Left,
    /// The wheel, pressed.
    Middle,
    /// The secondary button.
    Right,
    /// "Back", the fourth button of a mouse.
    Back,
    /// "Forward", the fifth.
    Forward,
}

/// A key in the terms of [UI Events](https://www.w3.org/TR/uievents-code/).
///
/// `Debug` hides the contents: what somebody types must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// `KeyboardEvent.key`: the character typed, or the name of a key that types none. May be empty.
    pub key: String,
    /// `KeyboardEvent.code`: the physical key. Empty where the viewer does not know it (on-screen keyboards).
    pub code: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}
