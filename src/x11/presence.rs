//! A window by which a host shows on its X server that it lives: what it has changed there is to be restored by the next
//! one if it was killed.

use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, PropMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// The window, which ends with its connection, and the property of the root window that hosts note their changes in.
pub(crate) struct Presence {
    root: Window,
    name: Atom,
    window: Window,
}

impl Presence {
    /// Creates the window. `name` is the name of the property.
    pub(crate) fn open(
        connection: &RustConnection,
        root: Window,
        name: &[u8],
    ) -> Result<Presence, ReplyOrIdError> {
        let name = connection.intern_atom(false, name)?.reply()?.atom;
        let window = connection.generate_id()?;
        let (class, nothing) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        connection.create_window(0, window, root, 0, 0, 1, 1, 0, class, 0, &nothing)?;
        connection.change_property32(PropMode::REPLACE, window, name, AtomEnum::WINDOW, &[window])?;
        Ok(Presence { root, name, window })
    }

    /// The window of this host.
    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// True if another host with this window lives. Another program may have got the number of the window since.
    pub(crate) fn is_other(
        &self,
        connection: &RustConnection,
        window: Window,
    ) -> Result<bool, ConnectionError> {
        if window == self.window {
            return Ok(false);
        }
        let numbers = self.numbers(connection, window, AtomEnum::WINDOW)?;
        Ok(numbers.is_some_and(|numbers| numbers == [window]))
    }

    /// Reads what hosts have noted; empty if they have noted nothing.
    pub(crate) fn read(&self, connection: &RustConnection) -> Result<Vec<u32>, ConnectionError> {
        let numbers = self.numbers(connection, self.root, AtomEnum::CARDINAL)?;
        Ok(numbers.unwrap_or_default())
    }

    /// Replaces what hosts have noted.
    pub(crate) fn write(&self, connection: &RustConnection, numbers: &[u32]) -> Result<(), ConnectionError> {
        if numbers.is_empty() {
            connection.delete_property(self.root, self.name)?;
        } else {
            let kind = AtomEnum::CARDINAL;
            connection.change_property32(PropMode::REPLACE, self.root, self.name, kind, numbers)?;
        }
        Ok(())
    }

    /// The numbers in the property of `window`. `None` if there is no such window.
    fn numbers(
        &self,
        connection: &RustConnection,
        window: Window,
        kind: AtomEnum,
    ) -> Result<Option<Vec<u32>>, ConnectionError> {
        let property = connection.get_property(false, window, self.name, kind, 0, MOST)?;
        match property.reply() {
            Ok(property) => Ok(Some(property.value32().into_iter().flatten().collect())),
            Err(ReplyError::X11Error(_)) => Ok(None),
            Err(ReplyError::ConnectionError(error)) => Err(error),
        }
    }
}

/// The most numbers that are read.
const MOST: u32 = 64 * 1024;
