//! Encoding and webrtcbin, and the pipelines that capture. Only this module and [`capture`](crate::capture) know GStreamer
//! and glib.
//!
//! It speaks in session descriptions and bytes, not in the types of our protocol. A [`Plan`] is made of what the
//! command line chooses; [`Media`] runs it: a capture that all viewers share, and for each viewer a pipeline of its
//! own with an encoder and a webrtcbin.

mod assembly;
mod capture;
mod care;
mod check;
mod choose;
pub mod codec;
mod congestion;
pub mod description;
mod door;
mod encoding;
mod feedback;
pub(crate) mod fuzzing;
mod gate;
mod ladder;
pub mod library;
mod log;
mod main_loop;
mod messages;
mod offer;
pub mod packages;
pub mod parse;
mod peer;
pub mod plan;
mod playout_delay;
mod reports;
mod resend;
mod sdp;
mod seam;
mod serve;
mod signals;
mod stats;
mod studio;
mod teardown;
mod timing;
mod trial;

pub use capture::Region;
pub use check::check_file;
pub use log::route_to_tracing;
pub use messages::{ChannelOptions, MessageSink, PeerEvent, PeerId, PeerOptions};
pub use parse::DescriptionError;
pub use plan::{Plan, StreamOptions};
pub use seam::{Media, MediaHandle, Messenger, PeerGone, PeerHandle};
pub use stats::PeerStats;
pub use timing::FrameTimes;

/// Initialises GStreamer, with the elements of ours. To be called before anything else here; more than once does no harm.
///
/// # Errors
/// If GStreamer cannot be initialised, or refuses an element.
pub fn init() -> Result<(), glib::Error> {
    gst::init()?;
    let failed = |error: glib::BoolError| glib::Error::new(gst::CoreError::Failed, &error.message);
    // For AV1, whose payloader no package has.
    gstrsrtp::plugin_register_static().map_err(failed)?;
    crate::capture::register().map_err(failed)
}
