//! Input into a real X server: what arrives is what the viewer typed, and nothing stays pressed.

use std::time::Duration;

use deskbeam::desktop::{Ended, VirtualDisplay, VirtualOptions};
use deskbeam::input::{Backend, Injector, Ready, ViewerInput, X11Backend};
use deskbeam::protocol::input::{Button, InputEvent, Key, Point, TypedText};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, InputFocus, Window};
use x11rb::rust_connection::RustConnection;
use xkeysym::Keysym;

use crate::support::x11::{Client, Seen, connect, display, set_layout};
use crate::support::xvfb::Xvfb;
use crate::support::{DEADLINE, eventually};

const MIXED: &str = "Hello World! ~é→漢字😀ßñЖ€abcλωψ";

fn injector(display: &VirtualDisplay) -> Injector {
    let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).expect("a backend");
    Injector::start(Box::new(backend)).expect("an injector")
}

/// A display with this layout, its input, and a client that sees all of it.
fn desk(layout: &str) -> (VirtualDisplay, Injector, Client) {
    let display = display(640, 480);
    set_layout(&display, layout);
    let injector = injector(&display);
    let client = Client::start(&display);
    (display, injector, client)
}

fn key(viewer: &ViewerInput, key: &str, code: &str, pressed: bool) {
    viewer.send(InputEvent::Key {
        key: Key::Dom {
            key: key.into(),
            code: code.into(),
        },
        pressed,
    });
}

fn tap(viewer: &ViewerInput, name: &str, code: &str) {
    key(viewer, name, code, true);
    key(viewer, name, code, false);
}

fn tap_with(viewer: &ViewerInput, modifier: (&str, &str), name: &str, code: &str) {
    key(viewer, modifier.0, modifier.1, true);
    tap(viewer, name, code);
    key(viewer, modifier.0, modifier.1, false);
}

const SHIFT: (&str, &str) = ("Shift", "ShiftLeft");
const ALTGR: (&str, &str) = ("AltGraph", "AltRight");
const CONTROL: (&str, &str) = ("Control", "ControlLeft");

/// Types as somebody with a US keyboard does. Characters that it lacks come without a code, as from an on-screen
/// keyboard.
fn type_us(viewer: &ViewerInput, text: &str) {
    let (plain, shifted): (Vec<char>, Vec<char>) = (US_PLAIN.chars().collect(), US_SHIFTED.chars().collect());
    for character in text.chars() {
        let name = character.to_string();
        let index = |row: &[char]| row.iter().position(|c| *c == character);
        if let Some(index) = index(&plain) {
            tap(viewer, &name, &code(plain[index]));
        } else if let Some(index) = index(&shifted) {
            tap_with(viewer, SHIFT, &name, &code(plain[index]));
        } else {
            tap(viewer, &name, "");
        }
    }
}

/// The code of the key that types `plain` on a US keyboard.
fn code(plain: char) -> String {
    let name = match plain {
        'a'..='z' => return format!("Key{}", plain.to_ascii_uppercase()),
        '0'..='9' => return format!("Digit{plain}"),
        ' ' => "Space",
        '`' => "Backquote",
        '-' => "Minus",
        '=' => "Equal",
        '[' => "BracketLeft",
        ']' => "BracketRight",
        '\\' => "Backslash",
        ';' => "Semicolon",
        '\'' => "Quote",
        ',' => "Comma",
        '.' => "Period",
        '/' => "Slash",
        other => panic!("{other:?} is not on a US keyboard"),
    };
    name.into()
}

const US_PLAIN: &str = "abcdefghijklmnopqrstuvwxyz0123456789 `-=[]\\;',./";
const US_SHIFTED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ)!@#$%^&*(\0~_+{}|:\"<>?";

fn assert_types(client: &Client, viewer: &ViewerInput, text: &str) {
    type_us(viewer, text);
    assert_eq!(client.text(text.chars().count()), text);
}

fn key_down(seen: Seen) -> Option<(u8, Option<char>)> {
    match seen {
        Seen::KeyDown {
            keycode,
            character: Some(character),
            ..
        } => Some((keycode, Some(character))),
        _ => None,
    }
}

#[test]
fn all_of_ascii_arrives_by_the_keys_that_were_pressed() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let ascii: String = (' '..='~').collect();
    assert_types(&client, &viewer, &ascii);
    tap_with(&viewer, SHIFT, "@", "Digit2");
    assert_eq!(client.next(key_down), (11, Some('@')));
}

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

