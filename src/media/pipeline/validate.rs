//! Checks a description's text against its header.

use std::path::Path;

use gst::prelude::*;
use gst_base::prelude::*;

use super::codec::Codec;
use super::description::{Description, Kind};
use super::parse::{self, DescriptionError};

/// Checks one file as `pipelines check` does: header, elements, text, and the elements that the header names.
///
/// # Errors
/// The first mistake.
pub fn check_file(path: &Path) -> Result<Description, DescriptionError> {
    let origin = path.display().to_string();
    let contents = std::fs::read_to_string(path)
        .map_err(|error| DescriptionError::new(&origin, format!("cannot be read: {error}")))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let description = Description::read(&origin, &name, &contents)?;
    parse::require(&origin, &description.needs)?;
    check_targets(&description, &parse::parse_part(&origin, &description.text)?)?;
    if description.kind == Kind::Capture {
        check_live(&description, &parse::parse_part(&origin, &description.text)?)?;
    }
    if description.kind == Kind::Encode {
        codec_of(&description)?;
    }
    Ok(description)
}

/// Checks that the elements and properties that the header names are in the pipeline.
///
/// # Errors
/// The first one that is missing.
pub(crate) fn check_targets(
    description: &Description,
    pipeline: &gst::Pipeline,
) -> Result<(), DescriptionError> {
    for target in description.targets() {
        let element = parse::named(pipeline, &description.origin, &target.element, None)?;
        if !element.has_property(&target.property) {
            let message = format!(
                "the element called {:?} has no property {:?}",
                target.element, target.property
            );
            return Err(DescriptionError::new(&description.origin, message));
        }
    }
    Ok(())
}

/// Checks that the sources of a pipeline give their frames at the time of each, as a screen does. The frames of others
/// come as fast as they are taken.
///
/// # Errors
/// The first source that does not, with the words to add.
pub(crate) fn check_live(
    description: &Description,
    pipeline: &gst::Pipeline,
) -> Result<(), DescriptionError> {
    let elements: Vec<gst::Element> = pipeline.iterate_recurse().into_iter().flatten().collect();
    let is_set = |element: &gst::Element, property: &str| {
        let kind = element
            .find_property(property)
            .map(|property| property.value_type());
        kind == Some(bool::static_type()) && element.property::<bool>(property)
    };
    // A live source also sets the pace of pictures that are mixed into its frames.
    let is_live = |element: &gst::Element| {
        let source = element.downcast_ref::<gst_base::BaseSrc>();
        source.is_some_and(|source| source.is_live()) || is_set(element, "is-live")
    };
    let is_paced = |element: &gst::Element| {
        is_live(element)
            || matches!(factory_of(element).as_str(), "identity" | "clocksync") && is_set(element, "sync")
    };
    if elements.iter().any(is_paced) {
        return Ok(());
    }
    for element in &elements {
        let Some(source) = element.downcast_ref::<gst_base::BaseSrc>() else {
            continue;
        };
        let (factory, klass) = (factory_of(element), source.metadata("klass").unwrap_or_default());
        let remedy = if element.has_property("is-live") {
            format!("Add is-live=true: {factory} is-live=true")
        } else if klass.contains("File") {
            "Add ! clocksync behind the decoder".to_owned()
        } else {
            continue;
        };
        let message = format!("{factory} is not live: its frames would come as fast as they are taken");
        return Err(DescriptionError::new(&description.origin, message).with_remedy(remedy));
    }
    Ok(())
}

fn factory_of(element: &gst::Element) -> String {
    element
        .factory()
        .map(|factory| factory.name().to_string())
        .unwrap_or_default()
}

/// Returns an encoder's codec: from its header, or else from the caps of its output.
///
/// # Errors
/// If neither determines the codec.
pub(crate) fn codec_of(description: &Description) -> Result<Codec, DescriptionError> {
    if let Some(codec) = description.codec {
        return Ok(codec);
    }
    parse::parse_part(&description.origin, &description.text)?;
    let bin = gst::parse::bin_from_description(&format!("{} ! identity", description.text), true)
        .map_err(|error| DescriptionError::new(&description.origin, error.message()))?;
    let caps = bin.static_pad("src").map(|pad| pad.query_caps(None));
    let makes = |codec: &Codec| {
        caps.as_ref()
            .is_some_and(|caps| !caps.is_any() && caps.iter().all(|caps| caps.name() == codec.caps_name()))
    };
    Codec::ALL.into_iter().find(makes).ok_or_else(|| {
        let known: Vec<_> = Codec::ALL.iter().map(|codec| codec.caps_name()).collect();
        DescriptionError::new(&description.origin, "the codec of its output is unknown").with_remedy(format!(
            "End it with an encoder, or with caps: … ! {}",
            known.join(" or ")
        ))
    })
}
