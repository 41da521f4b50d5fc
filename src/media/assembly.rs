//! Building one viewer's pipeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};

use super::capture::Capture;
use super::description::Target;
use super::offer::Offer;
use super::parse;
use super::plan::{AUDIO_PAY, AUDIO_RTP, Encoder, FRAMES, Plan, WEBRTC, audio_rtp_caps};
use super::playout_delay;
use super::seam::PeerOptions;

/// One viewer's pipeline, in state READY, before anything has been negotiated.
pub(super) struct Assembly {
    pub(super) pipeline: gst::Pipeline,
    pub(super) webrtc: gst::Element,
    /// The flow of the shared capture's frames, until it is dropped.
    pub(super) feed: Option<gst_utils::ConsumptionLink>,
    /// The host's data channel.
    pub(super) channel: Option<WebRTCDataChannel>,
    /// What sets the bitrate.
    pub(super) bitrate: Option<Target>,
    /// How many frames have left the encoder.
    pub(super) encoded: Arc<AtomicU64>,
}

impl Assembly {
    /// Builds what `options` ask for. With an offer of the viewer's, the media are those of the offer.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(super) fn build(
        plan: &Plan,
        capture: Option<&Capture>,
        options: &PeerOptions,
        offer: Option<&Offer>,
    ) -> Result<Self, String> {
        let media = Media::choose(plan, options, offer)?;
        let text = plan.viewer_text(media.encoder, media.audio);
        let pipeline = parse::parse("the viewer's pipeline", &text).map_err(|error| error.to_string())?;
        let webrtc = pipeline
            .by_name(WEBRTC)
            .ok_or("there is no webrtcbin called \"webrtc\"")?;
        restrict_ice(&webrtc);
        if let Some(offer) = offer {
            media.take_numbers(&pipeline, offer);
        }
        let encoded = Arc::new(AtomicU64::new(0));
        if let Some(payloader) = pipeline.by_name("pay") {
            if let Some(id) = offer.map_or(Some(playout_delay::ID), |offer| offer.playout_delay) {
                playout_delay::add_to(&payloader, id);
            }
            count_buffers(&payloader, &encoded);
            if let Some(capture) = capture {
                capture.repeat_for(&payloader);
            }
        }
        send_only_with_retransmission(&webrtc);
        let feed = match (capture, media.encoder) {
            (Some(capture), Some(_)) => Some(connect(capture, &pipeline)?),
            _ => None,
        };
        // A data channel can be made from READY on, and has to be there before the first offer.
        pipeline
            .set_state(gst::State::Ready)
            .map_err(|error| error.to_string())?;
        let channel = match (&options.channel, offer) {
            (Some(channel), None) => Some(create_channel(&webrtc, channel.label)?),
            _ => None,
        };
        let bitrate = media
            .encoder
            .and_then(|encoder| encoder.description.bitrate.clone());
        Ok(Self {
            pipeline,
            webrtc,
            feed,
            channel,
            bitrate,
            encoded,
        })
    }
}

/// Which media a viewer gets, and under which payload types if those are the viewer's choice.
struct Media<'a> {
    encoder: Option<&'a Encoder>,
    audio: bool,
    video_payload_type: Option<u8>,
    audio_payload_type: Option<u8>,
}

impl<'a> Media<'a> {
    fn choose(plan: &'a Plan, options: &PeerOptions, offer: Option<&Offer>) -> Result<Self, String> {
        let Some(offer) = offer else {
            let encoder = if options.video {
                plan.encoder_for(&options.codecs)?
            } else {
                None
            };
            let audio = options.audio;
            return Ok(Self {
                encoder,
                audio,
                video_payload_type: None,
                audio_payload_type: None,
            });
        };
        let names: Vec<_> = offer
            .video
            .iter()
            .map(|(codec, _)| codec.encoding_name())
            .collect();
        let encoder = match (names.is_empty(), plan) {
            (_, Plan::Whole(_)) => return Err("A host with a whole pipeline cannot answer offers".to_owned()),
            (true, _) if offer.opus.is_none() => return Err(plan.nothing_in_common()),
            (true, _) => None,
            (false, _) => plan.encoder_for(&names)?,
        };
        let payload_type = |encoder: &Encoder| {
            offer
                .video
                .iter()
                .find(|(codec, _)| *codec == encoder.codec)
                .map(|(_, payload_type)| *payload_type)
        };
        Ok(Self {
            encoder,
            audio: offer.opus.is_some(),
            video_payload_type: encoder.and_then(payload_type),
            audio_payload_type: offer.opus,
        })
    }

    /// Takes the payload types and the identifier of the extension from the offer. Numbers from the network are set as properties, never written into a description.
    ///
    /// The SSRC is fixed with them: an answer is made before the first packet, and has to name it.
    fn take_numbers(&self, pipeline: &gst::Pipeline, offer: &Offer) {
        let take = |payloader: &str, caps_filter: &str, payload_type: u8, caps: &str| {
            if let (Some(payloader), Some(filter)) =
                (pipeline.by_name(payloader), pipeline.by_name(caps_filter))
            {
                let ssrc = glib::random_int_range(1, i32::MAX).unsigned_abs();
                payloader.set_property("pt", u32::from(payload_type));
                payloader.set_property("ssrc", ssrc);
                filter.set_property_from_str("caps", &format!("{caps},ssrc=(uint){ssrc}"));
            }
        };
        if let (Some(encoder), Some(payload_type)) = (self.encoder, self.video_payload_type) {
            let extension = offer
                .playout_delay
                .map(|id| format!(",extmap-{id}=(string)\"{}\"", playout_delay::URI));
            let caps = encoder.codec.rtp_caps(payload_type) + &extension.unwrap_or_default();
            take("pay", "rtp", payload_type, &caps);
        }
        if let Some(payload_type) = self.audio_payload_type {
            take(AUDIO_PAY, AUDIO_RTP, payload_type, &audio_rtp_caps(payload_type));
        }
    }
}

/// Sets `target` in a running pipeline.
pub(super) fn set(pipeline: &gst::Pipeline, target: &Target, value: impl std::fmt::Display) {
    if let Some(element) = pipeline.by_name(&target.element) {
        element.set_property_from_str(&target.property, &target.format(&value.to_string()));
    }
}

fn connect(capture: &Capture, pipeline: &gst::Pipeline) -> Result<gst_utils::ConsumptionLink, String> {
    capture.share_clock(pipeline);
    let frames = pipeline
        .by_name(FRAMES)
        .and_then(|element| element.downcast::<gst_app::AppSrc>().ok());
    capture.feed(&frames.ok_or("there is no appsrc called \"frames\"")?)
}

fn count_buffers(payloader: &gst::Element, count: &Arc<AtomicU64>) {
    let Some(pad) = payloader.static_pad("sink") else {
        return;
    };
    let count = Arc::clone(count);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
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

fn create_channel(webrtc: &gst::Element, label: &str) -> Result<WebRTCDataChannel, String> {
    let options = gst::Structure::builder("config").field("ordered", true).build();
    webrtc
        .emit_by_name::<Option<WebRTCDataChannel>>("create-data-channel", &[&label, &options])
        .ok_or_else(|| "webrtcbin makes no data channel".to_owned())
}
