//! Why something could not be done with the desktop. None of the texts holds what somebody copied.

use std::fmt;

use super::modes::SIZES;
use crate::x11::DisplayAddress;

/// Why there are no [`DesktopServices`](super::DesktopServices). The text says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServicesError {
    /// The display cannot be reached, or refuses us.
    Connect {
        /// As asked for.
        display: String,
        /// The reason, without a full stop.
        reason: String,
    },
    /// The X server lacks this extension.
    Missing(&'static str),
    /// The system refused a thread or a pair of sockets.
    Resources(std::io::Error),
}

impl ServicesError {
    /// The display at `address` cannot be used, for this reason.
    pub(super) fn connect(address: &DisplayAddress, reason: impl fmt::Display) -> ServicesError {
        ServicesError::Connect {
            display: address.name(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for ServicesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServicesError::Connect { display, reason } => write!(
                f,
                "cannot use the X display {display}: {reason}; check that an X server runs there and that \
                 XAUTHORITY names the file with its cookie"
            ),
            ServicesError::Missing(extension) => write!(
                f,
                "the X server lacks {extension}: use one with the {extension} extension"
            ),
            ServicesError::Resources(error) => write!(f, "cannot watch the X display: {error}"),
        }
    }
}

impl std::error::Error for ServicesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ServicesError::Resources(error) => Some(error),
            ServicesError::Connect { .. } | ServicesError::Missing(_) => None,
        }
    }
}

/// Why the clipboard could not be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClipboardError {
    /// It has more than 8 MiB.
    TooLarge,
    /// The program that has it did not hand it over in time.
    TimedOut,
    /// Too many requests wait already, or the X server does not answer.
    Busy,
    /// The X server is gone.
    Lost,
}

impl fmt::Display for ClipboardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClipboardError::TooLarge => "the text is too large for the clipboard: at most 8 MiB",
            ClipboardError::TimedOut => "the program that has the clipboard's text does not hand it over",
            ClipboardError::Busy => "the desktop is busy: try again",
            ClipboardError::Lost => "the X server is gone",
        })
    }
}

impl std::error::Error for ClipboardError {}

/// Why the screen has its old size.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResizeError {
    /// A side is too short or too long for any display.
    OutOfBounds {
        /// As asked for, in pixels.
        width: u32,
        /// As asked for, in pixels.
        height: u32,
    },
    /// The X server cannot be as large as this.
    TooLarge {
        /// Its widest, in pixels.
        max_width: u32,
        /// Its highest, in pixels.
        max_height: u32,
    },
    /// This display has a fixed size, for this reason.
    Fixed(&'static str),
    /// The X server refused, for this reason.
    Refused(String),
    /// Too many requests wait already, or the X server does not answer.
    Busy,
    /// The X server is gone.
    Lost,
}

impl fmt::Display for ResizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResizeError::OutOfBounds { width, height } => write!(
                f,
                "a screen of {width}x{height} is not possible: each side must have {} to {} pixels",
                SIZES.start(),
                SIZES.end()
            ),
            ResizeError::TooLarge {
                max_width,
                max_height,
            } => write!(
                f,
                "this X server's screen can have {max_width}x{max_height} at most"
            ),
            ResizeError::Fixed(reason) => write!(f, "the screen has a fixed size: {reason}"),
            ResizeError::Refused(reason) => write!(f, "the X server refused the new size: {reason}"),
            ResizeError::Busy => f.write_str("the desktop is busy: try again"),
            ResizeError::Lost => f.write_str("the X server is gone"),
        }
    }
}

impl std::error::Error for ResizeError {}
