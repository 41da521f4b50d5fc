//! The boundary to the desktop: what an input backend must be able to do.

use std::fmt;
use std::time::Duration;

use crate::protocol::input::{Button, Key, Point};

/// A key of one backend's keyboard. Only the backend that resolved it knows what the number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Keycode(pub u32);

/// The axis of a wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Left and right.
    Horizontal,
    /// Up and down.
    Vertical,
}

/// The state of the desktop when a backend looked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// The desktop is the one that it was.
    AsBefore,
    /// The desktop had gone, and another is in its place, in which nothing is pressed.
    Anew,
}

/// Puts single events into a desktop. It keeps no policy: what is held by whom, what is coalesced and when keys
/// are released is decided by the [`Injector`](super::Injector), which calls it from one thread.
pub trait Backend: Send {
    /// Makes sure that there is a desktop to act on. Called before each batch of events.
    fn ready(&mut self) -> Result<Ready, BackendError> {
        Ok(Ready::AsBefore)
    }

    /// Moves the pointer to `position`, in pixels of the captured frame. It is finite; positions outside of the
    /// desktop end at its edge.
    fn move_to(&mut self, position: Point) -> Result<(), BackendError>;

    /// True if the pointer is no longer where [`move_to`](Self::move_to) has left it, though no other motion was asked
    /// for since.
    fn is_displaced(&mut self) -> Result<bool, BackendError> {
        Ok(false)
    }

    /// Moves the pointer by whole pixels.
    fn move_by(&mut self, dx: i32, dy: i32) -> Result<(), BackendError>;

    /// Presses or releases a button of the pointer.
    fn button(&mut self, button: Button, pressed: bool) -> Result<(), BackendError>;

    /// Turns the wheel by `clicks` notches: to the right or downwards when positive.
    fn scroll(&mut self, axis: Axis, clicks: i32) -> Result<(), BackendError>;

    /// Finds the key that has to be pressed now to do what `key` does at the viewer, where the same key types `plain`
    /// without modifiers, as far as that is known. `None` if there is nothing to press. It may change the
    /// keyboard (give a free key a character) but presses no key that stays down.
    fn resolve(&mut self, key: &Key, plain: Option<char>) -> Result<Option<Keycode>, BackendError>;

    /// Turns CapsLock and NumLock on or off, where that can be done. `None`: as it is.
    fn set_locks(&mut self, caps: Option<bool>, num: Option<bool>) -> Result<(), BackendError>;

    /// The time after which the desktop repeats `keycode` as long as that is down. `None` if it does not.
    fn repeat_delay(&mut self, _keycode: Keycode) -> Result<Option<Duration>, BackendError> {
        Ok(None)
    }

    /// Presses or releases a key.
    fn key(&mut self, keycode: Keycode, pressed: bool) -> Result<(), BackendError>;

    /// Sends everything so far to the desktop.
    fn flush(&mut self) -> Result<(), BackendError>;

    /// Undoes what the backend changed in the desktop. The last call; all keys are up by then.
    fn close(&mut self) -> Result<(), BackendError>;
}

/// The reason why an event could not be put into the desktop, and the remedy for the person at the host.
///
/// It never contains the key that it was about.
#[derive(Debug)]
pub struct BackendError {
    reason: String,
    remedy: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The event does not reach the desktop.
    Unreached,
    /// The keyboard has no key left for a character.
    NoFreeKey,
}

impl BackendError {
    /// An error with its cause and its remedy, each one clause without a full stop.
    pub fn new(reason: impl Into<String>, remedy: &'static str) -> BackendError {
        BackendError {
            reason: reason.into(),
            remedy,
            kind: Kind::Unreached,
        }
    }

    /// The error that no key of the desktop's layout types a character, and that none is free to be lent to it.
    pub fn no_free_key() -> BackendError {
        BackendError {
            kind: Kind::NoFreeKey,
            ..BackendError::new(
                "the keyboard layout leaves no key free for characters that it lacks",
                "choose another layout, end other programs that lend keys, or paste the text",
            )
        }
    }

    /// True if only a character is missing, because there is no key for it.
    pub fn is_no_free_key(&self) -> bool {
        self.kind == Kind::NoFreeKey
    }

    /// The remedy.
    pub fn remedy(&self) -> &'static str {
        self.remedy
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for BackendError {}

/// A backend that discards input: for hosts whose video does not come from a desktop (a test pattern).
#[derive(Debug, Default)]
pub struct Discard;

impl Backend for Discard {
    fn move_to(&mut self, _position: Point) -> Result<(), BackendError> {
        Ok(())
    }

    fn move_by(&mut self, _dx: i32, _dy: i32) -> Result<(), BackendError> {
        Ok(())
    }

    fn button(&mut self, _button: Button, _pressed: bool) -> Result<(), BackendError> {
        Ok(())
    }

    fn scroll(&mut self, _axis: Axis, _clicks: i32) -> Result<(), BackendError> {
        Ok(())
    }

    fn resolve(&mut self, _key: &Key, _plain: Option<char>) -> Result<Option<Keycode>, BackendError> {
        Ok(None)
    }

    fn set_locks(&mut self, _caps: Option<bool>, _num: Option<bool>) -> Result<(), BackendError> {
        Ok(())
    }

    fn key(&mut self, _keycode: Keycode, _pressed: bool) -> Result<(), BackendError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BackendError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), BackendError> {
        Ok(())
    }
}
