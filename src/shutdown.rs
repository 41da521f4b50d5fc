//! SIGINT and SIGTERM: the first ends the host in order, the second at once. SIGHUP: its files are read again. SIGUSR1
//! cuts everybody off.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A token that the first signal cancels. A second signal ends the process at once, with the exit code that shells
/// give to it: 130 for SIGINT, 143 for SIGTERM.
///
/// # Errors
/// If the signals cannot be caught.
pub fn on_signal() -> std::io::Result<CancellationToken> {
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
            tracing::info!("{name}: going down; once more to end at once");
            cancelled.cancel();
        }
    });
    Ok(token)
}

/// Calls `reload` at each SIGHUP, from now on.
///
/// # Errors
/// If the signal cannot be caught.
pub fn on_hangup<F: Future<Output = ()> + Send>(
    mut reload: impl FnMut() -> F + Send + 'static,
) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("SIGHUP: reading the pipeline files again");
            reload().await;
        }
    });
    Ok(())
}

/// What is notified at each SIGUSR1.
///
/// # Errors
/// If the signal cannot be caught.
pub fn on_cut_off() -> std::io::Result<Arc<Notify>> {
    let mut signals = signal(SignalKind::user_defined1())?;
    let notify = Arc::new(Notify::new());
    let notified = Arc::clone(&notify);
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            notified.notify_one();
        }
    });
    Ok(notify)
}
