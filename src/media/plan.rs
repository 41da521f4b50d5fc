//! What the flags choose: one capture, an encoder for each codec, and the texts that come of them.

use std::path::PathBuf;

use super::check::check_targets;
use super::choose;
use super::codec::Codec;
use super::description::Description;
use super::library::Library;
use super::parse::{self, DescriptionError};

/// The element that takes frames out of the shared capture, and the one that brings them to a viewer.
pub(super) const FRAMES: &str = "frames";
/// The webrtcbin of a viewer's pipeline.
pub(super) const WEBRTC: &str = "webrtc";

/// Between capture and encoder: the newest frame, and no other. A viewer that is slow sees fewer frames, not
/// older ones.
const HANDOVER: &str =
    "queue name=handover leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0";
const WEBRTCBIN: &str = "webrtcbin name=webrtc bundle-policy=max-bundle";
/// The payload type of the sound, where the host chooses it.
const AUDIO_PAYLOAD_TYPE: u8 = 97;
/// The payloader of the sound, and the caps behind it.
pub(super) const AUDIO_PAY: &str = "audiopay";
pub(super) const AUDIO_RTP: &str = "audiortp";

/// What a viewer's pipeline needs whatever the descriptions say.
const NEEDS: &[&str] = &[
    "appsrc",
    "appsink",
    "queue",
    "videoconvert",
    "webrtcbin",
    "nicesrc",
    "dtlssrtpenc",
    "srtpenc",
    "sctpenc",
    "rtpbin",
];

/// What the command line says about the stream.
#[derive(Debug, Clone)]
pub struct StreamOptions {
    /// `--capture`: `auto`, a name, or gst-launch text.
    pub capture: String,
    /// `--encoder`: `auto`, a name, a codec, or gst-launch text.
    pub encoder: String,
    /// `--pipeline`: a file or gst-launch text that replaces capture and encoder.
    pub pipeline: Option<String>,
    /// `--pipelines`: a directory with descriptions that override and add.
    pub directory: Option<PathBuf>,
    /// The X display to capture, `:0`.
    pub display: Option<String>,
    /// Frames per second, 1 to 240.
    pub fps: u32,
    /// The video bitrate, in kbit/s.
    pub bitrate_kbps: u32,
}

/// How the streams of this host are made. Every text in it has been parsed once.
#[derive(Debug, Clone)]
pub enum Plan {
    /// One capture for all viewers; an encoder and a webrtcbin for each.
    Shared {
        /// The chosen capture.
        capture: Description,
        /// One for each codec, the preferred first. Never empty.
        encoders: Vec<Encoder>,
        /// What a viewer that asks for sound hears.
        audio: Box<Description>,
    },
    /// A whole description for each viewer.
    Whole(Description),
}

/// An encoder, and what it makes.
#[derive(Debug, Clone)]
pub struct Encoder {
    /// The codec.
    pub codec: Codec,
    /// The chosen description.
    pub description: Description,
}

impl Plan {
    /// Chooses, and checks that everything chosen can be built here.
    ///
    /// # Errors
    /// If a description is unknown, wrong, or needs what is not installed.
    pub fn new(options: &StreamOptions) -> Result<Self, DescriptionError> {
        parse::require("deskbeam", NEEDS)?;
        let plan = match &options.pipeline {
            Some(pipeline) => Self::Whole(choose::whole(pipeline)?),
            None => {
                let library = Library::load(options.directory.as_deref())?;
                Self::Shared {
                    capture: choose::capture(&library, options)?,
                    encoders: choose::encoders(&library, options)?,
                    audio: Box::new(choose::audio(&library)?),
                }
            }
        };
        plan.check()?;
        Ok(plan)
    }

