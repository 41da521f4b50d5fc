//! The clipboard: what is ours in it, or what others have there.

use std::time::Instant;

use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::Window;
use x11rb::rust_connection::RustConnection;

use super::atoms::Atoms;
use super::selection_owner::{Offer, Writer};
use super::selection_read::{Incoming, Reader, hidden_window};
use crate::desktop::clipboard_content::ClipboardContent;
use crate::desktop::event::DesktopEvent;

/// Both directions.
pub(super) struct Clipboard {
    atoms: Atoms,
    offer: Offer,
    incoming: Incoming,
}

impl Clipboard {
    /// Lets the server tell whenever the clipboard gets another owner.
    pub(super) fn watch(
        connection: &RustConnection,
        root: Window,
        atoms: Atoms,
    ) -> Result<Clipboard, ReplyOrIdError> {
        let window = hidden_window(connection, root)?;
        let changes = SelectionEventMask::SET_SELECTION_OWNER
            | SelectionEventMask::SELECTION_WINDOW_DESTROY
            | SelectionEventMask::SELECTION_CLIENT_CLOSE;
        connection.xfixes_select_selection_input(window, atoms.CLIPBOARD, changes)?;
        Ok(Clipboard {
            atoms,
            offer: Offer::new(atoms, window),
            incoming: Incoming::new(atoms, root),
        })
    }

    /// Hands the content to `reader` as soon as it is there.
    pub(super) fn read(
        &mut self,
        connection: &RustConnection,
        reader: Reader,
    ) -> Result<(), ConnectionError> {
        match self.offer.content() {
            Some(content) => {
                let _ = reader.try_send(Ok(Some(content.clone())));
                Ok(())
            }
            None => self.incoming.read(connection, reader),
        }
    }

    /// Puts `content` into the clipboard and tells `writer` when it is there.
    pub(super) fn write(
        &mut self,
        connection: &RustConnection,
        content: ClipboardContent,
        writer: Writer,
    ) -> Result<(), ConnectionError> {
        self.offer.write(connection, content, writer)
    }

    /// Takes in what the server said, and what there is to tell of it.
    pub(super) fn handle(
        &mut self,
        connection: &RustConnection,
        event: &Event,
    ) -> Result<Option<DesktopEvent>, ConnectionError> {
        match event {
            Event::XfixesSelectionNotify(event) if event.selection == self.atoms.CLIPBOARD => {
                let by_others = self.offer.owner_changed(event);
                self.incoming.start_again(connection)?;
                return Ok(by_others.then_some(DesktopEvent::ClipboardChanged));
            }
            Event::SelectionRequest(event) => self.offer.requested(connection, event)?,
            Event::SelectionNotify(event) => self.incoming.answered(connection, event)?,
            Event::PropertyNotify(event) => {
                self.incoming.property_changed(connection, event)?;
                self.offer.property_changed(connection, event)?;
            }
            _ => {}
        }
        Ok(None)
    }

    /// When [`expire`](Clipboard::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.offer
            .deadline()
            .into_iter()
            .chain(self.incoming.deadline())
            .min()
    }

    /// Gives up on programs that do not keep up.
    pub(super) fn expire(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<(), ConnectionError> {
        self.offer.expire(connection, now)?;
        self.incoming.expire(connection, now)
    }
}
