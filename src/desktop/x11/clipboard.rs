//! The selections CLIPBOARD and PRIMARY: their content, whether we own them or another program does.

use std::time::Instant;

use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{Atom, AtomEnum, Window};
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
    /// CLIPBOARD and PRIMARY. Both get what is written: some programs paste the one, some the other, such as xterm by
    /// Shift+Insert and by the middle button.
    selections: [Selection; 2],
    /// The number of the one that has what was copied last.
    latest: usize,
}

struct Selection {
    atom: Atom,
    /// True if the content is read whenever another program becomes the owner.
    is_reported: bool,
    owner: SelectionOwner,
    reader: SelectionReader,
}

/// The options of a clipboard.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClipboardOptions {
    /// True if the content that other programs copy is read and reported.
    pub(super) is_reported: bool,
    /// True if a text that is selected, in PRIMARY, counts as copied.
    pub(super) has_primary: bool,
}

impl Clipboard {
    /// Subscribes to changes of the owner.
    pub(super) fn watch(
        connection: &RustConnection,
        root: Window,
        atoms: Atoms,
        options: ClipboardOptions,
    ) -> Result<Clipboard, ReplyOrIdError> {
        let window = hidden_window(connection, root)?;
        let changes = SelectionEventMask::SET_SELECTION_OWNER
            | SelectionEventMask::SELECTION_WINDOW_DESTROY
            | SelectionEventMask::SELECTION_CLIENT_CLOSE;
        let ClipboardOptions {
            is_reported,
            has_primary,
        } = options;
        let selections = [
            (atoms.CLIPBOARD, is_reported),
            (AtomEnum::PRIMARY.into(), is_reported && has_primary),
        ];
        for (atom, _) in selections {
            connection.xfixes_select_selection_input(window, atom, changes)?;
        }
        Ok(Clipboard {
            selections: selections.map(|(atom, is_reported)| Selection {
                atom,
                is_reported,
                owner: SelectionOwner::new(atoms, atom, window),
                reader: SelectionReader::new(atoms, atom, root),
            }),
            latest: 0,
        })
    }

    /// Sends the content to `reply` as soon as it is there.
    pub(super) fn read(
        &mut self,
        connection: &RustConnection,
        reply: ReadReply,
    ) -> Result<(), ConnectionError> {
        let Selection { owner, reader, .. } = &mut self.selections[self.latest];
        match owner.content() {
            Some(content) => {
                let _ = reply.try_send(Ok(Some(content.clone())));
                Ok(())
            }
            None => reader.read(connection, reply),
        }
    }

    /// Puts `content` into the clipboard and notifies `reply` when it is there.
    pub(super) fn write(
        &mut self,
        connection: &RustConnection,
        content: &ClipboardContent,
        reply: &WriteReply,
    ) -> Result<(), ConnectionError> {
        self.latest = 0;
        // The first answer counts: that of CLIPBOARD, which is claimed first.
        for Selection { owner, .. } in &mut self.selections {
            owner.write(connection, content.clone(), reply.clone())?;
        }
        Ok(())
    }

    /// Handles an event of the server.
    pub(super) fn handle(
        &mut self,
        connection: &RustConnection,
        event: &Event,
    ) -> Result<(), ConnectionError> {
        for Selection {
            atom,
            is_reported,
            owner,
            reader,
        } in &mut self.selections
        {
            match event {
                Event::XfixesSelectionNotify(event) if event.selection == *atom => {
                    let by_others = owner.owner_changed(event);
                    reader.owner_changed(connection, by_others && *is_reported)?;
                }
                Event::SelectionRequest(event) if event.selection == *atom => {
                    owner.requested(connection, event)?
                }
                Event::SelectionNotify(event) => reader.answered(connection, event)?,
                Event::PropertyNotify(event) => {
                    reader.property_changed(connection, event)?;
                    owner.property_changed(connection, event)?;
                }
                Event::DestroyNotify(event) => owner.window_destroyed(event.window),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns what another program has copied, once.
    pub(super) fn take_report(&mut self) -> Option<ClipboardReading> {
        for (index, Selection { reader, .. }) in self.selections.iter_mut().enumerate() {
            match reader.take_report() {
                // The end of a selection takes nothing back.
                Some(Ok(None) | Err(_)) if index > 0 => {}
                Some(reading) => {
                    self.latest = index;
                    return Some(reading);
                }
                None => {}
            }
        }
        None
    }

    /// Tells what programs have done with our content, and those who have written it. The server is asked first whether
    /// it has done all that was requested: input that comes after this comes after it.
    pub(super) fn tell_uses(
        &mut self,
        connection: &RustConnection,
        events: &EventSink<DesktopEvent>,
    ) -> Result<(), ConnectionError> {
        let owners = self.selections.iter_mut().map(|selection| &mut selection.owner);
        let uses: Vec<_> = owners.flat_map(SelectionOwner::take_uses).collect();
        if uses.is_empty() {
            return Ok(());
        }
        if let Err(ReplyError::ConnectionError(error)) = connection.sync() {
            return Err(error);
        }
        uses.into_iter()
            .for_each(|each| events(DesktopEvent::ClipboardUse(each)));
        let owners = self.selections.iter_mut().map(|selection| &mut selection.owner);
        owners.for_each(SelectionOwner::notify_writers);
        Ok(())
    }

    /// The time at which [`expire`](Clipboard::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = |Selection { owner, reader, .. }: &Selection| [owner.deadline(), reader.deadline()];
        self.selections.iter().flat_map(deadlines).flatten().min()
    }

    /// Gives up on programs that do not keep up.
    pub(super) fn expire(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<(), ConnectionError> {
        for Selection { owner, reader, .. } in &mut self.selections {
            owner.expire(connection, now)?;
            reader.expire(connection, now)?;
        }
        Ok(())
    }
}
