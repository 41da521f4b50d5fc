//! The desktop that is shared.
//!
//! A [`VirtualDisplay`] is an X display of our own, for hosts without a screen or with one that is nobody's business.
//! [`DesktopServices`] are the cursor, the clipboard and the size of an X display, and a [`SystemMeter`] tells how busy
//! the machine is.

mod process;
mod programs;
mod question;
mod system;
mod virtual_display;
mod x11;

pub use question::{Question, can_ask};
pub use system::{SystemLoad, SystemMeter};
pub use virtual_display::display::{VirtualDisplay, VirtualOptions};
pub use virtual_display::end_watch::{EndWatch, Ended};
pub use virtual_display::error::VirtualDisplayError;
pub use x11::{
    ClipboardContent, ClipboardError, CursorImage, DesktopEvent, DesktopServices, MARK_SIZE, Presence,
    PresenceWatch, ResizeError, ServicesError, View, ViewKind,
};
