//! Whether HTTPS is spoken, and with which certificate.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub(in crate::cli) struct TlsArguments {
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
