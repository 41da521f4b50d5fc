//! What the command line takes. The groups of options have a file each.

mod access;
mod files;
mod signaling;
mod stream;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, Parser, Subcommand};

use super::client_setting::ClientSetting;
use super::duration::HumanDuration;

pub(super) use access::AccessArguments;
pub(super) use files::FilesArguments;
pub(super) use signaling::SignalingArguments;
pub(super) use stream::StreamArguments;
pub(super) use tls::TlsArguments;

/// A Linux desktop in the browser: start it on the desktop, open the printed URL, see the screen and control it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
#[command(override_usage = "deskbeam [OPTIONS] [-- <COMMAND>...]\n       deskbeam <COMMAND>")]
pub(super) struct Cli {
    /// Says more in the log; twice, everything. RUST_LOG wins over it.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,

    /// A file with defaults for the flags that have an environment variable. Without it,
    /// $XDG_CONFIG_HOME/deskbeam/config.toml, if there is one.
    #[arg(long, value_name = "FILE", env = "DESKBEAM_CONFIG", global = true)]
    pub config: Option<PathBuf>,

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
    /// Sets the password of `--auth password`: asks for it twice, or reads it from stdin if that is no terminal.
    Passwd,
    /// Makes a link that lets somebody else in, lists all links, or revokes one. A host that runs heeds it at once.
    Share(ShareOptions),
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

    /// A name by which browsers may ask for this host. Its addresses, localhost and the machine's own name are known.
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "DESKBEAM_ALLOW_HOST",
        help_heading = "Network"
    )]
    pub allow_host: Vec<String>,

    /// An origin, such as `https://player.example`, whose pages may connect and watch by WHEP, besides the pages of
    /// this host. * is any.
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

    /// Decides a setting of the page for all viewers: fit, quality, touch, theme, stats or metaIsControl. May be given
    /// several times. In the configuration file, it is a table.
    #[arg(
        long,
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
    #[arg(last = true, value_name = "COMMAND", help_heading = "Desktop")]
    pub program: Vec<String>,

    #[command(flatten)]
    pub stream: StreamArguments,

    #[command(flatten)]
    pub signaling: SignalingArguments,

    /// Prints the pipeline in the form of gst-launch-1.0, and ends.
    #[arg(long, help_heading = "Pipelines")]
    pub print_pipeline: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShareOptions {
    /// What its holder may do: view, control, or admin (also show others out).
    #[arg(long, value_name = "ROLE", default_value = "view", value_parser = ["view", "control", "admin"])]
    pub role: String,

    /// How long it is valid: a number and s, m, h or d.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub expires: HumanDuration,

    /// The address of the host, as its guests reach it. Without it, that of the host that was started last.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Lists the links: name, role, and the time that is left.
    #[arg(long, conflicts_with_all = ["role", "expires", "url", "revoke"])]
    pub list: bool,

    /// Revokes the link of this name, and shows out who came by it.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["role", "expires", "url"])]
    pub revoke: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct PipelinesOptions {
    #[command(subcommand)]
    pub command: PipelinesCommand,

    /// A directory with descriptions that override the shipped ones and add to them.
    #[arg(
        long = "pipelines",
        value_name = "DIR",
        env = "DESKBEAM_PIPELINES",
        global = true
    )]
    pub directory: Option<PathBuf>,
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
    fn a_size_is_two_numbers() {
        assert!(Cli::try_parse_from(["deskbeam", "--virtual=big"]).is_err());
    }
}
