//! The layout of a viewer's keyboard.

use std::collections::BTreeMap;

use serde_json::Value;

use super::key::printable;

/// The characters that the writing keys of a viewer's keyboard type without modifiers. Unknown keys are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout(BTreeMap<String, char>);

impl Layout {
    /// Reads `{"KeyA":"a"}`. `None` if anything else is in it: a key that is none of the writing keys, or not exactly
    /// one character that can be printed.
    pub fn read(keys: &Value) -> Option<Self> {
        let keys = keys.as_object()?.iter();
        keys.map(|(code, key)| Some((code.clone(), printable(key.as_str()?)?)).filter(|_| is_writing(code)))
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The character that the key `code` (as in `KeyboardEvent.code`) types without modifiers; the accent of a dead key.
    pub fn character(&self, code: &str) -> Option<char> {
        self.0.get(code).copied()
    }
}

/// True if `code` is one of the 50 keys that [UI Events](https://www.w3.org/TR/uievents-code/#key-alphanumeric-writing-system)
/// calls writing system keys.
fn is_writing(code: &str) -> bool {
    match code.as_bytes() {
        [b'K', b'e', b'y', letter] => letter.is_ascii_uppercase(),
        [b'D', b'i', b'g', b'i', b't', digit] => digit.is_ascii_digit(),
        _ => PUNCTUATION.contains(&code),
    }
}

const PUNCTUATION: [&str; 14] = [
    "Backquote",
    "Backslash",
    "BracketLeft",
    "BracketRight",
    "Comma",
    "Equal",
    "IntlBackslash",
    "IntlRo",
    "IntlYen",
    "Minus",
    "Period",
    "Quote",
    "Semicolon",
    "Slash",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_writing_key_has_its_character() {
        let layout = Layout::read(&json!({"KeyA":"ф","Digit1":"&","IntlRo":"\u{302}"})).unwrap();
        assert_eq!(layout.character("KeyA"), Some('ф'));
        assert_eq!(layout.character("IntlRo"), Some('\u{302}'));
        assert_eq!(layout.character("KeyB"), None);
        assert_eq!(Layout::read(&json!({})), Some(Layout::default()));
    }

    #[test]
    fn what_is_no_layout_is_refused() {
        for keys in [
            json!(null),
            json!(["KeyA"]),
            json!({"KeyA":"ab"}),
            json!({"KeyA":""}),
            json!({"KeyA":"\n"}),
            json!({"KeyA":7}),
            json!({"KeyA":"a","Enter":"x"}),
            json!({"Keya":"a"}),
            json!({"Digit10":"a"}),
            json!({"":"a"}),
        ] {
            assert_eq!(Layout::read(&keys), None, "{keys}");
        }
    }
}
