//! The desktop that is shared.
//!
//! A [`VirtualDisplay`] is an X display of our own, for hosts without a screen or with one that viewers must not see.
//! A [`Desktop`] is a display that can be opened: its [`Backend`] is the cursor, the clipboard and the size. A
//! [`SystemMeter`] measures how busy the machine is.

mod backend;
mod clipboard_content;
mod error;
mod event;
mod html_text;
mod local_user;
mod none;
mod program;
mod question;
mod size;
mod system;
mod virtual_display;
mod x11;

pub use backend::{Backend, Desktop, EventSink, MARK_SIZE};
pub use clipboard_content::{ClipboardContent, ClipboardReading, ImageKind};
pub use error::{ClipboardError, ResizeError};
pub use event::{ClipboardUse, CursorImage, DesktopEvent, View, ViewKind};
pub use local_user::{LocalUserEvent, LocalUserWatch};
pub use none::NoDesktop;
pub use question::{Question, can_ask};
pub use system::{SystemLoad, SystemMeter};
pub use virtual_display::display::VirtualDisplay;
pub use virtual_display::end_watch::{EndWatch, Ended};
pub use virtual_display::error::VirtualDisplayError;
pub use virtual_display::options::VirtualOptions;
pub use x11::{DesktopServices, ServicesError, X11Desktop};
