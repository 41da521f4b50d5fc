//! What the command line takes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, Parser, Subcommand};

/// A Linux desktop in the browser: start it on the desktop, open the printed URL, see the screen and control it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    /// Says more in the log; twice, everything. RUST_LOG wins over it.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,

    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub run: Box<RunOptions>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Streams the desktop. This is what happens without a subcommand.
    Run(Box<RunOptions>),
    /// Lists, shows and checks pipeline descriptions.
    Pipelines(PipelinesOptions),
}

#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// Where to listen. Port 0 takes a free one and prints it.
    #[arg(
        long,
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8080",
        env = "DESKBEAM_LISTEN"
    )]
    #[arg(help_heading = "Network")]
    pub listen: SocketAddr,

    /// The X11 display to stream, such as :0. Without it, the one in $DISPLAY.
    #[arg(
        long,
        value_name = ":N",
        env = "DESKBEAM_DISPLAY",
        conflicts_with = "virtual_size",
        help_heading = "Desktop"
    )]
    pub display: Option<String>,

    /// Starts a private X server and streams that: no screen is needed.
    ///
    /// A window manager is started with it if one is installed, and COMMAND. All of them end with deskbeam, and
    /// deskbeam ends with COMMAND.
    #[arg(long = "virtual", value_name = "WxH", num_args = 0..=1, require_equals = true)]
    #[arg(
        default_missing_value = "1280x720",
        env = "DESKBEAM_VIRTUAL",
        help_heading = "Desktop"
    )]
    pub virtual_size: Option<Size>,

    /// What to start in the virtual desktop. A terminal, if there is one.
    #[arg(
        last = true,
        value_name = "COMMAND",
        requires = "virtual_size",
        help_heading = "Desktop"
    )]
    pub program: Vec<String>,

    #[command(flatten)]
    pub stream: StreamArguments,

    /// Prints the pipeline in a form that gst-launch-1.0 takes, and ends.
    #[arg(long, help_heading = "Pipelines")]
    pub print_pipeline: bool,
}

#[derive(Debug, Args)]
pub(super) struct StreamArguments {
    /// Frames per second.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=240))]
    #[arg(env = "DESKBEAM_FPS", help_heading = "Video")]
    pub fps: u32,

    /// The video bitrate, in kbit/s.
    #[arg(long, value_name = "KBIT/S", default_value_t = 8000, value_parser = clap::value_parser!(u32).range(50..=500_000))]
    #[arg(env = "DESKBEAM_BITRATE", help_heading = "Video")]
    pub bitrate: u32,

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

#[derive(Debug, Args)]
pub(super) struct PipelinesOptions {
    #[command(subcommand)]
    pub command: PipelinesCommand,

    /// A directory with descriptions that override the shipped ones and add to them.
    #[arg(long, value_name = "DIR", env = "DESKBEAM_PIPELINES", global = true)]
    pub pipelines: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum PipelinesCommand {
    /// Lists the descriptions, and whether each can run here.
    List,
    /// Prints one, as a file to start from.
    Show {
        /// Its name.
        name: String,
    },
    /// Checks a file.
    Check {
        /// The file.
        file: PathBuf,
    },
}

/// A size in pixels, `1280x720`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub width: u32,
    pub height: u32,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = text.split_once('x').and_then(|(width, height)| {
            Some(Self {
                width: width.parse().ok()?,
                height: height.parse().ok()?,
            })
        });
        size.ok_or_else(|| "expected WIDTHxHEIGHT, as in 1280x720".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_is_what_happens_without_a_subcommand() {
        let bare =
            Cli::try_parse_from(["deskbeam", "--virtual=640x480", "--", "xterm", "-e", "top"]).unwrap();
        assert!(bare.command.is_none());
        assert_eq!(
            bare.run.virtual_size,
            Some(Size {
                width: 640,
                height: 480
            })
        );
        assert_eq!(bare.run.program, ["xterm", "-e", "top"]);
        let named = Cli::try_parse_from(["deskbeam", "run", "--virtual"]).unwrap();
        let Some(Command::Run(run)) = named.command else {
            panic!("not run")
        };
        assert_eq!(
            run.virtual_size,
            Some(Size {
                width: 1280,
                height: 720
            })
        );
    }

    #[test]
    fn a_command_needs_a_virtual_desktop() {
        assert!(Cli::try_parse_from(["deskbeam", "--", "xterm"]).is_err());
        assert!(Cli::try_parse_from(["deskbeam", "--virtual=big"]).is_err());
    }
}
