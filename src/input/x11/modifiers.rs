//! The set of modifiers that are on.

/// The modifiers that decide what a key types.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Modifiers {
    /// Shift is held.
    pub(super) shift: bool,
    /// CapsLock is on.
    pub(super) caps_lock: bool,
    /// NumLock is on.
    pub(super) num_lock: bool,
    /// AltGr is held.
    pub(super) level3: bool,
    /// The layout in use, from 0.
    pub(super) group: u8,
    /// Alt is held: with a letter of another alphabet, what is pressed is a shortcut.
    pub(super) alt: bool,
    /// Control or Super is held: what is pressed is a shortcut rather than text.
    pub(super) shortcut: bool,
}

impl Modifiers {
    /// The layout in use alone, without any modifier.
    pub(super) fn of_group(self) -> Modifiers {
        Modifiers {
            group: self.group,
            ..Modifiers::default()
        }
    }
}
