//! From keysyms to characters, and the kinds of keysyms, whatever the keyboard. Pure.

use xkeysym::{Keysym, RawKeysym};

use super::keysym_names;
use crate::protocol::input::Key;

/// The keysym that `key` asks for. `None` for keys in terms of UI Events and for names that nothing has.
pub(super) fn asked_for(key: &Key) -> Option<RawKeysym> {
    match key {
        Key::Dom { .. } => None,
        Key::Keysym(keysym) => Some(*keysym).filter(|keysym| *keysym != 0),
        Key::KeysymName(name) => keysym_names::keysym(name),
    }
}

/// The character that `keysym` types as text. `None` for all others, and for the keypad, whose keys mean more to
/// applications than what they type.
pub(super) fn text(keysym: RawKeysym) -> Option<char> {
    character(keysym).filter(|_| !is_keypad(keysym))
}

/// The character that `keysym` types, on the keypad or elsewhere.
pub(super) fn character(keysym: RawKeysym) -> Option<char> {
    Keysym::new(keysym).key_char().filter(|c| !c.is_control())
}

/// True if `keysym` is one of the keypad, with or without NumLock.
pub(super) fn is_keypad(keysym: RawKeysym) -> bool {
    Keysym::new(keysym).is_keypad_key()
}

/// True if `keysym` changes what other keys mean. On a key that is no modifier it would do nothing.
pub(super) fn is_modifier(keysym: RawKeysym) -> bool {
    Keysym::new(keysym).is_modifier_key()
}

/// True if a spare keycode may be lent to `keysym`: characters, dead keys, keys with a name of their own and those of
/// multimedia keyboards. Not the modifiers, and not those at which the X server itself acts (it would end, change the
/// console or break grabs).
pub(super) fn is_lendable(keysym: RawKeysym) -> bool {
    let has_a_purpose = matches!(
        keysym,
        0xfe50..=0xfe6f | 0xfe80..=0xfe93 | 0xff08..=0xffff | 0x1008_1000..=0x1008_13ff | 0x1008_ff00..=0x1008_ffff
    );
    character(keysym).is_some() || (has_a_purpose && !is_modifier(keysym))
}

#[cfg(test)]
mod tests {
    use xkeysym::key as k;

    use super::*;

    #[test]
    fn all_three_ways_to_write_a_character_are_the_same_text() {
        assert_eq!(text(0xe4), Some('ä'));
        assert_eq!(text(0x0100_00e4), Some('ä'));
        assert_eq!(text(k::Cyrillic_ef), Some('ф'));
        assert_eq!(text(0x0101_f600), Some('😀'));
    }

    #[test]
    fn keys_and_the_keypad_are_no_text() {
        for keysym in [
            k::Return,
            k::Tab,
            k::Delete,
            k::Escape,
            k::KP_7,
            k::KP_Add,
            k::Shift_L,
            0x0100_d800,
            0,
        ] {
            assert_eq!(text(keysym), None, "{keysym:#x}");
        }
        assert_eq!(character(k::KP_7), Some('7'));
        assert!(is_keypad(k::KP_Home) && is_keypad(k::KP_Enter) && !is_keypad(k::Home));
    }

    #[test]
    fn what_the_server_acts_upon_is_not_lent() {
        for keysym in [
            k::a,
            0x0100_20ac,
            k::dead_acute,
            k::F13,
            k::XF86_AudioMute,
            k::Undo,
        ] {
            assert!(is_lendable(keysym), "{keysym:#x}");
        }
        for keysym in [
            0,
            k::Shift_L,
            k::Num_Lock,
            k::Mode_switch,
            k::ISO_Level3_Shift,
            k::Terminate_Server,
            k::Pointer_Button1,
            k::AccessX_Enable,
            k::XF86_Switch_VT_1,
            k::XF86_Ungrab,
            0xdead_beef,
        ] {
            assert!(!is_lendable(keysym), "{keysym:#x}");
        }
    }

    #[test]
    fn keys_ask_for_their_keysym() {
        assert_eq!(asked_for(&Key::Keysym(0x61)), Some(0x61));
        assert_eq!(asked_for(&Key::Keysym(0)), None);
        assert_eq!(asked_for(&Key::KeysymName("Return".into())), Some(0xff0d));
        assert_eq!(asked_for(&Key::KeysymName("nonsense".into())), None);
        let dom = Key::Dom {
            key: "a".into(),
            code: "KeyA".into(),
        };
        assert_eq!(asked_for(&dom), None);
    }
}
