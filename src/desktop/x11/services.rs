//! The handle of the thread.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::ServicesError;
use super::modes;
use super::recovery::{watch, work};
use super::selection_read::READ_LIMIT;
use super::thread::{Events, Request};
use crate::desktop::clipboard_content::{ClipboardContent, MAX_CLIPBOARD};
use crate::desktop::error::{ClipboardError, ResizeError};
use crate::desktop::event::DesktopEvent;
use crate::x11::DisplayAddress;

/// The cursor, the clipboard and the size of an X display.
///
/// May be shared among threads. Its methods wait for an answer, for as long as they say: not for async code. Closed by
/// [`stop`](DesktopServices::stop) or by dropping it, which gives the screen the size that it had before.
///
/// When the X server has gone, it is connected to again as soon as there is one. Until then every request is answered
/// by `Lost`.
pub struct DesktopServices {
    /// `None` while it is being dropped. Full: whoever asks is told that the desktop is busy.
    requests: Option<SyncSender<Request>>,
    wake: UnixStream,
    first_size: (u16, u16),
    thread: Option<JoinHandle<()>>,
    /// Ends with the thread.
    ended: Mutex<Receiver<()>>,
}

impl DesktopServices {
    /// Watches `display` (":0"), with `cookie` (MIT-MAGIC-COOKIE-1) or, without one, with what the Xauthority file of
    /// the environment has. `events` is called on the thread "desktop-x11", which does nothing else meanwhile: it
    /// should only hand the event over.
    ///
    /// # Errors
    /// If there is no such display, it refuses us or lacks XFIXES, or if the system refuses a thread.
    pub fn start(
        display: &str,
        cookie: Option<&[u8]>,
        events: impl Fn(DesktopEvent) + Send + 'static,
    ) -> Result<DesktopServices, ServicesError> {
        let address = DisplayAddress::new(Some(display), cookie);
        let watcher = watch(&address)?;
        let first_size = watcher.size();
        let (wake, woken) = UnixStream::pair().map_err(ServicesError::Resources)?;
        for end in [&wake, &woken] {
            end.set_nonblocking(true).map_err(ServicesError::Resources)?;
        }
        let (requests, inbox) = sync_channel(MOST_REQUESTS);
        let (ending, ended) = sync_channel::<()>(0);
        let events: Events = Box::new(events);
        let own = move || {
            let _ending = ending;
            work(&address, watcher, &inbox, &woken, &events);
        };
        let thread = thread::Builder::new()
            .name("desktop-x11".into())
            .spawn(own)
            .map_err(ServicesError::Resources)?;
        Ok(DesktopServices {
            requests: Some(requests),
            wake,
            first_size,
            thread: Some(thread),
            ended: Mutex::new(ended),
        })
    }

    /// The size of the screen at the start, in pixels. Changes are told by [`DesktopEvent::Resized`].
    pub fn first_size(&self) -> (u32, u32) {
        (self.first_size.0.into(), self.first_size.1.into())
    }

    /// What is in the clipboard: its text, if it has one, else its picture, `None` if it has neither. Waits for the
    /// program that has it: 1 s for its answer and for each further piece of something large, 5 s in all.
    ///
    /// # Errors
    /// See [`ClipboardError`].
    pub fn read_clipboard(&self) -> Result<Option<ClipboardContent>, ClipboardError> {
        self.ask(Request::Read, READ_LIMIT + ANSWER_LIMIT)
    }

    /// Puts `content` into the clipboard, until somebody else copies something or this is stopped. 8 MiB at most. Waits
    /// for the X server, 5 s at most.
    ///
    /// # Errors
    /// See [`ClipboardError`].
    pub fn write_clipboard(&self, content: impl Into<ClipboardContent>) -> Result<(), ClipboardError> {
        let content = content.into();
        if content.len() > MAX_CLIPBOARD {
            return Err(ClipboardError::TooLarge);
        }
        self.ask(|reply| Request::Write(content, reply), ANSWER_LIMIT)
    }

