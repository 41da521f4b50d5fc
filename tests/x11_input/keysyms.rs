//! Keys that clients name by keysym, as a number or by name.

use deskbeam::protocol::input::{InputEvent, Key};
use xkeysym::Keysym;

use super::{MIXED, desk, key_down, tap_key};
use crate::support::x11::Seen;

/// As clients that send keysyms do: without the modifiers that their own keyboard needed.
fn keysym(character: char) -> Key {
    Key::Keysym(Keysym::from_char(character).raw())
}

#[test]
fn text_typed_by_keysyms_arrives() {
    for layout in ["us", "de", "ru"] {
        let (_display, injector, client) = desk(layout);
        let viewer = injector.handle().viewer();
        MIXED.chars().for_each(|c| tap_key(&viewer, &keysym(c)));
        assert_eq!(client.text(MIXED.chars().count()), MIXED, "{layout}");
        let unicode = |c: char| Key::Keysym(0x0100_0000 + u32::from(c));
        "aÄ€漢".chars().for_each(|c| tap_key(&viewer, &unicode(c)));
        assert_eq!(client.text(4), "aÄ€漢", "{layout}");
    }
}

#[test]
fn text_typed_by_keysyms_with_shift_arrives_by_the_keys_of_the_layout() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let shift = |pressed| {
        let key = Key::Keysym(xkeysym::key::Shift_L);
        viewer.send(InputEvent::Key { key, pressed });
    };
    shift(true);
    "B!".chars().for_each(|c| tap_key(&viewer, &keysym(c)));
    shift(false);
    assert_eq!(client.next(key_down), (56, Some('B')));
    assert_eq!(client.next(key_down), (10, Some('!')));
    client.wait_until_all_is_up();
}

#[test]
fn text_typed_by_names_of_keysyms_arrives() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let names = [
        "H",
        "exclam",
        "space",
        "adiaeresis",
        "U20AC",
        "U1F600",
        "Cyrillic_ef",
        "7",
        "é",
        "漢",
    ];
    for name in names {
        tap_key(&viewer, &Key::KeysymName(name.into()));
    }
    assert_eq!(client.text(names.len()), "H! ä€😀ф7é漢");
}

#[test]
fn keys_that_type_nothing_are_found_by_keysym_and_by_name() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let keycode = |seen| match seen {
        Seen::KeyDown { keycode, .. } => Some(keycode),
        _ => None,
    };
    let keys = [
        ("Return", 36),
        ("Tab", 23),
        ("BackSpace", 22),
        ("Escape", 9),
        ("F5", 71),
        ("Page_Up", 112),
        ("Left", 113),
        ("Delete", 119),
        ("Shift_R", 62),
        ("Control_L", 37),
        ("Super_L", 133),
        ("KP_Enter", 104),
        ("KP_Home", 79),
        ("XF86AudioMute", 121),
    ];
    for (name, expected) in keys {
        tap_key(&viewer, &Key::KeysymName(name.into()));
        assert_eq!(client.next(keycode), expected, "{name}");
    }
    for (number, expected) in [(65293, 36), (65289, 23), (65505, 50), (65470, 67)] {
        tap_key(&viewer, &Key::Keysym(number));
        assert_eq!(client.next(keycode), expected, "{number}");
    }
    client.wait_until_all_is_up();
}

#[test]
fn the_keypad_types_its_digits_with_and_without_num_lock() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    tap_key(&viewer, &Key::KeysymName("KP_7".into()));
    assert_eq!(client.text(1), "7");
    tap_key(&viewer, &Key::KeysymName("KP_Multiply".into()));
    assert_eq!(client.text(1), "*");
}
