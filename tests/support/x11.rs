//! An X client that records its events, as an application would see them.

#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use deskbeam::desktop::{VirtualDisplay, VirtualOptions};
use deskbeam::input::ViewerInput;
use deskbeam::protocol::input::{InputEvent, Key};
use x11rb::connection::Connection;
use x11rb::errors::ConnectError;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt, EventMask, GetKeyboardMappingReply, GrabMode, GrabStatus, KeyPressEvent, Window,
};
use x11rb::reexports::x11rb_protocol::parse_display::parse_display;
use x11rb::rust_connection::{DefaultStream, RustConnection};
use xkeysym::Keysym;

use super::{DEADLINE, eventually};

/// Sends a key event in the terms of UI Events.
pub(crate) fn key(viewer: &ViewerInput, key: &str, code: &str, pressed: bool) {
    viewer.send(InputEvent::Key {
        key: Key::Dom {
            key: key.into(),
            code: code.into(),
        },
        pressed,
    });
}

/// Starts a virtual display with a window manager and no other program.
pub(crate) fn display(width: u32, height: u32) -> VirtualDisplay {
    let command = ["sleep", "infinity"].map(String::from).to_vec();
    VirtualDisplay::start(VirtualOptions {
        width,
        height,
        command,
    })
    .expect("a virtual display")
}

/// Connects with `cookie`, or without authorization.
pub(crate) fn connect(display: &str, cookie: Option<&[u8]>) -> Result<RustConnection, ConnectError> {
    let parsed = parse_display(Some(display))?;
    let address = parsed.connect_instruction().next().expect("an address");
    let (stream, _) = DefaultStream::connect(&address).map_err(ConnectError::IoError)?;
    let (name, data) = match cookie {
        Some(cookie) => (b"MIT-MAGIC-COOKIE-1".to_vec(), cookie.to_vec()),
        None => (Vec::new(), Vec::new()),
    };
    RustConnection::connect_to_stream_with_auth_info(stream, 0, name, data)
}

/// Sets the keyboard layout of `display` with setxkbmap.
pub(crate) fn set_layout(display: &VirtualDisplay, layout: &str) {
    let status = Command::new("setxkbmap")
        .arg(layout)
        .env("DISPLAY", display.display())
        .env("XAUTHORITY", display.xauthority())
        .status()
        .expect("setxkbmap (package x11-xkb-utils)");
    assert!(status.success(), "setxkbmap {layout}: {status}");
}

/// An event that the client has received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A key went down.
    KeyDown {
        /// The keycode.
        keycode: u8,
        /// The modifiers before the event.
        state: u16,
        /// The character that the key types by the current keymap.
        character: Option<char>,
    },
    /// A key went up.
    KeyUp(u8),
    /// A button went down, with the pointer at this position.
    ButtonDown(u8, i16, i16),
    /// A button went up.
    ButtonUp(u8),
    /// The pointer moved to this position.
    Motion(i16, i16),
}

/// A client that receives all keyboard and pointer events of a display.
pub(crate) struct Client {
    connection: Arc<RustConnection>,
    root: Window,
    events: Receiver<Seen>,
}

impl Client {
    /// Connects, and grabs keyboard and pointer so that no window manager interferes.
    pub(crate) fn start(display: &VirtualDisplay) -> Client {
        let connection = connect(display.display(), Some(display.cookie())).expect("a connection");
        let root = connection.setup().roots[0].root;
        grab(&connection, root);
        let connection = Arc::new(connection);
        let (sender, events) = channel();
        let reader = connection.clone();
        std::thread::spawn(move || {
            let mut map = read_map(&reader);
            while let Ok(event) = reader.wait_for_event() {
                let seen = match event {
                    Event::MappingNotify(_) => {
                        map = read_map(&reader);
                        continue;
                    }
                    Event::KeyPress(key) => Seen::KeyDown {
                        keycode: key.detail,
                        state: key.state.into(),
                        character: map.as_ref().and_then(|map| character(&reader, map, &key)),
                    },
                    Event::KeyRelease(key) => Seen::KeyUp(key.detail),
                    Event::ButtonPress(press) => Seen::ButtonDown(press.detail, press.root_x, press.root_y),
                    Event::ButtonRelease(press) => Seen::ButtonUp(press.detail),
                    Event::MotionNotify(motion) => Seen::Motion(motion.root_x, motion.root_y),
                    _ => continue,
                };
                if sender.send(seen).is_err() {
                    return;
                }
            }
        });
        Client {
            connection,
            root,
            events,
        }
    }

    /// Returns the next event that `choose` accepts, as mapped by it.
    pub(crate) fn next<T>(&self, choose: impl Fn(Seen) -> Option<T>) -> T {
        self.next_within(DEADLINE, choose)
            .expect("an event of the X server in time")
    }

