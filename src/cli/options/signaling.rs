//! The options about signaling: limits, ICE, and a remote signaling server.

use std::path::PathBuf;

use clap::Args;

use crate::web::ServerUrl;

#[derive(Debug, Args)]
#[command(next_help_heading = "Signaling")]
pub(in crate::cli) struct SignalingArguments {
    /// Maximum number of viewers and WHEP players, taken together
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    #[arg(env = "DESKBEAM_MAX_CONNECTIONS")]
    pub max_connections: u32,

    /// Maximum number of TCP connections from one address (for IPv6: from one /64). 0: unlimited, for use behind a
    /// reverse proxy
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    #[arg(env = "DESKBEAM_MAX_CONNECTIONS_PER_ADDRESS")]
    pub max_connections_per_address: u32,

    /// Interval at which clients should ping the host, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    #[arg(env = "DESKBEAM_HEARTBEAT_INTERVAL")]
    pub heartbeat_interval: u64,

    /// Disconnects a client that has sent nothing and answered no ping for this many seconds. The host sends a ping every
    /// 2 s
    #[arg(long, value_name = "SECONDS", default_value_t = 6, value_parser = clap::value_parser!(u64).range(4..=86_400))]
    #[arg(env = "DESKBEAM_CONNECTION_TIMEOUT")]
    pub connection_timeout: u64,

    /// Maximum size of a signaling message, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(1024..=1_048_576))]
    #[arg(env = "DESKBEAM_MAX_MESSAGE_SIZE")]
    pub max_message_size: u32,

    /// Maximum number of signaling messages that a client may send in a burst
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(env = "DESKBEAM_RATE_BURST")]
    pub rate_burst: u32,

    /// Maximum sustained rate of signaling messages from a client, per second
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(env = "DESKBEAM_RATE_PER_SECOND")]
    pub rate_per_second: u32,

    /// Signaling protocols that clients may use, separated by commas
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "gstreamer-1.0,selkies,gstwebrtc"
    )]
    #[arg(value_parser = ["gstreamer-1.0", "selkies", "gstwebrtc"], env = "DESKBEAM_SUPPORTED_PROTOCOLS")]
    pub supported_protocols: Vec<String>,

    /// STUN or TURN server that clients use, such as stun:stun.example.org:3478; repeatable
    #[arg(
        long = "ice-server",
        value_name = "URL",
        value_delimiter = ',',
        env = "DESKBEAM_ICE_SERVERS"
    )]
    pub ice_servers: Vec<String>,

    /// File with the secret that the host shares with the TURN servers (static-auth-secret of coturn). Clients then get
    /// credentials that are valid for a day
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TURN_SECRET_FILE")]
    pub turn_secret_file: Option<PathBuf>,

    /// Relay for viewers who reach the host by the TCP port of the page alone: on (tried last), off, or only
    #[arg(long, value_name = "USE", default_value = "on", value_parser = ["on", "off", "only"], env = "DESKBEAM_RELAY")]
    pub relay: String,

    /// Remote signaling server (ws:// or wss://) with which the host registers, and through which viewers reach it.
    /// Cannot be combined with --confirm: the server does not tell who comes
    #[arg(long, value_name = "URL", env = "DESKBEAM_SIGNALING_SERVER")]
    pub signaling_server: Option<ServerUrl>,

    /// Protocol of the remote server: gstwebrtc (gst-plugins-rs) or selkies (also the servers of gst-examples)
    #[arg(long, value_name = "NAME", default_value = "gstwebrtc", value_parser = ["gstwebrtc", "selkies"])]
    #[arg(env = "DESKBEAM_SIGNALING_PROTOCOL")]
    pub signaling_protocol: String,

    /// Name of the host on the remote server. Defaults to the name of the machine
    #[arg(long, value_name = "NAME", value_parser = name_without_spaces, env = "DESKBEAM_SIGNALING_NAME")]
    pub signaling_name: Option<String>,

    /// Role of viewers who come through the remote server. It has to authenticate them: the host does not
    #[arg(long, value_name = "ROLE", default_value = "control", value_parser = ["view", "control"])]
    #[arg(env = "DESKBEAM_SIGNALING_ROLE")]
    pub signaling_role: String,

    /// With --signaling-protocol selkies: the peer to call. Without this option, the host waits for a call
    #[arg(long, value_name = "NAME", value_parser = name_without_spaces, env = "DESKBEAM_SIGNALING_CALLEE")]
    pub signaling_callee: Option<String>,
}

/// Accepts the names that the text protocol can carry, where spaces separate words.
fn name_without_spaces(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 64 || text.contains(char::is_whitespace) {
        return Err("expected 1 to 64 bytes without spaces".to_owned());
    }
    Ok(text.to_owned())
}
