//! What another program has in the clipboard, on its way to us.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, GetPropertyReply, Property,
    PropertyNotifyEvent, SelectionNotifyEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::atoms::Atoms;
use crate::desktop::clipboard_content::ClipboardContent;
use crate::desktop::clipboard_content::MAX_CLIPBOARD;
use crate::desktop::error::ClipboardError;

/// Where the content goes. `None` in it: there is none that we know.
pub(super) type Reader = SyncSender<Result<Option<ClipboardContent>, ClipboardError>>;

/// All that want to know the content, and how far the one attempt to get it is.
pub(super) struct Incoming {
    atoms: Atoms,
    root: Window,
    readers: Vec<Reader>,
    attempt: Option<Attempt>,
    /// Windows of attempts that were given up, to which an answer may still come, and until when they are kept: some
    /// programs end when they answer a window that is gone.
    retired: VecDeque<(Window, Instant)>,
    /// When the readers have waited long enough, however far it is.
    deadline: Instant,
}

impl Incoming {
    pub(super) fn new(atoms: Atoms, root: Window) -> Incoming {
        Incoming {
            atoms,
            root,
            readers: Vec::new(),
            attempt: None,
            retired: VecDeque::new(),
            deadline: Instant::now(),
        }
    }

    /// Asks for the content on behalf of `reader`, who gets what the others get if it was asked for already.
    pub(super) fn read(
        &mut self,
        connection: &RustConnection,
        reader: Reader,
    ) -> Result<(), ConnectionError> {
        self.readers.push(reader);
        if self.attempt.is_none() {
            self.deadline = Instant::now() + READ_LIMIT;
            self.ask(connection, Form::Utf8)?;
        }
        Ok(())
    }

    /// Somebody else has the clipboard now: what is on its way is not what was asked for any more.
    pub(super) fn start_again(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        if self.attempt.is_none() {
            return Ok(());
        }
        // The new owner may have got the request already.
        self.retire(connection)?;
        self.ask(connection, Form::Utf8)
    }

    /// The program answered the request: here is the content, or a part of it, or there is none in this form.
    pub(super) fn answered(
        &mut self,
        connection: &RustConnection,
        event: &SelectionNotifyEvent,
    ) -> Result<(), ConnectionError> {
        let Some(attempt) = self
            .attempt
            .as_mut()
            .filter(|attempt| attempt.window == event.requestor)
        else {
            return Ok(());
        };
        if event.property == x11rb::NONE {
            return match attempt.form {
                Form::Utf8 => self.ask(connection, Form::Latin1),
                Form::Latin1 => self.ask(connection, Form::Png),
                Form::Png => self.finish(connection, Ok(None)),
            };
        }
        let Some(reply) = attempt.take(connection, self.atoms)? else {
            return self.finish(connection, Ok(None));
        };
        if reply.type_ == self.atoms.INCR {
            attempt.stage = Stage::InParts(None, Vec::new());
            attempt.deadline = Instant::now() + STEP_LIMIT;
            return Ok(());
        }
        let result = match reply.bytes_after {
            0 => Ok(Form::of(reply.type_, self.atoms).and_then(|form| form.content(reply.value))),
            _ => Err(ClipboardError::TooLarge),
        };
        self.finish(connection, result)
    }

    /// A part of something large may have come.
    pub(super) fn property_changed(
        &mut self,
        connection: &RustConnection,
        event: &PropertyNotifyEvent,
    ) -> Result<(), ConnectionError> {
        let is_part = event.state == Property::NEW_VALUE && event.atom == self.atoms.DESKBEAM_CLIPBOARD;
        let Some(attempt) = self
            .attempt
            .as_mut()
            .filter(|attempt| is_part && attempt.window == event.window)
        else {
            return Ok(());
        };
        if matches!(attempt.stage, Stage::Asked) {
            return Ok(());
        }
        let part = attempt.take(connection, self.atoms)?;
        let Stage::InParts(form, bytes) = &mut attempt.stage else {
            return Ok(());
        };
        match part {
            Some(part) if part.bytes_after > 0 || bytes.len() + part.value.len() > MAX_CLIPBOARD => {
                self.finish(connection, Err(ClipboardError::TooLarge))
            }
            Some(part) if !part.value.is_empty() => {
                *form = Form::of(part.type_, self.atoms);
                bytes.extend(part.value);
                attempt.deadline = Instant::now() + STEP_LIMIT;
                Ok(())
            }
            _ => {
                let content = form.and_then(|form| form.content(std::mem::take(bytes)));
                self.finish(connection, Ok(content))
            }
        }
    }

