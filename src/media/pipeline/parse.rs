//! Parses gst-launch text into a pipeline, or an error that shows the position and a remedy.

use std::fmt;
use std::ops::Range;

use gst::prelude::*;

use super::description::HeaderError;
use super::packages::package_of;

/// Length of the excerpt of a long description in an error, in characters.
const EXCERPT: usize = 100;

/// An error in a pipeline description.
#[derive(Debug, Clone)]
pub struct DescriptionError {
    /// The flag or the file that it came from.
    pub origin: String,
    /// GStreamer's message, or the missing part.
    pub message: String,
    /// A remedy for the user.
    pub remedy: Option<String>,
    /// The description, and the range of the error in bytes.
    place: Option<(String, Range<usize>)>,
}

impl DescriptionError {
    /// Creates an error without a position and a remedy.
    pub fn new(origin: &str, message: impl Into<String>) -> Self {
        Self {
            origin: origin.to_owned(),
            message: message.into(),
            remedy: None,
            place: None,
        }
    }

    /// Adds a remedy.
    #[must_use]
    pub fn with_remedy(self, remedy: String) -> Self {
        Self {
            remedy: Some(remedy),
            ..self
        }
    }
}

impl std::error::Error for DescriptionError {}

impl From<HeaderError> for DescriptionError {
    fn from(error: HeaderError) -> Self {
        match error.line {
            0 => Self::new(&error.origin, error.message),
            line => Self::new(&format!("{}:{line}", error.origin), error.message),
        }
    }
}

impl fmt::Display for DescriptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)?;
        if let Some((text, range)) = &self.place {
            let (line, column, width) = excerpt(text, range.clone());
            write!(f, "\n  {line}\n  {:column$}{}", "", "^".repeat(width))?;
        }
        match &self.remedy {
            Some(remedy) => write!(f, "\n{remedy}"),
            None => Ok(()),
        }
    }
}

/// Builds the pipeline that `text` describes, in state NULL. `origin` is the source of the text, for errors.
///
/// # Errors
/// If GStreamer cannot build it.
pub(crate) fn parse(origin: &str, text: &str) -> Result<gst::Pipeline, DescriptionError> {
    if text.contains('\0') {
        return Err(DescriptionError::new(origin, "it contains a NUL character"));
    }
    let element = gst::parse::launch_full(text, None, gst::ParseFlags::FATAL_ERRORS)
        .map_err(|error| explain(origin, text, &error))?;
    // A single element is returned without a pipeline around it.
    element.downcast().or_else(|element| {
        let pipeline = gst::Pipeline::new();
        pipeline
            .add(&element)
            .map(|()| pipeline)
            .map_err(|error| DescriptionError::new(origin, error.message))
    })
}

/// Builds `text` with an element appended, so that it may end in caps.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_part(origin: &str, text: &str) -> Result<gst::Pipeline, DescriptionError> {
    parse(origin, &format!("{text} ! identity"))
}

/// Returns the element called `name` in `pipeline`; `origin` is the source of its description.
///
/// # Errors
/// If there is none, or its factory is not `factory`.
pub(crate) fn named(
    pipeline: &gst::Pipeline,
    origin: &str,
    name: &str,
    factory: Option<&str>,
) -> Result<gst::Element, DescriptionError> {
    let example = factory.unwrap_or("ELEMENT");
    let Some(element) = pipeline.by_name(name) else {
        return Err(
            DescriptionError::new(origin, format!("no element is called {name:?}"))
                .with_remedy(format!("Name the element: {example} name={name}")),
        );
    };
    let made_by = element.factory().map(|factory| factory.name());
    if factory.is_some() && made_by.as_deref() != factory {
        return Err(DescriptionError::new(
            origin,
            format!("the element called {name:?} is not a {example}"),
        ));
    }
    Ok(element)
}

/// Returns the element of type `T` called `name` in a pipeline whose text the host wrote.
///
/// # Errors
/// A sentence, if there is none.
pub(crate) fn element<T: IsA<gst::Element>>(pipeline: &gst::Pipeline, name: &str) -> Result<T, String> {
    let element = pipeline
        .by_name(name)
        .and_then(|element| element.downcast::<T>().ok());
    element.ok_or_else(|| format!("there is no element called {name:?}"))
}

