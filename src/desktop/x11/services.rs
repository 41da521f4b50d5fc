//! The handle of the thread "desktop-x11".

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::clipboard::ClipboardOptions;
use super::error::ServicesError;
use super::modes;
use super::recovery::{Target, work};
use super::selection_read::READ_LIMIT;
use super::thread::Request;
use crate::desktop::backend::{Backend, EventSink};
use crate::desktop::clipboard_content::{ClipboardContent, ClipboardReading, MAX_CLIPBOARD};
use crate::desktop::error::{ClipboardError, ResizeError};
use crate::desktop::event::DesktopEvent;
use crate::x11::DisplayAddress;

/// The [`Backend`] of an X display.
///
/// Resizing works where the X server has RANDR and one monitor that is none really: Xvfb (up to the size with which it
/// was started; for a [`VirtualDisplay`](crate::desktop::VirtualDisplay) at least 3840x2160), Xvnc, Xorg with the dummy
/// driver. A real monitor only gets modes that it has. The scale is the resource `Xft.dpi`.
pub struct DesktopServices {
    /// `None` while it is being dropped. Full: the request fails with `Busy`.
    requests: Option<SyncSender<Request>>,
    wake: UnixStream,
    first_size: (u16, u16),
    thread: Option<JoinHandle<()>>,
    /// Ends with the thread.
    ended: Mutex<Receiver<()>>,
}

impl DesktopServices {
    /// Connects to `display` (":0"), with `cookie` (MIT-MAGIC-COOKIE-1) or, without one, with the one in the Xauthority
    /// file of the environment. `events` is called on the thread "desktop-x11": see
    /// [`Desktop::open`](crate::desktop::Desktop::open).
    ///
    /// # Errors
    /// If there is no such display, it refuses us or lacks XFIXES, or if the system refuses a thread.
    pub fn start(
        display: &str,
        cookie: Option<&[u8]>,
        reports_clipboard: bool,
        events: impl Fn(DesktopEvent) + Send + 'static,
    ) -> Result<DesktopServices, ServicesError> {
        let target = Target {
            address: DisplayAddress::new(Some(display), cookie),
            clipboard: ClipboardOptions {
                is_reported: reports_clipboard,
                has_primary: false,
            },
        };
        DesktopServices::open(target, Box::new(events))
    }

    pub(super) fn open(
        target: Target,
        events: EventSink<DesktopEvent>,
    ) -> Result<DesktopServices, ServicesError> {
        let watcher = target.watch()?;
        let first_size = watcher.size();
        let (wake, woken) = UnixStream::pair().map_err(ServicesError::Resources)?;
        for end in [&wake, &woken] {
            end.set_nonblocking(true).map_err(ServicesError::Resources)?;
        }
        let (requests, inbox) = sync_channel(MOST_REQUESTS);
        let (ending, ended) = sync_channel::<()>(0);
        let own = move || {
            let _ending = ending;
            work(&target, watcher, &inbox, &woken, &events);
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

    /// Sends a request that has no answer. Returns `false` if the desktop is too busy, or gone.
    fn notify(&self, request: Request) -> bool {
        let taken = self
            .requests
            .as_ref()
            .is_some_and(|requests| requests.try_send(request).is_ok());
        self.wake();
        taken
    }

    fn wake(&self) {
        // If it cannot be written, there are enough bytes already to wake the thread.
        let _ = (&self.wake).write(&[0]);
    }
}

impl Backend for DesktopServices {
    fn first_size(&self) -> Option<(u32, u32)> {
        Some((self.first_size.0.into(), self.first_size.1.into()))
    }

    fn read_clipboard(&self) -> ClipboardReading {
        self.ask(Request::Read, READ_LIMIT + ANSWER_LIMIT)
    }

    fn write_clipboard(&self, content: ClipboardContent) -> Result<(), ClipboardError> {
        if content.len() > MAX_CLIPBOARD {
            return Err(ClipboardError::TooLarge);
        }
        self.ask(|reply| Request::Write(content, reply), ANSWER_LIMIT)
    }

    fn resize(&self, width: u32, height: u32) -> Result<(u32, u32), ResizeError> {
        let size = modes::even(width, height)?;
        self.ask(|reply| Request::Resize(size, reply), ANSWER_LIMIT)?;
        Ok((size.0.into(), size.1.into()))
    }

    fn restore_size(&self) -> Result<(), ResizeError> {
        self.ask(Request::Restore, ANSWER_LIMIT)
    }

    fn set_scale(&self, scale: f64) {
        self.notify(Request::Scale(scale));
    }

    fn activate_window(&self, window: u32) {
        self.notify(Request::Activate(window));
    }

    fn show_mark(&self, is_lit: Option<bool>) -> bool {
        self.notify(Request::Mark(is_lit))
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

/// The reason why there was no answer.
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
