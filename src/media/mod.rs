//! Encoding and webrtcbin, and the pipelines that capture. Only this module and [`capture`](crate::capture) know GStreamer
//! and glib.
//!
//! It speaks in session descriptions and bytes, not in the types of our protocol. A [`Plan`] is made of what the
//! command line chooses; [`Media`] runs it: a capture that all viewers share, and for each viewer a pipeline of its
//! own with an encoder and a webrtcbin.

mod encoder;
pub(crate) mod fuzzing;
mod handle;
mod latency;
mod log;
pub mod pipeline;
mod rate;
mod runtime;
mod serve;
mod share;
mod source;
mod webrtc;

pub use handle::{Media, MediaHandle, Messenger, PeerGone, PeerHandle};
pub use latency::FrameTimes;
pub use log::route_to_tracing;
pub use pipeline::parse::DescriptionError;
pub use pipeline::plan::{NoCommonCodec, Plan};
pub use pipeline::stream_options::StreamOptions;
pub use pipeline::validate::check_file;
pub use runtime::peer_id::PeerId;
pub use source::region::Region;
pub use webrtc::messages::{ChannelOptions, MessageSink, PeerEvent, PeerFailure, PeerOptions};
pub use webrtc::stats::PeerStats;

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