/// Checks that each of `elements` can be made here.
///
/// # Errors
/// For the first that cannot be made, with the package that has it.
pub(crate) fn require(origin: &str, elements: &[impl AsRef<str>]) -> Result<(), DescriptionError> {
    match elements
        .iter()
        .map(AsRef::as_ref)
        .find(|element| gst::ElementFactory::find(element).is_none())
    {
        Some(element) => {
            let message = format!("it needs the element {element:?}, which is not installed");
            Err(DescriptionError::new(origin, message).with_remedy(install(element)))
        }
        None => Ok(()),
    }
}

pub(crate) fn explain(origin: &str, text: &str, error: &glib::Error) -> DescriptionError {
    let message = error.message().to_owned();
    let missing = match error.kind::<gst::ParseError>() {
        Some(gst::ParseError::NoSuchElement) => quoted(&message).first().copied(),
        _ => None,
    };
    let remedy = missing.map(install);
    let place = if let Some(element) = missing {
        find_word(text, element)
    } else if let Some((from, to)) = linked(&message) {
        find_word(text, from).and_then(|from| Some(from.start..find(text, to, from.end)?.end))
    } else {
        match quoted(&message)[..] {
            [property, element, ..] => {
                let start = find_word(text, element).map_or(0, |range| range.end);
                find(text, &format!("{property}="), start)
            }
            [word] => find(text, word, 0),
            [] => Some(first_bad_segment(text)),
        }
    };
    DescriptionError {
        remedy,
        place: place.map(|range| (text.to_owned(), range)),
        ..DescriptionError::new(origin, message)
    }
}

fn install(element: &str) -> String {
    match package_of(element) {
        Some(package) => format!(
            "{element} is in the GStreamer plugin {:?}; on Debian and Ubuntu: apt install {}",
            package.plugin, package.debian
        ),
        None => format!(
            "deskbeam knows no plugin with {element}; check the spelling. gst-inspect-1.0 lists what is installed."
        ),
    }
}

/// Returns the parts in double quotes of a message of GStreamer's.
fn quoted(message: &str) -> Vec<&str> {
    message.split('"').skip(1).step_by(2).collect()
}

/// Returns the two elements of "could not link videotestsrc0 to audioconvert0", without the numbers.
fn linked(message: &str) -> Option<(&str, &str)> {
    let (from, to) = message.strip_prefix("could not link ")?.split_once(" to ")?;
    let factory = |name: &'_ str| name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let to = to.split([',', ' ']).next()?;
    Some((&from[..factory(from)], &to[..factory(to)]))
}

fn find(text: &str, part: &str, from: usize) -> Option<Range<usize>> {
    text[from..]
        .find(part)
        .map(|at| from + at..from + at + part.len())
}

/// Returns the first occurrence of `word` as a whole word.
fn find_word(text: &str, word: &str) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word)
        .map(|(at, _)| at..at + word.len())
        .find(|range| !text[..range.start].ends_with(is_part) && !text[range.end..].starts_with(is_part))
}

/// Returns the first part between two `!` that is not an element: GStreamer does not report where a syntax error is.
fn first_bad_segment(text: &str) -> Range<usize> {
    let mut start = 0;
    for segment in text.split('!') {
        let range = start..start + segment.len();
        start = range.end + 1;
        let broken = |error: glib::Error| error.kind::<gst::ParseError>() == Some(gst::ParseError::Syntax);
        if segment.trim().is_empty() || gst::parse::launch(segment).is_err_and(broken) {
            let blank = segment.len() - segment.trim_start().len();
            return if segment.trim().is_empty() {
                range.start.saturating_sub(1)..(range.end + 1).min(text.len())
            } else {
                range.start + blank..range.end - (segment.len() - segment.trim_end().len())
            };
        }
    }
    0..text.len()
}

