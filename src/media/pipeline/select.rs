//! Resolves the flags: names, codecs, files and gst-launch text become descriptions.

use std::path::Path;

use gst::prelude::*;

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
    let description = if options.capture == "auto" {
        first_complete(usable_captures(library, options), "--capture auto")?
    } else {
        by_name(library, Kind::Capture, &options.capture, "--capture")?
    };
    Ok(with_settings(description, options))
}

/// Returns the captures that `--capture auto` may use, the preferred one first.
fn usable_captures<'a>(
    library: &'a Library,
    options: &StreamOptions,
) -> impl Iterator<Item = &'a Description> {
    // Descriptions of rank 0 are used only by name.
    let has_display = options.display.is_some();
    library
        .of_kind(Kind::Capture)
        .filter(move |capture| capture.rank > 0 && (capture.display.is_none() || has_display))
}

/// Returns the capture that `--capture` names, if it starts on its display, or with `auto` the first that does. A capture
/// of something else than a display is not started.
///
/// # Errors
/// As [`capture`], and if none starts.
pub(crate) fn capture_that_starts(
    library: &Library,
    options: &StreamOptions,
) -> Result<Description, DescriptionError> {
    let first = capture(library, options)?;
    let Some(reason) = obstacle(&first) else {
        return Ok(first);
    };
    let mut others = usable_captures(library, options)
        .filter(|other| options.capture == "auto" && other.name != first.name && is_installed(other))
        .map(|other| with_settings(other.clone(), options));
    match others.find(|other| obstacle(other).is_none()) {
        Some(other) => {
            tracing::warn!(
                capture = other.label(),
                "the capture {} does not work on this display, and another is used: {reason}",
                first.label()
            );
            Ok(other)
        }
        None => Err(DescriptionError::new(&first.origin, reason)
            .with_remedy("deskbeam --virtual starts a desktop that can be captured".to_owned())),
    }
}

/// Starts a capture of a display for a moment; returns the reason if that fails.
fn obstacle(capture: &Description) -> Option<String> {
    capture.display.as_ref()?;
    let pipeline = match parse::parse(&capture.origin, &format!("{} ! fakesink", capture.text)) {
        Ok(pipeline) => pipeline,
        Err(error) => return Some(error.to_string()),
    };
    let outcome = pipeline.set_state(gst::State::Paused);
    let message = pipeline
        .bus()
        .and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
    let _ = pipeline.set_state(gst::State::Null);
    let reason = message.and_then(|message| match message.view() {
        gst::MessageView::Error(error) => Some(error.error().to_string()),
        _ => None,
    });
    match outcome {
        Ok(_) => reason,
        Err(error) => Some(reason.unwrap_or_else(|| error.to_string())),
    }
}

/// Returns the description with the settings of the command line in its text.
fn with_settings(description: Description, options: &StreamOptions) -> Description {
    let display = options.display.as_deref();
    let (fps_target, display_target) = (description.fps.clone(), description.display.clone());
    let description = description.with(fps_target.as_ref(), &options.fps.to_string());
    match display {
        Some(display) => description.with(display_target.as_ref(), display),
        None => description,
    }
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
    description.rank > 0 && is_installed(description)
}

fn is_installed(description: &Description) -> bool {
    parse::require("", &description.needs).is_ok()
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
        // Browsers decode 4:2:0 only, and an encoder that takes more would be given more.
        Kind::Encode => {
            let value = without_converter(value);
            match plain_format(value) {
                Some(format) => format!("videoconvert ! video/x-raw,format={format} ! {value}"),
                None => format!("videoconvert ! {value}"),
            }
        }
    };
    Ok(Description::from_text(flag, kind, text))
}

/// Returns the text of an encoder without the converter with which it begins, if it does: there is one before it.
fn without_converter(text: &str) -> &str {
    let rest = text.trim_start().strip_prefix("videoconvert");
    let rest = rest.and_then(|rest| rest.trim_start().strip_prefix('!'));
    rest.map_or(text, str::trim_start)
}

/// Returns the 4:2:0 format for the encoder with which the text begins, if it does.
fn plain_format(text: &str) -> Option<&'static str> {
    let factory = gst::ElementFactory::find(text.split([' ', '!']).next()?)?;
    let is_encoder = factory.has_type(gst::ElementFactoryType::VIDEO_ENCODER);
    let takes = |format: &&str| {
        let caps = gst::Caps::builder("video/x-raw").field("format", *format).build();
        is_encoder && factory.can_sink_any_caps(&caps)
    };
    ["I420", "NV12"].into_iter().find(takes)
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
