//! Characters that the layout lacks: they are lent spare keycodes, which are given back.

use deskbeam::desktop::VirtualDisplay;
use deskbeam::input::{Backend, X11Backend};
use deskbeam::protocol::input::{Button, Key};
use x11rb::protocol::xproto::ConnectionExt as _;

use super::{MIXED, assert_types, desk, injector, tap_key};
use crate::support::eventually;
use crate::support::x11::{Client, Seen, connect as connect_client, display};

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

fn connect(display: &VirtualDisplay) -> X11Backend {
    X11Backend::connect(Some(display.display()), Some(display.cookie())).expect("a backend")
}

/// Presses and releases the key for each character: their keycodes.
fn strike(backend: &mut X11Backend, text: &str) -> Vec<u32> {
    let mut strike = |character: char| {
        let (key, code) = (character.to_string(), String::new());
        let keycode = backend.resolve(&Key::Dom { key, code }, None).unwrap()?;
        backend.key(keycode, true).unwrap();
        backend.key(keycode, false).unwrap();
        backend.flush().unwrap();
        Some(keycode.0)
    };
    text.chars().filter_map(&mut strike).collect()
}

#[test]
fn a_host_takes_over_what_a_killed_one_has_left() {
    let display = display(640, 480);
    let client = Client::start(&display);
    let before = client.map();
    let text: String = ('一'..).take(60).collect();
    let mut killed = connect(&display);
    assert_eq!(strike(&mut killed, &text).len(), 60);
    killed.button(Button::Left, true).unwrap();
    for (name, code) in [("Shift", "ShiftLeft"), ("a", "KeyA")] {
        let (key, code) = (name.to_owned(), code.to_owned());
        let keycode = killed.resolve(&Key::Dom { key, code }, None).unwrap().unwrap();
        killed.key(keycode, true).unwrap();
    }
    killed.flush().unwrap();
    eventually("all is down", || (client.keys_down().len() == 2).then_some(()));
    // As when it is killed: the connection ends, and nothing is given back.
    drop(killed);
    assert_ne!(client.map(), before);
    let injector = injector(&display);
    client.wait_until_all_is_up();
    client.text(61);
    assert_types(&client, &injector.handle().viewer(), MIXED);
    injector.stop();
    assert_eq!(client.map(), before);
}

#[test]
fn hosts_on_one_display_leave_the_keys_of_each_other_alone() {
    let display = display(640, 480);
    let client = Client::start(&display);
    let before = client.map();
    let (mut one, mut other) = (connect(&display), connect(&display));
    let own = strike(&mut one, "é漢");
    let foreign = strike(&mut other, "é漢");
    assert!(
        own.iter().all(|keycode| !foreign.contains(keycode)),
        "{own:?} {foreign:?}"
    );
    let map = |keycodes: &[u32]| {
        let map = client.map();
        let rows = keycodes.iter().map(|keycode| map[*keycode as usize - 8].clone());
        rows.collect::<Vec<_>>()
    };
    let lent = map(&own);
    let text: String = ('一'..).take(60).collect();
    let keycodes = strike(&mut other, &text);
    assert!(keycodes.len() == 60 && !keycodes.iter().any(|keycode| own.contains(keycode)));
    other.close().unwrap();
    assert_eq!(map(&own), lent);
    one.close().unwrap();
    assert_eq!(client.map(), before);
}

#[test]
fn a_key_that_one_host_holds_is_not_released_by_another_that_starts() {
    let display = display(640, 480);
    let client = Client::start(&display);
    let mut one = connect(&display);
    let (key, code) = ("a".to_owned(), "KeyA".to_owned());
    let keycode = one.resolve(&Key::Dom { key, code }, None).unwrap().unwrap();
    one.key(keycode, true).unwrap();
    one.flush().unwrap();
    eventually("it is down", || (client.keys_down() == [38]).then_some(()));
    let _other = connect(&display);
    assert_eq!(client.keys_down(), [38]);
}

#[test]
fn who_types_a_character_for_which_no_key_is_left_is_told() {
    let (display, injector, client) = desk("us");
    let other = connect_client(display.display(), Some(display.cookie())).unwrap();
    for (keycode, row) in (8..=u8::MAX).zip(client.map()) {
        if row.is_empty() {
            other
                .change_keyboard_mapping(1, keycode, 1, &[xkeysym::key::F35])
                .unwrap();
        }
    }
    other.get_input_focus().unwrap().reply().unwrap();
    let (viewer, untyped) = (injector.handle().viewer(), injector.handle().untyped().changes());
    tap_key(&viewer, &Key::Keysym(0x0100_6f22));
    eventually("the loss is reported", || {
        untyped.has_changed().unwrap().then_some(())
    });
    assert_types(&client, &viewer, "others");
}
