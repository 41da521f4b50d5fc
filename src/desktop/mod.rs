//! The desktop that is shared.
//!
//! A [`VirtualDisplay`] is an X display of our own, for hosts without a screen or with one that is nobody's business.
//! [`DesktopServices`] are the cursor, the clipboard and the size of an X display, and a [`SystemMeter`] tells how busy
//! the machine is.

mod end_watch;
mod error;
mod process;
mod programs;
mod question;
mod server;
mod session;
mod system;
mod virtual_display;
mod window_manager;
mod x11;
mod xauthority;

pub use end_watch::{EndWatch, Ended};
pub use error::VirtualDisplayError;
pub use question::{Question, can_ask};
pub use system::{SystemLoad, SystemMeter};
pub use virtual_display::{VirtualDisplay, VirtualOptions};
pub use x11::{
    ClipboardContent, ClipboardError, CursorImage, DesktopEvent, DesktopServices, MARK_SIZE, Presence,
    PresenceWatch, ResizeError, ServicesError, View, ViewKind,
};
