//! The media layer: capture, encoding, and webrtcbin. Only this module and [`capture`](crate::capture) depend on
//! GStreamer and glib.
//!
//! Its interface is session descriptions and bytes, not the types of the protocol. A [`Plan`] holds the descriptions
//! that the command line chooses; [`Media`] runs it: one capture and a pool of encoders that viewers share, and for
//! each peer a pipeline with a webrtcbin.

mod encoder;
pub(crate) mod fuzzing;
mod handle;
mod latency;
mod log;
pub(crate) mod pipeline;
mod rate;
mod runtime;
mod serve;
mod share;
mod source;
mod webrtc;

pub use encoder::trial::try_encoder;
pub use handle::{Media, MediaHandle, Messenger, PeerGone, PeerHandle};
pub use latency::FrameTimes;
pub use log::route_to_tracing;
pub use pipeline::display::needs_display;
pub use pipeline::parse::DescriptionError;
pub use pipeline::plan::{NoCommonCodec, Plan};
pub use pipeline::stream_options::StreamOptions;
pub use pipeline::validate::check_file;
pub use runtime::peer_id::PeerId;
pub use source::region::Region;
pub use webrtc::messages::{ChannelOptions, MessageSink, PeerEvent, PeerFailure, PeerOptions};
pub use webrtc::stats::PeerStats;

/// Initialises GStreamer and registers our own elements. Must be called before anything else here; repeated calls are
/// harmless.
///
/// # Errors
/// If GStreamer cannot be initialised, or an element cannot be registered.
pub fn init() -> Result<(), glib::Error> {
    gst::init()?;
    let failed = |error: glib::BoolError| glib::Error::new(gst::CoreError::Failed, &error.message);
    // For AV1: no Debian package ships its payloader.
    gstrsrtp::plugin_register_static().map_err(failed)?;
    crate::capture::register().map_err(failed)
}
