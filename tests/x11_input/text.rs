//! Text: typed key by key, sent by an input method, and read by a terminal.

use deskbeam::desktop::{Ended, VirtualDisplay, VirtualOptions};
use deskbeam::protocol::input::{InputEvent, TypedText};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, InputFocus, Window};
use x11rb::rust_connection::RustConnection;

use super::{MIXED, SHIFT, assert_types, desk, injector, key_down, tap, tap_with, type_us};
use crate::support::x11::connect;
use crate::support::{DEADLINE, eventually};

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
fn the_first_characters_that_an_x_server_lends_keys_to_arrive_in_an_application() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("seen");
    let script = r#"stdbuf -oL xev -event keyboard > "$0" &
        xdotool search --sync --name 'Event Tester' windowfocus --sync && touch "$0.ready"
        wait"#;
    let command = [
        "env",
        "LC_ALL=C.UTF-8",
        "sh",
        "-c",
        script,
        file.to_str().unwrap(),
    ];
    let command = command.map(String::from).to_vec();
    let options = VirtualOptions {
        width: 640,
        height: 480,
        command,
    };
    let display = VirtualDisplay::start(options).unwrap();
    eventually("xev has the focus", || {
        directory.path().join("seen.ready").exists().then_some(())
    });
    let injector = injector(&display);
    let viewer = injector.handle().viewer();
    // An application reads the map with the first key.
    tap(&viewer, "a", "KeyA");
    let text = "Ж漢é→ω";
    viewer.send(InputEvent::Text(TypedText::new(text).unwrap()));
    tap(&viewer, "Escape", "Escape");
    let seen = eventually("xev has seen all", || {
        let seen = std::fs::read_to_string(&file).ok()?;
        seen.contains("Escape").then_some(seen)
    });
    assert!(!seen.contains("NoSymbol"), "{seen}");
    assert_eq!(
        seen.matches("KeyPress event").count(),
        text.chars().count() + 2,
        "{seen}"
    );
}
