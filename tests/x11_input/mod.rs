//! Input into a real X server: what arrives is what the viewer typed, and nothing stays pressed.

mod blocked_chords;
mod connection;
mod held;
mod keysyms;
mod layouts;
mod locks;
mod pointer;
mod spare_keycodes;
mod text;

use deskbeam::desktop::VirtualDisplay;
use deskbeam::input::{Injector, ViewerInput, X11Backend};
use deskbeam::protocol::input::{InputEvent, Key};

use crate::support::x11::{Client, Seen, display, key, set_layout};

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

fn tap(viewer: &ViewerInput, name: &str, code: &str) {
    key(viewer, name, code, true);
    key(viewer, name, code, false);
}

fn tap_with(viewer: &ViewerInput, modifier: (&str, &str), name: &str, code: &str) {
    key(viewer, modifier.0, modifier.1, true);
    tap(viewer, name, code);
    key(viewer, modifier.0, modifier.1, false);
}

fn tap_key(viewer: &ViewerInput, key: &Key) {
    for pressed in [true, false] {
        let key = key.clone();
        viewer.send(InputEvent::Key { key, pressed });
    }
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
