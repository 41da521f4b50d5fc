//! The log, on stderr.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log. `verbose` is the number of `-v`; `RUST_LOG` overrides it.
pub(super) fn init(verbose: u8) {
    let default = match verbose {
        0 => "info",
        1 => "deskbeam=debug,gstreamer=debug,info",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(
            std::io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        );
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(is_safe))
        .with(lines)
        .init();
}

/// False for the trace messages of tungstenite: they contain whole frames, and so what viewers type.
fn is_safe(metadata: &Metadata<'_>) -> bool {
    *metadata.level() != Level::TRACE || !metadata.target().starts_with("tungstenite")
}
