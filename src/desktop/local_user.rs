//! The local user: the person at the desktop itself.

use crate::chord::Chord;

/// The actions of the local user that are watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LocalUserWatch {
    /// True if activity of pointer and keyboard is reported.
    pub activity: bool,
    /// The chord that is reported. Other programs do not get it, unless one of them has it already.
    pub chord: Option<Chord>,
}

/// An action of the local user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalUserEvent {
    /// The local user moves the pointer or types. Sent at most five times a second.
    Active,
    /// The local user pressed the chord.
    Pressed,
    /// The display server is gone. Nothing else follows.
    Lost,
}
