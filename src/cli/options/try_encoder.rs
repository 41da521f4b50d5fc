//! The arguments of the hidden subcommand that tries an encoder.

use clap::Args;

use super::Size;

#[derive(Debug, Args)]
pub(in crate::cli) struct TryEncoderOptions {
    /// Size of the frames
    pub size: Size,
    /// Bitrate, in kbit/s
    pub kbps: u32,
}
