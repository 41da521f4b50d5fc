//! The plan of a host's streams: one capture, the sound, the encoders to try, and the pipeline texts built from them.

use std::path::{Path, PathBuf};

use super::codec::Codec;
use super::description::Description;
use super::encoder_spec::EncoderSpec;
use super::library::Library;
use super::parse::{self, DescriptionError};
use super::select;
use super::stream_options::StreamOptions;
use super::validate::{check_live, check_targets};

/// The appsink behind the shared capture, and the appsrc before an encoder and of a viewer's video.
pub(crate) const FRAMES: &str = "frames";
/// The appsink behind an encoder.
pub(crate) const ENCODED: &str = "encoded";
/// The capsfilter that sets the size of the half-size rendition.
pub(crate) const SIZE: &str = "size";
/// The webrtcbin of a peer's pipeline.
pub(crate) const WEBRTC: &str = "webrtc";

const WEBRTCBIN: &str = "webrtcbin name=webrtc bundle-policy=max-bundle";
/// Payload type of the sound, where the host chooses it.
const AUDIO_PAYLOAD_TYPE: u8 = 97;
/// The appsrc of a viewer's sound.
pub(crate) const SOUND: &str = "sound";
/// The payloader of the sound.
pub(crate) const AUDIO_PAY: &str = "audiopay";
pub(crate) const AUDIO_RTP: &str = "audiortp";

/// Elements that every peer's pipeline needs.
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

/// The plan of a host's streams. Every text in it has been parsed once.
#[derive(Debug, Clone)]
pub enum Plan {
    /// One capture for all viewers, shared encoders, and a webrtcbin for each peer.
    Shared {
        /// The chosen capture.
        capture: Description,
        /// The encoders to try, the preferred one first. Never empty.
        encoders: Vec<EncoderSpec>,
        /// The sound for viewers that request it.
        audio: Box<Description>,
        /// The initial and highest video bitrate, in kbit/s.
        bitrate_kbps: u32,
        /// The frame rate that an encoder must keep up with.
        fps: u32,
        /// True if viewers do not share encoders.
        private_encoders: bool,
        /// The deskbeam program, which tries encoders in a process of their own.
        trial_program: Option<PathBuf>,
    },
    /// A whole description for each peer.
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
    /// Chooses the descriptions, and checks that they can be built on this host.
    ///
    /// # Errors
    /// If a description is unknown or invalid, or needs an element that is not installed.
    pub fn new(options: &StreamOptions) -> Result<Self, DescriptionError> {
        Self::with_capture(options, select::capture)
    }

    /// Chooses the descriptions as [`Plan::new`] does, and a capture that works on the display: with `--capture auto` the
    /// next one if the first does not, with a warning. Connects to the display.
    ///
    /// # Errors
    /// As [`Plan::new`], and if no capture works on the display.
    pub fn for_display(options: &StreamOptions) -> Result<Self, DescriptionError> {
        Self::with_capture(options, select::capture_that_starts)
    }

    fn with_capture(
        options: &StreamOptions,
        capture: fn(&Library, &StreamOptions) -> Result<Description, DescriptionError>,
    ) -> Result<Self, DescriptionError> {
        parse::require("deskbeam", NEEDS)?;
        let plan = match &options.pipeline {
            Some(pipeline) => Self::Whole(select::whole(pipeline)?),
            None => {
                let library = Library::load(options.directory.as_deref())?;
                Self::Shared {
                    capture: capture(&library, options)?,
                    encoders: select::encoders(&library, options)?,
                    audio: Box::new(select::audio(&library)?),
                    bitrate_kbps: options.bitrate_kbps,
                    fps: options.fps,
                    private_encoders: options.per_viewer_encoder,
                    trial_program: options.trial_program.clone(),
                }
            }
        };
        plan.check()?;
        Ok(plan)
    }

    /// Returns the codec of the preferred encoder among those whose codec is in `codecs` (names in SDP; empty: any).
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

