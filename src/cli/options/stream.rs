//! What is captured, and how it is encoded.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct StreamArguments {
    /// Frames per second.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=240))]
    #[arg(env = "DESKBEAM_FPS", help_heading = "Video")]
    pub fps: u32,

    /// The video bitrate, in kbit/s.
    #[arg(long, value_name = "KBIT/S", default_value_t = 8000, value_parser = clap::value_parser!(u32).range(50..=500_000))]
    #[arg(env = "DESKBEAM_BITRATE", help_heading = "Video")]
    pub bitrate: u32,

    /// Gives each viewer an encoder of its own. Without this, those whose lines are alike share one.
    #[arg(long, env = "DESKBEAM_PER_VIEWER_ENCODER", help_heading = "Video")]
    pub per_viewer_encoder: bool,

    /// What to capture: auto, a name from `deskbeam pipelines list` (test is a moving picture that needs no
    /// display), or gst-launch text.
    #[arg(
        long,
        value_name = "NAME|TEXT",
        default_value = "auto",
        env = "DESKBEAM_CAPTURE",
        help_heading = "Pipelines"
    )]
    pub capture: String,

    /// How to encode: auto, a name, a codec (h264, vp8), or gst-launch text.
    #[arg(
        long,
        value_name = "NAME|TEXT",
        default_value = "auto",
        env = "DESKBEAM_ENCODER",
        help_heading = "Pipelines"
    )]
    pub encoder: String,

    /// A whole description instead, from the source to `webrtcbin name=webrtc`: a file, or gst-launch text.
    #[arg(
        long,
        value_name = "FILE|TEXT",
        env = "DESKBEAM_PIPELINE",
        help_heading = "Pipelines"
    )]
    #[arg(conflicts_with_all = ["capture", "encoder"])]
    pub pipeline: Option<String>,

    /// A directory with capture/*.launch and encode/*.launch that override the shipped ones and add to them.
    #[arg(
        long,
        value_name = "DIR",
        env = "DESKBEAM_PIPELINES",
        help_heading = "Pipelines"
    )]
    pub pipelines: Option<PathBuf>,
}
