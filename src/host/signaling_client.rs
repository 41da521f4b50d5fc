//! Being reached through somebody else's signaling server: registered there, again and again.

use std::iter::successors;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::HostContext;
use super::viewer;
use crate::clock::steady_ms;
use crate::session::{Action, Session};
use crate::web::{self, ServerUrl};

/// The first pause before another try.
const SHORTEST: Duration = Duration::from_secs(3);
/// The longest.
const LONGEST: Duration = Duration::from_secs(30);
/// A connection that held for this long was a good one.
const GOOD: Duration = Duration::from_secs(30);

/// A signaling server elsewhere.
#[derive(Debug, Clone)]
pub struct RemoteSignaling {
    /// Where it is.
    pub url: ServerUrl,
    /// What it speaks.
    pub kind: RemoteSignalingKind,
}

/// What a signaling server speaks, and as what the host registers there.
#[derive(Debug, Clone)]
pub enum RemoteSignalingKind {
    /// That of gst-plugins-rs: the host is a producer of this name.
    Producer {
        /// What consumers see.
        name: String,
    },
    /// That of the gst-examples and of Selkies: the host is a peer.
    Peer {
        /// Its uid, without spaces.
        uid: String,
        /// The peer to call; without one, the host waits to be called.
        callee: Option<String>,
    },
}

/// Registers, serves whoever comes through the server, and comes back after each loss, until the host ends or cuts
/// everybody off.
pub(super) async fn stay_registered(context: HostContext, remote_signaling: RemoteSignaling) {
    let end = context.outbound_end.clone();
    // What is dropped in the middle of a conversation takes its peers with it, and what they hold.
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
    let config = context.session.clone();
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
