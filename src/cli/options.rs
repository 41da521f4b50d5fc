//! What the command line takes.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::chord::Chord;
use crate::protocol::role::ClipboardPolicy;
use crate::web::{Embedder, ServerUrl};

use super::client_setting::ClientSetting;
use super::share::Lifetime;

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
#[command(next_help_heading = "Access")]
pub(super) struct AccessArguments {
    /// How you come in: with the token that is in the printed address, with the password of `deskbeam passwd`, by a
    /// proxy that names the user, or just so.
    #[arg(long, value_name = "HOW", default_value = "token", value_parser = ["token", "password", "proxy", "none"])]
    #[arg(env = "DESKBEAM_AUTH")]
    pub auth: String,

    /// With --auth none: also lets in everybody who comes from elsewhere.
    #[arg(long)]
    pub insecure_no_auth: bool,

    /// With --auth proxy: the header that names the user.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "X-Forwarded-User",
        env = "DESKBEAM_AUTH_PROXY_HEADER"
    )]
    pub auth_proxy_header: String,

    /// The address of a proxy before this host that is believed: what it says of the client (X-Forwarded-For), and
    /// with --auth proxy of the user. May be given several times.
    #[arg(
        long,
        value_name = "ADDR",
        value_delimiter = ',',
        env = "DESKBEAM_AUTH_PROXY_FROM"
    )]
    pub auth_proxy_from: Vec<IpAddr>,

    /// Asks on the desktop, by a dialog, before somebody is let in. Without an answer within 30 s, nobody is.
    #[arg(long, env = "DESKBEAM_CONFIRM", conflicts_with = "signaling_server")]
    pub confirm: bool,

    /// Who may act and has not for so long is shown out: a number and s, m, h or d. Who may only look stays.
    #[arg(long, value_name = "TIME", env = "DESKBEAM_IDLE_TIMEOUT")]
    pub idle_timeout: Option<Lifetime>,

    /// After so long, everybody is shown out, and may come again: a number and s, m, h or d.
    #[arg(long, value_name = "TIME", env = "DESKBEAM_MAX_SESSION")]
    pub max_session: Option<Lifetime>,

    /// While somebody uses mouse or keyboard at the desktop itself, and for so long after that, viewers cannot act.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    #[arg(env = "DESKBEAM_LOCAL_PRIORITY")]
    pub local_priority: Option<u64>,

    /// A combination of keys that, pressed at the desktop itself, cuts everybody off at once, such as
    /// Ctrl+Alt+Shift+F12.
    #[arg(long, value_name = "KEYS", env = "DESKBEAM_PANIC_KEY")]
    pub panic_key: Option<Chord>,

    /// A combination of keys that viewers cannot press, such as Ctrl+Alt+Backspace. May be given several times.
    #[arg(long, value_name = "KEYS", value_delimiter = ',', env = "DESKBEAM_BLOCK_KEYS")]
    pub block_keys: Vec<Chord>,

    /// An origin, such as `https://desk.example`, whose pages may show this host's page in a frame.
    #[arg(
        long,
        value_name = "ORIGIN",
        value_delimiter = ',',
        env = "DESKBEAM_ALLOW_EMBED"
    )]
    pub allow_embed: Vec<Embedder>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Clipboard and files")]
pub(super) struct FilesArguments {
    /// Which way the clipboard goes: to-host lets viewers paste on the desktop, to-viewer gives them what is copied
    /// there.
    #[arg(long, value_name = "WAY", default_value = "both", value_parser = ClipboardPolicy::NAMES)]
    #[arg(env = "DESKBEAM_CLIPBOARD")]
    pub clipboard: String,

    /// A folder that takes the files that viewers send who may act. Nothing in it is overwritten. Without it, none are
    /// taken.
    #[arg(long, value_name = "DIR", env = "DESKBEAM_UPLOAD_DIR")]
    pub upload_dir: Option<PathBuf>,

    /// The largest file that is taken, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    #[arg(env = "DESKBEAM_UPLOAD_LIMIT")]
    pub upload_limit: u64,

    /// A folder whose files viewers may fetch who may act: not those that are hidden, and not its folders.
    #[arg(long, value_name = "DIR", env = "DESKBEAM_DOWNLOAD_DIR")]
    pub download_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArguments {
    /// Whether HTTPS is spoken: auto is yes where others than this machine can connect, and with --tls-cert. off is
    /// for a proxy that speaks it.
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "on", "off"], env = "DESKBEAM_TLS")]
    pub tls: String,

    /// A certificate with its chain, in PEM, read again when it changes. Without one, the host makes its own.
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// Its key, in PEM.
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
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

