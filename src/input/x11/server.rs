//! The connection to the X server, and fake events on it (XTEST).

use std::fmt::Display;
use std::time::Duration;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    self, AutoRepeatMode, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Mapping,
    QueryPointerReply, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::input::backend::BackendError;
use crate::x11::{DisplayAddress, DisplayError};

/// A connection to an X server that has XTEST.
pub(super) struct Server {
    address: DisplayAddress,
    connection: RustConnection,
    root: Window,
    /// Width and height of the root window, in pixels.
    size: (u16, u16),
    /// True if the server has said that the keyboard map changed, and nobody has read it since.
    pub(super) is_keyboard_changed: bool,
    has_xkb: bool,
}

impl Server {
    /// Connects to the display at `address` and subscribes to changes of its size.
    ///
    /// # Errors
    /// If there is no such display, it refuses us or lacks XTEST. The text says what to do.
    pub(super) fn connect(address: DisplayAddress) -> Result<Server, DisplayError> {
        let (connection, screen) = address.connect()?;
        let screen = &connection.setup().roots[screen];
        let (root, size) = (screen.root, (screen.width_in_pixels, screen.height_in_pixels));
        xtest_version(&connection)
            .map_err(|error| address.error(error, "use an X server with the XTEST extension"))?;
        let has_xkb = use_xkb(&connection);
        let mut server = Server {
            address,
            connection,
            root,
            size,
            is_keyboard_changed: false,
            has_xkb,
        };
        server.watch_root().map_err(|error| server.refused(&error))?;
        Ok(server)
    }

    pub(super) fn address(&self) -> &DisplayAddress {
        &self.address
    }

    pub(super) fn connection(&self) -> &RustConnection {
        &self.connection
    }

    pub(super) fn root(&self) -> Window {
        self.root
    }

    /// Lets no other client change anything until `ungrab`.
    pub(super) fn grab(&self) -> Result<(), BackendError> {
        self.connection.grab_server().map_err(lost)?;
        Ok(())
    }

    pub(super) fn ungrab(&self) -> Result<(), BackendError> {
        self.connection.ungrab_server().map_err(lost)?;
        self.flush()
    }

    /// Width and height of the root window, in pixels.
    pub(super) fn size(&self) -> (u16, u16) {
        self.size
    }

    /// An error about the display that says what a request failed with.
    pub(super) fn refused(&self, error: &BackendError) -> DisplayError {
        self.address.error(error, error.remedy())
    }

    /// Subscribes to changes of the root window's size, and reads the present size after that.
    fn watch_root(&mut self) -> Result<(), BackendError> {
        let events = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        self.connection
            .change_window_attributes(self.root, &events)
            .map_err(lost)?;
        let geometry = self.connection.get_geometry(self.root).map_err(lost)?;
        let geometry = geometry.reply().map_err(lost)?;
        self.size = (geometry.width, geometry.height);
        Ok(())
    }

