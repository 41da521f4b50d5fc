//! The boundary to the desktop: what a backend must be able to do.

use std::sync::Arc;

use super::clipboard_content::{ClipboardContent, ClipboardReading};
use super::error::{ClipboardError, ResizeError};
use super::event::DesktopEvent;
use super::local_user::{LocalUserEvent, LocalUserWatch};

/// Receives the events of a desktop, on a thread of the backend, which does nothing else meanwhile: it should only hand
/// the event over.
pub type EventSink<T> = Box<dyn Fn(T) + Send>;

/// A desktop that can be connected to.
pub trait Desktop: Send + Sync {
    /// Connects to the desktop. Its changes go to `events`; of the clipboard's, only if `reports_clipboard`: the
    /// content is read for that.
    ///
    /// # Errors
    /// If the desktop cannot be used. The text says what to do.
    fn open(
        &self,
        reports_clipboard: bool,
        events: EventSink<DesktopEvent>,
    ) -> anyhow::Result<Arc<dyn Backend>>;

    /// Watches what the local user does, until the returned value is dropped.
    ///
    /// # Errors
    /// If the desktop cannot be watched. The text says what to do.
    fn watch_local_user(
        &self,
        watch: LocalUserWatch,
        events: EventSink<LocalUserEvent>,
    ) -> anyhow::Result<Box<dyn Send>>;
}

/// A connection to a desktop: its cursor (as events), clipboard, size and windows.
///
/// Its methods wait for an answer, for as long as they say: not for async code. Dropping it gives the screen the size
/// that it had before, and takes what was written out of the clipboard; that takes 2 s at most.
///
/// After the display server is lost, the backend connects again as soon as there is one. Until then every request fails
/// with `Lost`.
pub trait Backend: Send + Sync {
    /// The size of the screen when it was opened, in pixels; `None` if there is no display.
    /// [`DesktopEvent::Resized`] tells the changes.
    fn first_size(&self) -> Option<(u32, u32)>;

    /// Reads the clipboard: its text if it has some, else its image, `None` if it has neither. Waits for the program
    /// that owns it: 1 s for its answer and for each further part of something large, 5 s in all.
    ///
    /// # Errors
    /// See [`ClipboardError`].
    fn read_clipboard(&self) -> ClipboardReading;

    /// Puts `content` into the clipboard, until another program copies something or this is dropped. 8 MiB at most.
    /// Waits for the display server, 5 s at most.
    ///
    /// # Errors
    /// See [`ClipboardError`].
    fn write_clipboard(&self, content: ClipboardContent) -> Result<(), ClipboardError>;

    /// Gives the screen this size, in pixels, 64 to 8192; an odd side becomes longer by one. Returns the size that it
    /// has then, which [`DesktopEvent::Resized`] tells, too. Waits for the display server, 5 s at most.
    ///
    /// # Errors
    /// See [`ResizeError`]. The screen has its old size then.
    fn resize(&self, width: u32, height: u32) -> Result<(u32, u32), ResizeError>;

    /// Gives the screen the size that it had before the first [`resize`](Self::resize), and programs the scale that
    /// they had before [`set_scale`](Self::set_scale), unless another program has changed them since. Waits for the
    /// display server, 5 s at most.
    ///
    /// # Errors
    /// See [`ResizeError`]. The screen keeps its size then.
    fn restore_size(&self) -> Result<(), ResizeError>;

    /// Lets programs that start from now on draw `scale` times as large as usual. Does not wait.
    fn set_scale(&self, scale: f64);

    /// Asks the window manager to raise and activate this window. Does not wait.
    fn activate_window(&self, window: u32);

    /// Shows a mark of [`MARK_SIZE`] at the top left of the screen, white or black; `None` removes it, as do 6 s. Does
    /// not wait. Returns `false` if the desktop is busy, or gone.
    fn show_mark(&self, is_lit: Option<bool>) -> bool;
}

/// Width and height of the mark of [`Backend::show_mark`], in pixels.
pub const MARK_SIZE: u16 = 16;
