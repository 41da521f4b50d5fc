//! Signals. SIGINT and SIGTERM: the first shuts the host down, the second ends it at once. SIGHUP reloads the pipeline
//! files. SIGUSR1 disconnects all viewers.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Returns a token that the first SIGINT or SIGTERM cancels. A second one ends the process at once, with the exit code
/// that shells report for the signal: 130 or 143.
///
/// # Errors
/// If the signals cannot be caught.
pub(crate) fn on_signal() -> std::io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        loop {
            let (name, exit_code) = tokio::select! {
                _ = interrupt.recv() => ("SIGINT", 130),
                _ = terminate.recv() => ("SIGTERM", 143),
            };
            if cancelled.is_cancelled() {
                std::process::exit(exit_code);
            }
            tracing::info!("{name}: shutting down; send it again to end at once");
            cancelled.cancel();
        }
    });
    Ok(token)
}

/// Calls `reload` at each SIGHUP.
///
/// # Errors
/// If the signal cannot be caught.
pub(crate) fn on_hangup<F: Future<Output = ()> + Send>(
    mut reload: impl FnMut() -> F + Send + 'static,
) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: reloading the pipeline files");
            reload().await;
        }
    });
    Ok(())
}

/// Notifies `disconnect_all` at each SIGUSR1.
///
/// # Errors
/// If the signal cannot be caught.
pub(crate) fn notify_disconnect_all(disconnect_all: Arc<Notify>) -> std::io::Result<()> {
    let mut signals = signal(SignalKind::user_defined1())?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            disconnect_all.notify_one();
        }
    });
    Ok(())
}
