//! Reaches viewers through a signaling server elsewhere: registers there, again and again.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::config::{RemoteSignaling, RemoteSignalingKind};
use super::context::HostContext;
use super::viewer::{self, Visit};
use crate::clock::steady_ms;
use crate::quota::Holder;
use crate::retry::Backoff;
use crate::session::{Action, Session};
use crate::web;

/// The pauses before the next try.
const PAUSES: Backoff = Backoff::doubling(Duration::from_secs(3), Duration::from_secs(30)).with_jitter(0.2);
/// The age from which a lost connection counts as a good one: the pauses begin anew.
const GOOD: Duration = Duration::from_secs(30);

/// Registers, serves the viewers that come through the server, and comes back after each loss, until the host ends or
/// `end` is cancelled.
pub(super) async fn stay_registered(
    context: HostContext,
    remote_signaling: RemoteSignaling,
    end: CancellationToken,
) {
    // A conversation that is dropped takes its peers with it, and what is pressed through them.
    if end
        .run_until_cancelled(register_again_and_again(context, remote_signaling))
        .await
        .is_none()
    {
        tracing::warn!("the signaling server is left for good");
    }
}

async fn register_again_and_again(context: HostContext, remote_signaling: RemoteSignaling) {
    let mut pauses = PAUSES.pauses();
    loop {
        let started = Instant::now();
        let reason = match web::connect(&remote_signaling.url).await {
            Ok(socket) => {
                tracing::info!(server = %remote_signaling.url, "connected to the signaling server");
                let (session, first) = register(&remote_signaling.kind, &context);
                let visit = Visit::of(Holder::Guest("signaling server".to_owned()));
                viewer::converse(context.clone(), socket, session, visit, first, Vec::new())
                    .await
                    .into_owned()
            }
            Err(reason) => reason,
        };
        if context.shutdown.is_cancelled() {
            return;
        }
        if started.elapsed() >= GOOD {
            pauses = PAUSES.pauses();
        }
        let wait = pauses.next();
        tracing::warn!(server = %remote_signaling.url, %reason, seconds = wait.as_secs_f32(), "not registered; trying again");
        tokio::select! {
            () = context.shutdown.cancelled() => return,
            () = sleep(wait) => {}
        }
    }
}

fn register(kind: &RemoteSignalingKind, context: &HostContext) -> (Session, Vec<Action>) {
    let config = context.config.session.clone();
    match kind {
        RemoteSignalingKind::Producer { name } => {
            Session::produce(json!({ "name": name }), config, steady_ms())
        }
        RemoteSignalingKind::Peer { uid, callee } => Session::call(uid, callee.clone(), config, steady_ms()),
    }
}
