//! An encoder that may be started.

use super::codec::Codec;
use super::description::Description;

/// An encoder, and what it makes.
#[derive(Debug, Clone)]
pub struct EncoderSpec {
    /// The codec.
    pub codec: Codec,
    /// The chosen description.
    pub description: Description,
}

impl EncoderSpec {
    /// For logs: the name of its file, or where its text came from.
    pub(crate) fn label(&self) -> &str {
        self.description.label()
    }
}
