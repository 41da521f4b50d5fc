//! The desktop of a host without a display.

use std::sync::Arc;

use super::backend::{Backend, Desktop, EventSink};
use super::clipboard_content::{ClipboardContent, ClipboardReading};
use super::error::{ClipboardError, ResizeError};
use super::event::DesktopEvent;
use super::local_user::{LocalUserEvent, LocalUserWatch};

/// A desktop without a display: it has no cursor, clipboard or size, and no local user.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDesktop;

impl Desktop for NoDesktop {
    fn open(
        &self,
        _reports_clipboard: bool,
        _events: EventSink<DesktopEvent>,
    ) -> anyhow::Result<Arc<dyn Backend>> {
        Ok(Arc::new(NoDesktop))
    }

    /// Watches nobody. The events last as long as the watch, and there are none.
    fn watch_local_user(
        &self,
        _watch: LocalUserWatch,
        events: EventSink<LocalUserEvent>,
    ) -> anyhow::Result<Box<dyn Send>> {
        Ok(Box::new(events))
    }
}

impl Backend for NoDesktop {
    fn first_size(&self) -> Option<(u32, u32)> {
        None
    }

    fn read_clipboard(&self) -> ClipboardReading {
        Err(ClipboardError::NoDisplay)
    }

    fn write_clipboard(&self, _content: ClipboardContent) -> Result<(), ClipboardError> {
        Err(ClipboardError::NoDisplay)
    }

    fn resize(&self, _width: u32, _height: u32) -> Result<(u32, u32), ResizeError> {
        Err(ResizeError::NoDisplay)
    }

    fn restore_size(&self) -> Result<(), ResizeError> {
        Ok(())
    }

    fn set_scale(&self, _scale: f64) {}

    fn activate_window(&self, _window: u32) {}

    fn show_mark(&self, _is_lit: Option<bool>) -> bool {
        false
    }
}
