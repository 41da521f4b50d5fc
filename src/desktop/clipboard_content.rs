//! The content of the clipboard.

use std::fmt;
use std::sync::Arc;

use super::error::ClipboardError;

/// The clipboard's content: text or an image, 8 MiB at most. Cheap to clone. `Debug` hides it: it must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub enum ClipboardContent {
    /// Text.
    Text(Arc<str>),
    /// An image: a file of this kind.
    Image(ImageKind, Arc<[u8]>),
}

/// The kinds of image files that browsers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// PNG, the only kind that is written.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
    /// GIF.
    Gif,
    /// A Windows bitmap.
    Bmp,
}

impl ImageKind {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
        }
    }

    /// The kind of a file by its first bytes.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', ..] => Some(Self::Gif),
            [b'B', b'M', ..] => Some(Self::Bmp),
            _ => None,
        }
    }
}

impl ClipboardContent {
    /// The length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Image(_, bytes) => bytes.len(),
        }
    }

    /// True if it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the bytes as an image, if they begin like a PNG file.
    pub fn png(bytes: impl Into<Arc<[u8]>>) -> Option<Self> {
        let image = Self::image(bytes)?;
        matches!(image, Self::Image(ImageKind::Png, _)).then_some(image)
    }

    /// Takes the bytes as an image of the kind that they begin like. `None`: they are none that we know.
    pub fn image(bytes: impl Into<Arc<[u8]>>) -> Option<Self> {
        let bytes = bytes.into();
        ImageKind::of(&bytes).map(|kind| Self::Image(kind, bytes))
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
            Self::Image(..) => "Image",
        };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

/// The outcome of reading the clipboard. `None`: it is empty.
pub type ClipboardReading = Result<Option<ClipboardContent>, ClipboardError>;

/// The most that the clipboard may hold, in bytes.
pub(super) const MAX_CLIPBOARD: usize = 8 * 1024 * 1024;
