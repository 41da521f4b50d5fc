//! Every character of six keyboard layouts, typed by viewers who have them, on hosts that have each of the six.

use std::collections::BTreeSet;

use deskbeam::input::{Injector, ViewerInput, X11Backend};
use deskbeam::protocol::input::{InputEvent, Layout};
use xkeysym::{Keysym, key as k};

use super::support::x11::{Client, Seen, display, key, set_layout};

const LAYOUTS: [&str; 6] = ["us", "de", "fr", "es", "ru", "jp"];

/// Rows of keys, from this keycode on, by their names in UI Events.
const KEYS: [(u8, &[&str]); 8] = [
    (
        10,
        &[
            "Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9",
            "Digit0", "Minus", "Equal",
        ],
    ),
    (
        24,
        &[
            "KeyQ",
            "KeyW",
            "KeyE",
            "KeyR",
            "KeyT",
            "KeyY",
            "KeyU",
            "KeyI",
            "KeyO",
            "KeyP",
            "BracketLeft",
            "BracketRight",
        ],
    ),
    (
        38,
        &[
            "KeyA",
            "KeyS",
            "KeyD",
            "KeyF",
            "KeyG",
            "KeyH",
            "KeyJ",
            "KeyK",
            "KeyL",
            "Semicolon",
            "Quote",
            "Backquote",
        ],
    ),
    (
        51,
        &[
            "Backslash",
            "KeyZ",
            "KeyX",
            "KeyC",
            "KeyV",
            "KeyB",
            "KeyN",
            "KeyM",
            "Comma",
            "Period",
            "Slash",
        ],
    ),
    (65, &["Space"]),
    (94, &["IntlBackslash"]),
    (97, &["IntlRo"]),
    (132, &["IntlYen"]),
];

/// A character as somebody types it.
#[derive(Debug, Clone, Copy)]
struct Stroke {
    code: &'static str,
    shift: bool,
    alt_graph: bool,
    character: char,
}

/// What can be typed with the layout that the display has: each character once, by its first key.
fn strokes(client: &Client) -> Vec<Stroke> {
    let map = client.map();
    let mut seen = BTreeSet::new();
    let mut strokes = Vec::new();
    // The columns of the core protocol: plain, Shift, and both with AltGr.
    for (column, shift, alt_graph) in [
        (0, false, false),
        (1, true, false),
        (4, false, true),
        (5, true, true),
    ] {
        for (first, codes) in KEYS {
            for (keycode, code) in (first..).zip(codes) {
                // The map begins with the keycode 8.
                let keysym = map[usize::from(keycode - 8)].get(column).copied().unwrap_or(0);
                let character = Keysym::new(keysym).key_char().filter(|c| !c.is_control());
                if let Some(character) = character.filter(|character| seen.insert(*character)) {
                    strokes.push(Stroke {
                        code,
                        shift,
                        alt_graph,
                        character,
                    });
                }
            }
        }
    }
    strokes
}

fn type_stroke(viewer: &ViewerInput, stroke: &Stroke) {
    let modifiers = [
        (stroke.shift, "Shift", "ShiftLeft"),
        (stroke.alt_graph, "AltGraph", "AltRight"),
    ];
    let held = || modifiers.iter().filter(|(is_held, ..)| *is_held);
    held().for_each(|(_, name, code)| key(viewer, name, code, true));
    let name = stroke.character.to_string();
    key(viewer, &name, stroke.code, true);
    key(viewer, &name, stroke.code, false);
    held().for_each(|(_, name, code)| key(viewer, name, code, false));
}

