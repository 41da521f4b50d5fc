//! Reading the content of a selection that another program owns.

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
use super::selection_form::{Form, blind, choose};
use crate::desktop::clipboard_content::{ClipboardReading, MAX_CLIPBOARD};
use crate::desktop::error::ClipboardError;

/// The channel to the thread that asked for the content.
pub(super) type ReadReply = SyncSender<ClipboardReading>;

/// The one attempt to read the content, and all that wait for its outcome.
pub(super) struct SelectionReader {
    atoms: Atoms,
    selection: Atom,
    root: Window,
    /// Requests for the content. All get the same outcome.
    readers: Vec<ReadReply>,
    /// The time at which the readers have waited long enough, however far the attempt is.
    deadline: Instant,
    report: Report,
    attempt: Option<Attempt>,
    /// Windows of attempts that were given up, to which an answer may still come, and until when they are kept: some
    /// programs end when they answer a window that is gone.
    retired: VecDeque<(Window, Instant)>,
}

/// The reading of what another program has copied, without a request.
enum Report {
    /// Nothing was copied, or it was reported.
    None,
    /// The content is awaited, until this time at most.
    Awaited(Instant),
    /// The outcome is there.
    Ready(ClipboardReading),
}

impl SelectionReader {
    pub(super) fn new(atoms: Atoms, selection: Atom, root: Window) -> SelectionReader {
        SelectionReader {
            atoms,
            selection,
            root,
            readers: Vec::new(),
            deadline: Instant::now(),
            report: Report::None,
            attempt: None,
            retired: VecDeque::new(),
        }
    }

    /// Asks for the content on behalf of `reader`, who joins an attempt that is under way.
    pub(super) fn read(
        &mut self,
        connection: &RustConnection,
        reader: ReadReply,
    ) -> Result<(), ConnectionError> {
        if self.readers.is_empty() {
            self.deadline = Instant::now() + READ_LIMIT;
        }
        self.readers.push(reader);
        match self.attempt {
            None => self.begin(connection),
            Some(_) => Ok(()),
        }
    }

    /// The selection has a new owner: an attempt that is under way starts again. The content is reported if
    /// `is_reported`; of several changes during one attempt, only the last is.
    pub(super) fn owner_changed(
        &mut self,
        connection: &RustConnection,
        is_reported: bool,
    ) -> Result<(), ConnectionError> {
        self.report = match is_reported {
            true => Report::Awaited(Instant::now() + READ_LIMIT),
            false => Report::None,
        };
        // The new owner may have got the request already.
        self.retire(connection)?;
        match self.is_awaited() {
            true => self.begin(connection),
            false => Ok(()),
        }
    }

    /// Returns the outcome of a report, once.
    pub(super) fn take_report(&mut self) -> Option<ClipboardReading> {
        match std::mem::replace(&mut self.report, Report::None) {
            Report::Ready(reading) => Some(reading),
            other => {
                self.report = other;
                None
            }
        }
    }

    fn is_awaited(&self) -> bool {
        !self.readers.is_empty() || matches!(self.report, Report::Awaited(_))
    }

