//! A key, in the terms of whoever pressed it.

/// A key. `Debug` hides it: typing must not reach a log.
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

/// The character, if `key`, as in `KeyboardEvent.key`, is one that can be printed. `None` for names.
pub fn printable(key: &str) -> Option<char> {
    let mut characters = key.chars();
    let first = characters.next().filter(|c| !c.is_control())?;
    characters.next().is_none().then_some(first)
}

/// Text to be typed, of 1 to 4096 bytes. `Debug` hides it, as it does a key.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedText(String);

impl TypedText {
    /// `None` if it is empty or too long.
    pub fn new(text: &str) -> Option<Self> {
        (1..=MAX_TEXT)
            .contains(&text.len())
            .then(|| Self(text.to_owned()))
    }

    /// The keys that type it, one after the other. Control characters other than a line's end and a tabulator have
    /// none.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.0.chars().filter_map(|character| match character {
            '\n' => Some(Key::KeysymName("Return".to_owned())),
            '\t' => Some(Key::KeysymName("Tab".to_owned())),
            character if character.is_control() => None,
            character => Some(Key::Keysym(UNICODE + u32::from(character))),
        })
    }
}

impl std::fmt::Debug for TypedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TypedText({} bytes)", self.0.len())
    }
}

/// The longest text that is typed at once, in bytes.
const MAX_TEXT: usize = 4096;
/// The keysyms of characters begin here.
const UNICODE: u32 = 0x0100_0000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_printable_character_is_text_and_the_rest_is_a_name() {
        assert_eq!(printable("a"), Some('a'));
        assert_eq!(printable(" "), Some(' '));
        assert_eq!(printable("😀"), Some('😀'));
        for name in ["", "Enter", "\r", "\u{7f}"] {
            assert_eq!(printable(name), None, "{name:?}");
        }
    }

    #[test]
    fn text_is_typed_key_by_key_and_does_not_show_in_a_log() {
        let text = TypedText::new("a\u{7}漢\n").unwrap();
        let keys = [
            Key::Keysym(0x0100_0061),
            Key::Keysym(0x0100_6f22),
            Key::KeysymName("Return".to_owned()),
        ];
        assert!(text.keys().eq(keys));
        assert_eq!(format!("{text:?}"), "TypedText(6 bytes)");
        assert!(TypedText::new("").is_none() && TypedText::new(&"a".repeat(4097)).is_none());
    }

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
