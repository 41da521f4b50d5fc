//! The command line's options of the stream.

use std::path::PathBuf;

/// The command line's options of the stream.
#[derive(Debug, Clone)]
pub struct StreamOptions {
    /// `--capture`: `auto`, a name, or gst-launch text.
    pub capture: String,
    /// `--encoder`: `auto`, a name, a codec, or gst-launch text.
    pub encoder: String,
    /// `--pipeline`: a file or gst-launch text that replaces capture and encoder.
    pub pipeline: Option<String>,
    /// `--pipelines`: a directory with descriptions that override or add to the shipped ones.
    pub directory: Option<PathBuf>,
    /// The X display to capture, such as `:0`.
    pub display: Option<String>,
    /// Frames per second, 1 to 240.
    pub fps: u32,
    /// The video bitrate, in kbit/s.
    pub bitrate_kbps: u32,
    /// `--per-viewer-encoder`: each viewer gets an encoder of its own.
    pub per_viewer_encoder: bool,
    /// The deskbeam program, whose hidden subcommand tries encoders: one that aborts then does not end the host. `None`
    /// tries them in this process.
    pub trial_program: Option<PathBuf>,
}
