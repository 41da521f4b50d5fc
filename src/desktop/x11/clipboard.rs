//! The CLIPBOARD selection: its content, whether we own it or another program does.

use std::time::Instant;

use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::Window;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::atoms::Atoms;
use super::selection_owner::{SelectionOwner, WriteReply};
use super::selection_read::{ReadReply, SelectionReader, hidden_window};
use crate::desktop::backend::EventSink;
use crate::desktop::clipboard_content::{ClipboardContent, ClipboardReading};
use crate::desktop::event::DesktopEvent;

/// Both directions of the clipboard.
pub(super) struct Clipboard {
    atoms: Atoms,
    /// True if the content is read whenever another program becomes the owner.
    is_reported: bool,
    owner: SelectionOwner,
    reader: SelectionReader,
}

impl Clipboard {
    /// Subscribes to changes of the owner. The content that another program copies is read at once if `is_reported`.
    pub(super) fn watch(
        connection: &RustConnection,
        root: Window,
        atoms: Atoms,
        is_reported: bool,
    ) -> Result<Clipboard, ReplyOrIdError> {
        let window = hidden_window(connection, root)?;
        let changes = SelectionEventMask::SET_SELECTION_OWNER
            | SelectionEventMask::SELECTION_WINDOW_DESTROY
            | SelectionEventMask::SELECTION_CLIENT_CLOSE;
        connection.xfixes_select_selection_input(window, atoms.CLIPBOARD, changes)?;
        Ok(Clipboard {
            atoms,
            is_reported,
            owner: SelectionOwner::new(atoms, window),
            reader: SelectionReader::new(atoms, root),
        })
    }

    /// Sends the content to `reply` as soon as it is there.
    pub(super) fn read(
        &mut self,
        connection: &RustConnection,
        reply: ReadReply,
    ) -> Result<(), ConnectionError> {
        match self.owner.content() {
            Some(content) => {
                let _ = reply.try_send(Ok(Some(content.clone())));
                Ok(())
            }
            None => self.reader.read(connection, reply),
        }
    }

    /// Puts `content` into the clipboard and notifies `reply` when it is there.
    pub(super) fn write(
        &mut self,
        connection: &RustConnection,
        content: ClipboardContent,
        reply: WriteReply,
    ) -> Result<(), ConnectionError> {
        self.owner.write(connection, content, reply)
    }

    /// Handles an event of the server.
    pub(super) fn handle(
        &mut self,
        connection: &RustConnection,
        event: &Event,
    ) -> Result<(), ConnectionError> {
        match event {
            Event::XfixesSelectionNotify(event) if event.selection == self.atoms.CLIPBOARD => {
                let by_others = self.owner.owner_changed(event);
                self.reader
                    .owner_changed(connection, by_others && self.is_reported)
            }
            Event::SelectionRequest(event) => self.owner.requested(connection, event),
            Event::SelectionNotify(event) => self.reader.answered(connection, event),
            Event::PropertyNotify(event) => {
                self.reader.property_changed(connection, event)?;
                self.owner.property_changed(connection, event)
            }
            _ => Ok(()),
        }
    }

    /// Returns what another program has copied, once.
    pub(super) fn take_report(&mut self) -> Option<ClipboardReading> {
        self.reader.take_report()
    }

    /// Tells what programs have done with our content, and those who have written it. The server is asked first whether
    /// it has done all that was requested: input that comes after this comes after it.
    pub(super) fn tell_uses(
        &mut self,
        connection: &RustConnection,
        events: &EventSink<DesktopEvent>,
    ) -> Result<(), ConnectionError> {
        let uses = self.owner.take_uses();
        if uses.is_empty() {
            return Ok(());
        }
        if let Err(ReplyError::ConnectionError(error)) = connection.sync() {
            return Err(error);
        }
        uses.into_iter()
            .for_each(|each| events(DesktopEvent::ClipboardUse(each)));
        self.owner.notify_writers();
        Ok(())
    }

    /// The time at which [`expire`](Clipboard::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.owner.deadline(), self.reader.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Gives up on programs that do not keep up.
    pub(super) fn expire(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<(), ConnectionError> {
        self.owner.expire(connection, now)?;
        self.reader.expire(connection, now)
    }
}
