//! A pipeline description: gst-launch text with a header of properties.
//!
//! ```text
//! # kind: encode                       capture, encode or audio
//! # codec: h264                        encode only
//! # rank: 30                           the highest that works on the host is used
//! # needs: x264enc                     elements that must be installed
//! # bitrate: enc.bitrate kbit/s        the property that sets the bitrate, and its unit
//! # restart: bitrate key-frames        encode only: what the encoder does only when it is started again
//! # input: video/x-raw,format=BGRx     encode only: caps that the capture must deliver for this encoder
//! x264enc name=enc …
//! ```
//!
//! Header lines start with `#`; those without a known key are comments. Values from the command line are written into
//! the text as properties of a named element, so that what is printed is what runs. Nothing that came from the
//! network may get here: a pipeline description is code.

use std::fmt;

use gst::prelude::*;

use super::codec::Codec;
use super::restarts::Restarts;

/// The part of a pipeline that a description provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From the screen to raw video.
    Capture,
    /// From raw video to an encoded stream.
    Encode,
    /// From a source of sound to an Opus stream.
    Audio,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Capture => "capture",
            Self::Encode => "encode",
            Self::Audio => "audio",
        })
    }
}

/// A description with its parsed header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Origin for messages: a file or a flag.
    pub origin: String,
    /// The file's name without `.launch`; empty for text from the command line.
    pub name: String,
    /// The part of a pipeline that it provides.
    pub kind: Kind,
    /// Codec of an encoder, if the header names it.
    pub codec: Option<Codec>,
    /// Rank: the highest of those that work is used.
    pub rank: u32,
    /// Elements that must be installed.
    pub needs: Vec<String>,
    /// Caps that a capture must deliver if this encoder is the preferred one.
    pub input: Option<String>,
    /// Property that sets the bitrate.
    pub bitrate: Option<Target>,
    /// The things that an encoder does only when it is started again.
    pub restarts: Restarts,
    /// Property that sets the frame rate.
    pub fps: Option<Target>,
    /// Property that shows or hides the pointer in the video.
    pub pointer: Option<Target>,
    /// Property that sets the captured region, as `WIDTHxHEIGHT+X+Y`; empty: the whole screen.
    pub region: Option<Target>,
    /// Property that sets the X display.
    pub display: Option<Target>,
    /// The gst-launch text, on one line.
    pub text: String,
    /// The file's contents; empty for text from the command line.
    pub source: String,
}

/// A property of a named element that takes a setting: `enc.bitrate kbit/s`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The element's `name`.
    pub element: String,
    /// The property.
    pub property: String,
    /// The notation of the value.
    pub unit: Unit,
}

impl Target {
    /// Returns `value` in the property's notation.
    pub fn format(&self, value: &str) -> String {
        match &self.unit {
            Unit::Plain | Unit::KilobitPerSecond => value.to_owned(),
            Unit::BitPerSecond => format!("{value}000"),
            Unit::Framerate(media_type) => format!("{media_type},framerate={value}/1"),
        }
    }

    /// Returns true if the element says that the property cannot be set while it runs. Many elements say nothing.
    pub(crate) fn needs_restart(&self, pipeline: &gst::Pipeline) -> bool {
        let element = pipeline.by_name(&self.element);
        let property = element.and_then(|element| element.find_property(&self.property));
        property.is_some_and(|property| {
            let flags = property.flags();
            flags.intersects(gst::PARAM_FLAG_MUTABLE_READY | gst::PARAM_FLAG_MUTABLE_PAUSED)
                && !flags.contains(gst::PARAM_FLAG_MUTABLE_PLAYING)
        })
    }

    /// Sets the property in `pipeline`, which may be running. Does nothing if the element is not in it.
    pub(crate) fn apply(&self, pipeline: &gst::Pipeline, value: impl std::fmt::Display) {
        if let Some(element) = pipeline.by_name(&self.element) {
            element.set_property_from_str(&self.property, &self.format(&value.to_string()));
        }
    }
}

impl fmt::Display for Target {
    /// Writes the target as in a header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.element, self.property)?;
        match &self.unit {
            Unit::Plain => Ok(()),
            Unit::KilobitPerSecond => f.write_str(" kbit/s"),
            Unit::BitPerSecond => f.write_str(" bit/s"),
            Unit::Framerate(media_type) => write!(f, " {media_type}"),
        }
    }
}

/// Notation of a [`Target`]'s value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// The value unchanged.
    Plain,
    /// A number of kbit/s.
    KilobitPerSecond,
    /// A number of bit/s.
    BitPerSecond,
    /// Caps of this media type with a `framerate`.
    Framerate(String),
}