    /// The preferred encoder among those whose codec is in `codecs` (by the names in SDP; empty: any).
    ///
    /// # Errors
    /// A sentence for the viewer, if there is none.
    pub(super) fn encoder_for(&self, codecs: &[impl AsRef<str>]) -> Result<Option<&Encoder>, String> {
        let Self::Shared { encoders, .. } = self else {
            return Ok(None);
        };
        let wanted = |encoder: &&Encoder| {
            codecs.is_empty()
                || codecs
                    .iter()
                    .any(|name| name.as_ref().parse() == Ok(encoder.codec))
        };
        encoders
            .iter()
            .find(wanted)
            .map(Some)
            .ok_or_else(|| self.nothing_in_common())
    }

    /// The sentence for a viewer that can decode nothing of ours.
    pub(super) fn nothing_in_common(&self) -> String {
        let ours: Vec<_> = match self {
            Self::Shared { encoders, .. } => encoders
                .iter()
                .map(|encoder| encoder.codec.encoding_name())
                .collect(),
            Self::Whole(_) => Vec::new(),
        };
        format!(
            "This host encodes {}, which the viewer cannot decode",
            ours.join(" and ")
        )
    }

    /// The text of the capture that all viewers share, with its appsink; none if each viewer has a whole pipeline.
    pub(super) fn capture_text(&self) -> Option<String> {
        match self {
            Self::Shared { capture, .. } => Some(format!(
                "{} ! appsink name={FRAMES} max-buffers=1 drop=true",
                capture.text
            )),
            Self::Whole(_) => None,
        }
    }

    /// The text of one viewer's pipeline.
    ///
    /// Without an encoder it has no video, unless the plan is a whole description.
    pub(super) fn viewer_text(&self, encoder: Option<&Encoder>, with_audio: bool) -> String {
        let Self::Shared { audio, .. } = self else {
            return self.launch_text();
        };
        let video = encoder.map(|encoder| format!(" appsrc name={FRAMES} ! {} ! webrtc.", encode(encoder)));
        let audio = with_audio.then(|| format!(" {} ! {} ! webrtc.", audio.text, audio_payloader()));
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
                format!("{} ! {} ! {WEBRTCBIN}", capture.text, encode(&encoders[0]))
            }
            Self::Whole(description) => description.text.clone(),
        }
    }

    /// The name of the preferred encoder, which a viewer gets that does not say what it can decode.
    pub fn encoder_name(&self) -> &str {
        match self {
            Self::Shared { encoders, .. } => label(&encoders[0].description),
            Self::Whole(description) => label(description),
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
                    .map(|encoder| label(&encoder.description))
                    .collect();
                format!("capture {}, encoder {}", label(capture), encoders.join(" or "))
            }
            Self::Whole(description) => format!("pipeline {}", description.origin),
        }
    }

    /// Parses every text, in state NULL, and looks for the elements that have to be there.
    fn check(&self) -> Result<(), DescriptionError> {
        match self {
            Self::Shared {
                capture, encoders, ..
            } => {
                let text = self.capture_text().unwrap_or_default();
                check_targets(capture, &parse::parse(&capture.origin, &text)?)?;
                for encoder in encoders {
                    let origin = &encoder.description.origin;
                    let pipeline = parse::parse(origin, &self.viewer_text(Some(encoder), true))?;
                    check_targets(&encoder.description, &pipeline)?;
                    parse::named(&pipeline, origin, WEBRTC, Some("webrtcbin"))?;
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

/// From frames to RTP.
fn encode(encoder: &Encoder) -> String {
    format!(
        "{HANDOVER} ! {} ! {}",
        encoder.description.text,
        encoder.codec.payloader()
    )
}

fn audio_payloader() -> String {
    format!(
        "rtpopuspay name={AUDIO_PAY} ! capsfilter name={AUDIO_RTP} caps={}",
        audio_rtp_caps(AUDIO_PAYLOAD_TYPE)
    )
}

/// The caps of the sound in RTP (RFC 7587).
pub(super) fn audio_rtp_caps(payload_type: u8) -> String {
    format!("application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload={payload_type}")
}

fn label(description: &Description) -> &str {
    if description.name.is_empty() {
        &description.origin
    } else {
        &description.name
    }
}

#[cfg(test)]
mod tests;
