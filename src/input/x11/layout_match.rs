//! The key of the host's layout that has what the viewer's layout has on a key. Pure.
//!
//! Dead keys come from clients without a text field: the page has one, and sends composed text.

use xkeysym::{RawKeysym, key as k};

use super::keymap::Keymap;
use super::modifiers::Modifiers;
use crate::input::{keysym_names, keysym_of_char};

/// The keysym of a key that types `character`, or that puts it as an accent on the next letter if the key is dead.
/// `None` if there is no such accent.
pub(super) fn keysym(character: char, is_dead: bool) -> Option<RawKeysym> {
    if !is_dead {
        return Some(keysym_names::of_character(character));
    }
    let accent = ACCENTS.iter().find(|(_, same)| same.contains(&character));
    accent.map(|(keysym, _)| *keysym)
}

/// The key that gives `keysym` without Shift, CapsLock and AltGr: `physical` if that one does. Not one of the keypad.
pub(super) fn key(
    keymap: &Keymap,
    keysym: RawKeysym,
    physical: Option<u8>,
    modifiers: Modifiers,
) -> Option<u8> {
    let plain = Modifiers {
        shortcut: modifiers.shortcut,
        ..modifiers.of_group()
    };
    let gives = |keycode: &u8| {
        keymap
            .keysym(*keycode, plain)
            .is_some_and(|own| is_same(own.raw(), keysym))
    };
    physical.filter(gives).or_else(|| keymap.keycodes().find(gives))
}

fn is_same(own: RawKeysym, wanted: RawKeysym) -> bool {
    let text = keysym_of_char::text(own);
    own == wanted || (text.is_some() && text == keysym_of_char::text(wanted))
}

/// Browsers say what a dead key does by the accent alone, which has a character of its own, or by the one that goes on
/// a letter.
const ACCENTS: [(RawKeysym, &[char]); 17] = [
    (k::dead_grave, &['`', '\u{300}']),
    (k::dead_acute, &['´', '\'', '\u{301}']),
    (k::dead_circumflex, &['^', '\u{302}']),
    (k::dead_tilde, &['~', '\u{303}']),
    (k::dead_macron, &['¯', '\u{304}']),
    (k::dead_breve, &['˘', '\u{306}']),
    (k::dead_abovedot, &['˙', '\u{307}']),
    (k::dead_diaeresis, &['¨', '"', '\u{308}']),
    (k::dead_hook, &['\u{309}']),
    (k::dead_abovering, &['˚', '°', '\u{30a}']),
    (k::dead_doubleacute, &['˝', '\u{30b}']),
    (k::dead_caron, &['ˇ', '\u{30c}']),
    (k::dead_horn, &['\u{31b}']),
    (k::dead_belowdot, &['\u{323}']),
    (k::dead_cedilla, &['¸', '\u{327}']),
    (k::dead_ogonek, &['˛', '\u{328}']),
    (k::dead_iota, &['ͺ', '\u{345}']),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A French keyboard: A and Q, the dead circumflex, and a slash on the keypad.
    fn french() -> Keymap {
        let mut keysyms = vec![0; 2 * 248];
        let keys = [
            (24, k::a, k::A),
            (34, k::dead_circumflex, k::dead_diaeresis),
            (38, k::q, k::Q),
            (106, k::KP_Divide, k::KP_Divide),
        ];
        for (keycode, plain, shifted) in keys {
            keysyms[2 * (keycode - 8)] = plain;
            keysyms[2 * (keycode - 8) + 1] = shifted;
        }
        Keymap::new(8, 2, keysyms)
    }

    fn key_of(character: char, is_dead: bool, physical: u8) -> Option<u8> {
        let shift = Modifiers {
            shift: true,
            caps_lock: true,
            level3: true,
            ..Modifiers::default()
        };
        key(&french(), keysym(character, is_dead)?, Some(physical), shift)
    }

    #[test]
    fn the_key_is_found_where_the_layouts_agree_and_where_they_do_not() {
        assert_eq!(key_of('q', false, 38), Some(38));
        assert_eq!(key_of('a', false, 38), Some(24));
        assert_eq!(key_of('A', false, 38), None, "that takes Shift");
        assert_eq!(key_of('/', false, 61), None, "the keypad is no writing key");
    }

    #[test]
    fn a_dead_key_has_its_counterpart_among_dead_keys() {
        assert_eq!(key_of('^', true, 49), Some(34));
        assert_eq!(key_of('\u{302}', true, 34), Some(34));
        assert_eq!(key_of('´', true, 21), None);
        assert_eq!(key_of('^', false, 34), None);
        assert_eq!(keysym('x', true), None);
    }
}
