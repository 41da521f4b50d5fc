//! The construction of a peer's pipeline.

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};

use super::consumer::AppSrcConsumer;
use super::messages::ChannelOptions;
use super::selection::MediaSelection;
use super::streams::Streams;
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::{FRAMES, Plan, SOUND, WEBRTC};

/// A peer's pipeline, in state READY, before the negotiation.
pub(crate) struct PeerPipeline {
    pub(crate) pipeline: gst::Pipeline,
    pub(crate) webrtc: gst::Element,
    /// Consumer of the encoded frames; `None` without video, and in a whole pipeline.
    pub(crate) video: Option<AppSrcConsumer>,
    /// Consumer of the encoded sound; `None` without sound, and in a whole pipeline.
    pub(crate) sound: Option<AppSrcConsumer>,
    /// The host's reliable data channel.
    pub(crate) channel: Option<WebRTCDataChannel>,
    /// The host's unordered data channel.
    pub(crate) unordered: Option<WebRTCDataChannel>,
}

impl PeerPipeline {
    /// Builds the pipeline for `media` and `streams`, with the data channels that the host creates.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) fn build(
        plan: &Plan,
        media: &MediaSelection,
        streams: &Streams,
        channels: Option<&ChannelOptions>,
    ) -> Result<Self, String> {
        let text = plan.viewer_text(media.codec, media.audio);
        let pipeline = parse::parse("the viewer's pipeline", &text).map_err(|error| error.to_string())?;
        let webrtc: gst::Element = parse::element(&pipeline, WEBRTC)?;
        restrict_ice(&webrtc);
        media.set_numbers(&pipeline);
        send_only_with_retransmission(&webrtc);
        let (mut video, mut sound) = (None, None);
        if !streams.is_empty() {
            // The clock of the capture and the sound.
            pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        }
        if let Some(encoder) = streams.encoder() {
            let appsrc = parse::element(&pipeline, FRAMES)?;
            video = Some(AppSrcConsumer::new(appsrc, &encoder.caps()?));
        }
        if let Some(subscription) = &streams.sound {
            let appsrc = parse::element(&pipeline, SOUND)?;
            sound = Some(AppSrcConsumer::new(appsrc, subscription.caps()));
        }
        // A data channel can be created from READY on, and must exist before the first offer.
        pipeline
            .set_state(gst::State::Ready)
            .map_err(|error| error.to_string())?;
        let (mut made, mut unordered) = (None, None);
        if let Some(channel) = channels {
            if let Some(label) = channel.unordered {
                let options = channel_options(false).field("max-retransmits", 0);
                unordered = Some(create_channel(&webrtc, label, options)?);
            }
            // Created last: some clients use only the last channel.
            made = Some(create_channel(&webrtc, channel.label, channel_options(true))?);
        }
        Ok(Self {
            pipeline,
            webrtc,
            video,
            sound,
            channel: made,
            unordered,
        })
    }
}

/// Stops libnice from opening ports on the router, and from offering TCP, which may block in it.
fn restrict_ice(webrtc: &gst::Element) {
    let ice: Option<glib::Object> = webrtc.property("ice-agent");
    if let Some(agent) = ice.and_then(|ice| ice.property::<Option<glib::Object>>("agent")) {
        agent.set_property("upnp", false);
        agent.set_property("ice-tcp", false);
        // Detects a viewer that vanishes; viewers with a signaling socket are noticed by that, WHEP players have none.
        agent.set_property("keepalive-conncheck", true);
    }
}

/// Makes the host send only, with retransmission for video: without it, half a percent of loss makes the video freeze.
/// Sound is not retransmitted: browsers refuse an offer that includes that.
fn send_only_with_retransmission(webrtc: &gst::Element) {
    for pad in webrtc.sink_pads() {
        let caps = pad.peer_query_caps(None);
        let is_video = caps
            .structure(0)
            .is_some_and(|caps| caps.get::<&str>("media") == Ok("video"));
        let transceiver: WebRTCRTPTransceiver = pad.property("transceiver");
        transceiver.set_direction(WebRTCRTPTransceiverDirection::Sendonly);
        transceiver.set_property("do-nack", is_video);
    }
}

fn channel_options(is_ordered: bool) -> gst::structure::Builder {
    gst::Structure::builder("config").field("ordered", is_ordered)
}

fn create_channel(
    webrtc: &gst::Element,
    label: &str,
    options: gst::structure::Builder,
) -> Result<WebRTCDataChannel, String> {
    webrtc
        .emit_by_name::<Option<WebRTCDataChannel>>("create-data-channel", &[&label, &options.build()])
        .ok_or_else(|| "webrtcbin created no data channel".to_owned())
}