#[test]
fn every_character_of_six_layouts_arrives_on_hosts_of_each() {
    let display = display(320, 240);
    let client = Client::start(&display);
    let viewers: Vec<_> = LAYOUTS
        .iter()
        .map(|layout| {
            set_layout(&display, layout);
            (*layout, strokes(&client))
        })
        .collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for host in LAYOUTS {
        set_layout(&display, host);
        let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let viewer = injector.handle().viewer();
        for (layout, strokes) in &viewers {
            assert!(strokes.len() > 90, "{layout} has {strokes:?}");
            for stroke in strokes {
                type_stroke(&viewer, stroke);
                let arrived = client.next(|seen| match seen {
                    Seen::KeyDown { character, .. } => character,
                    _ => None,
                });
                count += 1;
                if arrived != stroke.character {
                    wrong.push(format!("{layout} on {host}: {stroke:?} typed {arrived:?}"));
                }
            }
        }
        drop(viewer);
        injector.stop();
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Somebody with these keys on a host with the layout `host`, with `modifier` held, strikes each of `strokes`: what the
/// host's keys that went down give without modifiers.
fn struck(
    host: &str,
    keys: &[(&str, char)],
    modifier: Option<(&str, &str)>,
    strokes: &[(&str, &str)],
) -> Vec<u32> {
    let display = display(320, 240);
    set_layout(&display, host);
    let client = Client::start(&display);
    let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    let injector = Injector::start(Box::new(backend)).unwrap();
    let viewer = injector.handle().viewer();
    let keys: serde_json::Map<_, _> = keys
        .iter()
        .map(|(code, character)| ((*code).to_owned(), character.to_string().into()))
        .collect();
    viewer.send(InputEvent::Layout(Layout::read(&keys.into()).unwrap()));
    let down = |seen| match seen {
        Seen::KeyDown { keycode, .. } => Some(keycode),
        _ => None,
    };
    if let Some((name, code)) = modifier {
        key(&viewer, name, code, true);
        client.next(down);
    }
    let struck = strokes.iter().map(|(name, code)| {
        key(&viewer, name, code, true);
        let keycode = client.next(down);
        key(&viewer, name, code, false);
        client.map()[usize::from(keycode - 8)][0]
    });
    struck.collect()
}

const US: [(&str, char); 4] = [("KeyA", 'a'), ("KeyQ", 'q'), ("KeyS", 's'), ("KeyZ", 'z')];
const GERMAN: [(&str, char); 4] = [
    ("KeyY", 'z'),
    ("Backquote", '^'),
    ("Equal", '\''),
    ("BracketLeft", 'ü'),
];
const CONTROL: Option<(&str, &str)> = Some(("Control", "ControlLeft"));

#[test]
fn a_shortcut_in_another_alphabet_is_that_of_the_letter_on_the_viewers_key() {
    let russian = [("ф", "KeyA"), ("Я", "KeyZ"), ("ы", "KeyS")];
    assert_eq!(struck("fr", &US, CONTROL, &russian), [k::a, k::z, k::s]);
    assert_eq!(struck("us", &US, CONTROL, &russian), [k::a, k::z, k::s]);
    let unknown = struck("fr", &[], CONTROL, &russian);
    assert_eq!(unknown, [k::q, k::w, k::s], "only the place is known");
}

#[test]
fn a_key_that_says_nothing_is_what_the_viewers_layout_says() {
    let strokes = [("Unidentified", "KeyA"), ("\u{1}", "KeyQ"), ("Process", "KeyS")];
    assert_eq!(struck("fr", &US, None, &strokes), [k::a, k::q, k::s]);
    assert_eq!(struck("us", &US, None, &strokes), [k::a, k::q, k::s]);
    assert_eq!(
        struck("fr", &[], None, &strokes),
        [k::q, k::a, k::s],
        "only the place is known"
    );
    assert_eq!(
        struck("us", &GERMAN, None, &[("Unidentified", "BracketLeft")]),
        [0xfc],
        "a spare key"
    );
}

#[test]
fn a_dead_key_is_one_on_the_host() {
    let strokes = [("Dead", "Backquote"), ("Dead", "Equal")];
    let accents = [k::dead_circumflex, k::dead_acute];
    for host in ["de", "fr", "us"] {
        assert_eq!(struck(host, &GERMAN, None, &strokes), accents, "{host}");
    }
    assert_eq!(
        struck("us", &[], None, &strokes),
        [k::grave, k::equal],
        "only the place is known"
    );
}

#[test]
fn a_dead_key_behind_shift_is_the_one_in_its_place() {
    let shift = Some(("Shift", "ShiftLeft"));
    // A grave accent is behind the acute one.
    assert_eq!(
        struck("de", &GERMAN, shift, &[("Dead", "Equal")]),
        [k::dead_acute]
    );
    assert_eq!(struck("us", &GERMAN, shift, &[("Dead", "Equal")]), [k::equal]);
}

#[test]
fn a_shortcut_is_that_of_the_key_also_when_its_letter_was_typed_before() {
    let control = ("Control", "ControlLeft");
    let others = [("Alt", "AltLeft"), ("Meta", "MetaLeft"), control];
    for (letter, code, expected) in [
        ("с", "KeyC", 54),
        ("Я", "KeyZ", 52),
        ("γ", "KeyG", 42),
        ("ב", "KeyC", 54),
        ("ش", "KeyA", 38),
        ("ฟ", "KeyA", 38),
    ] {
        let display = display(320, 240);
        let client = Client::start(&display);
        let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let viewer = injector.handle().viewer();
        let down = |seen| match seen {
            Seen::KeyDown { keycode, .. } => Some(keycode),
            _ => None,
        };
        let stroke = |name: &str, code: &str| {
            key(&viewer, name, code, true);
            let keycode = client.next(down);
            key(&viewer, name, code, false);
            keycode
        };
        let lent = stroke(letter, code);
        assert_ne!(lent, expected, "{letter} is a letter of the layout");
        assert_eq!(stroke(letter, code), lent, "{letter}");
        for (modifier, place) in others {
            key(&viewer, modifier, place, true);
            client.next(down);
            let struck = stroke(letter, code);
            key(&viewer, modifier, place, false);
            assert_eq!(struck, expected, "{modifier}+{letter}");
        }
    }
}

#[test]
fn a_key_with_a_name_types_no_text_where_the_host_has_another_key() {
    let strokes = [
        ("ZenkakuHankaku", "Backquote"),
        ("Hankaku", "Backquote"),
        ("KanaMode", "IntlYen"),
        ("HangulMode", "KeyA"),
        ("Undo", "KeyZ"),
        ("F13", "Digit1"),
        ("Clear", "Numpad5"),
    ];
    for host in ["us", "de", "fr"] {
        let typed = struck(host, &[], None, &strokes);
        let texts = typed.iter().filter(|keysym| {
            let character = Keysym::new(**keysym).key_char();
            character.is_some_and(|character| !character.is_control())
        });
        assert_eq!(texts.count(), 0, "{host}: {typed:x?}");
    }
}

#[test]
fn clear_types_no_digit_while_num_lock_is_on() {
    let num_lock = Some(("NumLock", "NumLock"));
    let typed = struck_with_characters("us", num_lock, &[("Clear", "Numpad5"), ("Home", "Numpad7")]);
    assert_eq!(typed, [None, None]);
}

/// The characters that the host's keys type for these strokes, with `modifier` held.
fn struck_with_characters(
    host: &str,
    modifier: Option<(&str, &str)>,
    strokes: &[(&str, &str)],
) -> Vec<Option<char>> {
    let display = display(320, 240);
    set_layout(&display, host);
    let client = Client::start(&display);
    let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
    let injector = Injector::start(Box::new(backend)).unwrap();
    let viewer = injector.handle().viewer();
    let down = |seen| match seen {
        Seen::KeyDown { keycode, state, .. } => Some((keycode, state)),
        _ => None,
    };
    if let Some((name, code)) = modifier {
        key(&viewer, name, code, true);
        client.next(down);
    }
    let struck = strokes.iter().map(|(name, code)| {
        key(&viewer, name, code, true);
        let (keycode, state) = client.next(down);
        key(&viewer, name, code, false);
        let row = &client.map()[usize::from(keycode - 8)];
        // NumLock is Mod2: a key of the keypad has its digit in the second column.
        let on_keypad = row.iter().any(|keysym| Keysym::new(*keysym).is_keypad_key());
        let column = usize::from(on_keypad && state & 0x10 != 0);
        let character = row.get(column).and_then(|keysym| Keysym::new(*keysym).key_char());
        character.filter(|character| !character.is_control())
    });
    struck.collect()
}

#[test]
fn modifiers_switch_the_layout_as_the_host_wants() {
    let shift = ("Shift", "ShiftLeft");
    let alt = ("Alt", "AltLeft");
    for (option, keys) in [
        ("grp:alt_shift_toggle", vec![shift, alt]),
        ("grp:alt_shift_toggle", vec![alt, shift]),
        ("grp:ctrl_shift_toggle", vec![("Control", "ControlLeft"), shift]),
        ("grp:shifts_toggle", vec![shift, ("Shift", "ShiftRight")]),
        ("grp:toggle", vec![("Alt", "AltRight")]),
        ("grp:caps_toggle", vec![("CapsLock", "CapsLock")]),
        ("grp:rctrl_toggle", vec![("Control", "ControlRight")]),
    ] {
        let display = display(320, 240);
        let status = std::process::Command::new("setxkbmap")
            .args(["-layout", "us,ru", "-option", "", "-option", option])
            .env("DISPLAY", display.display())
            .env("XAUTHORITY", display.xauthority())
            .status()
            .expect("setxkbmap (package x11-xkb-utils)");
        assert!(status.success(), "{option}");
        let client = Client::start(&display);
        let backend = X11Backend::connect(Some(display.display()), Some(display.cookie())).unwrap();
        let injector = Injector::start(Box::new(backend)).unwrap();
        let viewer = injector.handle().viewer();
        keys.iter()
            .for_each(|(name, code)| key(&viewer, name, code, true));
        let down = |seen| match seen {
            Seen::KeyDown { keycode, state, .. } => Some((keycode, state)),
            _ => None,
        };
        let mut last = (0, 0);
        keys.iter().for_each(|_| last = client.next(down));
        let (keycode, state) = last;
        keys.iter()
            .for_each(|(name, code)| key(&viewer, name, code, false));
        // Shift, or Control as in the type of these keys, gives the second level.
        let level = usize::from(state & 0x0d != 0);
        assert_eq!(
            client.map()[usize::from(keycode - 8)][level],
            k::ISO_Next_Group,
            "{option}: {keys:?}: {keycode} {state:x}"
        );
        client.wait_until_all_is_up();
    }
}
