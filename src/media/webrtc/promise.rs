//! Awaits promises of webrtcbin.

use std::time::Duration;

/// Timeout of a promise.
pub(super) const STEP: Duration = Duration::from_secs(5);

/// Waits for a promise, within a timeout, and returns its reply or error.
pub(super) async fn settled<R: std::ops::Deref<Target = gst::StructureRef>>(
    reply: impl Future<Output = Result<Option<R>, gst::PromiseError>>,
) -> Result<Option<gst::Structure>, String> {
    let reply = glib::future_with_timeout(STEP, reply)
        .await
        .map_err(|_| format!("no reply within {} s", STEP.as_secs()))?
        .map_err(|error| format!("{error:?}"))?;
    let reply = reply.as_deref().map(ToOwned::to_owned);
    match reply
        .as_ref()
        .and_then(|reply| reply.get::<glib::Error>("error").ok())
    {
        Some(error) => Err(error.message().to_owned()),
        None => Ok(reply),
    }
}
