//! What the flags choose: one capture, an encoder for each codec, and the texts that come of them.

use std::path::{Path, PathBuf};

use super::codec::Codec;
use super::description::{Description, Kind};
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
            Some(pipeline) => Self::Whole(whole(pipeline)?),
            None => {
                let library = Library::load(options.directory.as_deref())?;
                Self::Shared {
                    capture: capture(&library, options)?,
                    encoders: encoders(&library, options)?,
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
    pub(super) fn encoder_for(&self, codecs: &[String]) -> Result<Option<&Encoder>, String> {
        let Self::Shared { encoders, .. } = self else {
            return Ok(None);
        };
        let wanted = |encoder: &&Encoder| {
            codecs.is_empty() || codecs.iter().any(|name| name.parse() == Ok(encoder.codec))
        };
        encoders.iter().find(wanted).map(Some).ok_or_else(|| {
            let ours: Vec<_> = encoders
                .iter()
                .map(|encoder| encoder.codec.encoding_name())
                .collect();
            format!(
                "This host encodes {}, which the viewer cannot decode",
                ours.join(" and ")
            )
        })
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
    pub(super) fn viewer_text(&self, encoder: Option<&Encoder>) -> String {
        match (self, encoder) {
            (Self::Shared { .. }, Some(encoder)) => format!("appsrc name={FRAMES} ! {}", to_webrtc(encoder)),
            (Self::Whole(description), _) => description.text.clone(),
            (Self::Shared { .. }, None) => unreachable!("a shared plan has an encoder for every viewer"),
        }
    }

    /// The whole way from the screen to webrtcbin in one text, as `gst-launch-1.0` takes it.
    pub fn launch_text(&self) -> String {
        match self {
            Self::Shared { capture, encoders } => format!("{} ! {}", capture.text, to_webrtc(&encoders[0])),
            Self::Whole(description) => description.text.clone(),
        }
    }

    /// For the log: what was chosen.
    pub fn summary(&self) -> String {
        match self {
            Self::Shared { capture, encoders } => {
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
            Self::Shared { capture, encoders } => {
                let text = self.capture_text().unwrap_or_default();
                check_targets(capture, &parse::parse(&capture.origin, &text)?)?;
                for encoder in encoders {
                    let origin = &encoder.description.origin;
                    let pipeline = parse::parse(origin, &self.viewer_text(Some(encoder)))?;
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

/// Checks one file as `pipelines check` does: header, elements, text, and the elements that the header names.
///
/// # Errors
/// For the first thing that is wrong.
pub fn check_file(path: &Path) -> Result<Description, DescriptionError> {
    let origin = path.display().to_string();
    let contents = std::fs::read_to_string(path)
        .map_err(|error| DescriptionError::new(&origin, format!("cannot be read: {error}")))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let description = Description::read(&origin, &name, &contents)?;
    parse::require(&origin, &description.needs)?;
    check_targets(&description, &parse::parse_part(&origin, &description.text)?)?;
    if description.kind == Kind::Encode {
        codec_of(&description)?;
    }
    Ok(description)
}

fn to_webrtc(encoder: &Encoder) -> String {
    format!(
        "{HANDOVER} ! {} ! {} ! {WEBRTCBIN}",
        encoder.description.text,
        encoder.codec.payloader()
    )
}

fn label(description: &Description) -> &str {
    if description.name.is_empty() {
        &description.origin
    } else {
        &description.name
    }
}

fn capture(library: &Library, options: &StreamOptions) -> Result<Description, DescriptionError> {
    let display = options.display.as_deref();
    let description = if options.capture == "auto" {
        // Rank 0 is for those that somebody has to ask for.
        let usable =
            |capture: &&Description| capture.rank > 0 && (capture.display.is_none() || display.is_some());
        first_complete(library.of_kind(Kind::Capture).filter(usable), "--capture auto")?
    } else {
        by_name(library, Kind::Capture, &options.capture, "--capture")?
    };
    let (fps_target, display_target) = (description.fps.clone(), description.display.clone());
    let description = description.with(fps_target.as_ref(), &options.fps.to_string());
    Ok(match display {
        Some(display) => description.with(display_target.as_ref(), display),
        None => description,
    })
}

fn encoders(library: &Library, options: &StreamOptions) -> Result<Vec<Encoder>, DescriptionError> {
    let all = || library.of_kind(Kind::Encode);
    let codec: Option<Codec> = options.encoder.parse().ok();
    let named = all().any(|description| description.name == options.encoder);
    let chosen: Vec<Description> = if options.encoder == "auto" {
        // One that is incomplete is passed over, as long as there is another.
        first_complete(all(), "--encoder auto")?;
        all()
            .filter(|description| parse::require("", &description.needs).is_ok())
            .cloned()
            .collect()
    } else if let (Some(codec), false) = (codec, named) {
        vec![first_complete(
            all().filter(|description| description.codec == Some(codec)),
            "--encoder",
        )?]
    } else {
        vec![by_name(library, Kind::Encode, &options.encoder, "--encoder")?]
    };
    let mut encoders: Vec<Encoder> = Vec::new();
    for description in chosen {
        let codec = codec_of(&description)?;
        if encoders.iter().all(|encoder| encoder.codec != codec) {
            let target = description.bitrate.clone();
            let description = description.with(target.as_ref(), &options.bitrate_kbps.to_string());
            encoders.push(Encoder { codec, description });
        }
    }
    Ok(encoders)
}

/// The first that has all its elements, or the error about the first that has not.
fn first_complete<'a>(
    descriptions: impl Iterator<Item = &'a Description>,
    origin: &str,
) -> Result<Description, DescriptionError> {
    let mut error = DescriptionError::new(origin, "there is none to choose from");
    for (index, description) in descriptions.enumerate() {
        match parse::require(&description.origin, &description.needs) {
            Ok(()) => return Ok(description.clone()),
            Err(missing) if index == 0 => error = missing,
            Err(_) => {}
        }
    }
    Err(error)
}

/// A file by its name, or gst-launch text.
fn by_name(library: &Library, kind: Kind, value: &str, flag: &str) -> Result<Description, DescriptionError> {
    if let Some(description) = library
        .of_kind(kind)
        .find(|description| description.name == value)
    {
        parse::require(&description.origin, &description.needs)?;
        return Ok(description.clone());
    }
    let is_one_word = !value.contains([' ', '!', '=']);
    if is_one_word && gst::ElementFactory::find(value).is_none() {
        let known: Vec<_> = library
            .of_kind(kind)
            .map(|description| description.name.as_str())
            .collect();
        return Err(
            DescriptionError::new(flag, format!("{value:?} is neither a known name nor an element"))
                .with_remedy(format!(
                    "Known names: auto, {}. Or give gst-launch text.",
                    known.join(", ")
                )),
        );
    }
    let text = match kind {
        Kind::Capture => value.to_owned(),
        Kind::Encode => format!("videoconvert ! {value}"),
    };
    Ok(Description::from_text(flag, kind, text))
}

fn whole(pipeline: &str) -> Result<Description, DescriptionError> {
    let path = Path::new(pipeline);
    if !path.is_file() {
        if !pipeline.contains([' ', '!']) {
            return Err(DescriptionError::new(
                "--pipeline",
                format!("{pipeline:?} is neither a file nor a description"),
            ));
        }
        return Ok(Description::from_text(
            "--pipeline",
            Kind::Encode,
            pipeline.to_owned(),
        ));
    }
    let contents = std::fs::read_to_string(path)
        .map_err(|error| DescriptionError::new(pipeline, format!("cannot be read: {error}")))?;
    let text: Vec<_> = contents
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .collect();
    Ok(Description::from_text(
        pipeline,
        Kind::Encode,
        text.join(" ").trim().to_owned(),
    ))
}

/// What an encoder makes: what its header says, else what can come out of it.
fn codec_of(description: &Description) -> Result<Codec, DescriptionError> {
    if let Some(codec) = description.codec {
        return Ok(codec);
    }
    parse::parse_part(&description.origin, &description.text)?;
    let bin = gst::parse::bin_from_description(&format!("{} ! identity", description.text), true)
        .map_err(|error| DescriptionError::new(&description.origin, error.message()))?;
    let caps = gst::prelude::ElementExt::static_pad(&bin, "src")
        .map(|pad| gst::prelude::PadExt::query_caps(&pad, None));
    let makes = |codec: &Codec| {
        caps.as_ref()
            .is_some_and(|caps| !caps.is_any() && caps.iter().all(|caps| caps.name() == codec.caps_name()))
    };
    Codec::ALL.into_iter().find(makes).ok_or_else(|| {
        let known: Vec<_> = Codec::ALL.iter().map(|codec| codec.caps_name()).collect();
        DescriptionError::new(&description.origin, "it is not clear which codec comes out of it").with_remedy(
            format!("Let it end in an encoder, or in caps: … ! {}", known.join(" or ")),
        )
    })
}

fn check_targets(description: &Description, pipeline: &gst::Pipeline) -> Result<(), DescriptionError> {
    for target in description.targets() {
        let element = parse::named(pipeline, &description.origin, &target.element, None)?;
        if gst::prelude::ObjectExt::find_property(&element, &target.property).is_none() {
            let message = format!(
                "the element called {:?} has no property {:?}",
                target.element, target.property
            );
            return Err(DescriptionError::new(&description.origin, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> StreamOptions {
        gst::init().unwrap();
        StreamOptions {
            capture: "test".to_owned(),
            encoder: "auto".to_owned(),
            pipeline: None,
            directory: None,
            display: None,
            fps: 30,
            bitrate_kbps: 1234,
        }
    }

    fn error(options: &StreamOptions) -> String {
        Plan::new(options).unwrap_err().to_string()
    }

    #[test]
    fn auto_offers_each_codec_once_and_prefers_the_highest_rank() {
        let plan = Plan::new(&options()).unwrap();
        let Plan::Shared { encoders, .. } = &plan else {
            panic!()
        };
        assert_eq!(
            encoders.iter().map(|encoder| encoder.codec).collect::<Vec<_>>(),
            [Codec::H264, Codec::Vp8]
        );
        let choose = |codecs: &[&str]| {
            let codecs: Vec<_> = codecs.iter().map(|&name| name.to_owned()).collect();
            plan.encoder_for(&codecs).map(|encoder| encoder.unwrap().codec)
        };
        assert_eq!(choose(&[]), Ok(Codec::H264));
        assert_eq!(choose(&["AV1", "vp8", "h264"]), Ok(Codec::H264));
        assert_eq!(choose(&["VP8"]), Ok(Codec::Vp8));
        assert!(choose(&["AV1"]).unwrap_err().contains("H264 and VP8"));
    }

    #[test]
    fn the_flags_are_in_the_text_that_runs() {
        let text = Plan::new(&options()).unwrap().launch_text();
        assert!(text.contains("caps=video/x-raw,framerate=30/1 "), "{text}");
        assert!(text.contains(" bitrate=1234 "), "{text}");
        let vp8 = StreamOptions {
            encoder: "vp8".to_owned(),
            ..options()
        };
        let text = Plan::new(&vp8).unwrap().launch_text();
        assert!(
            text.contains(" target-bitrate=1234000 ") && text.contains("rtpvp8pay"),
            "{text}"
        );
        let x11 = StreamOptions {
            capture: "x11".to_owned(),
            display: Some(":7".to_owned()),
            ..options()
        };
        assert!(Plan::new(&x11).unwrap().launch_text().contains("display-name=:7"));
    }

    #[test]
    fn text_is_taken_as_it_is_and_its_codec_is_found() {
        let text = StreamOptions {
            capture: "videotestsrc is-live=true pattern=snow".to_owned(),
            encoder: "vp8enc deadline=1 target-bitrate=42".to_owned(),
            ..options()
        };
        let Plan::Shared { encoders, .. } = Plan::new(&text).unwrap() else {
            panic!()
        };
        assert_eq!(encoders[0].codec, Codec::Vp8);
        assert!(
            encoders[0]
                .description
                .text
                .ends_with("vp8enc deadline=1 target-bitrate=42")
        );
        let unclear = StreamOptions {
            encoder: "identity".to_owned(),
            ..options()
        };
        assert!(error(&unclear).contains("which codec"), "{}", error(&unclear));
    }

    #[test]
    fn a_codec_chooses_its_best_encoder() {
        let h264 = StreamOptions {
            encoder: "H264".to_owned(),
            ..options()
        };
        let Plan::Shared { encoders, .. } = Plan::new(&h264).unwrap() else {
            panic!()
        };
        assert_eq!(
            (encoders.len(), encoders[0].description.name.as_str()),
            (1, "x264")
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_that_are_known() {
        let message = error(&StreamOptions {
            encoder: "x265".to_owned(),
            ..options()
        });
        assert!(
            message.contains("\"x265\"") && message.contains("auto, x264, vp8"),
            "{message}"
        );
    }

    #[test]
    fn a_whole_pipeline_needs_its_webrtcbin() {
        let whole = |text: &str| StreamOptions {
            pipeline: Some(text.to_owned()),
            ..options()
        };
        let good = "videotestsrc ! vp8enc ! rtpvp8pay ! application/x-rtp,payload=96 ! webrtcbin name=webrtc";
        assert_eq!(Plan::new(&whole(good)).unwrap().launch_text(), good);
        assert!(error(&whole("videotestsrc ! fakesink")).contains("webrtcbin name=webrtc"));
        assert!(error(&whole("/no/such/file")).contains("neither a file nor"));
    }

    #[test]
    fn a_file_whose_header_names_what_it_lacks_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let check = |contents: &str| {
            let path = directory.path().join("f.launch");
            std::fs::write(&path, contents).unwrap();
            check_file(&path).map_err(|error| error.to_string())
        };
        gst::init().unwrap();
        assert!(check("# kind: capture\nvideotestsrc").is_ok());
        for (contents, part) in [
            (
                "# kind: encode\n# bitrate: enc.bitrate kbit/s\nvp8enc name=other",
                "called \"enc\"",
            ),
            (
                "# kind: encode\n# bitrate: enc.bitrate kbit/s\nvp8enc name=enc",
                "no property \"bitrate\"",
            ),
            ("# kind: encode\n# needs: nosuchenc\nvp8enc", "\"nosuchenc\""),
            ("# kind: encode\nvp8en", "no element \"vp8en\""),
            ("# kind: nothing\nvp8enc", ".launch:1: kind is"),
        ] {
            let message = check(contents).unwrap_err();
            assert!(message.contains(part), "{contents}: {message}");
        }
    }

    #[test]
    fn every_shipped_file_that_can_work_here_is_right() {
        gst::init().unwrap();
        let library = Library::load(None).unwrap();
        let mut checked = 0;
        for description in library.all() {
            if parse::require("", &description.needs).is_ok() {
                check_targets(
                    description,
                    &parse::parse_part(&description.origin, &description.text).unwrap(),
                )
                .unwrap();
                checked += 1;
            }
        }
        assert_eq!(
            checked,
            library.all().len(),
            "a shipped file lacks its elements here"
        );
    }
}