fn tap_key(viewer: &ViewerInput, key: &Key) {
    for pressed in [true, false] {
        let key = key.clone();
        viewer.send(InputEvent::Key { key, pressed });
    }
}

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
fn text_of_an_input_method_arrives_whole() {
    for layout in ["us", "ru"] {
        let (_display, injector, client) = desk(layout);
        let viewer = injector.handle().viewer();
        viewer.send(InputEvent::Text(TypedText::new(MIXED).unwrap()));
        assert_eq!(client.text(MIXED.chars().count()), MIXED, "{layout}");
        client.wait_until_all_is_up();
    }
}

#[test]
fn caps_lock_and_num_lock_follow_the_viewer() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let set = |caps, num| viewer.send(InputEvent::Locks { caps, num });
    let become_ = |what, bits| eventually(what, || (client.mask() & 0x12 == bits).then_some(()));
    set(Some(true), None);
    become_("CapsLock is on", 0x02);
    set(Some(true), Some(true));
    become_("NumLock is on too", 0x12);
    set(None, None);
    set(Some(false), Some(true));
    become_("NumLock alone is on", 0x10);
    set(Some(false), Some(false));
    become_("both are off", 0);
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

#[test]
fn a_small_letter_arrives_although_the_host_has_caps_lock_on() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    tap(&viewer, "CapsLock", "CapsLock");
    eventually("CapsLock is on", || (client.mask() & 0x02 != 0).then_some(()));
    tap(&viewer, "A", "KeyA");
    tap(&viewer, "a", "KeyA");
    tap(&viewer, "é", "");
    assert_eq!(client.text(3), "Aaé");
}

#[test]
fn a_viewer_who_exchanged_escape_and_caps_lock_gets_escape() {
    let (_display, injector, client) = desk("us");
    tap(&injector.handle().viewer(), "Escape", "CapsLock");
    let keycode = |seen| match seen {
        Seen::KeyDown { keycode, .. } => Some(keycode),
        _ => None,
    };
    assert_eq!(client.next(keycode), 9);
}

#[test]
fn the_mixed_text_arrives_in_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("line");
    let script = r#"IFS= read -r line; printf %s "$line" > "$0""#;
    let command = [
        "env",
        "LC_ALL=C.UTF-8",
        "xterm",
        "-u8",
        "-e",
        "sh",
        "-c",
        script,
        file.to_str().unwrap(),
    ];
    let command = command.map(String::from).to_vec();
    let display = VirtualDisplay::start(VirtualOptions {
        width: 640,
        height: 480,
        command,
    })
    .unwrap();
    let injector = injector(&display);
    focus_terminal(&connect(display.display(), Some(display.cookie())).unwrap());
    let viewer = injector.handle().viewer();
    type_us(&viewer, MIXED);
    tap(&viewer, "Enter", "Enter");
    let ended = display.end().wait_timeout(DEADLINE);
    assert!(
        matches!(ended, Some(Ended::Command(status)) if status.success()),
        "{ended:?}"
    );
    assert_eq!(std::fs::read_to_string(file).unwrap(), MIXED);
}

/// Waits until the window manager has taken the terminal's window and says that it has the focus.
fn focus_terminal(connection: &RustConnection) {
    let root = connection.setup().roots[0].root;
    let active = connection
        .intern_atom(false, b"_NET_ACTIVE_WINDOW")
        .unwrap()
        .reply()
        .unwrap()
        .atom;
    eventually("the terminal has the focus", || {
        let terminal = find_terminal(connection, root)?;
        let focus = connection.get_input_focus().ok()?.reply().ok()?.focus;
        if focus != terminal {
            connection
                .set_input_focus(InputFocus::PARENT, terminal, 0_u32)
                .ok()?
                .check()
                .ok()?;
            return None;
        }
        let property = connection
            .get_property(false, root, active, AtomEnum::WINDOW, 0, 1)
            .ok()?
            .reply()
            .ok()?;
        (property.value32()?.next()? == terminal).then_some(())
    });
}

fn find_terminal(connection: &RustConnection, window: Window) -> Option<Window> {
    let (property, kind) = (AtomEnum::WM_CLASS, AtomEnum::STRING);
    let class = connection
        .get_property(false, window, property, kind, 0, 64)
        .ok()?
        .reply();
    if class.is_ok_and(|class| class.value.starts_with(b"xterm")) {
        return Some(window);
    }
    let children = connection.query_tree(window).ok()?.reply().ok()?.children;
    children
        .into_iter()
        .find_map(|child| find_terminal(connection, child))
}

