//! Names of keysyms, as Xlib, GDK and GStreamer's navigation events write them, to their numbers.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use xkeysym::{Keysym, RawKeysym, key as k};

/// The keysym with this name: the name of a key or a character without a prefix ("Return", "Shift_L", "exclam",
/// "XF86AudioMute"), a single character, or "U" and a code point in hexadecimal digits ("U20AC"). `None` if there
/// is none.
pub(super) fn keysym(name: &str) -> Option<RawKeysym> {
    let mut characters = name.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        return (!character.is_control()).then(|| of_character(character));
    }
    KNOWN.get(name).copied().or_else(|| of_code_point(name))
}

/// The keysym that every client knows for `character`.
pub(super) fn of_character(character: char) -> RawKeysym {
    match u32::from(character) {
        latin1 @ (0x20..=0x7e | 0xa0..=0xff) => latin1,
        other => 0x0100_0000 + other,
    }
}

fn of_code_point(name: &str) -> Option<RawKeysym> {
    let digits = name.strip_prefix('U').filter(|digits| digits.len() >= 2)?;
    // The number parser would take a sign.
    let digits = digits
        .bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then_some(digits)?;
    let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    (!character.is_control()).then(|| of_character(character))
}

/// Built once from the names that the library has for the numbers.
static KNOWN: LazyLock<HashMap<String, RawKeysym>> = LazyLock::new(|| {
    let named = RANGES.iter().cloned().flatten().filter_map(|keysym| {
        let name = Keysym::new(keysym).name()?;
        let media = name.strip_prefix("XF86XK_").map(|name| format!("XF86{name}"));
        Some((
            media.or_else(|| Some(name.strip_prefix("XK_")?.to_owned()))?,
            keysym,
        ))
    });
    let aliases = ALIASES.iter().map(|(name, keysym)| ((*name).to_owned(), *keysym));
    named.chain(aliases).collect()
});

/// The ranges of keysyms that have names: characters and keys, then those of multimedia keyboards.
const RANGES: [RangeInclusive<RawKeysym>; 2] = [0x20..=0xffff, 0x1008_0000..=0x1008_ffff];

/// Names of keysyms that have another name as well.
const ALIASES: &[(&str, RawKeysym)] = &[
    ("Page_Up", k::Prior),
    ("Page_Down", k::Next),
    ("KP_Page_Up", k::KP_Prior),
    ("KP_Page_Down", k::KP_Next),
    ("script_switch", k::Mode_switch),
    ("Henkan", k::Henkan),
    ("quoteright", k::apostrophe),
    ("quoteleft", k::grave),
    ("guillemetleft", k::guillemetleft),
    ("guillemetright", k::guillemetright),
    ("ordmasculine", k::ordmasculine),
    ("Eth", k::ETH),
    ("Ooblique", k::Ooblique),
    ("ooblique", k::ooblique),
    ("Thorn", k::THORN),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_kind_have_their_names() {
        for (name, number) in [
            ("Return", 0xff0d),
            ("BackSpace", 0xff08),
            ("Shift_L", 0xffe1),
            ("ISO_Level3_Shift", 0xfe03),
            ("Super_R", 0xffec),
            ("Prior", 0xff55),
            ("Page_Up", 0xff55),
            ("KP_Page_Down", 0xff9b),
            ("KP_Enter", 0xff8d),
            ("F12", 0xffc9),
            ("XF86AudioMute", 0x1008_ff12),
            ("dead_acute", 0xfe51),
        ] {
            assert_eq!(keysym(name), Some(number), "{name}");
        }
    }

    #[test]
    fn every_latin_1_character_is_found_by_its_name() {
        for number in (0x20..=0x7e).chain(0xa0..=0xff) {
            let name = Keysym::new(number)
                .name()
                .and_then(|name| name.strip_prefix("XK_"));
            assert_eq!(keysym(name.unwrap()), Some(number));
        }
        assert_eq!(keysym("exclam"), Some(0x21));
        assert_eq!(keysym("adiaeresis"), Some(0xe4));
        assert_eq!(keysym("Thorn"), keysym("THORN"));
        assert_eq!(keysym("Cyrillic_ef"), Some(0x6c6));
    }

    #[test]
    fn characters_are_their_own_names() {
        for (name, number) in [
            ("a", 0x61),
            ("7", 0x37),
            ("é", 0xe9),
            ("€", 0x0100_20ac),
            ("😀", 0x0101_f600),
        ] {
            assert_eq!(keysym(name), Some(number), "{name}");
        }
    }

    #[test]
    fn code_points_are_written_with_a_u() {
        assert_eq!(keysym("U20AC"), Some(0x0100_20ac));
        assert_eq!(keysym("U41"), Some(0x41));
        assert_eq!(keysym("U1f600"), Some(0x0101_f600));
    }

    #[test]
    fn what_is_no_name_is_nothing() {
        for name in [
            "", "\r", "\u{7f}", "Ud800", "U110000", "U+41", "U0a", "Enter", "XK_a", "return",
        ] {
            assert_eq!(keysym(name), None, "{name:?}");
        }
    }
}
