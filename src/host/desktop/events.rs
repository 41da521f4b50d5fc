//! The events of the desktop, on their way from its thread to the handle.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::handle::{DesktopHandle, DesktopUpdate};
use super::views::Views;
use crate::desktop::{
    ClipboardReading, ClipboardUse, CursorImage, Desktop, DesktopEvent, EventSink, NoDesktop,
};
use crate::input::{Fetch, InputHandle, Source};
use crate::protocol::channel::Cursor;
use crate::protocol::input::FrameSize;

/// Events of the desktop that wait to be handled.
const EVENTS: usize = 64;

/// The uses that the host makes of a desktop.
#[derive(Debug, Clone, Copy)]
pub(in crate::host) struct DesktopFeatures {
    /// Viewers are sent what is copied.
    pub(in crate::host) sends_clipboard: bool,
    /// Parts of the display can be shown alone.
    pub(in crate::host) has_parts: bool,
}

/// The events of a desktop. They end with it.
pub(in crate::host) struct DesktopEvents(mpsc::Receiver<DesktopEvent>);

/// Opens the desktop. If it cannot be opened, the handle is that of no desktop. It follows the desktop by
/// [`DesktopEvents::follow`]. `input` waits for programs that paste.
pub(in crate::host) fn open(
    desktop: &dyn Desktop,
    features: DesktopFeatures,
    input: InputHandle,
) -> (DesktopHandle, DesktopEvents) {
    let (sender, events) = mpsc::channel(EVENTS);
    let clipboard = Arc::new(watch::Sender::new(Ok(None)));
    let sink = sink(sender, Arc::clone(&clipboard), move |fetch| {
        input.set_fetch(fetch)
    });
    let opened = desktop.open(features.sends_clipboard, sink);
    let backend = opened.unwrap_or_else(|error| {
        tracing::warn!(%error, "no cursor, clipboard or size of the desktop");
        Arc::new(NoDesktop)
    });
    let size = backend.first_size();
    let views = size.map(|(width, height)| Views::new(FrameSize { width, height }, features.has_parts));
    (
        DesktopHandle::new(backend, views, clipboard),
        DesktopEvents(events),
    )
}

/// The sink of a desktop's events: what was copied goes to `clipboard`, what becomes of a paste to `fetches`, all else
/// to `events`.
fn sink(
    events: mpsc::Sender<DesktopEvent>,
    clipboard: Arc<watch::Sender<ClipboardReading>>,
    fetches: impl Fn(Fetch) + Send + 'static,
) -> EventSink<DesktopEvent> {
    Box::new(move |event| match event {
        DesktopEvent::Clipboard(reading) => {
            if let Err(error) = reading {
                tracing::debug!(%error, "the clipboard cannot be read");
            }
            let _ = clipboard.send_replace(reading);
        }
        DesktopEvent::ClipboardUse(each) => {
            fetches(fetch(each));
            if each == ClipboardUse::Abandoned {
                drop(events.try_send(event));
            }
        }
        // Nothing makes up for these.
        DesktopEvent::Lost | DesktopEvent::Returned => {
            for source in [Source::Clipboard, Source::Primary] {
                fetches(Fetch::Impossible(source));
            }
            // Nobody fetches any more.
            fetches(Fetch::Done);
            drop(events.blocking_send(event));
        }
        // A full queue loses a change of the cursor: the next one makes up for it. All else is rare.
        event => drop(events.try_send(event)),
    })
}

impl DesktopEvents {
    /// Handles the events of `desktop` until it is closed.
    pub(in crate::host) async fn follow(mut self, desktop: DesktopHandle) {
        while let Some(event) = self.0.recv().await {
            match event {
                DesktopEvent::Cursor(image) => desktop.set_cursor(shown(&image)),
                DesktopEvent::CursorHidden => desktop.set_cursor(hidden()),
                DesktopEvent::Resized { width, height } => {
                    desktop.change_views(|views| views.set_screen(FrameSize { width, height }));
                }
                DesktopEvent::Views(offered) => desktop.change_views(|views| views.offer(offered)),
                DesktopEvent::Lost => desktop.set_lost(true).await,
                DesktopEvent::Returned => desktop.set_lost(false).await,
                DesktopEvent::ClipboardUse(_) => {
                    tracing::info!("a program did not take all of what a viewer pasted");
                    desktop.publish(DesktopUpdate::PasteAbandoned);
                }
                // The sink keeps these.
                DesktopEvent::Clipboard(_) => {}
            }
        }
    }
}

fn fetch(each: ClipboardUse) -> Fetch {
    match each {
        ClipboardUse::Owned { is_primary } => Fetch::Possible(source(is_primary)),
        ClipboardUse::Replaced { is_primary } => Fetch::Impossible(source(is_primary)),
        ClipboardUse::Asked => Fetch::Asked,
        ClipboardUse::Fetching => Fetch::UnderWay,
        ClipboardUse::Fetched | ClipboardUse::Abandoned => Fetch::Done,
    }
}

fn source(is_primary: bool) -> Source {
    match is_primary {
        true => Source::Primary,
        false => Source::Clipboard,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::ClipboardContent;

    #[test]
    fn no_input_waits_for_programs_of_a_desktop_that_has_gone() {
        let (events, _queue) = mpsc::channel(EVENTS);
        let (told, fetches) = std::sync::mpsc::channel();
        let clipboard = Arc::new(watch::Sender::new(Ok(None)));
        let sink = sink(events, clipboard, move |fetch| told.send(fetch).unwrap());
        sink(DesktopEvent::ClipboardUse(ClipboardUse::Fetching));
        sink(DesktopEvent::Lost);
        let [clipboard, primary] = [Source::Clipboard, Source::Primary].map(Fetch::Impossible);
        let told: Vec<Fetch> = fetches.try_iter().collect();
        assert_eq!(told, [Fetch::UnderWay, clipboard, primary, Fetch::Done]);
    }

    #[test]
    fn of_what_was_copied_only_the_last_is_kept() {
        let (events, mut queue) = mpsc::channel(EVENTS);
        let clipboard = Arc::new(watch::Sender::new(Ok(None)));
        let mut copied = clipboard.subscribe();
        let sink = sink(events, clipboard, |_| {});
        let copy = |text: &Arc<str>| {
            let content = ClipboardContent::Text(Arc::clone(text));
            sink(DesktopEvent::Clipboard(Ok(Some(content))));
        };
        let texts: Vec<Arc<str>> = (0..100).map(|number| number.to_string().into()).collect();
        texts.iter().for_each(copy);
        let (last, earlier) = texts.split_last().unwrap();
        assert!(earlier.iter().all(|text| Arc::strong_count(text) == 1));
        assert!(copied.has_changed().unwrap());
        assert_eq!(
            *copied.borrow_and_update(),
            Ok(Some(ClipboardContent::Text(Arc::clone(last))))
        );
        sink(DesktopEvent::Clipboard(Ok(None)));
        assert_eq!(Arc::strong_count(last), 1);
        sink(DesktopEvent::CursorHidden);
        assert_eq!(
            queue.try_recv(),
            Ok(DesktopEvent::CursorHidden),
            "it waits for no clip"
        );
    }
}
