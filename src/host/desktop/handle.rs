//! The desktop that viewers share, besides the video: cursor, clipboard, size, and the load of the machine.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::views::Views;
use crate::desktop::{
    Backend, ClipboardContent, ClipboardError, ClipboardReading, CursorImage, Desktop, DesktopEvent,
    NoDesktop, ResizeError, SystemMeter,
};
use crate::protocol::channel::Cursor;
use crate::protocol::input::FrameSize;
use crate::protocol::stats::SystemStats;
use crate::protocol::view::ViewId;
use crate::sync::lock;

/// Events of the desktop that wait to be handled.
const EVENTS: usize = 64;
/// Updates that a viewer's task may be behind. One that is further behind misses the oldest.
const UPDATES: usize = 32;

/// The uses that the host makes of a desktop.
#[derive(Debug, Clone, Copy)]
pub(in crate::host) struct DesktopFeatures {
    /// Viewers are sent what is copied.
    pub(in crate::host) sends_clipboard: bool,
    /// Parts of the display can be shown alone.
    pub(in crate::host) has_parts: bool,
}

/// The desktop, for the viewers' tasks. Cheap to clone.
#[derive(Clone)]
pub(in crate::host) struct DesktopHandle {
    backend: Arc<Mutex<Arc<dyn Backend>>>,
    updates: broadcast::Sender<DesktopUpdate>,
    /// For viewers that come later.
    cursor: Arc<Mutex<Option<Cursor>>>,
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
    Clipboard(ClipboardContent),
    /// The X server has gone, or is back.
    Lost(bool),
}

impl DesktopHandle {
    /// Opens the desktop. If it cannot be opened, this is the handle of no desktop.
    pub(in crate::host) fn open(
        desktop: &dyn Desktop,
        features: DesktopFeatures,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Self {
        let (sender, events) = mpsc::channel(EVENTS);
        // A full queue loses a change of the cursor: the next one makes up for it. All else is rare.
        let forward = move |event| match event {
            // Nothing makes up for these.
            DesktopEvent::Lost | DesktopEvent::Returned => drop(sender.blocking_send(event)),
            event => drop(sender.try_send(event)),
        };
        let opened = desktop.open(features.sends_clipboard, Box::new(forward));
        let backend = opened.unwrap_or_else(|error| {
            tracing::warn!(%error, "no cursor, clipboard or size of the desktop");
            Arc::new(NoDesktop)
        });
        let size = backend.first_size();
        let views = size.map(|(width, height)| Views::new(FrameSize { width, height }, features.has_parts));
        let desktop = Self {
            backend: Arc::new(Mutex::new(backend)),
            updates: broadcast::channel(UPDATES).0,
            cursor: Arc::default(),
            views: Arc::new(watch::Sender::new(views)),
            is_lost: Arc::default(),
            meter: Arc::new(Mutex::new(SystemMeter::start().ok())),
            followed: Arc::default(),
            wanted: Arc::default(),
            scale: Arc::default(),
        };
        tasks.spawn(desktop.clone().follow(events, shutdown.clone()));
        desktop
    }

    /// The changes from now on.
    pub(in crate::host) fn updates(&self) -> broadcast::Receiver<DesktopUpdate> {
        self.updates.subscribe()
    }

    /// The cursor at present, if it is known.
    pub(in crate::host) fn cursor(&self) -> Option<Cursor> {
        lock(&self.cursor).clone()
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

    /// Reads the clipboard. `None`: it is empty, or its content is of no known kind.
    pub(in crate::host) async fn read_clipboard(&self) -> ClipboardReading {
        let backend = self.backend();
        let read = tokio::task::spawn_blocking(move || backend.read_clipboard()).await;
        read.unwrap_or(Err(ClipboardError::Lost))
            .inspect_err(|error| tracing::debug!(%error, "the clipboard cannot be read"))
    }

    /// Puts `content` into the clipboard.
    pub(in crate::host) async fn write_clipboard(
        &self,
        content: ClipboardContent,
    ) -> Result<(), ClipboardError> {
        let backend = self.backend();
        let written = tokio::task::spawn_blocking(move || backend.write_clipboard(content)).await;
        written
            .unwrap_or(Err(ClipboardError::Lost))
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

    fn change_views(&self, change: impl FnOnce(&mut Views)) {
        self.views.send_if_modified(|views| {
            let before = views.clone();
            views.as_mut().map(change);
            *views != before
        });
    }

    fn backend(&self) -> Arc<dyn Backend> {
        lock(&self.backend).clone()
    }

    /// Handles the events of the desktop until `shutdown`.
    async fn follow(self, events: mpsc::Receiver<DesktopEvent>, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.take_events(events)).await;
    }

    async fn take_events(&self, mut events: mpsc::Receiver<DesktopEvent>) {
        while let Some(event) = events.recv().await {
            let update = match event {
                DesktopEvent::Cursor(image) => DesktopUpdate::Cursor(shown(&image)),
                DesktopEvent::CursorHidden => DesktopUpdate::Cursor(hidden()),
                DesktopEvent::Clipboard(Ok(Some(content))) => DesktopUpdate::Clipboard(content),
                DesktopEvent::Clipboard(Ok(None)) => continue,
                DesktopEvent::Clipboard(Err(error)) => {
                    tracing::debug!(%error, "the clipboard cannot be read");
                    continue;
                }
                DesktopEvent::Resized { width, height } => {
                    self.change_views(|views| views.set_screen(FrameSize { width, height }));
                    continue;
                }
                DesktopEvent::Views(offered) => {
                    self.change_views(|views| views.offer(offered));
                    continue;
                }
                DesktopEvent::Lost => DesktopUpdate::Lost(true),
                DesktopEvent::Returned => DesktopUpdate::Lost(false),
            };
            match &update {
                DesktopUpdate::Cursor(cursor) => {
                    *lock(&self.cursor) = Some(cursor.clone());
                }
                DesktopUpdate::Lost(is_lost) => {
                    self.is_lost.store(*is_lost, Ordering::SeqCst);
                    match is_lost {
                        // The next server has other windows.
                        true => self.change_views(|views| views.offer(Vec::new())),
                        false => self.resize_again().await,
                    }
                }
                DesktopUpdate::Clipboard(_) => {}
            }
            // There may be no viewer.
            let _ = self.updates.send(update);
        }
    }
}

fn shown(image: &CursorImage) -> Cursor {
    Cursor {
        png: image.png.to_vec(),
        // 0 would be the default cursor.
        handle: image.serial.max(1),
        override_css: None,
        hotspot: (image.hotspot_x.into(), image.hotspot_y.into()),
    }
}

fn hidden() -> Cursor {
    Cursor {
        png: Vec::new(),
        handle: u32::MAX,
        override_css: Some("none".to_owned()),
        hotspot: (0, 0),
    }
}
