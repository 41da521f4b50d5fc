//! Layouts: viewer and host have the same or different ones, and the host's changes.

use super::{ALTGR, CONTROL, SHIFT, assert_types, desk, key, key_down, tap, tap_with};
use crate::support::x11::{Seen, set_layout};

#[test]
fn a_german_viewer_types_on_a_german_host() {
    let (_display, injector, client) = desk("de");
    let viewer = injector.handle().viewer();
    tap_with(&viewer, ALTGR, "@", "KeyQ");
    assert_eq!(client.next(key_down), (24, Some('@')));
    tap_with(&viewer, ALTGR, "€", "KeyE");
    assert_eq!(client.next(key_down), (26, Some('€')));
    tap(&viewer, "z", "KeyY");
    assert_eq!(client.next(key_down), (29, Some('z')));
    tap_with(&viewer, SHIFT, "Ü", "BracketLeft");
    assert_eq!(client.next(key_down), (34, Some('Ü')));
    client.wait_until_all_is_up();
}

#[test]
fn a_german_viewer_types_on_an_american_host() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    tap(&viewer, "z", "KeyY");
    tap(&viewer, "ö", "Semicolon");
    tap_with(&viewer, ALTGR, "@", "KeyQ");
    tap_with(&viewer, ALTGR, "€", "KeyE");
    tap_with(&viewer, SHIFT, "/", "Digit7");
    tap(&viewer, "ß", "Minus");
    assert_eq!(client.text(6), "zö@€/ß");
}

#[test]
fn an_american_viewer_types_on_a_german_host() {
    let (_display, injector, client) = desk("de");
    let ascii: String = (' '..='~').collect();
    assert_types(&client, &injector.handle().viewer(), &ascii);
}

#[test]
fn cyrillic_arrives_by_the_russian_keys_and_shortcuts_by_the_physical_ones() {
    let (_display, injector, client) = desk("ru");
    let viewer = injector.handle().viewer();
    tap(&viewer, "ф", "KeyA");
    assert_eq!(client.next(key_down), (38, Some('ф')));
    tap_with(&viewer, CONTROL, "c", "KeyC");
    let shortcut = |seen| match seen {
        Seen::KeyDown { keycode, state, .. } if state & 0x04 != 0 => Some(keycode),
        _ => None,
    };
    assert_eq!(client.next(shortcut), 54);
}

#[test]
fn a_change_of_the_layout_is_noticed() {
    let (display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    assert_types(&client, &viewer, "yzé@");
    set_layout(&display, "de");
    assert_types(&client, &viewer, "yzé@ß");
    set_layout(&display, "us");
    assert_types(&client, &viewer, "yzé@ß");
}

#[test]
fn the_key_that_went_down_goes_up_whatever_the_layout_is_by_then() {
    let (display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    key(&viewer, "z", "KeyY", true);
    assert_eq!(client.next(key_down), (52, Some('z')));
    set_layout(&display, "de");
    key(&viewer, "z", "KeyY", false);
    client.wait_until_all_is_up();
}
