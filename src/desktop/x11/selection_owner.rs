//! Owning a selection: our content, for other programs (ICCCM 2).

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::xfixes;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, EventMask, InputFocus, PropMode, PropertyNotifyEvent,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Timestamp, Window,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::atoms::Atoms;
use super::incr_send::{IncrTransfers, PIECE, Request};
use crate::desktop::clipboard_content::ClipboardContent;
use crate::desktop::error::ClipboardError;
use crate::desktop::event::ClipboardUse;

/// The channel to the thread that waits until the content is in the clipboard.
pub(super) type WriteReply = SyncSender<Result<(), ClipboardError>>;

/// The content, while we own the clipboard.
pub(super) struct SelectionOwner {
    atoms: Atoms,
    selection: Atom,
    window: Window,
    held: Option<Held>,
    /// The contents for which the clipboard was claimed, until the server says that we own it.
    claimed: VecDeque<(ClipboardContent, WriteReply)>,
    /// Those whose content is in the clipboard, to be told.
    written: Vec<WriteReply>,
    transfers: IncrTransfers,
    /// The uses that programs have made of the content, to be told.
    uses: Vec<ClipboardUse>,
}

impl SelectionOwner {
    /// `window` is the window of ours that will own `selection`.
    pub(super) fn new(atoms: Atoms, selection: Atom, window: Window) -> SelectionOwner {
        SelectionOwner {
            atoms,
            selection,
            window,
            held: None,
            claimed: VecDeque::new(),
            written: Vec::new(),
            transfers: IncrTransfers::default(),
            uses: Vec::new(),
        }
    }

    /// Claims the clipboard for `content`.
    pub(super) fn write(
        &mut self,
        connection: &RustConnection,
        content: ClipboardContent,
        writer: WriteReply,
    ) -> Result<(), ConnectionError> {
        connection.set_selection_owner(self.window, self.selection, x11rb::CURRENT_TIME)?;
        self.claimed.push_back((content, writer));
        Ok(())
    }

    /// The content, if we own the clipboard.
    pub(super) fn content(&self) -> Option<&ClipboardContent> {
        self.held.as_ref().map(|held| &held.content)
    }

    /// Handles a change of the owner. Returns `true` if another program is the owner, or none.
    pub(super) fn owner_changed(&mut self, event: &xfixes::SelectionNotifyEvent) -> bool {
        if event.owner != self.window {
            if self.held.take().is_some() {
                let is_primary = self.is_primary();
                self.uses.push(ClipboardUse::Replaced { is_primary });
            }
            return true;
        }
        if let Some((content, writer)) = self.claimed.pop_front() {
            self.held = Some(Held {
                content,
                since: event.selection_timestamp,
            });
            let is_primary = self.is_primary();
            self.uses.push(ClipboardUse::Owned { is_primary });
            self.written.push(writer);
        }
        false
    }

    fn is_primary(&self) -> bool {
        self.selection == Atom::from(AtomEnum::PRIMARY)
    }

    /// Takes what programs have done with the content since the last call. The server has to know of all requests so
    /// far before it is told.
    pub(super) fn take_uses(&mut self) -> Vec<ClipboardUse> {
        std::mem::take(&mut self.uses)
    }

    /// Notifies those who have written the content, when all else has been told.
    pub(super) fn notify_writers(&mut self) {
        for writer in self.written.drain(..) {
            let _ = writer.try_send(Ok(()));
        }
    }