    /// Returns the codecs, the preferred one first.
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

    /// Returns the encoders of a codec, the preferred one first.
    pub(crate) fn encoders_of(&self, codec: Codec) -> impl Iterator<Item = &EncoderSpec> {
        self.encoders()
            .iter()
            .filter(move |encoder| encoder.codec == codec)
    }

    /// Returns the highest video bitrate, in kbit/s.
    pub(crate) fn bitrate_kbps(&self) -> u32 {
        match self {
            Self::Shared { bitrate_kbps, .. } => *bitrate_kbps,
            Self::Whole(_) => 0,
        }
    }

    /// Returns the initial frame rate.
    pub(crate) fn fps(&self) -> u32 {
        match self {
            Self::Shared { fps, .. } => *fps,
            Self::Whole(_) => 0,
        }
    }

    /// Returns true if the capture can be restricted to a region of the screen.
    pub fn shows_regions(&self) -> bool {
        matches!(self, Self::Shared { capture, .. } if capture.region.is_some())
    }

    /// Returns true if viewers do not share encoders.
    pub(crate) fn has_private_encoders(&self) -> bool {
        matches!(
            self,
            Self::Shared {
                private_encoders: true,
                ..
            }
        )
    }

    /// Returns the deskbeam program, which tries encoders in a process of their own; `None`: they are tried in this one.
    pub(crate) fn trial_program(&self) -> Option<&Path> {
        match self {
            Self::Shared { trial_program, .. } => trial_program.as_deref(),
            Self::Whole(_) => None,
        }
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

    /// Returns the text of the shared capture, with its appsink; `None` if each peer has a whole pipeline.
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

    /// Returns the text of the shared sound, with its appsink; `None` if each peer has a whole pipeline.
    pub(crate) fn sound_text(&self) -> Option<String> {
        match self {
            Self::Shared { audio, .. } => Some(format!(
                "{} ! capsfilter caps=audio/x-opus ! appsink name={ENCODED}",
                audio.text
            )),
            Self::Whole(_) => None,
        }
    }

    /// Returns the text of one peer's pipeline, from encoded frames to webrtcbin.
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

    /// Returns the text of the whole pipeline from the screen to webrtcbin, in the syntax of `gst-launch-1.0`.
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

    /// Returns the name of the preferred encoder, used for a viewer that does not name the codecs that it can decode.
    pub fn encoder_name(&self) -> &str {
        match self {
            Self::Shared { encoders, .. } => encoders[0].description.label(),
            Self::Whole(description) => description.label(),
        }
    }

    /// Returns a summary of the choice, for the log.
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

    /// Parses every text, in state NULL, and checks for the required elements.
    fn check(&self) -> Result<(), DescriptionError> {
        match self {
            Self::Shared {
                capture,
                encoders,
                audio,
                ..
            } => {
                let text = self.capture_text().unwrap_or_default();
                let pipeline = parse::parse(&capture.origin, &text)?;
                check_targets(capture, &pipeline)?;
                check_live(capture, &pipeline)?;
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
                parse::named(&pipeline, &description.origin, WEBRTC, Some("webrtcbin"))?;
                check_live(description, &pipeline)
            }
        }
    }
}

/// Returns the text of the capture, with the caps that the preferred encoder requires.
fn captured_for(capture: &Description, encoders: &[EncoderSpec]) -> String {
    match encoders
        .first()
        .and_then(|encoder| encoder.description.input.as_ref())
    {
        Some(input) => format!("{} ! {input}", capture.text),
        None => capture.text.clone(),
    }
}

/// Returns the text of one shared encoder, from raw to encoded frames, at full or half size.
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

/// Returns the RTP caps of the sound (RFC 7587).
pub(crate) fn audio_rtp_caps(payload_type: u8) -> String {
    format!("application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload={payload_type}")
}

#[cfg(test)]
mod tests;
