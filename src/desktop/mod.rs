//! The desktop that is shared.
//!
//! A [`VirtualDisplay`] is an X display of our own, for hosts without a screen or with one that is nobody's business.
//! [`DesktopServices`] are the cursor, the clipboard and the size of an X display, and a [`SystemMeter`] tells how busy
//! the machine is.

mod clipboard_content;
mod error;
mod event;
mod program;
mod question;
mod size;
mod system;
mod virtual_display;
mod x11;

pub use clipboard_content::ClipboardContent;
pub use error::{ClipboardError, ResizeError};
pub use event::{CursorImage, DesktopEvent, View, ViewKind};
pub use question::{Question, can_ask};
pub use system::{SystemLoad, SystemMeter};
pub use virtual_display::display::VirtualDisplay;
pub use virtual_display::end_watch::{EndWatch, Ended};
pub use virtual_display::error::VirtualDisplayError;
pub use virtual_display::options::VirtualOptions;
pub use x11::{DesktopServices, MARK_SIZE, Presence, PresenceWatch, ServicesError};
