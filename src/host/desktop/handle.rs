//! The desktop that viewers share, besides the video: cursor, clipboard, size, and the load of the machine.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{broadcast, watch};

use super::views::Views;
use crate::desktop::{
    Backend, ClipboardContent, ClipboardError, ClipboardReading, NoDesktop, ResizeError, SystemMeter,
};
use crate::protocol::channel::Cursor;
use crate::protocol::input::FrameSize;
use crate::protocol::stats::SystemStats;
use crate::protocol::view::ViewId;
use crate::sync::lock;

/// Updates that a viewer's task may be behind. One that is further behind misses the oldest.
const UPDATES: usize = 32;

/// The desktop, for the viewers' tasks. Cheap to clone.
#[derive(Clone)]
pub(in crate::host) struct DesktopHandle {
    backend: Arc<Mutex<Arc<dyn Backend>>>,
    updates: broadcast::Sender<DesktopUpdate>,
    /// For viewers that come later.
    cursor: Arc<Mutex<Option<Cursor>>>,
    /// The outcome of the last copy, and of no other: each may have 8 MiB.
    clipboard: Arc<watch::Sender<ClipboardReading>>,
    /// `None` where there is no display.
    views: Arc<watch::Sender<Option<Views>>>,
    /// The X server has gone and is not back.
    is_lost: Arc<AtomicBool>,
    meter: Arc<Mutex<Option<SystemMeter>>>,
    /// The number of viewers whose windows the display follows.
    followed: Arc<AtomicUsize>,
    /// The size that these asked for last.
    wanted: Arc<Mutex<Option<FrameSize>>>,
    /// The scale that these asked for last.
    scale: Arc<Mutex<Option<f64>>>,
}

/// One change of the desktop.
#[derive(Debug, Clone)]
pub(in crate::host) enum DesktopUpdate {
    Cursor(Cursor),
    /// The X server has gone, or is back.
    Lost(bool),
    /// The client with this id has set the clipboard.
    ClipboardSet {
        by: String,
    },
    /// A program did not take all of what was pasted.
    PasteAbandoned,
}

impl DesktopHandle {
    /// The handle of a desktop that has just been opened. Without `views` there is no display.
    pub(super) fn new(
        backend: Arc<dyn Backend>,
        views: Option<Views>,
        clipboard: Arc<watch::Sender<ClipboardReading>>,
    ) -> Self {
        Self {
            backend: Arc::new(Mutex::new(backend)),
            updates: broadcast::channel(UPDATES).0,
            cursor: Arc::default(),
            clipboard,
            views: Arc::new(watch::Sender::new(views)),
            is_lost: Arc::default(),
            meter: Arc::new(Mutex::new(SystemMeter::start().ok())),
            followed: Arc::default(),
            wanted: Arc::default(),
            scale: Arc::default(),
        }
    }

    /// The changes from now on.
    pub(in crate::host) fn updates(&self) -> broadcast::Receiver<DesktopUpdate> {
        self.updates.subscribe()
    }

    /// The cursor at present, if it is known.
    pub(in crate::host) fn cursor(&self) -> Option<Cursor> {
        lock(&self.cursor).clone()
    }

    /// The content that a program on the desktop copied last. `None`: that is gone, or none has copied anything.
    pub(in crate::host) fn copied(&self) -> watch::Receiver<ClipboardReading> {
        self.clipboard.subscribe()
    }

    /// The part of the display that is shown, and the others, if there is a display.
    pub(in crate::host) fn views(&self) -> watch::Receiver<Option<Views>> {
        self.views.subscribe()
    }

    /// The size of the part that is shown.
    pub(in crate::host) fn size(&self) -> Option<FrameSize> {
        self.views.borrow().as_ref().map(Views::size)
    }

    /// Shows this part to all viewers from now on, if it is there.
    pub(in crate::host) fn show(&self, id: ViewId) {
        self.change_views(|views| views.show(id));
        let shown = self.views.borrow().as_ref().map(Views::shown);
        if let Some(ViewId::Window(number)) = shown {
            self.backend().activate_window(number);
        }
    }

    /// Says whether another capture can show parts of the display.
    pub(in crate::host) fn set_has_parts(&self, has_parts: bool) {
        self.change_views(|views| views.set_has_parts(has_parts));
    }

