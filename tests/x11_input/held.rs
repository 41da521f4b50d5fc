//! Held keys and buttons are released, whatever happens.

use std::cell::Cell;
use std::process::Command;
use std::time::Duration;

use deskbeam::protocol::input::{Button, InputEvent, Point};

use super::{assert_types, desk, key, tap};
use crate::support::eventually;
use crate::support::x11::Seen;

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
fn a_key_of_a_viewer_that_falls_silent_is_struck_once() {
    let (display, injector, client) = desk("us");
    // Long enough for a slow machine, and less than the silence after which all is released.
    let status = Command::new("xset")
        .args(["r", "rate", "1500", "30"])
        .env("DISPLAY", display.display())
        .env("XAUTHORITY", display.xauthority())
        .status()
        .expect("xset (package x11-xserver-utils)");
    assert!(status.success());
    let viewer = injector.handle().viewer();
    for (name, code, keycode) in [("a", "KeyA", 38), ("Backspace", "Backspace", 22), ("é", "", 8)] {
        viewer.send(InputEvent::Sent { ms: 1.0 });
        key(&viewer, name, code, true);
        let downs = Cell::new(0);
        client.next(|seen| match seen {
            Seen::KeyDown { .. } => {
                downs.set(downs.get() + 1);
                None
            }
            Seen::KeyUp(up) => (up == keycode || keycode == 8).then_some(()),
            _ => None,
        });
        assert_eq!(downs.get(), 1, "{name}");
        key(&viewer, name, code, false);
    }
}

#[test]
fn a_modifier_of_a_viewer_that_falls_silent_outlasts_a_key() {
    let (_display, injector, client) = desk("us");
    let viewer = injector.handle().viewer();
    for (name, code) in [("Shift", "ShiftLeft"), ("A", "KeyA")] {
        viewer.send(InputEvent::Sent { ms: 1.0 });
        key(&viewer, name, code, true);
    }
    let up = |seen| match seen {
        Seen::KeyUp(keycode) => Some(keycode),
        _ => None,
    };
    assert_eq!([client.next(up), client.next(up)], [38, 50]);
}
