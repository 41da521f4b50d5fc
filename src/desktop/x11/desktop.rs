//! An X display as a desktop.

use std::sync::Arc;

use super::clipboard::ClipboardOptions;
use super::local_user::X11LocalUserWatch;
use super::recovery::Target;
use super::services::DesktopServices;
use crate::desktop::backend::{Backend, Desktop, EventSink};
use crate::desktop::event::DesktopEvent;
use crate::desktop::local_user::{LocalUserEvent, LocalUserWatch};
use crate::x11::DisplayAddress;

/// The desktop of an X display.
pub struct X11Desktop {
    address: DisplayAddress,
    has_primary: bool,
}

impl X11Desktop {
    /// The desktop of `display` (":0"). Clients present `cookie` (MIT-MAGIC-COOKIE-1), or the one in the Xauthority
    /// file of the environment if there is none. Does not connect.
    pub fn new(display: &str, cookie: Option<&[u8]>) -> X11Desktop {
        X11Desktop {
            address: DisplayAddress::new(Some(display), cookie),
            has_primary: false,
        }
    }

    /// Lets the selection PRIMARY count as the clipboard for viewers: what is selected is copied.
    #[must_use]
    pub fn with_primary(mut self, has_primary: bool) -> X11Desktop {
        self.has_primary = has_primary;
        self
    }
}

impl Desktop for X11Desktop {
    fn open(
        &self,
        reports_clipboard: bool,
        events: EventSink<DesktopEvent>,
    ) -> anyhow::Result<Arc<dyn Backend>> {
        let target = Target {
            address: self.address.clone(),
            clipboard: ClipboardOptions {
                is_reported: reports_clipboard,
                has_primary: self.has_primary,
            },
        };
        let services = DesktopServices::open(target, events)?;
        Ok(Arc::new(services))
    }

    fn watch_local_user(
        &self,
        watch: LocalUserWatch,
        events: EventSink<LocalUserEvent>,
    ) -> anyhow::Result<Box<dyn Send>> {
        Ok(Box::new(X11LocalUserWatch::open(&self.address, watch, events)?))
    }
}
