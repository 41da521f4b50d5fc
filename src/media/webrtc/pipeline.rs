//! Building one viewer's pipeline.

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};

use super::consumer::AppSrcConsumer;
use super::messages::ChannelOptions;
use super::selection::MediaSelection;
use super::streams::Streams;
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::{FRAMES, Plan, SOUND, WEBRTC};

/// One viewer's pipeline, in state READY, before anything has been negotiated.
pub(crate) struct PeerPipeline {
    pub(crate) pipeline: gst::Pipeline,
    pub(crate) webrtc: gst::Element,
    /// Takes the encoded frames; none without video, and in a whole pipeline.
    pub(crate) video: Option<AppSrcConsumer>,
    /// Takes the encoded sound; none without sound, and in a whole pipeline.
    pub(crate) sound: Option<AppSrcConsumer>,
    /// The host's data channel.
    pub(crate) channel: Option<WebRTCDataChannel>,
    /// The one beside it, which keeps no order.
    pub(crate) unordered: Option<WebRTCDataChannel>,
}

impl PeerPipeline {
    /// Builds what `media` says, for `streams`, with the data channels that the host makes.
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
        if let Some(encoder) = streams.encoder() {
            encoder.share_clock(&pipeline);
            let appsrc = parse::element(&pipeline, FRAMES)?;
            video = Some(AppSrcConsumer::new(appsrc, &encoder.caps()?));
        }
        if let Some(subscription) = &streams.sound {
            let appsrc = parse::element(&pipeline, SOUND)?;
            sound = Some(AppSrcConsumer::new(appsrc, subscription.caps()));
        }
        // A data channel can be made from READY on, and has to be there before the first offer.
        pipeline
            .set_state(gst::State::Ready)
            .map_err(|error| error.to_string())?;
        let (mut made, mut unordered) = (None, None);
        if let Some(channel) = channels {
            if let Some(label) = channel.unordered {
                let options = channel_options(false).field("max-retransmits", 0);
                unordered = Some(create_channel(&webrtc, label, options)?);
            }
            // The last one: there are clients that know of no other.
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

/// Keeps libnice from opening ports on the router, and from offering TCP, which may block in it.
fn restrict_ice(webrtc: &gst::Element) {
    let ice: Option<glib::Object> = webrtc.property("ice-agent");
    if let Some(agent) = ice.and_then(|ice| ice.property::<Option<glib::Object>>("agent")) {
        agent.set_property("upnp", false);
        agent.set_property("ice-tcp", false);
        // A viewer that vanishes is noticed by its socket; players have none.
        agent.set_property("keepalive-conncheck", true);
    }
}

/// The host only sends, and sends the picture again where it is lost: at half a percent of loss video stands still
/// without that. Sound is not sent again: browsers refuse an offer that does.
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
        .ok_or_else(|| "webrtcbin makes no data channel".to_owned())
}
