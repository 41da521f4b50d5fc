//! An encoder that can be started.

use super::codec::Codec;
use super::description::Description;
use super::parse::DescriptionError;
use super::restarts::Restarts;
use super::validate::codec_of;

/// An encoder: its codec and description.
#[derive(Debug, Clone)]
pub struct EncoderSpec {
    /// The codec.
    pub codec: Codec,
    /// The chosen description.
    pub description: Description,
}

impl EncoderSpec {
    /// Reads what [`EncoderSpec::to_file`] has written.
    ///
    /// # Errors
    /// If it is not a description of an encoder.
    pub(crate) fn from_file(contents: &str) -> Result<Self, DescriptionError> {
        let description = Description::read("the encoder", "", contents)?;
        Ok(Self {
            codec: codec_of(&description)?,
            description,
        })
    }

    /// Returns the encoder as a pipeline file, for another process.
    pub(crate) fn to_file(&self) -> String {
        self.description.to_encoder_file(self.codec)
    }

    /// Returns the encoder with these restarts besides those of its header.
    pub(crate) fn with_restarts(mut self, restarts: Restarts) -> Self {
        self.description.restarts.bitrate |= restarts.bitrate;
        self.description.restarts.key_frames |= restarts.key_frames;
        self
    }

    /// Returns the name for logs: that of its file, or the origin of its text.
    pub(crate) fn label(&self) -> &str {
        self.description.label()
    }
}
