//! The content of the clipboard.

use std::fmt;
use std::sync::Arc;

use super::error::ClipboardError;

/// The clipboard's content: text or an image, 8 MiB at most. Cheap to clone. `Debug` hides it: it must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub enum ClipboardContent {
    /// Text.
    Text(Arc<str>),
    /// An image: a PNG file.
    Png(Arc<[u8]>),
}

impl ClipboardContent {
    /// The length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Png(bytes) => bytes.len(),
        }
    }

    /// True if it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the bytes as an image, if they begin like a PNG file.
    pub fn png(bytes: impl Into<Arc<[u8]>>) -> Option<Self> {
        let bytes = bytes.into();
        bytes.starts_with(PNG).then_some(Self::Png(bytes))
    }
}

impl From<&str> for ClipboardContent {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ClipboardContent {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl fmt::Debug for ClipboardContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "Text",
            Self::Png(_) => "Png",
        };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

/// The outcome of reading the clipboard. `None`: it is empty, or has no form that we know.
pub type ClipboardReading = Result<Option<ClipboardContent>, ClipboardError>;

/// The signature of a PNG file.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The most that the clipboard may hold, in bytes.
pub(super) const MAX_CLIPBOARD: usize = 8 * 1024 * 1024;
