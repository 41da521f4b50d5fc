//! The desktop that is shared.
//!
//! A [`VirtualDisplay`] is an X display of our own, for hosts without a screen or with one that is nobody's business.

mod end_watch;
mod error;
mod process;
mod programs;
mod server;
mod session;
mod virtual_display;
mod window_manager;
mod xauthority;

pub use end_watch::{EndWatch, Ended};
pub use error::VirtualDisplayError;
pub use virtual_display::{VirtualDisplay, VirtualOptions};
