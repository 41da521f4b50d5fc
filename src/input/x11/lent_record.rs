//! The record of hosts and the keycodes that they have lent, in a property of the root window. A host that is killed
//! leaves its keycodes to the next one, and several hosts on one display leave those of each other alone.

use x11rb::protocol::xproto::Window;

use super::server::{Server, lost};
use crate::input::backend::BackendError;
use crate::x11::Presence;

/// A keycode that a host has lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lent {
    /// The window of the host.
    pub(super) owner: Window,
    /// [`NO_KEYCODE`]: the entry only says that there is such a host.
    pub(super) keycode: u8,
    pub(super) keysym: u32,
}

/// Access to the record.
pub(super) struct LentRecord(Presence);

impl LentRecord {
    /// Creates the window that says that this host lives.
    pub(super) fn open(server: &Server) -> Result<LentRecord, BackendError> {
        let presence = Presence::open(server.connection(), server.root(), NAME);
        presence.map(LentRecord).map_err(lost)
    }

    /// The window of this host.
    pub(super) fn owner(&self) -> Window {
        self.0.window()
    }

    /// Reads the keycodes of all hosts.
    pub(super) fn read(&self, server: &Server) -> Result<Vec<Lent>, BackendError> {
        let numbers = self.0.read(server.connection()).map_err(lost)?;
        let lent = |entry: &[u32]| match *entry {
            [owner, keycode, keysym] => Some(Lent {
                owner,
                keycode: u8::try_from(keycode).ok()?,
                keysym,
            }),
            _ => None,
        };
        Ok(numbers.chunks(3).filter_map(lent).collect())
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
        self.0.write(server.connection(), &numbers).map_err(lost)
    }

    /// True if another host with this window lives.
    pub(super) fn is_other(&self, server: &Server, owner: Window) -> Result<bool, BackendError> {
        self.0.is_other(server.connection(), owner).map_err(lost)
    }
}

/// A keycode that no keyboard has.
pub(super) const NO_KEYCODE: u8 = 0;
const NAME: &[u8] = b"_DESKBEAM_LENT_KEYS";
