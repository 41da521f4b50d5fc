//! The keys by which programs paste. Pure.

use super::pressed::HeldId;
use crate::protocol::input::Key;

/// True if programs commonly paste when `key` is pressed while `holds` is true of what is held: Ctrl+V, Ctrl+Shift+V,
/// Shift+Insert, or the key Paste.
pub(super) fn pastes(key: &Key, holds: impl Fn(&HeldId) -> bool) -> bool {
    let is_held = |names: &[&str]| names.iter().any(|name| holds(&HeldId::Key((*name).to_owned())));
    match stroke(key) {
        Some(Stroke::V) => is_held(CONTROL),
        Some(Stroke::Insert) => is_held(SHIFT),
        Some(Stroke::Paste) => true,
        None => false,
    }
}

/// True if the key changes what other keys do. Such a key stays down until the keys that wait have been pressed; the
/// desktop repeats all others, if they stay down.
pub(super) fn is_modifier(id: &HeldId) -> bool {
    let HeldId::Key(name) = id else { return false };
    if let Some(keysym) = name.strip_prefix('#') {
        return keysym
            .parse()
            .is_ok_and(|keysym: u32| MODIFIERS.contains(&keysym) || keysym == LEVEL_3);
    }
    let name = name.trim_start_matches('\'').to_lowercase();
    ["shift", "control", "alt", "meta", "os", "super", "hyper"]
        .iter()
        .any(|modifier| name.starts_with(modifier))
}

enum Stroke {
    V,
    Insert,
    Paste,
}

fn stroke(key: &Key) -> Option<Stroke> {
    match key {
        // Other alphabets paste by the place of the key.
        Key::Dom { key, code } if key.eq_ignore_ascii_case("v") || (code == "KeyV" && !key.is_ascii()) => {
            Some(Stroke::V)
        }
        Key::Keysym(0x56 | 0x76) => Some(Stroke::V),
        Key::Keysym(0xff63) => Some(Stroke::Insert),
        Key::Keysym(0x1008_ff6d) => Some(Stroke::Paste),
        Key::Dom { key, .. } | Key::KeysymName(key) => match key.as_str() {
            "v" | "V" => Some(Stroke::V),
            "Insert" => Some(Stroke::Insert),
            "Paste" | "XF86Paste" => Some(Stroke::Paste),
            _ => None,
        },
        Key::Keysym(_) => None,
    }
}

/// The names of the keys as [`HeldId::of_key`] gives them: by code, by name, and by keysym.
const CONTROL: &[&str] = &["ControlLeft", "ControlRight", "'control", "#65507", "#65508"];
const SHIFT: &[&str] = &["ShiftLeft", "ShiftRight", "'shift", "#65505", "#65506"];
/// The keysyms from Shift_L to Hyper_R.
const MODIFIERS: std::ops::RangeInclusive<u32> = 0xffe1..=0xffee;
/// ISO_Level3_Shift.
const LEVEL_3: u32 = 0xfe03;

#[cfg(test)]
mod tests {
    use super::*;

    fn dom(key: &str, code: &str) -> Key {
        Key::Dom {
            key: key.to_owned(),
            code: code.to_owned(),
        }
    }

    #[test]
    fn the_usual_keys_paste_in_the_terms_of_every_client() {
        let (control, shift) = (dom("Control", "ControlLeft"), dom("Shift", "ShiftRight"));
        for (key, held, expected) in [
            (dom("v", "KeyV"), vec![&control], true),
            (dom("V", "KeyV"), vec![&control, &shift], true),
            (dom("v", "Period"), vec![&control], true),
            (dom("м", "KeyV"), vec![&control], true),
            (dom("v", ""), vec![&dom("Control", "")], true),
            (dom("v", "KeyV"), vec![&shift], false),
            (dom(".", "KeyV"), vec![&control], false),
            (dom("Insert", "Insert"), vec![&shift], true),
            (dom("Insert", "Insert"), vec![&control], false),
            (dom("Paste", "Paste"), vec![], true),
            (Key::Keysym(0x76), vec![&Key::Keysym(0xffe3)], true),
            (Key::Keysym(0xff63), vec![&Key::Keysym(0xffe1)], true),
            (
                Key::KeysymName("v".to_owned()),
                vec![&Key::KeysymName("Control_R".to_owned())],
                true,
            ),
            (Key::Keysym(0x76), vec![], false),
        ] {
            let held: Vec<HeldId> = held.into_iter().filter_map(HeldId::of_key).collect();
            assert_eq!(
                pastes(&key, |id| held.contains(id)),
                expected,
                "{held:?}",
                held = held.len()
            );
        }
    }

    #[test]
    fn modifiers_are_known_in_the_terms_of_every_client() {
        for (key, expected) in [
            (dom("Control", "ControlLeft"), true),
            (dom("AltGraph", "AltRight"), true),
            (dom("AltGraph", ""), true),
            (Key::Keysym(0xffe9), true),
            (Key::Keysym(0xfe03), true),
            (Key::KeysymName("Super_L".to_owned()), true),
            (dom("v", "KeyV"), false),
            (Key::Keysym(0x76), false),
            (Key::Keysym(0xff63), false),
        ] {
            assert_eq!(HeldId::of_key(&key).is_some_and(|id| is_modifier(&id)), expected);
        }
    }
}
