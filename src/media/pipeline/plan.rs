//! What the flags choose: one capture, an encoder for each codec, and the texts that come of them.

use super::codec::Codec;
use super::description::Description;
use super::encoder_spec::EncoderSpec;
use super::library::Library;
use super::parse::{self, DescriptionError};
use super::select;
use super::stream_options::StreamOptions;
use super::validate::check_targets;

/// The element that takes frames out of the shared capture, and those that bring them to an encoder and encoded to a
/// viewer.
pub(crate) const FRAMES: &str = "frames";
/// The element that takes encoded frames out of an encoder.
pub(crate) const ENCODED: &str = "encoded";
/// The caps of a smaller picture.
pub(crate) const SIZE: &str = "size";
/// The webrtcbin of a viewer's pipeline.
pub(crate) const WEBRTC: &str = "webrtc";

const WEBRTCBIN: &str = "webrtcbin name=webrtc bundle-policy=max-bundle";
/// The payload type of the sound, where the host chooses it.
const AUDIO_PAYLOAD_TYPE: u8 = 97;
/// The element that brings encoded sound to a viewer.
pub(crate) const SOUND: &str = "sound";
/// The payloader of the sound, and the caps behind it.
pub(crate) const AUDIO_PAY: &str = "audiopay";
pub(crate) const AUDIO_RTP: &str = "audiortp";

/// What a viewer's pipeline needs whatever the descriptions say.
const NEEDS: &[&str] = &[
    "appsrc",
    "appsink",
    "videoconvert",
    "videoscale",
    "h264parse",
    "rtphdrexttwcc",
    "webrtcbin",
    "nicesrc",
    "dtlssrtpenc",
    "srtpenc",
    "sctpenc",
    "rtpbin",
];

/// How the streams of this host are made. Every text in it has been parsed once.
#[derive(Debug, Clone)]
pub enum Plan {
    /// One capture for all viewers, encoders that they share, and a webrtcbin for each.
    Shared {
        /// The chosen capture.
        capture: Description,
        /// All that may be tried, the preferred first. Never empty.
        encoders: Vec<EncoderSpec>,
        /// What a viewer that asks for sound hears.
        audio: Box<Description>,
        /// The rate at first, and the highest.
        bitrate_kbps: u32,
        /// What an encoder has to keep up with.
        fps: u32,
        /// Viewers share no encoder.
        private_encoders: bool,
    },
    /// A whole description for each viewer.
    Whole(Description),
}

/// A viewer decodes none of the codecs of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoCommonCodec {
    /// The codecs of the plan by their names in SDP, the preferred first.
    pub offered: Vec<&'static str>,
}

impl std::fmt::Display for NoCommonCodec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let offered = self.offered.join(" and ");
        write!(f, "This host encodes {offered}, which the viewer cannot decode")
    }
}

impl Plan {
    /// Chooses, and checks that everything chosen can be built here.
    ///
    /// # Errors
    /// If a description is unknown, wrong, or needs what is not installed.
    pub fn new(options: &StreamOptions) -> Result<Self, DescriptionError> {
        parse::require("deskbeam", NEEDS)?;
        let plan = match &options.pipeline {
            Some(pipeline) => Self::Whole(select::whole(pipeline)?),
            None => {
                let library = Library::load(options.directory.as_deref())?;
                Self::Shared {
                    capture: select::capture(&library, options)?,
                    encoders: select::encoders(&library, options)?,
                    audio: Box::new(select::audio(&library)?),
                    bitrate_kbps: options.bitrate_kbps,
                    fps: options.fps,
                    private_encoders: options.per_viewer_encoder,
                }
            }
        };
        plan.check()?;
        Ok(plan)
    }

    /// The codec of the preferred encoder among those whose codec is in `codecs` (by the names in SDP; empty: any).
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn codec_for(&self, codecs: &[impl AsRef<str>]) -> Result<Option<Codec>, NoCommonCodec> {
        if let Self::Whole(_) = self {
            return Ok(None);
        }
        let wanted = |codec: &Codec| {
            codecs.is_empty() || codecs.iter().any(|name| name.as_ref().parse() == Ok(*codec))
        };
        self.codecs()
            .find(wanted)
            .map(Some)
            .ok_or_else(|| self.nothing_in_common())
    }

    /// The codecs, the preferred first.
    pub(crate) fn codecs(&self) -> impl Iterator<Item = Codec> {
        let encoders = self.encoders();
        let is_first = |(at, encoder): &(usize, &EncoderSpec)| {
            encoders[..*at].iter().all(|before| before.codec != encoder.codec)
        };
        encoders
            .iter()
            .enumerate()
            .filter(is_first)
            .map(|(_, encoder)| encoder.codec)
    }

    /// The encoders of a codec, the preferred first.
    pub(crate) fn encoders_of(&self, codec: Codec) -> impl Iterator<Item = &EncoderSpec> {
        self.encoders()
            .iter()
            .filter(move |encoder| encoder.codec == codec)
    }

    /// The highest rate of the picture, in kbit/s.
    pub(crate) fn bitrate_kbps(&self) -> u32 {
        match self {
            Self::Shared { bitrate_kbps, .. } => *bitrate_kbps,
            Self::Whole(_) => 0,
        }
    }

    /// Frames per second at first.
    pub(crate) fn fps(&self) -> u32 {
        match self {
            Self::Shared { fps, .. } => *fps,
            Self::Whole(_) => 0,
        }
    }

    /// Whether the capture can show a part of the screen alone.
    pub fn shows_regions(&self) -> bool {
        matches!(self, Self::Shared { capture, .. } if capture.region.is_some())
    }

