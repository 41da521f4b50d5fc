use xkeysym::key as k;

use super::*;

const PLAIN: Modifiers = Modifiers {
    shift: false,
    caps_lock: false,
    num_lock: false,
    level3: false,
    group: 0,
    alt: false,
    shortcut: false,
};
const SHIFT: Modifiers = Modifiers { shift: true, ..PLAIN };
const CAPS: Modifiers = Modifiers {
    caps_lock: true,
    ..PLAIN
};
const LEVEL3: Modifiers = Modifiers {
    level3: true,
    ..PLAIN
};

/// A map of the given keys, 7 keysyms each, as an X server with XKB replies.
fn map(keys: &[(u8, &[RawKeysym])]) -> Keymap {
    let mut keysyms = vec![NONE; (255 - 8 + 1) * 7];
    for (keycode, row) in keys {
        let start = usize::from(keycode - 8) * 7;
        keysyms[start..start + row.len()].copy_from_slice(row);
    }
    Keymap::new(8, 7, keysyms)
}

fn us() -> Keymap {
    map(&[
        (10, &[k::_1, k::exclam, k::_1, k::exclam]),
        (11, &[k::_2, k::at, k::_2, k::at]),
        (16, &[k::_7, k::ampersand, k::_7, k::ampersand]),
        (24, &[k::q, k::Q, k::q, k::Q]),
        (29, &[k::y, k::Y, k::y, k::Y]),
        (36, &[k::Return, NONE, k::Return]),
        (38, &[k::a, k::A, k::a, k::A]),
        (50, &[k::Shift_L, NONE, k::Shift_L]),
        (52, &[k::z, k::Z, k::z, k::Z]),
        (61, &[k::slash, k::question, k::slash, k::question]),
        (79, &[k::KP_Home, k::KP_7, k::KP_Home, k::KP_7]),
        (
            94,
            &[
                k::less,
                k::greater,
                k::less,
                k::greater,
                k::bar,
                k::brokenbar,
                k::bar,
            ],
        ),
        (106, &[k::KP_Divide, k::XF86_Ungrab, k::KP_Divide, k::XF86_Ungrab]),
        (110, &[k::Home, NONE, k::Home]),
    ])
}

fn de() -> Keymap {
    map(&[
        (
            11,
            &[
                k::_2,
                k::quotedbl,
                k::_2,
                k::quotedbl,
                k::twosuperior,
                k::oneeighth,
                k::twosuperior,
            ],
        ),
        (
            16,
            &[
                k::_7,
                k::slash,
                k::_7,
                k::slash,
                k::braceleft,
                k::seveneighths,
                k::braceleft,
            ],
        ),
        (
            20,
            &[
                k::ssharp,
                k::question,
                k::ssharp,
                k::question,
                k::backslash,
                k::questiondown,
                k::backslash,
            ],
        ),
        (24, &[k::q, k::Q, k::q, k::Q, k::at, k::Greek_OMEGA, k::at]),
        (
            26,
            &[k::e, k::E, k::e, k::E, k::EuroSign, k::EuroSign, k::EuroSign],
        ),
        (29, &[k::z, k::Z, k::z, k::Z, k::leftarrow, k::yen, k::leftarrow]),
        (
            34,
            &[
                k::udiaeresis,
                k::Udiaeresis,
                k::udiaeresis,
                k::Udiaeresis,
                k::dead_diaeresis,
            ],
        ),
        (
            52,
            &[
                k::y,
                k::Y,
                k::y,
                k::Y,
                k::guillemetright,
                0x0100_203a,
                k::guillemetright,
            ],
        ),
    ])
}

#[test]
fn the_us_layout_types_its_two_levels() {
    let us = us();
    assert_eq!(us.character(24, PLAIN), Some('q'));
    assert_eq!(us.character(24, SHIFT), Some('Q'));
    assert_eq!(us.character(11, SHIFT), Some('@'));
    assert_eq!(us.character(36, PLAIN), None, "Return types no character");
    assert_eq!(us.keysym(36, SHIFT), Some(Keysym::Return));
    assert_eq!(us.character(9, PLAIN), None);
    assert_eq!(us.character(7, PLAIN), None);
}

#[test]
fn the_german_layout_types_its_four_levels() {
    let de = de();
    assert_eq!(de.character(29, PLAIN), Some('z'));
    assert_eq!(de.character(24, LEVEL3), Some('@'));
    assert_eq!(
        de.character(
            24,
            Modifiers {
                shift: true,
                ..LEVEL3
            }
        ),
        Some('Ω')
    );
    assert_eq!(de.character(26, LEVEL3), Some('€'));
    assert_eq!(de.character(16, SHIFT), Some('/'));
}

#[test]
fn altgr_changes_nothing_on_keys_with_two_levels() {
    assert_eq!(us().character(24, LEVEL3), Some('q'));
    assert_eq!(us().character(94, LEVEL3), Some('|'));
}

