//! The note of what the desktop was like before this host changed it, in properties of the root window: if the host is
//! killed, the next one restores it.

use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::xproto::Window;
use x11rb::rust_connection::RustConnection;

use crate::x11::Presence;

/// A note of numbers.
pub(super) struct Originals(Presence);

impl Originals {
    /// Opens the note in the property `name`.
    pub(super) fn open(
        connection: &RustConnection,
        root: Window,
        name: &[u8],
    ) -> Result<Originals, ReplyOrIdError> {
        Presence::open(connection, root, name).map(Originals)
    }

    /// Takes what a killed host has noted.
    pub(super) fn take_left(&self, connection: &RustConnection) -> Result<Option<Vec<u32>>, ConnectionError> {
        match self.0.read(connection)?.split_first() {
            Some((owner, numbers)) if !self.0.is_other(connection, *owner)? => {
                self.0.write(connection, &[])?;
                Ok(Some(numbers.to_vec()))
            }
            _ => Ok(None),
        }
    }

    /// Notes `numbers`; `None` if everything is as it was. What another living host has noted stays.
    pub(super) fn note(
        &self,
        connection: &RustConnection,
        numbers: Option<&[u32]>,
    ) -> Result<(), ConnectionError> {
        if let Some(owner) = self.0.read(connection)?.first()
            && self.0.is_other(connection, *owner)?
        {
            return Ok(());
        }
        let note = numbers.map(|numbers| [&[self.0.window()], numbers].concat());
        self.0.write(connection, &note.unwrap_or_default())
    }
}
