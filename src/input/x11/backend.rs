//! Puts input into an X display with the XTEST extension.

use std::fmt::Display;
use std::thread;
use std::time::Instant;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    self, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Mapping, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use xkeysym::key as k;

use super::keymap::Keymap;
use super::keysym_of_char;
use super::modifiers::{ModifierBits, Modifiers};
use super::spare_keycodes::SpareKeycodes;
use crate::chord::Chord;
use crate::input::backend::{Axis, Backend, BackendError, Keycode, Ready};
use crate::protocol::input::{Button, Key, Point};
use crate::x11::{Attempt, DisplayAddress, DisplayError, Reconnect};

/// Input into an X display. Pixels of the frame are pixels of the root window.
///
/// A character that no key of the host's layout types is lent a key without a meaning; [`close`](Backend::close)
/// gives all of them back.
///
/// When the X server has gone, what comes until it is back does nothing: it is looked for when somebody acts, and at
/// most every 5 s.
pub struct X11Backend {
    pub(super) address: DisplayAddress,
    pub(super) connection: RustConnection,
    /// The connection is lost.
    pub(super) lost: Option<Reconnect>,
    pub(super) root: Window,
    /// Width and height of the root window, in pixels.
    pub(super) size: (u16, u16),
    pub(super) keymap: Keymap,
    pub(super) bits: ModifierBits,
    /// The server said that the keyboard map changed.
    pub(super) stale: bool,
    pub(super) spare_keycodes: SpareKeycodes,
    pub(super) down: [bool; 256],
    pub(super) warned_no_spare: bool,
    /// What nobody may press.
    pub(super) blocked: Vec<Chord>,
    /// Where the pointer was moved to last, unless it was moved otherwise since.
    pub(super) place: Option<(i16, i16)>,
    /// The modifiers and buttons when they were last asked for, as the server has them.
    pub(super) state: u16,
}

impl X11Backend {
    /// Connects to `display` (":0"; `$DISPLAY` if `None`), with `cookie` (MIT-MAGIC-COOKIE-1) or, without one, with
    /// what the Xauthority file of the environment has.
    ///
    /// # Errors
    /// If there is no such display, it refuses us or lacks XTEST. The text says what to do.
    pub fn connect(display: Option<&str>, cookie: Option<&[u8]>) -> Result<X11Backend, DisplayError> {
        X11Backend::connect_to(DisplayAddress::new(display, cookie))
    }

    fn connect_to(address: DisplayAddress) -> Result<X11Backend, DisplayError> {
        let (connection, screen) = address.connect()?;
        let screen = &connection.setup().roots[screen];
        let (root, size) = (screen.root, (screen.width_in_pixels, screen.height_in_pixels));
        xtest_version(&connection)
            .map_err(|error| address.error(error, "use an X server with the XTEST extension"))?;
        let mut backend = X11Backend {
            address,
            connection,
            lost: None,
            root,
            size,
            keymap: Keymap::new(8, 1, Vec::new()),
            bits: ModifierBits::default(),
            stale: true,
            spare_keycodes: SpareKeycodes::default(),
            down: [false; 256],
            warned_no_spare: false,
            blocked: Vec::new(),
            place: None,
            state: 0,
        };
        backend
            .watch_root()
            .and_then(|()| backend.refresh())
            .map_err(|error| backend.address.error(&error, error.remedy()))?;
        Ok(backend)
    }

    /// The same, which presses none of `chords`, nor with further modifiers.
    #[must_use]
    pub fn without(self, chords: Vec<Chord>) -> X11Backend {
        X11Backend {
            blocked: chords,
            ..self
        }
    }

    fn is_blocked(&self, keycode: u8) -> bool {
        let keysyms = self.keymap.keysyms(keycode);
        let mut blocked = self.blocked.iter();
        blocked
            .any(|chord| keysyms.contains(&chord.keysym) && self.state & chord.modifiers == chord.modifiers)
    }

    /// Lets the server tell when the root window changes its size, and reads the present one after that.
    fn watch_root(&mut self) -> Result<(), BackendError> {
        let events = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        self.connection
            .change_window_attributes(self.root, &events)
            .map_err(lost)?;
        let geometry = self
            .connection
            .get_geometry(self.root)
            .map_err(lost)?
            .reply()
            .map_err(lost)?;
        self.size = (geometry.width, geometry.height);
        Ok(())
    }

