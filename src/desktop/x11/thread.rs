//! The thread that owns the connection: events of the X server, and requests of the handle.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::connection::Connection;
use x11rb::errors::{ConnectionError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::ConnectionExt as _;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

use super::atoms::Atoms;
use super::clipboard::{Clipboard, ClipboardOptions};
use super::cursor::Cursor;
use super::dpi::Dpi;
use super::latency_marker::LatencyMarker;
use super::originals::Originals;
use super::resize::Resizer;
use super::selection_owner::WriteReply;
use super::selection_read::ReadReply;
use super::views::Views;
use crate::desktop::backend::EventSink;
use crate::desktop::clipboard_content::ClipboardContent;
use crate::desktop::error::ResizeError;
use crate::desktop::event::DesktopEvent;

/// A request to the thread. No `Debug`: it may contain what a viewer copied.
pub(super) enum Request {
    /// Read the clipboard.
    Read(ReadReply),
    /// Put this into the clipboard.
    Write(ClipboardContent, WriteReply),
    /// Give the screen this size, in pixels.
    Resize((u16, u16), SyncSender<Result<(), ResizeError>>),
    /// Let programs draw this many times as large as usual.
    Scale(f64),
    /// Give the screen its own size again, and programs theirs.
    Restore(SyncSender<Result<(), ResizeError>>),
    /// Bring this window to the front.
    Activate(Window),
    /// Show the mark, white or black, or remove it. There is no answer.
    Mark(Option<bool>),
}

type Events = EventSink<DesktopEvent>;

/// The state of the thread.
pub(super) struct Watcher {
    connection: RustConnection,
    root: Window,
    /// Width and height of the root window, in pixels.
    size: (u16, u16),
    cursor: Cursor,
    clipboard: Clipboard,
    resizer: Resizer,
    dpi: Dpi,
    original_size: Originals,
    original_dpi: Originals,
    views: Views,
    mark: LatencyMarker,
}

impl Watcher {
    /// Subscribes to the events of the server.
    pub(super) fn new(
        connection: RustConnection,
        screen: usize,
        clipboard: ClipboardOptions,
    ) -> Result<Watcher, ReplyOrIdError> {
        let screen = &connection.setup().roots[screen];
        let (root, resizer, mark) = (screen.root, Resizer::new(screen), LatencyMarker::new(screen));
        connection.xfixes_query_version(5, 0)?.reply()?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let clipboard = Clipboard::watch(&connection, root, atoms, clipboard)?;
        Cursor::watch(&connection, root)?;
        let events = ChangeWindowAttributesAux::new()
            .event_mask(EventMask::STRUCTURE_NOTIFY | EventMask::PROPERTY_CHANGE);
        connection.change_window_attributes(root, &events)?;
        let views = Views::watch(&connection, root, atoms)?;
        let original_size = Originals::open(&connection, root, b"_DESKBEAM_ORIGINAL_SIZE")?;
        let original_dpi = Originals::open(&connection, root, b"_DESKBEAM_ORIGINAL_DPI")?;
        let geometry = connection.get_geometry(root)?.reply()?;
        let mut watcher = Watcher {
            connection,
            root,
            size: (geometry.width, geometry.height),
            cursor: Cursor::default(),
            clipboard,
            resizer,
            dpi: Dpi::new(root),
            original_size,
            original_dpi,
            views,
            mark,
        };
        watcher.restore_left()?;
        Ok(watcher)
    }

    /// Restores what a killed host has changed. The size follows with the events of the server.
    fn restore_left(&mut self) -> Result<(), ReplyOrIdError> {
        let connection = &self.connection;
        if let Some(note) = self.original_dpi.take_left(connection)? {
            self.dpi.take_over(&note);
            self.dpi.restore(connection)?;
        }
        if let Some(note) = self.original_size.take_left(connection)? {
            let taken = self.resizer.take_over(connection, &note);
            let restored = taken.and_then(|()| self.resizer.restore(connection, self.size));
            if let Err(error) = restored {
                tracing::warn!(%error, "cannot restore the size that the desktop had before a killed host");
            }
            let geometry = connection.get_geometry(self.root)?.reply()?;
            self.size = (geometry.width, geometry.height);
        }
        Ok(())
    }

    /// Width and height of the root window, in pixels.
    pub(super) fn size(&self) -> (u16, u16) {
        self.size
    }

    /// Works until the other end of `requests` is dropped. A byte on `wake` says that there is a request, or the end.
    ///
    /// # Errors
    /// If the server is gone.
    pub(super) fn run(
        mut self,
        requests: &Receiver<Request>,
        wake: &UnixStream,
        events: &Events,
    ) -> Result<(), ConnectionError> {
        self.work(requests, wake, events)?;
        self.restore()
    }

    /// Sends the size of the screen.
    pub(super) fn send_size(&self, events: &Events) {
        events(DesktopEvent::Resized {
            width: self.size.0.into(),
            height: self.size.1.into(),
        });
    }

    fn work(
        &mut self,
        requests: &Receiver<Request>,
        wake: &UnixStream,
        events: &Events,
    ) -> Result<(), ConnectionError> {
        self.update_cursor(None, events)?;
        loop {
            loop {
                match requests.try_recv() {
                    Ok(request) => self.perform(request, events)?,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            self.clipboard.expire(&self.connection, Instant::now())?;
            if let Some(views) = self.views.look(&self.connection, Instant::now())? {
                events(DesktopEvent::Views(views));
            }
            self.mark.expire(&self.connection)?;
            self.clipboard.tell_uses(&self.connection, events)?;
            // Waiting for a reply reads events, too, so no request may be made between the last look and the wait.
            while self.take_events(events)? {}
            self.connection.flush()?;
            self.wait(wake)?;
        }
    }

    fn perform(&mut self, request: Request, events: &Events) -> Result<(), ConnectionError> {
        if let Request::Restore(_) = request {
            // The size that is there now decides whether it is ours to change.
            while self.take_events(events)? {}
        }
        let connection = &self.connection;
        match request {
            Request::Read(reader) => self.clipboard.read(connection, reader),
            Request::Write(content, writer) => self.clipboard.write(connection, &content, &writer),
            Request::Activate(window) => self.views.activate(connection, window),
            Request::Mark(is_lit) => self.mark.show(connection, is_lit),
            Request::Resize(size, reply) => {
                let resized = self.resizer.resize(connection, self.size, size);
                self.note_size()?;
                let _ = reply.try_send(resized);
                Ok(())
            }
            Request::Scale(scale) => {
                self.dpi.set(connection, scale)?;
                self.note_dpi()
            }
            Request::Restore(reply) => {
                self.dpi.restore(connection)?;
                let restored = self.resizer.restore(connection, self.size);
                self.note_dpi()?;
                self.note_size()?;
                let _ = reply.try_send(restored);
                Ok(())
            }
        }
    }

    fn note_size(&self) -> Result<(), ConnectionError> {
        let note = self.resizer.note();
        self.original_size
            .note(&self.connection, note.as_ref().map(<[u32; 5]>::as_slice))
    }

    fn note_dpi(&self) -> Result<(), ConnectionError> {
        self.original_dpi
            .note(&self.connection, self.dpi.note().as_deref())
    }

    /// Handles all events that have arrived so far, without waiting. Returns `true` if there were any.
    fn take_events(&mut self, events: &Events) -> Result<bool, ConnectionError> {
        let (mut any, mut cursor, mut size) = (false, None, self.size);
        while let Some(event) = self.connection.poll_for_event()? {
            any = true;
            self.views.handle(&event);
            match event {
                // Of several changes only the last one is looked at.
                Event::XfixesCursorNotify(event) => cursor = Some(event.cursor_serial),
                Event::ConfigureNotify(event) if event.window == self.root => {
                    size = (event.width, event.height)
                }
                Event::Error(error) => {
                    tracing::debug!(kind = ?error.error_kind, "the X server refused a request")
                }
                event => self.clipboard.handle(&self.connection, &event)?,
            }
        }
        if size != self.size {
            self.size = size;
            self.send_size(events);
        }
        if let Some(reading) = self.clipboard.take_report() {
            events(DesktopEvent::Clipboard(reading));
        }
        self.clipboard.tell_uses(&self.connection, events)?;
        if cursor.is_some() {
            self.update_cursor(cursor, events)?;
        }
        Ok(any)
    }

    fn update_cursor(&mut self, serial: Option<u32>, events: &Events) -> Result<(), ConnectionError> {
        if let Some(event) = self.cursor.look(&self.connection, serial)? {
            events(event);
        }
        Ok(())
    }

    /// Waits until there is an event or a request, or until a deadline.
    fn wait(&self, mut wake: &UnixStream) -> Result<(), ConnectionError> {
        let deadlines = [
            self.clipboard.deadline(),
            self.views.deadline(),
            self.mark.deadline(),
        ];
        let limit = deadlines.into_iter().flatten().min().map(|deadline| {
            let rest = deadline.saturating_duration_since(Instant::now());
            Timespec {
                tv_sec: rest.as_secs().try_into().unwrap_or(1),
                tv_nsec: rest.subsec_nanos().into(),
            }
        });
        let stream = self.connection.stream().as_fd();
        let mut fds = [
            PollFd::from_borrowed_fd(stream, PollFlags::IN),
            PollFd::new(wake, PollFlags::IN),
        ];
        // An interruption is as good as an event: everything is looked at again.
        let _ = poll(&mut fds, limit.as_ref());
        let _ = wake.read(&mut [0; 64]);
        Ok(())
    }

    fn restore(&mut self) -> Result<(), ConnectionError> {
        while self.take_events(&(Box::new(|_| {}) as Events))? {}
        self.dpi.restore(&self.connection)?;
        match self.resizer.restore(&self.connection, self.size) {
            Ok(()) => {}
            Err(ResizeError::Lost) => return Err(ConnectionError::UnknownError),
            Err(error) => tracing::warn!(%error, "cannot restore the desktop's original size"),
        }
        self.note_dpi()?;
        self.note_size()?;
        self.connection.flush()
    }
}

/// True if an error says that the server lacks the extension, rather than that it is gone.
pub(super) fn is_unsupported(error: &ReplyOrIdError) -> bool {
    matches!(
        error,
        ReplyOrIdError::ConnectionError(ConnectionError::UnsupportedExtension)
    )
}
