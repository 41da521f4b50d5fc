//! Who may come in, and what may be done against them.

use std::net::IpAddr;

use clap::Args;

use crate::chord::Chord;
use crate::cli::duration::HumanDuration;
use crate::web::Embedder;

#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
pub(in crate::cli) struct AccessArguments {
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
    pub idle_timeout: Option<HumanDuration>,

    /// After so long, everybody is shown out, and may come again: a number and s, m, h or d.
    #[arg(long, value_name = "TIME", env = "DESKBEAM_MAX_SESSION")]
    pub max_session: Option<HumanDuration>,

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