    /// Takes in what the server said so far. Does not wait.
    fn drain_events(&mut self) -> Result<(), BackendError> {
        while let Some(event) = self.connection.poll_for_event().map_err(lost)? {
            match event {
                Event::ConfigureNotify(event) if event.window == self.root => {
                    self.size = (event.width, event.height);
                }
                Event::MappingNotify(event) if event.request != Mapping::POINTER => self.stale = true,
                Event::Error(error) => {
                    tracing::debug!(kind = ?error.error_kind, "the X server refused a request")
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads the keyboard map again if it changed.
    fn refresh(&mut self) -> Result<(), BackendError> {
        if !self.stale {
            return Ok(());
        }
        let (first, last) = (
            self.connection.setup().min_keycode,
            self.connection.setup().max_keycode,
        );
        let count = last.saturating_sub(first).saturating_add(1);
        let keys = self.connection.get_keyboard_mapping(first, count).map_err(lost)?;
        let modifiers = self.connection.get_modifier_mapping().map_err(lost)?;
        let keys = keys.reply().map_err(lost)?;
        let modifiers = modifiers.reply().map_err(lost)?;
        self.keymap = Keymap::new(first, keys.keysyms_per_keycode, keys.keysyms);
        self.bits = ModifierBits::new(
            &self.keymap,
            modifiers.keycodes_per_modifier(),
            &modifiers.keycodes,
        );
        self.spare_keycodes.compare(&self.keymap);
        self.stale = false;
        Ok(())
    }

    /// The modifiers that are on now. The map is up to date afterwards.
    pub(super) fn modifiers(&mut self) -> Result<Modifiers, BackendError> {
        let pointer = self
            .connection
            .query_pointer(self.root)
            .map_err(lost)?
            .reply()
            .map_err(lost)?;
        // All events up to the reply have been received with it.
        self.drain_events()?;
        self.refresh()?;
        self.state = pointer.mask.into();
        Ok(self.bits.modifiers(self.state))
    }

    pub(super) fn fake_key(&mut self, keycode: u8, pressed: bool) -> Result<(), BackendError> {
        let kind = if pressed {
            xproto::KEY_PRESS_EVENT
        } else {
            xproto::KEY_RELEASE_EVENT
        };
        self.fake(kind, keycode, 0, 0)
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), BackendError> {
        let root = if kind == xproto::MOTION_NOTIFY_EVENT {
            self.root
        } else {
            x11rb::NONE
        };
        self.connection
            .xtest_fake_input(kind, detail, NOW, root, x, y, 0)
            .map_err(lost)?;
        Ok(())
    }

    fn click(&self, button: u8) -> Result<(), BackendError> {
        self.fake(xproto::BUTTON_PRESS_EVENT, button, 0, 0)?;
        self.fake(xproto::BUTTON_RELEASE_EVENT, button, 0, 0)
    }
}

impl Backend for X11Backend {
    fn ready(&mut self) -> Result<Ready, BackendError> {
        if self.lost.is_none() && self.drain_events().is_ok() {
            return Ok(Ready::AsBefore);
        }
        let reconnect = self.lost.get_or_insert_with(Reconnect::new);
        match reconnect.attempt(|| X11Backend::connect_to(self.address.clone())) {
            Attempt::Connected(found) => {
                *self = found;
                Ok(Ready::Anew)
            }
            Attempt::Early(_) => Err(BackendError::new("the X server is gone", CHECK_SERVER)),
            Attempt::Failed(error) => Err(BackendError::new(error.to_string(), CHECK_SERVER)),
        }
    }

    fn move_to(&mut self, position: Point) -> Result<(), BackendError> {
        self.drain_events()?;
        let x = pixel(position.x, self.size.0);
        let y = pixel(position.y, self.size.1);
        self.place = Some((x, y));
        self.fake(xproto::MOTION_NOTIFY_EVENT, ABSOLUTE, x, y)
    }

    fn is_displaced(&mut self) -> Result<bool, BackendError> {
        let Some(place) = self.place else { return Ok(false) };
        let pointer = self.connection.query_pointer(self.root).map_err(lost)?;
        let pointer = pointer.reply().map_err(lost)?;
        Ok((pointer.root_x, pointer.root_y) != place)
    }

    fn move_by(&mut self, dx: i32, dy: i32) -> Result<(), BackendError> {
        self.place = None;
        let whole = |delta: i32| delta.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        self.fake(xproto::MOTION_NOTIFY_EVENT, RELATIVE, whole(dx), whole(dy))
    }

    fn button(&mut self, button: Button, pressed: bool) -> Result<(), BackendError> {
        let number = match button {
            Button::Left => 1,
            Button::Middle => 2,
            Button::Right => 3,
            Button::Back => 8,
            Button::Forward => 9,
        };
        let kind = if pressed {
            xproto::BUTTON_PRESS_EVENT
        } else {
            xproto::BUTTON_RELEASE_EVENT
        };
        self.fake(kind, number, 0, 0)
    }

    fn scroll(&mut self, axis: Axis, clicks: i32) -> Result<(), BackendError> {
        let button = match (axis, clicks < 0) {
            (Axis::Vertical, true) => 4,
            (Axis::Vertical, false) => 5,
            (Axis::Horizontal, true) => 6,
            (Axis::Horizontal, false) => 7,
        };
        (0..clicks.unsigned_abs()).try_for_each(|_| self.click(button))
    }

    fn resolve(&mut self, key: &Key, plain: Option<char>) -> Result<Option<Keycode>, BackendError> {
        let modifiers = self.modifiers()?;
        let keycode = match key {
            Key::Dom { key, code } => self.key_of_dom(key, code, plain, modifiers)?,
            Key::Keysym(_) | Key::KeysymName(_) => match keysym_of_char::asked_for(key) {
                Some(keysym) => self.key_of_keysym(keysym, modifiers)?,
                None => None,
            },
        };
        let allowed = keycode.filter(|keycode| !self.is_blocked(*keycode));
        Ok(allowed.map(|keycode| Keycode(keycode.into())))
    }

    fn set_locks(&mut self, caps: Option<bool>, num: Option<bool>) -> Result<(), BackendError> {
        let modifiers = self.modifiers()?;
        for (wanted, is_on, keysym) in [
            (caps, modifiers.caps_lock, k::Caps_Lock),
            (num, modifiers.num_lock, k::Num_Lock),
        ] {
            if wanted.is_none_or(|wanted| wanted == is_on) {
                continue;
            }
            // A keyboard without the key has no such lock.
            if let Some(keycode) = self.keymap.keycode_giving(&[keysym], modifiers) {
                self.fake_key(keycode, true)?;
                self.fake_key(keycode, false)?;
            }
        }
        Ok(())
    }

    fn key(&mut self, keycode: Keycode, pressed: bool) -> Result<(), BackendError> {
        let Ok(keycode) = u8::try_from(keycode.0) else {
            return Ok(());
        };
        self.down[usize::from(keycode)] = pressed;
        self.spare_keycodes.touch(keycode, Instant::now());
        self.fake_key(keycode, pressed)
    }

    fn flush(&mut self) -> Result<(), BackendError> {
        self.connection.flush().map_err(lost)?;
        self.drain_events()
    }

    fn close(&mut self) -> Result<(), BackendError> {
        self.modifiers()?;
        let (keycodes, wait) = self.spare_keycodes.take_all(Instant::now());
        // The clients may not have looked up the last press yet.
        thread::sleep(wait);
        for keycode in keycodes {
            self.connection
                .change_keyboard_mapping(1, keycode, 2, &[0, 0])
                .map_err(lost)?;
        }
        self.connection
            .get_input_focus()
            .map_err(lost)?
            .reply()
            .map_err(lost)?;
        Ok(())
    }
}

fn xtest_version(connection: &RustConnection) -> Result<(), BackendError> {
    connection
        .xtest_get_version(2, 2)
        .map_err(lost)?
        .reply()
        .map_err(lost)?;
    Ok(())
}

pub(super) fn lost(error: impl Display) -> BackendError {
    BackendError::new(
        format!("the connection to the X server failed: {error}"),
        CHECK_SERVER,
    )
}

/// The pixel that `coordinate` is in or nearest to, on an edge of `length` pixels.
fn pixel(coordinate: f64, length: u16) -> i16 {
    let last = f64::from(length.saturating_sub(1).min(i16::MAX as u16));
    coordinate.round().clamp(0.0, last) as i16
}

const CHECK_SERVER: &str = "check that the X server still runs: it is connected to again when it does";
/// The time of a fake event: at once.
const NOW: u32 = 0;
const ABSOLUTE: u8 = 0;
const RELATIVE: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_rounded_and_end_at_the_edges() {
        let all = [
            (-5.0, 0),
            (0.4, 0),
            (0.6, 1),
            (639.4, 639),
            (640.0, 639),
            (1e300, 639),
            (-1e300, 0),
        ];
        for (coordinate, expected) in all {
            assert_eq!(pixel(coordinate, 640), expected, "{coordinate}");
        }
        assert_eq!(pixel(5.0, 0), 0);
        assert_eq!(pixel(1e9, u16::MAX), i16::MAX);
    }
}