    /// Whether viewers share no encoder.
    pub(crate) fn has_private_encoders(&self) -> bool {
        matches!(
            self,
            Self::Shared {
                private_encoders: true,
                ..
            }
        )
    }

    fn encoders(&self) -> &[EncoderSpec] {
        match self {
            Self::Shared { encoders, .. } => encoders,
            Self::Whole(_) => &[],
        }
    }

    /// The error for a viewer that can decode none of the codecs.
    pub(crate) fn nothing_in_common(&self) -> NoCommonCodec {
        NoCommonCodec {
            offered: self.codecs().map(Codec::encoding_name).collect(),
        }
    }

    /// The text of the capture that all viewers share, with its appsink; none if each viewer has a whole pipeline.
    pub(crate) fn capture_text(&self) -> Option<String> {
        match self {
            Self::Shared {
                capture, encoders, ..
            } => Some(format!(
                "{} ! appsink name={FRAMES} max-buffers=1 drop=true",
                captured_for(capture, encoders)
            )),
            Self::Whole(_) => None,
        }
    }

    /// The text of the sound that all listeners share, with its appsink; none if each viewer has a whole pipeline.
    pub(crate) fn sound_text(&self) -> Option<String> {
        match self {
            Self::Shared { audio, .. } => Some(format!("{} ! appsink name={ENCODED}", audio.text)),
            Self::Whole(_) => None,
        }
    }

    /// The text of one viewer's pipeline, from encoded frames to webrtcbin.
    ///
    /// Without a codec it has no video, unless the plan is a whole description.
    pub(crate) fn viewer_text(&self, codec: Option<Codec>, with_audio: bool) -> String {
        if let Self::Whole(_) = self {
            return self.launch_text();
        }
        let video = codec.map(|codec| format!(" appsrc name={FRAMES} ! {} ! webrtc.", codec.payloader()));
        let audio = with_audio.then(|| format!(" appsrc name={SOUND} ! {} ! webrtc.", audio_payloader()));
        [Some(WEBRTCBIN.to_owned()), video, audio]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The whole way from the screen to webrtcbin in one text, as `gst-launch-1.0` writes it.
    pub fn launch_text(&self) -> String {
        match self {
            Self::Shared {
                capture, encoders, ..
            } => {
                let encoder = &encoders[0];
                let (encode, codec) = (&encoder.description.text, encoder.codec);
                format!(
                    "{} ! {encode} ! {} ! {WEBRTCBIN}",
                    captured_for(capture, encoders),
                    codec.payloader()
                )
            }
            Self::Whole(description) => description.text.clone(),
        }
    }

    /// The name of the preferred encoder, which a viewer gets that does not say what it can decode.
    pub fn encoder_name(&self) -> &str {
        match self {
            Self::Shared { encoders, .. } => encoders[0].description.label(),
            Self::Whole(description) => description.label(),
        }
    }

    /// For the log: what was chosen.
    pub fn summary(&self) -> String {
        match self {
            Self::Shared {
                capture, encoders, ..
            } => {
                let encoders: Vec<_> = encoders
                    .iter()
                    .map(|encoder| encoder.description.label())
                    .collect();
                format!("capture {}, encoder {}", capture.label(), encoders.join(" or "))
            }
            Self::Whole(description) => format!("pipeline {}", description.origin),
        }
    }

    /// Parses every text, in state NULL, and looks for the elements that have to be there.
    fn check(&self) -> Result<(), DescriptionError> {
        match self {
            Self::Shared {
                capture,
                encoders,
                audio,
                ..
            } => {
                let text = self.capture_text().unwrap_or_default();
                check_targets(capture, &parse::parse(&capture.origin, &text)?)?;
                for encoder in encoders {
                    let origin = &encoder.description.origin;
                    let pipeline = parse::parse(origin, &encoding_text(encoder, false))?;
                    check_targets(&encoder.description, &pipeline)?;
                }
                parse::parse(&audio.origin, &self.sound_text().unwrap_or_default())?;
                for codec in self.codecs() {
                    parse::parse("deskbeam", &self.viewer_text(Some(codec), true))?;
                }
                Ok(())
            }
            Self::Whole(description) => {
                let pipeline = parse::parse(&description.origin, &description.text)?;
                parse::named(&pipeline, &description.origin, WEBRTC, Some("webrtcbin")).map(drop)
            }
        }
    }
}

/// The text of the capture, with the caps that the preferred encoder wants of it.
fn captured_for(capture: &Description, encoders: &[EncoderSpec]) -> String {
    match encoders
        .first()
        .and_then(|encoder| encoder.description.input.as_ref())
    {
        Some(input) => format!("{} ! {input}", capture.text),
        None => capture.text.clone(),
    }
}

/// The text of one encoder that viewers share, from frames to encoded frames, at the size of the screen or half of it.
pub(crate) fn encoding_text(encoder: &EncoderSpec, half_size: bool) -> String {
    let scale = if half_size {
        format!("videoscale ! capsfilter name={SIZE} ! ")
    } else {
        String::new()
    };
    let (encode, finish) = (&encoder.description.text, encoder.codec.finish());
    format!("appsrc name={FRAMES} ! {scale}{encode} ! {finish} ! appsink name={ENCODED}")
}

fn audio_payloader() -> String {
    format!(
        "rtpopuspay name={AUDIO_PAY} ! capsfilter name={AUDIO_RTP} caps={}",
        audio_rtp_caps(AUDIO_PAYLOAD_TYPE)
    )
}

/// The caps of the sound in RTP (RFC 7587).
pub(crate) fn audio_rtp_caps(payload_type: u8) -> String {
    format!("application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload={payload_type}")
}

#[cfg(test)]
mod tests;
