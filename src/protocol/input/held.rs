//! The list of all that a viewer holds.

use super::pointer::Button;

/// Everything that a viewer holds, in its own terms. All else is released: its own release was lost. A viewer that
/// sends this once has to send it at least every two seconds while it holds anything.
///
/// `Debug` hides the keys: typing must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Held {
    /// The keys: `KeyboardEvent.code` or, where there is none, `key`.
    pub keys: Vec<String>,
    /// The buttons of the pointer.
    pub buttons: Vec<Button>,
}

impl Held {
    /// True if the viewer holds nothing.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.buttons.is_empty()
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Held({} keys, {:?})", self.keys.len(), self.buttons)
    }
}
