//! The desktop of a real X display: cursor, clipboard, size and views.

mod clipboard;
mod connection;
mod cursor;
mod size;
mod views;

use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use deskbeam::desktop::{DesktopEvent, DesktopServices, VirtualDisplay};
use x11rb::rust_connection::RustConnection;

use crate::support::DEADLINE;
use crate::support::x11::{connect, display};

/// A display, what is watched of it, and what was told.
struct Desk {
    services: DesktopServices,
    events: Receiver<DesktopEvent>,
    display: VirtualDisplay,
}

impl Desk {
    fn start(width: u32, height: u32) -> Desk {
        Self::start_with(width, height, true)
    }

    fn start_with(width: u32, height: u32, reports_clipboard: bool) -> Desk {
        let display = display(width, height);
        let (sender, events) = channel();
        let tell = move |event| {
            let _ = sender.send(event);
        };
        let services =
            DesktopServices::start(display.display(), Some(display.cookie()), reports_clipboard, tell)
                .expect("services");
        Desk {
            services,
            events,
            display,
        }
    }

    fn connect(&self) -> RustConnection {
        connect(self.display.display(), Some(self.display.cookie())).expect("a connection")
    }

    /// The next event that `choose` makes something of.
    fn next<T>(&self, choose: impl Fn(DesktopEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            if let Some(chosen) = choose(self.events.recv_timeout(rest).expect("an event in time")) {
                return chosen;
            }
        }
    }

    fn next_besides_the_cursor(&self) -> DesktopEvent {
        self.next(|event| match event {
            DesktopEvent::Cursor(_) | DesktopEvent::CursorHidden | DesktopEvent::Views(_) => None,
            DesktopEvent::ClipboardUse(_) => None,
            event => Some(event),
        })
    }
}
