//! The options about HTTPS.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub(in crate::cli) struct TlsArguments {
    /// When to use HTTPS: auto (with --tls-cert, or if other machines can reach the address), on, or off (for use
    /// behind a reverse proxy that terminates TLS)
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "on", "off"], env = "DESKBEAM_TLS")]
    pub tls: String,

    /// Certificate chain in PEM format, reloaded when the file changes. Without this option, the host uses a
    /// self-signed certificate
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of the certificate, in PEM format
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
}
