//! Puts input into an X display with the XTEST extension.

use std::time::Duration;

use super::keyboard::Keyboard;
use super::pointer::{self, Pointer};
use super::server::{CHECK_SERVER, Server};
use crate::chord::Chord;
use crate::input::backend::{Axis, Backend, BackendError, Keycode, Ready};
use crate::protocol::input::{Button, Key, Point};
use crate::x11::{Attempt, DisplayAddress, DisplayError, Reconnect};

/// Input into an X display. Pixels of the frame are pixels of the root window.
///
/// A character that no key of the host's layout types is lent a key without a meaning; [`close`](Backend::close)
/// gives all of them back.
///
/// While the X server is gone, input is discarded. The backend looks for it when a viewer acts, at most every 5 s.
pub struct X11Backend {
    server: Server,
    keyboard: Keyboard,
    pointer: Pointer,
    /// The attempts to reach the server while the connection is lost.
    lost: Option<Reconnect>,
}

impl X11Backend {
    /// Connects to `display` (":0"; `$DISPLAY` if `None`), with `cookie` (MIT-MAGIC-COOKIE-1) or, without one, with
    /// the one in the Xauthority file of the environment.
    ///
    /// # Errors
    /// If there is no such display, it refuses us or lacks XTEST. The text says what to do.
    pub fn connect(display: Option<&str>, cookie: Option<&[u8]>) -> Result<X11Backend, DisplayError> {
        X11Backend::connect_to(DisplayAddress::new(display, cookie), Vec::new())
    }

    fn connect_to(address: DisplayAddress, blocked: Vec<Chord>) -> Result<X11Backend, DisplayError> {
        let mut server = Server::connect(address)?;
        let keyboard = Keyboard::read(&mut server, blocked).map_err(|error| server.refused(&error))?;
        Ok(X11Backend {
            server,
            keyboard,
            pointer: Pointer::default(),
            lost: None,
        })
    }

    /// Returns the same backend, which presses none of `chords`, nor any of them with further modifiers.
    #[must_use]
    pub fn without(mut self, chords: Vec<Chord>) -> X11Backend {
        self.keyboard.set_blocked(chords);
        self
    }
}

impl Backend for X11Backend {
    fn ready(&mut self) -> Result<Ready, BackendError> {
        if self.lost.is_none() && self.server.drain_events().is_ok() {
            return Ok(Ready::AsBefore);
        }
        let reconnect = self.lost.get_or_insert_with(Reconnect::new);
        let blocked = self.keyboard.blocked();
        let again = || X11Backend::connect_to(self.server.address().clone(), blocked.to_vec());
        match reconnect.attempt(again) {
            Attempt::Connected(found) => {
                *self = found;
                Ok(Ready::Anew)
            }
            Attempt::Early(_) => Err(BackendError::new("the X server is gone", CHECK_SERVER)),
            Attempt::Failed(error) => Err(BackendError::new(error.to_string(), CHECK_SERVER)),
        }
    }

    fn move_to(&mut self, position: Point) -> Result<(), BackendError> {
        self.server.drain_events()?;
        self.pointer.move_to(&self.server, position)
    }

    fn is_displaced(&mut self) -> Result<bool, BackendError> {
        self.pointer.is_displaced(&self.server)
    }

    fn move_by(&mut self, dx: i32, dy: i32) -> Result<(), BackendError> {
        self.pointer.move_by(&self.server, dx, dy)
    }

    fn button(&mut self, button: Button, pressed: bool) -> Result<(), BackendError> {
        pointer::button(&self.server, button, pressed)
    }

    fn scroll(&mut self, axis: Axis, clicks: i32) -> Result<(), BackendError> {
        pointer::scroll(&self.server, axis, clicks)
    }

    fn resolve(&mut self, key: &Key, plain: Option<char>) -> Result<Option<Keycode>, BackendError> {
        let keycode = self.keyboard.resolve(&mut self.server, key, plain)?;
        let allowed = keycode.filter(|keycode| !self.keyboard.is_blocked(*keycode));
        Ok(allowed.map(|keycode| Keycode(keycode.into())))
    }

    fn set_locks(&mut self, caps: Option<bool>, num: Option<bool>) -> Result<(), BackendError> {
        self.keyboard.set_locks(&mut self.server, caps, num)
    }

    fn repeat_delay(&mut self, keycode: Keycode) -> Result<Option<Duration>, BackendError> {
        match u8::try_from(keycode.0) {
            Ok(keycode) => self.server.repeat_delay(keycode),
            Err(_) => Ok(None),
        }
    }

    fn key(&mut self, keycode: Keycode, pressed: bool) -> Result<(), BackendError> {
        match u8::try_from(keycode.0) {
            Ok(keycode) => self.keyboard.press(&self.server, keycode, pressed),
            Err(_) => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), BackendError> {
        self.server.flush()?;
        self.server.drain_events()
    }

    fn close(&mut self) -> Result<(), BackendError> {
        self.keyboard.close(&mut self.server)
    }
}
