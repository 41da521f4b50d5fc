//! Building one viewer's pipeline.

use gst::prelude::*;
use gst_webrtc::{WebRTCDataChannel, WebRTCRTPTransceiver, WebRTCRTPTransceiverDirection};

use super::messages::{ChannelOptions, PeerOptions};
use super::offer::Offer;
use crate::media::encoder::running::RunningEncoder;
use crate::media::pipeline::codec::{self, Codec};
use crate::media::pipeline::description::Target;
use crate::media::pipeline::parse;
use crate::media::pipeline::plan::{AUDIO_PAY, AUDIO_RTP, FRAMES, Plan, WEBRTC, audio_rtp_caps};
use crate::media::rate::playout_delay;
use crate::media::rate::twcc;

/// One viewer's pipeline, in state READY, before anything has been negotiated.
pub(crate) struct PeerPipeline {
    pub(crate) pipeline: gst::Pipeline,
    pub(crate) webrtc: gst::Element,
    /// Where the encoded frames go in; none without video, and in a whole pipeline.
    pub(crate) frames: Option<gst_app::AppSrc>,
    /// The host's data channel.
    pub(crate) channel: Option<WebRTCDataChannel>,
    /// The one beside it, which keeps no order.
    pub(crate) unordered: Option<WebRTCDataChannel>,
}

impl PeerPipeline {
    /// Builds what `media` says. With an offer of the viewer's, under the numbers of the offer.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) fn build(
        plan: &Plan,
        media: &MediaSelection,
        encoding: Option<&RunningEncoder>,
        channel: Option<&ChannelOptions>,
        offer: Option<&Offer>,
    ) -> Result<Self, String> {
        let text = plan.viewer_text(media.codec, media.audio);
        let pipeline = parse::parse("the viewer's pipeline", &text).map_err(|error| error.to_string())?;
        let webrtc = pipeline
            .by_name(WEBRTC)
            .ok_or("there is no webrtcbin called \"webrtc\"")?;
        restrict_ice(&webrtc);
        media.set_numbers(&pipeline);
        send_only_with_retransmission(&webrtc);
        let frames = match encoding {
            Some(encoding) => Some(prepare(encoding, &pipeline)?),
            None => None,
        };
        // A data channel can be made from READY on, and has to be there before the first offer.
        pipeline
            .set_state(gst::State::Ready)
            .map_err(|error| error.to_string())?;
        let (mut made, mut unordered) = (None, None);
        if let (Some(channel), None) = (channel, offer) {
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
            frames,
            channel: made,
            unordered,
        })
    }
}

/// Which media a viewer gets, and under which numbers.
pub(crate) struct MediaSelection {
    /// That of the video, if there is any.
    pub(crate) codec: Option<Codec>,
    audio: bool,
    numbers: Numbers,
}

/// Payload types, and the identifiers of header extensions.
#[derive(Default)]
struct Numbers {
    video: Option<u8>,
    audio: Option<u8>,
    playout_delay: Option<u8>,
    transport_cc: Option<u8>,
    /// An answer is made before the first packet, and has to name the streams.
    names_streams: bool,
}

impl MediaSelection {
    /// Chooses what `options` ask for. With an offer of the viewer's, the media are those of the offer.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) fn choose(plan: &Plan, options: &PeerOptions, offer: Option<&Offer>) -> Result<Self, String> {
        let Some(offer) = offer else {
            let codec = if options.video {
                plan.codec_for(&options.codecs)?
            } else {
                None
            };
            let numbers = Numbers {
                video: Some(codec::PAYLOAD_TYPE),
                playout_delay: Some(playout_delay::ID),
                transport_cc: Some(twcc::ID),
                ..Numbers::default()
            };
            return Ok(Self {
                codec,
                audio: options.audio,
                numbers,
            });
        };
        let names: Vec<_> = offer
            .video
            .iter()
            .map(|(codec, _)| codec.encoding_name())
            .collect();
        let codec = match (names.is_empty(), plan) {
            (_, Plan::Whole(_)) => return Err("A host with a whole pipeline cannot answer offers".to_owned()),
            (true, _) if offer.opus.is_none() => return Err(plan.nothing_in_common()),
            (true, _) => None,
            (false, _) => plan.codec_for(&names)?,
        };
        let payload_type = |codec: Codec| {
            let format = offer.video.iter().find(|(offered, _)| *offered == codec);
            format.map(|(_, payload_type)| *payload_type)
        };
        Ok(Self {
            codec,
            audio: offer.opus.is_some(),
            numbers: Numbers {
                video: codec.and_then(payload_type),
                audio: offer.opus,
                playout_delay: offer.playout_delay,
                transport_cc: offer.transport_cc,
                names_streams: true,
            },
        })
    }

    /// The payload type of the video and the identifier of the header extension that numbers its packets, if the viewer
    /// is asked to report which of them arrive.
    pub(crate) fn reported(&self) -> Option<(u8, u8)> {
        self.codec?;
        self.numbers.video.zip(self.numbers.transport_cc)
    }

    /// Numbers from the network are set as properties, never written into a description.
    fn set_numbers(&self, pipeline: &gst::Pipeline) {
        let set = |payloader: &gst::Element, filter: &str, payload_type: u8, mut caps: String| {
            let Some(filter) = pipeline.by_name(filter) else {
                return;
            };
            payloader.set_property("pt", u32::from(payload_type));
            if self.numbers.names_streams {
                let ssrc = glib::random_int_range(1, i32::MAX).unsigned_abs();
                payloader.set_property("ssrc", ssrc);
                caps += &format!(",ssrc=(uint){ssrc}");
            }
            filter.set_property_from_str("caps", &caps);
        };
        let video = pipeline.by_name("pay").zip(self.codec).zip(self.numbers.video);
        if let Some(((payloader, codec), payload_type)) = video {
            let mut caps = codec.rtp_caps(payload_type);
            if let Some(id) = self.numbers.playout_delay {
                caps += &format!(",extmap-{id}=(string)\"{}\"", playout_delay::URI);
                playout_delay::add_to(&payloader, id);
            }
            if let Some(id) = self.numbers.transport_cc {
                caps += &format!(
                    ",extmap-{id}=(string)\"{}\",rtcp-fb-transport-cc=(boolean)true",
                    twcc::URI
                );
                twcc::add_to(&payloader, id);
            }
            set(&payloader, "rtp", payload_type, caps);
        }
        if let Some((payloader, payload_type)) = pipeline.by_name(AUDIO_PAY).zip(self.numbers.audio) {
            set(&payloader, AUDIO_RTP, payload_type, audio_rtp_caps(payload_type));
        }
    }
}

/// Sets `target` in a running pipeline.
pub(crate) fn set(pipeline: &gst::Pipeline, target: &Target, value: impl std::fmt::Display) {
    if let Some(element) = pipeline.by_name(&target.element) {
        element.set_property_from_str(&target.property, &target.format(&value.to_string()));
    }
}

/// Tells the pipeline the time and the format, so that the offer need not wait for a frame.
fn prepare(encoding: &RunningEncoder, pipeline: &gst::Pipeline) -> Result<gst_app::AppSrc, String> {
    encoding.share_clock(pipeline);
    let frames = pipeline
        .by_name(FRAMES)
        .and_then(|element| element.downcast::<gst_app::AppSrc>().ok())
        .ok_or("there is no appsrc called \"frames\"")?;
    gst_utils::StreamProducer::configure_consumer(&frames);
    frames.set_caps(Some(encoding.caps()));
    Ok(frames)
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
