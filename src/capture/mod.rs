//! `deskbeamx11src`: a source that makes a frame when the screen changes, and none while it does not.
//!
//! A GStreamer element like any other once [`register`] was called; [`media`](crate::media) builds it by its name.
//!
//! A `Stream` makes frames of what a `Screen` shows; only the `x11` folder knows which screen that is.

mod control;
mod cursor;
mod frame;
mod limiter;
mod pool;
mod region;
mod screen;
mod stream;
mod x11;

pub(crate) use pool::Pool;

/// The name of the element.
pub const X11_SOURCE: &str = "deskbeamx11src";

/// The name of a custom upstream event that lets the element leave out one frame while there is motion.
pub const LEAVE_OUT: &str = "deskbeam-leave-out";

/// Makes the element known to this process. To be called after `gst::init`; more than once does no harm.
///
/// # Errors
/// If GStreamer refuses it.
pub fn register() -> Result<(), glib::BoolError> {
    x11::register()
}
