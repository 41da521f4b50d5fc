//! The desktop that is shared.
//!
//! A [`VirtualDisplay`] is an X display of our own, for hosts without a screen or with one that is nobody's business.

mod process;
mod programs;
mod server;
mod virtual_display;
mod xauthority;

pub use virtual_display::{EndWatch, Ended, VirtualDisplay, VirtualDisplayError, VirtualOptions};