#[test]
fn keycodes_are_found_for_the_present_modifiers_only() {
    let (us, de) = (us(), de());
    assert_eq!(us.keycode_typing('@', SHIFT), Some(11));
    assert_eq!(us.keycode_typing('@', PLAIN), None);
    assert_eq!(de.keycode_typing('@', LEVEL3), Some(24));
    assert_eq!(de.keycode_typing('@', SHIFT), None);
    assert_eq!(de.keycode_typing('y', PLAIN), Some(52));
}

#[test]
fn the_keypad_is_not_used_for_text() {
    assert_eq!(us().character(106, PLAIN), Some('/'));
    assert_eq!(us().keycode_typing('/', PLAIN), Some(61));
    assert_eq!(us().keycode_typing('/', SHIFT), None);
}

#[test]
fn caps_lock_is_about_letters() {
    let (us, de) = (us(), de());
    assert_eq!(us.character(24, CAPS), Some('Q'));
    assert_eq!(us.character(24, Modifiers { shift: true, ..CAPS }), Some('q'));
    assert_eq!(us.character(11, CAPS), Some('2'));
    assert_eq!(de.character(34, CAPS), Some('Ü'));
    assert_eq!(de.character(20, CAPS), Some('ß'));
}

#[test]
fn num_lock_is_about_the_keypad() {
    let num = Modifiers {
        num_lock: true,
        ..PLAIN
    };
    assert_eq!(us().keysym(79, PLAIN), Some(Keysym::KP_Home));
    assert_eq!(us().character(79, num), Some('7'));
    assert_eq!(
        us().keysym(79, Modifiers { shift: true, ..num }),
        Some(Keysym::KP_Home)
    );
    assert_eq!(us().character(24, num), Some('q'));
}

#[test]
fn cyrillic_and_greek_are_compared_as_characters() {
    let group2 = Modifiers { group: 1, ..PLAIN };
    let ru = map(&[
        (38, &[k::a, k::A, k::Cyrillic_ef, k::Cyrillic_EF]),
        (65, &[k::space]),
    ]);
    assert_eq!(ru.character(38, PLAIN), Some('a'));
    assert_eq!(ru.character(38, group2), Some('ф'));
    assert_eq!(
        ru.keycode_typing(
            'Ф',
            Modifiers {
                shift: true,
                ..group2
            }
        ),
        Some(38)
    );
    assert_eq!(
        ru.character(
            38,
            Modifiers {
                caps_lock: true,
                ..group2
            }
        ),
        Some('Ф')
    );
    assert_eq!(ru.character(65, group2), Some(' '));
    let unicode = map(&[(38, &[0x0100_03b1, 0x0100_0391])]);
    assert_eq!(unicode.keycode_typing('α', PLAIN), Some(38));
}

#[test]
fn what_the_core_map_does_not_tell_is_not_guessed() {
    let two = map(&[(
        24,
        &[
            k::q,
            k::Q,
            k::Cyrillic_shorti,
            k::Cyrillic_SHORTI,
            k::at,
            k::Greek_OMEGA,
        ],
    )]);
    assert_eq!(two.character(24, LEVEL3), Some('@'));
    assert_eq!(two.character(24, Modifiers { group: 1, ..LEVEL3 }), None);
    assert_eq!(two.character(24, Modifiers { group: 2, ..PLAIN }), None);
}

#[test]
fn a_key_with_one_keysym_types_it_with_shift_too() {
    let map = map(&[(65, &[k::space]), (38, &[k::a])]);
    assert_eq!(map.character(65, SHIFT), Some(' '));
    assert_eq!(map.character(38, SHIFT), Some('A'));
}

#[test]
fn named_keys_are_found_by_what_they_give() {
    let us = us();
    assert_eq!(us.keycode_giving(&[k::Home, k::KP_Home], PLAIN), Some(110));
    assert_eq!(us.keycode_giving(&[k::Shift_L, k::Shift_R], SHIFT), Some(50));
    assert_eq!(us.keycode_giving(&[k::Hyper_L], PLAIN), None);
}

#[test]
fn a_key_for_one_keysym_is_found_on_whatever_level_it_has_it() {
    let map = map(&[
        (64, &[k::Alt_L, k::Meta_L]),
        (205, &[NONE, k::Meta_L]),
        (79, &[k::KP_Home, k::KP_7]),
    ]);
    assert_eq!(map.keycode_only_for(k::Meta_L), Some(205));
    assert_eq!(map.keycode_only_for(k::KP_7), None);
    assert_eq!(map.keycode_giving_now(k::KP_7, PLAIN), None);
    assert_eq!(map.keycode_giving_now(k::KP_7, SHIFT), Some(79));
}

#[test]
fn a_bound_key_types_its_character_whatever_is_held() {
    let mut us = us();
    assert!(!us.has_keysyms(93));
    us.bind(93, Keysym::from_char('é').raw());
    for modifiers in [
        PLAIN,
        SHIFT,
        LEVEL3,
        Modifiers { group: 1, ..PLAIN },
        Modifiers { group: 2, ..LEVEL3 },
    ] {
        assert_eq!(us.keycode_typing('é', modifiers), Some(93), "{modifiers:?}");
    }
    assert_eq!(us.character(93, CAPS), Some('É'));
    us.bind(93, NONE);
    assert!(!us.has_keysyms(93));
}