    /// When [`expire`](Incoming::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let retired = self.retired.front().map(|(_, until)| *until);
        self.late().into_iter().chain(retired).min()
    }

    /// When the attempt has taken too long.
    fn late(&self) -> Option<Instant> {
        self.attempt
            .as_ref()
            .map(|attempt| attempt.deadline.min(self.deadline))
    }

    /// Gives up if the program took too long.
    pub(super) fn expire(
        &mut self,
        connection: &RustConnection,
        now: Instant,
    ) -> Result<(), ConnectionError> {
        while let Some((window, _)) = self.retired.front().filter(|(_, until)| *until <= now) {
            connection.destroy_window(*window)?;
            self.retired.pop_front();
        }
        match self.late() {
            Some(deadline) if deadline <= now => {
                self.retire(connection)?;
                self.finish(connection, Err(ClipboardError::TimedOut))
            }
            _ => Ok(()),
        }
    }

    /// Starts an attempt. Each has a window of its own, so that a late answer to another one is not taken for its.
    fn ask(&mut self, connection: &RustConnection, form: Form) -> Result<(), ConnectionError> {
        self.abandon(connection)?;
        let window = match hidden_window(connection, self.root) {
            Ok(window) => window,
            Err(ReplyOrIdError::ConnectionError(error)) => return Err(error),
            Err(_) => return self.finish(connection, Err(ClipboardError::Busy)),
        };
        let target = match form {
            Form::Utf8 => self.atoms.UTF8_STRING,
            Form::Latin1 => AtomEnum::STRING.into(),
            Form::Png => self.atoms.IMAGE_PNG,
        };
        connection.convert_selection(
            window,
            self.atoms.CLIPBOARD,
            target,
            self.atoms.DESKBEAM_CLIPBOARD,
            x11rb::CURRENT_TIME,
        )?;
        self.attempt = Some(Attempt {
            window,
            form,
            stage: Stage::Asked,
            deadline: Instant::now() + STEP_LIMIT,
        });
        Ok(())
    }

    fn finish(
        &mut self,
        connection: &RustConnection,
        result: Result<Option<ClipboardContent>, ClipboardError>,
    ) -> Result<(), ConnectionError> {
        for reader in self.readers.drain(..) {
            let _ = reader.try_send(result.clone());
        }
        self.abandon(connection)
    }

    /// Gives up an attempt whose answer may still come.
    fn retire(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        let Some(attempt) = self.attempt.take() else {
            return Ok(());
        };
        self.retired
            .push_back((attempt.window, Instant::now() + LATE_ANSWER));
        if self.retired.len() > MOST_RETIRED
            && let Some((window, _)) = self.retired.pop_front()
        {
            connection.destroy_window(window)?;
        }
        Ok(())
    }

    /// The attempt is over.
    fn abandon(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        if let Some(attempt) = self.attempt.take() {
            connection.destroy_window(attempt.window)?;
        }
        Ok(())
    }
}

struct Attempt {
    window: Window,
    /// What was asked for.
    form: Form,
    stage: Stage,
    /// When the next step has to be done.
    deadline: Instant,
}

enum Stage {
    /// The program did not answer yet.
    Asked,
    /// It hands the content over piece by piece; these bytes came so far, in this form (`None`: in another).
    InParts(Option<Form>, Vec<u8>),
}

impl Attempt {
    /// What is in the window's property, which is removed. `None` if there is none.
    fn take(
        &self,
        connection: &RustConnection,
        atoms: Atoms,
    ) -> Result<Option<GetPropertyReply>, ConnectionError> {
        let length = (MAX_CLIPBOARD / 4) as u32;
        let property = atoms.DESKBEAM_CLIPBOARD;
        let reply = connection
            .get_property(true, self.window, property, AtomEnum::ANY, 0, length)?
            .reply();
        match reply {
            Ok(reply) => Ok(Some(reply).filter(|reply| reply.type_ != x11rb::NONE)),
            Err(ReplyError::ConnectionError(error)) => Err(error),
            Err(ReplyError::X11Error(_)) => Ok(None),
        }
    }
}

/// How the content is written, the best first.
#[derive(Clone, Copy)]
enum Form {
    Utf8,
    Latin1,
    Png,
}

impl Form {
    /// What a property of this type holds. `None` if we do not know it: some programs answer every request with the one
    /// thing that they have.
    fn of(kind: Atom, atoms: Atoms) -> Option<Form> {
        if kind == atoms.UTF8_STRING || kind == atoms.TEXT_PLAIN_UTF8 {
            Some(Form::Utf8)
        } else if kind == atoms.IMAGE_PNG {
            Some(Form::Png)
        } else {
            (kind == Atom::from(AtomEnum::STRING)).then_some(Form::Latin1)
        }
    }

    /// `None`: the bytes are not in this form.
    fn content(self, bytes: Vec<u8>) -> Option<ClipboardContent> {
        match self {
            Form::Utf8 => Some(String::from_utf8_lossy(&bytes).into_owned().into()),
            Form::Latin1 => Some(bytes.into_iter().map(char::from).collect::<String>().into()),
            Form::Png => ClipboardContent::png(bytes),
        }
    }
}

/// A window that is never shown, whose properties are watched. Whoever made it destroys it.
pub(super) fn hidden_window(connection: &RustConnection, root: Window) -> Result<Window, ReplyOrIdError> {
    let window = connection.generate_id()?;
    let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    connection.create_window(0, window, root, -1, -1, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &aux)?;
    Ok(window)
}

/// For how long the program may be silent.
const STEP_LIMIT: Duration = Duration::from_secs(1);
/// For how long an answer to an attempt that was given up may come without harm to who gives it.
const LATE_ANSWER: Duration = Duration::from_secs(10);
const MOST_RETIRED: usize = 64;
/// For how long it may take in all.
pub(super) const READ_LIMIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_text_whatever_they_are_and_a_picture_only_if_they_are_one() {
        for (form, bytes, content) in [
            (Form::Utf8, "é中😀".as_bytes(), Some("é中😀".into())),
            (Form::Utf8, b"a\xff", Some("a\u{fffd}".into())),
            (Form::Latin1, b"\xe9!", Some("é!".into())),
            (
                Form::Png,
                b"\x89PNG\r\n\x1a\n...",
                ClipboardContent::png(*b"\x89PNG\r\n\x1a\n..."),
            ),
            (Form::Png, b"GIF89a", None),
        ] {
            assert_eq!(form.content(bytes.to_vec()), content);
        }
    }
}
