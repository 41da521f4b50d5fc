//! The captures that show an X display.

use std::path::Path;

use super::description::{Description, Kind};
use super::library::Library;
use super::parse::{self, DescriptionError};

/// True if `--capture` (a name, `auto`, or gst-launch text), or the text of `--pipeline` that replaces it, shows an X
/// display: its description has a `# display:` header, or its text contains the source of one that has, among the
/// shipped files and those in `directory` (that of `--pipelines`).
///
/// # Errors
/// If the pipeline files cannot be read.
pub fn needs_display(
    capture: &str,
    pipeline: Option<&str>,
    directory: Option<&Path>,
) -> Result<bool, DescriptionError> {
    let directory = directory.filter(|_| pipeline.is_none());
    let library = Library::load(directory)?;
    // A file that replaces a shipped one may leave out the header, whose source then takes $DISPLAY by itself.
    let shipped = directory.map(|_| Library::load(None)).transpose()?;
    let captures = || library.of_kind(Kind::Capture);
    let names_source = |text: &str| {
        let shipped = shipped.iter().flat_map(|library| library.of_kind(Kind::Capture));
        let mut sources = captures().chain(shipped).filter_map(source);
        sources.any(|source| text.contains(source))
    };
    if let Some(pipeline) = pipeline {
        return Ok(names_source(pipeline));
    }
    let chosen = match capture {
        "auto" => captures().find(|description| {
            description.rank > 0 && parse::require(&description.origin, &description.needs).is_ok()
        }),
        name => captures().find(|description| description.name == name),
    };
    Ok(match chosen {
        Some(description) => description.display.is_some() || names_source(&description.text),
        None => capture == "auto" || names_source(capture),
    })
}

/// The element that takes the display's name.
fn source(description: &Description) -> Option<&str> {
    let name = format!("name={}", description.display.as_ref()?.element);
    let mut elements = description
        .text
        .split('!')
        .map(|element| element.split_whitespace());
    elements
        .find(|words| words.clone().any(|word| word == name))?
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(capture: &str, pipeline: Option<&str>) -> bool {
        gst::init().unwrap();
        crate::capture::register().unwrap();
        needs_display(capture, pipeline, None).unwrap()
    }

    #[test]
    fn the_header_or_the_source_in_a_text_says_whether_a_display_is_shown() {
        for capture in [
            "auto",
            "x11",
            "ximage",
            "ximagesrc xid=7 ! queue",
            "deskbeamx11src",
        ] {
            assert!(needs(capture, None), "{capture}");
        }
        for capture in ["test", "videotestsrc is-live=true", "nonsense"] {
            assert!(!needs(capture, None), "{capture}");
        }
        assert!(needs("auto", Some("ximagesrc ! vp8enc ! webrtcbin name=webrtc")));
        assert!(!needs(
            "auto",
            Some("videotestsrc ! vp8enc ! webrtcbin name=webrtc")
        ));
    }

    #[test]
    fn a_file_of_ones_own_says_it_by_its_header() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("capture");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(
            folder.join("own.launch"),
            "# kind: capture\n# display: grab.screen\nqueue ! grabber name=grab ! queue",
        )
        .unwrap();
        let needs = |capture| needs_display(capture, None, Some(directory.path())).unwrap();
        assert!(needs("own") && needs("grabber ! queue") && !needs("queue"));
    }

    #[test]
    fn a_file_without_the_header_shows_the_display_by_its_source() {
        gst::init().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("capture");
        std::fs::create_dir(&folder).unwrap();
        let own = "# kind: capture\n# rank: 900\nximagesrc use-damage=false ! videoconvert";
        std::fs::write(folder.join("x11.launch"), own).unwrap();
        let needs = |capture| needs_display(capture, None, Some(directory.path())).unwrap();
        assert!(needs("x11") && needs("auto") && needs("deskbeamx11src") && !needs("test"));
    }
}
