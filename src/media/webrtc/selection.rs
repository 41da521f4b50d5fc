//! The selection of a peer's media.

use gst::prelude::*;

use super::messages::{PeerFailure, PeerOptions};
use super::offer::Offer;
use crate::media::pipeline::codec::{self, Codec};
use crate::media::pipeline::plan::{AUDIO_PAY, AUDIO_RTP, Plan, audio_rtp_caps};
use crate::media::rate::{playout_delay, twcc};

/// A peer's media, and their identifiers in RTP.
pub(crate) struct MediaSelection {
    /// Codec of the video; `None` without video.
    pub(crate) codec: Option<Codec>,
    pub(crate) audio: bool,
    numbers: Numbers,
}

/// Payload types and identifiers of header extensions.
#[derive(Default)]
struct Numbers {
    video: Option<u8>,
    audio: Option<u8>,
    playout_delay: Option<u8>,
    transport_cc: Option<u8>,
    /// True if the description must name the streams: an answer is created before the first packet.
    names_streams: bool,
}

impl MediaSelection {
    /// Selects the media that `options` request, or those of the viewer's `offer`.
    ///
    /// # Errors
    /// A sentence for the viewer.
    pub(crate) fn choose(
        plan: &Plan,
        options: &PeerOptions,
        offer: Option<&Offer>,
    ) -> Result<Self, PeerFailure> {
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
            (_, Plan::Whole(_)) => {
                return Err(PeerFailure::Other(
                    "This host runs a whole pipeline and cannot answer offers".to_owned(),
                ));
            }
            (true, _) if offer.opus.is_none() => return Err(plan.nothing_in_common().into()),
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

    /// Returns the payload type of the video and the identifier of the header extension that numbers its packets, if
    /// the viewer is asked to report on them.
    pub(crate) fn reported(&self) -> Option<(u8, u8)> {
        self.codec?;
        self.numbers.video.zip(self.numbers.transport_cc)
    }

    /// Sets the identifiers as properties of the elements. They come from the network, so they must not be written into
    /// a description.
    pub(super) fn set_numbers(&self, pipeline: &gst::Pipeline) {
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