#[test]
fn the_pointer_lands_on_the_pixel_and_never_outside() {
    for (width, height) in [(640_u32, 480_u32), (1280, 720), (333, 1001)] {
        let display = display(width, height);
        let injector = injector(&display);
        let client = Client::start(&display);
        let viewer = injector.handle().viewer();
        let (right, bottom) = (f64::from(width - 1), f64::from(height - 1));
        let positions = [
            ((0.0, 0.0), (0.0, 0.0)),
            ((right, bottom), (right, bottom)),
            ((right, 0.0), (right, 0.0)),
            ((0.0, bottom), (0.0, bottom)),
            ((100.4, 77.6), (100.0, 78.0)),
            ((-50.0, 1e9), (0.0, bottom)),
            ((f64::from(width), -0.4), (right, 0.0)),
            ((1e300, -1e300), (right, 0.0)),
        ];
        for ((x, y), (expected_x, expected_y)) in positions {
            // The button tells when the motion has arrived, and carries its position.
            let position = Some(Point { x, y });
            viewer.send(InputEvent::Button {
                button: Button::Left,
                pressed: true,
                position,
            });
            viewer.send(InputEvent::Button {
                button: Button::Left,
                pressed: false,
                position: None,
            });
            let pressed = client.next(|seen| match seen {
                Seen::ButtonDown(1, x, y) => Some((f64::from(x), f64::from(y))),
                _ => None,
            });
            assert_eq!(
                pressed,
                (expected_x, expected_y),
                "({x}, {y}) on {width}x{height}"
            );
        }
    }
}

#[test]
fn numbers_that_are_not_finite_move_nothing() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    viewer.send(InputEvent::Motion {
        position: Point { x: 20.0, y: 30.0 },
    });
    viewer.send(InputEvent::Motion {
        position: Point {
            x: f64::NAN,
            y: f64::INFINITY,
        },
    });
    viewer.send(InputEvent::RelativeMotion {
        dx: f64::NAN,
        dy: 1.0,
    });
    viewer.send(InputEvent::RelativeMotion { dx: 15.4, dy: -7.0 });
    viewer.send(InputEvent::RelativeMotion { dx: 0.6, dy: 0.0 });
    viewer.send(InputEvent::Button {
        button: Button::Right,
        pressed: true,
        position: Some(Point { x: f64::NAN, y: 0.0 }),
    });
    let pressed = client.next(|seen| match seen {
        Seen::ButtonDown(3, x, y) => Some((x, y)),
        _ => None,
    });
    assert_eq!(pressed, (36, 23));
    assert_eq!(client.pointer(), (36, 23));
}

#[test]
fn every_button_has_its_number() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let buttons = [
        (Button::Left, 1),
        (Button::Middle, 2),
        (Button::Right, 3),
        (Button::Back, 8),
        (Button::Forward, 9),
    ];
    for (button, number) in buttons {
        for pressed in [true, false] {
            viewer.send(InputEvent::Button {
                button,
                pressed,
                position: None,
            });
            let seen = client.next(|seen| match seen {
                Seen::ButtonDown(number, ..) => Some((number, true)),
                Seen::ButtonUp(number) => Some((number, false)),
                _ => None,
            });
            assert_eq!(seen, (number, pressed));
        }
    }
}

#[test]
fn the_wheel_turns_both_ways_on_both_axes() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    let wheel = |delta_x, delta_y| {
        viewer.send(InputEvent::Wheel {
            delta_x,
            delta_y,
            position: None,
        })
    };
    wheel(0.0, 120.0);
    wheel(0.0, -240.0);
    wheel(-120.0, 0.0);
    wheel(60.0, 0.0);
    wheel(60.0, 0.0);
    wheel(0.0, 1e6);
    wheel(0.0, -120.0);
    let clicks: Vec<u8> = (0..16)
        .map(|_| {
            client.next(|seen| match seen {
                Seen::ButtonDown(number, ..) => Some(number),
                _ => None,
            })
        })
        .collect();
    assert_eq!(clicks, [5, 4, 4, 6, 7, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4]);
    client.wait_until_all_is_up();
}

#[test]
fn a_dropped_viewer_holds_nothing() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    key(&viewer, "Shift", "ShiftLeft", true);
    key(&viewer, "漢", "", true);
    viewer.send(InputEvent::Button {
        button: Button::Left,
        pressed: true,
        position: None,
    });
    client.next(|seen| matches!(seen, Seen::ButtonDown(1, ..)).then_some(()));
    assert_eq!(client.keys_down().len(), 2);
    assert_eq!(client.mask() & 0x0101, 0x0101, "Shift and the left button");
    drop(viewer);
    client.wait_until_all_is_up();
    assert_eq!(client.mask(), 0);
}

#[test]
fn a_key_that_two_viewers_hold_goes_up_with_the_last() {
    let (_display, injector, client) = desk("us");
    let (anna, bert) = (injector.handle().viewer(), injector.handle().viewer());
    key(&anna, "a", "KeyA", true);
    key(&bert, "a", "KeyA", true);
    key(&anna, "a", "KeyA", false);
    // The button comes after all of them.
    anna.send(InputEvent::Button {
        button: Button::Left,
        pressed: true,
        position: None,
    });
    client.next(|seen| matches!(seen, Seen::ButtonDown(1, ..)).then_some(()));
    assert_eq!(client.keys_down(), [38]);
    drop(bert);
    client.next(|seen| (seen == Seen::KeyUp(38)).then_some(()));
    assert!(client.keys_down().is_empty());
}