    /// Returns the next event that `choose` accepts, or `None` if there is none within `limit`.
    pub(crate) fn next_within<T>(&self, limit: Duration, choose: impl Fn(Seen) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            let chosen = choose(self.events.recv_timeout(rest).ok()?);
            if chosen.is_some() {
                return chosen;
            }
        }
    }

    /// Returns the next `count` characters that are typed.
    pub(crate) fn text(&self, count: usize) -> String {
        let typed = |seen| match seen {
            Seen::KeyDown { character, .. } => character,
            _ => None,
        };
        (0..count).map(|_| self.next(typed)).collect()
    }

    /// Returns the keycodes that are down.
    pub(crate) fn keys_down(&self) -> Vec<u8> {
        let keys = self.connection.query_keymap().unwrap().reply().unwrap().keys;
        (0..=255_u8)
            .filter(|code| keys[usize::from(code / 8)] & (1 << (code % 8)) != 0)
            .collect()
    }

    /// Returns the active modifiers and buttons.
    pub(crate) fn mask(&self) -> u16 {
        self.connection
            .query_pointer(self.root)
            .unwrap()
            .reply()
            .unwrap()
            .mask
            .into()
    }

    /// Waits until no key and no button is down.
    pub(crate) fn wait_until_all_is_up(&self) {
        eventually("all keys and buttons are up", || {
            (self.keys_down().is_empty() && self.mask() & ANY_BUTTON == 0).then_some(())
        });
    }

    /// Returns the position of the pointer.
    pub(crate) fn pointer(&self) -> (i16, i16) {
        let pointer = self.connection.query_pointer(self.root).unwrap().reply().unwrap();
        (pointer.root_x, pointer.root_y)
    }

    /// Returns the current keysyms of the keyboard.
    pub(crate) fn map(&self) -> Vec<Vec<u32>> {
        let map = read_map(&self.connection).expect("a keyboard map");
        map.keysyms
            .chunks(map.keysyms_per_keycode.into())
            .map(trimmed)
            .collect()
    }
}

/// Returns a row without trailing empty keysyms: the number of columns depends on the rest of the map.
fn trimmed(row: &[u32]) -> Vec<u32> {
    let used = row
        .iter()
        .rposition(|keysym| *keysym != 0)
        .map_or(0, |last| last + 1);
    row[..used].to_vec()
}

fn grab(connection: &RustConnection, root: Window) {
    let pointer = EventMask::BUTTON_PRESS | EventMask::BUTTON_RELEASE | EventMask::POINTER_MOTION;
    // A window manager that starts at the same time may briefly hold a grab.
    eventually("keyboard and pointer are free", || {
        let keys = connection.grab_keyboard(false, root, 0_u32, GrabMode::ASYNC, GrabMode::ASYNC);
        let buttons = connection.grab_pointer(
            false,
            root,
            pointer,
            GrabMode::ASYNC,
            GrabMode::ASYNC,
            0_u32,
            0_u32,
            0_u32,
        );
        let keys = keys.unwrap().reply().unwrap().status;
        let buttons = buttons.unwrap().reply().unwrap().status;
        (keys == GrabStatus::SUCCESS && buttons == GrabStatus::SUCCESS).then_some(())
    });
}

fn read_map(connection: &RustConnection) -> Option<GetKeyboardMappingReply> {
    let (first, last) = (connection.setup().min_keycode, connection.setup().max_keycode);
    connection
        .get_keyboard_mapping(first, last - first + 1)
        .ok()?
        .reply()
        .ok()
}

/// Looks up a character more simply than the host does, on purpose: one group, Shift, AltGr (Mod5) and CapsLock.
fn character(
    connection: &RustConnection,
    map: &GetKeyboardMappingReply,
    key: &KeyPressEvent,
) -> Option<char> {
    let columns = usize::from(map.keysyms_per_keycode);
    let start = usize::from(key.detail - connection.setup().min_keycode) * columns;
    let row = &map.keysyms[start..start + columns];
    let state = u16::from(key.state);
    let level3 = state & 0x80 != 0 && columns > 4 && row[4] != 0;
    let plain = if level3 { 4 } else { 0 };
    // A key with one level ignores Shift.
    let is_shifted = state & 0x01 != 0 && row[plain + 1] != 0;
    let typed = Keysym::new(row[plain + usize::from(is_shifted)])
        .key_char()
        .filter(|c| !c.is_control())?;
    Some(if state & 0x02 != 0 {
        typed.to_uppercase().next()?
    } else {
        typed
    })
}

const ANY_BUTTON: u16 = 0x1f00;