    /// Gives the screen this size, in pixels, 64 to 8192; an odd side becomes longer by one. Returns the size that it
    /// has then, and [`DesktopEvent::Resized`] tells it too. Waits for the X server, 5 s at most.
    ///
    /// It works where the X server has RANDR and one monitor that is none really: Xvfb (up to the size with which it
    /// was started; for a [`VirtualDisplay`](crate::desktop::VirtualDisplay) at least 3840x2160), Xvnc, Xorg with the
    /// dummy driver. A real monitor only gets modes that it has.
    ///
    /// # Errors
    /// See [`ResizeError`]. The screen has its old size then.
    pub fn resize(&self, width: u32, height: u32) -> Result<(u32, u32), ResizeError> {
        let size = modes::even(width, height)?;
        self.ask(|reply| Request::Resize(size, reply), ANSWER_LIMIT)?;
        Ok((size.0.into(), size.1.into()))
    }

    /// Lets programs that start from now on draw so many times as large as usual, by the resource `Xft.dpi`.
    pub fn set_scale(&self, scale: f64) {
        self.tell(Request::Scale(scale));
    }

    /// Gives the screen the size that it had before the first [`resize`](Self::resize), and programs theirs, unless
    /// somebody else has changed it since. Waits for the X server, 5 s at most.
    ///
    /// # Errors
    /// See [`ResizeError`]. The screen keeps its size then.
    pub fn restore_size(&self) -> Result<(), ResizeError> {
        self.ask(Request::Restore, ANSWER_LIMIT)
    }

    /// Asks the window manager to bring this window to the front.
    pub fn activate_window(&self, window: u32) {
        self.tell(Request::Activate(window));
    }

    /// Shows a mark of [`MARK_SIZE`](super::MARK_SIZE) at the top left of the screen, white or black; `None` takes it
    /// away, as do 6 s. Waits for nothing. False: the desktop is busy, or gone.
    pub fn show_mark(&self, is_lit: Option<bool>) -> bool {
        self.tell(Request::Mark(is_lit))
    }

    /// Gives the screen its old size and ends the thread. What was put into the clipboard is gone. Takes 2 s at
    /// most.
    pub fn stop(self) {}

    fn ask<T, E: From<Unanswered>>(
        &self,
        request: impl FnOnce(SyncSender<Result<T, E>>) -> Request,
        limit: Duration,
    ) -> Result<T, E> {
        let (reply, answer) = sync_channel(1);
        let requests = self.requests.as_ref().ok_or(Unanswered::Lost)?;
        requests.try_send(request(reply)).map_err(|error| match error {
            TrySendError::Full(_) => Unanswered::Busy,
            TrySendError::Disconnected(_) => Unanswered::Lost,
        })?;
        self.wake();
        answer.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => Unanswered::Busy,
            RecvTimeoutError::Disconnected => Unanswered::Lost,
        })?
    }

    /// Asks for what nobody waits for. False: the desktop is too busy, or gone.
    fn tell(&self, request: Request) -> bool {
        let taken = self
            .requests
            .as_ref()
            .is_some_and(|requests| requests.try_send(request).is_ok());
        self.wake();
        taken
    }

    fn wake(&self) {
        // If it cannot be written, there are enough bytes that wake the thread.
        let _ = (&self.wake).write(&[0]);
    }
}

impl Drop for DesktopServices {
    fn drop(&mut self) {
        self.requests = None;
        self.wake();
        let ended = self
            .ended
            .get_mut()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if ended.recv_timeout(STOP_LIMIT) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the X server does not answer: its thread is left behind");
            return;
        }
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the X display panicked");
        }
    }
}

/// Why there was no answer.
enum Unanswered {
    Busy,
    Lost,
}

impl From<Unanswered> for ClipboardError {
    fn from(unanswered: Unanswered) -> ClipboardError {
        match unanswered {
            Unanswered::Busy => ClipboardError::Busy,
            Unanswered::Lost => ClipboardError::Lost,
        }
    }
}

impl From<Unanswered> for ResizeError {
    fn from(unanswered: Unanswered) -> ResizeError {
        match unanswered {
            Unanswered::Busy => ResizeError::Busy,
            Unanswered::Lost => ResizeError::Lost,
        }
    }
}

const MOST_REQUESTS: usize = 16;
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const STOP_LIMIT: Duration = Duration::from_secs(2);