/// Returns at most [`EXCERPT`] characters of `text` around `range`, the column of the range in them, and its width.
fn excerpt(text: &str, range: Range<usize>) -> (String, usize, usize) {
    let characters: Vec<char> = text.chars().collect();
    let column = text[..range.start].chars().count();
    let width = text[range].chars().count().clamp(1, EXCERPT);
    let start = if characters.len() <= EXCERPT {
        0
    } else {
        column.saturating_sub((EXCERPT - width) / 2)
    };
    let end = (start + EXCERPT).min(characters.len());
    let before = if start > 0 { "…" } else { "" };
    let after = if end < characters.len() { "…" } else { "" };
    let shown: String = characters[start..end].iter().collect();
    (
        format!("{before}{shown}{after}"),
        column - start + before.chars().count(),
        width,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the error for `text`, and the part of the text that it points at.
    fn error(text: &str) -> (String, String) {
        gst::init().unwrap();
        let error = parse("--capture", text).unwrap_err();
        let place = error
            .place
            .as_ref()
            .map(|(text, range)| text[range.clone()].to_owned());
        (error.to_string(), place.unwrap_or_default())
    }

    #[test]
    fn each_kind_of_mistake_is_pointed_at() {
        for (text, place) in [
            ("x264en name=enc ! fakesink", "x264en"),
            ("videotestsrc patern=ball ! fakesink", "patern="),
            (
                "fakesrc name=pattern ! videotestsrc pattern=bal ! fakesink",
                "pattern=",
            ),
            ("videotestsrc ! ! fakesink", "! !"),
            (
                "videotestsrc ! video/x-raw,format= ! fakesink",
                "video/x-raw,format=",
            ),
            (
                "videotestsrc ! audioconvert ! fakesink",
                "videotestsrc ! audioconvert",
            ),
            ("videotestsrc ! \"fakesink", "\"fakesink"),
        ] {
            let (message, pointed) = error(text);
            assert_eq!(pointed, place, "{message}");
            assert!(message.starts_with("--capture: "), "{message}");
            assert!(message.contains("^^"), "{message}");
        }
    }

    #[test]
    fn a_nul_character_is_an_error() {
        let message = parse("--capture", "videotestsrc\0 ! fakesink")
            .unwrap_err()
            .to_string();
        assert_eq!(message, "--capture: it contains a NUL character");
    }

    #[test]
    fn a_missing_element_is_named_with_its_package() {
        let package = install("x264enc");
        assert!(
            package.contains("\"x264\"") && package.ends_with("apt install gstreamer1.0-plugins-ugly"),
            "{package}"
        );
        let (message, _) = error("videotestsrc ! x264en ! fakesink");
        assert!(message.contains("check the spelling"), "{message}");
        let missing = require("encode/x", &["videotestsrc", "nosuchenc"])
            .unwrap_err()
            .to_string();
        assert!(missing.contains("\"nosuchenc\""), "{missing}");
    }

    #[test]
    fn a_long_description_is_shown_around_the_error() {
        let text = format!(
            "videotestsrc ! {} nosuch ! {} fakesink",
            "identity ! ".repeat(40),
            "identity ! ".repeat(40)
        );
        let (message, _) = error(&text);
        let shown: Vec<_> = message.lines().collect();
        let column = shown[2].chars().position(|c| c == '^').unwrap();
        let pointed: String = shown[1].chars().skip(column).take(6).collect();
        assert_eq!(pointed, "nosuch", "{message}");
        assert!(shown[1].chars().count() < 110, "{message}");
    }

    #[test]
    fn a_missing_name_is_requested_with_an_example() {
        gst::init().unwrap();
        let pipeline = parse("--pipeline", "videotestsrc ! fakesink name=webrtc").unwrap();
        let absent = named(&pipeline, "--pipeline", "other", Some("webrtcbin"))
            .unwrap_err()
            .to_string();
        assert!(absent.contains("webrtcbin name=other"), "{absent}");
        let wrong = named(&pipeline, "--pipeline", "webrtc", Some("webrtcbin"))
            .unwrap_err()
            .to_string();
        assert!(wrong.contains("is not a webrtcbin"), "{wrong}");
    }

    #[test]
    fn a_single_element_is_a_pipeline_too() {
        gst::init().unwrap();
        assert!(
            parse("--capture", "videotestsrc name=src")
                .unwrap()
                .by_name("src")
                .is_some()
        );
    }
}
