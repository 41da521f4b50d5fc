//! Resolves the flags: names, codecs, files and gst-launch text become descriptions.

use std::path::Path;

use super::codec::Codec;
use super::description::{Description, Kind};
use super::encoder_spec::EncoderSpec;
use super::library::Library;
use super::parse::{self, DescriptionError};
use super::stream_options::StreamOptions;
use super::validate::codec_of;

/// Returns the capture that `--capture` names, with its settings written into its text.
///
/// # Errors
/// If it is unknown or lacks an element.
pub(crate) fn capture(library: &Library, options: &StreamOptions) -> Result<Description, DescriptionError> {
    let display = options.display.as_deref();
    let description = if options.capture == "auto" {
        // Descriptions of rank 0 are used only by name.
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

/// Returns the encoders that `--encoder` names, the preferred one first.
///
/// # Errors
/// If none is known, or all lack an element.
pub(crate) fn encoders(
    library: &Library,
    options: &StreamOptions,
) -> Result<Vec<EncoderSpec>, DescriptionError> {
    let all = || library.of_kind(Kind::Encode);
    let codec: Option<Codec> = options.encoder.parse().ok();
    let named = all().any(|description| description.name == options.encoder);
    let chosen: Vec<Description> = if options.encoder == "auto" {
        // An incomplete one is skipped, as long as there is another.
        first_complete(all(), "--encoder auto")?;
        all().filter(is_complete).cloned().collect()
    } else if let (Some(codec), false) = (codec, named) {
        let of_codec = || all().filter(|description| description.codec == Some(codec));
        first_complete(of_codec(), "--encoder")?;
        of_codec().filter(is_complete).cloned().collect()
    } else {
        vec![by_name(library, Kind::Encode, &options.encoder, "--encoder")?]
    };
    let encoder = |description: Description| {
        let target = description.bitrate.clone();
        Ok(EncoderSpec {
            codec: codec_of(&description)?,
            description: description.with(target.as_ref(), &options.bitrate_kbps.to_string()),
        })
    };
    chosen.into_iter().map(encoder).collect()
}

/// Returns true if all its elements are installed and its rank is not 0: that is for use by name only.
fn is_complete(description: &&Description) -> bool {
    description.rank > 0 && parse::require("", &description.needs).is_ok()
}

/// Returns the sound for viewers that request it.
///
/// # Errors
/// If every description of sound lacks an element.
pub(crate) fn audio(library: &Library) -> Result<Description, DescriptionError> {
    first_complete(library.of_kind(Kind::Audio), "sound")
}

/// Returns the first description whose elements are all installed, or the error about the first one.
fn first_complete<'a>(
    descriptions: impl Iterator<Item = &'a Description>,
    origin: &str,
) -> Result<Description, DescriptionError> {
    let mut error = DescriptionError::new(origin, "no description to choose from");
    for (index, description) in descriptions.enumerate() {
        match parse::require(&description.origin, &description.needs) {
            Ok(()) => return Ok(description.clone()),
            Err(missing) if index == 0 => error = missing,
            Err(_) => {}
        }
    }
    Err(error)
}

/// Returns the description with the name `value`, or takes `value` as gst-launch text.
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
        Kind::Capture | Kind::Audio => value.to_owned(),
        Kind::Encode => format!("videoconvert ! {value}"),
    };
    Ok(Description::from_text(flag, kind, text))
}

/// Returns the description that `--pipeline` gives, as a file or as text.
///
/// # Errors
/// If it is neither a file nor text, or the file cannot be read.
pub(crate) fn whole(pipeline: &str) -> Result<Description, DescriptionError> {
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
