//! The parts of the desktop that can be shown alone: monitors and windows.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use super::input::FrameSize;
use super::text::visible;

/// Names what is shown. As text: `desktop`, `monitor-67`, `window-4194311`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ViewId {
    /// All of it.
    #[default]
    Desktop,
    /// A monitor, by the number of its name on the X server.
    Monitor(u32),
    /// A window, by its number on the X server.
    Window(u32),
}

impl ViewId {
    fn kind(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Monitor(_) => "monitor",
            Self::Window(_) => "window",
        }
    }
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Desktop => f.write_str(kind),
            Self::Monitor(number) | Self::Window(number) => write!(f, "{kind}-{number}"),
        }
    }
}

impl FromStr for ViewId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |number: &str| number.parse().map_err(drop);
        match text.split_once('-') {
            None if text == Self::Desktop.kind() => Ok(Self::Desktop),
            Some(("monitor", rest)) => number(rest).map(Self::Monitor),
            Some(("window", rest)) => number(rest).map(Self::Window),
            _ => Err(()),
        }
    }
}

/// A part of the desktop that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    /// The id.
    pub id: ViewId,
    /// The name for people; empty for the whole desktop.
    pub name: ViewName,
    /// Its size, in pixels of the desktop.
    pub size: FrameSize,
}

impl View {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "kind": self.id.kind(),
            "name": self.name.0,
            "width": self.size.width,
            "height": self.size.height,
        })
    }
}

/// A name of at most 100 bytes, on one line and visible. Programs choose the titles of their windows as they like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ViewName(String);

impl ViewName {
    /// Takes what there is of it.
    pub(crate) fn new(text: &str) -> Self {
        let mut name = visible(text);
        name.truncate(name.floor_char_boundary(MAX_NAME));
        Self(name.trim().to_owned())
    }
}

/// In bytes.
const MAX_NAME: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for id in [ViewId::Desktop, ViewId::Monitor(0), ViewId::Window(u32::MAX)] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in [
            "",
            "Desktop",
            "desktop-1",
            "window",
            "window-",
            "window--1",
            "window-4294967296",
            "-",
            "screen-1",
        ] {
            assert_eq!(text.parse::<ViewId>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_name_is_a_short_line_that_can_be_seen() {
        for (given, name) in [
            (" Jürgen 漢 ", "Jürgen 漢"),
            ("a\n\u{202e}b\u{7}", "ab"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(ViewName::new(given).0, name);
        }
        assert_eq!(ViewName::new(&"漢".repeat(99)).0, "漢".repeat(33));
    }
}