    /// Handles the program's answer to the request: the content, or the begin of a transfer in parts, or a refusal of
    /// this form.
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
            return self.refused(connection);
        }
        let Some(reply) = attempt.take(connection, self.atoms)? else {
            return self.refused(connection);
        };
        if reply.type_ == self.atoms.INCR {
            attempt.stage = Stage::InParts(None, Vec::new());
            attempt.deadline = Instant::now() + STEP_LIMIT;
            return Ok(());
        }
        if reply.bytes_after > 0 {
            return self.finish(connection, Err(ClipboardError::TooLarge));
        }
        if matches!(attempt.question, Question::Targets)
            && [self.atoms.TARGETS, AtomEnum::ATOM.into()].contains(&reply.type_)
        {
            let offered: Vec<Atom> = reply.value32().into_iter().flatten().collect();
            return self.offered(connection, &offered);
        }
        self.given(connection, Form::of(reply.type_, self.atoms), reply.value)
    }

    /// Begins to ask: for what almost every program has, then for what it has instead.
    fn begin(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        self.ask(connection, Question::Utf8)
    }

    /// Takes the list of what the program offers.
    fn offered(&mut self, connection: &RustConnection, offered: &[Atom]) -> Result<(), ConnectionError> {
        let is_secret = offered.contains(&self.atoms.PASSWORD_HINT);
        match choose(offered, self.atoms) {
            // A program that takes back a password may leave nothing but the hint.
            none if none.is_empty() && (offered.is_empty() || is_secret) => self.finish(connection, Ok(None)),
            targets => self.ask_next(connection, targets, Err(ClipboardError::UnknownKind)),
        }
    }

    /// Takes a content, and asks for another if it is none.
    fn given(
        &mut self,
        connection: &RustConnection,
        form: Option<Form>,
        bytes: Vec<u8>,
    ) -> Result<(), ConnectionError> {
        match form.and_then(|form| form.content(bytes)) {
            Some(content) => self.finish(connection, Ok(Some(content))),
            None => self.refused(connection),
        }
    }

    /// Takes note that the program does not have what it was asked for.
    fn refused(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        match self
            .attempt
            .as_mut()
            .map(|attempt| std::mem::replace(&mut attempt.question, Question::Utf8))
        {
            None => Ok(()),
            Some(Question::Utf8) => self.ask(connection, Question::Targets),
            // There is no owner, or an old one.
            Some(Question::Targets) => self.ask_next(connection, blind(self.atoms), Ok(None)),
            Some(Question::Kind { rest, otherwise, .. }) => self.ask_next(connection, rest, otherwise),
        }
    }

    /// Asks for the first of `targets`; if there is none, the outcome is `otherwise`.
    fn ask_next(
        &mut self,
        connection: &RustConnection,
        mut targets: Vec<Atom>,
        otherwise: ClipboardReading,
    ) -> Result<(), ConnectionError> {
        if targets.is_empty() {
            return self.finish(connection, otherwise);
        }
        let target = targets.remove(0);
        self.ask(
            connection,
            Question::Kind {
                target,
                rest: targets,
                otherwise,
            },
        )
    }

    /// Handles a changed property, which may be a part of something large.
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
        if matches!(attempt.stage, Stage::Requested) {
            return Ok(());
        }
        let part = attempt.take(connection, self.atoms)?;
        let Stage::InParts(form, bytes) = &mut attempt.stage else {
            return Ok(());
        };
        match part {
            Some(part) if part.bytes_after > 0 || bytes.len() + part.value.len() > MAX_CLIPBOARD => {
                self.tell(Err(ClipboardError::TooLarge));
                // The program still hands over.
                self.retire(connection)
            }
            Some(part) if !part.value.is_empty() => {
                *form = Form::of(part.type_, self.atoms);
                bytes.extend(part.value);
                attempt.deadline = Instant::now() + STEP_LIMIT;
                Ok(())
            }
            _ => {
                let (form, bytes) = (*form, std::mem::take(bytes));
                self.given(connection, form, bytes)
            }
        }
    }

    /// The time at which [`expire`](SelectionReader::expire) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let retired = self.retired.front().map(|(_, until)| *until);
        let step = self.attempt.as_ref().map(|attempt| attempt.deadline);
        let deadlines = [retired, step, self.readers_deadline(), self.report_deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn readers_deadline(&self) -> Option<Instant> {
        (!self.readers.is_empty()).then_some(self.deadline)
    }

    fn report_deadline(&self) -> Option<Instant> {
        match self.report {
            Report::Awaited(deadline) => Some(deadline),
            Report::None | Report::Ready(_) => None,
        }
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
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        let is_step_over = is_over(self.attempt.as_ref().map(|attempt| attempt.deadline));
        if is_step_over || is_over(self.readers_deadline()) {
            self.answer_readers(&Err(ClipboardError::TimedOut));
        }
        if is_step_over || is_over(self.report_deadline()) {
            self.finish_report(Err(ClipboardError::TimedOut));
        }
        match self.is_awaited() {
            true => Ok(()),
            false => self.retire(connection),
        }
    }

    /// Starts an attempt. Each has a window of its own, so that a late answer to another one is not taken for its.
    fn ask(&mut self, connection: &RustConnection, question: Question) -> Result<(), ConnectionError> {
        self.abandon(connection)?;
        let window = match hidden_window(connection, self.root) {
            Ok(window) => window,
            Err(ReplyOrIdError::ConnectionError(error)) => return Err(error),
            Err(_) => return self.finish(connection, Err(ClipboardError::Busy)),
        };
        connection.convert_selection(
            window,
            self.selection,
            question.target(self.atoms),
            self.atoms.DESKBEAM_CLIPBOARD,
            x11rb::CURRENT_TIME,
        )?;
        self.attempt = Some(Attempt {
            window,
            question,
            stage: Stage::Requested,
            deadline: Instant::now() + STEP_LIMIT,
        });
        Ok(())
    }

    fn finish(
        &mut self,
        connection: &RustConnection,
        result: ClipboardReading,
    ) -> Result<(), ConnectionError> {
        self.tell(result);
        self.abandon(connection)
    }

    fn tell(&mut self, result: ClipboardReading) {
        self.answer_readers(&result);
        self.finish_report(result);
    }

    fn answer_readers(&mut self, result: &ClipboardReading) {
        for reader in self.readers.drain(..) {
            let _ = reader.try_send(result.clone());
        }
    }

    fn finish_report(&mut self, result: ClipboardReading) {
        if let Report::Awaited(_) = self.report {
            self.report = Report::Ready(result);
        }
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

    /// Ends an attempt to which no answer comes any more.
    fn abandon(&mut self, connection: &RustConnection) -> Result<(), ConnectionError> {
        if let Some(attempt) = self.attempt.take() {
            connection.destroy_window(attempt.window)?;
        }
        Ok(())
    }
}

struct Attempt {
    window: Window,
    question: Question,
    stage: Stage,
    /// The time by which the program has to do the next step.
    deadline: Instant,
}

/// The request that the program has got.
enum Question {
    Utf8,
    /// The list of what it offers.
    Targets,
    /// This target; if it does not have it, the others, and if it has none, this is the outcome.
    Kind {
        target: Atom,
        rest: Vec<Atom>,
        otherwise: ClipboardReading,
    },
}

impl Question {
    fn target(&self, atoms: Atoms) -> Atom {
        match self {
            Question::Utf8 => atoms.UTF8_STRING,
            Question::Targets => atoms.TARGETS,
            Question::Kind { target, .. } => *target,
        }
    }
}

enum Stage {
    /// The program did not answer yet.
    Requested,
    /// The program hands the content over piece by piece (INCR); these bytes came so far, in this form (`None`: in
    /// another).
    InParts(Option<Form>, Vec<u8>),
}

impl Attempt {
    /// Reads and deletes the window's property. `None` if there is none.
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

/// Creates a window that is never shown, whose properties are watched. The caller destroys it.
pub(super) fn hidden_window(connection: &RustConnection, root: Window) -> Result<Window, ReplyOrIdError> {
    let window = connection.generate_id()?;
    let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    connection.create_window(0, window, root, -1, -1, 1, 1, 0, WindowClass::INPUT_ONLY, 0, &aux)?;
    Ok(window)
}

/// The longest time that the program may be silent.
const STEP_LIMIT: Duration = Duration::from_secs(1);
/// The time in which an answer to an attempt that was given up does no harm to the program that gives it.
const LATE_ANSWER: Duration = Duration::from_secs(10);
const MOST_RETIRED: usize = 64;
/// The longest time that a reading may take.
pub(super) const READ_LIMIT: Duration = Duration::from_secs(5);
