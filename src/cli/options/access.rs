//! The options about authentication and about the rights of viewers.

use std::net::IpAddr;

use clap::Args;

use crate::chord::Chord;
use crate::cli::duration::HumanDuration;
use crate::web::Embedder;

#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
pub(in crate::cli) struct AccessArguments {
    /// Authentication: token (part of the printed URL), password (set by `deskbeam passwd`), proxy (a reverse proxy
    /// names the user) or none
    #[arg(long, value_name = "METHOD", default_value = "token", value_parser = ["token", "password", "proxy", "none"])]
    #[arg(env = "DESKBEAM_AUTH")]
    pub auth: String,

    /// Lets --auth none listen on an address that other machines can reach
    #[arg(long)]
    pub insecure_no_auth: bool,

    /// With --auth proxy: header in which the proxy names the user
    #[arg(
        long,
        value_name = "NAME",
        default_value = "X-Forwarded-User",
        env = "DESKBEAM_AUTH_PROXY_HEADER"
    )]
    pub auth_proxy_header: String,

    /// Trusts the reverse proxy at this address to report the client (X-Forwarded-For) and, with --auth proxy, the
    /// user; repeatable
    #[arg(
        long,
        value_name = "ADDR",
        value_delimiter = ',',
        env = "DESKBEAM_AUTH_PROXY_FROM"
    )]
    pub auth_proxy_from: Vec<IpAddr>,

    /// Asks the local user in a dialog before a viewer is admitted. No answer within 30 s means no
    #[arg(long, env = "DESKBEAM_CONFIRM", conflicts_with = "signaling_server")]
    pub confirm: bool,

    /// Disconnects a viewer with control after this long without input, such as 30m (units s, m, h, d). Viewers who can
    /// only watch stay
    #[arg(long, value_name = "TIME", env = "DESKBEAM_IDLE_TIMEOUT")]
    pub idle_timeout: Option<HumanDuration>,

    /// Disconnects every viewer after this long, such as 8h (units s, m, h, d). They may reconnect
    #[arg(long, value_name = "TIME", env = "DESKBEAM_MAX_SESSION")]
    pub max_session: Option<HumanDuration>,

    /// Ignores viewers' input while the local user moves the mouse or types, and for this many seconds afterwards
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    #[arg(env = "DESKBEAM_LOCAL_PRIORITY")]
    pub local_priority: Option<u64>,

    /// Key combination on the local keyboard that disconnects everyone at once, such as Ctrl+Alt+Shift+F12
    #[arg(long, value_name = "KEYS", env = "DESKBEAM_PANIC_KEY")]
    pub panic_key: Option<Chord>,

    /// Key combination that viewers cannot press, such as Ctrl+Alt+Backspace; repeatable
    #[arg(long, value_name = "KEYS", value_delimiter = ',', env = "DESKBEAM_BLOCK_KEYS")]
    pub block_keys: Vec<Chord>,

    /// Lets pages of this origin, such as `https://desk.example`, embed the client in a frame; repeatable
    #[arg(
        long,
        value_name = "ORIGIN",
        value_delimiter = ',',
        env = "DESKBEAM_ALLOW_EMBED"
    )]
    pub allow_embed: Vec<Embedder>,
}
