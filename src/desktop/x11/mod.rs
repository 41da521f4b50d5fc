//! The desktop of an X display: the shape of the cursor, the clipboard, the size, and the monitors and windows that can
//! be shown alone.
//!
//! One thread, "desktop-x11", owns one connection. It waits for the server and for requests at the same time, and
//! conversations with other clients (the clipboard) are state machines, so that none holds up anything else.

mod atoms;
mod clipboard;
mod compound_text;
mod cursor;
mod desktop;
mod dpi;
mod error;
mod incr_send;
mod latency_marker;
mod local_user;
mod modes;
mod originals;
mod png;
mod recovery;
mod resize;
mod selection_form;
mod selection_owner;
mod selection_read;
mod services;
mod thread;
mod views;

pub use desktop::X11Desktop;
pub use error::ServicesError;
pub(super) use resize::set_size;
pub use services::DesktopServices;