    /// True if the X server has gone and is not back.
    pub(in crate::host) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::SeqCst)
    }

    /// Reads the clipboard. `None`: it is empty.
    pub(in crate::host) async fn read_clipboard(&self) -> ClipboardReading {
        let backend = self.backend();
        let read = tokio::task::spawn_blocking(move || backend.read_clipboard()).await;
        read.unwrap_or(Err(ClipboardError::Lost))
            .inspect_err(|error| tracing::debug!(%error, "the clipboard cannot be read"))
    }

    /// Puts `content` of the client with the id `by` into the clipboard.
    pub(in crate::host) async fn write_clipboard(
        &self,
        content: ClipboardContent,
        by: String,
    ) -> Result<(), ClipboardError> {
        let backend = self.backend();
        let written = tokio::task::spawn_blocking(move || backend.write_clipboard(content)).await;
        written
            .unwrap_or(Err(ClipboardError::Lost))
            .inspect(|()| self.publish(DesktopUpdate::ClipboardSet { by }))
            .inspect_err(|error| tracing::debug!(%error, "the clipboard cannot be written"))
    }

    /// Lets the display follow one more viewer's window.
    pub(in crate::host) fn begin_following(&self) {
        self.followed.fetch_add(1, Ordering::SeqCst);
    }

    /// Lets the display follow one viewer's window less. With the last one its original size is restored.
    pub(in crate::host) async fn end_following(&self) {
        if self.followed.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        let backend = self.backend();
        let restored = tokio::task::spawn_blocking(move || backend.restore_size()).await;
        if let Ok(Err(error)) = restored {
            tracing::info!(%error, "cannot restore the desktop's original size");
        }
    }

    /// Gives the display the nearest size that it has, if it still follows a viewer.
    pub(in crate::host) async fn resize(&self, size: FrameSize) {
        if self.followed.load(Ordering::SeqCst) == 0 {
            return;
        }
        *lock(&self.wanted) = Some(size);
        let backend = self.backend();
        let resized = tokio::task::spawn_blocking(move || backend.resize(size.width, size.height)).await;
        match resized {
            Ok(Ok(_) | Err(ResizeError::NoDisplay)) | Err(_) => {}
            Ok(Err(error)) => tracing::info!(%error, "the desktop keeps its size"),
        }
    }

    /// Sets the scale for programs that start from now on, if the display still follows a viewer.
    pub(in crate::host) fn set_scale(&self, scale: f64) {
        if self.followed.load(Ordering::SeqCst) == 0 {
            return;
        }
        *lock(&self.scale) = Some(scale);
        self.backend().set_scale(scale);
    }

    /// Gives another X server the size that the last had, if that followed a viewer.
    async fn resize_again(&self) {
        let wanted = *lock(&self.wanted);
        if let Some(size) = wanted {
            self.resize(size).await;
        }
        let scale = *lock(&self.scale);
        if let Some(scale) = scale {
            self.set_scale(scale);
        }
    }

    /// Shows a mark on the display, white or black, or removes it. Returns false if there is no display for it.
    pub(in crate::host) fn show_mark(&self, is_lit: Option<bool>) -> bool {
        self.backend().show_mark(is_lit)
    }

    /// The load of the machine since the last call.
    pub(in crate::host) fn load(&self) -> SystemStats {
        let mut meter = lock(&self.meter);
        let Some(Ok(load)) = meter.as_mut().map(SystemMeter::look) else {
            return SystemStats::default();
        };
        SystemStats {
            cpu_percent: Some(load.machine_percent.into()),
            memory_used_bytes: Some(load.memory_used),
            memory_total_bytes: Some(load.memory_total),
            ..SystemStats::default()
        }
    }

    /// Restores the display. Blocks for up to two seconds.
    pub(in crate::host) fn close(&self) {
        let backend = std::mem::replace(&mut *lock(&self.backend), Arc::new(NoDesktop));
        drop(backend);
    }

    /// Sets the look of the cursor.
    pub(super) fn set_cursor(&self, cursor: Cursor) {
        *lock(&self.cursor) = Some(cursor.clone());
        self.publish(DesktopUpdate::Cursor(cursor));
    }

    /// Takes note that the X server has gone, or is back.
    pub(super) async fn set_lost(&self, is_lost: bool) {
        self.is_lost.store(is_lost, Ordering::SeqCst);
        match is_lost {
            // The next server has other windows.
            true => self.change_views(|views| views.offer(Vec::new())),
            false => self.resize_again().await,
        }
        self.publish(DesktopUpdate::Lost(is_lost));
    }

    /// Changes the parts that can be shown, if there is a display.
    pub(super) fn change_views(&self, change: impl FnOnce(&mut Views)) {
        self.views.send_if_modified(|views| {
            let before = views.clone();
            views.as_mut().map(change);
            *views != before
        });
    }

    pub(super) fn publish(&self, update: DesktopUpdate) {
        // There may be no viewer.
        let _ = self.updates.send(update);
    }

    fn backend(&self) -> Arc<dyn Backend> {
        lock(&self.backend).clone()
    }
}
