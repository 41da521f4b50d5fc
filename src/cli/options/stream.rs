//! The options about the video: its source, its encoder, its rate.

use std::path::PathBuf;

use clap::Args;

use crate::media::StreamOptions;

#[derive(Debug, Args)]
pub(in crate::cli) struct StreamArguments {
    /// Frame rate, in frames per second
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=240))]
    #[arg(env = "DESKBEAM_FPS", help_heading = "Video")]
    pub fps: u32,

    /// Maximum video bitrate, in kbit/s
    #[arg(long, value_name = "KBIT/S", default_value_t = 8000, value_parser = clap::value_parser!(u32).range(50..=500_000))]
    #[arg(env = "DESKBEAM_BITRATE", help_heading = "Video")]
    pub bitrate: u32,

    /// Gives each viewer a separate encoder. By default, viewers with similar network links share one
    #[arg(long, env = "DESKBEAM_PER_VIEWER_ENCODER", help_heading = "Video")]
    pub per_viewer_encoder: bool,

    /// Video source: auto, a name from `deskbeam pipelines list` (`test` needs no display), or gst-launch text
    #[arg(
        long,
        value_name = "NAME|TEXT",
        default_value = "auto",
        env = "DESKBEAM_CAPTURE",
        help_heading = "Pipelines"
    )]
    pub capture: String,

    /// Video encoder: auto, a name from `deskbeam pipelines list`, a codec (h264, vp8, vp9, av1), or gst-launch text
    #[arg(
        long,
        value_name = "NAME|TEXT",
        default_value = "auto",
        env = "DESKBEAM_ENCODER",
        help_heading = "Pipelines"
    )]
    pub encoder: String,

    /// Complete pipeline, from the source to `webrtcbin name=webrtc`, in place of --capture and --encoder: a file or
    /// gst-launch text
    #[arg(
        long,
        value_name = "FILE|TEXT",
        env = "DESKBEAM_PIPELINE",
        help_heading = "Pipelines"
    )]
    #[arg(conflicts_with_all = ["capture", "encoder"])]
    pub pipeline: Option<String>,

    /// Folder with capture/*.launch, encode/*.launch and audio/*.launch, which replace or extend the built-in ones
    #[arg(
        long,
        value_name = "DIR",
        env = "DESKBEAM_PIPELINES",
        help_heading = "Pipelines"
    )]
    pub pipelines: Option<PathBuf>,
}

impl StreamArguments {
    /// The options of the stream from this display.
    pub(in crate::cli) fn into_options(self, display: Option<String>) -> StreamOptions {
        StreamOptions {
            capture: self.capture,
            encoder: self.encoder,
            pipeline: self.pipeline,
            directory: self.pipelines,
            display,
            fps: self.fps,
            bitrate_kbps: self.bitrate,
            per_viewer_encoder: self.per_viewer_encoder,
            // This very program, even if its file has been replaced since the start.
            trial_program: Some(PathBuf::from("/proc/self/exe")),
        }
    }
}
