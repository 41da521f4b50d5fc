//! The reasons why a request to the desktop failed. None of the texts contains what was copied.

use std::fmt;

use super::size::SIZES;

/// The reason why the clipboard could not be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClipboardError {
    /// The content has more than 8 MiB.
    TooLarge,
    /// The program that owns the clipboard did not hand the content over in time.
    TimedOut,
    /// The content has neither text nor an image of a kind that we know.
    UnknownKind,
    /// A program began to fetch what we have in the clipboard, and did not take all of it in time.
    NotTaken,
    /// Too many requests wait already, or the display server does not answer.
    Busy,
    /// The display server is gone.
    Lost,
    /// There is no display.
    NoDisplay,
}

impl fmt::Display for ClipboardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClipboardError::TooLarge => "the content is too large for the clipboard: at most 8 MiB",
            ClipboardError::TimedOut => "the program that owns the clipboard does not hand its content over",
            ClipboardError::UnknownKind => "the content has no kind that can be passed on",
            ClipboardError::NotTaken => "a program did not take all of the content",
            ClipboardError::Busy => "the desktop is busy: try again",
            ClipboardError::Lost => "the display server is gone",
            ClipboardError::NoDisplay => "there is no display",
        })
    }
}

impl std::error::Error for ClipboardError {}

/// The reason why the screen keeps its old size.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResizeError {
    /// A side is too short or too long for any display.
    OutOfBounds {
        /// The width that was asked for, in pixels.
        width: u32,
        /// The height that was asked for, in pixels.
        height: u32,
    },
    /// The display server's screen cannot be as large as this.
    TooLarge {
        /// Its greatest width, in pixels.
        max_width: u32,
        /// Its greatest height, in pixels.
        max_height: u32,
    },
    /// This display has a fixed size, for this reason.
    Fixed(&'static str),
    /// The display server refused, for this reason.
    Refused(String),
    /// Too many requests wait already, or the display server does not answer.
    Busy,
    /// The display server is gone.
    Lost,
    /// There is no display.
    NoDisplay,
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
                "this display server's screen can have {max_width}x{max_height} at most"
            ),
            ResizeError::Fixed(reason) => write!(f, "the screen has a fixed size: {reason}"),
            ResizeError::Refused(reason) => write!(f, "the display server refused the new size: {reason}"),
            ResizeError::Busy => f.write_str("the desktop is busy: try again"),
            ResizeError::Lost => f.write_str("the display server is gone"),
            ResizeError::NoDisplay => f.write_str("there is no display"),
        }
    }
}

impl std::error::Error for ResizeError {}
