//! The options and subcommands. Each group of options has a file.

mod access;
mod files;
mod listen;
mod pipelines;
mod share;
mod signaling;
mod size;
mod stream;
mod tls;
mod try_encoder;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use super::client_setting::{self, ClientSetting};

pub(super) use access::AccessArguments;
pub(super) use files::FilesArguments;
pub(super) use listen::ListenAddress;
pub(super) use pipelines::{PipelinesCommand, PipelinesOptions};
pub(super) use share::ShareOptions;
pub(super) use signaling::SignalingArguments;
pub(super) use size::Size;
pub(super) use stream::StreamArguments;
pub(super) use tls::TlsArguments;
pub(super) use try_encoder::TryEncoderOptions;

/// Shows a Linux desktop in a browser: start it on the desktop, open the printed URL, then see and control the screen
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, subcommand_help_heading = "Subcommands")]
#[command(override_usage = "deskbeam [OPTIONS] [-- <COMMAND>...]\n       deskbeam <SUBCOMMAND>")]
pub(super) struct Cli {
    /// Logs debug messages; -vv logs everything. RUST_LOG overrides both
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,

    /// Configuration file with defaults for the options that have an environment variable. Without this option,
    /// $XDG_CONFIG_HOME/deskbeam/config.toml (~/.config/deskbeam/config.toml) is used, if it exists
    #[arg(long, value_name = "FILE", env = "DESKBEAM_CONFIG", global = true)]
    pub config: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub run: Box<RunOptions>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Streams the desktop. The same as no subcommand
    Run(Box<RunOptions>),
    /// Lists, prints and checks pipeline descriptions
    Pipelines(PipelinesOptions),
    /// Sets the password for `--auth password`: prompts for it, or reads it from stdin if stdin is not a terminal
    Passwd,
    /// Tries the encoder whose description is on stdin, for a host; prints the outcome
    #[command(hide = true)]
    TryEncoder(TryEncoderOptions),
    /// Creates a link for other people, lists all links, or revokes one. A running host need not be restarted
    Share(ShareOptions),
}

#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// Address and port to listen on; a name such as localhost can replace the address. With port 0, the system chooses a
    /// free port, which the printed URL contains
    #[arg(
        long,
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8080",
        env = "DESKBEAM_LISTEN"
    )]
    #[arg(help_heading = "Network")]
    pub listen: ListenAddress,

    /// Accepts requests for this host name, such as desk.example; repeatable. IP addresses, localhost and the name of
    /// the machine are always accepted
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "DESKBEAM_ALLOW_HOST",
        help_heading = "Network"
    )]
    pub allow_host: Vec<String>,

    /// Lets pages of this origin, such as `https://player.example`, connect, and watch over WHEP; repeatable. `*`
    /// allows every origin. Unless --auth is none, these pages need a token
    #[arg(
        long,
        value_name = "ORIGIN",
        value_delimiter = ',',
        env = "DESKBEAM_ALLOW_ORIGIN",
        help_heading = "Network"
    )]
    pub allow_origin: Vec<String>,

    #[command(flatten)]
    pub access: AccessArguments,

    // The help follows from the table of settings.
    #[arg(
        long,
        help = client_setting::help(),
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        env = "DESKBEAM_CLIENT",
        help_heading = "Page"
    )]
    pub client: Vec<ClientSetting>,

    #[command(flatten)]
    pub files: FilesArguments,

    #[command(flatten)]
    pub tls: TlsArguments,

    /// X11 display to stream, such as :0. Defaults to $DISPLAY
    #[arg(
        long,
        value_name = ":N",
        env = "DESKBEAM_DISPLAY",
        conflicts_with = "virtual_size",
        help_heading = "Desktop"
    )]
    pub display: Option<String>,

    /// Starts a virtual desktop and streams it, so that no screen is needed. The size defaults to 1280x720
    ///
    /// The virtual desktop is a private X server that runs COMMAND and, if one is installed, a window manager. All of
    /// them end when deskbeam ends, and deskbeam ends when COMMAND ends: with exit code 0, or with 7 if COMMAND has
    /// failed. Each side has 16 to 8192 pixels.
    #[arg(long = "virtual", value_name = "WxH", num_args = 0..=1, require_equals = true)]
    #[arg(
        default_missing_value = "1280x720",
        env = "DESKBEAM_VIRTUAL",
        help_heading = "Desktop"
    )]
    pub virtual_size: Option<Size>,

    /// Command to run in the virtual desktop, with its arguments. Defaults to a terminal, if one is installed, which is
    /// started again whenever it is closed
    #[arg(last = true, value_name = "COMMAND", help_heading = "Desktop")]
    pub program: Vec<String>,

    #[command(flatten)]
    pub stream: StreamArguments,

    #[command(flatten)]
    pub signaling: SignalingArguments,

    /// Prints the pipeline in the syntax of gst-launch-1.0 and exits
    #[arg(long, help_heading = "Pipelines")]
    pub print_pipeline: bool,
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
    fn a_size_is_two_numbers() {
        assert!(Cli::try_parse_from(["deskbeam", "--virtual=big"]).is_err());
        for size in ["0x0", "15x480", "640x8193", "4294967295x480", "-1x480"] {
            let refused = Cli::try_parse_from(["deskbeam".to_owned(), format!("--virtual={size}")]);
            assert!(refused.is_err(), "{size}");
        }
    }
}
