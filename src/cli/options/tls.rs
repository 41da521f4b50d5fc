//! The options about HTTPS.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub(in crate::cli) struct TlsArguments {
    /// HTTPS. auto: on unless the address is loopback; also on with --tls-cert. Use off behind a reverse proxy that
    /// speaks TLS
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "on", "off"], env = "DESKBEAM_TLS")]
    pub tls: String,

    /// Certificate chain in PEM format, reloaded when the file changes. Without it, the host uses a self-signed one
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of the certificate, in PEM format
    #[arg(long, value_name = "FILE", env = "DESKBEAM_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
}