#[test]
fn a_flood_loses_no_key_up() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    key(&viewer, "b", "KeyB", true);
    for n in 0..50_000_u32 {
        let position = Point {
            x: f64::from(n % 640),
            y: f64::from(n % 480),
        };
        viewer.send(InputEvent::Motion { position });
        let (name, code) = [("a", "KeyA"), ("é", ""), ("s", "KeyS")][n as usize % 3];
        key(&viewer, name, code, n % 2 == 0);
    }
    key(&viewer, "b", "KeyB", false);
    client.wait_until_all_is_up();
    // That may be a moment in the middle of the flood. What arrives after it was sent after it; the first may find
    // the queue full.
    eventually("the flood is over", || {
        tap(&viewer, "Enter", "Enter");
        let enter = |seen| matches!(seen, Seen::KeyDown { keycode: 36, .. }).then_some(());
        client.next_within(Duration::from_secs(2), enter)
    });
    client.wait_until_all_is_up();
    assert_types(&client, &viewer, "still here");
}

#[test]
fn stopping_releases_what_is_held() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    key(&viewer, "Control", "ControlLeft", true);
    client.next(|seen| matches!(seen, Seen::KeyDown { keycode: 37, .. }).then_some(()));
    injector.stop();
    assert!(client.keys_down().is_empty());
    drop(viewer);
}

#[test]
fn the_end_of_the_x_server_is_an_error_of_every_call() {
    let display = display(640, 480);
    let mut backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    backend
        .move_to(Point { x: 1.0, y: 1.0 })
        .and_then(|()| backend.flush())
        .expect("a running server");
    display.stop();
    let a = Key::Dom {
        key: "a".into(),
        code: "KeyA".into(),
    };
    let errors = [
        backend
            .move_to(Point { x: 1.0, y: 1.0 })
            .and_then(|()| backend.flush()),
        backend.flush(),
        backend.resolve(&a, None).map(drop),
        backend.button(Button::Left, true).and_then(|()| backend.flush()),
        backend.close(),
    ];
    for error in errors {
        let error = error.expect_err("no X server");
        assert!(
            error.to_string().contains("X server") && error.remedy().contains("still runs"),
            "{error}"
        );
    }
}

#[test]
fn a_blocked_combination_cannot_be_pressed_and_its_parts_can() {
    let display = display(640, 480);
    let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    let blocked = vec!["Ctrl+Alt+Backspace".parse().unwrap()];
    let injector = Injector::start(Box::new(backend.without(blocked))).unwrap();
    let (client, viewer) = (Client::start(&display), injector.handle().viewer());
    let mut downs = Vec::new();
    let next = || {
        client.next(|seen| match seen {
            Seen::KeyDown { keycode, .. } => Some(keycode),
            _ => None,
        })
    };
    tap(&viewer, "Backspace", "Backspace");
    downs.push(next());
    key(&viewer, "Control", "ControlLeft", true);
    tap(&viewer, "Backspace", "Backspace");
    key(&viewer, "Alt", "AltLeft", true);
    tap(&viewer, "Backspace", "Backspace");
    viewer.send(InputEvent::Key {
        key: Key::Keysym(0xff08),
        pressed: true,
    });
    tap(&viewer, "Delete", "Delete");
    (0..4).for_each(|_| downs.push(next()));
    let (backspace, control, alt, delete) = (22, 37, 64, 119);
    assert_eq!(downs, [backspace, control, backspace, alt, delete]);
    drop(viewer);
    client.wait_until_all_is_up();
}

#[test]
fn a_blocked_combination_stays_blocked_when_the_x_server_is_back() {
    let mut xvfb = Xvfb::start("320x240x24", &[]);
    let backend = X11Backend::connect(Some(&xvfb.display), None).unwrap();
    let mut backend = backend.without(vec!["Ctrl+Backspace".parse().unwrap()]);
    xvfb.restart("320x240x24");
    eventually("the backend is back", || {
        (backend.ready().ok() == Some(Ready::Anew)).then_some(())
    });
    let mut resolve = |name: &str, code: &str| {
        let key = Key::Dom {
            key: name.into(),
            code: code.into(),
        };
        let keycode = backend.resolve(&key, None).unwrap();
        keycode.inspect(|keycode| backend.key(*keycode, true).unwrap())
    };
    assert!(resolve("Control", "ControlLeft").is_some());
    assert!(resolve("Backspace", "Backspace").is_none(), "it is pressed");
    assert!(resolve("Delete", "Delete").is_some());
}