/// An invalid header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderError {
    /// The file.
    pub origin: String,
    /// The line, counted from 1; 0 if a line is missing.
    pub line: usize,
    /// The mistake, and the valid values.
    pub message: String,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.origin, self.message),
            line => write!(f, "{}:{line}: {}", self.origin, self.message),
        }
    }
}

impl std::error::Error for HeaderError {}

impl Description {
    /// Reads a `.launch` file.
    ///
    /// # Errors
    /// If a header line has a known key and an invalid value, `kind` is missing, or there is no text.
    pub fn read(origin: &str, name: &str, contents: &str) -> Result<Self, HeaderError> {
        let mut description = Self::from_text(origin, Kind::Capture, String::new());
        description.name = name.to_owned();
        description.source = contents.to_owned();
        let mut kind = None;
        let mut text = Vec::new();
        for (index, line) in contents.lines().enumerate() {
            let line = line.trim();
            let error = |message: String| HeaderError {
                origin: origin.to_owned(),
                line: index + 1,
                message,
            };
            let Some(comment) = line.strip_prefix('#') else {
                text.push(line);
                continue;
            };
            let Some((key, value)) = comment.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim() {
                "kind" => kind = Some(read_kind(value).map_err(error)?),
                "codec" => description.codec = Some(read_codec(value).map_err(error)?),
                "rank" => {
                    description.rank = value
                        .parse()
                        .map_err(|_| error(format!("rank must be a whole number, not {value:?}")))?;
                }
                "needs" => description.needs = value.split_whitespace().map(str::to_owned).collect(),
                "input" => description.input = Some(read_input(value).map_err(error)?),
                "bitrate" => description.bitrate = Some(read_target(value).map_err(error)?),
                "restart" => description.restarts = value.parse().map_err(error)?,
                "fps" => description.fps = Some(read_target(value).map_err(error)?),
                "pointer" => description.pointer = Some(read_target(value).map_err(error)?),
                "region" => description.region = Some(read_target(value).map_err(error)?),
                "display" => description.display = Some(read_target(value).map_err(error)?),
                _ => {}
            }
        }
        let missing = |message: &str| HeaderError {
            origin: origin.to_owned(),
            line: 0,
            message: message.to_owned(),
        };
        description.kind = kind.ok_or_else(|| {
            missing("there is no line \"# kind: capture\", \"# kind: encode\" or \"# kind: audio\"")
        })?;
        description.text = text.join(" ").trim().to_owned();
        if description.text.is_empty() {
            return Err(missing("there is no pipeline below the header"));
        }
        Ok(description)
    }

    /// Wraps gst-launch text from the command line without changing it.
    pub fn from_text(origin: &str, kind: Kind, text: String) -> Self {
        Self {
            origin: origin.to_owned(),
            name: String::new(),
            kind,
            codec: None,
            rank: 0,
            needs: Vec::new(),
            input: None,
            bitrate: None,
            restarts: Restarts::default(),
            fps: None,
            pointer: None,
            region: None,
            display: None,
            text,
            source: String::new(),
        }
    }

    /// Returns the description with `value` written into the text as the property that `target` names.
    ///
    /// It is inserted right after the element's `name=…`. A description whose text lacks the element that its header
    /// names stays unchanged: the check of the parsed pipeline reports that.
    #[must_use]
    pub fn with(mut self, target: Option<&Target>, value: &str) -> Self {
        let Some(target) = target else { return self };
        let value = target.format(value);
        let name = format!("name={}", target.element);
        let mut words: Vec<&str> = self.text.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| *word == name) else {
            return self;
        };
        let end = words[at..]
            .iter()
            .position(|word| *word == "!")
            .map_or(words.len(), |offset| at + offset);
        let prefix = format!("{}=", target.property);
        let assignment = format!("{prefix}{value}");
        match words[at..end].iter().position(|word| word.starts_with(&prefix)) {
            Some(offset) => words[at + offset] = &assignment,
            None => words.insert(at + 1, &assignment),
        }
        self.text = words.join(" ");
        self
    }

    /// Returns an encoder as a file that [`Description::read`] takes, with the settings in its text.
    pub(crate) fn to_encoder_file(&self, codec: Codec) -> String {
        let target = |target: &Target| format!("# bitrate: {target}\n");
        format!(
            "# kind: encode\n# codec: {codec}\n# restart: {}\n{}{}\n",
            self.restarts,
            self.bitrate.as_ref().map(target).unwrap_or_default(),
            self.text
        )
    }

    /// Returns the name for logs: that of its file, or the origin of its text.
    pub fn label(&self) -> &str {
        if self.name.is_empty() {
            &self.origin
        } else {
            &self.name
        }
    }

    /// Returns the header's targets.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        [
            &self.bitrate,
            &self.fps,
            &self.pointer,
            &self.region,
            &self.display,
        ]
        .into_iter()
        .flatten()
    }
}

