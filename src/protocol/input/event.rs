//! One event, whatever dialect it came in.

use super::held::Held;
use super::key::{Key, TypedText};
use super::layout::Layout;
use super::pointer::{Button, Point};
use crate::protocol::role::Permission;

/// One event of a viewer's pointer or keyboard.
#[derive(Debug, Clone, PartialEq)]
pub enum InputEvent {
    /// The pointer is at `position`.
    Motion {
        /// The place, in pixels of the captured frame.
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
        /// The button.
        button: Button,
        /// Down or up.
        pressed: bool,
        /// The place of the pointer, if the message has it: it is moved there first.
        position: Option<Point>,
    },
    /// The wheel turned. 120 is one notch, as in the wheel events of browsers on Linux.
    Wheel {
        /// To the right when positive.
        delta_x: f64,
        /// Towards the user (the page moves up) when positive.
        delta_y: f64,
        /// The place of the pointer, if the message has it.
        position: Option<Point>,
    },
    /// A key went down or up. Repeats are not events: the X server repeats by itself.
    Key {
        /// The key, in the terms of the client.
        key: Key,
        /// Down or up.
        pressed: bool,
    },
    /// The state of CapsLock and NumLock at the viewer; `None` where it is unknown.
    Locks {
        /// CapsLock.
        caps: Option<bool>,
        /// NumLock.
        num: Option<bool>,
    },
    /// The layout of the viewer's keyboard. Sent as soon as it is known, and again when it changes.
    Layout(Layout),
    /// Text that an input method or an on-screen keyboard made, to be typed.
    Text(TypedText),
    /// Everything that the viewer holds now. Sent again and again while it holds anything: see [`Held`].
    Held(Held),
    /// The time by the viewer's clock at which the message was sent that the next press or [`Held`] comes from. A viewer
    /// that says so with a press sends [`Held`] every 100 ms from then on, while it holds anything.
    Sent {
        /// Milliseconds since any moment, which stays the same.
        ms: f64,
    },
    /// Release whatever this viewer holds: the page lost the focus.
    ReleaseAll,
}

impl InputEvent {
    /// The permission that this needs; `None` for a release and for what does nothing by itself.
    pub fn permission(&self) -> Option<Permission> {
        match self {
            Self::Motion { .. } | Self::RelativeMotion { .. } | Self::Button { .. } | Self::Wheel { .. } => {
                Some(Permission::Pointer)
            }
            Self::Key { .. } | Self::Text(_) | Self::Locks { .. } => Some(Permission::Keyboard),
            Self::Layout(_) | Self::Held(_) | Self::Sent { .. } | Self::ReleaseAll => None,
        }
    }

    /// True if this acts on the desktop, rather than to release or to describe what is held or how the keyboard is.
    pub fn is_action(&self) -> bool {
        !matches!(
            self,
            Self::Button { pressed: false, .. }
                | Self::Key { pressed: false, .. }
                | Self::Layout(_)
                | Self::Held(_)
                | Self::Sent { .. }
                | Self::ReleaseAll
        )
    }

    /// The same on a desktop of which the frame shows a part, whose top left corner is there.
    #[must_use]
    pub fn from_origin(mut self, origin: (u32, u32)) -> Self {
        let position = match &mut self {
            Self::Motion { position } => Some(position),
            Self::Button { position, .. } | Self::Wheel { position, .. } => position.as_mut(),
            _ => None,
        };
        if let Some(position) = position {
            position.x += f64::from(origin.0);
            position.y += f64::from(origin.1);
        }
        self
    }
}
