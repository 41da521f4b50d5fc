//! How much clients may ask for, what they use for ICE, and a signaling server elsewhere.

use std::path::PathBuf;

use clap::Args;

use crate::web::ServerUrl;

#[derive(Debug, Args)]
#[command(next_help_heading = "Signaling")]
pub(in crate::cli) struct SignalingArguments {
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
