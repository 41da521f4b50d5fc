//! Players: viewers that came by WHEP, have a peer and no socket, and only watch.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::HostContext;
use super::control::consent::Admitted;
use super::control::limits::SessionClock;
use crate::access::Grant;
use crate::clock::steady_ms;
use crate::hex::hex;
use crate::media::{PeerEvent, PeerHandle, PeerOptions, PeerStats};
use crate::protocol::whep::Fragment;
use crate::sync::lock;
use crate::web::{Player, PlayerError};

/// Fragments that wait for a player's task.
const FRAGMENTS: usize = 16;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How often a player's reports are looked at.
const LOOK: Duration = Duration::from_secs(4);
/// After so many looks in a row at which nothing new was reported of what was sent, the player has gone.
const MAX_SILENT: u32 = 3;

/// All players, by their ids. Dropping a player's entry closes it.
#[derive(Clone, Default)]
pub(super) struct WhepSessions(Arc<Mutex<HashMap<String, Entry>>>);

struct Entry {
    fragments: mpsc::Sender<Fragment>,
    grant: Grant,
    clock: SessionClock,
    _admitted: Option<Admitted>,
}

impl WhepSessions {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Gives candidates to a player's peer. False: there is no such player, or it does not take them.
    pub(super) fn add_candidates(&self, id: &str, fragment: Fragment) -> bool {
        self.lock()
            .get(id)
            .is_some_and(|player| player.fragments.try_send(fragment).is_ok())
    }

    /// Closes a player. False: there is none.
    pub(super) fn close(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    /// Closes those who have to leave.
    pub(super) fn close_if(&self, has_to_leave: impl Fn(&Grant, &SessionClock) -> bool) {
        self.lock()
            .retain(|_, player| !has_to_leave(&player.grant, &player.clock));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        lock(&self.0)
    }
}

/// Answers `offer` and keeps the peer until the player or the host ends.
pub(super) async fn open(
    context: HostContext,
    offer: String,
    client: IpAddr,
    grant: Grant,
) -> Result<Player, PlayerError> {
    let refused = |reason: String| PlayerError::Refused(reason);
    if context.registry.is_full(context.whep_sessions.count()) {
        return Err(PlayerError::Full);
    }
    let admitted = match &context.consent {
        Some(consent) => Some(
            consent
                .ask(client, grant.role)
                .await
                .ok_or(PlayerError::Unwanted)?,
        ),
        None => None,
    };
    let options = PeerOptions {
        codecs: Vec::new(),
        video: true,
        audio: true,
        // They point at nothing.
        allows_half_size: true,
        channel: None,
        remote_offer: Some(offer),
    };
    let mut peer = context.media.open_peer(context.next_peer(), options).await;
    let answer = match timeout(ANSWER, peer.event()).await {
        Ok(Some(PeerEvent::Answer(answer))) => answer,
        Ok(Some(PeerEvent::Failed(reason))) => {
            context.tasks.spawn(peer.closed());
            return Err(refused(reason));
        }
        _ => {
            context.tasks.spawn(peer.closed());
            return Err(refused("There is no answer to this offer".to_owned()));
        }
    };
    let id = secret_id().map_err(|error| refused(error.to_string()))?;
    let (sender, fragments) = mpsc::channel(FRAGMENTS);
    let entry = Entry {
        fragments: sender,
        grant,
        clock: SessionClock::begin(steady_ms()),
        _admitted: admitted,
    };
    context.whep_sessions.lock().insert(id.clone(), entry);
    tracing::info!(whep_sessions = context.whep_sessions.count(), "a player comes");
    context
        .tasks
        .spawn(keep(context.clone(), id.clone(), peer, fragments));
    Ok(Player { id, answer })
}

async fn keep(
    context: HostContext,
    id: String,
    mut peer: PeerHandle,
    mut fragments: mpsc::Receiver<Fragment>,
) {
    let _vote = context.cursor_overlay.join();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reports = Reports::default();
    let reason = loop {
        tokio::select! {
            () = context.shutdown.cancelled() => break "the host is going down".to_owned(),
            fragment = fragments.recv() => match fragment {
                Some(fragment) => {
                    for candidate in fragment.candidates {
                        let _ = peer.add_candidate(candidate.candidate, candidate.sdp_m_line_index);
                    }
                }
                None => break "it was closed".to_owned(),
            },
            event = peer.event() => match event {
                Some(PeerEvent::Failed(reason)) => break reason,
                Some(_) => {}
                None => break "the stream has ended".to_owned(),
            },
            _ = looks.tick() => if !reports.continue_with(&peer.stats().await) {
                break "it no longer reports what it receives".to_owned();
            },
        }
    };
    context.whep_sessions.close(&id);
    tracing::info!(%reason, "a player leaves");
    peer.closed().await;
}

/// Whether a player is still there. It has no socket whose end would tell, and ICE takes its time; but it reports by
/// RTCP what it receives, every few seconds, if it ever did.
#[derive(Debug, Default)]
struct Reports {
    sent: Option<u64>,
    reported: Option<u32>,
    silent: u32,
}

impl Reports {
    /// Takes in the next look. False: the player has gone.
    fn continue_with(&mut self, stats: &PeerStats) -> bool {
        if stats.packets_sent.is_none() {
            // webrtcbin was too busy to say.
            return true;
        }
        if stats.reported.is_none() || stats.reported != self.reported {
            self.silent = 0;
        } else if stats.packets_sent > self.sent {
            self.silent += 1;
        }
        (self.sent, self.reported) = (stats.packets_sent, stats.reported);
        self.silent < MAX_SILENT
    }
}

/// 128 random bits: whoever knows them may close the player.
fn secret_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the player is kept after these looks, of each what was sent and what was reported.
    fn is_kept(looks: &[(u64, Option<u32>)]) -> bool {
        let mut reports = Reports::default();
        looks.iter().all(|(sent, reported)| {
            reports.continue_with(&PeerStats {
                packets_sent: Some(*sent),
                reported: *reported,
                ..PeerStats::default()
            })
        })
    }

    #[test]
    fn a_player_goes_when_it_no_longer_reports_what_is_sent() {
        assert!(is_kept(&[(1, Some(1)), (2, Some(2)), (3, Some(2)), (4, Some(2))]));
        assert!(!is_kept(&[
            (1, Some(1)),
            (2, Some(1)),
            (3, Some(1)),
            (4, Some(1))
        ]));
        assert!(is_kept(&[
            (1, Some(1)),
            (2, Some(1)),
            (3, Some(1)),
            (4, Some(2)),
            (5, Some(2))
        ]));
    }

    #[test]
    fn a_player_that_never_reports_or_is_sent_nothing_stays() {
        assert!(is_kept(&[(1, None), (2, None), (3, None), (4, None), (5, None)]));
        assert!(is_kept(&[(9, Some(1)); 9]));
    }
}
