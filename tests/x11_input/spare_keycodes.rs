//! Characters that the layout lacks: they are lent spare keycodes, which are given back.

use deskbeam::protocol::input::Key;

use super::{MIXED, assert_types, desk, tap_key};
use crate::support::x11::Seen;

#[test]
fn characters_that_the_layout_lacks_arrive() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    for text in ["é", "中", "😀", MIXED, MIXED] {
        assert_types(&client, &viewer, text);
    }
}

#[test]
fn more_foreign_characters_than_spare_keys_arrive() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let text: String = ('一'..).take(100).collect();
    assert_types(&client, &viewer, &text);
}

#[test]
fn a_keysym_that_no_key_gives_is_lent_one_and_a_server_action_is_not() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let before = client.map();
    for name in ["XF86Switch_VT_3", "Terminate_Server", "nonsense"] {
        tap_key(&viewer, &Key::KeysymName(name.into()));
    }
    tap_key(&viewer, &Key::KeysymName("dead_acute".into()));
    let down = client.next(|seen| match seen {
        Seen::KeyDown { keycode, .. } => Some(keycode),
        _ => None,
    });
    let row = usize::from(down - 8);
    assert!(before[row].is_empty(), "a key that had a meaning");
    assert_eq!(client.map()[row][0], xkeysym::key::dead_acute);
}

#[test]
fn spare_keys_are_given_back() {
    let (_display, injector, client) = desk("us");
    let before = client.map();
    assert_types(&client, &injector.handle().viewer(), MIXED);
    assert_ne!(client.map(), before);
    injector.stop();
    assert_eq!(client.map(), before);
}
