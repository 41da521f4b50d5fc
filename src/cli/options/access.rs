//! The options about authentication and about the rights of viewers.

use std::net::IpAddr;

use clap::Args;

use crate::chord::Chord;
use crate::cli::duration::HumanDuration;
use crate::web::Embedder;

#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
pub(in crate::cli) struct AccessArguments {
    /// How viewers authenticate: token (part of the printed URL), password (set with `deskbeam passwd`), proxy (a
    /// reverse proxy names the user) or none
    #[arg(long, value_name = "METHOD", default_value = "token", value_parser = ["token", "password", "proxy", "none"])]
    #[arg(env = "DESKBEAM_AUTH")]
    pub auth: String,

    /// Allows --auth none on an address that other machines can reach
    #[arg(long)]
    pub insecure_no_auth: bool,

    /// With --auth proxy: the header in which the proxy names the user
    #[arg(
        long,
        value_name = "NAME",
        default_value = "X-Forwarded-User",
        env = "DESKBEAM_AUTH_PROXY_HEADER"
    )]
    pub auth_proxy_header: String,

    /// Trusts the reverse proxy at this address to report the client's address (X-Forwarded-For) and, with --auth
    /// proxy, the user; repeatable
    #[arg(
        long,
        value_name = "ADDR",
        value_delimiter = ',',
        env = "DESKBEAM_AUTH_PROXY_FROM"
    )]
    pub auth_proxy_from: Vec<IpAddr>,

    /// Asks the local user in a dialog before a viewer is admitted. Without an answer within 30 s, the viewer is
    /// refused. Cannot be combined with --signaling-server, which does not tell who comes
    #[arg(long, env = "DESKBEAM_CONFIRM", conflicts_with = "signaling_server")]
    pub confirm: bool,

    /// Disconnects a viewer who may control the desktop after this time without input, such as 30m (units s, m, h, d).
    /// Does not affect viewers who may only watch
    #[arg(long, value_name = "TIME", env = "DESKBEAM_IDLE_TIMEOUT")]
    pub idle_timeout: Option<HumanDuration>,

    /// Disconnects each viewer after this time, such as 8h (units s, m, h, d). The viewer may reconnect
    #[arg(long, value_name = "TIME", env = "DESKBEAM_MAX_SESSION")]
    pub max_session: Option<HumanDuration>,

    /// Ignores viewers' input while the local user moves the mouse or types, and for this many seconds afterwards
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    #[arg(env = "DESKBEAM_LOCAL_PRIORITY")]
    pub local_priority: Option<u64>,

    /// Key combination on the local keyboard that disconnects all viewers at once, such as Ctrl+Alt+Shift+F12
    #[arg(long, value_name = "KEYS", env = "DESKBEAM_PANIC_KEY")]
    pub panic_key: Option<Chord>,

    /// Key combination that viewers cannot press, such as Ctrl+Alt+Backspace; repeatable
    #[arg(long, value_name = "KEYS", value_delimiter = ',', env = "DESKBEAM_BLOCK_KEYS")]
    pub block_keys: Vec<Chord>,

    /// Lets pages of this origin, such as `https://desk.example`, show deskbeam's page in a frame; repeatable
    #[arg(
        long,
        value_name = "ORIGIN",
        value_delimiter = ',',
        env = "DESKBEAM_ALLOW_EMBED"
    )]
    pub allow_embed: Vec<Embedder>,
}