#[derive(Debug, Args)]
#[command(next_help_heading = "Signaling")]
pub(super) struct SignalingArguments {
    /// How many viewers and players there may be at once.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    #[arg(env = "DESKBEAM_MAX_CONNECTIONS")]
    pub max_connections: u32,

    /// How many TCP connections there may be at once from one address (from one /64 of IPv6). 0: any number, for a
    /// reverse proxy, from which all come.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    #[arg(env = "DESKBEAM_MAX_CONNECTIONS_PER_ADDRESS")]
    pub max_connections_per_address: u32,

    /// How often clients are asked to ping, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    #[arg(env = "DESKBEAM_HEARTBEAT_INTERVAL")]
    pub heartbeat_interval: u64,

    /// After how many seconds without a sign of life a client is removed. 0: never.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    #[arg(env = "DESKBEAM_CONNECTION_TIMEOUT")]
    pub connection_timeout: u64,

    /// The longest message that is read, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(1024..=1_048_576))]
    #[arg(env = "DESKBEAM_MAX_MESSAGE_SIZE")]
    pub max_message_size: u32,

    /// How many messages a client may send at once.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(env = "DESKBEAM_RATE_BURST")]
    pub rate_burst: u32,

    /// How many messages a client may send per second, lastingly.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(env = "DESKBEAM_RATE_PER_SECOND")]
    pub rate_per_second: u32,

    /// The protocols that may be spoken, between commas.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "gstreamer-1.0,selkies,gstwebrtc"
    )]
    #[arg(value_parser = ["gstreamer-1.0", "selkies", "gstwebrtc"], env = "DESKBEAM_SUPPORTED_PROTOCOLS")]
    pub supported_protocols: Vec<String>,

    /// What clients use for ICE, such as stun:stun.example.org:3478. May be given several times.
    #[arg(
        long = "ice-server",
        value_name = "URL",
        value_delimiter = ',',
        env = "DESKBEAM_ICE_SERVERS"
    )]
    pub ice_servers: Vec<String>,

    /// A file with the secret that a TURN server among them has too (`static-auth-secret` of coturn): clients get
    /// credentials that end after a day.
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TURN_SECRET_FILE")]
    pub turn_secret_file: Option<PathBuf>,

    /// A signaling server elsewhere, ws:// or wss://, where the host registers to be reached through it.
    #[arg(long, value_name = "URL", env = "DESKBEAM_SIGNALING_SERVER")]
    pub signaling_server: Option<ServerUrl>,

    /// What that server speaks: gstwebrtc (of gst-plugins-rs), or selkies (also of the gst-examples).
    #[arg(long, value_name = "NAME", default_value = "gstwebrtc", value_parser = ["gstwebrtc", "selkies"])]
    #[arg(env = "DESKBEAM_SIGNALING_PROTOCOL")]
    pub signaling_protocol: String,

    /// What the host calls itself there. The machine's name, if not given.
    #[arg(long, value_name = "NAME", value_parser = name_without_spaces, env = "DESKBEAM_SIGNALING_NAME")]
    pub signaling_name: Option<String>,

    /// What those may do who come through that server, which lets in whom it likes: view, or control.
    #[arg(long, value_name = "ROLE", default_value = "control", value_parser = ["view", "control"])]
    #[arg(env = "DESKBEAM_SIGNALING_ROLE")]
    pub signaling_role: String,

    /// With selkies: the peer to call. Without it, the host waits to be called.
    #[arg(long, value_name = "NAME", value_parser = name_without_spaces, env = "DESKBEAM_SIGNALING_CALLEE")]
    pub signaling_callee: Option<String>,
}

/// Names stand between spaces in the text protocol.
fn name_without_spaces(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 64 || text.contains(char::is_whitespace) {
        return Err("expected 1 to 64 bytes without spaces".to_owned());
    }
    Ok(text.to_owned())
}

#[derive(Debug, Args)]
pub(super) struct ShareOptions {
    /// What its holder may do: view, control, or admin (also show others out).
    #[arg(long, value_name = "ROLE", default_value = "view", value_parser = ["view", "control", "admin"])]
    pub role: String,

    /// How long it is valid: a number and s, m, h or d.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub expires: Lifetime,

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
