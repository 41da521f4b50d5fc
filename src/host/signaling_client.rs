//! Reaches viewers through a signaling server elsewhere: registers there, again and again.

use std::iter::successors;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::config::{RemoteSignaling, RemoteSignalingKind};
use super::context::HostContext;
use super::viewer;
use crate::clock::steady_ms;
use crate::session::{Action, Session};
use crate::web;

/// The first pause before another try.
const SHORTEST: Duration = Duration::from_secs(3);
/// The longest.
const LONGEST: Duration = Duration::from_secs(30);
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
    let mut pauses = pauses();
    loop {
        let started = Instant::now();
        let reason = match web::connect(&remote_signaling.url).await {
            Ok(socket) => {
                tracing::info!(server = %remote_signaling.url, "connected to the signaling server");
                let (session, first) = register(&remote_signaling.kind, &context);
                viewer::converse(context.clone(), socket, session, first, Vec::new(), None)
                    .await
                    .to_owned()
            }
            Err(reason) => reason,
        };
        if context.shutdown.is_cancelled() {
            return;
        }
        if started.elapsed() >= GOOD {
            pauses = self::pauses();
        }
        let wait = jittered(pauses.next().unwrap_or(LONGEST));
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

/// Before each try that follows a failed one: twice the last, up to the longest.
fn pauses() -> impl Iterator<Item = Duration> {
    successors(Some(SHORTEST), |pause| Some((*pause * 2).min(LONGEST)))
}

/// 20 % more or less, so that many hosts do not come back at once.
fn jittered(pause: Duration) -> Duration {
    // Without randomness the pause is the plain one.
    let share = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
    pause.mul_f64(0.8 + 0.4 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_double_up_to_the_longest() {
        let seconds: Vec<_> = pauses().take(7).map(|pause| pause.as_secs()).collect();
        assert_eq!(seconds, [3, 6, 12, 24, 30, 30, 30]);
    }

    #[test]
    fn the_jitter_stays_within_a_fifth() {
        for _ in 0..1000 {
            let wait = jittered(Duration::from_secs(10));
            assert!(
                (Duration::from_secs(8)..=Duration::from_secs(12)).contains(&wait),
                "{wait:?}"
            );
        }
    }
}