    /// Answers a program that asks for the content.
    pub(super) fn requested(
        &mut self,
        connection: &RustConnection,
        event: &SelectionRequestEvent,
    ) -> Result<(), ConnectionError> {
        // Old programs name no property and mean this one.
        let property = match event.property {
            x11rb::NONE => event.target,
            property => property,
        };
        let counts = self.held.is_some() && has_focus(connection, event.requestor)?;
        let request = Request {
            requestor: event.requestor,
            property,
            incr: self.atoms.INCR,
            kind: event.target,
            counts,
        };
        let is_served = self.serve(connection, request)?;
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: event.time,
            requestor: event.requestor,
            selection: event.selection,
            target: event.target,
            property: if is_served { property } else { x11rb::NONE },
        };
        connection.send_event(false, event.requestor, EventMask::NO_EVENT, notice)?;
        let is_content = is_served && ![self.atoms.TARGETS, self.atoms.TIMESTAMP].contains(&event.target);
        if counts {
            self.uses.push(match (self.transfers.is_awaited(), is_content) {
                (true, _) => ClipboardUse::Fetching,
                (false, true) => ClipboardUse::Fetched,
                (false, false) => ClipboardUse::Asked,
            });
        }
        Ok(())
    }

    /// Handles a changed property: a program may have taken a part of something large.
    pub(super) fn property_changed(
        &mut self,
        connection: &RustConnection,
        event: &PropertyNotifyEvent,
    ) -> Result<(), ConnectionError> {
        if self.transfers.property_changed(connection, event)? && !self.transfers.is_awaited() {
            self.uses.push(ClipboardUse::Fetched);
        }
        Ok(())
    }

    /// Takes note that a window is gone: it may be that of a program that fetches.
    pub(super) fn window_destroyed(&mut self, window: Window) {
        if self.transfers.destroyed(window) && !self.transfers.is_awaited() {
            self.uses.push(ClipboardUse::Abandoned);
        }
    }

    /// The time at which [`expire`](SelectionOwner::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.transfers.deadline()
    }

    /// Gives up on programs that do not take what they asked for.
    pub(super) fn expire(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<(), ConnectionError> {
        if self.transfers.expire(connection, now)? && !self.transfers.is_awaited() {
            self.uses.push(ClipboardUse::Abandoned);
        }
        Ok(())
    }

    /// Puts the content in the form that `request` asks for into its property. Returns `false` if there is no such form.
    fn serve(&mut self, connection: &RustConnection, request: Request) -> Result<bool, ConnectionError> {
        let Request {
            requestor,
            property,
            kind: target,
            ..
        } = request;
        let Some(held) = &self.held else {
            return Ok(false);
        };
        let (atoms, string) = (self.atoms, Atom::from(AtomEnum::STRING));
        let replace = PropMode::REPLACE;
        if target == atoms.TARGETS {
            let kinds: &[Atom] = match held.content {
                ClipboardContent::Text(_) => &[atoms.UTF8_STRING, atoms.TEXT_PLAIN_UTF8, atoms.TEXT, string],
                ClipboardContent::Image(..) => &[atoms.IMAGE_PNG],
            };
            let targets = [&[atoms.TARGETS, atoms.TIMESTAMP], kinds].concat();
            connection.change_property32(replace, requestor, property, AtomEnum::ATOM, &targets)?;
            return Ok(true);
        }
        if target == atoms.TIMESTAMP {
            connection.change_property32(replace, requestor, property, AtomEnum::INTEGER, &[held.since])?;
            return Ok(true);
        }
        let (kind, bytes): (Atom, Arc<[u8]>) = match &held.content {
            ClipboardContent::Text(text) if target == string => (string, latin1(text).into()),
            ClipboardContent::Text(text) if target == atoms.TEXT => (atoms.UTF8_STRING, text.clone().into()),
            ClipboardContent::Text(text) if [atoms.UTF8_STRING, atoms.TEXT_PLAIN_UTF8].contains(&target) => {
                (target, text.clone().into())
            }
            ClipboardContent::Image(_, bytes) if target == atoms.IMAGE_PNG => (target, bytes.clone()),
            _ => return Ok(false),
        };
        if bytes.len() > PIECE {
            return self
                .transfers
                .begin(connection, &Request { kind, ..request }, bytes);
        }
        connection.change_property8(replace, requestor, property, kind, &bytes)?;
        Ok(true)
    }
}

/// True if `window` belongs to the program that has the keyboard: it fetches what the viewer pastes. Others, such as a
/// clipboard manager, fetch the content for themselves, when they like.
fn has_focus(connection: &RustConnection, window: Window) -> Result<bool, ConnectionError> {
    let focus = match connection.get_input_focus()?.reply() {
        Ok(reply) => reply.focus,
        Err(ReplyError::ConnectionError(error)) => return Err(error),
        Err(ReplyError::X11Error(_)) => return Ok(true),
    };
    let client = |window: Window| window & !connection.setup().resource_id_mask;
    // Without a window manager, the window below the pointer has the keyboard.
    let is_anybody = [u32::from(InputFocus::NONE), u32::from(InputFocus::POINTER_ROOT)].contains(&focus);
    Ok(is_anybody || client(focus) == client(window))
}

struct Held {
    content: ClipboardContent,
    since: Timestamp,
}

/// Encodes text for programs that know nothing else: characters that Latin-1 lacks become question marks.
fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_1_has_a_question_mark_for_what_it_lacks() {
        assert_eq!(latin1("aé€😀"), [b'a', 0xe9, b'?', b'?']);
    }
}
