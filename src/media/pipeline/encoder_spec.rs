//! An encoder that can be started.

use super::codec::Codec;
use super::description::Description;

/// An encoder: its codec and description.
#[derive(Debug, Clone)]
pub struct EncoderSpec {
    /// The codec.
    pub codec: Codec,
    /// The chosen description.
    pub description: Description,
}

impl EncoderSpec {
    /// Returns the name for logs: that of its file, or the origin of its text.
    pub(crate) fn label(&self) -> &str {
        self.description.label()
    }
}