    /// Handles the events that have arrived so far. Does not wait.
    pub(super) fn drain_events(&mut self) -> Result<(), BackendError> {
        while let Some(event) = self.connection.poll_for_event().map_err(lost)? {
            match event {
                Event::ConfigureNotify(event) if event.window == self.root => {
                    self.size = (event.width, event.height);
                }
                Event::MappingNotify(event) if event.request != Mapping::POINTER => {
                    self.is_keyboard_changed = true;
                }
                Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) => self.is_keyboard_changed = true,
                Event::Error(error) => {
                    tracing::debug!(kind = ?error.error_kind, "the X server refused a request")
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Asks for the position of the pointer and the modifiers that are on. All events up to the reply have arrived with
    /// it.
    pub(super) fn query_pointer(&self) -> Result<QueryPointerReply, BackendError> {
        let pointer = self.connection.query_pointer(self.root).map_err(lost)?;
        pointer.reply().map_err(lost)
    }

    /// The time after which the server repeats a key that stays down. `None` if it does not repeat this one.
    pub(super) fn repeat_delay(&self, keycode: u8) -> Result<Option<Duration>, BackendError> {
        let bit = |keys: &[u8; 32]| keys[usize::from(keycode / 8)] & (1 << (keycode % 8)) != 0;
        if !self.has_xkb {
            let control = self.connection.get_keyboard_control().map_err(lost)?;
            let control = control.reply().map_err(lost)?;
            let repeats = control.global_auto_repeat == AutoRepeatMode::ON && bit(&control.auto_repeats);
            return Ok(repeats.then_some(LEAST_DELAY));
        }
        let keyboard = xkb::ID::USE_CORE_KBD.into();
        let controls = self.connection.xkb_get_controls(keyboard).map_err(lost)?;
        let controls = controls.reply().map_err(lost)?;
        let repeats =
            controls.enabled_controls.contains(xkb::BoolCtrl::REPEAT_KEYS) && bit(&controls.per_key_repeat);
        Ok(repeats.then(|| Duration::from_millis(controls.repeat_delay.into())))
    }

    pub(super) fn fake_key(&self, keycode: u8, pressed: bool) -> Result<(), BackendError> {
        let kind = if pressed {
            xproto::KEY_PRESS_EVENT
        } else {
            xproto::KEY_RELEASE_EVENT
        };
        self.fake(kind, keycode, x11rb::NONE, (0, 0))
    }

    pub(super) fn fake_button(&self, button: u8, pressed: bool) -> Result<(), BackendError> {
        let kind = if pressed {
            xproto::BUTTON_PRESS_EVENT
        } else {
            xproto::BUTTON_RELEASE_EVENT
        };
        self.fake(kind, button, x11rb::NONE, (0, 0))
    }

    /// Moves the pointer to a pixel of the root window.
    pub(super) fn fake_move_to(&self, position: (i16, i16)) -> Result<(), BackendError> {
        self.fake(xproto::MOTION_NOTIFY_EVENT, ABSOLUTE, self.root, position)
    }

    /// Moves the pointer by this many pixels.
    pub(super) fn fake_move_by(&self, distance: (i16, i16)) -> Result<(), BackendError> {
        self.fake(xproto::MOTION_NOTIFY_EVENT, RELATIVE, self.root, distance)
    }

    fn fake(&self, kind: u8, detail: u8, root: Window, (x, y): (i16, i16)) -> Result<(), BackendError> {
        self.connection
            .xtest_fake_input(kind, detail, NOW, root, x, y, 0)
            .map_err(lost)?;
        Ok(())
    }

    /// Sends all requests that were made so far.
    pub(super) fn flush(&self) -> Result<(), BackendError> {
        self.connection.flush().map_err(lost)
    }

    /// Waits until the server has handled all requests.
    pub(super) fn sync(&self) -> Result<(), BackendError> {
        let focus = self.connection.get_input_focus().map_err(lost)?;
        focus.reply().map_err(lost)?;
        Ok(())
    }
}

fn xtest_version(connection: &RustConnection) -> Result<(), BackendError> {
    let version = connection.xtest_get_version(2, 2).map_err(lost)?;
    version.reply().map_err(lost)?;
    Ok(())
}

/// True if the server has XKB. It then tells us of changes of the keyboard by XKB's events instead of MappingNotify.
fn use_xkb(connection: &RustConnection) -> bool {
    let version = connection.xkb_use_extension(1, 0);
    if !version.is_ok_and(|version| version.reply().is_ok_and(|version| version.supported)) {
        return false;
    }
    let events = xkb::EventType::NEW_KEYBOARD_NOTIFY | xkb::EventType::MAP_NOTIFY;
    let parts = xkb::MapPart::from(u16::MAX >> 8);
    let (keyboard, nothing) = (xkb::ID::USE_CORE_KBD.into(), xkb::EventType::from(0_u16));
    let details = xkb::SelectEventsAux::new();
    let selected = connection.xkb_select_events(keyboard, nothing, events, parts, parts, &details);
    selected.is_ok()
}

/// The error of a request that `error` prevented.
pub(super) fn lost(error: impl Display) -> BackendError {
    BackendError::new(
        format!("the connection to the X server failed: {error}"),
        CHECK_SERVER,
    )
}

pub(super) const CHECK_SERVER: &str =
    "check that the X server still runs: it is connected to again when it does";
/// The delay of a server that does not say after which time it repeats keys.
const LEAST_DELAY: Duration = Duration::from_millis(250);
/// The time of a fake event: at once.
const NOW: u32 = 0;
const ABSOLUTE: u8 = 0;
const RELATIVE: u8 = 1;
