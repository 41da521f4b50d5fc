//! The log, on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts the log. `RUST_LOG` wins over `-v`.
pub(super) fn init(verbose: u8) {
    let default = match verbose {
        0 => "info",
        1 => "deskbeam=debug,gstreamer=debug,info",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(
            std::io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        )
        .init();
}
