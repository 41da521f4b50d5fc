//! Blocking calls into GStreamer, off the main loop.

use std::time::Duration;

use super::mailbox::reply;

/// Runs `work` on a thread of its own and returns its result, or `None` after `deadline`: the thread is then
/// abandoned. For calls into GStreamer that may block, such as state changes.
pub(crate) async fn run_blocking<T: Send + 'static>(
    name: &'static str,
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (result, pending) = reply();
    let spawned = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || result.send(work()));
    if let Err(error) = spawned {
        tracing::error!(%error, "cannot start the thread {name}");
        return None;
    }
    glib::future_with_timeout(deadline, pending.received())
        .await
        .ok()?
}
