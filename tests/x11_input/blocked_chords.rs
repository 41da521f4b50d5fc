//! Chords that viewers must not press.

use deskbeam::input::{Backend, Injector, Ready, X11Backend};
use deskbeam::protocol::input::{InputEvent, Key};

use super::{key, tap};
use crate::support::eventually;
use crate::support::x11::{Client, Seen, display};
use crate::support::xvfb::Xvfb;

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
