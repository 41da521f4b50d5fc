//! A key, in the terms of whoever pressed it.

/// Which key was pressed. `Debug` hides it: what somebody types must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// In the terms of [UI Events](https://www.w3.org/TR/uievents-code/): the native protocol.
    Dom {
        /// `KeyboardEvent.key`: the character typed, or the name of a key that types none. May be empty.
        key: String,
        /// `KeyboardEvent.code`: the physical key. Empty where it is not known (on-screen keyboards).
        code: String,
    },
    /// An X11 keysym: Selkies.
    Keysym(u32),
    /// The name of an X11 keysym, like `Return`, `a`, `Shift_L`: gstwebrtc.
    KeysymName(String),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_show_in_a_log() {
        for key in [
            Key::Dom {
                key: "hunter2".to_owned(),
                code: "KeyH".to_owned(),
            },
            Key::Keysym(104),
            Key::KeysymName("h".to_owned()),
        ] {
            assert_eq!(format!("{key:?}"), "Key(..)");
        }
    }
}
