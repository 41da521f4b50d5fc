//! A desktop that has a clipboard and nothing else.

use std::sync::Arc;

use deskbeam::desktop::{
    Backend, ClipboardContent, ClipboardError, ClipboardReading, Desktop, DesktopEvent, EventSink,
    LocalUserEvent, LocalUserWatch, NoDesktop, ResizeError,
};

#[derive(Clone)]
pub struct ClipboardDesktop {
    /// What a program on the desktop has copied.
    pub copied: ClipboardContent,
    /// Takes what viewers put into the clipboard. It may block.
    pub take: Arc<dyn Fn(ClipboardContent) + Send + Sync>,
}

impl Desktop for ClipboardDesktop {
    fn open(&self, _: bool, _: EventSink<DesktopEvent>) -> anyhow::Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.clone()))
    }

    fn watch_local_user(
        &self,
        watch: LocalUserWatch,
        events: EventSink<LocalUserEvent>,
    ) -> anyhow::Result<Box<dyn Send>> {
        NoDesktop.watch_local_user(watch, events)
    }
}

impl Backend for ClipboardDesktop {
    fn first_size(&self) -> Option<(u32, u32)> {
        None
    }

    fn read_clipboard(&self) -> ClipboardReading {
        Ok(Some(self.copied.clone()))
    }

    fn write_clipboard(&self, content: ClipboardContent) -> Result<(), ClipboardError> {
        (self.take)(content);
        Ok(())
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
