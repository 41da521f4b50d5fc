//! An X display as a desktop.

use std::sync::Arc;

use super::local_user::X11LocalUserWatch;
use super::services::DesktopServices;
use crate::desktop::backend::{Backend, Desktop, EventSink};
use crate::desktop::event::DesktopEvent;
use crate::desktop::local_user::{LocalUserEvent, LocalUserWatch};
use crate::x11::DisplayAddress;

/// The desktop of an X display.
pub struct X11Desktop(DisplayAddress);

impl X11Desktop {
    /// The desktop of `display` (":0"). Clients present `cookie` (MIT-MAGIC-COOKIE-1), or the one in the Xauthority
    /// file of the environment if there is none. Does not connect.
    pub fn new(display: &str, cookie: Option<&[u8]>) -> X11Desktop {
        X11Desktop(DisplayAddress::new(Some(display), cookie))
    }
}

impl Desktop for X11Desktop {
    fn open(
        &self,
        reports_clipboard: bool,
        events: EventSink<DesktopEvent>,
    ) -> anyhow::Result<Arc<dyn Backend>> {
        let services = DesktopServices::open(self.0.clone(), reports_clipboard, events)?;
        Ok(Arc::new(services))
    }

    fn watch_local_user(
        &self,
        watch: LocalUserWatch,
        events: EventSink<LocalUserEvent>,
    ) -> anyhow::Result<Box<dyn Send>> {
        Ok(Box::new(X11LocalUserWatch::open(&self.0, watch, events)?))
    }
}
