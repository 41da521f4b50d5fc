//! The options of `deskbeam share`.

use clap::Args;

use crate::cli::duration::HumanDuration;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShareOptions {
    /// Role of everyone who uses the link: view, control (also pointer and keyboard) or admin (can also disconnect
    /// others)
    #[arg(long, value_name = "ROLE", default_value = "view", value_parser = ["view", "control", "admin"])]
    pub role: String,

    /// Time until the link expires, such as 90m or 7d (units s, m, h, d; at most 365d)
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub expires: HumanDuration,

    /// URL at which other people reach the host. Defaults to the address of the host that was started last
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Lists all links with their ids, roles and remaining times
    #[arg(long, conflicts_with_all = ["role", "expires", "url", "revoke"])]
    pub list: bool,

    /// Revokes the link with this id and disconnects everyone who used it
    #[arg(long, value_name = "ID", conflicts_with_all = ["role", "expires", "url"])]
    pub revoke: Option<String>,
}
