//! The arguments of the hidden subcommand that tries an encoder.

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct TryEncoderOptions {
    /// Width of the frames, in pixels
    pub width: u32,
    /// Their height
    pub height: u32,
    /// Bitrate, in kbit/s
    pub kbps: u32,
}
