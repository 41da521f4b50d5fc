//! The record of hosts and the keycodes that they have lent, in a property of the root window. A host that is killed
//! leaves its keycodes to the next one, and several hosts on one display leave those of each other alone.

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, PropMode, Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use super::server::{Server, lost};
use crate::input::backend::BackendError;

/// A keycode that a host has lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lent {
    /// A window of the host, which exists as long as its connection.
    pub(super) owner: Window,
    /// [`NO_KEYCODE`]: the entry only says that there is such a host.
    pub(super) keycode: u8,
    pub(super) keysym: u32,
}

/// Access to the record.
pub(super) struct LentRecord {
    property: Atom,
    owner: Window,
}

impl LentRecord {
    /// Creates the window that says that this host lives.
    pub(super) fn open(server: &Server) -> Result<LentRecord, BackendError> {
        let connection = server.connection();
        let property = connection.intern_atom(false, NAME).map_err(lost)?;
        let property = property.reply().map_err(lost)?.atom;
        let owner = connection.generate_id().map_err(lost)?;
        let (class, nothing) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        connection
            .create_window(0, owner, server.root(), 0, 0, 1, 1, 0, class, 0, &nothing)
            .map_err(lost)?;
        connection
            .change_property32(PropMode::REPLACE, owner, property, AtomEnum::WINDOW, &[owner])
            .map_err(lost)?;
        Ok(LentRecord { property, owner })
    }

    /// The window of this host.
    pub(super) fn owner(&self) -> Window {
        self.owner
    }

    /// Reads the keycodes of all hosts.
    pub(super) fn read(&self, server: &Server) -> Result<Vec<Lent>, BackendError> {
        let numbers = self.numbers(server, server.root(), AtomEnum::CARDINAL)?;
        let lent = |entry: &[u32]| match *entry {
            [owner, keycode, keysym] => {
                let keycode = u8::try_from(keycode).ok()?;
                Some(Lent {
                    owner,
                    keycode,
                    keysym,
                })
            }
            _ => None,
        };
        Ok(numbers.unwrap_or_default().chunks(3).filter_map(lent).collect())
    }

    /// Replaces the record.
    pub(super) fn write(
        &self,
        server: &Server,
        lent: impl Iterator<Item = Lent>,
    ) -> Result<(), BackendError> {
        let numbers: Vec<u32> = lent
            .flat_map(|lent| [lent.owner, lent.keycode.into(), lent.keysym])
            .collect();
        server
            .connection()
            .change_property32(
                PropMode::REPLACE,
                server.root(),
                self.property,
                AtomEnum::CARDINAL,
                &numbers,
            )
            .map_err(lost)?;
        Ok(())
    }

    /// True if the host with this window lives. Another program may have got the number of the window since.
    pub(super) fn is_alive(&self, server: &Server, owner: Window) -> Result<bool, BackendError> {
        let numbers = self.numbers(server, owner, AtomEnum::WINDOW)?;
        Ok(numbers.is_some_and(|numbers| numbers == [owner]))
    }

    /// The numbers in the property of `window`. `None` if there is no such window.
    fn numbers(
        &self,
        server: &Server,
        window: Window,
        kind: AtomEnum,
    ) -> Result<Option<Vec<u32>>, BackendError> {
        let property = server
            .connection()
            .get_property(false, window, self.property, kind, 0, 3 * MOST_LENT);
        match property.map_err(lost)?.reply() {
            Ok(property) => Ok(Some(property.value32().into_iter().flatten().collect())),
            Err(x11rb::errors::ReplyError::X11Error(_)) => Ok(None),
            Err(error) => Err(lost(error)),
        }
    }
}

/// A keycode that no keyboard has.
pub(super) const NO_KEYCODE: u8 = 0;
const NAME: &[u8] = b"_DESKBEAM_LENT_KEYS";
/// More than a keyboard has keycodes and a display hosts.
const MOST_LENT: u32 = 512;