fn read_kind(value: &str) -> Result<Kind, String> {
    match value {
        "capture" => Ok(Kind::Capture),
        "encode" => Ok(Kind::Encode),
        "audio" => Ok(Kind::Audio),
        _ => Err(format!("kind must be capture, encode or audio, not {value:?}")),
    }
}

fn read_codec(value: &str) -> Result<Codec, String> {
    value.parse().map_err(|()| {
        let known: Vec<_> = Codec::ALL
            .iter()
            .map(|codec| codec.encoding_name().to_lowercase())
            .collect();
        format!("codec must be one of {}, not {value:?}", known.join(", "))
    })
}

/// Reads caps without parsing them: errors in them are found when the whole text is parsed.
fn read_input(value: &str) -> Result<String, String> {
    if value.starts_with("video/x-raw") && !value.contains(char::is_whitespace) {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "input must be caps without spaces, as in \"video/x-raw,format=BGRx\", not {value:?}"
        ))
    }
}

fn read_target(value: &str) -> Result<Target, String> {
    let mut words = value.split_whitespace();
    let place = words.next().and_then(|place| place.split_once('.'));
    let (Some((element, property)), unit, None) = (place, words.next(), words.next()) else {
        return Err(format!(
            "expected element.property and an optional unit, as in \"enc.bitrate kbit/s\", not {value:?}"
        ));
    };
    Ok(Target {
        element: element.to_owned(),
        property: property.to_owned(),
        unit: match unit {
            None => Unit::Plain,
            Some("kbit/s") => Unit::KilobitPerSecond,
            Some("bit/s") => Unit::BitPerSecond,
            Some(media_type) if media_type.starts_with("video/") => Unit::Framerate(media_type.to_owned()),
            Some(unit) => {
                return Err(format!(
                    "the unit must be kbit/s, bit/s or a media type, not {unit:?}"
                ));
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# H.264: a comment\n# kind: encode\n# codec: h264\n# rank: 30\n# needs: x264enc h264parse\n\
                        # bitrate: enc.bitrate kbit/s\nx264enc name=enc\n  bitrate=1\n! video/x-h264\n";

    #[test]
    fn a_file_is_a_header_and_a_text() {
        let description = Description::read("x264.launch", "x264", FILE).unwrap();
        assert_eq!(description.kind, Kind::Encode);
        assert_eq!((description.codec, description.rank), (Some(Codec::H264), 30));
        assert_eq!(description.needs, ["x264enc", "h264parse"]);
        assert_eq!(description.text, "x264enc name=enc bitrate=1 ! video/x-h264");
    }

    #[test]
    fn an_invalid_header_line_is_named() {
        for (contents, line, part) in [
            ("# kind: video\nx", 1, "capture, encode or audio"),
            ("# kind: encode\n# codec: h265\nx", 2, "h264, vp8"),
            ("# kind: encode\n# rank: high\nx", 2, "whole number"),
            ("# kind: encode\n# input: BGRx\nx", 2, "video/x-raw"),
            ("# kind: encode\n# bitrate: bitrate\nx", 2, "element.property"),
            ("# kind: encode\n# bitrate: enc.bitrate bps\nx", 2, "kbit/s"),
            ("# kind: capture\n# fps: src.max-framerate x3\nx", 2, "x3"),
            ("x", 0, "# kind"),
            ("# kind: encode\n", 0, "no pipeline"),
        ] {
            let error = Description::read("f", "f", contents).unwrap_err();
            assert_eq!(error.line, line, "{contents:?}: {error}");
            assert!(error.message.contains(part), "{contents:?}: {error}");
        }
    }

    #[test]
    fn a_setting_replaces_the_property_or_adds_it() {
        let description = Description::read("f", "f", FILE).unwrap();
        let target = description.bitrate.clone();
        assert_eq!(
            description.with(target.as_ref(), "500").text,
            "x264enc name=enc bitrate=500 ! video/x-h264"
        );

        let target = |unit| Target {
            element: "rate".into(),
            property: "caps".into(),
            unit,
        };
        let capture = Description::from_text(
            "f",
            Kind::Capture,
            "a name=src ! capsfilter name=rate ! b".to_owned(),
        );
        let capture = capture.with(Some(&target(Unit::Framerate("video/x-raw".into()))), "30");
        assert_eq!(
            capture.text,
            "a name=src ! capsfilter name=rate caps=video/x-raw,framerate=30/1 ! b"
        );
        let bits = Description::from_text("f", Kind::Encode, "e name=rate".to_owned());
        assert_eq!(
            bits.with(Some(&target(Unit::BitPerSecond)), "8").text,
            "e name=rate caps=8000"
        );
    }
}
